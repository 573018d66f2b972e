"""Where the clock enters."""

from __future__ import annotations

import os
import time
from datetime import datetime
from typing import Final

from cardwright.cli.say import fail
from cardwright.history import Moment

_SET_TO: Final = "CARDS_NOW"
_STARTED_S: Final = time.monotonic()


def read_clock() -> Moment:
    """Return now, here; CARDS_NOW (ISO, with its zone) sets the clock, which goes on from there."""
    given = os.environ.get(_SET_TO)
    if not given:
        return Moment.from_datetime(datetime.now().astimezone())
    try:
        start = parse_time(given)
    except (ValueError, OverflowError):
        fail(f"CARDS_NOW is no ISO time: {given}")
    return Moment(
        start.at_ms + int((time.monotonic() - _STARTED_S) * 1000), start.utc_offset_minutes
    )


def parse_time(text: str) -> Moment:
    """Return an ISO time, which is local when it names no zone; ValueError when it is none."""
    return Moment.from_datetime(datetime.fromisoformat(text).astimezone())
