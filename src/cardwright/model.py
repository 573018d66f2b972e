"""Kinds, cards and decks: the data model. No I/O.

Exams are in `blueprint`, problems in `diagnostic`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Final, Literal

from cardwright.blueprint import Blueprint, Domain, Lesson
from cardwright.diagnostic import Allowance, Severity, Span
from cardwright.frozen import frozen
from cardwright.pattern import is_match
from cardwright.text import to_nfc


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


class Ignored(StrEnum):
    """A difference that can be ignored when a typed answer is compared."""

    CASE = "case"
    ACCENTS = "accents"
    PUNCTUATION = "punctuation"


RESERVED_FOR: Final = ("mock",)
"""What a card can be reserved for: mock exams."""
RESERVED_TAGS: Final = tuple(f"reserved::{word}" for word in RESERVED_FOR)
"""The tags in Anki of cards that are reserved."""
SPARE_COUNT: Final = 2
"""The spare fields of a note type, for fields that are added after its release."""
Attribute = str | int | bool
"""The value of an attribute of a note type, or of one of its fields or templates, in Anki."""


@frozen
class AdoptedTemplate:
    """A template of a note type that exists in people's collections."""

    name: str
    front: str
    back: str
    attributes: Mapping[str, Attribute]
    """Its other attributes, as Anki names them."""


@frozen
class AdoptedType:
    """What is kept of a note type that exists in people's collections, besides its name and id."""

    css: str
    attributes: Mapping[str, Attribute]
    """Its other attributes, as Anki names them."""
    media: tuple[str, ...] = ()
    """Paths, relative to the kind's file, of the files that its templates and stylesheet name."""


@frozen
class Field:
    """One field of a kind of card."""

    name: str
    """The key in YAML."""
    label: str
    """The name in Anki, and the heading when it is shown."""
    type: FieldType
    required: bool
    help: str
    """What an author should write, shown in help and in editors."""
    max_words: int | None
    """Longer texts are reported, since the card should be split."""
    anki_id: int | None
    """Identifies the field in Anki when it is renamed; None if it is derived from the names, or if
    an adopted field has none."""
    spare: int | None = None
    """The number of the spare field of the note type that holds it; None if it has its own."""
    holds: str | None = None
    """The common key whose value an adopted field shows; None if the author writes the field."""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """Other attributes of an adopted field, as Anki names them."""
    is_bare: bool = False
    """Whether the HTML of an adopted field is as Anki's editor writes it: `<b>`, no `<p>`."""

    @property
    def anki_name(self) -> str:
        """The name of the field in Anki that holds it."""
        return f"Spare {self.spare}" if self.spare else self.label


@frozen
class Side:
    """One way to ask a card."""

    name: str
    """The last part of a prompt's key. It never changes."""
    ask: str
    """Markdown with `{{field}}` placeholders."""
    show: tuple[str, ...]
    """The fields revealed with the answer, starting with the answer itself."""
    when: str | None
    """The field that must not be empty for this side to be asked; None if it is always asked."""
    anki_id: int | None
    """As for a field."""
    typed: str | None = None
    """The field whose text is typed as the answer."""
    accept: str | None = None
    """A list of texts that are as right as the typed field's."""
    ignore: tuple[Ignored, ...] = ()
    """What does not matter when a typed answer is compared."""
    template: AdoptedTemplate | None = None
    """Anki's template of the side, if the kind is adopted."""


@frozen
class Kind:
    """A kind of card, declared in one YAML file."""

    name: str
    title: str
    about: str
    fields: tuple[Field, ...]
    """The first field names the card; Anki sorts by it."""
    sides: tuple[Side, ...]
    """A cloze kind has one side, which is asked once for each number."""
    cloze: str | None
    """The field with the `{{c1::…}}` deletions; None if it is not a cloze kind."""
    wants_sources: bool
    """Whether cards of this kind without a source are reported."""
    anki_id: int | None
    """None if the id is derived from the kind's name and the namespace of its pack."""
    anki_name: str
    sample: str
    """An example card as YAML without an id, for `cards new` and the docs."""
    css: str = ""
    """Rules added to the stylesheet of the cards."""
    adopted: AdoptedType | None = None
    """The note type that exists in people's collections and is shipped as it is, if any."""
    spans: Mapping[str, Span] = field(default_factory=dict, repr=False, compare=False)
    """The place of the kind at "", and those of its fields and sides at `field x` and `side y`.

    A built-in kind has none: no file of a project declares it.
    """

    @property
    def is_built_in(self) -> bool:
        """Whether it has no file in a project."""
        return not self.spans

    def span_of(self, part: str, default: Span) -> Span:
        """Return the place of a part in the kind's file, or else that of the whole."""
        return self.spans.get(part) or self.spans.get("", default)

    @property
    def options(self) -> str | None:
        """The field with the options; None if it is not a multiple-choice kind."""
        return next((f.name for f in self.fields if f.type is FieldType.OPTIONS), None)

    def field(self, name: str) -> Field:
        """Return the field with this name.

        Raises:
            KeyError: there is no such field.

        """
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(name)


