"""Vaults of Obsidian with cards of its spaced-repetition plugin → `Incoming`.

Only notes with cards are read. Their decks are in tags such as `#flashcards/biology`, or folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from cardwright.adopt.decks import list_decks
from cardwright.adopt.dialect import Dialect
from cardwright.adopt.error import AdoptError
from cardwright.adopt.folder import Folder
from cardwright.adopt.obsidian_cards import (
    CardFinder,
    FoundCard,
    Shape,
    list_tag_lines,
    read_front_tags,
)
from cardwright.adopt.obsidian_settings import CONFIG, Settings, read_settings
from cardwright.adopt.obsidian_text import ObsidianText, strip_lead
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

_DRAWING: Final = ".excalidraw.md"
_TYPES: Final = {
    "basic": ("question", "answer"),
    "cloze": ("text",),
    "vocabulary": ("word", "translation"),
    "term": ("term", "definition", "reverse"),
}
_MAX_WORDS: Final = 12
"""More are no vocabulary."""
_BLOCK: Final = re.compile(
    r"(?m)^[ \t]*(?:[-*+][ \t]|[0-9]+[.)][ \t]|#|>|\||\$\$|```|~~~)|\n[ \t]*\n"
)


def is_vault(folder: Path) -> bool:
    """Tell whether a folder is a vault of Obsidian."""
    return (folder / CONFIG).is_dir()


def has_obsidian_cards(text: str) -> bool:
    """Tell whether a note outside a vault has cards: its tags say so."""
    tags = [*read_front_tags(text), *(tag for _, tags in list_tag_lines(text) for tag in tags)]
    usual = Settings()
    return any(_match_tag(tag, usual) is not None for tag in tags) and CardFinder(
        usual
    ).may_have_cards(text)


def read_obsidian(path: Path) -> Incoming:
    """Read a vault, a folder of one, or a single note.

    Raises:
        FileNotFoundError: there is nothing.
        ForeignFileError: a file cannot be read.
        AdoptError: some cards are broken, or there are none.

    """
    return _Vault(path).read()


class _Vault:
    """The notes with cards, in memory."""

    def __init__(self, path: Path) -> None:
        self._is_folder = path.is_dir()
        start = path if self._is_folder else path.parent
        vault = next((one for one in (start, *find_real(start).parents) if is_vault(one)), start)
        self._path = path
        self._folder = Folder(start)
        self._media_folder = Folder(vault) if vault != start else self._folder
        self._settings = read_settings(vault)
        self._finder = CardFinder(self._settings)
        self._name = (find_real(start).name if self._is_folder else path.stem) or "Cards"
        self._losses = LossCounter()
        self._has_tags = False
        """Whether some note has a tag for cards."""
        self._media: dict[str, None] = {}

    def read(self) -> Incoming:
        notes = self._read_notes(uses_folders=self._settings.uses_folders)
        if not notes and not self._settings.uses_folders and not self._has_tags:
            # Without the settings, nobody knows that folders are the decks.
            notes = self._read_notes(uses_folders=True)
        if not notes:
            raise AdoptError(
                f"{self._path} has no cards of Obsidian",
                help="their notes have a tag such as #flashcards; if you have changed the settings of the"
                f" plugin, the folder {CONFIG} has to be there",
            )
        used = {note.type for note in notes}
        decks = list_decks(note.deck for note in notes)
        return Incoming(
            name=self._name,
            markup=Markup.MARKDOWN,
            types={key: _make_type(key) for key in _TYPES if key in used},
            decks={name: IncomingDeck(name=name) for name in decks},
            read_notes=lambda: iter(notes),
            media=list(self._media),
            write_media=self._media_folder.write,
            note_count=len(notes),
            losses=self._losses.list_losses(),
        )

    def _read_notes(self, *, uses_folders: bool) -> list[IncomingNote]:
        names = self._folder.list_names(".md") if self._is_folder else [self._path.name]
        notes: list[IncomingNote] = []
        for name in names:
            if not name.lower().endswith(_DRAWING):
                notes += self._read_file(name, uses_folders=uses_folders)
            if len(notes) > MAX_NOTES:
                raise AdoptError(f"{self._path} has more than {MAX_NOTES:,} cards")
        return notes

    def _read_file(self, name: str, *, uses_folders: bool) -> Iterator[IncomingNote]:
        text = read_text(self._folder.root / name, follow_link=not self._is_folder).text
        self._has_tags = self._has_tags or any(tag in text for tag in self._settings.tags)
        if not self._finder.may_have_cards(text):
            return
        front = read_front_tags(text)
        cards = list(self._finder.find(text))
        decks = _Decks(self._settings, front, text, cards)
        if not uses_folders and not decks.has_any:
            return
        folder = name.rpartition("/")[0]
        others = tuple(tag for tag in front if _match_tag(tag, self._settings) is None)
        texts = ObsidianText(text, self._losses)
        dialect = Dialect(self._losses, partial(self._find_media, folder=folder))
        for card in cards:
            place = f"{name}:{card.line}"
            if max(len(card.front), len(card.back)) > MAX_NOTE_LENGTH:
                self._losses.add("cards that are too long", place, card.front[:100])
                continue
            parts = folder.split("/") if uses_folders else decks.find(card)
            self._report(card, place, decks)
            own = tuple(tag for tag in card.tags if _match_tag(tag, self._settings) is None)
            for number, (type, fields) in enumerate(self._make_fields(card, texts, dialect, place)):
                yield IncomingNote(
                    type=type,
                    fields=fields,
                    place=place,
                    deck="::".join(filter(None, [self._name, *parts])),
                    id=f"{card.id}-reverse" if number and card.id else card.id,
                    tags=tuple(tag.replace("/", "::") for tag in (*others, *own)),
                )

    def _make_fields(
        self, card: FoundCard, texts: ObsidianText, dialect: Dialect, place: str
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the notes of a card: the keys of their types, and their fields."""
        if card.shape is Shape.CLOZE:
            front = texts.convert_gaps(_unindent(card.front), self._finder.patterns, place)
            yield "cloze", (dialect.adapt(front, place, has_gaps=True),)
            return
        question = strip_lead(card.front) if "\n" not in card.front else _unindent(card.front)
        front = dialect.adapt(texts.convert(question, place), place)
        back = dialect.adapt(texts.convert(_unindent(card.back), place), place)
        if not (front and back):
            if front or back:
                self._losses.add("cards with only one side", place, front or back)
            return
        if not card.is_both:
            yield "basic", (front, back)
        elif not any(map(_BLOCK.search, (front, back))) and _are_short(front, back):
            yield "vocabulary", (_join(front), _join(back))
        elif not _BLOCK.search(front):
            yield "term", (_join(front), back, "true")
        elif not _BLOCK.search(back):
            yield "term", (_join(back), front, "true")
        else:
            yield "basic", (front, back)
            yield "basic", (back, front)

    def _report(self, card: FoundCard, place: str, decks: _Decks) -> None:
        if card.has_schedule:
            what = "schedules, without the answers they come from: cards start as new"
            self._losses.add(what, place)
        if card.has_heading:
            self._losses.add("headings above cards, which Obsidian shows with them", place)
        if more := decks.list_more(card):
            self._losses.add("further decks of a card", place, f"#{more[0]}", count=len(more))

    def _find_media(self, address: str, folder: str) -> str | None:
        """Find a file as Obsidian does: beside the note, in the vault, or anywhere by its name."""
        inner = find_real(self._folder.root)
        outer = find_real(self._media_folder.root)
        start = inner.relative_to(outer).as_posix() if outer in inner.parents else ""
        near = "/".join(filter(None, (start.strip("."), folder)))
        found = (
            self._media_folder.find(address, near)
            or self._media_folder.find(address)
            or self._media_folder.find_anywhere(address)
        )
        if found is not None:
            self._media[found] = None
        return found


