"""Changes of single values in source files, which leave every other byte as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

import yaml

from cardwright.project.card import COMMON_KEYS
from cardwright.project.compose import WriteError, refuse_control
from cardwright.project.document import Document, Node
from cardwright.project.entry import Entry
from cardwright.project.line_ends import write_raw
from cardwright.project.rewrite import Place, Replacement, rewrite_scalar
from cardwright.project.splice import (
    Data,
    Flag,
    Parsed,
    add_item,
    add_key,
    find_text_end,
    remove_item,
    remove_key,
)
from cardwright.text import to_nfc

Edited = str | bool | Sequence[str | Mapping[str, str]]
"""A value to write: as in a card, or a list of mappings such as options and sources."""

_Path = tuple[str | int, ...]
"""Keys and indices that lead to a value from its card."""
_MAX_ITEMS: Final = 100
"""Longer lists are written as a whole: each item that is changed alone is read back."""


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
    edited = write_raw(raw, document.text, made)
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


def _read_plainly(node: Node) -> Data:
    """Return the data of a node as YAML has it, but for line breaks at the end of blocks."""
    if isinstance(node, yaml.MappingNode):
        return [(_read_plainly(key), _read_plainly(value)) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [_read_plainly(item) for item in node.value]
    is_block = isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}
    return node.value.rstrip("\n") if is_block else node.value


def _read(document: Document, node: Node) -> Data:
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


def _expect(value: Edited) -> Data:
    """Return a value to write as it will be read; None if it is empty, which is the same as absent."""
    if isinstance(value, bool):
        return Flag("true" if value else "false")
    if isinstance(value, str):
        text = to_nfc(value).replace("\r\n", "\n").strip()
        refuse_control(text)
        return text or None
    items: list[Data] = []
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


class _Chunk:
    """The text of one card, with as much around it as it takes to read it."""

    def __init__(self, head: str, text: str, tail: str, number: int) -> None:
        """`number` is the card's among those of the whole."""
        self._head = head
        self.text = text
        self._tail = tail
        self._number = number

    def parse(self) -> Parsed:
        """Read the card; the marks of its nodes count from the start of the whole."""
        found = self.read(self.text)
        if found is None:
            raise WriteError("this card cannot be read on its own")
        return found

    def read(self, text: str) -> Parsed | None:
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
        return Parsed(document, node) if isinstance(node, yaml.MappingNode) else None

    def try_replacements(
        self, key: str, replacements: Sequence[Replacement], expected: Data, problems: int
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


def read_value(card: Parsed, key: str) -> tuple[Data, int]:
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


def _change_value(chunk: _Chunk, key: str, new: Data) -> None:
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


def _replace_whole(chunk: _Chunk, key: str, new: Data, problems: int) -> None:
    card = chunk.parse()
    index = [name for name, _ in _read_plainly(card.node)].index(key)
    for removal in remove_key(card, card.node, index):
        for addition in add_key(card, card.node, key, new, after=index - 1):
            # Where the first key is removed, the new one is added below it.
            if chunk.try_replacements(key, [*removal, *addition], new, problems):
                return
    raise _UnwritableError


def _change(chunk: _Chunk, path: _Path, old: Data, new: Data, problems: int) -> None:
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
    chunk: _Chunk, path: _Path, old: list[Data], new: list[Data], problems: int
) -> None:
    key = str(path[0])
    if len(new) > _MAX_ITEMS:
        raise _UnwritableError
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
    chunk: _Chunk, path: _Path, old: dict[str, Data], new: dict[str, Data], problems: int
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
    value: Data,
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
            ways = add_item(card, node, name, value)
        else:
            del items[name]
            ways = remove_item(card, node, name)
        expected = _put(whole, path[1:], items)
    else:
        pairs = dict(container)
        if what == "insert":
            pairs[name] = value
            ways = add_key(card, node, name, value, after=len(node.value) - 1)
        else:
            index = list(pairs).index(name)
            del pairs[name]
            ways = remove_key(card, node, index)
        expected = _put(whole, path[1:], pairs)
    for replacements in ways:
        if chunk.try_replacements(key, replacements, expected, problems):
            return
    raise _UnwritableError


def _list_ways(card: Parsed, path: _Path, old: Data, new: Data) -> Iterator[list[Replacement]]:
    """Yield the ways to change a value that is no container, or to add or remove a key of the card."""
    if old is None:
        yield from add_key(card, card.node, str(path[0]), new, after=_choose_place(card, path))
        return
    if new is None:
        names = [name for name, _ in _read_plainly(card.node)]
        yield from remove_key(card, card.node, names.index(path[0]))
        return
    node = _find_node(card, path)
    if not isinstance(node, yaml.ScalarNode) or not isinstance(new, str):
        return
    if isinstance(new, Flag):
        yield [Replacement(node.start_mark.index, node.end_mark.index, new)]
        return
    yield from rewrite_scalar(
        card.document.text, node, find_text_end(card.document, node), old, new, _place(card, path)
    )


def _choose_place(card: Parsed, path: _Path) -> int:
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


def _find_node(card: Parsed, path: _Path) -> Any:
    node: Any = card.node
    for part in path:
        node = _descend(node, part)
    return node


def _place(card: Parsed, path: _Path) -> Place:
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


def _get(data: Data, path: _Path) -> Data:
    for part in path:
        data = data[part]
    return data


def _put(data: Data, path: _Path, value: Data) -> Data:
    """Return data with another value at a path."""
    if not path:
        return value
    first, *rest = path
    changed: Any = list(data) if isinstance(data, list) else dict(data)
    changed[first] = _put(data[first], tuple(rest), value)
    return changed
