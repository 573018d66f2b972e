"""Cards → tables and Markdown, for other programs and for people.

Texts stay as they are written. Only the paths of media change: they lead to the files from the
project's folder, wherever the card stands.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Final

from cardwright.anki.guid import make_guid
from cardwright.item import place_cards
from cardwright.markdown.render import Renderer
from cardwright.model import Card, Collection, FieldType, Option, Source, Value

_NAMES: Final = ("ref", "kind", "deck")
_COMMON: Final = (
    *("tags", "lesson", "objectives", "sources", "extra", "formerly", "retired"),
    *("reserved", "twins", "guid", "file"),
)
_LISTS: Final = {FieldType.LIST, FieldType.OPTIONS}
_CODES: Final = {"tags", "lesson", "objectives", "formerly", "reserved", "twins", "guid", "file"}
"""Values that are no Markdown."""
_DESTINATION: Final = re.compile(r"(?<=\]\()([ \t]*)(<[^<>\n]+>|[^\s()<>]+)")
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~^$!&])")
_PARAGRAPH: Final = re.compile(r"(?:\*\*)?[^\W\d_]|[$\"'({!\\]")
"""How a line starts that can only be a paragraph."""
_INDENT: Final = "    "
"""All Markdown programs understand this one, and the tabs of code stay what they are."""


def list_rows(collection: Collection, cards: Iterable[Card]) -> Iterator[list[str]]:
    """Yield the names of the columns, then a row for each card."""
    found = list(cards)
    kinds = [collection.kinds[name] for name in dict.fromkeys(card.kind for card in found)]
    names = dict.fromkeys(field.name for kind in kinds for field in kind.fields if not field.holds)
    taken = {*_NAMES, *_COMMON}
    columns = [f"{name} (field)" if name in taken else name for name in names]
    yield [*_NAMES, *columns, *_COMMON]
    reader = _Reader(collection)
    for card in found:
        common, fields = reader.list_common(card), reader.list_fields(card)
        yield [
            *(common[name] for name in _NAMES),
            *(fields.get(name, "") for name in names),
            *(common[name] for name in _COMMON),
        ]


def write_markdown(collection: Collection, cards: Iterable[Card]) -> Iterator[str]:
    """Yield pieces of a page: a heading for each card, and below it a list of its values."""
    reader = _Reader(collection)
    deck = None
    for card in cards:
        common, fields = reader.list_common(card), reader.list_fields(card)
        if common["deck"] != deck:
            deck = common["deck"]
            yield _SPECIAL.sub(r"\\\1", f"# {deck}").replace("\\#", "#", 1) + "\n\n"
        yield f"## {card.ref}\n\n{_write_item('kind', card.kind)}"
        for field in collection.kinds[card.kind].fields:
            if value := fields.get(field.name):
                yield _write_item(field.name, value, field.type)
        for name in _COMMON:
            if value := common[name]:
                yield _write_item(name, value, _find_type(name))
        yield "\n"


def _find_type(name: str) -> FieldType | None:
    if name in _CODES:
        return None
    return FieldType.LIST if name == "sources" else FieldType.BLOCK


def _write_item(name: str, value: str, value_type: FieldType | None = None) -> str:
    """Return an item of a list, which encloses whatever the text opens and does not close."""
    head = f"-   **{name}**:"
    if value_type is None:
        return f"{head} {_write_code(value)}\n"
    if value_type in _LISTS:
        return f"{head}\n" + "".join(f"{_INDENT}-   {line}\n" for line in value.split("\n"))
    if value_type is not FieldType.BLOCK or ("\n" not in value and _PARAGRAPH.match(value)):
        return f"{head} {value}\n"
    lines = (f"{_INDENT}{line}" if line else "" for line in value.split("\n"))
    return f"{head}\n\n" + "\n".join(lines) + "\n"


def _write_code(text: str) -> str:
    if re.fullmatch(r"[\w.:/ -]+", text) and "_" not in text:
        return text
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


class _Reader:
    """Reads the values of cards as texts."""

    def __init__(self, collection: Collection) -> None:
        self._kinds = collection.kinds
        self._renderer = Renderer(highlights=False)
        self._decks = {
            card.ref: "::".join(path)
            for deck in collection.decks.values()
            for path, placed in place_cards(deck, collection.heads_of(deck.pack))[0].items()
            for card in placed
        }

    def list_common(self, card: Card) -> dict[str, str]:
        return {
            "ref": card.ref,
            "kind": card.kind,
            "deck": self._decks.get(card.ref, ""),
            "tags": " ".join(card.tags),
            "lesson": card.lesson or "",
            "objectives": " ".join(card.objectives),
            "sources": "\n".join(map(_write_source, card.sources)),
            "extra": self._rebase(card, card.extra),
            "formerly": " ".join(card.formerly),
            "retired": card.retired or "",
            "reserved": card.reserved or "",
            "twins": card.twins or "",
            "guid": make_guid(card),
            "file": card.span.path,
        }

    def list_fields(self, card: Card) -> dict[str, str]:
        """Return the values that are filled, by field."""
        kind = self._kinds[card.kind]
        found: dict[str, str] = {}
        for field in kind.fields:
            value = card.fields.get(field.name, "")
            if field.type is FieldType.OPTIONS:
                value = tuple(line for option in card.options for line in _list_lines(option))
            if text := self._write_value(card, value):
                found[field.name] = text
        return found

    def _write_value(self, card: Card, value: Value) -> str:
        if isinstance(value, bool):
            return "true" if value else ""
        if isinstance(value, str):
            return self._rebase(card, value)
        # A line break within an item shows as a space.
        items = (" ".join(item.split("\n")) for item in value)
        return "\n".join(self._rebase(card, item) for item in items)

    def _rebase(self, card: Card, text: str) -> str:
        """Return a text with the paths of its media relative to the project."""
        if "![" not in text:
            return text
        media = self._renderer.render_block(text).media
        if not media:
            return text
        folder = posixpath.dirname(card.span.path)

        def replace(match: re.Match[str]) -> str:
            written = match[2].removeprefix("<").removesuffix(">")
            if _ESCAPE.sub(r"\1", written) not in media:
                return match[0]
            path = posixpath.normpath(posixpath.join(_escape_path(folder), written))
            is_plain = not re.search(r"[\s()]", path) and match[2][0] != "<"
            return match[1] + (path if is_plain else f"<{path}>")

        return _DESTINATION.sub(replace, text)


def _escape_path(path: str) -> str:
    return re.sub(r"([\\<>&*_`])", r"\\\1", path)


def _list_lines(option: Option) -> Iterator[str]:
    yield f"{'right' if option.right else 'wrong'}: {option.text}"
    if option.reason:
        yield f"reason: {option.reason}"


def _write_source(source: Source) -> str:
    if not source.title and not source.checked_on:
        return source.url
    address = f"<{source.url}>" if source.url else ""
    checked = f"(checked {source.checked_on})" if source.checked_on else ""
    return " ".join(part for part in (source.title, address, checked) if part)