def make_anki_id(*parts: str) -> int:
    """Return a stable id for Anki from a name. It has 53 bits, which JavaScript can represent."""
    import hashlib  # noqa: PLC0415  (OpenSSL loads slowly, and studying does without)

    digest = hashlib.sha256("\0".join(("cardwright", *parts)).encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) | 1 << 52


@frozen
class Option:
    """One option of a multiple-choice question."""

    text: str
    right: bool
    reason: str


Withdrawn = Literal["", "retired", "reserved"]
"""Whether, and how, the package of its deck leaves out a card."""
Value = str | bool | tuple[str, ...]
"""The value of a field. Options are stored separately."""


@frozen
class Source:
    """Where the content of a card can be looked up."""

    url: str
    """A web address; empty if the title is enough, as for a book."""
    title: str
    """The name to show; empty to show the address."""
    checked_on: str
    """The ISO date when the card was last checked against it, or ""."""


def name_siblings(card_key: str, pack: str, twins: str | None) -> str:
    """Return the name of a card's siblings: its prompts, and those of its twins if it has any."""
    return card_key if twins is None else f"{pack}/{twins}"


@frozen
class CardHead:
    """A card in brief: what places it in decks, lessons and lists, without its texts."""

    pack: str
    namespace: str
    """The namespace of its pack."""
    id: str
    kind: str
    tags: tuple[str, ...]
    lesson: str | None
    objectives: tuple[str, ...]
    """All that it names, each once; in a `Card`, those of the key `objectives`."""
    formerly: tuple[str, ...]
    """Earlier ids, oldest first."""
    retired: str | None
    """Why the card is no longer asked; None if it is still asked."""
    span: Span
    """The place of its id."""
    guid: str | None = None
    """The guid of its note in people's collections; None to derive it from the key."""
    reserved: str | None = None
    """What it is held back for, one of RESERVED_FOR; None if it is asked like any other."""
    twins: str | None = None
    """The name of its set of twins: cards with the same options, of which one is asked a day."""

    @property
    def withdrawn(self) -> Withdrawn:
        """Whether, and how, the package of its deck leaves it out."""
        if self.retired is not None:
            return "retired"
        return "" if self.reserved is None else "reserved"

    @property
    def ref(self) -> str:
        """The card's current name: `pack:id`."""
        return f"{self.pack}:{self.id}"

    @property
    def key(self) -> str:
        """The card's identity: `namespace:id` with its first id, which renaming does not change."""
        return f"{self.namespace}:{self.formerly[0] if self.formerly else self.id}"

    @property
    def siblings(self) -> str:
        """The name that its prompts share with those of its twins: of all these, a day asks one."""
        return name_siblings(self.key, self.pack, self.twins)

    @property
    def file(self) -> str:
        """The path of its file below `cards/PACK/`."""
        return to_nfc(self.span.path.partition("/")[2].partition("/")[2])

    @property
    def all_objectives(self) -> tuple[str, ...]:
        """The objectives named by the card, in `objectives` or in an `objective` field, each once."""
        return self.objectives


@frozen
class Card(CardHead):
    """What an author writes (Anki: note)."""

    fields: Mapping[str, Value]
    """Values by field name, without absent fields and options."""
    sources: tuple[Source, ...]
    extra: str
    """Markdown shown below the answer, or ""."""
    options: tuple[Option, ...] = ()
    """The options of a multiple-choice question, in the author's order."""
    spans: Mapping[str, Span] = field(default_factory=dict, repr=False, compare=False)
    """The place of each key's value; empty if the card was loaded from the index."""

    @property
    def all_objectives(self) -> tuple[str, ...]:
        """The objectives named by the card, in `objectives` or in an `objective` field, each once."""
        own = self.text("objective")
        return tuple(dict.fromkeys((*self.objectives, *([own] if own else ()))))

    def text(self, name: str) -> str:
        """Return the Markdown of a text field, or "" if the card does not have it."""
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else ""

    def span_of(self, name: str) -> Span:
        """Return the place of a field, or else that of the card."""
        return self.spans.get(name, self.span)


@frozen
class Prompt:
    """One question that is asked (Anki: card): a card and one of its sides."""

    card: Card
    side: Side
    side_name: str
    """The side's name, or `c1`, `c2`, … for a cloze."""
    ordinal: int
    """Anki's number of the card within its note, from 0."""

    @property
    def ref(self) -> str:
        """The prompt's current name: `pack:id/side`."""
        return f"{self.card.ref}/{self.side_name}"


