"""Keys and items that are added to a YAML text, or removed from it, together with their lines.

Every function yields candidates, the nearest to what is there first. Whoever calls reads them back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import yaml

from cardwright.project.document import Document, Node
from cardwright.project.rewrite import Replacement, find_scalar_end, write_block, write_scalar

Data = Any
"""A value as it is read: a text, a list, a mapping; None if it is absent."""
_WORD: Final = re.compile(r"[\w:./+-]+")
_MAX_FLOW_WIDTH: Final = 90


class Flag(str):
    """`true` or `false`, which is no text."""

    __slots__ = ()


class Parsed(NamedTuple):
    """A card that was read."""

    document: Document
    node: yaml.MappingNode


def find_text_end(document: Document, node: yaml.ScalarNode) -> int:
    """Return the index where a scalar ends, with what is read after ` #`."""
    end = find_scalar_end(document.text, node)
    if not node.style and document.read_prose(node) != node.value:
        line_end = document.text.find("\n", end)
        line = document.text[end : None if line_end < 0 else line_end]
        return end + len(line.rstrip())
    return end


def _find_end(document: Document, node: Node, key: Node | None = None) -> int:
    """Return the index where a value ends, without comments behind it."""
    if isinstance(node, yaml.ScalarNode):
        if key is not None and node.start_mark.index == node.end_mark.index:
            return int(key.end_mark.index) + 1
        return find_text_end(document, node)
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    if isinstance(node, yaml.MappingNode):
        return _find_end(document, last[1], last[0])
    return _find_end(document, last)


def _find_line_end(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end


def add_key(
    card: Parsed, node: Any, key: str, value: Data, *, after: int
) -> Iterator[list[Replacement]]:
    """Yield ways to add a key to a mapping, after that with an index."""
    document = card.document
    before, last = node.value[max(after, 0)]
    end = _find_end(document, last, before)
    if node.flow_style:
        for written in _write_flow(value):
            yield [Replacement(end, end, f", {key}: {written}")]
        return
    end = _find_line_end(document.text, end)
    column = node.start_mark.column
    for written in write_value(value, column):
        yield [Replacement(end, end, f"\n{' ' * column}{key}:{written}")]


def remove_key(card: Parsed, node: Any, index: int) -> Iterator[list[Replacement]]:
    """Yield ways to remove a key of a mapping, with the comment behind its value."""
    text = card.document.text
    key, value = node.value[index]
    start = key.start_mark.index
    end = _find_end(card.document, value, key)
    if node.flow_style:
        yield from _remove_flow(card, [(k, v) for k, v in node.value], index)
        return
    yield from _remove_lines(text, start, _find_line_end(text, end))


def _remove_lines(text: str, start: int, end: int) -> Iterator[list[Replacement]]:
    """Yield ways to remove what is between two indices, with its line."""
    line_start = text.rfind("\n", 0, start) + 1
    if text[line_start:start].strip():
        # Something precedes it on its line, as `- ` does: what follows moves there.
        rest = text[end:]
        yield [Replacement(start, end + len(rest) - len(rest.lstrip()), "")]
        return
    yield [Replacement(line_start, min(end + 1, len(text)), "")]
    yield [Replacement(max(line_start - 1, 0), end, "")]


def _remove_flow(
    card: Parsed, parts: Sequence[tuple[Node, Node]], index: int
) -> Iterator[list[Replacement]]:
    start = parts[index][0].start_mark.index
    if index + 1 < len(parts):
        yield [Replacement(start, parts[index + 1][0].start_mark.index, "")]
    if index:
        key, value = parts[index - 1]
        before = _find_end(card.document, value, key if key is not value else None)
        key, value = parts[index]
        end = _find_end(card.document, value, key if key is not value else None)
        yield [Replacement(before, end, "")]


def add_item(card: Parsed, node: Any, index: int, value: Data) -> Iterator[list[Replacement]]:
    """Yield ways to add an item to a list."""
    text = card.document.text
    if node.flow_style:
        items = node.value
        for written in _write_flow(value):
            if not items:
                start = node.start_mark.index + 1
                yield [Replacement(start, start, written)]
            elif index:
                end = _find_end(card.document, items[index - 1])
                gap = _find_gap(card, items)
                yield [Replacement(end, end, f"{gap}{written}")]
            else:
                start = items[0].start_mark.index
                yield [Replacement(start, start, f"{written}{_find_gap(card, items)}")]
        return
    column = node.start_mark.column
    for written in _write_item(value, column):
        if index:
            end = _find_line_end(text, _find_end(card.document, node.value[index - 1]))
            yield [Replacement(end, end, f"\n{' ' * column}-{written}")]
        else:
            start = node.start_mark.index
            yield [Replacement(start, start, f"-{written}\n{' ' * column}")]


def _find_gap(card: Parsed, items: Sequence[Node]) -> str:
    """Return what is between two items of a flow list."""
    if len(items) > 1:
        gap = card.document.text[_find_end(card.document, items[0]) : items[1].start_mark.index]
        if not gap.replace(",", "", 1).strip():
            return gap
    return ", "


def remove_item(card: Parsed, node: Any, index: int) -> Iterator[list[Replacement]]:
    """Yield ways to remove an item of a list."""
    text = card.document.text
    item = node.value[index]
    if node.flow_style:
        yield from _remove_flow(card, [(one, one) for one in node.value], index)
        return
    dash = text.rfind("-", 0, item.start_mark.index)
    end = _find_line_end(text, _find_end(card.document, item))
    yield from _remove_lines(text, dash, end)


def write_value(value: Data, column: int) -> Iterator[str]:
    """Yield ways to write the value of a key in this column, with the space before it."""
    if isinstance(value, str):
        yield from (f" {written}" for written in _write_text(value, column))
        return
    is_short = all(isinstance(item, str) and _WORD.fullmatch(item) for item in value)
    if is_short:
        for written in _write_flow(value):
            if len(written) < _MAX_FLOW_WIDTH:
                yield f" {written}"
    margin = " " * (column + 2)
    # Every item in the first way that works; what does not can be quoted in any case.
    for number in range(3):
        items = []
        for item in value:
            ways = list(_write_item(item, column + 2))
            items.append(ways[min(number, len(ways) - 1)])
        yield "".join(f"\n{margin}-{item}" for item in items)


def _write_text(text: str, column: int) -> Iterator[str]:
    if isinstance(text, Flag):
        yield text
        return
    if "\n" in text:
        yield write_block(text, column + 2)
    yield from write_scalar(text)
    yield write_block(text, column + 2)


def _write_item(value: Data, column: int) -> Iterator[str]:
    """Yield ways to write an item whose dash is in this column, with the space before it."""
    if isinstance(value, str):
        yield from (f" {written}" for written in _write_text(value, column))
        return
    margin = " " * (column + 2)
    for number in range(3):
        pairs = []
        for name, text in value.items():
            ways = list(_write_text(text, column + 2))
            pairs.append(f"{name}: {ways[min(number, len(ways) - 1)]}")
        yield " " + f"\n{margin}".join(pairs)


def _write_flow(value: Data) -> Iterator[str]:
    """Yield ways to write a value within brackets."""
    if isinstance(value, str):
        yield from [value] if isinstance(value, Flag) else write_scalar(value)
        return
    for number in range(3):
        if isinstance(value, dict):
            pairs = (f"{name}: {_pick(text, number)}" for name, text in value.items())
            yield f"{{{', '.join(pairs)}}}"
        else:
            yield f"[{', '.join(_pick(item, number) for item in value)}]"


def _pick(value: Data, number: int) -> str:
    ways = list(_write_flow(value))
    return ways[min(number, len(ways) - 1)]
