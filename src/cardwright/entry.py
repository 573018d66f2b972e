"""YAML whose every value knows its place: text → Entry, with the problems met on the way."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import yaml

from cardwright.diagnostic import Diagnostic, Related, Span, diagnose

try:
    from yaml import CBaseLoader as _Loader
except ImportError:  # PyYAML without libyaml: slower, same result
    from yaml import BaseLoader as _Loader  # type: ignore[assignment]

MAX_BYTES: Final = 5_000_000
"""Largest source file that is read."""
MAX_DEPTH: Final = 40
"""Deepest nesting that is read; cards need less than ten."""

_CONTROL: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u2028\u2029\ufffe\uffff]"
)
_MAY_ANCHOR: Final = re.compile(r"(?:^|[:\-?\[,{])[ \t]*&\S", re.MULTILINE)
_MAY_NEST_BLOCKS: Final = re.compile(r"^ {120,}\S|^ *(?:[-?] +){20,}", re.MULTILINE)
_BRACKET: Final = re.compile(r"[\[\]{}]")

Node = yaml.Node


class Document:
    """One YAML file: its text, its root and its problems."""

    __slots__ = ("_lines", "path", "problems", "root", "text")

    def __init__(self, path: str, raw: bytes) -> None:
        """Read `raw`; a file that cannot be read has no root and says why in `problems`."""
        self.path = path
        self.problems: list[Diagnostic] = []
        self.text = ""
        self._lines: list[str] = []
        self.root: Node | None = None
        if len(raw) > MAX_BYTES:
            self._report_at(
                "file-too-large",
                f"the file has more than {MAX_BYTES:,} bytes",
                help="split it by topic: cards may move between files freely",
            )
            return
        text = self._decode(raw)
        if text is None:
            return
        self.text = text
        if self._has_control_characters() or self._nests_too_deep() or self._has_anchors():
            return
        self.root = self._compose()

    def span(self, node: Node) -> Span:
        """Return where a node stands: its first line."""
        start, end = node.start_mark, node.end_mark
        line, column = start.line, start.column
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            # The mark of a block scalar is its indicator; people look at the text below.
            text = self._line(line + 1)
            if text.strip():
                indent = len(text) - len(text.lstrip())
                return self._span(line + 1, indent, len(text.rstrip()) - indent)
        length = end.column - column if end.line == line else len(self._line(line)) - column
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
                f"expected keys and values here, found {_describe(node)}",
                node,
                help="write `key: value` lines",
            )
            return None
        return Entry(self, node)

    def _span(self, line: int, column: int, length: int) -> Span:
        return Span(path=self.path, line=line + 1, column=column + 1, length=max(1, length))

    def _line(self, line: int) -> str:
        if not self._lines:
            self._lines = self.text.split("\n")
        return self._lines[line].rstrip("\r") if line < len(self._lines) else ""

    def _report_at(self, code: str, message: str, index: int = 0, *, help: str) -> None:
        before = self.text[:index]
        line = before.count("\n")
        column = index - (before.rfind("\n") + 1)
        self.problems.append(diagnose(code, message, self._span(line, column, 1), help=help))

    def _decode(self, raw: bytes) -> str | None:
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            # The text before the fault is sound, so that its place can be told.
            self.text = raw[: error.start].decode("utf-8", errors="replace")
            self._report_at(
                "not-utf8",
                f"byte 0x{raw[error.start]:02x} is not UTF-8 text",
                len(self.text),
                help="save the file as UTF-8",
            )
            return None

    def _has_control_characters(self) -> bool:
        match = _CONTROL.search(self.text)
        if match:
            self._report_at(
                "control-character",
                f"control character U+{ord(match[0]):04X}",
                match.start(),
                help="remove it: cards hold text only",
            )
        return match is not None

    def _nests_too_deep(self) -> bool:
        """Tell whether nesting passes MAX_DEPTH.

        `yaml.compose` recurses in C and would take the process down with it, so suspects are
        measured first, by parse events, which do not recurse.
        """
        depth = deepest = 0
        for match in _BRACKET.finditer(self.text):
            depth = depth + 1 if match[0] in "[{" else max(0, depth - 1)
            deepest = max(deepest, depth)
        if deepest <= MAX_DEPTH and not _MAY_NEST_BLOCKS.search(self.text):
            return False
        depth = 0
        for event in self._events():
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    self._report_at(
                        "nesting-too-deep",
                        f"nested more than {MAX_DEPTH} levels deep",
                        event.start_mark.index,
                        help="a card is a flat list of keys and values",
                    )
                    return True
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
        return False

    def _has_anchors(self) -> bool:
        """Report anchors; an alias needs one, so with none there is nothing that could multiply."""
        if not _MAY_ANCHOR.search(self.text):
            return False
        found = False
        for event in self._events():
            if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
                found = True
                kind = "alias *" if isinstance(event, yaml.AliasEvent) else "anchor &"
                self._report_at(
                    "alias",
                    f"YAML {kind}{event.anchor} is not supported",
                    event.start_mark.index,
                    help="write the value out; text that starts with & or * must be quoted",
                )
        return found

    def _events(self) -> Iterator[Any]:
        try:
            yield from yaml.parse(self.text, Loader=_Loader)
        except yaml.YAMLError:
            return  # composing meets the same fault and reports it

    def _compose(self) -> Node | None:
        try:
            node: Node | None = yaml.compose(self.text, Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            self._report_syntax(error)
            return None
        except yaml.YAMLError as error:
            self._report_at("syntax-error", str(error), help="write plain YAML text")
            return None
        if node is None:
            self._report_at(
                "missing-field", "the file is empty", help="add cards, or delete the file"
            )
        return node

    def _report_syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        problem = str(error.problem or error.context)
        index = min(mark.index, len(self.text)) if mark else 0
        if "undefined alias" in problem:
            self._report_at(
                "alias",
                "text that starts with * is read as a YAML alias",
                index,
                help='put the text in quotes, or below a "|"',
            )
            return
        cure = next((cure for part, cure in _SYNTAX_CURES if part in problem), "")
        context = f" {error.context}" if error.context else ""
        self._report_at(
            "syntax-error",
            f"{problem}{context}",
            index,
            help=cure or "check indentation and quotes at this line and the one before",
        )


_SYNTAX_CURES: Final = (
    ("mapping values are not allowed", 'text that holds ": " must be quoted, or stand below a "|"'),
    ("cannot start any token", "indent with spaces, not tabs; quote text that starts with @ or `"),
    (
        "could not find expected ':'",
        "each key needs a colon and a space; indent the lines of a text",
    ),
    ("expected a single document", "one file holds one document: remove the --- line"),
    ("did not find expected '-' indicator", "the items of a list stand at one indentation"),
    ("did not find expected key", "the keys of a card stand at one indentation; close the quotes"),
    ("unexpected end of stream", "a quote or bracket was opened and never closed"),
    ("unknown escape character", 'in double quotes \\ starts an escape: use single quotes or "|"'),
)


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
                    f"a key must be a word, found {_describe(key)}",
                    key,
                    help="write `key: value`",
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
        """Where the mapping begins."""
        start = self.node.start_mark
        return self.document._span(start.line, start.column, 1)  # noqa: SLF001 (same module)

    def span_of(self, key: str) -> Span:
        """Return where a key's value stands, or the mapping where there is none."""
        node = self.values.get(key)
        return self.document.span(node) if node is not None else self.span

    def report(self, code: str, message: str, key: str, *, help: str) -> None:
        """Record a problem at a key's value, or at the mapping where there is none."""
        self.document.problems.append(diagnose(code, message, self.span_of(key), help=help))

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
        if text not in ("", "true", "false"):
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
                help=f"{default:g} is usual",
            )
            return default
        return number

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of text values; () when absent or wrong."""
        found = (self.text_of(node, key) for node in self._items(key, "texts"))
        return tuple(text for text in found if text)

    def entries(self, key: str) -> tuple[Entry, ...]:
        """Return a list of mappings; items that are none are reported and left out."""
        found = (self.document.entry(node) for node in self._items(key, "mappings"))
        return tuple(entry for entry in found if entry is not None)

    def entry(self, key: str) -> Entry | None:
        """Return a value that is itself a mapping; None when absent or wrong."""
        node = self.values.get(key)
        return None if node is None else self.document.entry(node)

    def items(self, key: str) -> tuple[Node, ...]:
        """Return the nodes of a list; () when absent or wrong."""
        return self._items(key, "items")

    def _items(self, key: str, what: str) -> tuple[Node, ...]:
        node = self.values.get(key)
        if node is None:
            return ()
        if isinstance(node, yaml.SequenceNode):
            if not node.value:
                self.report(
                    "empty-field", f"`{key}` is empty", key, help="fill it, or remove the key"
                )
            return tuple(node.value)
        if isinstance(node, yaml.ScalarNode) and not node.value.strip():
            self.report("empty-field", f"`{key}` is empty", key, help="fill it, or remove the key")
            return ()
        self.document.report(
            "wrong-type",
            f"`{key}` must be a list of {what}, found {_describe(node)}",
            node,
            help=f"write `{key}: [first, second]`, or one `- item` a line",
        )
        return ()

    def text_of(self, node: Node, key: str) -> str:
        """Return the text of one node of a key's value; "" when it is none."""
        document = self.document
        if not isinstance(node, yaml.ScalarNode):
            document.report(
                "wrong-type",
                f"`{key}` must be text, found {_describe(node)}",
                node,
                help='quote text that starts with [ or {, or put it below a "|"',
            )
            return ""
        if node.tag != "tag:yaml.org,2002:str":
            document.report(
                "yaml-tag", f"YAML tag {node.tag} is not supported", node, help="remove the tag"
            )
            return ""
        text: str = node.value.strip()
        if not text:
            document.report(
                "empty-field",
                f"`{key}` is empty",
                self.keys.get(key, node),
                help="fill it, or remove the key",
            )
        elif node.style == '"' and (match := _CONTROL.search(text)):
            # Escapes in double quotes can smuggle in what the file itself may not hold.
            document.report(
                "control-character",
                f"`{key}` holds control character U+{ord(match[0]):04X}",
                node,
                help="remove it: cards hold text only",
            )
            return ""
        return text


def _describe(node: Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "keys and values"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "text"
