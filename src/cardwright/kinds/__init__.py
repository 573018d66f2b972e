"""Kinds of cards: declared in YAML, read here, asked through their sides."""

from cardwright.kinds.prompts import list_prompts
from cardwright.kinds.read import (
    list_asked,
    make_anki_id,
    parse_kind,
    read_built_in_kinds,
)
from cardwright.kinds.reference import describe_kinds
from cardwright.kinds.texts import list_images, list_texts, render_text

__all__ = [
    "describe_kinds",
    "list_asked",
    "list_images",
    "list_prompts",
    "list_texts",
    "make_anki_id",
    "parse_kind",
    "read_built_in_kinds",
    "render_text",
]
