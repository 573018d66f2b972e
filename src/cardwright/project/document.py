"""One YAML file: bytes → nodes that know their places → mappings read key by key."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from itertools import accumulate, islice
from typing import Any, Final

import yaml

from cardwright.diagnostic import Diagnostic, Related, Span, diagnose
from cardwright.project.syntax import Fault, explain_alias, explain_error, explain_tag

try:
    from yaml import CBaseLoader as _Loader
except ImportError:  # PyYAML without libyaml: slower, and it words syntax errors differently
    from yaml import BaseLoader as _Loader  # type: ignore[assignment]

MAX_DEPTH: Final = 40
"""Deepest nesting that is read; cards need less than ten."""
_MOST_FAULTS: Final = 100
"""Faults that are told of one file."""

_TEXT: Final = "tag:yaml.org,2002:str"
_OWN_DEPTH_LIMIT: Final = "exceeded maximum nesting depth"
_NAME: Final = re.compile(r"[&*]\S*")
_TAG: Final = re.compile(r"!\S*")

Node = yaml.Node


def compose(text: str) -> tuple[Node | None, list[Fault]]:
    """Return a document's root, which is None when it cannot be read, and its faults."""
    faults: list[Fault] = []
    try:
        root = _compose(text, faults)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        if mark is not None and _OWN_DEPTH_LIMIT in str(error) and 0 < mark.index < len(text):
            # Newer versions of libyaml stop before our own limit is met: what they read is enough.
            return compose(text[: mark.index])
        faults.append(explain_error(text, error))
        root = None
    return (root if all(fault.code == "yaml-tag" for fault in faults) else None), faults


def _compose(text: str, faults: list[Fault]) -> Node | None:
    root: Node | None = None
    # Values of each collection that is open; a mapping's keys and values take turns.
    stack: list[tuple[yaml.CollectionNode, list[Node]]] = []
    events: Iterator[Any] = yaml.parse(text, Loader=_Loader)
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            _close(*stack.pop(), event.end_mark)
        elif isinstance(event, yaml.NodeEvent):
            _refuse_properties(text, event, faults)
            node = _make_node(event)
            if stack:
                stack[-1][1].append(node)
            root = node if root is None else root
            if isinstance(node, yaml.CollectionNode):
                stack.append((node, []))
            if len(stack) > MAX_DEPTH:
                faults.append(_too_deep(event))
                return None
            if len(faults) >= _MOST_FAULTS:
                return None
        elif isinstance(event, yaml.DocumentStartEvent) and root is not None:
            faults.append(_second_document(event))
            return None
    return root


def _make_node(event: Any) -> Node:
    """Make the node that an event begins; a collection is still empty."""
    start, end = event.start_mark, event.end_mark
    if isinstance(event, yaml.MappingStartEvent):
        return yaml.MappingNode("", [], start, end, event.flow_style)
    if isinstance(event, yaml.SequenceStartEvent):
        return yaml.SequenceNode("", [], start, end, event.flow_style)
    if isinstance(event, yaml.ScalarEvent):
        return yaml.ScalarNode(_TEXT, event.value, start, end, event.style)
    return yaml.ScalarNode(_TEXT, "", start, end)  # an alias, which is refused


def _close(collection: yaml.CollectionNode, values: list[Node], end: Any) -> None:
    collection.end_mark = end
    if isinstance(collection, yaml.MappingNode):
        collection.value = list(zip(values[::2], values[1::2], strict=True))
    else:
        collection.value = values


def _refuse_properties(text: str, event: Any, faults: list[Fault]) -> None:
    start = event.start_mark.index
    if event.anchor is not None:
        name = _NAME.search(text, start)
        faults.append(explain_alias(text, name.start() if name else start))
    if getattr(event, "tag", None) is not None:
        tag = _TAG.search(text, start)
        faults.append(explain_tag(text, tag.start() if tag else start))


def _second_document(event: Any) -> Fault:
    return Fault(
        code="syntax-error",
        message="a second document starts here",
        index=event.start_mark.index,
        length=event.end_mark.index - event.start_mark.index,
        help="one file holds one document: remove the `---` line",
    )


def _too_deep(event: Any) -> Fault:
    return Fault(
        code="nesting-too-deep",
        message=f"lists and keys are nested more than {MAX_DEPTH} levels deep",
        index=event.start_mark.index,
        length=1,
        help="a card is a flat list of keys and values; quote text that starts with [ or {",
    )


CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that no text holds: they are unseen, and act upon terminals or end lines."""
ITEMS_CURE: Final = "start each item on a line of its own with `- `, its keys below one another"
_ESCAPED_CONTROL: Final = re.compile(rf"\r|{CONTROL.pattern}")


class Entry:
    """A YAML mapping that is read key by key; what is wrong goes to its document's problems."""

    __slots__ = ("document", "keys", "node", "values")

    def __init__(self, document: Document, node: yaml.MappingNode) -> None:
        """Index the keys; duplicates and keys that are not text are reported and passed over."""
        self.document = document
        self.node = node
        self.keys: dict[str, Node] = {}
        self.values: dict[str, Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                document.report(
                    "wrong-type",
                    f"a key must be a word, found {describe(key)}",
                    key,
                    help='write `key: value`; put text that starts with [ or { in quotes, or below a "|"',
                )
            elif key.value in self.keys:
                first = document.span(self.keys[key.value])
                document.report(
                    "duplicate-key",
                    f"`{key.value}` stands twice",
                    key,
                    help="keep one of them",
                    related=(Related(message="first", span=first),),
                )
            else:
                self.keys[key.value] = key
                self.values[key.value] = value

    def __contains__(self, key: str) -> bool:
        """Tell whether the mapping has the key."""
        return key in self.values

    @property
    def span(self) -> Span:
        """Where the mapping begins: its first line."""
        return self.document.span(self.node)

    def span_of(self, key: str) -> Span:
        """Return where a key's value stands, or the mapping where there is none."""
        node = self.values.get(key)
        if node is None:
            return self.span
        return self.document.span(self.keys[key] if _is_nothing(node) else node)

    def report(
        self, code: str, message: str, key: str, *, help: str, related: tuple[Related, ...] = ()
    ) -> None:
        """Record a problem at a key's value, or at the mapping where there is none."""
        span = self.span_of(key)
        self.document.problems.append(diagnose(code, message, span, help=help, related=related))

    def require(self, key: str, *, help: str) -> bool:
        """Report a missing key; return whether it is there."""
        if key in self.values:
            return True
        self.document.problems.append(
            diagnose("missing-field", f"`{key}` is missing", self.span, help=help)
        )
        return False

    def refuse_unknown(self, allowed: Iterable[str]) -> None:
        """Report every key that is not one of `allowed`."""
        allowed = tuple(allowed)
        for key, node in self.keys.items():
            if key in allowed:
                continue
            close = difflib.get_close_matches(key, allowed, n=1)
            known = f"did you mean `{close[0]}`?" if close else f"known keys: {', '.join(allowed)}"
            self.document.report("unknown-key", f"unknown key `{key}`", node, help=known)

    def text(self, key: str) -> str:
        """Return a text value without surrounding white space; "" when absent or wrong."""
        node = self.values.get(key)
        return "" if node is None else self.text_of(node, key)

    def flag(self, key: str) -> bool:
        """Return a `true` or `false` value; False when absent or wrong."""
        text = self.text(key)
        if text not in {"", "true", "false"}:
            self.report(
                "wrong-type", f"`{key}` must be true or false", key, help="write true or false"
            )
        return text == "true"

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """Return a number between `low` and `high`; `default` when absent or wrong."""
        text = self.text(key)
        if not text:
            return default
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            self.report(
                "bad-value",
                f"`{key}` must be a number from {low:g} to {high:g}",
                key,
                help=f"{default:g} is usual" if low <= default <= high else "write such a number",
            )
            return default
        return number

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of text values; () when absent or wrong."""
        found = (self.text_of(node, key) for node in self.items(key))
        return tuple(text for text in found if text)

    def entries(self, key: str) -> tuple[Entry, ...]:
        """Return a list of mappings; items that are none are reported and left out."""
        found = (self.document.entry(node) for node in self.items(key, help=ITEMS_CURE))
        return tuple(entry for entry in found if entry is not None)

    def entry(self, key: str) -> Entry | None:
        """Return a value that is itself a mapping; None when absent or wrong."""
        node = self.values.get(key)
        if node is None:
            return None
        if _is_nothing(node):
            self._report_empty(key)
            return None
        return self.document.entry(node)

    def items(self, key: str, *, help: str = "") -> tuple[Node, ...]:
        """Return the nodes of a list; () when absent or wrong."""
        node = self.values.get(key)
        if node is None:
            return ()
        if isinstance(node, yaml.SequenceNode):
            if not node.value:
                self._report_empty(key)
            return tuple(node.value)
        if _is_nothing(node):
            self._report_empty(key)
            return ()
        self.document.report(
            "wrong-type",
            f"`{key}` must be a list, found {describe(node)}",
            node,
            help=help or f"write `{key}: [first, second]`, or one `- item` a line",
        )
        return ()

    def text_of(self, node: Node, key: str) -> str:
        """Return the text of one node of a key's value; "" when it is none."""
        document = self.document
        is_item = node is not self.values.get(key)
        if not isinstance(node, yaml.ScalarNode):
            document.report(
                "wrong-type",
                f"{'an item of ' if is_item else ''}`{key}` must be text, found {describe(node)}",
                node,
                help='put text that starts with [ or { or holds ": " in quotes, or below a "|"',
            )
            return ""
        text: str = node.value.strip()
        if not text:
            self._report_empty(key, node if is_item else None)
        elif node.style == '"' and (match := _ESCAPED_CONTROL.search(text)):
            # Escapes in double quotes can smuggle in what the file itself may not hold.
            document.report(
                "control-character",
                f"`{key}` holds the invisible character U+{ord(match[0]):04X}",
                node,
                help="in double quotes \\ starts an escape: use single quotes, "
                'or put the text below a "|"',
            )
            return ""
        return text

    def _report_empty(self, key: str, item: Node | None = None) -> None:
        if item is None:
            cure = "fill it; a key that may be absent can be removed"
            self.document.report("empty-field", f"`{key}` is empty", self.keys[key], help=cure)
        else:
            cure = "fill it, or remove it"
            self.document.report("empty-field", f"an item of `{key}` is empty", item, help=cure)


def _is_nothing(node: Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.value.strip()


def describe(node: Node) -> str:
    """Say in words what a node is."""
    if isinstance(node, yaml.MappingNode):
        return "keys and values"
    return "a list" if isinstance(node, yaml.SequenceNode) else "text"


MAX_BYTES: Final = 5_000_000
"""Largest source file that is read."""

_MOST_SHOWN: Final = 20
"""Control characters that are reported of one file: a binary file has thousands."""
_LINE_BREAK: Final = re.compile(r"\r\n?")


class Document:
    """One YAML file: its text, its root and its problems."""

    __slots__ = ("_line_starts", "_lines", "path", "problems", "root", "text")

    def __init__(self, path: str, raw: bytes) -> None:
        """Read `raw`; a file that cannot be read has no root and says why in `problems`."""
        self.path = path
        self.problems: list[Diagnostic] = []
        self.text = ""
        """Its text, with `\\n` at the end of each line."""
        self._lines: list[str] = [""]
        self._line_starts: list[int] = []
        """Filled with the first fault: a file may have very many."""
        self.root: Node | None = None
        if len(raw) > MAX_BYTES:
            self._report_at(
                "file-too-large",
                f"the file has more than {MAX_BYTES:,} bytes",
                help="split it by topic: cards may move between files freely",
            )
        elif self._decode(raw) and not self._has_control_characters():
            self._compose()

    def span(self, node: Node) -> Span:
        """Return where a node stands: its first line."""
        start, end = node.start_mark, node.end_mark
        line, column = start.line, start.column
        if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
            # The mark of a block scalar is its indicator; people look at the text below.
            text = self._line(line + 1)
            if node.value and text.strip():
                indent = len(text) - len(text.lstrip())
                return self._span(line + 1, indent, len(text.rstrip()) - indent)
        if end.line == line:
            length = end.column - column
        else:
            length = len(self._line(line).rstrip()) - column
        return self._span(line, column, length)

    def report(
        self, code: str, message: str, node: Node, *, help: str, related: tuple[Related, ...] = ()
    ) -> None:
        """Record a problem at a node."""
        self.problems.append(diagnose(code, message, self.span(node), help=help, related=related))

    def entry(self, node: Node | None = None) -> Entry | None:
        """Read a node (default: the root) as a mapping; None, and a problem, when it is not."""
        node = self.root if node is None else node
        if node is None:
            return None
        if not isinstance(node, yaml.MappingNode):
            self.report(
                "wrong-type",
                f"expected keys and values here, found {describe(node)}",
                node,
                help="write `key: value` lines, with a space after the colon",
            )
            return None
        return Entry(self, node)

    def _span(self, line: int, column: int, length: int) -> Span:
        return Span(path=self.path, line=line + 1, column=column + 1, length=max(1, length))

    def _line(self, line: int) -> str:
        return self._lines[line] if line < len(self._lines) else ""

    def _report_at(
        self, code: str, message: str, index: int = 0, length: int = 1, *, help: str
    ) -> None:
        if not self._line_starts:
            self._line_starts = list(accumulate((len(line) + 1 for line in self._lines), initial=0))
        line = bisect_right(self._line_starts, index) - 1
        column = index - self._line_starts[line]
        self.problems.append(diagnose(code, message, self._span(line, column, length), help=help))

    def _decode(self, raw: bytes) -> bool:
        raw = raw.removeprefix(BOM_UTF8)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            # The text before the fault is sound, so that its place can be told.
            self._take(raw[: error.start].decode("utf-8"))
            self._report_at(
                "not-utf8",
                f"byte 0x{raw[error.start]:02x} is not UTF-8 text",
                len(self.text),
                help="save the file in the encoding UTF-8",
            )
            return False
        self._take(text)
        return True

    def _take(self, text: str) -> None:
        self.text = _LINE_BREAK.sub("\n", text) if "\r" in text else text
        self._lines = self.text.split("\n")

    def _has_control_characters(self) -> bool:
        for match in islice(CONTROL.finditer(self.text), _MOST_SHOWN):
            self._report_at(
                "control-character",
                f"the file holds the invisible character U+{ord(match[0]):04X}",
                match.start(),
                help="remove it: cards hold text only",
            )
        return bool(self.problems)

    def _compose(self) -> None:
        self.root, faults = compose(self.text)
        for fault in faults:
            self._report_at(fault.code, fault.message, fault.index, fault.length, help=fault.help)
        is_empty = self.root is None or (
            isinstance(self.root, yaml.ScalarNode) and not self.root.value.strip()
        )
        if is_empty and not faults:
            self.root = None
            self._report_at("missing-field", "the file is empty", help="fill it, or delete it")
