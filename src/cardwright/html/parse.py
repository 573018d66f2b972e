"""HTML → a tree, as a browser reads it inside an element, within bounds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_MAX_LENGTH: Final = 2_000_000
_MAX_TAGS: Final = 10_000
_MAX_NODES: Final = 50_000
_MAX_DEPTH: Final = 100
"""Parsing takes time in the square of the depth, and other steps call themselves for each level."""
_MAX_UNCHECKED: Final = 1_000
"""So few tags are parsed in no time, however they are nested."""
_START: Final = re.compile(r"<[/!?a-zA-Z]")
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*+)([^<>]*+)>")
_NEED_NO_END_TEXT: Final = """
    area base br col embed hr img input link meta param source track wbr p li dt dd tr td th
    tbody thead tfoot rt rp
"""
_NEED_NO_END: Final = frozenset(_NEED_NO_END_TEXT.split())
_STRANGE_TEXT: Final = """
    applet button iframe marquee math noembed noframes noscript object option plaintext
    script select style svg template textarea title xmp
"""
_STRANGE: Final = frozenset(_STRANGE_TEXT.split())
"""Elements with rules of their own for what is in them."""


class TooLargeError(Exception):
    """The HTML is longer, or nested deeper, than that of any note."""


@dataclass(slots=True)
class Element:
    """An element with its attributes, by name in lower case, and what it holds."""

    name: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        """Yield this element and all those in it, in order."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += (c for c in reversed(element.children) if isinstance(c, Element))

    def text(self) -> str:
        """Return the text in it."""
        parts: list[str] = []
        waiting: list[Element | str] = [self]
        while waiting:
            node = waiting.pop()
            if isinstance(node, str):
                parts.append(node)
            else:
                waiting += reversed(node.children)
        return "".join(parts)


def parse_html(html: str) -> Element:
    """Return an element that holds what a browser makes of a text of HTML.

    Raises:
        TooLargeError: there are more tags, or deeper ones, than in any note.

    """
    root = Element("div", {})
    if "<" not in html and "&" not in html:
        root.children.append(html)
        return root
    check_size(html)
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415  (slow, and few commands need it)

    parser = LexborHTMLParser(html, is_fragment=True)
    node: LexborNode | None = parser.root
    above = [root]
    count = 0
    while node is not None:
        count += 1
        child = _copy_node(node, above[-1])
        following = node.first_child if child is not None else None
        if following is not None and child is not None:
            above.append(child)
            if len(above) > _MAX_DEPTH or count > _MAX_NODES:
                raise TooLargeError
        else:
            following = node.next
            while following is None and len(above) > 1:
                above.pop()
                node = node.parent if node is not None else None
                following = node.next if node is not None else None
        node = following
    return root


def _copy_node(node: LexborNode, parent: Element) -> Element | None:
    """Add a copy of a node to its parent; return it if it is an element."""
    if node.is_text_node:
        parent.children.append(node.text_content or "")
        return None
    if not node.is_element_node:
        return None
    attributes = {name.lower(): value or "" for name, value in node.attributes.items()}
    element = Element((node.tag or "").lower(), attributes)
    parent.children.append(element)
    return element


def check_size(html: str) -> None:
    """Refuse HTML that would take long to parse, or much memory.

    Raises:
        TooLargeError: there are more tags, or deeper ones, than in any note.

    """
    if len(html) > _MAX_LENGTH or html.count("<") > _MAX_TAGS:
        raise TooLargeError
    if html.count("<") <= _MAX_UNCHECKED:
        return
    unclosed: Counter[str] = Counter()
    tags = 0
    for match in _TAG.finditer(html):
        tags += 1
        name = match[2].lower()
        rest = match[3]
        if name in _STRANGE or rest.count('"') % 2 or rest.count("'") % 2:
            raise TooLargeError
        if name in _NEED_NO_END:
            continue
        if not match[1]:
            unclosed[name] += 1
            if unclosed.total() > _MAX_DEPTH:
                raise TooLargeError
        elif unclosed[name]:
            unclosed[name] -= 1
    # What is not read here may hide tags.
    if tags != sum(1 for _ in _START.finditer(html)):
        raise TooLargeError
