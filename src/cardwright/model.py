"""Kinds, cards, decks: the data that everything else works on. No I/O.

The data of an exam is in `blueprint`, that of a problem in `diagnostic`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cardwright.blueprint import Blueprint, Domain, Lesson
from cardwright.diagnostic import Severity, Span


class FieldType(StrEnum):
    """The type of a field's value."""

    INLINE = "inline"
    """One line of Markdown."""
    BLOCK = "block"
    """Markdown with paragraphs, lists, code, tables."""
    LIST = "list"
    """A list of Markdown lines."""
    FLAG = "flag"
    """`true` or `false`."""
    OPTIONS = "options"
    """The options of a multiple-choice question."""
    OBJECTIVE = "objective"
    """The id of an objective of the blueprint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a kind of card."""

    name: str
    """Its key in YAML."""
    label: str
    """Its name in Anki, and its heading where it is shown."""
    type: FieldType
    required: bool
    help: str
    """What an author should write there, for help and editors."""
    max_words: int | None
    """Longer texts are reported: the card should be split."""
    anki_id: int
    """By which Anki knows the field when it is renamed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One way to ask a card."""

    name: str
    """The last part of a prompt's key; never changes."""
    ask: str
    """Markdown with `{{field}}` where a field's text goes."""
    show: tuple[str, ...]
    """Fields revealed with the answer; the first one is the answer itself."""
    when: str | None
    """The flag that switches this side on; None: always asked."""
    anki_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of card, declared in one YAML file."""

    name: str
    title: str
    about: str
    fields: tuple[Field, ...]
    """The first one names the card: Anki sorts by it."""
    sides: tuple[Side, ...]
    """One for a cloze kind, which asks it once for each number."""
    cloze: str | None
    """The field with the `{{c1::…}}` deletions; None: not a cloze kind."""
    wants_sources: bool
    """Whether a card of this kind without a source is reported."""
    anki_id: int
    anki_name: str
    sample: str
    """YAML of an example card, without its id: skeleton for `cards new` and example in the docs."""

    @property
    def options(self) -> str | None:
        """The field with the options to choose from; None: not a multiple-choice kind."""
        return next((f.name for f in self.fields if f.type is FieldType.OPTIONS), None)

    def field(self, name: str) -> Field:
        """Return the field with this name; KeyError when there is none."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(name)


