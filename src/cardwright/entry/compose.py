"""YAML text → nodes, and what cannot be read in it.

Not `yaml.compose`: it recurses in C, so that a deep file would take the process down with it, and
it copies what aliases name. Parse events do neither, and are as fast.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from cardwright.entry.syntax import Fault, explain_alias, explain_error, explain_tag

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
