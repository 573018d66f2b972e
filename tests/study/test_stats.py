"""Statistics and forecasts, compared with values computed by hand."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import reduce
from math import inf, log, sqrt
from operator import add
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.history import Act
from cardwright.memory import Memory, State
from cardwright.model import DeckOptions
from cardwright.study.days import EVERY_DAY
from cardwright.study.expectations import CRAM, TEST
from cardwright.study.histories import Histories
from cardwright.study.journal import Journal
from cardwright.study.queue import Counts, count_decks
from cardwright.study.stats import (
    DAY_EDGES,
    GONE,
    Answer,
    Bin,
    Effort,
    PromptCounts,
    Recall,
    Stats,
    Streak,
    Subject,
    add_efforts,
    add_recalls,
    compute_stats,
    count_bins,
    count_memories,
    count_prompts,
    count_seconds,
    find_streak,
    list_answers,
    split_time,
)
from cardwright.study.workload import Pace, forecast_reviews, measure_pace
from study_store import FIRST_DAY, at, give, undo
from studying import open_journal

OAK, ELM, ASH = "trees:oak/recall", "trees:elm/recall", "trees:ash/recall"
DECAY = 0.1542
"""The last of FSRS-6's usual parameters."""
GOOD_STABILITY = 2.3065
"""What a first Good gives; the second on the same day leaves it."""


def expect_recall(stability: float, days: int) -> float:
    factor = 0.9 ** (-1 / DECAY) - 1
    return float((1 + factor * days / stability) ** -DECAY)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = open_journal(tmp_path / "reviews.db", DeckOptions(fuzz=False))
    yield made
    made.store.close()


def learn(journal: Journal, prompt: str, day: int = 0) -> None:
    """Two Goods graduate a prompt; it is due two days later."""
    give(journal, prompt, day, 3)
    give(journal, prompt, day, 3, minute=10)


def list_all(journal: Journal) -> list[Answer]:
    return list_answers(journal, lambda _: True)


def compute(journal: Journal) -> Stats:
    return compute_stats(Histories(journal).list(lambda _: True), {}, {}, FIRST_DAY + 9, None)


def compute_tests(*tests: tuple[float, bool]) -> Stats:
    """Compute the figures of tests, each with its expected recall and whether it was passed."""
    answers = [(recall, 5, 0, 0, 3 if passed else 1, TEST) for recall, passed in tests]
    return compute_stats([(OAK, answers)], {}, {}, 0, None)


def test_retention_is_the_first_answer_of_a_day_to_a_prompt_in_review(journal: Journal) -> None:
    learn(journal, OAK)
    learn(journal, ELM)
    give(journal, OAK, 2, 3)
    give(journal, ELM, 3, 1)
    give(journal, ELM, 3, 3, minute=10)  # A relearning step.
    give(journal, ELM, 3, 3, minute=20)  # In review again, but not the first of its day.

    recall = compute(journal).recall

    assert (recall.tests, recall.passed, recall.actual) == (2, 1, 0.5)
    expected = (expect_recall(GOOD_STABILITY, 2) + expect_recall(GOOD_STABILITY, 3)) / 2
    assert recall.expected == pytest.approx(expected, abs=1e-4)


def test_what_was_undone_does_not_count_and_a_cram_counts_for_time_alone(journal: Journal) -> None:
    learn(journal, OAK)
    undo(journal, give(journal, OAK, 2, 1))
    give(journal, OAK, 2, 1, act=Act.CRAM, ms=5_000)
    give(journal, OAK, 2, 3, minute=5)

    stats = compute(journal)

    assert stats.recall[:2] == (1, 1)
    assert stats.effort_by_day == {
        FIRST_DAY: Effort(2, 16_000, 2),
        FIRST_DAY + 2: Effort(2, 13_000, 2),
    }
    assert stats.buttons == {"learning": {3: 2}, "young": {3: 1}, "mature": {}}


def test_after_a_reset_a_prompt_is_learned_anew(journal: Journal) -> None:
    learn(journal, OAK)
    with journal.store.transaction():
        journal.record(OAK, Act.RESET, at(1))
    give(journal, OAK, 2, 1)

    assert [answer.state for answer in list_all(journal)] == ["new", "learning", "new"]
    assert compute(journal).recall.actual is None


