"""Kinds of cards: declared in YAML, asked through their sides.

What reads the YAML is in `kinds.read`, apart: cards are asked without it.
"""

from cardwright.kinds.prompts import is_alone, list_asked, list_prompts
from cardwright.kinds.texts import list_images, list_texts, render_text

__all__ = [
    "is_alone",
    "list_asked",
    "list_images",
    "list_prompts",
    "list_texts",
    "render_text",
]
