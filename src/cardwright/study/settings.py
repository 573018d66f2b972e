"""What a store keeps besides reviews: the names and forms of the user's settings.

Each is a JSON value under a name, of one namespace, of one deck (`study.decks`) or, under "", of all
of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from cardwright.model import DeckOptions
from cardwright.study.days import EVERY_DAY, StudyDays, list_spans, read_percents
from cardwright.study.fsrs import DEFAULT_PARAMETERS, MODEL, Fsrs

ROLLOVER_HOUR: Final = "rollover_hour"
"""The local hour at which a study day begins; of all packs."""
AUTOPLAY: Final = "autoplay"
"""Whether sounds are played without being asked for; of all packs."""
WEEKDAYS: Final = "weekdays"
"""How much of a usual day's work each weekday takes, in percent from Monday; of all packs."""
DATES: Final = "dates"
"""Dates that are off or lighter, and pauses that ended (`study.days.dump_spans`); of all packs."""
PAUSE: Final = "pause"
"""The pause that was set last, written as the only one of such dates; of all packs."""
PARAMETERS: Final = "parameters"
"""Fitted FSRS parameters, with the model that they are for."""
GOAL: Final = "goal"
"""The exam that is set, as `exam.goal.Goal.as_json` writes it."""
RELEASED: Final = "released"
"""Whether the cards reserved for mock exams are asked before the exam is over."""
DAILY_PLAN: Final = "daily_plan"
OLD_DAILY_PLAN: Final = "exam_day"
"""What an exam's preparation measured and chose today: a cache."""
CACHES: Final = (DAILY_PLAN, OLD_DAILY_PLAN)
STORE: Final = "."
"""In the place of a namespace: what belongs to a store itself, such as the name of its device."""
_DEFAULT_ROLLOVER_HOUR: Final = 4
_LAST_WEEKDAY: Final = 6
_DAY_MINUTES: Final = 1_440


class Settings:
    """The settings of a store, read once."""

    def __init__(self, values: Mapping[tuple[str, str], Any]) -> None:
        """Take what `Store.settings.read` returned."""
        self._values = values
        self._fits = {
            namespace: _read_fit(value)
            for (namespace, name), value in values.items()
            if namespace and name == PARAMETERS
        }

    @property
    def rollover_hour(self) -> int:
        """The local hour at which a study day begins."""
        hour: int = self._values.get(("", ROLLOVER_HOUR), _DEFAULT_ROLLOVER_HOUR)
        return hour

    @property
    def autoplay(self) -> bool:
        """Whether sounds are played as soon as their side is shown."""
        return bool(self._values.get(("", AUTOPLAY), False))

    @property
    def days(self) -> StudyDays:
        """The user's study days."""
        pause = list_spans(self._values.get(("", PAUSE)))
        return self.days_without_pause.set_pause(pause[0] if pause else None)

    @property
    def days_without_pause(self) -> StudyDays:
        """The study days as they are set apart from the pause."""
        return StudyDays(
            percents=read_percents(self._values.get(("", WEEKDAYS))) or EVERY_DAY.percents,
            spans=list_spans(self._values.get(("", DATES))) or (),
        )

    def has(self, deck: str, name: str) -> bool:
        """Return whether the user set this for a deck."""
        return (deck, name) in self._values

    def override(self, deck: str, options: DeckOptions) -> DeckOptions:
        """Return the options of a deck with those that the user set in their place."""
        own = {
            field.name: _to_tuple(self._values[deck, field.name])
            for field in dataclasses.fields(DeckOptions)
            if (deck, field.name) in self._values
        }
        return dataclasses.replace(options, **own)

    def parameters_of(self, namespace: str) -> tuple[float, ...]:
        """Return the FSRS parameters of a namespace: fitted ones that are valid, or the defaults."""
        return self._fits.get(namespace) or DEFAULT_PARAMETERS

    @property
    def unused_fits(self) -> list[str]:
        """The namespaces whose fitted parameters are of another model, or not valid."""
        return [namespace for namespace, parameters in self._fits.items() if parameters is None]


def is_shared(deck: str, name: str) -> bool:
    """Tell whether a setting belongs to the user, and not only to one machine."""
    return deck != STORE and name not in CACHES


def is_valid(name: str, value: Any) -> bool:
    """Tell whether a setting can have a value; one of another version can have any."""
    check = _CHECKS.get(name)
    return check is None or check(value)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any, low: float, high: float, *, is_whole: bool = True) -> bool:
    kinds = (int,) if is_whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: _is_number(value, low, high)


def _are_steps(value: Any) -> bool:
    return isinstance(value, list) and all(
        _is_number(step, 0, _DAY_MINUTES, is_whole=False) and 0 < step < _DAY_MINUTES
        for step in value
    )


def _is_goal(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    days_off, start_as = value.get("days_off"), value.get("start_as")
    return (
        isinstance(value.get("pack"), str)
        and _is_date(value.get("exam_on"))
        and _is_date(value.get("set_on"))
        and _is_number(value.get("minutes_a_day"), 0, _DAY_MINUTES)
        and isinstance(days_off, list)
        and len(days_off) <= _LAST_WEEKDAY + 1
        and all(_is_number(day, 0, _LAST_WEEKDAY) for day in days_off)
        and "start_as" in value
        and (start_as is None or isinstance(start_as, str))
    )


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


_CHECKS: Final[Mapping[str, Callable[[Any], bool]]] = {
    ROLLOVER_HOUR: _whole(0, 23),
    AUTOPLAY: _is_flag,
    WEEKDAYS: lambda value: read_percents(value) is not None,
    DATES: lambda value: list_spans(value) is not None,
    PAUSE: lambda value: list_spans(value) is not None,
    GOAL: _is_goal,
    RELEASED: _is_flag,
    "new_per_day": _whole(0, 9999),
    "reviews_per_day": _whole(0, 9999),
    "desired_retention": lambda value: _is_number(value, 0.7, 0.99, is_whole=False),
    "maximum_interval_days": _whole(1, 36500),
    "learning_steps_minutes": _are_steps,
    "relearning_steps_minutes": _are_steps,
    "leech_lapses": _whole(1, 9999),
    "bury_siblings": _is_flag,
    "fuzz": _is_flag,
}
"""What each setting can be. Fitted parameters and caches are checked where they are used."""


def describe_fit(parameters: Sequence[float], fitted_on: str, reviews: int) -> dict[str, Any]:
    """Return fitted parameters as the setting PARAMETERS; `fitted_on` is an ISO date."""
    return {
        "model": MODEL,
        "parameters": parameters,
        "fitted_on": fitted_on,
        "reviews": reviews,
    }


def _read_fit(setting: Mapping[str, Any]) -> tuple[float, ...] | None:
    """Return fitted parameters; None when they are of another model, or not valid in this one."""
    try:
        return Fsrs(setting["parameters"]).parameters if setting["model"] == MODEL else None
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _to_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
