"""Preparing for an exam: the planner, readiness, mock exams and misses.

The names in `__all__` are public: `cards review` and anyone's simulation drive the same `Planner`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cardwright.exam.plan import ExpectedRecall, Plan, PlannedDay
    from cardwright.exam.planner import Answer, Planner, Prompt
    from cardwright.exam.policy import Policy, Ranked

__all__ = [
    "Answer",
    "ExpectedRecall",
    "Plan",
    "PlannedDay",
    "Planner",
    "Policy",
    "Prompt",
    "Ranked",
]


def __getattr__(name: str) -> Any:
    """Import a public name on first use.

    Raises:
        AttributeError: there is no such name.
        ImportError: numpy is not installed.

    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from cardwright.exam import planner  # noqa: PLC0415  (numpy is an extra)
    except ImportError as error:
        message = "the planner needs numpy: pip install 'cardwright[exam]'"
        raise ImportError(message) from error
    return getattr(planner, name)
