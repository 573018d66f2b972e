"""Texts of other programs → texts that a project may contain."""

from __future__ import annotations

import re
from typing import Final

from cardwright.model import RESERVED_TAGS
from cardwright.text import BIDI_OVERRIDES, CONTROLS, find_unbalanced_isolate, to_nfc

_LINE_END: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNSEEN: Final = re.compile(f"[{CONTROLS}{BIDI_OVERRIDES}\ufdd0-\ufdef\ufeff\ufffe\uffff]")
_ISOLATE: Final = re.compile("[\u2066-\u2069]")
_IMPOSSIBLE: Final = re.compile("[\0\ud800-\udfff]")
_BAD_IN_TAG: Final = re.compile(r"[\s\"',:]+")
_APOSTROPHE: Final = re.compile(r"['\"]+")
_SET_BY_ANKI: Final = frozenset({"leech", "marked"})
_RETIRED: Final = "retired"
_SET_BY_US: Final = frozenset({"domain", "kind", "lesson", _RETIRED})


def clean_text(text: str) -> str:
    """Return a text without characters that no source may contain, in NFC and without outer space."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _UNSEEN.sub("", _LINE_END.sub("\n", text))
    if find_unbalanced_isolate(text) is not None:
        text = _ISOLATE.sub("", text)
    return to_nfc(text).strip()


def drop_unseen(text: str) -> str:
    """Return a text without characters that no source may contain."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub("", _LINE_END.sub("\n", text))


def clean_line(text: str) -> str:
    """Return a text as one line."""
    return " ".join(clean_text(text).split())


def clean_deck_name(name: str) -> str:
    """Return the name of a deck, without those above it, as a project can have it."""
    return clean_line(name).strip(": ") or "blank"


def clean_exact(text: str) -> str:
    """Return a text that is shipped as it is, without what no file can contain."""
    text = _IMPOSSIBLE.sub("", text)
    return text if find_unbalanced_isolate(text) is None else _ISOLATE.sub("", text)


def clean_tag(tag: str, *, is_adopted: bool) -> str:
    """Return a tag as a card can have it, one that is adopted nearly any; "" if it is only of Anki
    or of the deck it is from.
    """
    cleaned = _clean_adopted_tag(tag) if is_adopted else _clean_own_tag(tag)
    return "" if cleaned.casefold() in RESERVED_TAGS else cleaned


def _clean_adopted_tag(tag: str) -> str:
    tag = "-".join(clean_line(tag).replace('"', "").split())
    first, *rest = tag.split("::")
    if first.casefold() in _SET_BY_ANKI:
        return ""
    return "::".join([f"{first}s", *rest]) if first.casefold() == _RETIRED else tag


def _clean_own_tag(tag: str) -> str:
    parts = []
    for part in _APOSTROPHE.sub("", clean_line(tag)).split("::"):
        cleaned = _BAD_IN_TAG.sub("-", part).strip("-") if _BAD_IN_TAG.search(part) else part
        if cleaned:
            parts.append(cleaned)
    if not parts or parts[0].casefold() in _SET_BY_ANKI:
        return ""
    if parts[0].casefold() in _SET_BY_US:
        parts[0] += "s"
    return "::".join(parts)
