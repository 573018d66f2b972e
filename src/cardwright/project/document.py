"""A YAML file: bytes → nodes with their places → mappings that are read key by key."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from codecs import BOM_UTF8
from collections.abc import Collection, Iterator
from itertools import accumulate, islice
from typing import Any, Final

import yaml

from cardwright.diagnostic import Diagnostic, Related, Span, diagnose, diagnose_conflict
from cardwright.project.syntax import QUOTE, explain_alias, explain_error, explain_tag
from cardwright.text import (
    BIDI_OVERRIDES,
    CONTROLS,
    find_conflicts,
    find_unbalanced_isolate,
    to_nfc,
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
ITEMS_HELP: Final = "start each item on a line of its own with `- `, its keys below one another"

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
_ESCAPED_CONTROL: Final = re.compile(rf"\r|{CONTROL.pattern}")
_MAYBE_ISOLATE: Final = re.compile(r"[\u2066-\u2069]|\\[uU]0*206[6-9]")
_ANCHOR: Final = re.compile(r"[&*]\S*")
_TAG: Final = re.compile(r"!\S*")
_TEXT: Final = "tag:yaml.org,2002:str"
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
        if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
            # A block scalar's mark is at its indicator, but readers look at the text below.
            text = self._line(line + 1)
            if node.value and text.strip():
                indent = len(text) - len(text.lstrip())
                return self._span(line + 1, indent, len(text.rstrip()) - indent)
        if end.line == line:
            length = end.column - column
        else:
            length = len(self._line(line).rstrip()) - column
        return self._span(line, column, length)

    def entry(self, node: Node | None = None) -> Entry | None:
        """Read a node (default: the root) as a mapping; otherwise report it and return None."""
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

    def read_prose(self, node: yaml.ScalarNode) -> str:
        """Return a text with what follows it after ` #`, unless that looks like a comment.

        Report what is read although YAML takes it for a comment, and what a comment cuts off.
        """
        text: str = node.value
        end = node.end_mark.index
        comment = None if node.style in {"|", ">"} else _COMMENT.match(self.text, end)
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
                "a comment would start here in YAML; it is read as part of the text",
                index,
                help=f"{QUOTE}: other programs stop reading here",
            )
        else:
            self.report_at(
                "unquoted-hash",
                "a comment starts here, which is not part of the text",
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
        if not _MAYBE_ISOLATE.search(self.text):
            return
        rest = list(self.text)
        for node in _list_scalars(root):
            start, end = node.start_mark.index, node.end_mark.index
            rest[start:end] = " " * (end - start)
            if (place := find_unbalanced_isolate(node.value)) is not None:
                # A text with line breaks or escapes does not stand in the file as it is.
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
        root: Node | None = None
        # The values of each open collection; a mapping's keys and values alternate.
        stack: list[tuple[yaml.CollectionNode, list[Node]]] = []
        events: Iterator[Any] = yaml.parse(text, Loader=_Loader)
        for event in events:
            if isinstance(event, yaml.CollectionEndEvent):
                _close(*stack.pop(), event.end_mark)
            elif isinstance(event, yaml.NodeEvent):
                self._refuse_properties(text, event)
                node = _make_node(event)
                self._last = event
                if stack:
                    stack[-1][1].append(node)
                root = node if root is None else root
                if isinstance(node, yaml.CollectionNode):
                    stack.append((node, []))
                if len(stack) > MAX_DEPTH:
                    self._report_depth(event)
                    return None
                if len(self.problems) >= _MAX_SYNTAX_PROBLEMS:
                    return None
            elif isinstance(event, yaml.DocumentStartEvent) and root is not None:
                self._report_second_document(event)
                return None
        return root

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


def _make_node(event: Any) -> Node:
    """Make the node for an event; a collection starts empty."""
    start, end = event.start_mark, event.end_mark
    if isinstance(event, yaml.MappingStartEvent):
        return yaml.MappingNode("", [], start, end, event.flow_style)
    if isinstance(event, yaml.SequenceStartEvent):
        return yaml.SequenceNode("", [], start, end, event.flow_style)
    if isinstance(event, yaml.ScalarEvent):
        return yaml.ScalarNode(_TEXT, event.value.replace(_HASH, "#"), start, end, event.style)
    return yaml.ScalarNode(_TEXT, "", start, end)  # an alias, which is refused


def _list_scalars(root: Node | None) -> Iterator[yaml.ScalarNode]:
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, yaml.ScalarNode):
            yield node
        elif isinstance(node, yaml.MappingNode):
            stack += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            stack += node.value


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


def describe(node: Node) -> str:
    """Describe a node in words."""
    if isinstance(node, yaml.MappingNode):
        return "keys and values"
    return "a list" if isinstance(node, yaml.SequenceNode) else "text"


def suggest(name: str, known: Collection[str], what: str) -> str:
    """Return help for an unknown name: a similar known name, or all of them."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean `{close[0]}`?" if close else f"{what}: {', '.join(known)}"


