"""The floors: the minimum work of building and checking, in the simplest code.

They run only the libraries on the same files, without places, checks, decks, maths or highlighting.
A floor runs in a separate interpreter: `python floors.py build FOLDER`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import genanki
import yaml
from markdown_it import MarkdownIt

_MODEL = genanki.Model(
    1607392319,
    "Floor",
    fields=[{"name": "Question"}, {"name": "Answer"}],
    templates=[{"name": "Recall", "qfmt": "{{Question}}", "afmt": "{{Answer}}"}],
)


def read_notes(root: Path) -> Iterator[tuple[str, str, str]]:
    """Yield id, question and answer of every note."""
    for path in sorted(root.glob("cards/*/*.yaml")):
        document = yaml.compose(path.read_text("utf-8"), yaml.CBaseLoader)
        assert document is not None
        cards = next(value for key, value in document.value if key.value == "cards")
        for card in cards.value:
            values = {key.value: value.value for key, value in card.value}
            yield values["id"], values["question"], values["answer"]


def build(root: Path) -> None:
    """Read the notes, render their two fields and write a package."""
    deck = genanki.Deck(2059400110, "Floor")
    markdown = MarkdownIt()
    for note_id, question, answer in read_notes(root):
        fields = [markdown.render(question), markdown.render(answer)]
        deck.add_note(genanki.Note(_MODEL, fields, guid=genanki.guid_for(note_id)))
    (root / "build").mkdir(exist_ok=True)
    genanki.Package(deck).write_to_file(root / "build" / "floor.apkg")


def check(root: Path) -> None:
    """Read the notes and parse their two fields, discarding the result."""
    markdown = MarkdownIt()
    for _, question, answer in read_notes(root):
        markdown.parse(question)
        markdown.parse(answer)


if __name__ == "__main__":
    work = {"build": build, "check": check}[sys.argv[1]]
    start = time.perf_counter()
    work(Path(sys.argv[2]))
    print(time.perf_counter() - start)
