"""A YAML mapping that is read key by key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import yaml

from cardwright.diagnostic import Related, Span, diagnose

if TYPE_CHECKING:
    from cardwright.entry.compose import Node
    from cardwright.entry.document import Document

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
