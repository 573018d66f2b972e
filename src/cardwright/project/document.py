"""A YAML file: bytes → nodes with their places."""

from __future__ import annotations

import re
from bisect import bisect_right
from codecs import BOM_UTF8
from collections.abc import Iterator
from itertools import accumulate, islice
from typing import Any, Final

import yaml

from cardwright.diagnostic import Diagnostic, Related, Span, diagnose, diagnose_conflict
from cardwright.project.lossy import find_changes
from cardwright.project.syntax import QUOTE, explain_alias, explain_error, explain_tag
from cardwright.text import (
    BIDI_OVERRIDES,
    CONTROLS,
    find_conflicts,
    find_unbalanced_isolate,
)

try:
    from yaml import CBaseLoader as _Loader
except ImportError:  # PyYAML without libyaml is slower and words syntax errors differently
    from yaml import BaseLoader as _Loader  # type: ignore[assignment]

Node = yaml.Node

MAX_BYTES: Final = 5_000_000
"""The largest source file that is read."""
MAX_DEPTH: Final = 40
"""The deepest nesting that is read; cards need less than ten levels."""
CONTROL: Final = re.compile(
    f"[{CONTROLS}{BIDI_OVERRIDES}\u2028\u2029\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
"""Invisible characters that act on terminals, reorder or end lines, which no source may contain."""

_MAX_SYNTAX_PROBLEMS: Final = 100
"""The maximum reported per file."""
_MAX_CONTROLS: Final = 20
"""The maximum reported per file, since a binary file has thousands."""
_MAX_HASHES: Final = 20
"""The maximum of comments in a file that are read as text because it is not valid YAML with them."""
_HASH: Final = "\ufdd0"
"""Stands for a # that starts no comment. No source contains it."""
_MAX_REPARSED: Final = 20_000_000
"""The maximum of characters read again for this reason."""
_CUT: Final = re.compile(r" #|\n +#(?=\S)")
_COMMENT: Final = re.compile(r"([ \t]+|[ \t]*\n +)#(.*)")
_SAME_LINE_COMMENT: Final = re.compile(r"[ \t]+#")
_FLOW_COMMENT: Final = re.compile(r",?[ \t]+#")
_COMMENTS: Final = re.compile(r"[ \t]*(?:\n[ \t]*)?#.*\n(?:[ \t]*(?:#.*)?\n)*[ \t]*")
_EARLY_COMMENT: Final = re.compile(r":[ \t]+#(?=\S)")
_LINE_BREAK: Final = re.compile(r"\r\n?")
_ISOLATE: Final = re.compile("[\u2066-\u2069]")
_ESCAPED_ISOLATE: Final = re.compile(r"\\[uU]0*206[6-9]")
_ANCHOR: Final = re.compile(r"[&*]\S*")
_TAG: Final = re.compile(r"!\S*")
_TEXT: Final = "tag:yaml.org,2002:str"
_ENDS: Final = frozenset({yaml.MappingEndEvent, yaml.SequenceEndEvent})
_NODES: Final = frozenset(
    {yaml.AliasEvent, yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent}
)
_BLOCK_STYLES: Final = frozenset("|>")
_LIBYAML_DEPTH: Final = "exceeded maximum nesting depth"


class Document:
    """A YAML file: its text, its root node and its problems."""

    __slots__ = ("_last", "_line_starts", "_lines", "path", "problems", "root", "text")

    def __init__(self, path: str, raw: bytes) -> None:
        """Parse `raw`. If that fails, there is no root and `problems` says why."""
        self.path = path
        self.problems: list[Diagnostic] = []
        self.text = ""
        """The text, with `\\n` line endings."""
        self._lines: list[str] = [""]
        self._line_starts: list[int] = []
        """Computed at the first syntax problem, since a file may have very many."""
        self._last: Any = None
        """The event of the last value that was read."""
        self.root: Node | None = None
        if len(raw) > MAX_BYTES:
            self.report_at(
                "file-too-large",
                f"the file has more than {MAX_BYTES:,} bytes",
                help="split it by topic: cards may move between files freely",
            )
        elif (
            self._decode(raw)
            and not self._has_control_characters()
            and not self._has_conflicts(is_yaml=True)
        ):
            self._compose(self.text)

    def span(self, node: Node) -> Span:
        """Return the place of a node: its first line."""
        start, end = node.start_mark, node.end_mark
        line, column = start.line, start.column
        if end.line == line:
            return self._span(line, column, end.column - column)
        if isinstance(node, yaml.ScalarNode) and node.style in _BLOCK_STYLES:
            # A block scalar's mark is at its indicator, but readers look at the text below.
            text = self._line(line + 1)
            if node.value and text.strip():
                indent = len(text) - len(text.lstrip())
                return self._span(line + 1, indent, len(text.rstrip()) - indent)
        return self._span(line, column, len(self._line(line).rstrip()) - column)

    def read_prose(self, node: yaml.ScalarNode) -> str:
        """Return a text with what follows it after ` #`, unless that looks like a comment.

        Report what is read although YAML takes it for a comment, what a comment cuts off, and what YAML
        changes in the text.
        """
        text: str = node.value
        start, end = node.start_mark.index, node.end_mark.index
        for change in find_changes(self.text[start:end], node.style):
            self.report_at("changed-text", change.message, start + change.place, help=change.help)
        comment = None if node.style in _BLOCK_STYLES else _COMMENT.match(self.text, end)
        if comment is None:
            return text
        gap, words = comment.groups()
        is_plain, is_meant = not node.style, gap == " " and words[:1].strip() == words[:1]
        if "\n" in gap:
            # On the next line, it might continue the text only if it is indented deeper.
            line, column = self._line(node.start_mark.line), node.start_mark.column
            indent = len(gap) - 1 - gap.rfind("\n")
            start = len(line) - len(line.lstrip(" -"))
            is_inside = indent > start or indent == start == column
            if is_plain and text and words[:1].strip() and is_inside:
                self._report_hash(comment.start(2) - 1)
        elif is_plain and is_meant:
            self._report_hash(comment.start(2) - 1, is_read=True)
            return f"{text} #{words.rstrip()}"
        elif (is_plain and text and gap == " ") or words[:1].strip():
            self._report_hash(comment.start(2) - 1)
        return text

    def is_before_comment(self, node: Node) -> bool:
        """Tell whether a comment follows a node on its line."""
        return _SAME_LINE_COMMENT.match(self.text, node.end_mark.index) is not None

    def check_comment_before(self, key: Node, node: Node) -> None:
        """Report a comment between a key and its text that might be the start of the text."""
        if node.start_mark.line > key.end_mark.line:
            comment = _EARLY_COMMENT.match(self.text, key.end_mark.index)
            if comment:
                self._report_hash(comment.end() - 1)

    def _report_hash(self, index: int, *, is_read: bool = False) -> None:
        if is_read:
            self.report_at(
                "unquoted-hash",
                "YAML starts a comment here, but it is read as part of the text",
                index,
                help=f"{QUOTE}: other programs stop reading here",
            )
        else:
            self.report_at(
                "unquoted-hash",
                "the text ends here, where a comment starts",
                index,
                help=f"{QUOTE}; a comment has two spaces before its # and one after it",
            )

    def report(
        self, code: str, message: str, node: Node, *, help: str, related: tuple[Related, ...] = ()
    ) -> None:
        """Record a problem at a node."""
        self.problems.append(diagnose(code, message, self.span(node), help=help, related=related))

    def report_at(
        self, code: str, message: str, index: int = 0, length: int = 1, *, help: str
    ) -> None:
        """Record a problem at a place in the text."""
        span = self._locate(index, length)
        self.problems.append(diagnose(code, message, span, help=help))

    def _locate(self, index: int, length: int) -> Span:
        if not self._line_starts:
            self._line_starts = list(accumulate((len(line) + 1 for line in self._lines), initial=0))
        line = bisect_right(self._line_starts, index) - 1
        column = index - self._line_starts[line]
        return self._span(line, column, length)

    def _span(self, line: int, column: int, length: int) -> Span:
        return Span(path=self.path, line=line + 1, column=column + 1, length=max(1, length))

    def _line(self, line: int) -> str:
        return self._lines[line] if line < len(self._lines) else ""

    def _decode(self, raw: bytes) -> bool:
        raw = raw.removeprefix(BOM_UTF8)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            # The text before the invalid byte can be decoded, which gives its line and column.
            self._set_text(raw[: error.start].decode("utf-8"))
            self.report_at(
                "not-utf8",
                f"byte 0x{raw[error.start]:02x} is not UTF-8 text",
                len(self.text),
                help="save the file as UTF-8",
            )
            return False
        self._set_text(text)
        return True

    def _set_text(self, text: str) -> None:
        self.text = _LINE_BREAK.sub("\n", text) if "\r" in text else text
        self._lines = self.text.split("\n")

    def _has_control_characters(self) -> bool:
        for match in islice(CONTROL.finditer(self.text), _MAX_CONTROLS):
            self.report_at(
                "control-character",
                f"the file contains the invisible character U+{ord(match[0]):04X}",
                match.start(),
                help="remove it: cards contain text only",
            )
        return bool(self.problems)

    def _has_conflicts(self, *, is_yaml: bool) -> bool:
        """Report merge conflicts; in valid YAML, single lines that look like one are text."""
        found = [one for one in find_conflicts(self.text) if one.is_whole or not is_yaml]
        for conflict in found[:_MAX_SYNTAX_PROBLEMS]:
            span = self._locate(conflict.start, conflict.length)
            self.problems.append(diagnose_conflict(span))
        return bool(found)

    def _compose(self, text: str) -> None:
        """Set the root, if the text can be parsed."""
        root, error = self._parse(text)
        hashes = self._hide_hashes(text, error) if error else []
        if hashes:
            hidden = list(text)
            for place in hashes:
                hidden[place] = _HASH
            root, error = self._parse("".join(hidden))
        if error:
            stop = _find_stop(error)
            if _LIBYAML_DEPTH in str(error) and 0 < stop < len(text):
                # Newer versions of libyaml stop before our own limit does.
                self._compose(text[:stop])
                return
            if not self._has_conflicts(is_yaml=False):
                self._explain(error)
            root = None
        if not self.problems and (root is None or is_blank(root)):
            self.report_at("missing-field", "the file is empty", help="fill it, or delete it")
        # Ignore a tag, so that other problems are found too.
        elif all(problem.code == "yaml-tag" for problem in self.problems):
            self.root = root
            self._check_isolates(root)
        for place in hashes:
            self._report_hash(place, is_read=True)

    def _check_isolates(self, root: Node | None) -> None:
        """Report bidi isolates that are not balanced within their text, or within a comment."""
        has_isolate = not self.text.isascii() and _ISOLATE.search(self.text)
        if not has_isolate and not ("206" in self.text and _ESCAPED_ISOLATE.search(self.text)):
            return
        rest = list(self.text)
        for node in list_scalars(root):
            start, end = node.start_mark.index, node.end_mark.index
            rest[start:end] = " " * (end - start)
            if (place := find_unbalanced_isolate(node.value)) is not None:
                # A text with line breaks or escapes is not in the file as it is.
                found = self.text.find(node.value[place], start, end)
                self._report_isolate(node.value[place], start if found < 0 else found)
        index = 0
        for line in "".join(rest).split("\n"):
            if (place := find_unbalanced_isolate(line)) is not None:
                self._report_isolate(line[place], index + place)
            index += len(line) + 1

    def _report_isolate(self, char: str, index: int) -> None:
        self.report_at(
            "control-character",
            f"the invisible character U+{ord(char):04X} is not balanced in this text",
            index,
            help="close each of U+2066, U+2067 and U+2068 with U+2069, or remove it",
        )

    def _explain(self, error: yaml.YAMLError) -> None:
        end = _find_plain_end(self._last) or 0
        comment = _FLOW_COMMENT.match(self.text, end)
        comments = _COMMENTS.match(self.text, end)
        if comment and "flow" in (getattr(error, "context", None) or ""):
            self.report_at(
                "syntax-error",
                "a comment starts here, before the bracket is closed",
                comment.end() - 1,
                help=QUOTE,
            )
        elif comments and comments.end() == _find_stop(error):
            self.report_at(
                "syntax-error",
                "a comment ends the text above, so it cannot continue here",
                comments.end(),
                help=f"{QUOTE}, or move the comment",
            )
        else:
            explain_error(self.text, error, self.report_at)

    def _parse(self, text: str) -> tuple[Node | None, yaml.YAMLError | None]:
        """Return the root of a text, or why it is not valid YAML; replace the problems."""
        self.problems.clear()
        try:
            return self._read_nodes(text), None
        except yaml.YAMLError as error:
            return None, error

    def _hide_hashes(self, text: str, error: yaml.YAMLError) -> list[int]:
        """Return the places of # that start comments because of which a text is not valid YAML.

        Without these comments, reading gets further.
        """
        places: list[int] = []
        count = 0
        stop, now = _find_stop(error), text
        for _ in range(min(_MAX_HASHES, _MAX_REPARSED // len(text))):
            end = _find_plain_end(self._last)
            cut = None if end is None else _CUT.match(now, end)
            if cut is None:
                break
            places.append(cut.end() - 1)
            now = f"{now[: places[-1]]}{_HASH}{now[places[-1] + 1 :]}"
            _, later = self._parse(now)
            if later is None or _find_stop(later) > stop:
                count = len(places)
            if later is None:
                break
            stop = max(stop, _find_stop(later))
        return places[:count]

    def _read_nodes(self, text: str) -> Node | None:
        """Build the nodes of a text iteratively from libyaml's events.

        `yaml.compose` recurses in C, so a deeply nested file would crash the process, and it
        expands aliases. Events do neither and are just as fast.
        """
        # The values of the innermost collection; a mapping's keys and values alternate.
        values: list[Node] = []
        # The open collections, each with the values around it.
        stack: list[tuple[yaml.CollectionNode, list[Node]]] = []
        has_hidden = _HASH in text
        loader: Any = _Loader(text)
        for event in iter(loader.get_event, None):
            kind = type(event)
            if kind in _ENDS:
                collection, around = stack.pop()
                _close(collection, values, event.end_mark)
                values = around
                continue
            if kind not in _NODES:
                if kind is yaml.DocumentStartEvent and values:
                    self._report_second_document(event)
                    return None
                continue
            self._last = event
            if event.anchor is not None or event.tag is not None:
                self._refuse_properties(text, event)
                if len(self.problems) >= _MAX_SYNTAX_PROBLEMS:
                    return None
            node = _make_node(kind, event, has_hidden=has_hidden)
            values.append(node)
            if isinstance(node, yaml.CollectionNode):
                stack.append((node, values))
                values = []
                if len(stack) > MAX_DEPTH:
                    self._report_depth(event)
                    return None
        return values[0] if values else None

    def _report_depth(self, event: Any) -> None:
        self.report_at(
            "nesting-too-deep",
            f"lists and keys are nested more than {MAX_DEPTH} levels deep",
            event.start_mark.index,
            help="write a card as a flat list of keys and values; quote text that starts with [ or {",
        )

    def _report_second_document(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        help = "remove the `---` line: one file holds one document"
        self.report_at(
            "syntax-error", "a second document starts here", start, end - start, help=help
        )

    def _refuse_properties(self, text: str, event: Any) -> None:
        start = event.start_mark.index
        if event.anchor is not None:
            anchor = _ANCHOR.search(text, start)
            explain_alias(text, anchor.start() if anchor else start, self.report_at)
        if getattr(event, "tag", None) is not None:
            tag = _TAG.search(text, start)
            explain_tag(text, tag.start() if tag else start, self.report_at)


def _make_node(kind: type, event: Any, *, has_hidden: bool) -> Node:
    """Make the node for an event; a collection starts empty."""
    if kind is yaml.ScalarEvent:
        text = event.value.replace(_HASH, "#") if has_hidden else event.value
        return yaml.ScalarNode(_TEXT, text, event.start_mark, event.end_mark, event.style)
    if kind is yaml.MappingStartEvent:
        return yaml.MappingNode("", [], event.start_mark, event.end_mark, event.flow_style)
    if kind is yaml.SequenceStartEvent:
        return yaml.SequenceNode("", [], event.start_mark, event.end_mark, event.flow_style)
    # An alias, which is refused.
    return yaml.ScalarNode(_TEXT, "", event.start_mark, event.end_mark)


def list_scalars(root: Node | None) -> Iterator[yaml.ScalarNode]:
    """Yield the scalars below a node in the order of the file."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, yaml.ScalarNode):
            yield node
        elif isinstance(node, yaml.MappingNode):
            stack += [part for pair in reversed(node.value) for part in reversed(pair)]
        elif isinstance(node, yaml.SequenceNode):
            stack += reversed(node.value)


def _find_plain_end(event: Any) -> int | None:
    """Return the index after a text without quotes, or None for any other value."""
    is_plain = isinstance(event, yaml.ScalarEvent) and not event.style
    return int(event.end_mark.index) if is_plain else None


def _find_stop(error: yaml.YAMLError) -> int:
    """Return the index at which reading stopped."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return int(mark.index) if mark else 0


def _close(collection: yaml.CollectionNode, values: list[Node], end: Any) -> None:
    collection.end_mark = end
    if isinstance(collection, yaml.MappingNode):
        collection.value = list(zip(values[::2], values[1::2], strict=True))
    else:
        collection.value = values


def is_blank(node: Node) -> bool:
    """Tell whether a node is empty or only white space."""
    return isinstance(node, yaml.ScalarNode) and (not node.value or node.value.isspace())
