"""Decks of other programs, as their readers describe them: what `cards adopt` works on. No I/O.

One reader for each format makes an `Incoming`; from there on, all formats take one path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import BinaryIO, Final

from cardwright.model import Attribute, DeckOptions

MAX_DECK_DEPTH: Final = 15
"""Decks that are nested deeper join the one above."""


class Markup(StrEnum):
    """How the texts of notes are written."""

    HTML = "html"
    MARKDOWN = "markdown"
    PLAIN = "plain"


def cut_deck(name: str) -> str:
    """Return the full name of the deck that gets a note: decks can be nested only so deep."""
    return "::".join(name.split("::", MAX_DECK_DEPTH)[:MAX_DECK_DEPTH])


def list_above(name: str) -> Iterator[str]:
    """Yield the full names of the decks above one, and that of the deck itself, if it is not too deep."""
    parts = name.split("::", MAX_DECK_DEPTH)[:MAX_DECK_DEPTH]
    return ("::".join(parts[: end + 1]) for end in range(len(parts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingField:
    """A field of a note type."""

    name: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """Those that differ from Anki's defaults, as Anki names them (`font`, `rtl`, `id`, …)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingTemplate:
    """A card template of a note type."""

    name: str
    front: str
    back: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """As for a field."""
    deck: str = ""
    """The full name of the deck that gets its cards; "" if it is that of the note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingType:
    """A note type. Formats other than Anki's tell only the names of the fields."""

    key: str
    """Distinguishes it from the others of the same deck."""
    name: str
    fields: tuple[IncomingField, ...]
    is_cloze: bool = False
    anki_id: int | None = None
    """None if it is not from Anki, or the file does not tell."""
    templates: tuple[IncomingTemplate, ...] = ()
    css: str = ""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """As for a field."""
    mod_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingNote:
    """A note."""

    type: str
    """The key of its note type."""
    fields: tuple[str, ...]
    """As many as its note type has."""
    place: str
    """Where it is, for people: `note 1712345678901`, `words.csv:12`."""
    deck: str
    """The full name of the deck of its first card, with `::`; "" if there are no decks."""
    guid: str | None = None
    """None if the format has none."""
    id: str = ""
    """The id that the format itself gives it, as `#^block` of Obsidian; "" if it has none."""
    tags: tuple[str, ...] = ()
    mod_s: int = 0
    ordinals: tuple[int, ...] | None = None
    """Anki's numbers of the cards that exist, in order; None if the format does not tell."""
    folder: str = ""
    """Where the media in its text are relative to, below the root of `Incoming.media`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingDeck:
    """A deck."""

    name: str
    """With those above it: `A::B`."""
    description: str = ""
    is_markdown: bool = False
    """Whether the description is Markdown; else it is HTML."""
    options: DeckOptions | None = None
    """None if the format has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Something that is not carried over, wherever it occurs."""

    what: str
    """For people, and the same for all of a sort: `coloured text`, `deck of a template`."""
    count: int
    first: str
    """Where it is first found: a place in the deck, or later of a card."""
    example: str = ""
    """As written there, such as `<font color="red">`."""


class LossCounter:
    """Collects what is not carried over, once for each sort."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._found: dict[str, Loss] = {}

    def add(self, what: str, place: str, example: str = "", count: int = 1) -> None:
        """Count one more, or several; the place and the example of the first are kept."""
        known = self._found.get(what)
        self._found[what] = (
            replace(known, count=known.count + count)
            if known
            else Loss(what=what, count=count, first=place, example=example)
        )

    def list_losses(self) -> tuple[Loss, ...]:
        """Return them in the order in which they were first found."""
        return tuple(self._found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A deck of another program, or several."""

    name: str
    """A name for it if it has no decks: that of its file or folder."""
    markup: Markup
    types: Mapping[str, IncomingType]
    """By key."""
    decks: Mapping[str, IncomingDeck]
    """By full name, those above others included, in the order to show."""
    read_notes: Callable[[], Iterator[IncomingNote]]
    """Reads the notes again, one at a time: they may not fit into memory."""
    media: Sequence[str] = ()
    """The names of the media files, as texts refer to them; with `/` if they are in folders."""
    unfit_media: frozenset[str] = frozenset()
    """Those that are no images, sounds or videos, so that only templates can name them."""
    write_media: Callable[[str, BinaryIO], None] | None = None
    """Writes the content of a media file, within bounds; raises ForeignFileError."""
    has_history: bool = False
    """Whether the file has answers that `import_history` can read."""
    note_count: int = 0
    """For the progress bar."""
    losses: Sequence[Loss] = ()
    """What the reader itself could not carry over."""
