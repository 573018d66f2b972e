"""Rows of the tables about mirrors (see `study.mirror`). Sessions do without them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from cardwright.history import END_DAY, PROMPT_KEY, REVIEW_ID
from cardwright.study.rows import RowError, quote

ROW_COLUMNS: Final = "row_id, review_id, is_seen"
"""Of `read_mirror_row`."""
CARD_COLUMNS: Final = "prompt, card_id, is_suspended, flag, due_day, is_pending"
"""Of `read_mirror_card`."""
_MAX_FLAG: Final = 7


class MirrorRow(NamedTuple):
    """Which review a row of the log of a mirror is (see `study.mirror`)."""

    review_id: str
    is_seen: bool
    """Whether it is known to be there; otherwise it is planned to write it."""


class MirrorCard(NamedTuple):
    """The card of a prompt in a mirror, as it was when it was last synced."""

    card_id: int
    is_suspended: bool
    flag: int
    """Its colour; 0 for none."""
    due_day: int | None
    """In days since 1970; None unless it was in the review queue."""
    is_pending: bool
    """Whether its state must still be written."""


def read_mirror_row(row: tuple[Any, ...]) -> tuple[int, MirrorRow]:
    """Return the id of a row of a mirror's log, and which review it is.

    Raises:
        RowError: a value is not valid.

    """
    row_id, review_id, is_seen = row
    if (
        type(row_id) is not int
        or not isinstance(review_id, str)
        or not REVIEW_ID.fullmatch(review_id)
    ):
        raise RowError(f"a row of a mirror cannot be {quote(row)}")
    return row_id, MirrorRow(review_id, is_seen == 1)


def read_mirror_card(row: tuple[Any, ...]) -> tuple[str, MirrorCard]:
    """Return the key of a prompt, and its card in a mirror.

    Raises:
        RowError: a value is not valid.

    """
    key, card_id, is_suspended, flag, due_day, is_pending = row
    if (
        not isinstance(key, str)
        or not PROMPT_KEY.fullmatch(key)
        or type(card_id) is not int
        or type(flag) is not int
        or not 0 <= flag <= _MAX_FLAG
        or not (due_day is None or (type(due_day) is int and abs(due_day) < END_DAY))
    ):
        raise RowError(f"a card of a mirror cannot be {quote(row)}")
    return key, MirrorCard(card_id, is_suspended == 1, flag, due_day, is_pending == 1)