def test_an_answer_counts_a_minute_at_the_most_and_what_was_not_measured_is_no_time(
    journal: Journal,
) -> None:
    give(journal, OAK, 0, 3, ms=3_600_000)
    give(journal, OAK, 0, 3, ms=10_000, minute=70)
    give(journal, ELM, 0, 3, ms=0)

    effort = compute(journal).effort

    assert effort == Effort(3, 70_000, 2)
    assert effort.seconds_per_answer == 35


def test_answers_are_met_as_the_journal_traces_them(journal: Journal) -> None:
    dice = random.Random(5)
    with journal.store.without_fsync():
        for prompt in (OAK, ELM, ASH):
            day = 0
            for minute in range(40):
                day += dice.choice([0, 0, 1, 2, 9, 30])
                give(journal, prompt, day, dice.choice([1, 2, 3, 3, 3, 4]), minute=minute)

    answers = list_all(journal)

    for prompt in (OAK, ELM, ASH):
        found = [answer for answer in answers if answer.key == prompt]
        for answer, (review, step) in zip(found, journal.trace(prompt), strict=True):
            assert answer.rating == review.rating
            assert answer.state is step.before.state
            assert answer.interval_days == step.before.interval_days
            assert answer.retrievability == step.retrievability
            assert answer.is_test == (step.before.state == "review" and step.elapsed_days > 0)


def test_calibration_by_hand() -> None:
    tests = [(0.9, number < 8) for number in range(10)]

    calibration = compute_tests(*tests, (0.52, True), (0.54, False)).calibration

    assert calibration is not None
    assert [(b.low, b.high, b.recall[:2]) for b in calibration.bins] == [
        (0.5, 0.55, (2, 1)),
        (0.9, 0.95, (10, 8)),
    ]
    assert calibration.error == pytest.approx(sqrt((2 * 0.03**2 + 10 * 0.1**2) / 12))
    loss = 8 * log(0.9) + 2 * log(0.1) + log(0.52) + log(0.46)
    assert calibration.log_loss == pytest.approx(-loss / 12)


def test_there_is_no_calibration_without_tests() -> None:
    stats = compute_tests()

    assert stats.calibration is None
    assert stats.recall == Recall(0, 0, 0.0)
    assert stats.recall.expected is None


@pytest.mark.parametrize("share", [place / 20 for place in range(1, 20)])
def test_the_lower_end_of_a_bin_belongs_to_it(share: float) -> None:
    calibration = compute_tests((share, True)).calibration

    assert calibration is not None
    assert [part.low for part in calibration.bins] == [share]


@pytest.mark.parametrize(
    ("days", "streak"),
    [
        ([], (0, 0)),
        ([10], (1, 1)),
        ([9], (1, 1)),
        ([8], (0, 1)),
        ([1, 2, 3, 4, 6, 9, 10, 10], (2, 4)),
        ([1, 2, 3, 8, 9], (2, 3)),
        ([9, 10, 11], (2, 3)),
    ],
)
def test_a_streak_lasts_to_today_or_yesterday(days: list[int], streak: tuple[int, int]) -> None:
    assert find_streak(days, today=10) == Streak(*streak)


@pytest.mark.parametrize(
    ("answered", "off", "streak"),
    [
        ([1, 2, 5, 6, 10], (3, 4), (1, 4)),
        ([1, 2, 5, 6], (7, 10), (2, 2)),
        ([1, 2, 5, 6], (7, 9), (2, 2)),
        ([1, 2, 5, 6], (7, 8), (0, 2)),
        ([1, 2, 5, 6], (4, 4), (0, 2)),
        ([1, 4, 5], (6, 20), (2, 2)),
        ([4, 5, 6], (5, None), (3, 3)),
    ],
)
def test_days_off_do_not_end_a_streak(
    answered: list[int], off: tuple[int, int | None], streak: tuple[int, int]
) -> None:
    days = EVERY_DAY.set_dates(*off, 0)
    assert find_streak(answered, 10, days) == Streak(*streak)


def test_bins_of_intervals() -> None:
    bins = count_bins([1, 1, 2, 3, 4, 30, 31, 366, 9999], DAY_EDGES[1:])

    assert [part.number for part in bins] == [2, 2, 1, 0, 1, 1, 0, 0, 2]
    assert bins[-1] == Bin(366, inf, 2)


