"""Changes of single values in source files, which leave every other byte as it is."""

from __future__ import annotations

import re
from bisect import bisect_left
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final, NamedTuple

import yaml

from cardwright.project.card import COMMON_KEYS
from cardwright.project.compose import WriteError, refuse_control
from cardwright.project.document import Document, Node
from cardwright.project.entry import Entry
from cardwright.project.rewrite import (
    Place,
    Replacement,
    find_scalar_end,
    rewrite_scalar,
    write_block,
    write_scalar,
)
from cardwright.text import to_nfc

Edited = str | bool | Sequence[str | Mapping[str, str]]
"""A value to write: as in a card, or a list of mappings such as options and sources."""

_Data = Any
"""A value as it is read: a text, a list, a mapping; None if it is absent."""
_Path = tuple[str | int, ...]
"""Keys and indices that lead to a value from its card."""
_WORD: Final = re.compile(r"[\w:./+-]+")
_LINE_END: Final = re.compile(r"\r\n?|\n")
_MAX_FLOW_WIDTH: Final = 90


class _Flag(str):
    """`true` or `false`, which is no text."""

    __slots__ = ()


def edit_card(raw: bytes, shown: str, card_id: str, values: Mapping[str, Edited | None]) -> bytes:
    """Return a file of cards with some values of one card changed, added, or (None) removed.

    Only the lines of these values change; quotes, blocks, comments and line ends stay as they are
    wherever the new value can be written in the style of the old one. Within a list, only the items
    that differ change. Reading the result gives exactly these values.

    Raises:
        WriteError: the file has errors or no such card, or a value cannot be written.

    """
    return edit_cards(raw, shown, {card_id: values})


def edit_cards(raw: bytes, shown: str, changes: Mapping[str, Mapping[str, Edited | None]]) -> bytes:
    """Return a file with values of several cards changed, by the ids of the cards; see `edit_card`.

    Raises:
        WriteError: the file has errors or lacks a card, or a value cannot be written.

    """
    document, nodes = _read_file(raw, shown)
    expected = [_read_plainly(node) for node in nodes]
    numbers = {_find_id(node): number for number, node in reversed([*enumerate(nodes)])}
    made: list[Replacement] = []
    for card_id, values in changes.items():
        if card_id not in numbers:
            raise WriteError(f"{shown} has no card `{card_id}`")
        number = numbers[card_id]
        chunk = _cut_chunk(document, nodes, number)
        before = chunk.text
        for key, value in values.items():
            _change_value(chunk, key, None if value is None else _expect(value))
        if chunk.text != before:
            start = nodes[number].start_mark.index
            made.append(Replacement(start, start + len(before), chunk.text))
            expected[number] = _read_plainly(chunk.parse().node)
    if not made:
        return raw
    edited = _write_raw(raw, document.text, made)
    _, found = _read_file(edited, shown)
    if [_read_plainly(node) for node in found] != expected:
        raise WriteError(f"{shown} cannot be edited without changing other values")
    return edited


def read_card_values(raw: bytes, shown: str, card_id: str) -> dict[str, Any]:
    """Return the values that a card's own lines give: texts, lists and mappings.

    Raises:
        WriteError: the file has errors or no such card.

    """
    document, nodes = _read_file(raw, shown)
    for node in nodes:
        if _find_id(node) == card_id:
            entry = Entry(document, node)
            return {key: _read(document, value) for key, value in entry.values.items()}
    raise WriteError(f"{shown} has no card `{card_id}`")


def _read_file(raw: bytes, shown: str) -> tuple[Document, list[yaml.MappingNode]]:
    """Return a file and the nodes of its cards."""
    document = Document(shown, raw)
    root = document.root
    entry = Entry(document, root) if isinstance(root, yaml.MappingNode) else None
    cards = entry.values.get("cards") if entry else None
    nodes = cards.value if isinstance(cards, yaml.SequenceNode) else []
    is_right = all(isinstance(node, yaml.MappingNode) for node in nodes)
    if not nodes or not is_right or any(problem.is_error for problem in document.problems):
        help = "fix them first: `cards check` shows them"
        raise WriteError(f"{shown} has errors, or no cards", help=help)
    return document, nodes


def _find_id(node: yaml.MappingNode) -> str:
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value == "id":
            return str(value.value).strip() if isinstance(value, yaml.ScalarNode) else ""
    return ""


