"""Preparing for an exam: the planner, readiness, mock exams and misses.

`Planner`, `Prompt` and `Answer` are public: `cards review` and anyone's simulation drive the same
object. They need numpy, an optional extra.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cardwright.exam.planner import Answer, Planner, Prompt

__all__ = ["Answer", "Planner", "Prompt"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cardwright.exam import planner  # noqa: PLC0415  (numpy is an extra)

    return getattr(planner, name)
