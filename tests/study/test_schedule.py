"""Fuzz is reproducible, and intervals stay within their limits."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.history import Moment, Rating
from cardwright.memory import Memory, State
from cardwright.model import DeckOptions
from cardwright.study.fsrs import DEFAULT_PARAMETERS, Fsrs
from cardwright.study.schedule import ActRow, Schedule, fuzz_range, limit_interval
from studying import DAY_MS, MORNING, TODAY

PLAIN = DeckOptions(fuzz=False)


def make_memory(prompt: str, stability: float, last: int = 1) -> Memory:
    return Memory(
        key=prompt,
        state=State.REVIEW,
        stability=stability,
        difficulty=5.0,
        interval_days=last,
        first_day=TODAY - 400,
        last_day=TODAY - max(round(stability), 1),
        last_at_ms=MORNING.at_ms - max(round(stability), 1) * DAY_MS,
        reps=5,
    )


def draw_intervals(stability: float, number: int = 2000) -> tuple[Counter[int], float]:
    """Return the intervals of many prompts alike, and the one they spread around."""
    fuzzy = Schedule(DeckOptions())
    intervals = Counter(
        fuzzy.preview(make_memory(f"trees:card-{index}/recall", stability), MORNING)[
            Rating.HARD
        ].interval_days
        for index in range(number)
    )
    plain = Schedule(PLAIN).preview(make_memory("trees:oak/recall", stability), MORNING)
    return intervals, plain[Rating.HARD].stability


@pytest.mark.parametrize("stability", [3.0, 8.0, 40.0, 400.0])
def test_fuzz_spreads_evenly_over_ankis_range(stability: float) -> None:
    intervals, middle = draw_intervals(stability)
    low, high = fuzz_range(middle)
    assert set(intervals) == set(range(low, high + 1))
    usual = 2000 / (high - low + 1)
    assert all(0.5 * usual < seen < 1.6 * usual for seen in intervals.values())


@pytest.mark.parametrize(
    ("interval", "bounds"),
    [
        (1.0, (1, 1)),
        (2.4, (2, 2)),
        (2.5, (2, 4)),
        (7.0, (5, 9)),
        (20.0, (17, 23)),
        (100.0, (93, 107)),
    ],
)
def test_the_range_is_ankis(interval: float, bounds: tuple[int, int]) -> None:
    """As its `fuzz.rs` has them; tests/study/test_parity.py holds the rest."""
    assert fuzz_range(interval) == bounds


@given(
    st.floats(0, 50_000),
    st.integers(0, 40_000),
    st.integers(1, 36_500),
    st.floats(0, 1, exclude_max=True),
)
def test_no_interval_leaves_its_limits(interval: float, least: int, most: int, draw: float) -> None:
    days = limit_interval(interval, least, most, draw)
    assert min(least, most) <= days <= most
    assert limit_interval(interval, least, most, None) == min(
        max(int(interval + 0.5), min(least, most)), most
    )


ACTS = st.lists(
    st.tuples(st.sampled_from(Rating), st.integers(0, 40 * DAY_MS), st.integers(-720, 840)),
    min_size=1,
    max_size=20,
)


@given(ACTS, st.integers(1, 400), st.booleans())
def test_replay_repeats_and_intervals_keep_their_maximum(
    acts: list[tuple[Rating, int, int]],
    most: int,
    fuzz: bool,
) -> None:
    options = DeckOptions(maximum_interval_days=most, fuzz=fuzz)
    at_ms, memory = MORNING.at_ms, Memory(key="trees:oak/recall")
    schedule = Schedule(options)
    history = []
    for rating, wait_ms, offset in acts:
        at_ms += wait_ms
        history.append(ActRow("answer", int(rating), at_ms, offset))
        outcomes = schedule.preview(memory, Moment(at_ms, offset))
        memory = outcomes[rating]
        for after in outcomes.values():
            assert 0 <= after.interval_days <= most
            assert 1 <= after.difficulty <= 10
            assert 0.001 <= after.stability <= 36_500
        hard, good, easy = (
            outcomes[rating].interval_days for rating in (Rating.HARD, Rating.GOOD, Rating.EASY)
        )
        if outcomes[Rating.HARD].state is State.REVIEW:
            assert hard < good < easy or easy == most
    # Another machine has but the log.
    elsewhere = Schedule(options)
    assert elsewhere.replay("trees:oak/recall", history) == memory
    steps = [step for _, step in elsewhere.trace("trees:oak/recall", history)]
    assert steps[-1].after == memory
    assert all(a.after == b.before for a, b in pairwise(steps))


def test_without_fuzz_intervals_are_rounded() -> None:
    history = [
        ActRow("answer", 3, MORNING.at_ms + day * DAY_MS, 60) for day in (0, 2, 8, 30, 100, 300)
    ]
    schedule = Schedule(DeckOptions(fuzz=False, learning_steps_minutes=()))
    for _, step in schedule.trace("trees:oak/recall", history):
        assert step.after.interval_days == int(step.after.stability + 0.5)


def test_prompts_alike_are_spread_and_answers_too() -> None:
    schedule = Schedule(DeckOptions())
    good = [
        schedule.preview(make_memory(prompt, 100.0), MORNING)[Rating.GOOD].interval_days
        for prompt in ("trees:oak/recall", "trees:oak/reverse", "trees:elm/recall")
    ]
    assert len(set(good)) > 1


def test_what_memories_depend_on_is_told() -> None:
    rules = {
        Schedule(DeckOptions()).rules,
        Schedule(DeckOptions(desired_retention=0.8)).rules,
        Schedule(DeckOptions(maximum_interval_days=5)).rules,
        Schedule(DeckOptions(learning_steps_minutes=())).rules,
        Schedule(DeckOptions(relearning_steps_minutes=())).rules,
        Schedule(DeckOptions(leech_lapses=3)).rules,
        Schedule(DeckOptions(fuzz=False)).rules,
        Schedule(DeckOptions(), rollover_hour=5).rules,
        Schedule(DeckOptions(), (*DEFAULT_PARAMETERS[:20], 0.2)).rules,
    }
    assert len(rules) == 9
    assert Schedule(DeckOptions(new_per_day=1)).rules in rules


@settings(max_examples=25)
@given(st.floats(0.5, 400), st.floats(1, 10), st.integers(1, 200))
def test_the_loss_is_the_recall_of_six_weeks_by_waiting_two(
    stability: float, difficulty: float, days: int
) -> None:
    memory = make_memory("trees:oak/recall", 1.0)._replace(
        stability=stability, difficulty=difficulty, last_day=TODAY - days
    )
    fsrs = Fsrs()

    def add_up(stability: float, start: float, end: float) -> float:
        steps = 500
        width = (end - start) / steps
        middles = (start + (step + 0.5) * width for step in range(steps))
        return float(sum(fsrs.retrievability(stability, day) for day in middles) * width)

    def expect(day: int, measured: int) -> float:
        recall = fsrs.retrievability(stability, day)
        good, again = (fsrs.next_stability(stability, difficulty, day, r) for r in (3, 1))
        known = recall * add_up(good, 0, measured) + (1 - recall) * add_up(again, 0, measured)
        return float(known)

    waiting = add_up(stability, days, days + 14) + expect(days + 14, 28)
    seconds = 31 - 18 * fsrs.retrievability(stability, days)
    loss = Schedule(PLAIN).measure_loss(memory, TODAY)
    assert loss * seconds == pytest.approx(expect(days, 42) - waiting, abs=0.02)


def test_a_prompt_that_was_never_answered_loses_most() -> None:
    new = Memory(key="trees:oak/recall", state=State.REVIEW, due_day=TODAY)
    schedule = Schedule(PLAIN)
    known = max(
        schedule.measure_loss(make_memory("trees:elm/recall", stability), TODAY)
        for stability in (0.5, 2.0, 8.0, 60.0)
    )
    assert schedule.measure_loss(new, TODAY) > known > 0