def _read_plainly(node: Node) -> _Data:
    """Return the data of a node as YAML has it, but for line breaks at the end of blocks."""
    if isinstance(node, yaml.MappingNode):
        return [(_read_plainly(key), _read_plainly(value)) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [_read_plainly(item) for item in node.value]
    is_block = isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}
    return node.value.rstrip("\n") if is_block else node.value


def _read(document: Document, node: Node) -> _Data:
    """Return the data of a node as a card's value; problems are added to the document."""
    if isinstance(node, yaml.MappingNode):
        return {
            key.value: _read(document, value)
            for key, value in node.value
            if isinstance(key, yaml.ScalarNode)
        }
    if isinstance(node, yaml.SequenceNode):
        return [_read(document, item) for item in node.value]
    if not isinstance(node, yaml.ScalarNode):
        return ""
    return to_nfc(document.read_prose(node)).strip()


def _expect(value: Edited) -> _Data:
    """Return a value to write as it will be read; None if it is empty, which is the same as absent."""
    if isinstance(value, bool):
        return _Flag("true" if value else "false")
    if isinstance(value, str):
        text = to_nfc(value).replace("\r\n", "\n").strip()
        refuse_control(text)
        return text or None
    items: list[_Data] = []
    for item in value:
        if isinstance(item, str):
            items.append(_expect(item))
        else:
            items.append({key: _expect(text) for key, text in item.items()})
    if not all(
        item and (isinstance(item, str) or all(text is not None for text in item.values()))
        for item in items
    ):
        raise WriteError("an item of a list is empty")
    return items or None


class _Parsed(NamedTuple):
    """A card that was read."""

    document: Document
    node: yaml.MappingNode


class _Chunk:
    """The text of one card, with as much around it as it takes to read it."""

    def __init__(self, head: str, text: str, tail: str, number: int) -> None:
        """`number` is the card's among those of the whole."""
        self._head = head
        self.text = text
        self._tail = tail
        self._number = number

    def parse(self) -> _Parsed:
        """Read the card; the marks of its nodes count from the start of the whole."""
        found = self.read(self.text)
        if found is None:
            raise WriteError("this card cannot be read on its own")
        return found

    def read(self, text: str) -> _Parsed | None:
        """Read another text of the card; None if it is not one card."""
        document = Document("", f"{self._head}{text}{self._tail}".encode())
        root = document.root
        if document.problems or not isinstance(root, yaml.MappingNode):
            return None
        cards = Entry(document, root).values.get("cards")
        nodes = cards.value if isinstance(cards, yaml.SequenceNode) else []
        if not self._tail and len(nodes) != 1:
            return None
        node = nodes[self._number] if self._number < len(nodes) else None
        return _Parsed(document, node) if isinstance(node, yaml.MappingNode) else None

    def try_replacements(
        self, key: str, replacements: Sequence[Replacement], expected: _Data, problems: int
    ) -> bool:
        """Replace parts of the text if that gives a value, and changes no other one."""
        before = self.parse()
        text = f"{self._head}{self.text}{self._tail}"
        for one in sorted(replacements, key=lambda one: (one.start, one.end), reverse=True):
            text = f"{text[: one.start]}{one.text}{text[one.end :]}"
        end = len(text) - len(self._tail)
        after = self.read(text[len(self._head) : end])
        if after is None:
            return False
        others = [(name, value) for name, value in _read_plainly(before.node) if name != key]
        kept = [(name, value) for name, value in _read_plainly(after.node) if name != key]
        if kept != others:
            return False
        value, found = read_value(after, key)
        if value != expected or found > problems:
            return False
        self.text = text[len(self._head) : end]
        return True


def read_value(card: _Parsed, key: str) -> tuple[_Data, int]:
    """Return the value of a key, None if it is absent, and how many problems it has."""
    entry = Entry(card.document, card.node)
    before = len(card.document.problems)
    node = entry.values.get(key)
    value = None if node is None else _read(card.document, node)
    if node is not None:
        card.document.check_comment_before(entry.keys[key], node)
    return value, len(card.document.problems) - before


