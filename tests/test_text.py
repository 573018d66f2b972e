"""Texts for the terminal: what is safe passes quickly, and nothing else passes."""

import re
import sys

from cardwright.markdown.escape import drop_control
from cardwright.text import (
    BIDI_OVERRIDES,
    CONTROLS,
    INVISIBLE,
    escape_controls,
    make_plain,
    suggest,
)

_UNSAFE = re.compile(f"[{CONTROLS}{INVISIBLE}\t\r]")
_EVERY = "".join(map(chr, range(sys.maxunicode + 1)))
CHARACTERS = sorted({*_EVERY[:0x3200], *_UNSAFE.findall(_EVERY), *_EVERY[::997]})


def test_every_character_is_shown_or_replaced_or_dropped() -> None:
    passed = [c for c in CHARACTERS if make_plain(f"a{c}b") == f"a{c}b"]
    # Joiners are dropped beside ASCII.
    assert passed == [c for c in CHARACTERS if not re.match(_UNSAFE, c) and c not in "\u200c\u200d"]
    assert [c for c in CHARACTERS if escape_controls(f"a{c}b") == f"a{c}b"] == passed


def test_sources_lose_control_characters_only() -> None:
    unsafe = re.compile(f"[{CONTROLS}{BIDI_OVERRIDES}]")
    lost = [c for c in CHARACTERS if drop_control(f"a{c}\n") != f"a{c}\n"]
    assert lost == [c for c in CHARACTERS if unsafe.match(c)]


def test_a_slip_in_one_of_many_names_is_found() -> None:
    names = [f"{letter}{number}-tree" for letter in "abcdef" for number in range(2_000)]
    for slip in ("c1204-tre", "c1204-treee", "cc1204-tree", "c1204_tree", "x1204-tree"):
        assert suggest(slip, [*names, "zzz"], "names").startswith("did you mean `"), slip
    assert (
        suggest("c1204-tre", [*names[:99], "c1204-tree"], "names") == "did you mean `c1204-tree`?"
    )
    assert suggest("oak", names, "names").startswith("names: a0-tree, ")
