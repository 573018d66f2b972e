"""Decks of hashcards → `Incoming`: Markdown with `Q:` and `A:`, or `C:` and `[gaps]`.

A file is a deck, named like the file or as its TOML says. A folder of them becomes one deck with
sub-decks.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from cardwright.adopt.decks import list_decks
from cardwright.adopt.dialect import Dialect
from cardwright.adopt.error import AdoptError, refuse
from cardwright.adopt.folder import Folder
from cardwright.adopt.gaps import GAP, escape_gaps, write_gap
from cardwright.adopt.latex import read_macros
from cardwright.adopt.text_file import MAX_NOTE_LENGTH, MAX_NOTES, read_text
from cardwright.files import find_real
from cardwright.incoming import (
    Incoming,
    IncomingDeck,
    IncomingField,
    IncomingNote,
    IncomingType,
    LossCounter,
    Markup,
)

_START: Final = re.compile(r"(?P<tag>[QAC]):(?P<text>.*)")
_CARD: Final = re.compile(r"^[QC]:", re.MULTILINE)
_RULE: Final = "---"
_MACROS: Final = "macros.tex"
_HISTORY: Final = "hashcards.db"
_ROOT: Final = "@/"
"""What addresses begin with that are relative to the collection."""
_BRACKET: Final = re.compile(r"!\[[^\]]*\]?|\\(?P<escaped>[\[\]])|(?P<bracket>[\[\]])")
_TYPES: Final = {"basic": ("question", "answer"), "cloze": ("text",)}
_MAX_GAPS: Final = 499


def is_hashcards(text: str) -> bool:
    """Tell whether a Markdown file may have cards of hashcards."""
    return _CARD.search(text) is not None


def read_hashcards(path: Path) -> Incoming:
    """Read a folder of decks, or a single one.

    Raises:
        FileNotFoundError: there is nothing.
        ForeignFileError: a file cannot be read.
        AdoptError: some cards are broken, or there are none.

    """
    return _Hashcards(path).read()


@dataclass(slots=True)
class _Card:
    """A card as it is written."""

    line: int
    question: list[str]
    """The lines of the question, or of the text with gaps."""
    is_cloze: bool
    answer: list[str] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self.is_cloze or self.answer is not None

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of its fields."""
        parts = (self.question,) if self.answer is None else (self.question, self.answer)
        return tuple("\n".join(lines).strip() for lines in parts)


