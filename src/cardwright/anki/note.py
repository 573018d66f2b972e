"""Card → note: its content as written, its fields as HTML, and the cards Anki creates from it."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import weakref
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import accumulate, islice
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from cardwright.anki.media import PackedFile
from cardwright.anki.notetype import SPARE_FIELDS
from cardwright.kinds import list_prompts, makes_card_of, render_text
from cardwright.kinds.template import is_empty
from cardwright.markdown.escape import escape_html
from cardwright.markdown.links import split_address
from cardwright.markdown.render import Renderer
from cardwright.markdown.rendered import WriteMedia, replace_media
from cardwright.model import Card, CardHead, Collection, Field, FieldType, Kind, Option, Source

RENDERING_VERSION: Final = 2
"""Incremented when a rendering bug is fixed, to update the published notes whose HTML it changes.

Otherwise notes with the same text keep what they were published with, so that a new version of the
Markdown or highlighting library alone changes no notes."""
_HASH_FORMAT: Final = 1
_MARKUP_LENGTH: Final = 8
"""Of its digits: there are few in the life of a note."""
_ENCODE: Final = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode
FIELD_SEPARATOR: Final = "\x1f"
"""Between the fields of a note in Anki's table."""
_MAX_ROWS_BYTES: Final = 2**25
"""How much of the rows is kept in memory: those of some twenty thousand notes."""
_NOT_IN_TAG: Final = re.compile(r"[\s:]+")
_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Shipped(Protocol):
    """A note as people may have it."""

    @property
    def rendering(self) -> int:
        """The version of the rendering."""

    @property
    def markup(self) -> str:
        """As `describe_markup` returns it; "" if it is not known."""

    @property
    def html_hash(self) -> str:
        """Digest of the fields."""


class NoteRow(NamedTuple):
    """What Anki's table of notes holds of a note."""

    guid: str
    tags: str
    """With a space between them."""
    fields: str
    """HTML, in the order of its note type, joined as in Anki's table."""


_DECODE_ROW: Final = msgspec.msgpack.Decoder(NoteRow).decode


class NoteStore:
    """What notes do not hold themselves: their rows, which need not fit into memory, and their texts."""

    def __init__(self, collection: Collection) -> None:
        """Begin with no rows; `collection` loads the texts."""
        self.collection = collection
        self._file = tempfile.SpooledTemporaryFile(_MAX_ROWS_BYTES)  # noqa: SIM115  (closed with this)
        weakref.finalize(self, self._file.close)
        self._ends = array("Q", [0])

    def add(self, rows: Sequence[bytes]) -> int:
        """Add rows as `encode_row` returns them, and return the number of the first."""
        first, start = len(self._ends) - 1, self._ends[-1]
        self._file.seek(start)
        self._file.write(b"".join(rows))
        self._ends.extend(islice(accumulate(map(len, rows), initial=start), 1, None))
        return first

    def read(self, number: int) -> NoteRow:
        """Return a row."""
        start, end = self._ends[number : number + 2]
        self._file.seek(start)
        return _DECODE_ROW(self._file.read(end - start))


def encode_row(row: NoteRow) -> bytes:
    """Return a row as bytes."""
    return msgspec.msgpack.encode(row)


class Note(msgspec.Struct, frozen=True, kw_only=True, eq=False, gc=False):
    """A card as it is published: a pack may have many, so the rest is found when it is asked for."""

    card: CardHead
    hash: str
    """Hash of the content; when it changes, people's notes are updated."""
    html_hash: str
    """Digest of the fields."""
    markup: str
    """As `describe_markup` returns it."""
    ordinals: tuple[int, ...]
    """Anki's numbers of the cards created for people who do not have the note yet."""
    media_hashes: Mapping[str, str]
    """The digests of its media, by path as written."""
    store: NoteStore
    number: int
    """The number of its row."""

    @property
    def row(self) -> NoteRow:
        """Its row in Anki's table."""
        return self.store.read(self.number)

    @property
    def fields(self) -> tuple[str, ...]:
        """HTML, in the order of its note type."""
        return tuple(self.row.fields.split(FIELD_SEPARATOR))

    @property
    def content(self) -> dict[str, Any]:
        """The text as written, as JSON; see `describe_content`."""
        collection = self.store.collection
        return describe_content(collection, collection.load(self.card), self.media_hashes)

    @property
    def id_field(self) -> str:
        """The label of the field that shows the key of its card; "" if an adopted note type has none."""
        return find_id_field(self.store.collection.kinds[self.card.kind])

    def has_html_of(self, shipped: Shipped) -> bool:
        """Tell whether nothing has changed its HTML on purpose since it was shipped."""
        if shipped.html_hash == self.html_hash:
            return True
        is_same_markup = shipped.markup in ("", self.markup)
        return is_same_markup and shipped.rendering >= RENDERING_VERSION