def _cut_chunk(document: Document, nodes: Sequence[yaml.MappingNode], number: int) -> _Chunk:
    """Return a card on its own, or within the whole file if it can be read only there."""
    node = nodes[number]
    start, end = node.start_mark.index, node.end_mark.index
    text = document.text[start:end]
    margin = " " * max(node.start_mark.column - 2, 0)
    alone = _Chunk(f"cards:\n{margin}- ", text, "", 0)
    if (found := alone.read(text)) and _read_plainly(found.node) == _read_plainly(node):
        return alone
    return _Chunk(document.text[:start], text, document.text[end:], number)


def _change_value(chunk: _Chunk, key: str, new: _Data) -> None:
    """Bring the value of a key to what is wanted, item by item."""
    old, problems = read_value(chunk.parse(), key)
    if old == new or (old is None and new == "false"):
        return
    try:
        _change(chunk, (key,), old, new, problems)
    except _UnwritableError:
        if old is None or new is None:
            raise WriteError(f"`{key}` cannot be changed in this place") from None
        # As a whole, then.
        try:
            _replace_whole(chunk, key, new, problems)
        except _UnwritableError:
            raise WriteError(f"`{key}` cannot be changed in this place") from None


class _UnwritableError(Exception):
    """No way to write a change gives the right values."""


def _replace_whole(chunk: _Chunk, key: str, new: _Data, problems: int) -> None:
    card = chunk.parse()
    index = [name for name, _ in _read_plainly(card.node)].index(key)
    for removal in _remove_key(card, card.node, index):
        for addition in _add_key(card, card.node, key, new, after=index - 1):
            # Where the first key is removed, the new one is added below it.
            if chunk.try_replacements(key, [*removal, *addition], new, problems):
                return
    raise _UnwritableError


def _change(chunk: _Chunk, path: _Path, old: _Data, new: _Data, problems: int) -> None:
    """Change a value within a card, step by step; each step is read back."""
    key = str(path[0])
    if old == new:
        return
    if isinstance(old, list) and isinstance(new, list):
        _change_list(chunk, path, old, new, problems)
    elif isinstance(old, dict) and isinstance(new, dict):
        _change_mapping(chunk, path, old, new, problems)
    else:
        card = chunk.parse()
        whole, _ = read_value(card, key)
        expected = _put(whole, path[1:], new)
        for replacements in _list_ways(card, path, old, new):
            if chunk.try_replacements(key, replacements, expected, problems):
                return
        raise _UnwritableError


def _change_list(
    chunk: _Chunk, path: _Path, old: list[_Data], new: list[_Data], problems: int
) -> None:
    key = str(path[0])
    matcher = SequenceMatcher(None, [repr(one) for one in old], [repr(one) for one in new])
    for _, start, end, new_start, new_end in reversed(matcher.get_opcodes()):
        before, after = old[start:end], new[new_start:new_end]
        if before == after:
            continue
        common = min(len(before), len(after))
        for number in reversed(range(common, len(before))):
            _step(chunk, key, path, "remove", start + number, None, problems)
        for number, item in enumerate(after[common:], start + common):
            _step(chunk, key, path, "insert", number, item, problems)
        for number in range(common):
            place = (*path, start + number)
            if type(before[number]) is type(after[number]):
                _change(chunk, place, before[number], after[number], problems)
            else:
                _step(chunk, key, path, "remove", start + number, None, problems)
                _step(chunk, key, path, "insert", start + number, after[number], problems)


def _change_mapping(
    chunk: _Chunk, path: _Path, old: dict[str, _Data], new: dict[str, _Data], problems: int
) -> None:
    key = str(path[0])
    gone = [name for name in old if name not in new]
    come = [name for name in new if name not in old]
    if len(gone) == len(come) == 1:
        renamed = {come[0] if name == gone[0] else name: text for name, text in old.items()}
        card = chunk.parse()
        whole, _ = read_value(card, key)
        node = _find_node(card, path)
        place = next(name for name, _ in node.value if name.value == gone[0])
        way = [Replacement(place.start_mark.index, place.end_mark.index, come[0])]
        if not chunk.try_replacements(key, way, _put(whole, path[1:], renamed), problems):
            raise _UnwritableError
        old, gone, come = renamed, [], []
    for name in gone:
        _step(chunk, key, path, "remove", name, None, problems)
    for name in come:
        _step(chunk, key, path, "insert", name, new[name], problems)
    for name, text in old.items():
        if name in new:
            _change(chunk, (*path, name), text, new[name], problems)


