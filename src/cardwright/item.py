"""One prompt in brief. It imports nothing: tens of thousands are read at every start."""

from __future__ import annotations

from typing import NamedTuple


class Item(NamedTuple):
    """One prompt of a card that is still asked."""

    history_ref: str
    """The key under which its history is kept, whatever its card is called now; never twice."""
    ref: str
    """Its card's key: pack and id."""
    key: str
    """The last part of the prompt's key."""
    pack: str
    deck: str
    """Full name of its deck, `A::B`; the pack's top deck when no deck takes the card, and the pack
    when there is none."""
    position: int
    """Its place among all in the order in which new ones come."""
    kind: str
    lesson: str | None
    tags: tuple[str, ...]
    objectives: tuple[str, ...]
    """Those the card names, in whichever way."""

    @property
    def prompt_ref(self) -> str:
        """The prompt's key as it is today."""
        return f"{self.ref}/{self.key}"
