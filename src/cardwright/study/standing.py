"""Where a prompt stands, in brief: tens of thousands of them are read at every start."""

from __future__ import annotations

from typing import Final, NamedTuple

from cardwright.history import Moment, State

_MS_PER_DAY: Final = 86_400_000


class Standing(NamedTuple):
    """What the queue needs of a Memory; the fields are a Memory's."""

    prompt: str
    state: str
    due_at_ms: int | None
    due_day: int | None
    interval_days: int
    first_day: int | None
    last_day: int | None
    last_at_ms: int | None
    is_suspended: int
    is_leech: int
    is_flagged: int
    buried_day: int | None
    known_at_ms: int | None
    """When it was last answered; if that is in the future, when it can have been at the earliest."""


def is_new(standing: Standing | None) -> bool:
    """Tell whether a prompt was never answered."""
    return standing is None or standing.state == State.NEW


def heal_due(standing: Standing, moment: Moment, today: int) -> tuple[int, int]:
    """Return when a prompt is due, in ms and as a study day, even if a clock was once ahead.

    An answer dated in the future was given after what was recorded before it, and is taken for one
    of that time, as long as that future lasts: nothing waits for years because of a wrong year.
    """
    due_at_ms, due_day = standing.due_at_ms or 0, standing.due_day or 0
    if standing.known_at_ms == standing.last_at_ms:
        return due_at_ms, due_day
    ahead_ms = (standing.last_at_ms or 0) - (standing.known_at_ms or 0)
    if ahead_ms <= 0 or (standing.last_at_ms or 0) <= moment.at_ms:
        return due_at_ms, due_day
    if (standing.last_day or 0) > today:
        due_day -= -(-ahead_ms // _MS_PER_DAY)
    return due_at_ms - ahead_ms, due_day
