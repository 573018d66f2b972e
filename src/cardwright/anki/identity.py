"""Which note and card in Anki belongs to which prompt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from cardwright.anki.guid import make_guid
from cardwright.anki.note import find_id_field
from cardwright.history import KEPT_NAMESPACE
from cardwright.model import Card, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteIdentity:
    """The note of a card."""

    guid: str
    ref: str
    """The card as the user names it: `pack:id`."""
    id_field: str
    """The label of the field that shows the card's first key; "" if its note type has none."""
    id: str
    """That key: `namespace:id`."""
    kind: Kind
    key: str
    """The key of the card's prompts, without the side."""

    def name_prompt(self, ordinal: int) -> str | None:
        """Return the key of the prompt with an ordinal, even of one that is not asked now."""
        if ordinal < 0:
            return None
        if self.kind.cloze is not None:
            return f"{self.key}/c{ordinal + 1}"
        sides = self.kind.sides
        return f"{self.key}/{sides[ordinal].name}" if ordinal < len(sides) else None


def find_identities(
    cards: Iterable[Card], kinds: Mapping[str, Kind], unite_key: Callable[[str], str]
) -> dict[str, NoteIdentity]:
    """Return the notes of cards by guid, retired cards included.

    `unite_key` is `Aliases.unite_key`. If cards share a guid, the first one counts.
    """
    found: dict[str, NoteIdentity] = {}
    for card in cards:
        kind = kinds[card.kind]
        guid = make_guid(card)
        note = NoteIdentity(
            guid=guid,
            ref=card.ref,
            id_field=find_id_field(kind),
            id=card.key,
            kind=kind,
            key=unite_key(card.key),
        )
        found.setdefault(guid, note)
    return found


def name_kept_prompt(guid: str, ordinal: int) -> str:
    """Return the key under which the history of a card that is in no project is kept.

    It depends on the guid and the ordinal only, so a project that adopts the note finds it.
    """
    digest = sha256(guid.encode()).hexdigest()[:16]
    return f"{KEPT_NAMESPACE}:{digest}/card{ordinal + 1}"


def read_kept_ordinal(key: str) -> int:
    """Return the ordinal of the card that a key of `name_kept_prompt` is about; -1 if it is none."""
    match = re.fullmatch(rf"{KEPT_NAMESPACE}:[0-9a-f]{{16}}/card([1-9][0-9]{{0,4}})", key)
    return int(match[1]) - 1 if match else -1
