"""Kinds of cards: the YAML files of the built-in ones, and what a card of a kind asks.

The files are read by `project.kind`.
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
