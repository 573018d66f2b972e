"""The plan of a study day, as it is kept in the store: it takes a moment to make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Final, get_type_hints

from cardwright.exam.plan import WHOLE, ExpectedRecall, Learning, Plan, PlannedDay
from cardwright.exam.policy import Policy, Ranked

MAX_ORDER: Final = 1_000
"""How many prompts the kept order of a day has."""
_MAX_FIGURE: Final = 1e9
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyPlan:
    """What to ask on a study day, and the plan behind it."""

    day: int
    basis: str
    """Tells the goal, the parameters and the prompts for which it was made from others."""
    prompts: int
    """How many could be asked when it was made."""
    order: tuple[Ranked, ...]
    plan: Plan | None
    """None without numpy."""

    def as_json(self) -> dict[str, Any]:
        """Return the plan as a JSON object."""
        plan = self.plan
        return {
            "day": self.day,
            "basis": self.basis,
            "prompts": self.prompts,
            "order": [[key, *_round(figures)] for key, *figures in self.order[:MAX_ORDER]],
            "plan": plan
            and {
                "policy": asdict(plan.policy),
                "days": [_round(day) for day in plan.days],
                "today": {name: _round(found) for name, found in plan.today.items()},
                "on_day": {name: _round(found) for name, found in plan.on_day.items()},
                "seen_share": plan.seen_share,
                "enough_minutes": plan.enough_minutes,
                "learning": _round(plan.learning),
            },
        }


def _round(figures: Any) -> list[Any]:
    return [round(figure, _DIGITS) for figure in figures]


def read_daily_plan(value: Any) -> DailyPlan | None:
    """Return a plan from JSON that `DailyPlan.as_json` made, or None if it is anything else."""
    try:
        return _read(value)
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def _read(value: Any) -> DailyPlan:
    plan = value["plan"]
    return DailyPlan(
        day=_read_whole(value["day"]),
        basis=_read_text(value["basis"]),
        prompts=_read_whole(value["prompts"]),
        order=tuple(_read_ranked(key, figures) for key, *figures in value["order"]),
        plan=None
        if plan is None
        else Plan(
            policy=_read_policy(plan["policy"]),
            days=tuple(_read_day(day) for day in plan["days"]),
            today=_read_recalls(plan["today"]),
            on_day=_read_recalls(plan["on_day"]),
            seen_share=_read_figure(plan["seen_share"]),
            enough_minutes=None
            if plan["enough_minutes"] is None
            else _read_whole(plan["enough_minutes"]),
            learning=Learning(
                _read_whole(plan["learning"][0]), *_read_figures(plan["learning"][1:], 2)
            ),
        ),
    )


def _read_ranked(key: Any, figures: Any) -> Ranked:
    ranked = Ranked(_read_text(key), *_read_figures(figures, 4))
    if ranked.seconds <= 0:
        raise ValueError("no time at all")
    return ranked


def _read_policy(value: Mapping[str, Any]) -> Policy:
    wanted = get_type_hints(Policy)
    if value.keys() != wanted.keys():
        raise ValueError("not a policy")
    for name, figure in value.items():
        if figure is not None or name != "new_by":
            _read_figure(figure)
    return Policy(**value)


def _read_day(value: Any) -> PlannedDay:
    day, minutes, new, reviews = value
    return PlannedDay(
        _read_whole(day), _read_figure(minutes), _read_whole(new), _read_whole(reviews)
    )


def _read_recalls(value: Mapping[Any, Any]) -> dict[str, ExpectedRecall]:
    if WHOLE not in value:
        raise ValueError("nothing on the whole exam")
    return {
        _read_text(name): ExpectedRecall(*_read_figures(figures, 3))
        for name, figures in value.items()
    }


def _read_figures(values: Any, count: int) -> list[float]:
    if len(values) != count:
        raise ValueError("not as many numbers")
    return [_read_figure(value) for value in values]


def _read_figure(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    if not isfinite(value) or abs(value) > _MAX_FIGURE:
        raise ValueError("out of bounds")
    return value


def _read_whole(value: Any) -> int:
    if not isinstance(value, int) or not _read_figure(value) >= 0:
        raise TypeError("not a whole number")
    return value


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
