"""What was done for an exam, and once it is over, how its forecasts held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cardwright.blueprint import Blueprint
from cardwright.exam.candidates import list_candidates
from cardwright.exam.forecasts import Forecast, count_held, list_forecasts
from cardwright.exam.goal import Goal
from cardwright.exam.plan import WHOLE
from cardwright.exam.readiness import ForecastCheck, check_forecasts
from cardwright.history import MS_PER_MINUTE, Act, Moment, count_study_day
from cardwright.item import Item
from cardwright.memory import Memory
from cardwright.study.journal import Journal
from cardwright.study.stats import list_answers

if TYPE_CHECKING:
    from cardwright.exam.misses import Miss
    from cardwright.exam.mock import Mock

_ANY_INTERVAL_DAYS: Final = 1


class Attendance(NamedTuple):
    """The days and minutes spent on an exam since its goal was set."""

    study_days: int
    """The days on which study was planned."""
    studied: int
    """Those of them with an answer, or with a mock exam or drill."""
    extra: int
    """The days off with one."""
    minutes: float
    """Spent on all of these days."""


class MockScore(NamedTuple):
    """The score of a finished mock exam, from 0 to 1."""

    id: str
    share: float
    weighted: float
    """By the weights of the domains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was done for an exam up to its day, and what came of it."""

    attendance: Attendance
    prompts: int
    seen: int
    """How many prompts had been asked before the day of the exam."""
    mocks: Sequence[MockScore]
    drills: int
    misses: int
    misses_with_rule: int
    recalls: Mapping[str, float]
    """Expected recall on the day of the exam from the answers before it, by domain name, and for the
    whole exam under WHOLE; empty without prompts."""
    forecasts: Sequence[Forecast]
    check: ForecastCheck | None
    """Of the answers from the day on which the goal was set to the day of the exam."""

    def as_json(self) -> dict[str, Any]:
        """Return the summary as a JSON object."""
        forecasts, recalls = self.forecasts, self.recalls
        return {
            **self.attendance._asdict(),
            "prompts": self.prompts,
            "seen": self.seen,
            "mocks": [score._asdict() for score in self.mocks],
            "drills": self.drills,
            "misses": self.misses,
            "misses_with_rule": self.misses_with_rule,
            "recall": recalls,
            "forecasts": [
                {**made.as_json(), "held": bool(count_held([made], recalls, WHOLE))}
                for made in forecasts
            ],
            "held": {name: count_held(forecasts, recalls, name) for name in recalls},
            "calibration": self.check._asdict() if self.check else None,
        }


def count_attendance(
    journal: Journal,
    keys: Collection[str],
    goal: Goal,
    moment: Moment,
    until_day: int,
    mocks: Iterable[Mock] = (),
) -> Attendance:
    """Return the days and minutes from the setting of a goal to the day before a study day.

    `keys` are those of the exam's prompts, `mocks` its mock exams and drills.
    """
    since_ms = moment.start_of(goal.set_day - 1, journal.rollover_hour)
    until_ms = moment.start_of(until_day + 1, journal.rollover_hour)
    spent_ms: dict[int, int] = defaultdict(int)
    for review in journal.store.list_reviews(since_ms=max(since_ms, 0), until_ms=until_ms):
        if review.act in {Act.ANSWER, Act.CRAM} and review.key in keys:
            day = review.moment.study_day(journal.rollover_hour)
            if goal.set_day <= day < until_day:
                spent_ms[day] += review.spent_ms
    for mock in mocks:
        day = _find_day(mock, moment, journal.rollover_hour)
        # The answers of a recorded one are reviews.
        if goal.set_day <= day < until_day and not mock.is_recorded:
            spent_ms[day] += mock.spent_ms
    off = sum(goal.is_off(day) for day in spent_ms)
    return Attendance(
        study_days=max(goal.count_days(goal.set_day) - goal.count_days(until_day), 0),
        studied=len(spent_ms) - off,
        extra=off,
        minutes=sum(spent_ms.values()) / MS_PER_MINUTE,
    )


def sum_up(
    journal: Journal,
    items: Iterable[Item],
    blueprint: Blueprint | None,
    goal: Goal,
    namespace: str,
    moment: Moment,
    *,
    mocks: Iterable[Mock] = (),
    misses: Iterable[Miss] = (),
) -> Summary:
    """Return the summary of an exam whose day has come.

    `items` come from `select_items`; `mocks` are its mock exams and drills, `misses` its misses.
    """
    items, mocks = list(items), list(mocks)
    keys = {item.key for item in items}
    memories = _recall_memories(journal, keys, goal.exam_day)
    candidates = list_candidates(items, memories, blueprint)
    weights: dict[str, float] = defaultdict(float)
    sums: dict[str, float] = defaultdict(float)
    for found in candidates:
        recall = 0.0
        if memory := memories.get(found.item.key):
            schedule = journal.schedule_of(found.item.key)
            recall = schedule.retrievability(memory, goal.exam_day)
        for name in (found.domain, WHOLE):
            weights[name] += found.weight
            sums[name] += found.weight * recall
    period = range(goal.set_day, goal.exam_day + 1)
    answers = [
        answer for answer in list_answers(journal, keys.__contains__) if answer.day in period
    ]
    own_misses = [miss for miss in misses if miss.study_day in period]
    scores, drills = _score_mocks(mocks, blueprint, period, moment, journal.rollover_hour)
    return Summary(
        attendance=count_attendance(journal, keys, goal, moment, goal.exam_day, mocks),
        prompts=len(candidates),
        seen=sum(bool(found.stability) for found in candidates),
        mocks=scores,
        drills=drills,
        misses=len(own_misses),
        misses_with_rule=sum(bool(miss.rule) for miss in own_misses),
        recalls={name: sums[name] / weights[name] for name in weights},
        forecasts=list_forecasts(journal.store, namespace, goal),
        check=check_forecasts(answers, _ANY_INTERVAL_DAYS),
    )


def _recall_memories(journal: Journal, keys: Collection[str], end_day: int) -> dict[str, Memory]:
    """Return the memories as they were at the beginning of a study day, by key."""
    memories: dict[str, Memory] = {}
    # Without keys, all would be read.
    acts = journal.store.list_acts(keys=sorted(keys)) if keys else ()
    for key, rows in groupby(acts, key=itemgetter(0)):
        schedule = journal.schedule_of(key)
        before = [
            row[2:8]
            for row in rows
            if count_study_day(row[4], row[5], journal.rollover_hour) < end_day
        ]
        memories[key] = schedule.replay(key, before)
    return memories


def _find_day(mock: Mock, moment: Moment, rollover_hour: int) -> int:
    """Return the study day on which a mock exam began, in the time zone of a moment."""
    return count_study_day(mock.started_at_ms, moment.utc_offset_minutes, rollover_hour)


def _score_mocks(
    mocks: Iterable[Mock],
    blueprint: Blueprint | None,
    period: range,
    moment: Moment,
    rollover_hour: int,
) -> tuple[list[MockScore], int]:
    """Return the scores of the finished mock exams of a period, and the number of its drills."""
    from cardwright.exam.result import score_mock  # noqa: PLC0415  (most exams are not over)

    if blueprint is None:
        return [], 0
    over = [
        mock
        for mock in mocks
        if mock.ended_at_ms is not None and _find_day(mock, moment, rollover_hour) in period
    ]
    scored = [(mock, score_mock(mock, blueprint)) for mock in over if not mock.is_drill]
    return (
        [MockScore(mock.id, score.all.share, score.weighted) for mock, score in scored],
        sum(mock.is_drill for mock in over),
    )
