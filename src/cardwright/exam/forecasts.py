"""The forecasts of exam day that were made on the way there, one for each study day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

from cardwright.exam.goal import Goal
from cardwright.exam.plan import WHOLE, ExpectedRecall, Plan
from cardwright.exam.record import fits, read_records
from cardwright.history import Moment, make_date
from cardwright.study.error import StoreError
from cardwright.study.store import Store

RECORD: Final = "forecast"
_DIGITS: Final = 4
_DAY_MINUTES: Final = 1_440
_DAYS_PER_WEEK: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The recall that was expected for the day of an exam on an earlier study day."""

    id: str
    """Unique per namespace and study day: of several on one day, the last one is kept."""
    pack: str
    namespace: str
    at_ms: int
    study_day: int
    exam_study_day: int
    """The day of the exam, as the goal was then."""
    minutes: float
    """The minutes of study expected on the day it was made."""
    on_day: Mapping[str, ExpectedRecall]
    """Recall on exam day by domain name, and for the whole exam under WHOLE."""
    basis: str = ""
    """That of the plan (see `DailyPlan`): whoever plans for the same on this day expects the same."""

    @property
    def on(self) -> date:
        """The study day on which it was made, as a date."""
        return make_date(self.study_day)

    @property
    def days_before(self) -> int:
        """How many days before the exam it was made."""
        return self.exam_study_day - self.study_day

    @property
    def whole(self) -> ExpectedRecall:
        """The recall expected over the whole exam."""
        return self.on_day[WHOLE]

    def as_json(self) -> dict[str, Any]:
        """Return the forecast as a JSON object."""
        return {
            "made_on": self.on.isoformat(),
            "days_before": self.days_before,
            "minutes": self.minutes,
            "on_day": {name: found._asdict() for name, found in self.on_day.items()},
        }


def make_forecast(
    goal: Goal, namespace: str, plan: Plan, basis: str, today: int, moment: Moment
) -> Forecast:
    """Return what a plan made today expects; `goal` is the one that it plans for."""
    return Forecast(
        id=_make_id(namespace, today),
        pack=goal.pack,
        namespace=namespace,
        at_ms=moment.at_ms,
        study_day=today,
        exam_study_day=goal.exam_day,
        minutes=min(round(_find_minutes(plan, today), 1), _DAY_MINUTES),
        on_day={
            name: ExpectedRecall(*(round(value, _DIGITS) for value in found))
            for name, found in plan.on_day.items()
        },
        basis=basis,
    )


def _make_id(namespace: str, study_day: int) -> str:
    return f"{RECORD}-{make_date(study_day).isoformat()}-{namespace}"


def _find_minutes(plan: Plan, study_day: int) -> float:
    return sum(day.minutes for day in plan.days if day.day == study_day)


def put_forecast(store: Store, forecast: Forecast, moment: Moment) -> None:
    """Write a forecast to the store, in place of an earlier one of its day."""
    with store.transaction():
        store.records.put(
            forecast.id,
            RECORD,
            forecast.namespace,
            forecast.at_ms,
            asdict(forecast),
            moment.at_ms,
        )


def find_forecast(store: Store, namespace: str, study_day: int) -> Forecast | None:
    """Return the forecast that was made on a study day, on whichever machine."""
    with suppress(StoreError):
        body = store.records.get(_make_id(namespace, study_day))
        return _read(body) if is_forecast(body) else None
    return None


def list_forecasts(store: Store, namespace: str, goal: Goal) -> list[Forecast]:
    """Return the forecasts made for the exam of a goal since it was set, one a day, in order."""
    found = {}
    for body in read_records(store, RECORD, namespace, is_forecast):
        forecast = _read(body)
        is_of_goal = forecast.exam_study_day == goal.exam_day
        if is_of_goal and goal.set_day <= forecast.study_day < goal.exam_day:
            found[forecast.study_day] = forecast
    return [found[day] for day in sorted(found)]


def _read(body: Mapping[str, Any]) -> Forecast:
    on_day = {name: ExpectedRecall(*values) for name, values in body["on_day"].items()}
    return replace(Forecast(**body), on_day=on_day)


def pick_forecasts(forecasts: Sequence[Forecast]) -> list[Forecast]:
    """Return the first forecast, those nearest to halfway and to a week before, and the last."""
    if not forecasts:
        return []
    first = forecasts[0]
    wanted = (first.days_before, first.days_before // 2, _DAYS_PER_WEEK, 0)
    picked = {
        min(forecasts, key=lambda made: abs(made.days_before - days)).study_day for days in wanted
    }
    return [made for made in forecasts if made.study_day in picked]


def count_held(forecasts: Iterable[Forecast], recalls: Mapping[str, float], name: str) -> int:
    """Return how many forecasts of a domain, or of WHOLE, had in their range what came."""
    return sum(
        made.on_day[name].low <= recalls[name] <= made.on_day[name].high
        for made in forecasts
        if name in made.on_day
    )


def is_forecast(body: Any) -> bool:
    """Tell whether JSON is a forecast."""
    return (
        fits(Forecast, body)
        and _is_number(body["minutes"], _DAY_MINUTES)
        and isinstance(body["on_day"], dict)
        and WHOLE in body["on_day"]
        and all(map(_is_expected, body["on_day"].values()))
    )


def _is_expected(value: Any) -> bool:
    if not (isinstance(value, list) and len(value) == len(ExpectedRecall._fields)):
        return False
    if not all(_is_number(number, 1) for number in value):
        return False
    recall, low, high = value
    return bool(low <= recall <= high)


def _is_number(value: Any, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= high
