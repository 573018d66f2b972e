"""Kinds of cards: the YAML files of the built-in kinds, and the prompts of their cards.

`project.kind` reads the files.
"""

from cardwright.kinds.prompts import (
    MAX_SHOWN,
    has_value,
    is_alone,
    is_asked,
    list_asked,
    list_items,
    list_media,
    list_prompts,
    list_texts,
    makes_card_of,
    render_text,
)

__all__ = [
    "MAX_SHOWN",
    "has_value",
    "is_alone",
    "is_asked",
    "list_asked",
    "list_items",
    "list_media",
    "list_prompts",
    "list_texts",
    "makes_card_of",
    "render_text",
]