@given(st.lists(st.floats(0, 1e6)))
def test_every_value_is_in_one_bin(values: list[float]) -> None:
    bins = count_bins(values, DAY_EDGES)

    assert sum(part.number for part in bins) == len(values)
    for part in bins:
        assert part.number == sum(part.low <= value < part.high for value in values)


def test_prompts_are_counted_by_how_far_they_are() -> None:
    memories = {
        OAK: Memory(key=OAK, state=State.REVIEW, interval_days=21, is_flagged=True),
        ELM: Memory(key=ELM, state=State.REVIEW, interval_days=20, is_leech=True),
        ASH: Memory(key=ASH, is_suspended=True),
        "trees:fir/recall": Memory(key="trees:fir/recall", state=State.RELEARNING),
    }

    counts = count_prompts([*memories, "trees:yew/recall"], memories)

    assert counts == PromptCounts(
        new=2, learning=1, young=1, mature=1, suspended=1, leech=1, flagged=1
    )


def test_stats_of_a_few_days_leave_the_rest_out(journal: Journal) -> None:
    learn(journal, OAK)
    learn(journal, ELM)
    give(journal, OAK, 2, 1)
    give(journal, ELM, 9, 3)
    give(journal, "trees:gone/recall", 9, 3)
    subjects = {OAK: Subject("1.1 Leaves", "Woods", "term"), ELM: Subject("1.2", "Woods", "basic")}
    memories = {memory.key: memory for memory in journal.store.list_memories()}
    histories = Histories(journal)

    def compute_days(days: int | None) -> Stats:
        answers = histories.list(lambda _: True)
        return compute_stats(answers, subjects, memories, FIRST_DAY + 9, days)

    ever, recent = compute_days(None), compute_days(7)

    assert ever.recall[:2] == (2, 1)
    assert recent.recall[:2] == (1, 1)
    assert recent.effort.answers == 2
    assert list(recent.effort_by_day) == [FIRST_DAY, FIRST_DAY + 2, FIRST_DAY + 9]
    assert recent.effort_by_kind.keys() == {"basic", GONE.kind}
    assert {what: list(groups) for what, groups in ever.groups.items()} == {
        "domain": ["Woods"],
        "lesson": ["1.1 Leaves", "1.2"],
        "kind": ["term", "basic"],
        "month": ["2024-10"],
    }
    assert ever.streak == Streak(1, 1)
    assert list(ever.recall_by_day) == [FIRST_DAY + 2, FIRST_DAY + 9]
    assert list(recent.recall_by_day) == [FIRST_DAY + 9]


def test_many_namespaces_are_not_compared_with_each_other(journal: Journal) -> None:
    """A sync folder can hold the reviews of thousands that this machine does not know."""
    for number in range(20):
        give(journal, f"wood-{number}:oak/recall", 0, 3)
    statements: list[str] = []
    journal.store._db.set_trace_callback(statements.append)

    found = list(Histories(journal).list(lambda _: True))

    assert len(found) == 20
    assert sum("from packs" in statement for statement in statements) <= 1


def test_memories_are_counted_once_they_have_begun(journal: Journal) -> None:
    learn(journal, OAK)
    give(journal, ELM, 9, 1)
    with journal.store.transaction():
        journal.record(ASH, Act.FLAG, at(9))
    schedule = journal.schedule_of(OAK)

    bins = count_memories(
        ((memory, schedule) for memory in journal.store.list_memories()), FIRST_DAY + 9
    )

    assert sum(part.number for part in bins["retrievability"]) == 2
    assert sum(part.number for part in bins["interval_days"]) == 1


def test_recall_by_week_and_month_is_that_of_their_days() -> None:
    # A Friday, the Sunday after it, and the Monday of the next week, in another month.
    days = {20_000: Recall(3, 2, 2.5), 20_002: Recall(1, 1, 0.9), 20_003: Recall(2, 0, 1.8)}

    assert add_recalls(days, "week") == {
        "2024-09-30": Recall(4, 3, 3.4),
        "2024-10-07": Recall(2, 0, 1.8),
    }
    assert add_recalls(days, "month") == {"2024-10": Recall(6, 3, 2.5 + 0.9 + 1.8)}


