"""Note → card: what the fields of a note type of ours say, as an author would write it.

The notes may have been edited in Anki. Adopted note types have no structure of ours: their fields are
only text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cardwright.html import (
    Converted,
    HtmlLoss,
    Layout,
    ListEntry,
    convert_html,
    read_link,
    read_list,
    read_text,
)
from cardwright.markdown.links import split_address
from cardwright.model import RESERVED_FOR, Field, FieldType, Kind

_OUR_TAGS: Final = re.compile(
    rf"(?:kind|lesson|domain)::.*|retired|reserved::(?:{'|'.join(RESERVED_FOR)})",
    re.IGNORECASE | re.DOTALL,
)
_LESSON: Final = "lesson::"
_RETIRED: Final = "retired"
_LABELLED: Final = re.compile(
    r'<span role="group"( aria-label="[^"<>]*")>\[sound:([^\]<>"]+)\]</span>'
    r'|<(?:audio|video) controls(?:="")? preload="none" src="([^"<>]+)"( aria-label="[^"<>]*")?>'
    r"</(?:audio|video)>"
)
"""A sound or video with a description, or where Anki must not play it by itself; see
`PackedFile.write`."""
_NOT_IN_TAG: Final = re.compile(r"[\s:]+")
FindMedia = Callable[[str], str | None]
"""Returns the path to write for a media file, by its name in Anki; None if there is no such file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteValues:
    """What a note says, by key of a card."""

    values: Mapping[str, Any]
    """Text, list of texts, `True`, or list of mappings (options, sources), as YAML has them; with
    `extra`, `sources` and `lesson`, and without what is empty."""
    losses: Mapping[str, Sequence[HtmlLoss]]
    """What the Markdown of a key lacks."""
    key: str
    """The key of its card: namespace and first id, `trees:oak`; "" if somebody removed it."""
    tags: tuple[str, ...]
    """Those of the author: not those that Cardwright adds."""
    is_retired: bool


def read_values(
    kind: Kind,
    fields: Mapping[str, str],
    tags: Iterable[str] = (),
    *,
    find_media: FindMedia = lambda name: name,
) -> NoteValues:
    """Return what a note says; `fields` holds its HTML by the names of its fields in Anki.

    The kind is a built-in one, or one of a project that adopts no note type.
    """
    reader = _Reader(find_media)
    values: dict[str, Any] = {}
    for field in kind.fields:
        html = fields.get(field.anki_name, "")
        values[field.name] = reader.read_field(kind, field, html) if html.strip() else None
    all_tags = tuple(tags)
    values["extra"] = reader.convert("extra", fields.get("Extra", ""), Layout.BLOCK)
    values["sources"] = list(map(_read_source, read_list(fields.get("Sources", ""))))
    values["lesson"] = _read_lesson(read_text(fields.get("Lesson", "")), all_tags)
    return NoteValues(
        values={name: value for name, value in values.items() if value},
        losses={name: tuple(losses) for name, losses in reader.losses.items() if losses},
        key=read_text(fields.get("Id", "")),
        tags=tuple(tag for tag in all_tags if not _OUR_TAGS.fullmatch(tag)),
        is_retired=any(tag.casefold() == _RETIRED for tag in all_tags),
    )


class _Reader:
    """Reads fields, and collects what their Markdown lacks."""

    def __init__(self, find_media: FindMedia) -> None:
        self._find_media = find_media
        self.losses: dict[str, list[HtmlLoss]] = {}

    def read_field(self, kind: Kind, field: Field, html: str) -> Any:
        match field.type:
            case FieldType.FLAG:
                return bool(read_text(html))
            case FieldType.OBJECTIVE:
                return read_text(html)
            case FieldType.LIST:
                return list(self._read_items(field.name, html))
            case FieldType.OPTIONS:
                return list(self._read_options(field.name, html))
            case FieldType.INLINE:
                layout = Layout.INLINE
            case FieldType.BLOCK:
                layout = Layout.BLOCK
        return self.convert(field.name, html, layout, is_cloze=field.name == kind.cloze)

    def convert(self, key: str, html: str, layout: Layout, *, is_cloze: bool = False) -> str:
        if not html.strip():
            return ""
        html = _LABELLED.sub(_write_as_image, html)
        made: Converted = convert_html(html, layout, is_cloze=is_cloze, find_media=self._find_media)
        self.losses.setdefault(key, []).extend(made.losses)
        return made.markdown

    def _read_items(self, key: str, html: str) -> Iterator[str]:
        for entry in read_list(html):
            if text := self.convert(key, entry.html, Layout.INLINE):
                yield text

    def _read_options(self, key: str, html: str) -> Iterator[dict[str, str]]:
        for entry in read_list(html):
            # The line on how many to choose is made from the options.
            if "pick" in entry.classes:
                continue
            text = self.convert(key, _find_option(entry), Layout.INLINE)
            reason = self.convert(key, entry.parts.get("reason", ""), Layout.INLINE)
            if text or reason:
                yield {"right" if "right" in entry.classes else "wrong": text, "reason": reason}


def _write_as_image(match: re.Match[str]) -> str:
    """Return a sound or video as it would be written if it were an image."""
    label = (match[1] or match[4] or "").replace("aria-label", "alt")
    return f'<img src="{match[2] or match[3]}"{label}>'


def _find_option(entry: ListEntry) -> str:
    """Return the HTML of an option's text; somebody may have removed the element around it."""
    if "option" in entry.parts or "reason" in entry.parts:
        return entry.parts.get("option", "")
    return entry.html


def _read_source(entry: ListEntry) -> str | dict[str, str]:
    """Return a source: its address or title if it has only one of them."""
    url, shown = read_link(entry.html)
    if not url:
        return shown
    parts = split_address(url)
    address = f"{parts.place}{parts.path}".rstrip("/") if parts else ""
    return url if shown in {"", url, address} else {"url": url, "title": shown}


def _read_lesson(shown: str, tags: Iterable[str]) -> str:
    """Return the id of a lesson, which notes show before its title."""
    slugs = {tag.removeprefix(_LESSON) for tag in tags if tag.startswith(_LESSON)}
    words = shown.split(" ")
    for count in range(1, len(words) + 1):
        id = " ".join(words[:count])
        if _NOT_IN_TAG.sub("-", id) in slugs:
            return id
    return shown


def read_field(
    kind: Kind, key: str, html: str, *, find_media: FindMedia = lambda name: name
) -> tuple[Any, tuple[HtmlLoss, ...]]:
    """Return what one field of a note says, and what its Markdown lacks.

    `key` is that of the card: the name of a field, `extra` or `sources`. The kind may adopt a note type.
    An empty field is None.
    """
    if not html.strip():
        return None, ()
    reader = _Reader(find_media)
    field = next((one for one in kind.fields if key in {one.name, one.holds}), None)
    if key == "sources":
        value: Any = list(map(_read_source, read_list(html)))
    elif field is None or (field.holds and not field.is_bare):
        value = reader.convert(key, html, Layout.BLOCK)
    elif field.is_bare and (field.type is FieldType.BLOCK or key == kind.cloze):
        value = reader.convert(key, html, Layout.BARE, is_cloze=key == kind.cloze)
    else:
        value = reader.read_field(kind, field, html)
    return value or None, tuple(reader.losses.get(key, ()))
