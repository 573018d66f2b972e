"""The addresses that a card may link to."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from cardwright.diagnostic import TextProblem, cut_quote
from cardwright.text import CONTROLS, compile_late

_WEB: Final = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_SCHEME: Final = "(?i)[a-z][a-z0-9+.-]*:"
_BLANK: Final = re.compile(r"[\x00-\x20\x7f-\xa0]")
"""Characters that browsers ignore in a scheme (URL standard, "basic URL parser")."""
_CONTROL: Final = rf"[{CONTROLS}\t\n\r]"
_PLAIN: Final = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*+(?:[/?#]|\Z)")
_ADDRESS: Final = re.compile(
    r"(?:(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*):)?(?://(?P<place>[^/?#]*))?(?P<path>[^?#]*)"
)
_HOST: Final = re.compile(
    r"(?:\[(?P<number>[0-9A-Fa-f:.]*)\]|(?P<name>[^:]*))(?::(?P<port>[0-9]*))?"
)
_NOT_IN_HOST: Final = rf"[{CONTROLS}\s<>\[\]\\^|/?#@:]"
_MAX_PORT: Final = 65_535
_MAX_PORT_LENGTH: Final = len(str(_MAX_PORT))
INVALID_HELP: Final = "correct its host name and port, or copy it from a browser's address bar"


class Address(NamedTuple):
    """An address in parts, each of which may be empty."""

    scheme: str
    """In lower case."""
    place: str
    """What follows `//`: the host, perhaps with a user and a port."""
    path: str


def split_address(address: str) -> Address | None:
    """Split an address into parts; return None if no browser could follow it.

    `urlsplit` raises for some of those, and for others in other versions of Python.
    """
    match = _ADDRESS.match(address)
    if match is None:
        return None
    scheme = (match["scheme"] or "").lower()
    place = match["place"]
    if scheme in ("http", "https") and not place:
        return None
    if place and not _is_place(place):
        return None
    return Address(scheme, place or "", match["path"])


def _is_place(place: str) -> bool:
    match = _HOST.fullmatch(place.rpartition("@")[2])
    if match is None:
        return False
    port = match["port"] or ""
    if len(port) > _MAX_PORT_LENGTH or int(port or 0) > _MAX_PORT:
        return False
    if match["name"] is None:
        from ipaddress import IPv6Address  # noqa: PLC0415  (rarely needed)

        try:
            IPv6Address(match["number"])
        except ValueError:
            return False
        return True
    # Browsers read a host name in this form, in which some signs have become "/" or "?".
    name = unicodedata.normalize("NFKC", match["name"])
    return bool(name) and compile_late(_NOT_IN_HOST).search(name) is None


def is_web_address(href: str) -> bool:
    """Tell whether cards may link to an address, given as it will appear in the HTML."""
    return _WEB.match(href) is not None


def is_followable(address: str) -> bool:
    """Tell whether a browser could follow an address, given as the author wrote it."""
    return _PLAIN.match(address) is not None or split_address(address) is not None


def explain_link(href: str) -> TextProblem:
    """Explain why an address that is not a web address was left out."""
    if is_web_address(href):
        return TextProblem(
            code="unsafe-link",
            message=f"link to `{cut_quote(href)}` is left out: this is not a valid address",
            quote=cut_quote(href),
            help=INVALID_HELP,
        )
    if compile_late(_SCHEME).match(_BLANK.sub("", href)):
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
    if compile_late(_CONTROL).search(path) or compile_late(_SCHEME).match(path):
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
