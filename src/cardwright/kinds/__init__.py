"""Kinds of cards: declared in YAML, asked through their sides.

The YAML is read by `project.kind`.
"""

from cardwright.kinds.prompts import (
    is_alone,
    list_asked,
    list_images,
    list_items,
    list_prompts,
    list_texts,
    render_text,
)

__all__ = [
    "is_alone",
    "list_asked",
    "list_images",
    "list_items",
    "list_prompts",
    "list_texts",
    "render_text",
]