@frozen
class Selection:
    """The conditions that select the cards of a deck; a card must match all of them."""

    lessons: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()
    """Patterns of paths below `cards/PACK/`, such as `verbs/*.yaml`; see `is_match`."""

    def takes(self, card: CardHead) -> bool:
        """Tell whether a card matches. An empty selection matches every card."""
        return (
            (not self.lessons or card.lesson in self.lessons)
            and (not self.kinds or card.kind in self.kinds)
            and (not self.tags or not self.tags.isdisjoint(card.tags))
            and (not self.ids or card.id in self.ids)
            and (not self.files or any(is_match(card.file, pattern) for pattern in self.files))
        )


@frozen
class DeckOptions:
    """The options for studying a deck, in Anki (as a preset) and in the terminal."""

    new_per_day: int = 20
    reviews_per_day: int = 200
    desired_retention: float = 0.9
    maximum_interval_days: int = 36500
    learning_steps_minutes: tuple[float, ...] = (1.0, 10.0)
    relearning_steps_minutes: tuple[float, ...] = (10.0,)
    leech_lapses: int = 8
    bury_siblings: bool = True
    fuzz: bool = True
    """Whether intervals are varied by a few days, as Anki always does."""


@frozen
class Deck:
    """A deck: a name, a selection of cards, options and sub-decks."""

    pack: str
    namespace: str
    """Distinguishes its cards from those of all other packs; the pack's name if none is written."""
    name: str
    """The last part of the full name; Anki joins the parts with `::`."""
    description: str
    select: Selection | None
    """None if only its sub-decks have cards."""
    decks: tuple[Deck, ...]
    order: tuple[str, ...]
    """The order of kinds in which new cards are introduced; other kinds follow as written."""
    options: DeckOptions
    """Its own, and for the others those of the deck above it."""
    has_options: bool
    """Whether it sets options of its own."""
    severities: Mapping[str, Severity | None]
    """Severities that this pack sets for warnings; None switches one off."""
    span: Span
    source_url: str = ""
    """Where a reader can improve a card, with placeholders for its place; see `make_source_url`."""
    spans: Mapping[str, Span] = field(default_factory=dict, repr=False, compare=False)
    """The places of the description and of the namespace, if they are written, and of values of
    `select` and `order` by `key value`."""

    def span_of(self, *words: str) -> Span:
        """Return the place of a value, or else that of the deck."""
        return self.spans.get(" ".join(words), self.span)

    def walk(self, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Deck]]:
        """Yield this deck and all its sub-decks in order, each with the parts of its full name."""
        path = (*above, self.name)
        yield path, self
        for deck in self.decks:
            yield from deck.walk(path)


class LoadedCards(Sequence[Card]):
    """Cards of which only the heads are kept; the rest is loaded when it is asked for."""

    heads: Sequence[CardHead]

    @abstractmethod
    def heads_of(self, pack: str) -> Sequence[CardHead]:
        """Return the cards of a pack in brief."""

    @abstractmethod
    def load(self, head: CardHead) -> Card:
        """Return one of the cards in full."""


@frozen
class Collection:
    """All cards, decks and blueprints of a project."""

    kinds: Mapping[str, Kind]
    cards: Sequence[Card]
    """Sorted by file, then in the author's order. They may be loaded anew each time: see `heads`."""
    decks: Mapping[str, Deck]
    """By pack."""
    blueprints: Mapping[str, Blueprint]
    """By pack."""
    allowances: tuple[Allowance, ...] = ()
    """Warnings that cards and files allow, and whether reading the files gave one."""
    incomplete: frozenset[str] = frozenset()
    """Packs with cards that could not be read, where a missing card does not mean it was removed."""

    @property
    def heads(self) -> Sequence[CardHead]:
        """The cards in brief, in the same order: cheap to go through, again and again."""
        return self.cards.heads if isinstance(self.cards, LoadedCards) else self.cards

    def heads_of(self, pack: str) -> Sequence[CardHead]:
        """Return the cards of a pack in brief: as cheap if there are thousands of packs."""
        if isinstance(self.cards, LoadedCards):
            return self.cards.heads_of(pack)
        return [card for card in self.cards if card.pack == pack]

    def load(self, head: CardHead) -> Card:
        """Return one of the cards in full.

        Raises:
            KeyError: it is not one of them.

        """
        if isinstance(head, Card):
            return head
        if isinstance(self.cards, LoadedCards):
            return self.cards.load(head)
        raise KeyError(head.ref)

    def load_pack(self, pack: str) -> list[Card]:
        """Return the cards of a pack in full."""
        return [self.load(head) for head in self.heads_of(pack)]

    def lesson_of(self, card: CardHead) -> Lesson | None:
        """Return a card's lesson from the blueprint of its pack, if any."""
        blueprint = self.blueprints.get(card.pack)
        return blueprint.lessons.get(card.lesson) if blueprint and card.lesson else None

    def domain_of(self, card: CardHead) -> Domain | None:
        """Return the domain of a card's lesson, if any."""
        blueprint = self.blueprints.get(card.pack)
        return blueprint.domain_of(card.lesson) if blueprint else None
