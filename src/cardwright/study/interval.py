"""From a length in days to an interval: limits, fuzz and rounding, as Anki has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_FUZZ_FROM_DAYS: Final = 2.5
_SECONDS_PER_DAY: Final = 86_400


def limit_interval(interval: float, least: int, most: int, draw: float | None) -> int:
    """Return an interval in whole days within its limits, fuzzed by a draw from 0 to 1."""
    # No min and max: this is called a million times in a replay, and they take half of its time.
    if least > most:  # noqa: PLR1730
        least = most
    if interval < least:
        interval = least
    elif interval > most:
        interval = most
    if draw is None or interval < _FUZZ_FROM_DAYS:
        days = int(interval + 0.5)
        return least if days < least else min(days, most)
    low, high = spread_interval(interval)
    if low < least:  # noqa: PLR1730
        low = least
    if high > most:  # noqa: PLR1730
        high = most
    if low >= high:
        low = high = min(max(high, least), most)
        if 2 < high < most:  # noqa: PLR2004  (Anki's: fuzz of one day at least)
            high += 1
    return low + int(draw * (1 + high - low))


def spread_interval(interval: float) -> tuple[int, int]:
    """Return the shortest and the longest interval that fuzz may make of one."""
    if interval < _FUZZ_FROM_DAYS:
        spread = 0.0
    elif interval < 7:  # noqa: PLR2004  (Anki's ranges: 15, 10 and 5 percent of what lies in each)
        spread = 1 + 0.15 * (interval - 2.5)
    elif interval < 20:  # noqa: PLR2004
        spread = 1.675 + 0.1 * (interval - 7)
    else:
        spread = 2.975 + 0.05 * (interval - 20)
    return int(interval - spread + 0.5), int(interval + spread + 0.5)


def round_half_up(number: float) -> float:
    """Round half up, as Anki does, and Python does not."""
    return float(int(number + 0.5))


def wait_longer(steps: Sequence[int]) -> int:
    """Return the seconds that Hard waits in the first step: between Again and Good."""
    again = steps[0]
    seconds = (
        (again + steps[1]) // 2 if steps[1:] else min(again * 3 // 2, again + _SECONDS_PER_DAY)
    )
    if seconds > _SECONDS_PER_DAY:
        return int(round_half_up(seconds / _SECONDS_PER_DAY)) * _SECONDS_PER_DAY
    return seconds
