"""The guid by which Anki knows the note of a card."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Iterator
from typing import Final

from cardwright.diagnostic import Diagnostic, Related, diagnose
from cardwright.model import CardHead, Collection

_DIGITS: Final = f"{string.ascii_letters}{string.digits}!#$%&()*+,-./:;<=>?@[]^_`{{|}}~"
"""Those of Anki's numbers to the base 91."""


def make_guid(card: CardHead) -> str:
    """Return the guid of a card's note: its own, or else one derived from the card's identity."""
    # Anki identifies a note by its guid alone.
    return card.guid or derive_guid(card.key)


def derive_guid(key: str) -> str:
    """Return the guid of the note of a card with this key, unless it has one of its own."""
    # As `genanki.guid_for("cardwright", key)`, which takes a while to load.
    digest = hashlib.sha256(f"cardwright__{key}".encode()).digest()
    number = int.from_bytes(digest[:8], "big")
    guid = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        guid = _DIGITS[digit] + guid
    return guid


def find_shared_guids(collection: Collection) -> Iterator[Diagnostic]:
    """Report cards whose notes would have the guid of another card's note."""
    if not any(card.guid for card in collection.heads):
        return
    owners: dict[str, CardHead] = {}
    # Adopted guids come last, so that the card that names one is reported.
    for card in sorted(collection.heads, key=lambda card: card.guid is not None):
        first = owners.setdefault(make_guid(card), card)
        if first is not card and card.guid:
            yield diagnose(
                "duplicate-id",
                f"`{first.id}` already has this guid",
                collection.load(card).span_of("guid"),
                help="give each note its own: Anki would treat them as one note",
                related=(
                    Related(message="first used", span=collection.load(first).span_of("guid")),
                ),
            )
