"""Copying a card, as far as it is shown, or its reference."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from cardwright.terminal.paint import paint

if TYPE_CHECKING:
    from cardwright.terminal.review_state import Attempt

Copy = Callable[[str], None]
"""Puts a text on the clipboard."""


def find_copier(act: str, copy: Copy | None) -> Callable[[Attempt], str] | None:
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
