"""The settings of presets that decks here do not have, with Anki's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from cardwright.foreign.protobuf import Message

_CLOSE: Final = 1e-3


class _Setting(NamedTuple):
    """A setting of a preset that decks here do not have."""

    what: str
    """For people; several settings can share it."""
    number: int
    """In a message."""
    path: str
    """In JSON, with a dot."""
    default: float
    json_default: float | None = None
    """If JSON has it the other way round."""


_SETTINGS: Final = (
    _Setting("new cards in random order", 20, "new.order", 0, 1),
    _Setting("order of new cards", 34, "newGatherPriority", 0),
    _Setting("order of new cards", 32, "newSortOrder", 0),
    _Setting("mix of new cards and reviews", 30, "newMix", 0),
    _Setting("mix of new cards and reviews", 31, "interdayLearningMix", 0),
    _Setting("mix of new cards and reviews", 35, "newPerDayMinimum", 0),
    _Setting("order of reviews", 33, "reviewOrder", 0),
    _Setting("sounds that do not play by themselves", 23, "autoplay", 0, 1),
    _Setting("sounds of the question, left out when replayed", 26, "replayq", 0, 1),
    _Setting("timer", 25, "timer", 0),
    _Setting("timer", 38, "stopTimerOnAnswer", 0),
    _Setting("timer", 24, "maxTaken", 60),
    _Setting("automatic advance", 41, "secondsToShowQuestion", 0),
    _Setting("automatic advance", 42, "secondsToShowAnswer", 0),
    _Setting("burying of cards in learning", 29, "buryInterdayLearning", 0),
    _Setting("intervals of SM-2", 11, "new.initialFactor", 2.5, 2_500),
    _Setting("intervals of SM-2", 12, "rev.ease4", 1.3),
    _Setting("intervals of SM-2", 13, "rev.hardFactor", 1.2),
    _Setting("intervals of SM-2", 14, "lapse.mult", 0),
    _Setting("intervals of SM-2", 15, "rev.ivlFct", 1),
    _Setting("intervals of SM-2", 17, "lapse.minInt", 1),
)
_EASY_DAYS: Final = "easy days"


def list_settings(message: Message) -> tuple[str, ...]:
    """Return what the message of a preset sets that decks here do not have."""
    found = [one.what for one in _SETTINGS if not _is_default(message, one)]
    if any(abs(value - 1) > _CLOSE for value in message.read_floats(4)):
        found.append(_EASY_DAYS)
    return tuple(dict.fromkeys(found))


def list_settings_of_json(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the JSON of a preset sets that decks here do not have."""
    made = []
    for one in _SETTINGS:
        value = _find(found, one.path)
        default = one.default if one.json_default is None else one.json_default
        if value is not None and abs(value - default) > _CLOSE:
            made.append(one.what)
    days = found.get("easyDaysPercentages")
    if isinstance(days, list) and any(day != 1 for day in days):
        made.append(_EASY_DAYS)
    return tuple(dict.fromkeys(made))


def _is_default(message: Message, one: _Setting) -> bool:
    # What is missing is 0, or was not known when it was written.
    return one.number not in message or abs(_read(message, one.number) - one.default) <= _CLOSE


def _read(message: Message, number: int) -> float:
    try:
        return message.read_int(number)
    except ValueError:
        return message.read_float(number) or 0.0


def _find(found: Mapping[str, Any], path: str) -> float | None:
    value: Any = found
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, int | float) and abs(value) < 2**63 else None