def make_anki_id(*parts: str) -> int:
    """Return a fixed id for Anki from a name: 53 bits, so that JavaScript keeps it whole."""
    digest = hashlib.sha256("\0".join(("cardwright", *parts)).encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) | 1 << 52


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a multiple-choice question."""

    text: str
    right: bool
    reason: str


Value = str | bool | tuple[str, ...]
"""What a field of a card holds; options have a place of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the content of a card can be looked up."""

    url: str
    """A web address, or empty when the title says it all (a book, say)."""
    title: str
    """Its name; empty: the address is shown."""
    checked_on: str
    """ISO date on which somebody confirmed the card against it; empty when nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What an author writes (Anki: note)."""

    pack: str
    id: str
    kind: str
    fields: Mapping[str, Value]
    """By the field's name; absent fields are left out, and so are options."""
    tags: tuple[str, ...]
    lesson: str | None
    objectives: tuple[str, ...]
    sources: tuple[Source, ...]
    extra: str
    """Markdown shown below the answer; empty when there is none."""
    formerly: tuple[str, ...]
    """Earlier ids, the oldest first."""
    retired: str | None
    """Why the card is no longer asked; None: it is asked."""
    span: Span
    """Where its id stands."""
    options: tuple[Option, ...] = ()
    """Of a multiple-choice question, as written."""
    spans: Mapping[str, Span] = field(default_factory=dict, repr=False, compare=False)
    """Where the value of each key stands; empty when the card comes from the index."""

    @property
    def ref(self) -> str:
        """How the card is referred to today: `pack:id`."""
        return f"{self.pack}:{self.id}"

    @property
    def key(self) -> str:
        """Its identity: `pack:id` with its first id, which no rename changes."""
        return f"{self.pack}:{self.formerly[0] if self.formerly else self.id}"

    @property
    def all_objectives(self) -> tuple[str, ...]:
        """The objectives it names under `objectives` or in a field `objective`, each once."""
        own = self.text("objective")
        return tuple(dict.fromkeys((*self.objectives, *([own] if own else ()))))

    def text(self, name: str) -> str:
        """Return the Markdown of a text field, or "" where the card has none."""
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else ""

    def span_of(self, name: str) -> Span:
        """Return where a field stands, or the card's own place."""
        return self.spans.get(name, self.span)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One question asked (Anki: card): a card and one of its sides."""

    card: Card
    side: Side
    side_name: str
    """The side's name, or `c1`, `c2`, … for a cloze."""
    ordinal: int
    """Anki's number of the card within its note, from 0."""

    @property
    def ref(self) -> str:
        """How the prompt is referred to today: `pack:id/side`."""
        return f"{self.card.ref}/{self.side_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which cards a deck takes: those that meet every condition given."""

    lessons: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    def takes(self, card: Card) -> bool:
        """Tell whether a card meets the selection; an empty one takes every card."""
        return (
            (not self.lessons or card.lesson in self.lessons)
            and (not self.kinds or card.kind in self.kinds)
            and (not self.tags or any(tag in self.tags for tag in card.tags))
            and (not self.ids or card.id in self.ids)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckOptions:
    """How a deck is studied, in Anki (as a preset) and in the terminal."""

    new_per_day: int = 20
    reviews_per_day: int = 200
    desired_retention: float = 0.9
    maximum_interval_days: int = 36500
    learning_steps_minutes: tuple[float, ...] = (1.0, 10.0)
    relearning_steps_minutes: tuple[float, ...] = (10.0,)
    leech_lapses: int = 8
    bury_siblings: bool = True
    fuzz: bool = True
    """Whether intervals are spread by a few days; Anki's own always are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deck:
    """A name, a selection of cards, options, sub-decks."""

    pack: str
    name: str
    """Its own part of the name; Anki joins the parts with `::`."""
    description: str
    select: Selection | None
    """None: takes no cards itself, only through its sub-decks."""
    decks: tuple[Deck, ...]
    order: tuple[str, ...]
    """Kinds in the order in which new cards of one deck come; others follow as written."""
    options: DeckOptions
    severities: Mapping[str, Severity | None]
    """Warnings that this pack turns into errors (or off: None)."""
    span: Span
    spans: Mapping[str, Span] = field(default_factory=dict, repr=False, compare=False)
    """Where its description stands, and the values of `select` and `order`: by `key value`."""

    def span_of(self, *words: str) -> Span:
        """Return where a value stands, or the deck's own place."""
        return self.spans.get(" ".join(words), self.span)

    def walk(self, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Deck]]:
        """Yield this deck and all below it in reading order, each with its full name's parts."""
        path = (*above, self.name)
        yield path, self
        for deck in self.decks:
            yield from deck.walk(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """All cards, decks and blueprints of a project."""

    kinds: Mapping[str, Kind]
    cards: tuple[Card, ...]
    """Sorted by file, then as written."""
    decks: Mapping[str, Deck]
    """By pack."""
    blueprints: Mapping[str, Blueprint]
    """By pack."""
    incomplete: frozenset[str] = frozenset()
    """Packs of which some cards could not be read: that a card is absent there means nothing."""

    def lesson_of(self, card: Card) -> Lesson | None:
        """Return a card's lesson as the blueprint of its pack knows it."""
        blueprint = self.blueprints.get(card.pack)
        return blueprint.lessons.get(card.lesson) if blueprint and card.lesson else None

    def domain_of(self, card: Card) -> Domain | None:
        """Return the domain of a card's lesson."""
        blueprint = self.blueprints.get(card.pack)
        return blueprint.domain_of(card.lesson) if blueprint else None