@pytest.mark.parametrize(
    ("tests", "passed", "low", "high"),
    # As R's binom.confint(methods = "wilson") has them.
    [(10, 8, 0.4902, 0.9433), (1, 1, 0.2065, 1.0), (20, 0, 0.0, 0.1611), (0, 0, 0.0, 1.0)],
)
def test_the_bounds_of_a_share_are_those_of_wilson(
    tests: int, passed: int, low: float, high: float
) -> None:
    assert Recall(tests, passed, 0.0).bounds == pytest.approx((low, high), abs=5e-5)


def test_hours_are_local_and_what_was_undone_has_none(journal: Journal) -> None:
    give(journal, OAK, 0, 3)
    give(journal, OAK, 0, 3, minute=10, act=Act.CRAM)
    give(journal, ELM, 0, 3, minute=-180)
    undo(journal, give(journal, ELM, 0, 3, minute=60))
    with journal.store.transaction():
        journal.record(ELM, Act.FLAG, at(0))
    noon = at(0).at_ms + at(0).utc_offset_minutes * 60_000

    assert sorted(journal.store.count_hours(0)) == [(ELM, 9, 1), (OAK, 12, 2)]
    assert list(journal.store.count_hours(noon)) == [(OAK, 12, 2)]


def test_seconds_are_of_answers_whose_time_is_known() -> None:
    answers = [(0.0, 0, day, ms, 3, 0) for day, ms in ((3, 800), (3, 0), (3, 60_000), (1, 4_000))]

    bins = [part for part in count_seconds([(OAK, answers)], 2) if part.number]

    assert bins == [(0, 2, 1), (30, inf, 1)]


def make_memory(
    state: State, due_day: int, *, suspended: bool = False, buried_day: int | None = None
) -> Memory:
    return Memory(
        key=OAK,
        state=state,
        is_suspended=suspended,
        due_day=due_day,
        interval_days=5,
        buried_day=buried_day,
    )


def test_the_forecast_begins_with_all_that_is_overdue() -> None:
    memories = [
        make_memory(State.REVIEW, 97),
        make_memory(State.REVIEW, 100),
        make_memory(State.REVIEW, 102),
        make_memory(State.REVIEW, 103),
        make_memory(State.REVIEW, 90, buried_day=100),
        make_memory(State.REVIEW, 90, buried_day=99),
        make_memory(State.REVIEW, 90, suspended=True),
        make_memory(State.LEARNING, 100),
        make_memory(State.NEW, 0),
    ]

    forecast = forecast_reviews(memories, today=100, days=3)

    assert forecast.reviews == [3, 1, 1]
    assert forecast.overdue == 1


MEMORIES = st.builds(
    make_memory,
    st.sampled_from(State),
    st.integers(50, 150),
    suspended=st.booleans(),
    buried_day=st.sampled_from([None, 99, 100]),
)


@given(st.lists(MEMORIES), st.integers(1, 60))
def test_every_review_falls_due_on_one_day(memories: list[Memory], days: int) -> None:
    forecast = forecast_reviews(memories, today=100, days=days)
    whole = forecast_reviews(memories, today=100, days=60)

    assert forecast.reviews == whole.reviews[:days]
    assert forecast.overdue <= whole.reviews[0]
    assert sum(whole.reviews) == sum(
        memory.state is State.REVIEW and not memory.is_suspended for memory in memories
    )


def test_the_usual_pace_gives_way_to_ones_own(journal: Journal) -> None:
    assert measure_pace([], {}, 4) == Pace(27, 10, 15)
    for number in range(20):
        prompt = f"trees:t{number}/recall"
        give(journal, prompt, 0, 3, ms=7_000)
        give(journal, prompt, 0, 3, ms=6_000, minute=10)
        give(journal, prompt, 2, 3, ms=5_000)
    memories = {memory.key: memory for memory in journal.store.list_memories()}

    pace = measure_pace(journal.store.list_reviews(), memories, 4)

    assert pace.new_s == pytest.approx((27 + 13) / 2)
    assert pace.review_s == pytest.approx((15 + 5) / 2)
    assert pace.step_s == pytest.approx((20 * 10 + 60 * 6) / 80)
    assert pace.estimate_minutes(Counts(new=3, learning=0, review=6)) == pytest.approx(2)


