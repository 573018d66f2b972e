"""Simulated study: within the minutes, as many lapses as expected, each policy on its own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.exam.forgetting import Memories
from cardwright.exam.learner import KINDS, Kind
from cardwright.exam.policy import POLICIES, Policy
from cardwright.exam.rollout import NEVER, Course, Deck, Horizon, Policies, rank_prompts, roll_out
from cardwright.study.fsrs import DEFAULT_PARAMETERS
from cardwright.study.workload import Habits

np = pytest.importorskip("numpy")
HABITS = Habits()
TODAY = 100
PROMPTS = st.lists(
    st.tuples(
        st.one_of(st.just(0.0), st.floats(0.05, 300)),
        st.floats(0.1, 0.9),
        st.integers(0, 60),
        st.floats(0.01, 1),
    ),
    min_size=1,
    max_size=30,
)
"""Stability, trait in tenths, days since the last answer, weight."""
Prompts = list[tuple[float, float, int, float]]


def make_deck(kind: Kind, prompts: Prompts, rows: int) -> Deck:
    stability, trait, since, weight = (np.array(column) for column in zip(*prompts, strict=True))
    trait = trait * 10 if kind is KINDS[0] else trait
    memories = Memories(np.tile(stability, (rows, 1)), np.tile(trait, (rows, 1)))
    return Deck(weight / weight.sum(), memories, np.tile(TODAY - since, (rows, 1)))


def simulate(
    kind: Kind, prompts: Prompts, policies: list[Policy], days: list[int], seconds: float
) -> tuple[Deck, Course]:
    rows = len(policies)
    deck = make_deck(kind, prompts, rows)
    model = kind.make(DEFAULT_PARAMETERS, np.zeros((rows, len(kind.spreads))))
    budget = np.full((rows, len(days)), seconds)
    exam_day = days[-1] + 1
    horizon = Horizon(exam_day, exam_day - TODAY)
    return deck, roll_out(model, Policies(policies), HABITS, deck, days, budget, horizon)


@settings(max_examples=30)
@given(st.sampled_from(KINDS), PROMPTS, st.integers(1, 8), st.floats(30, 900))
def test_each_policy_is_on_its_own_and_keeps_to_the_minutes(
    kind: Kind, prompts: Prompts, days: int, seconds: float
) -> None:
    dates = list(range(TODAY, TODAY + days))
    deck, together = simulate(kind, prompts, list(POLICIES), dates, seconds)
    longest_s = max(HABITS.new_s, HABITS.forgotten_s)
    assert (together.seconds < seconds + longest_s).all()
    assert ((together.recall >= 0) & (together.recall <= 1)).all()
    # Nothing of what was given is changed.
    assert (deck.memories.stability == np.array([prompt[0] for prompt in prompts])).all()
    for row in (0, len(POLICIES) // 2, len(POLICIES) - 1):
        _, alone = simulate(kind, prompts, [POLICIES[row]], dates, seconds)
        assert alone.recall[0] == pytest.approx(together.recall[row])
        assert alone.new[0].tolist() == together.new[row].tolist()
        assert alone.reviews[0].tolist() == together.reviews[row].tolist()


@given(st.sampled_from(KINDS), PROMPTS, st.sampled_from(POLICIES))
def test_with_time_enough_every_prompt_is_asked_once_a_day(
    kind: Kind, prompts: Prompts, policy: Policy
) -> None:
    _, found = simulate(kind, prompts, [policy], [TODAY], 1e6)
    new = sum(not stability for stability, *_ in prompts)
    asked_today = sum(stability > 0 and not since for stability, _, since, _ in prompts)
    assert found.new[0, 0] == new
    assert found.reviews[0, 0] <= len(prompts) - new - asked_today
    assert found.is_all_seen[0]


@given(PROMPTS, st.integers(1, 90))
def test_greedy_asks_what_gains_most_per_second(prompts: Prompts, days: int) -> None:
    kind, greedy = KINDS[0], POLICIES[-1]
    deck = make_deck(kind, prompts, 1)
    model = kind.make(DEFAULT_PARAMETERS, np.zeros((1, len(kind.spreads))))
    horizon = Horizon(TODAY + days, days)
    ranking = rank_prompts(model, Policies([greedy]), HABITS, deck, TODAY, horizon, days)
    asked = ranking.ranks[0] < NEVER
    assert not asked[(deck.last_day[0] == TODAY) & (deck.memories.stability[0] > 0)].any()
    assert (ranking.ranks[0][asked] < 0).all()


def test_a_quota_of_new_prompts_comes_first_the_heaviest_before_others() -> None:
    kind = KINDS[0]
    new = [(0.0, 0.5, 0, weight) for weight in (0.1, 0.9, 0.5, 0.2, 0.3, 0.4)]
    known = [(50.0, 0.5, 3, 0.5), (0.1, 0.5, 3, 0.5)]
    deck = make_deck(kind, [*new, *known], 1)
    model = kind.make(DEFAULT_PARAMETERS, np.zeros((1, 8)))

    def order(policy: Policy) -> list[int]:
        ranking = rank_prompts(
            model, Policies([policy]), HABITS, deck, TODAY, Horizon(TODAY + 20, 20), 20
        )
        places: list[int] = ranking.ranks[0].argsort(kind="stable").tolist()
        return places

    # A tenth of 20 days are two days for six new ones: three a day.
    paced = Policy(new_by=0.1, worth_share=0.0)
    assert order(paced) == [1, 2, 5, 7, 6, 4, 3, 0]
    kept = Policy(retention=0.7, worth_share=0.0)
    assert order(kept) == [7, 1, 2, 5, 4, 3, 0, 6]
