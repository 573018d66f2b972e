"""All that can be told of how it goes, in one go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cardwright.history import Memory, State, make_date
from cardwright.study.activity import (
    Effort,
    Streak,
    add_efforts,
    count_buttons,
    find_streak,
    measure_effort,
)
from cardwright.study.answers import Answer
from cardwright.study.schedule import Schedule
from cardwright.study.stats import (
    DAY_EDGES,
    DIFFICULTY_EDGES,
    SHARE_EDGES,
    Bin,
    Calibration,
    PromptCounts,
    Retention,
    count_bins,
    count_prompts,
    measure_calibration,
    measure_groups,
    measure_retention,
)


class Subject(NamedTuple):
    """What a prompt is about, by names."""

    lesson: str
    domain: str
    kind: str


GONE: Final = Subject(*["no longer asked"] * 3)
"""Of prompts that are not in the sources any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """How well it goes; but for the streak and days, of the days that were asked for."""

    today: int
    days: int | None
    """So many up to today; None: all."""
    effort: Effort
    retention: Retention
    young: Retention
    mature: Retention
    groups: Mapping[str, Mapping[str, Retention]]
    """By domain, lesson, kind and month."""
    calibration: Calibration | None
    effort_by_kind: Mapping[str, Effort]
    effort_by_day: Mapping[int, Effort]
    """Of every study day ever that saw an answer, in order."""
    buttons: Mapping[str, Counter[int]]
    """How often each rating was given: learning, young, mature."""
    streak: Streak
    prompts: PromptCounts
    histograms: Mapping[str, Sequence[Bin]]
    """Of the memories there are today: interval_days, stability_days, difficulty, retrievability."""


def compute_stats(
    answers: Iterable[Answer],
    subjects: Mapping[str, Subject],
    memories: Iterable[tuple[Memory, Schedule]],
    today: int,
    days: int | None,
) -> Stats:
    """Make all figures of some prompts, whose subjects are in the order of learning.

    The memories are theirs, each with the schedule that it follows.
    """
    ever = list(answers)
    recent = ever if days is None else [a for a in ever if a.day > today - days]
    tests = [answer for answer in recent if answer.is_test]
    by_day = measure_effort(ever, lambda answer: answer.day)
    known = [pair for pair in memories if pair[0].prompt in subjects]
    return Stats(
        today=today,
        days=days,
        effort=add_efforts(
            effort for day, effort in by_day.items() if days is None or day > today - days
        ),
        retention=measure_retention(tests),
        young=measure_retention(test for test in tests if not test.is_mature),
        mature=measure_retention(test for test in tests if test.is_mature),
        groups=_group(tests, subjects),
        calibration=measure_calibration(tests),
        effort_by_kind=measure_effort(
            recent, lambda answer: subjects.get(answer.prompt, GONE).kind
        ),
        effort_by_day={day: by_day[day] for day in sorted(by_day)},
        buttons=count_buttons(recent),
        streak=find_streak(by_day, today),
        prompts=count_prompts(subjects, {memory.prompt: memory for memory, _ in known}),
        histograms=_count_memories(known, today),
    )


def _group(
    tests: Sequence[Answer], subjects: Mapping[str, Subject]
) -> dict[str, dict[str, Retention]]:
    found = {}
    for place, what in ((1, "domain"), (0, "lesson"), (2, "kind")):

        def name_group(answer: Answer, place: int = place) -> str:
            return subjects.get(answer.prompt, GONE)[place]

        order = [*dict.fromkeys(subject[place] for subject in subjects.values()), GONE[place]]
        groups = measure_groups(tests, name_group)
        found[what] = {name: groups[name] for name in order if name in groups}
    months = measure_groups(tests, lambda answer: f"{make_date(answer.day):%Y-%m}")
    return {**found, "month": {month: months[month] for month in sorted(months)}}


def _count_memories(
    memories: Iterable[tuple[Memory, Schedule]], today: int
) -> dict[str, list[Bin]]:
    begun = [pair for pair in memories if pair[0].state is not State.NEW]
    intervals = (memory.interval_days for memory, _ in begun if memory.state is State.REVIEW)
    return {
        "interval_days": count_bins(intervals, DAY_EDGES[1:]),
        "stability_days": count_bins((memory.stability for memory, _ in begun), DAY_EDGES),
        "difficulty": count_bins((memory.difficulty for memory, _ in begun), DIFFICULTY_EDGES),
        "retrievability": count_bins(
            (schedule.retrievability(memory, today) for memory, schedule in begun), SHARE_EDGES
        ),
    }
