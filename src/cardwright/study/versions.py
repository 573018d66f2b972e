"""Versions of settings and records: of two, every machine keeps the one with the higher rank."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from cardwright.history import MS_PER_DAY

MAX_AHEAD_MS: Final = 3_653 * MS_PER_DAY
"""A change that is dated ten years ahead is not believed: no later one could replace it."""
_WRITTEN_MS: Final = 1_795_824_000_000
"""2026-11-28: a clock that shows an earlier time is wrong."""


class Setting(NamedTuple):
    """A version of a setting."""

    deck: str
    """A namespace, a deck below one, or "" for all."""
    name: str
    value: Any
    """JSON; None for the default."""
    changed_ms: int
    """When the user changed it."""

    @property
    def rank(self) -> tuple[int, str]:
        """The version with the higher one counts."""
        return self.changed_ms, json.dumps(self.value, sort_keys=True)


class Record(NamedTuple):
    """A version of a record, such as a mock exam or a miss."""

    id: str
    kind: str
    namespace: str
    at_ms: int
    """When it began."""
    body: str
    """JSON."""
    changed_ms: int

    @property
    def rank(self) -> tuple[bool, int, Record]:
        """The version with the higher one counts: a finished mock exam before an unfinished one."""
        return _is_over(self.body), self.changed_ms, self


def _is_over(body: str) -> bool:
    # Few records are unfinished, and parsing long ones takes a moment.
    if '"ended_at_ms": null' not in body:
        return True
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        return True
    return not isinstance(values, dict) or values.get("ended_at_ms") is not None


def find_end(now_ms: int) -> int:
    """Return the last time of a change that is believed now."""
    return max(now_ms, _WRITTEN_MS) + MAX_AHEAD_MS


def date_change(now_ms: int, known_ms: object) -> int:
    """Return the time of a change that replaces a version of a known time, if it has a valid one.

    It is later even if the clock was set back, unless the known time cannot be true.
    """
    if isinstance(known_ms, int) and known_ms <= find_end(now_ms):
        return max(now_ms, known_ms + 1)
    return now_ms
