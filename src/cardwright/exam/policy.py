"""Policies: in which order to ask prompts on a study day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A way to spend the days before an exam.

    Until the last days, a day's quota of new prompts comes first, then those recalled worse than
    the retention, the best of them first; then other new ones, and the rest, worst first. In the
    last days, worth alone decides: what asking adds to recall on the day of the exam, per second.
    """

    worth_share: float
    """The final share of the time from goal to exam in which worth alone decides."""
    retention: float = 0.0
    """Prompts are asked again once less recall is expected. With 0, all come before other new ones,
    the worst first."""
    new_by: float | None = None
    """The share of the remaining study days over which new prompts are spread; None without quota."""
    horizon_days: int = 0
    """If not 0, worth decides from the start: what asking adds after this many days."""

    def is_last(self, days_left: int, total_days: int) -> bool:
        """Tell whether worth on exam day decides, with `days_left` of all days from goal to exam."""
        return days_left <= self.worth_share * total_days


DEFAULT_POLICY: Final = Policy(retention=0.7, worth_share=0.3)
"""Does well however the user forgets, since what was just forgotten is asked again soon: another
policy must promise clearly more."""
POLICIES: Final = (
    DEFAULT_POLICY,
    Policy(retention=0.7, worth_share=0.15),
    Policy(retention=0.7, worth_share=0.5),
    Policy(retention=0.8, worth_share=0.05),
    Policy(retention=0.8, worth_share=0.15),
    Policy(retention=0.8, worth_share=0.3),
    Policy(retention=0.9, worth_share=0.15),
    Policy(retention=0.6, worth_share=0.3),
    Policy(new_by=0.5, retention=0.8, worth_share=0.3),
    Policy(new_by=0.8, retention=0.8, worth_share=0.3),
    Policy(horizon_days=5, worth_share=0.3),
    Policy(horizon_days=5, worth_share=0.6),
    Policy(new_by=0.2, worth_share=0.3),
    Policy(new_by=0.35, worth_share=0.0),
    Policy(new_by=0.35, worth_share=0.2),
    Policy(new_by=0.35, worth_share=0.35),
    Policy(new_by=0.6, worth_share=0.2),
    Policy(worth_share=1.0),
)
"""The policies that the planner chooses from; the last one is greedy."""


class Ranked(NamedTuple):
    """A prompt in the order of a day, with what asking it is expected to bring."""

    key: str
    recall: float
    """Today; 0 when new."""
    recall_unasked: float
    """On exam day, if it is not asked before then."""
    recall_asked: float
    """On exam day, if it is asked today and not again."""
    seconds: float
    """Expected time to answer it."""
