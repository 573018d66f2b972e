"""Markdown, cloze deletions and maths → HTML that is safe to show and that Anki does not alter.

Other front ends read the same texts as tokens and formulas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cardwright.markdown.characters import HAN, KANA
    from cardwright.markdown.cloze import (
        NO_GAP,
        Deletion,
        cloze_numbers,
        find_deletions,
        hide_deletions,
        reveal_deletions,
    )
    from cardwright.markdown.escape import escape_html
    from cardwright.markdown.formula import parse_formula
    from cardwright.markdown.highlight import cut_code
    from cardwright.markdown.line_breaks import unwrap
    from cardwright.markdown.links import INVALID_HELP, is_followable, is_web_address, split_address
    from cardwright.markdown.render import Renderer, Texts
    from cardwright.markdown.rendered import Rendered, WriteMedia, replace_media
    from cardwright.markdown.tokens import (
        GAP_CLOSE,
        GAP_HIDDEN,
        GAP_REVEALED,
        Token,
        read_block,
        read_cloze,
        read_inline,
    )

__all__ = [
    "GAP_CLOSE",
    "GAP_HIDDEN",
    "GAP_REVEALED",
    "HAN",
    "INVALID_HELP",
    "KANA",
    "NO_GAP",
    "Deletion",
    "Rendered",
    "Renderer",
    "Texts",
    "Token",
    "WriteMedia",
    "cloze_numbers",
    "cut_code",
    "escape_html",
    "find_deletions",
    "hide_deletions",
    "is_followable",
    "is_web_address",
    "parse_formula",
    "read_block",
    "read_cloze",
    "read_inline",
    "replace_media",
    "reveal_deletions",
    "split_address",
    "unwrap",
]
_MODULES: Final = {
    name: module
    for module, names in {
        "characters": ("HAN", "KANA"),
        "cloze": (
            "Deletion",
            "NO_GAP",
            "cloze_numbers",
            "find_deletions",
            "hide_deletions",
            "reveal_deletions",
        ),
        "escape": ("escape_html",),
        "formula": ("parse_formula",),
        "highlight": ("cut_code",),
        "links": ("INVALID_HELP", "is_followable", "is_web_address", "split_address"),
        "render": ("Renderer", "Texts"),
        "rendered": ("Rendered", "WriteMedia", "replace_media"),
        "tokens": (
            "GAP_CLOSE",
            "GAP_HIDDEN",
            "GAP_REVEALED",
            "Token",
            "read_block",
            "read_cloze",
            "read_inline",
        ),
        "line_breaks": ("unwrap",),
    }.items()
    for name in names
}


def __getattr__(name: str) -> Any:
    """Import a name on first use: whoever renders nothing does without most modules."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
