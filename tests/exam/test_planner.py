"""The planner: what it asks and when, what it promises, and that it learns."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.exam import Answer, Planner, Prompt
from cardwright.exam.learner import FSRS, TWO_RATES, Kind
from cardwright.exam.plan import WHOLE
from cardwright.exam.planner import MAX_SAMPLE
from cardwright.exam.policy import POLICIES
from cardwright.history import Rating
from learners import Learner, study_day

np = pytest.importorskip("numpy")
ANSWERS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 20), st.integers(1, 4), st.floats(0, 99)),
    max_size=60,
)


def make_planner(
    prompts: int = 40, days: int = 20, minutes: float = 10, answers: tuple[Answer, ...] = ()
) -> Planner:
    return Planner(
        [Prompt(str(number)) for number in range(prompts)],
        days,
        minutes,
        set_day=0,
        answers=answers,
    )


def list_day(planner: Planner, day: int) -> list[str]:
    """Return what is asked on a day if every answer is Good and takes as long as expected."""
    seconds = {ranked.key: ranked.seconds for ranked in planner.start_day(day)}
    asked = []
    while prompt := planner.next_prompt():
        asked.append(prompt.key)
        planner.take(prompt.key, 3, seconds[prompt.key])
    return asked


@settings(max_examples=15)
@given(ANSWERS, st.integers(1, 30), st.integers(1, 40))
def test_a_day_asks_each_prompt_once_within_the_minutes(
    rows: list[tuple[int, int, int, float]], days: int, minutes: int
) -> None:
    rows.sort(key=lambda row: row[1])
    answers = tuple(Answer(str(key), day, rating, s) for key, day, rating, s in rows)
    prompts = [Prompt(str(number), 1 + number, "ab"[number % 2]) for number in range(10)]
    planner = Planner(prompts, 21 + days, minutes, set_day=0, answers=answers)
    order = planner.start_day(20)
    keys = [ranked.key for ranked in order]
    assert len(set(keys)) == len(keys)
    answered_today = {answer.key for answer in answers if answer.day == 20}
    assert not answered_today & set(keys)
    for ranked in order:
        assert ranked.seconds > 0
        assert 0 <= ranked.recall <= 1
        assert 0 <= ranked.recall_unasked <= 1
        assert 0 <= ranked.recall_asked <= 1
    spent, asked = 0.0, []
    while prompt := planner.next_prompt():
        assert spent < minutes * 60
        asked.append(prompt.key)
        planner.take(prompt.key, 3, 20.0)
        spent += 20
    assert asked == keys[: len(asked)]
    again = Planner(prompts, 21 + days, minutes, set_day=0, answers=answers)
    assert again.start_day(20) == order
    plan = again.plan()
    for found in (*plan.today.values(), *plan.on_day.values()):
        assert 0 <= found.low <= found.recall <= found.high <= 1
    assert [day.day for day in plan.days] == list(range(20, 21 + days))


def test_of_a_group_one_is_asked_a_day() -> None:
    prompts = [Prompt(f"{card}/{side}", group=f"{card}") for card in range(3) for side in "ab"]
    planner = Planner(prompts, 9, 60, set_day=0)
    first, second = list_day(planner, 0), list_day(planner, 1)
    for asked in (first, second):
        assert sorted(key.split("/")[0] for key in asked) == ["0", "1", "2"]
    planner.start_day(1)
    assert planner.next_prompt() is None


def test_days_without_minutes_are_off() -> None:
    prompts = [Prompt(str(number)) for number in range(30)]
    planner = Planner(prompts, 6, lambda day: 0 if day in {1, 2} else 5, set_day=0)
    planner.start_day(0)
    assert [day.day for day in planner.plan().days] == [0, 3, 4, 5]
    planner.start_day(1)
    assert planner.next_prompt() is None
    assert planner.start_day(6) == []
    with pytest.raises(ValueError, match="no day was begun"):
        planner.plan()


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a prompt"):
        Planner([], 9, 10, set_day=0)
    with pytest.raises(ValueError, match="the same key"):
        Planner([Prompt("a"), Prompt("a")], 9, 10, set_day=0)
    planner = make_planner()
    planner.start_day(0)
    with pytest.raises(KeyError):
        planner.take("unknown", 3, 9)
    with pytest.raises(ValueError, match="5"):
        planner.take("1", 5, 9)


def test_a_plan_says_what_does_not_fit_and_how_many_minutes_would() -> None:
    planner = make_planner(300, 20, 5)
    planner.start_day(0)
    plan = planner.plan()
    assert 0.2 < plan.seen_share < 0.7
    assert plan.enough_minutes
    assert plan.enough_minutes > 5
    enough = make_planner(300, 20, plan.enough_minutes)
    enough.start_day(0, previous=plan.policy)
    assert enough.plan().seen_share > 0.95


def test_a_forecast_names_every_domain_and_the_whole() -> None:
    answers = (Answer("1", 0, 3), Answer("1", 0, 3))
    prompts = [Prompt("1", 1, "Sorting"), Prompt("2", 3, "Trees")]
    planner = Planner(prompts, 12, 10, set_day=0, answers=answers)
    planner.start_day(2)
    plan = planner.plan()
    assert set(plan.today) == set(plan.on_day) == {"Trees", "Sorting", WHOLE}
    assert plan.today["Trees"].recall == 0
    assert 0 < plan.today[WHOLE].recall < plan.today["Sorting"].recall / 3
    assert plan.on_day[WHOLE].recall > plan.today[WHOLE].recall


def test_a_plan_of_many_days_is_made_with_fewer_prompts() -> None:
    """So that two years take about as long as one."""
    sizes = []
    for days in (30, 365, 730):
        planner = make_planner(1_000, days)
        planner.start_day(0)
        sizes.append(len(planner._sample().columns))
    assert sizes == [MAX_SAMPLE, MAX_SAMPLE, MAX_SAMPLE / 2]


def test_a_few_low_draws_leave_the_mean_within_the_range() -> None:
    """Otherwise, no other machine would take the forecast for one."""
    drawn = np.array([[0.01] * 4 + [0.999] * 96] * 2)
    found = make_planner()._summarize(drawn, np.full(100, 0.01), 0.0)
    assert all(low <= recall <= high for recall, low, high in found.values())
    assert found[WHOLE].low < 0.97


def test_a_sample_of_a_large_deck_keeps_every_domain_and_its_weight() -> None:
    prompts = [Prompt(f"{number}", 1, "ab"[number % 2]) for number in range(1500)]
    planner = Planner([*prompts, Prompt("x", 0.5, "c")], 9, 10, set_day=0)
    planner.start_day(0)
    sample = planner._sample()
    weights = np.bincount(planner._domain[sample.columns], sample.weight)
    assert weights == pytest.approx(np.array([750, 750, 0.5]) / 1500.5)
    assert len(sample.columns) <= MAX_SAMPLE + 2
    assert sample.share == pytest.approx(len(sample.columns) / 1501)


def test_more_minutes_promise_more() -> None:
    promised = []
    for minutes in (2, 5, 15, 45):
        planner = make_planner(150, 20, minutes)
        planner.start_day(0)
        promised.append(planner.plan().on_day[WHOLE].recall)
    assert promised == sorted(promised)


def test_a_policy_is_kept_unless_another_promises_more() -> None:
    planner = make_planner(200, 30, 8)
    planner.start_day(0)
    chosen = planner.policy
    again = make_planner(200, 30, 8)
    again.start_day(0, previous=chosen)
    assert again.policy == chosen
    # With minutes for everything, all promise the same.
    easy = make_planner(3, 30, 60)
    for previous in POLICIES[:3]:
        easy.start_day(0, previous=previous)
        assert easy.policy in {previous, POLICIES[0]}


def test_keys_pressed_in_a_row_do_not_make_answers_quick() -> None:
    answers = tuple(
        Answer(str(number), day, 3, 0.4)
        for day in range(6)
        for number in range(day * 9, day * 9 + 9)
    )
    planner = make_planner(900, 40, 10, answers)
    order = planner.start_day(6)
    assert min(ranked.seconds for ranked in order) >= 2
    plan = planner.plan()
    assert plan.days[0].new < 70
    assert plan.on_day[WHOLE].low < 0.9


@pytest.mark.parametrize(
    ("kind", "deviations"), [(TWO_RATES, [0.0] * 7), (FSRS, [-1.5, 0, -0.8, 0, 0.8, 0, 0, 0])]
)
def test_who_forgets_faster_is_told_so_within_days(kind: Kind, deviations: list[float]) -> None:
    learner, planner = Learner(kind, deviations, 120), make_planner(120, 30, 15)
    for day in range(12):
        study_day(planner, learner, day)
    planner.start_day(12)
    plan = planner.plan()
    assert plan.learning.tests > 50
    assert plan.learning.expected - plan.learning.actual > 0.08
    for day in range(12, 30):
        study_day(planner, learner, day)
    whole = plan.on_day[WHOLE]
    assert whole.low <= learner.recall(30) <= whole.high


def test_repetitions_of_a_day_can_be_told_or_be_part_of_the_seconds() -> None:
    planner = make_planner()
    planner.start_day(0)
    first = planner.next_prompt()
    assert first
    key = first.key
    planner.take(key, int(Rating.AGAIN), 20)
    planner.take(key, int(Rating.GOOD), 10)
    assert planner.next_prompt() not in {first, None}
    assert key not in {ranked.key for ranked in planner.start_day(0)}
    assert not planner.is_new(key)


def test_a_memory_without_answers_is_taken_as_it_is() -> None:
    prompts = [
        Prompt("known", stability=400.0, difficulty=4.0, last_day=-1),
        Prompt("weak", stability=0.3, difficulty=8.0, last_day=-9),
        Prompt("new"),
    ]
    planner = Planner(prompts, 30, 10, set_day=0)
    order = planner.start_day(0)
    assert order[0].key == "weak"
    recalls = {ranked.key: ranked.recall for ranked in order}
    assert recalls["known"] > 0.95
    assert recalls["new"] == 0
    assert not planner.is_new("known")


def test_planning_is_quick() -> None:
    """A tenth of what a slow machine takes is planned here: only a wrong order of growth fails."""
    seconds = []
    for size in (400, 4_000):
        start = time.process_time()
        planner = make_planner(size, 90, 20)
        planner.start_day(0)
        planner.plan()
        seconds.append(time.process_time() - start)
    assert seconds[1] < 6 * seconds[0] + 0.5