class _Hashcards:
    """A collection of hashcards, in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_folder = path.is_dir()
        self._folder = Folder(path if self._is_folder else path.parent)
        self._root = find_real(path).name if self._is_folder else ""
        """The name of the deck of all."""
        self._losses = LossCounter()
        self._problems: list[str] = []
        self._media: dict[str, None] = {}
        self._seen: set[tuple[str, ...]] = set()
        macros = self._folder.has(_MACROS)
        self._macros = read_macros(read_text(self._folder.root / _MACROS).text) if macros else {}

    def read(self) -> Incoming:
        names = self._folder.list_names(".md") if self._is_folder else [self._path.name]
        notes = [note for name in names for note in self._read_file(name)]
        if self._problems:
            raise refuse(self._problems)
        if not notes:
            raise AdoptError(f"{self._path} has no cards of hashcards")
        if self._folder.has(_HISTORY):
            self._losses.add("answers given in hashcards, and its schedule", _HISTORY)
        decks = list_decks(note.deck for note in notes)
        return Incoming(
            name=self._root or self._path.stem,
            markup=Markup.MARKDOWN,
            types={
                key: _make_type(key) for key in _TYPES if any(note.type == key for note in notes)
            },
            decks={name: IncomingDeck(name=name) for name in decks},
            read_notes=lambda: iter(notes),
            media=list(self._media),
            write_media=self._folder.write,
            note_count=len(notes),
            losses=self._losses.list_losses(),
        )

    def _read_file(self, name: str) -> Iterator[IncomingNote]:
        """Yield the notes of a file, each of which is checked."""
        text = read_text(self._folder.root / name, follow_link=not self._is_folder).text
        if self._is_folder and not is_hashcards(text):
            self._losses.add("files without cards", name)
            return
        deck, start = self._read_head(name, text)
        folder = name.rpartition("/")[0]
        dialect = Dialect(
            self._losses,
            partial(self._find_media, folder=folder),
            has_strikes=False,
            has_brackets=True,
            macros=self._macros,
        )
        for card in _Splitter(name, self._problems).split(text, start):
            place = f"{name}:{card.line}"
            if card.texts in self._seen:
                self._losses.add("cards that occur a second time", place)
                continue
            self._seen.add(card.texts)
            texts = card.texts
            if len(self._seen) > MAX_NOTES or max(map(len, texts)) > MAX_NOTE_LENGTH:
                self._problems.append(f"{place}: this is too long, or the card after too many")
                return
            if card.is_cloze:
                texts = (write_gaps(escape_gaps(texts[0], has_brackets=True)),)
                if not GAP.search(texts[0]):
                    self._problems.append(f"{place}: no gap; write it as `[answer]`")
            fields = tuple(dialect.adapt(text, place, has_gaps=card.is_cloze) for text in texts)
            for label, text in zip(("question", "answer"), fields, strict=False):
                if not text.strip():
                    self._problems.append(f"{place}: no {label}")
            yield IncomingNote(
                type="cloze" if card.is_cloze else "basic",
                fields=fields,
                place=place,
                deck=f"{self._root}::{deck}" if self._root else deck,
            )

    def _read_head(self, name: str, text: str) -> tuple[str, int]:
        """Return the name of the deck, and how many lines its TOML takes."""
        usual = Path(name).stem
        lines = text.split("\n")
        if lines[0].strip() != _RULE:
            return usual, 0
        end = next((i for i, line in enumerate(lines[1:], 1) if line.strip() == _RULE), 0)
        if not end:
            self._problems.append(
                f"{name}:1: this `---` has no second one after the name of the deck"
            )
            return usual, 1
        try:
            deck = tomllib.loads("\n".join(lines[1:end])).get("name", usual)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            self._problems.append(f"{name}:1: this is not valid TOML: {error}")
            deck = usual
        return " ".join(str(deck).split()) or usual, end + 1

    def _find_media(self, address: str, folder: str) -> str | None:
        if address.startswith(_ROOT):
            found = self._folder.find(address.removeprefix(_ROOT))
        else:
            found = self._folder.find(address, folder)
        if found is not None:
            self._media[found] = None
        return found


class _Splitter:
    """Divides the lines of a file into cards, and reports those that belong to none."""

    def __init__(self, name: str, problems: list[str]) -> None:
        self._name = name
        self._problems = problems
        self._card: _Card | None = None

    def split(self, text: str, start: int) -> Iterator[_Card]:
        """Yield the cards in the lines after the first ones."""
        for number, line in enumerate(text.split("\n")[start:], start + 1):
            match = _START.match(line)
            if match is not None and match["tag"] == "A":
                self._begin_answer(number, match["text"])
            elif match is not None or line.strip() == _RULE:
                yield from self._end()
                if match is not None:
                    self._card = _Card(number, [match["text"]], match["tag"] == "C")
            else:
                self._add(number, line)
        yield from self._end()

    def _begin_answer(self, number: int, text: str) -> None:
        if self._card is None or self._card.is_whole:
            self._report(number, "an answer without a question")
        else:
            self._card.answer = [text]

    def _add(self, number: int, line: str) -> None:
        if self._card is not None:
            lines = self._card.question if self._card.answer is None else self._card.answer
            lines.append(line)
        elif line.strip():
            self._report(number, "this belongs to no card; did you forget `Q:` or `C:`?")

    def _end(self) -> Iterator[_Card]:
        card, self._card = self._card, None
        if card is not None and card.is_whole:
            yield card
        elif card is not None:
            self._report(card.line, "a question without an answer")

    def _report(self, number: int, message: str) -> None:
        self._problems.append(f"{self._name}:{number}: {message}")


def write_gaps(text: str) -> str:
    """Return a text with the gaps that it has in brackets; brackets of images are none."""
    parts: list[str] = []
    start: int | None = None
    number = position = 0
    for match in _BRACKET.finditer(text):
        parts.append(text[position : match.start()])
        position = match.end()
        if match["bracket"] == "[":
            start = len(parts)
        elif match["bracket"] and start is not None:
            answer = "".join(parts[start:])
            if answer.strip() and number < _MAX_GAPS:
                number += 1
                parts[start:] = [write_gap(number, answer, has_brackets=True)]
            start = None
        elif match["bracket"] is None:
            parts.append(match["escaped"] or match[0])
    return "".join([*parts, text[position:]])


def _make_type(key: str) -> IncomingType:
    fields = tuple(IncomingField(name=name) for name in _TYPES[key])
    return IncomingType(key=key, name=key, fields=fields, is_cloze=key == "cloze")
