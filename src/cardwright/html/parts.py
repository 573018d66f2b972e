"""The parts of HTML that Cardwright itself wrote, as people may have edited them: lists and links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cardwright.html.parse import TooLargeError, check_size

_LISTS: Final = frozenset({"ul", "ol"})
_LINES: Final = frozenset({"div", "p"})
_MAX_DEPTH: Final = 20
"""Of elements around a list; Anki's editor makes one or two."""


@dataclass(frozen=True, slots=True)
class ListEntry:
    """An item of a list, or a line that somebody wrote beside it."""

    html: str
    classes: frozenset[str] = frozenset()
    parts: Mapping[str, str] = field(default_factory=dict)
    """The HTML of the elements directly in it that have a class, by class."""


def read_list(html: str) -> list[ListEntry]:
    """Return the items of all lists of a text, and its other lines, in order."""
    body = _parse(html)
    return [ListEntry(html)] if body is None else list(_read_entries(body, _MAX_DEPTH))


def read_link(html: str) -> tuple[str, str]:
    """Return the address of the first link of a text, "" if it has none, and the text as shown."""
    body = _parse(html)
    if body is None:
        return "", html
    link = body.css_first("a[href]")
    return (link.attributes.get("href") or "" if link else ""), _show(body)


def read_text(html: str) -> str:
    """Return a text as shown, in one line."""
    body = _parse(html)
    return html if body is None else _show(body)


def _parse(html: str) -> LexborNode | None:
    """Return the body of a text; None if it is larger than any note, and so stays as it is."""
    try:
        check_size(html)
    except TooLargeError:
        return None
    return LexborHTMLParser(html).body


def _show(node: LexborNode) -> str:
    return " ".join(node.text(separator="").split())


def _read_entries(node: LexborNode, depth: int) -> Iterator[ListEntry]:
    line: list[str] = []
    for child in node.iter(include_text=True):
        is_line = child.tag in _LINES
        is_around = child.tag in _LISTS or (
            is_line and depth > 0 and child.css_first("ul, ol") is not None
        )
        if not (is_line or is_around or child.tag == "br"):
            line.append(child.html or "")
            continue
        yield from _make_line("".join(line))
        line.clear()
        if child.tag in _LISTS:
            yield from map(_make_item, child.iter())
        elif is_around:
            yield from _read_entries(child, depth - 1)
        elif is_line:
            yield from _make_line(child.inner_html or "", _list_classes(child))
    yield from _make_line("".join(line))


def _make_line(html: str, classes: frozenset[str] = frozenset()) -> Iterator[ListEntry]:
    if html.strip():
        yield ListEntry(html.strip(), classes)


def _make_item(node: LexborNode) -> ListEntry:
    parts = {
        name: child.inner_html or ""
        for child in reversed(list(node.iter()))
        for name in _list_classes(child)
    }
    return ListEntry((node.inner_html or "").strip(), _list_classes(node), parts)


def _list_classes(node: LexborNode) -> frozenset[str]:
    return frozenset((node.attributes.get("class") or "").split())
