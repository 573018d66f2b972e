"""A generated collection of any size. The same number of notes gives the same bytes."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PACK: Final = "big"
NOTES_PER_FILE: Final = 100
_CODE_EVERY: Final = 10
"""One in this many answers contains a fenced code block."""
_SEED: Final = 20260101
_WORDS: Final = (
    *("model", "data", "drift", "feature", "table", "serve", "batch", "stream", "score", "alias"),
    *("registry", "test", "spark", "tune", "run", "metric", "label", "join", "time", "store"),
    *("online", "delta", "index", "window", "trial", "grid", "fold", "owner", "shard", "cache"),
)


def write_project(root: Path, notes: int, *, has_maths: bool = True) -> None:
    """Write a project with one deck of this many notes, a hundred per file."""
    cards, decks = root / "cards" / PACK, root / "decks" / PACK
    cards.mkdir(parents=True)
    decks.mkdir(parents=True)
    (decks / "deck.yaml").write_text("name: Big\nnamespace: big\n", "utf-8")
    dice = random.Random(_SEED)
    for number, first in enumerate(range(1, notes + 1, NOTES_PER_FILE)):
        last = min(first + NOTES_PER_FILE - 1, notes)
        lines = ["kind: basic", "tags: [made-up]", "cards:"]
        for note in range(first, last + 1):
            lines += _make_note(dice, note, has_maths=has_maths)
        text = "\n".join(lines) + "\n"
        (cards / f"{number:05}.yaml").write_text(text, "utf-8", newline="\n")


def _make_note(dice: random.Random, note: int, *, has_maths: bool) -> Iterator[str]:
    answer = _make_text(dice, has_maths=has_maths)
    if note % _CODE_EVERY == 0:
        answer += f"\n```python\n{_make_code(dice)}\n```"
    yield f"  - id: note-{note}"
    yield f"    question: |\n{_indent(_make_text(dice, has_maths=has_maths))}"
    yield f"    answer: |\n{_indent(answer)}"
    yield f"    sources: [https://example.com/{note}]"
    yield ""


def _make_text(dice: random.Random, *, has_maths: bool) -> str:
    """Return about two paragraphs of Markdown: emphasis, code, a link, maths, a list."""
    maths = f" with $x_{{{dice.randint(1, 9)}}}$" if dice.random() < 1 / 2 else ""
    maths = maths if has_maths else ""
    return (
        f"{_say(dice, 6).capitalize()} **{_say(dice, 2)}** {_say(dice, 5)} `{_say(dice, 1)}` and "
        f"[{_say(dice, 2)}](https://example.com/{_say(dice, 1)}){maths}.\n\n"
        f"- {_say(dice, 5)}\n"
        f"- {_say(dice, 4)} *{_say(dice, 1)}*\n"
    )


def _make_code(dice: random.Random) -> str:
    first, second = dice.sample(_WORDS, 2)
    return f"{first} = {second}.load(version={dice.randint(1, 99)})\nprint({first})"


def _say(dice: random.Random, words: int) -> str:
    return " ".join(dice.choice(_WORDS) for _ in range(words))


def _indent(text: str) -> str:
    return textwrap.indent(text.rstrip(), " " * 6)
