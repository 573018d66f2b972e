"""Texts for the terminal: what is safe passes quickly, and nothing else passes."""

import re
import sys

from cardwright.markdown.escape import drop_control
from cardwright.text import BIDI_OVERRIDES, CONTROLS, INVISIBLE, escape_controls, make_plain

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
