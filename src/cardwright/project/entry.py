"""Mappings of a YAML file, read key by key."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

import yaml

from cardwright.diagnostic import Related, Span, diagnose
from cardwright.project.document import CONTROL, Document, Node, is_blank
from cardwright.project.syntax import QUOTE
from cardwright.text import suggest, to_nfc

ITEMS_HELP: Final = "start each item on a line of its own with `- `, its keys below one another"
_ESCAPED_CONTROL: Final = re.compile(rf"\r|{CONTROL.pattern}")


def read_entry(document: Document, node: Node | None = None) -> Entry | None:
    """Read a node (default: the root) as a mapping; otherwise report it and return None."""
    node = document.root if node is None else node
    if node is None:
        return None
    if not isinstance(node, yaml.MappingNode):
        document.report(
            "wrong-type",
            f"expected keys and values here, found {describe(node)}",
            node,
            help="write `key: value` lines, with a space after the colon",
        )
        return None
    return Entry(document, node)


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

    def list_spans(self) -> dict[str, Span]:
        """Return the place of every key's value."""
        return {key: self.span_of(key) for key in self.values}

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
        message = f"`{key}` is missing"
        self.document.problems.append(
            diagnose("missing-field", message, self.span, help=help, missing=key)
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

    def exact_text(self, key: str) -> str | None:
        """Return a text value to the byte, even if it is empty; None if absent or wrong."""
        node = self.values.get(key)
        if node is None:
            return None
        if not isinstance(node, yaml.ScalarNode):
            self.text_of(node, key)
            return None
        text: str = node.value
        if "\0" in text:
            help = "remove it: texts in Anki cannot contain it"
            self.report("control-character", f"`{key}` contains U+0000", key, help=help)
            return None
        return text

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
        return read_entry(self.document, node)

    def entries(self, key: str) -> tuple[Entry, ...]:
        """Return a list of mappings; other items are reported and ignored."""
        found = (read_entry(self.document, node) for node in self.items(key, help=ITEMS_HELP))
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
        if not isinstance(node, yaml.ScalarNode):
            document.report(
                "wrong-type",
                f"{'an item of ' if self._is_item(key, node) else ''}`{key}` must be text, found {describe(node)}",
                node,
                help='put text that starts with [ or { or holds ": " in quotes, or below a "|"',
            )
            return ""
        text = to_nfc(document.read_prose(node) if is_prose else node.value).strip()
        if not text:
            self._report_empty(key, node if self._is_item(key, node) else None)
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

    def _is_item(self, key: str, node: Node) -> bool:
        """Tell whether a node is not a key's value, but in its list."""
        return node is not self.values.get(key)

    def list_words(self, key: str) -> Iterator[tuple[str, Node]]:
        """Yield the texts of a value or list, each with its node, without reporting problems."""
        value = self.values.get(key)
        for node in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            if isinstance(node, yaml.ScalarNode) and (text := to_nfc(node.value).strip()):
                yield text, node

    def _report_empty(self, key: str, item: Node | None = None) -> None:
        if item is None:
            help = "fill it, or remove the key if it is optional"
            is_absent = self.values[key].start_mark.index == self.values[key].end_mark.index
            if is_absent and self.document.is_before_comment(self.values[key]):
                help = f"{help}; if the comment is meant as text, {QUOTE}"
            self.document.report("empty-field", f"`{key}` is empty", self.keys[key], help=help)
        else:
            help = "fill it, or remove it"
            self.document.report("empty-field", f"an item of `{key}` is empty", item, help=help)


def describe(node: Node) -> str:
    """Describe a node in words."""
    if isinstance(node, yaml.MappingNode):
        return "keys and values"
    return "a list" if isinstance(node, yaml.SequenceNode) else "text"


def is_word(node: Node, word: str) -> bool:
    """Tell whether a node is a certain text."""
    return isinstance(node, yaml.ScalarNode) and node.value.strip() == word