class MadeNote(NamedTuple):
    """A note in full."""

    content: dict[str, Any]
    """The text as written, as JSON; see `describe_content`."""
    hash: str
    """Hash of the content."""
    fields: tuple[str, ...]
    """HTML, in the order of its note type."""
    html_hash: str
    """Digest of the fields."""
    markup: str
    """As `describe_markup` returns it."""
    ordinals: tuple[int, ...]
    """Anki's numbers of its cards."""


def make_note(
    collection: Collection,
    card: Card,
    renderer: Renderer,
    media: Mapping[str, PackedFile],
    originals: Mapping[str, str] | None = None,
) -> MadeNote:
    """Return the note of a card.

    `media` holds its files, by path as written, and `originals` the HTML of fields that ship as they
    were adopted, by their names.
    """
    kind = collection.kinds[card.kind]
    content = describe_content(collection, card, {path: file.hash for path, file in media.items()})
    writers = {path: file.write for path, file in media.items()}
    fields = make_fields(collection, card, renderer, writers, originals)
    return MadeNote(
        content=content,
        hash=hash_content(content),
        fields=fields,
        html_hash=hash_fields(fields),
        markup=describe_markup(kind, originals or {}),
        ordinals=tuple(_list_ordinals(card, kind, fields if originals else ())),
    )


def _list_ordinals(card: Card, kind: Kind, fields: Sequence[str]) -> Iterator[int]:
    """Yield the numbers of the cards that Anki makes, by the HTML of an adopted note's fields if given.

    What Anki takes for a text may have none in Markdown, such as a space that does not break.
    """
    if not fields or kind.cloze:
        yield from (prompt.ordinal for prompt in list_prompts(card, kind))
        return
    labels = [field.label for field in kind.fields]
    filled = {name: not is_empty(html) for name, html in zip(labels, fields, strict=True)}
    has_tags = bool(card.tags)
    made = [
        number
        for number, side in enumerate(kind.sides)
        if makes_card_of(side, filled, has_tags=has_tags)
    ]
    # Anki makes a card of every note.
    yield from made or [0]


def find_id_field(kind: Kind) -> str:
    """Return the label of the field that shows a card's key; "" if its note type has none."""
    if not kind.adopted:
        return "Id"
    return next((field.label for field in kind.fields if field.holds == "id"), "")


def describe_content(
    collection: Collection, card: Card, media_hashes: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return a card's content as JSON: fields, extra, sources, lesson, tags, media (path → hash).

    It holds the text as written, not the HTML made from it: a new version of the Markdown or
    highlighting library must not make every note look changed.
    """
    lesson = collection.lesson_of(card)
    fields: dict[str, Any] = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in card.fields.items()
    }
    if card.options and (name := collection.kinds[card.kind].options):
        fields[name] = [asdict(option) for option in card.options]
    content: dict[str, Any] = {"fields": fields}
    if card.extra:
        content["extra"] = card.extra
    if card.sources:
        content["sources"] = [[source.url, source.title] for source in card.sources]
    if card.lesson:
        content["lesson"] = str(lesson) if lesson else card.lesson
    content["tags"] = _list_tags(collection, card)
    if media_hashes:
        content["media"] = dict(media_hashes)
    return content


def hash_content(content: dict[str, Any]) -> str:
    """Return a digest of a note's content that does not depend on the order of its keys."""
    text = _ENCODE([_HASH_FORMAT, content])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def hash_fields(fields: Sequence[str]) -> str:
    """Return a digest of a note's fields as Anki stores them."""
    return hashlib.sha256(FIELD_SEPARATOR.join(fields).encode("utf-8")).hexdigest()[:32]


def _list_tags(collection: Collection, card: Card) -> list[str]:
    """Return a note's tags, sorted: the card's own, and those for its domain, lesson and kind."""
    tags = {*card.tags}
    # Notes of an adopted note type keep the tags that people know.
    kind = collection.kinds.get(card.kind)
    if kind is None or not kind.adopted:
        domain = collection.domain_of(card)
        tags.add(f"kind::{card.kind}")
        if card.lesson:
            slug = _NOT_IN_TAG.sub("-", card.lesson)
            tags.add(f"lesson::{slug}")
        if domain:
            tags.add(f"domain::{domain.id}")
    if card.retired is not None:
        tags.add("retired")
    if card.reserved is not None:
        tags.add(f"reserved::{card.reserved}")
    return sorted(tags)


def describe_markup(kind: Kind, originals: Mapping[str, str]) -> str:
    """Return a digest of what decides the HTML of a note besides its content and the program.

    That is how its kind's fields are written, and `originals`: the HTML of fields that ship as they were
    adopted, by their names. It is "" for a built-in kind, of which nothing of this changes.
    """
    if kind.is_built_in:
        return ""
    fields = [[f.name, f.type, f.spare, f.holds, f.is_bare] for f in kind.fields]
    text = _ENCODE([fields, originals])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:_MARKUP_LENGTH]


