"""The plan and forecast that a command shows if it can, and says why if it cannot."""

from __future__ import annotations

from typing import Any

from cardwright.app.preparation import Estimate, Preparation
from cardwright.error import ExtraMissingError, ProjectError
from cardwright.exam.plan import Plan


def try_plan(preparation: Preparation) -> tuple[Plan | None, str]:
    """Return the plan up to the exam, or None and a sentence on what it lacks."""
    try:
        return preparation.plan(), ""
    except (ExtraMissingError, ProjectError) as error:
        return None, f"No forecast: {error.message} ({error.help})."


def estimate_as_json(preparation: Preparation, left: Estimate, plan: Plan | None) -> dict[str, Any]:
    """Return what is left to do today, and the recall expected on exam day, as JSON objects."""
    whole_minutes = preparation.goal.minutes_on(preparation.today)
    return {
        "today": {
            "day_off": preparation.goal.is_off(preparation.today),
            "minutes": left.minutes,
            "new": left.new,
            "learning": left.learning,
            "reviews": left.reviews,
            "spent_minutes": left.spent_minutes,
            "whole_minutes": whole_minutes,
        },
        "on_day": plan and {name: found._asdict() for name, found in plan.on_day.items()},
    }