def test_a_deck_counts_what_is_below_it() -> None:
    decks = ["Trees::Oaks", "Trees::Elms::Old", "Trees::Oaks", "Herbs"]
    asked = [
        ("Trees::Elms::Old", State.NEW),
        ("Trees::Oaks", State.REVIEW),
        ("Trees::Oaks", State.RELEARNING),
    ]

    assert count_decks(decks, asked) == {
        ("Trees",): (1, 1, 1),
        ("Trees", "Oaks"): (0, 1, 1),
        ("Trees", "Elms"): (1, 0, 0),
        ("Trees", "Elms", "Old"): (1, 0, 0),
    }


@pytest.mark.parametrize(
    ("length", "unit", "rows"), [(31, "day", 31), (32, "week", 6), (400, "month", 14)]
)
def test_time_is_split_into_a_few_parts(length: int, unit: str, rows: int) -> None:
    found, parts = split_time({FIRST_DAY: Effort(3, 9, 3)}, FIRST_DAY, FIRST_DAY + length - 1)

    assert (found, len(parts)) == (unit, rows)


@given(
    st.dictionaries(st.integers(0, 2_500), st.builds(Effort, *[st.integers(0, 99)] * 3)),
    st.integers(0, 2_500),
)
def test_splitting_time_loses_nothing(efforts: dict[int, Effort], span: int) -> None:
    _, parts = split_time(efforts, 0, span)

    assert len(parts) <= 37
    inside = [effort for day, effort in efforts.items() if day <= span]
    assert add_efforts(parts.values()) == add_efforts(inside)


@given(st.data())
def test_one_pass_gives_what_separate_passes_do(data: st.DataObject) -> None:
    """By definition, on any answers: what is counted, and in which group."""
    record = st.tuples(
        st.floats(0.01, 0.99),
        st.integers(0, 60),
        st.integers(FIRST_DAY - 40, FIRST_DAY),
        st.sampled_from([0, 800, 60_000]),
        st.integers(1, 4),
        st.integers(0, CRAM),
    )
    histories = [(key, data.draw(st.lists(record, max_size=8))) for key in (OAK, ELM, ASH)]
    days = data.draw(st.sampled_from([None, 7, 30]))
    subjects = {OAK: Subject("1", "Woods", "term"), ELM: Subject("2", "Woods", "basic")}

    stats = compute_stats(histories, subjects, {}, FIRST_DAY, days)

    found = [(key, *answer) for key, answers in histories for answer in answers]
    recent = [answer for answer in found if days is None or answer[3] > FIRST_DAY - days]
    tests = [answer for answer in recent if answer[-1] == TEST]

    def retain(some: list[Any]) -> Recall:
        expected = reduce(add, (answer[1] for answer in some), 0.0)
        return Recall(len(some), sum(answer[-2] > 1 for answer in some), expected)

    def spend(some: list[Any]) -> Effort:
        return Effort(len(some), sum(a[4] for a in some), sum(a[4] > 0 for a in some))

    assert stats.recall == retain(tests)
    assert stats.young == retain([answer for answer in tests if answer[2] < 21])
    assert stats.mature == retain([answer for answer in tests if answer[2] >= 21])
    assert stats.groups["domain"] == {
        name: retain(some)
        for name in ("Woods", GONE.domain)
        if (some := [a for a in tests if subjects.get(a[0], GONE).domain == name])
    }
    assert stats.effort == spend(recent)
    assert stats.effort_by_kind == {
        kind: spend([a for a in recent if subjects.get(a[0], GONE).kind == kind])
        for kind in dict.fromkeys(subjects.get(answer[0], GONE).kind for answer in recent)
    }
    assert stats.effort_by_day == {
        day: spend([answer for answer in found if answer[3] == day])
        for day in {answer[3] for answer in found}
    }
    assert sum(counts.total() for counts in stats.buttons.values()) == sum(
        answer[-1] != CRAM for answer in recent
    )
    bins = stats.calibration.bins if stats.calibration else []
    assert sum(part.recall.tests for part in bins) == len(tests)
