"""The addresses that a card may link to."""

from __future__ import annotations

import re
from typing import Final

from cardwright.diagnostic import TextProblem, cut_quote
from cardwright.text import CONTROLS

_WEB: Final = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_BLANK: Final = re.compile(r"[\x00-\x20\x7f-\xa0]")
"""Characters that browsers ignore in a scheme (URL standard, "basic URL parser")."""
_CONTROL: Final = re.compile(rf"[{CONTROLS}\t\n\r]")


def is_web_address(href: str) -> bool:
    """Tell whether cards may link to an address, given as it will appear in the HTML."""
    return _WEB.match(href) is not None


def explain_link(href: str) -> TextProblem:
    """Explain why an address that is not a web address was left out."""
    if _SCHEME.match(_BLANK.sub("", href)):
        return TextProblem(
            code="unsafe-link",
            message=f"link to `{cut_quote(href)}` is left out",
            quote=cut_quote(href),
            help="use an http, https or mailto address; put code in backticks",
        )
    shown = f"link to `{cut_quote(href)}`" if href else "link without an address"
    return TextProblem(
        code="bad-link",
        message=f"{shown} leads nowhere: in a card, a link must be a full address",
        quote=cut_quote(href) or "]()",
        help="write the full https:// address; put code in backticks",
    )


def is_project_path(path: str) -> bool:
    """Tell whether the path of an image, sound or video can refer to a file of the project."""
    if _CONTROL.search(path) or _SCHEME.match(path):
        return False
    return path[:1] not in ("", "/", "\\")


def explain_image(path: str) -> TextProblem:
    """Explain why an image that is not a file of the project was left out."""
    return TextProblem(
        code="bad-link",
        message=f"image `{cut_quote(path)}` is not a file of this project",
        quote=cut_quote(path) or "]()",
        help="put the file in a media/ folder beside the card's file and write ![…](media/name.png)",
    )