class _Decks:
    """The decks of the cards of a note, by its tags."""

    def __init__(
        self, settings: Settings, front: list[str], text: str, cards: list[FoundCard]
    ) -> None:
        self._settings = settings
        own = [(card.line, card.last_line) for card in cards]
        self._front = self._pick(front)
        found = [(line, self._pick(tags)) for line, tags in list_tag_lines(text)]
        tagged = [(line, tags) for line, tags in found if tags]
        self._lines = [
            (line, tags)
            for line, tags in tagged
            if not any(first <= line <= last for first, last in own)
        ]
        """Tags that belong to all cards below them."""
        self._first = tagged[0][1][:1] if tagged else []
        self.has_any = bool(self._front or tagged)

    def find(self, card: FoundCard) -> list[str]:
        """Return the deck of a card, below that of the vault."""
        tags = self._find_tags(card)
        return [] if not tags else _match_tag(tags[0], self._settings) or []

    def list_more(self, card: FoundCard) -> list[str]:
        """Return the tags of its other decks."""
        return [] if self._settings.uses_folders else self._find_tags(card)[1:]

    def _find_tags(self, card: FoundCard) -> list[str]:
        if own := self._pick(card.tags):
            return own
        above = [tags for line, tags in self._lines if line < card.line]
        return above[-1] if above else self._front or self._first

    def _pick(self, tags: list[str] | tuple[str, ...]) -> list[str]:
        return [tag for tag in tags if _match_tag(tag, self._settings) is not None]


def _match_tag(tag: str, settings: Settings) -> list[str] | None:
    """Return the parts of a deck that a tag names; None if it names none."""
    parts = [part for part in tag.strip("/").split("/") if part]
    for index, known in enumerate(settings.tags):
        start = known.split("/")
        if [part.casefold() for part in parts[: len(start)]] == [part.casefold() for part in start]:
            # The first one is what the vault is called here.
            return parts[len(start) :] if index == 0 else parts
    return None


def _are_short(front: str, back: str) -> bool:
    return max(len(front.split()), len(back.split())) <= _MAX_WORDS


def _join(text: str) -> str:
    """Return a text of one paragraph as one line."""
    return " ".join(text.split("\n")) if "\n" in text else text


def _unindent(text: str) -> str:
    """Return lines without what all of them are indented by, as in a list."""
    lines = text.split("\n")
    indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
    depth = min(indents, default=0)
    return "\n".join(line[depth:] for line in lines)


def _make_type(key: str) -> IncomingType:
    fields = tuple(IncomingField(name=name) for name in _TYPES[key])
    return IncomingType(key=key, name=key, fields=fields, is_cloze=key == "cloze")