def make_fields(
    collection: Collection,
    card: Card,
    renderer: Renderer,
    writers: Mapping[str, WriteMedia],
    originals: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Return the fields of a card's note as HTML, in the order of its note type.

    `writers` write the card's media, by path as written; `originals` holds the HTML of fields that ship
    as they were adopted.
    """
    originals = originals or {}
    kind = collection.kinds[card.kind]
    lesson = collection.lesson_of(card)
    own = {
        field.name: _make_field(card, kind, field, renderer, writers)
        for field in kind.fields
        if field.name not in originals
    }
    extra = ""
    if card.extra:
        extra = render_text(renderer, kind, "extra", card.extra, FieldType.BLOCK).html
    if writers:
        own = {name: replace_media(html, writers) for name, html in own.items()}
        extra = replace_media(extra, writers)
    common = {
        "extra": extra,
        "sources": _make_sources(card.sources),
        "lesson": escape_html(str(lesson) if lesson else card.lesson or ""),
        # The first id, not the current one: renaming a card must not change people's notes.
        "id": card.key,
    }
    if kind.adopted:
        found = {**own, **{f.name: common[f.holds] for f in kind.fields if f.holds}, **originals}
        return tuple(found[field.name] for field in kind.fields)
    spares = {field.anki_name: own[field.name] for field in kind.fields if field.spare}
    return (
        *(own[field.name] for field in kind.fields if not field.spare),
        *common.values(),
        *(spares.get(name, "") for name in SPARE_FIELDS),
    )


def _make_field(
    card: Card, kind: Kind, field: Field, renderer: Renderer, writers: Mapping[str, WriteMedia]
) -> str:
    if field.type is FieldType.OPTIONS:
        return _make_options(card.options, field, renderer, writers)
    value = card.fields.get(field.name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, str):
        return render_text(renderer, kind, field.name, value, field.type).html
    texts = (render_text(renderer, kind, field.name, item, field.type).html for item in value)
    if field.is_bare:
        return f"<ul>{''.join(f'<li>{text}</li>' for text in texts)}</ul>"
    items = "".join(f"<li>{text}</li>\n" for text in texts)
    return f'<ul class="{field.name}">\n{items}</ul>'


def _make_options(
    options: tuple[Option, ...], field: Field, renderer: Renderer, writers: Mapping[str, WriteMedia]
) -> str:
    if not options:
        return ""
    items = "".join(_make_option(option, renderer, writers) for option in options)
    return f'{_make_instruction(options)}<ul class="{field.name}">\n{items}</ul>'


def _make_option(option: Option, renderer: Renderer, writers: Mapping[str, WriteMedia]) -> str:
    reason = renderer.render_inline(option.reason).html
    if writers:
        # The question contains the reasons, out of sight.
        reason = replace_media(reason, writers, is_hidden=True)
    return (
        f'<li class="{"right" if option.right else "wrong"}">'
        # Anki's browser would join two lines that nothing parts.
        f'<div class="option">{renderer.render_inline(option.text).html}</div>\n'
        f'<div class="reason">{reason}</div></li>\n'
    )


def _make_instruction(options: tuple[Option, ...]) -> str:
    """Return a line on how many options to choose, unless it is one."""
    right = sum(option.right for option in options)
    if right == 1:
        return ""
    number = _NUMBERS[right] if right < len(_NUMBERS) else str(right)
    return f'<p class="pick">Choose {number}.</p>\n'


def _make_sources(sources: tuple[Source, ...]) -> str:
    if not sources:
        return ""
    items = "".join(f"<li>{_make_source(source)}</li>" for source in sources)
    return f"<ul>{items}</ul>"


def _make_source(source: Source) -> str:
    parts = split_address(source.url)
    address = f"{parts.place}{parts.path}".rstrip("/") if parts else ""
    shown = source.title or address or source.url
    if parts and parts.scheme in ("http", "https", "mailto"):
        return f'<a href="{escape_html(source.url)}">{escape_html(shown)}</a>'
    return escape_html(shown)
