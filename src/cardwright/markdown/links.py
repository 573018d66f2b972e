"""Which addresses a card may hold."""

from __future__ import annotations

import re
from typing import Final

from cardwright.markdown.problem import TextProblem, cut_needle

_WEB: Final = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_BLANK: Final = re.compile(r"[\x00-\x20\x7f-\xa0]")
"""What browsers pass over when they look for a scheme (URL standard, "basic URL parser")."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def is_web_address(href: str) -> bool:
    """Tell whether an address, as it will stand in the HTML, is one that cards may link to."""
    return _WEB.match(href) is not None


def explain_link(href: str) -> TextProblem:
    """Say why an address that is not a web address was left out."""
    if _SCHEME.match(_BLANK.sub("", href)):
        return TextProblem(
            "unsafe-link",
            f"link to `{cut_needle(href)}` is left out",
            cut_needle(href),
            "only http, https and mailto addresses are kept; put code in backticks",
        )
    shown = f"link to `{cut_needle(href)}`" if href else "link without an address"
    return TextProblem(
        "bad-link",
        f"{shown} leads nowhere: card text has no address of its own",
        cut_needle(href) or "]()",
        "write the full https:// address",
    )


def is_project_path(path: str) -> bool:
    """Tell whether an image's path can name a file of the project."""
    if _CONTROL.search(path) or _SCHEME.match(path):
        return False
    return path[:1] not in ("", "/", "\\")


def explain_image(path: str) -> TextProblem:
    """Say why an image that is not a file of the project was left out."""
    return TextProblem(
        "bad-link",
        f"image `{cut_needle(path)}` is not a file of this project",
        cut_needle(path) or "]()",
        "put the file beside the card under media/ and write ![…](media/name.png)",
    )
