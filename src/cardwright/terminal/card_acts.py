"""What keys do with the card that is shown, through other programs or the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from cardwright.terminal.paint import paint

if TYPE_CHECKING:
    from cardwright.terminal.review_state import Attempt

Copy = Callable[[str], None]
"""Puts a text on the clipboard."""


class CardActs(Protocol):
    """What only the command can do with a card, since it runs other programs.

    Each returns a message.
    """

    def open_media(self, attempt: Attempt) -> str:
        """Open the next image, sound or video of the side shown."""

    def open_web(self, attempt: Attempt) -> str:
        """Open the next link or source of the side shown."""

    def open_source(self, attempt: Attempt) -> str:
        """Open the card's text on the web, where it can be improved."""

    def play(self, attempt: Attempt) -> str:
        """Play the sounds and videos of the side shown."""

    def stop(self) -> None:
        """Stop what is playing."""


def find_card_act(act: str, acts: CardActs, copy: Copy | None) -> Callable[[Attempt], str] | None:
    """Return what opens, plays or copies a card for an act; None if that is not what it does."""
    doers = {
        "open": acts.open_media,
        "web": acts.open_web,
        "improve": acts.open_source,
        "play": acts.play,
    }
    return doers.get(act) or _find_copier(act, copy)


def _find_copier(act: str, copy: Copy | None) -> Callable[[Attempt], str] | None:
    """Return what copies for an act, and returns a message; None if that is not what it does.

    Without `copy`, it says that nothing can be copied.
    """
    copiers = {"copy": _copy_card, "copy-reference": _copy_reference}
    if act not in copiers:
        return None
    return partial(copiers[act], copy) if copy else lambda _: "this terminal cannot copy"


def _copy_card(copy: Copy, attempt: Attempt) -> str:
    shown = [attempt.draw_question(), *([attempt.draw_answer()] if attempt.is_revealed else [])]
    texts = [paint(part, {}, is_terminal=False, is_styled=False) for part in shown]
    copy("\n\n".join(texts).strip() + "\n")
    return "copied the card"


def _copy_reference(copy: Copy, attempt: Attempt) -> str:
    copy(attempt.prompt.ref)
    return f"copied {attempt.prompt.ref}"
