"""Candidates for tests of the exam planner: made-up prompts and memories."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from hypothesis import strategies as st

from cardwright.exam.candidates import Candidate
from cardwright.exam.goal import Goal
from cardwright.exam.outcome import Outcomes
from cardwright.history import make_date
from cardwright.item import Item
from cardwright.study.fsrs import DEFAULT_PARAMETERS
from cardwright.study.workload import Habits

TODAY: Final = 20_000
OUTCOMES: Final = Outcomes(DEFAULT_PARAMETERS, Habits())
Standing = tuple[str, float, float, int]
STANDINGS: Final = st.tuples(
    st.sampled_from(["", "Sorting", "Trees"]),
    st.one_of(st.just(0.0), st.floats(0.05, 300)),
    st.floats(1, 10),
    st.integers(0, 60),
)
"""Domain, stability (0: new), difficulty, days since the last answer."""


def make_goal(
    days: int = 30,
    *,
    minutes: int = 10,
    days_off: frozenset[int] = frozenset(),
    set_days_ago: int = 0,
) -> Goal:
    """Return a goal set today or some days ago."""
    return Goal(
        pack="trees",
        exam_on=make_date(TODAY) + timedelta(days),
        minutes_a_day=minutes,
        days_off=days_off,
        set_on=make_date(TODAY - set_days_ago),
    )


def make_candidates(standings: list[Standing]) -> list[Candidate]:
    """Return candidates of equal weight; see STANDINGS."""
    found = []
    for place, (domain, stability, difficulty, since) in enumerate(standings):
        ref = f"trees:card-{place}"
        item = Item(f"{ref}/recall", ref, "recall", "trees", "T", place, "term", None, (), ())
        day = TODAY - since
        memory = (stability, difficulty, day - 1, day) if stability else ()
        found.append(Candidate(item, domain, 1 / len(standings), *memory))
    return found


def make_new(number: int) -> list[Candidate]:
    """Return so many candidates that were never asked."""
    return make_candidates([("Trees", 0.0, 0.0, 0)] * number)