def is_blank(node: Node) -> bool:
    """Tell whether a node is empty or only white space."""
    return isinstance(node, yaml.ScalarNode) and not node.value.strip()


def is_word(node: Node, word: str) -> bool:
    """Tell whether a node is a certain text."""
    return isinstance(node, yaml.ScalarNode) and node.value.strip() == word


class Entry:
    """A YAML mapping that is read key by key, adding problems to its document."""

    __slots__ = ("document", "keys", "node", "values")

    def __init__(self, document: Document, node: yaml.MappingNode) -> None:
        """Index the keys; report and ignore duplicates and keys that are not text."""
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
                    f"`{key.value}` is already set",
                    key,
                    help="keep one of them",
                    related=(Related(message="first set", span=first),),
                )
            else:
                self.keys[key.value] = key
                self.values[key.value] = value

    def __contains__(self, key: str) -> bool:
        """Tell whether the mapping has the key."""
        return key in self.values

    @property
    def span(self) -> Span:
        """The place of the mapping: its first line."""
        return self.document.span(self.node)

    def span_of(self, key: str) -> Span:
        """Return the place of a key's value, or that of the mapping if the key is absent."""
        node = self.values.get(key)
        if node is None:
            return self.span
        return self.document.span(self.keys[key] if is_blank(node) else node)

    def report(
        self, code: str, message: str, key: str, *, help: str, related: tuple[Related, ...] = ()
    ) -> None:
        """Record a problem at a key's value, or at the mapping if the key is absent."""
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

    def refuse_unknown(self, allowed: Collection[str]) -> None:
        """Report every key that is not one of `allowed`."""
        for key, node in self.keys.items():
            if key not in allowed:
                help = suggest(key, allowed, "known keys")
                self.document.report("unknown-key", f"unknown key `{key}`", node, help=help)

    def text(self, key: str, *, is_prose: bool = False) -> str:
        """Return a text value without surrounding white space, or "" if absent or wrong."""
        node = self.values.get(key)
        if node is None:
            return ""
        if is_prose:
            self.document.check_comment_before(self.keys[key], node)
        return self.text_of(node, key, is_prose=is_prose)

    def texts(self, key: str, *, is_prose: bool = False) -> tuple[str, ...]:
        """Return a list of text values, or () if absent or wrong."""
        found = (self.text_of(node, key, is_prose=is_prose) for node in self.items(key))
        return tuple(text for text in found if text)

    def entry(self, key: str) -> Entry | None:
        """Return a value that is a mapping, or None if absent or wrong."""
        node = self.values.get(key)
        if node is None:
            return None
        if is_blank(node):
            self._report_empty(key)
            return None
        return self.document.entry(node)

    def entries(self, key: str) -> tuple[Entry, ...]:
        """Return a list of mappings; other items are reported and ignored."""
        found = (self.document.entry(node) for node in self.items(key, help=ITEMS_HELP))
        return tuple(entry for entry in found if entry is not None)

    def items(self, key: str, *, help: str = "") -> tuple[Node, ...]:
        """Return the nodes of a list, or () if absent or wrong."""
        node = self.values.get(key)
        if node is None:
            return ()
        if isinstance(node, yaml.SequenceNode):
            if not node.value:
                self._report_empty(key)
            return tuple(node.value)
        if is_blank(node):
            self._report_empty(key)
            return ()
        self.document.report(
            "wrong-type",
            f"`{key}` must be a list, found {describe(node)}",
            node,
            help=help or f"write `{key}: [first, second]`, or each item on a line after `- `",
        )
        return ()

    def text_of(self, node: Node, key: str, *, is_prose: bool = False) -> str:
        """Return the text of one node of a key's value; otherwise report it and return "".

        If it `is_prose`, report what a comment cuts off.
        """
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
        text = to_nfc(document.read_prose(node) if is_prose else node.value).strip()
        if not text:
            self._report_empty(key, node if is_item else None)
        elif node.style == '"' and (match := _ESCAPED_CONTROL.search(text)):
            # Escapes in double quotes can produce characters that the file itself may not contain.
            document.report(
                "control-character",
                f"`{key}` contains the invisible character U+{ord(match[0]):04X}",
                node,
                help='use single quotes, or put the text below a "|": '
                "in double quotes, \\ starts an escape",
            )
            return ""
        return text

    def list_words(self, key: str) -> Iterator[tuple[str, Node]]:
        """Yield the texts of a value or list, each with its node, without reporting problems."""
        value = self.values.get(key)
        for node in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            if isinstance(node, yaml.ScalarNode) and (text := to_nfc(node.value).strip()):
                yield text, node

    def _report_empty(self, key: str, item: Node | None = None) -> None:
        if item is None:
            help = "fill it, or remove the key if it is optional"
            if self.document.is_before_comment(self.values[key]):
                help = f"{help}; if the comment is its text, {QUOTE}"
            self.document.report("empty-field", f"`{key}` is empty", self.keys[key], help=help)
        else:
            help = "fill it, or remove it"
            self.document.report("empty-field", f"an item of `{key}` is empty", item, help=help)
