"""The plan and forecast that a command shows if it can, and says why if it cannot."""

from __future__ import annotations

from cardwright.app.preparation import Preparation
from cardwright.error import ExtraMissingError, ProjectError
from cardwright.exam.plan import Plan


def try_plan(preparation: Preparation) -> tuple[Plan | None, str]:
    """Return the plan up to the exam, or None and a sentence on what it lacks."""
    try:
        return preparation.plan(), ""
    except (ExtraMissingError, ProjectError) as error:
        return None, f"No forecast: {error.message} ({error.help})."
