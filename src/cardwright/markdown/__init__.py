"""Markdown, cloze deletions and maths → HTML that is safe to show and that Anki leaves alone."""

from cardwright.markdown.cloze import (
    Deletion,
    cloze_numbers,
    find_deletions,
    hide_deletions,
    reveal_deletions,
)
from cardwright.markdown.escape import escape_html
from cardwright.markdown.problem import TextProblem
from cardwright.markdown.render import Rendered, Renderer, replace_images

__all__ = [
    "Deletion",
    "Rendered",
    "Renderer",
    "TextProblem",
    "cloze_numbers",
    "escape_html",
    "find_deletions",
    "hide_deletions",
    "replace_images",
    "reveal_deletions",
]