def _step(
    chunk: _Chunk,
    key: str,
    path: _Path,
    what: str,
    name: str | int,
    value: _Data,
    problems: int,
) -> None:
    """Insert an item or a key into a value, or remove one."""
    card = chunk.parse()
    whole, _ = read_value(card, key)
    node = _find_node(card, path)
    container = _get(whole, path[1:])
    if isinstance(name, int):
        items = list(container)
        if what == "insert":
            items.insert(name, value)
            ways = _add_item(card, node, name, value)
        else:
            del items[name]
            ways = _remove_item(card, node, name)
        expected = _put(whole, path[1:], items)
    else:
        pairs = dict(container)
        if what == "insert":
            pairs[name] = value
            ways = _add_key(card, node, name, value, after=len(node.value) - 1)
        else:
            index = list(pairs).index(name)
            del pairs[name]
            ways = _remove_key(card, node, index)
        expected = _put(whole, path[1:], pairs)
    for replacements in ways:
        if chunk.try_replacements(key, replacements, expected, problems):
            return
    raise _UnwritableError


def _list_ways(card: _Parsed, path: _Path, old: _Data, new: _Data) -> Iterator[list[Replacement]]:
    """Yield the ways to change a value that is no container, or to add or remove a key of the card."""
    if old is None:
        yield from _add_key(card, card.node, str(path[0]), new, after=_choose_place(card, path))
        return
    if new is None:
        names = [name for name, _ in _read_plainly(card.node)]
        yield from _remove_key(card, card.node, names.index(path[0]))
        return
    node = _find_node(card, path)
    if not isinstance(node, yaml.ScalarNode) or not isinstance(new, str):
        return
    if isinstance(new, _Flag):
        yield [Replacement(node.start_mark.index, node.end_mark.index, new)]
        return
    yield from rewrite_scalar(
        card.document.text, node, _find_text_end(card.document, node), old, new, _place(card, path)
    )


def _find_text_end(document: Document, node: yaml.ScalarNode) -> int:
    """Return the index where a scalar ends, with what is read after ` #`."""
    end = find_scalar_end(document.text, node)
    if not node.style and document.read_prose(node) != node.value:
        line_end = document.text.find("\n", end)
        line = document.text[end : None if line_end < 0 else line_end]
        return end + len(line.rstrip())
    return end


def _choose_place(card: _Parsed, path: _Path) -> int:
    """Return the index of the key after which a new one is written: fields come before the rest."""
    names = [name for name, _ in _read_plainly(card.node)]
    if path[0] in COMMON_KEYS and path[0] != "extra":
        return len(names) - 1
    fields = [
        n
        for n, name in enumerate(names)
        if name in {"id", "kind", "extra"} or name not in COMMON_KEYS
    ]
    return max(fields, default=len(names) - 1)


def _find_node(card: _Parsed, path: _Path) -> Any:
    node: Any = card.node
    for part in path:
        node = _descend(node, part)
    return node


def _place(card: _Parsed, path: _Path) -> Place:
    """Return where a value is: in which column the key or the dash before it stands."""
    node: Any = card.node
    indent = node.start_mark.column
    is_flow = bool(node.flow_style)
    for part in path[:-1]:
        node = _descend(node, part)
        indent = node.start_mark.column
        is_flow = is_flow or bool(node.flow_style)
    return Place(indent, is_flow)


