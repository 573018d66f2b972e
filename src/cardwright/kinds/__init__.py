"""Kinds of cards: the YAML files of the built-in kinds, and the prompts of their cards.

`project.kind` reads the files.
"""

from cardwright.kinds.prompts import (
    has_value,
    is_alone,
    is_asked,
    list_asked,
    list_items,
    list_media,
    list_prompts,
    list_texts,
    render_text,
)
from cardwright.kinds.template import Node, Reference, is_empty, parse_template
from cardwright.kinds.typed import (
    MAX_TYPED,
    Comparison,
    compare_typed,
    drop_letter,
    list_accepted,
)

__all__ = [
    "MAX_TYPED",
    "Comparison",
    "Node",
    "Reference",
    "compare_typed",
    "drop_letter",
    "has_value",
    "is_alone",
    "is_asked",
    "is_empty",
    "list_accepted",
    "list_asked",
    "list_items",
    "list_media",
    "list_prompts",
    "list_texts",
    "parse_template",
    "render_text",
]
