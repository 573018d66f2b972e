"""The floors: the minimum work of building and checking, in the simplest code.

They run only the libraries on the same files, without places, checks, decks, maths or highlighting.
A floor runs in a separate interpreter: `python floors.py build FOLDER`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import genanki
import yaml
from markdown_it import MarkdownIt

_MODEL = genanki.Model(
    1607392319,
    "Floor",
    fields=[{"name": "Question"}, {"name": "Answer"}],
    templates=[{"name": "Recall", "qfmt": "{{Question}}", "afmt": "{{Answer}}"}],
)
_OTHER_KEYS: Final = frozenset(
    (
        "id",
        "kind",
        "lesson",
        "objectives",
        "tags",
        "sources",
        "formerly",
        "retired",
        "guid",
        "allow",
    )
)
"""Keys of cards without Markdown."""


def read_notes(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the id and the texts of every note."""
    for path in sorted(root.glob("cards/**/*.yaml")):
        document = yaml.compose(path.read_text("utf-8"), yaml.CBaseLoader)
        assert document is not None
        cards = next(value for key, value in document.value if key.value == "cards")
        for card in cards.value:
            values = {key.value: value for key, value in card.value}
            texts = [value for key, value in values.items() if key not in _OTHER_KEYS]
            yield values["id"].value, [text for value in texts for text in list_texts(value)]


def list_texts(node: yaml.Node) -> Iterator[str]:
    """Yield the texts in a value: it may be a list of texts, or of options."""
    if isinstance(node, yaml.ScalarNode):
        yield node.value
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from list_texts(item)
    else:
        for _, value in node.value:
            yield from list_texts(value)


def build(root: Path) -> None:
    """Read the notes, render their texts and write a package with the first and with the others."""
    deck = genanki.Deck(2059400110, "Floor")
    markdown = MarkdownIt()
    for note_id, texts in read_notes(root):
        question, *answer = map(markdown.render, texts)
        fields = [question, "".join(answer)]
        deck.add_note(genanki.Note(_MODEL, fields, guid=genanki.guid_for(note_id)))
    (root / "build").mkdir(exist_ok=True)
    genanki.Package(deck).write_to_file(root / "build" / "floor.apkg")


def check(root: Path) -> None:
    """Read the notes and parse their texts, discarding the result."""
    markdown = MarkdownIt()
    for _, texts in read_notes(root):
        for text in texts:
            markdown.parse(text)


if __name__ == "__main__":
    {"build": build, "check": check}[sys.argv[1]](Path(sys.argv[2]))