def _descend(node: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return node.value[part]
    return next(value for key, value in node.value if key.value == part)


def _get(data: _Data, path: _Path) -> _Data:
    for part in path:
        data = data[part]
    return data


def _put(data: _Data, path: _Path, value: _Data) -> _Data:
    """Return data with another value at a path."""
    if not path:
        return value
    first, *rest = path
    changed: Any = list(data) if isinstance(data, list) else dict(data)
    changed[first] = _put(data[first], tuple(rest), value)
    return changed


def _find_end(document: Document, node: Node, key: Node | None = None) -> int:
    """Return the index where a value ends, without comments behind it."""
    if isinstance(node, yaml.ScalarNode):
        if key is not None and node.start_mark.index == node.end_mark.index:
            return int(key.end_mark.index) + 1
        return _find_text_end(document, node)
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    if isinstance(node, yaml.MappingNode):
        return _find_end(document, last[1], last[0])
    return _find_end(document, last)


def _find_line_end(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end


def _add_key(
    card: _Parsed, node: Any, key: str, value: _Data, *, after: int
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
    for written in _write_value(value, column):
        yield [Replacement(end, end, f"\n{' ' * column}{key}:{written}")]


def _remove_key(card: _Parsed, node: Any, index: int) -> Iterator[list[Replacement]]:
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
    card: _Parsed, parts: Sequence[tuple[Node, Node]], index: int
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


def _add_item(card: _Parsed, node: Any, index: int, value: _Data) -> Iterator[list[Replacement]]:
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


def _find_gap(card: _Parsed, items: Sequence[Node]) -> str:
    """Return what is between two items of a flow list."""
    if len(items) > 1:
        gap = card.document.text[_find_end(card.document, items[0]) : items[1].start_mark.index]
        if not gap.replace(",", "", 1).strip():
            return gap
    return ", "


def _remove_item(card: _Parsed, node: Any, index: int) -> Iterator[list[Replacement]]:
    """Yield ways to remove an item of a list."""
    text = card.document.text
    item = node.value[index]
    if node.flow_style:
        yield from _remove_flow(card, [(one, one) for one in node.value], index)
        return
    dash = text.rfind("-", 0, item.start_mark.index)
    end = _find_line_end(text, _find_end(card.document, item))
    yield from _remove_lines(text, dash, end)


def _write_value(value: _Data, column: int) -> Iterator[str]:
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
    if isinstance(text, _Flag):
        yield text
        return
    if "\n" in text:
        yield write_block(text, column + 2)
    yield from write_scalar(text)
    yield write_block(text, column + 2)


def _write_item(value: _Data, column: int) -> Iterator[str]:
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


def _write_flow(value: _Data) -> Iterator[str]:
    """Yield ways to write a value within brackets."""
    if isinstance(value, str):
        yield from [value] if isinstance(value, _Flag) else write_scalar(value)
        return
    for number in range(3):
        if isinstance(value, dict):
            pairs = (f"{name}: {_pick(text, number)}" for name, text in value.items())
            yield f"{{{', '.join(pairs)}}}"
        else:
            yield f"[{', '.join(_pick(item, number) for item in value)}]"


def _pick(value: _Data, number: int) -> str:
    ways = list(_write_flow(value))
    return ways[min(number, len(ways) - 1)]


def _write_raw(raw: bytes, text: str, made: Sequence[Replacement]) -> bytes:
    """Return a file's bytes with parts of its text replaced; other lines keep their ends."""
    bom = raw[: len(BOM_UTF8)] if raw.startswith(BOM_UTF8) else b""
    source = raw[len(bom) :].decode()
    if "\r" not in source:
        for one in sorted(made, reverse=True):
            text = f"{text[: one.start]}{one.text}{text[one.end :]}"
        return bom + text.encode()
    ends = _LINE_END.findall(source)
    starts = [0]
    for line in text.split("\n")[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    parts: list[str] = []
    last = 0
    for one in sorted(made):
        parts.append(_restore(text[last : one.start], ends, bisect_left(starts, last + 1) - 1))
        first = bisect_left(starts, one.start + 1) - 1
        parts.append(_restore_changed(text[one.start : one.end], one.text, ends, first))
        last = one.end
    parts.append(_restore(text[last:], ends, bisect_left(starts, last + 1) - 1))
    return bom + "".join(parts).encode()


def _restore(text: str, ends: Sequence[str], first: int) -> str:
    """Return a part of a file with its own line ends; `first` is the number of its first line."""
    lines = text.split("\n")
    return "".join(
        line + (ends[first + number] if number < len(lines) - 1 else "")
        for number, line in enumerate(lines)
    )


def _restore_changed(old: str, new: str, ends: Sequence[str], first: int) -> str:
    """Return a new part of a file: lines that stay keep their ends, new ones end like their neighbours."""
    before, after = old.split("\n"), new.split("\n")
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    made = []
    for _, start, end, new_start, new_end in matcher.get_opcodes():
        for offset, line in enumerate(after[new_start:new_end]):
            near = first + max(min(start + offset, end - 1), start - 1, 0)
            made += [line, ends[min(near, len(ends) - 1)]]
    return "".join(made[:-1])
