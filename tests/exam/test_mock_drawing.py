"""Questions are drawn by weight, reproducibly for a seed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from cardwright.blueprint import Domain, apportion
from cardwright.diagnostic import Span
from cardwright.exam.mock import Question, sample_questions
from exam_project import EXAM

WEIGHTS = st.dictionaries(
    st.sampled_from("abcdef"), st.floats(1, 100, allow_nan=False), min_size=1, max_size=6
)
MLPRO = {"development": 44.0, "operations": 44.0, "deployment": 12.0}


def make_questions(group: str, number: int) -> list[Question]:
    return [
        Question(
            card_ref=f"trees:{group}-{index}",
            side_name="choose",
            key=f"trees:{group}-{index}/choose",
            domain=group,
            lesson=group,
            right=(0,),
            digest=0,
        )
        for index in range(number)
    ]


@given(weights=WEIGHTS, count=st.integers(1, 200))
def test_shares_sum_up_and_meet_the_weights_within_one(
    weights: dict[str, float], count: int
) -> None:
    shares = apportion(count, weights, dict.fromkeys(weights, 1000))

    assert sum(shares.values()) == count
    for name, weight in weights.items():
        assert abs(shares[name] - count * weight / sum(weights.values())) < 1


@given(weights=WEIGHTS, count=st.integers(0, 60), data=st.data())
def test_what_one_has_no_room_for_goes_to_the_others(
    weights: dict[str, float], count: int, data: st.DataObject
) -> None:
    room = {name: data.draw(st.integers(0, 20), name) for name in weights}

    shares = apportion(count, weights, room)

    assert sum(shares.values()) == min(count, sum(room.values()))
    assert all(0 <= shares[name] <= room[name] for name in room)


def test_an_exam_of_the_real_size_has_the_numbers_of_the_guide() -> None:
    shares = apportion(59, MLPRO, dict.fromkeys(MLPRO, 100))

    assert shares == {"development": 26, "operations": 26, "deployment": 7}


def test_a_domain_without_weight_is_not_asked() -> None:
    assert apportion(5, {"a": 0.0, "b": 1.0}, {"a": 9, "b": 2}) == {"a": 0, "b": 2}


@given(seed=st.integers(0, 10**6))
def test_the_same_seed_draws_the_same_questions_and_none_twice(seed: int) -> None:
    groups = {name: make_questions(name, 40) for name in MLPRO}

    drawn = sample_questions(groups, MLPRO, 59, seed)

    assert drawn == sample_questions(groups, MLPRO, 59, seed)
    assert len({question.card_ref for question in drawn}) == 59
    assert drawn != sample_questions(groups, MLPRO, 59, seed + 2)


def test_those_seen_longest_ago_come_only_when_all_others_were_seen() -> None:
    groups = {"a": make_questions("a", 10)}
    seen = {f"trees:a-{index}": 100 - index for index in range(7)}

    drawn = sample_questions(groups, {"a": 1.0}, 5, 1, seen)

    assert {question.card_ref for question in drawn} == {
        f"trees:a-{index}" for index in (9, 8, 7, 6, 5)
    }


class Candidate:
    """Takes one mock exam after another, of a pool with twelve lessons."""

    def __init__(self, pool: Mapping[str, Sequence[int]], seed: int = 0) -> None:
        self.groups = {
            domain: [
                replace(question, lesson=f"{domain}-{lesson}")
                for lesson, size in enumerate(sizes)
                for question in make_questions(f"{domain}-{lesson}", size)
            ]
            for domain, sizes in pool.items()
        }
        self.seed = seed
        self.seen: dict[str, int] = {}
        self.mocks: list[dict[str, list[Question]]] = []

    def take(self) -> None:
        number = len(self.mocks) + 1
        drawn = sample_questions(self.groups, MLPRO, 59, self.seed * 10 + number, self.seen)
        self.seen.update(dict.fromkeys((question.card_key for question in drawn), number))
        lessons = {domain: {one.lesson for one in some} for domain, some in self.groups.items()}
        self.mocks.append(
            {
                domain: [question for question in drawn if question.lesson in found]
                for domain, found in lessons.items()
            }
        )


LARGE: Final = {
    "development": (12, 14, 26, 31, 49),
    "operations": (26, 26, 26, 27, 27),
    "deployment": (30, 7),
}
SMALL: Final = {
    "development": (10, 11, 11, 11, 11),
    "operations": (2, 9, 13, 14, 16),
    "deployment": (8, 8),
}


def test_five_exams_from_301_questions_share_none_and_spread_over_the_lessons() -> None:
    for seed in range(5):
        candidate = Candidate(LARGE, seed)
        for _ in range(5):
            candidate.take()

        drawn = [one.card_ref for mock in candidate.mocks for some in mock.values() for one in some]
        assert len(drawn) == len(set(drawn)) == 5 * 59
        for domain, sizes in LARGE.items():
            taken: Counter[str] = Counter()
            for number, mock in enumerate(candidate.mocks, 1):
                taken.update(question.lesson for question in mock[domain])
                share = len(mock[domain]) / sum(sizes)
                for lesson, size in enumerate(sizes):
                    # In step with the size of the lesson, within one question and a half.
                    assert abs(taken[f"{domain}-{lesson}"] - number * share * size) < 1.5


def test_six_exams_from_124_questions_share_as_few_as_possible() -> None:
    for seed in range(5):
        candidate = Candidate(SMALL, seed)
        for _ in range(6):
            candidate.take()

        for domain, sizes in SMALL.items():
            pool = sum(sizes)
            exams = [{one.card_ref for one in mock[domain]} for mock in candidate.mocks]
            count = len(exams[0])
            # A domain of so many questions must repeat some: as few, as evenly, as late as possible.
            for number, exam in enumerate(exams):
                unseen = exam - set().union(*exams[:number])
                assert len(unseen) == max(min(count, pool - number * count), 0)
            often, rest = divmod(6 * count, pool)
            least = rest * math.comb(often + 1, 2) + (pool - rest) * math.comb(often, 2)
            assert sum(len(one & two) for one, two in combinations(exams, 2)) == least
            for gap in range(1, pool // count):
                assert not any(
                    exams[place] & exams[place + gap] for place in range(len(exams) - gap)
                )


@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=6),
    times=st.lists(st.integers(0, 5), max_size=180),
    count=st.integers(1, 60),
    seed=st.integers(0, 10**6),
)
def test_no_question_is_left_that_was_seen_longer_ago_than_one_that_is_drawn(
    sizes: list[int], times: list[int], count: int, seed: int
) -> None:
    questions = [
        replace(question, lesson=str(lesson))
        for lesson, size in enumerate(sizes)
        for question in make_questions(f"a{lesson}", size)
    ]
    # The time 0 stands for those that were never seen.
    when = {question.card_key: at for question, at in zip(questions, times, strict=False)}
    seen = {key: at for key, at in when.items() if at}

    drawn = sample_questions({"a": questions}, {"a": 1.0}, count, seed, seen)

    left = {question.card_key for question in questions} - {one.card_key for one in drawn}
    assert len(drawn) == min(count, len(questions))
    assert max((when.get(one.card_key, 0) for one in drawn), default=0) <= min(
        (when.get(key, 0) for key in left), default=9
    )


@given(
    sets=st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=1, max_size=12),
    count=st.integers(1, 8),
    seed=st.integers(0, 10**6),
)
def test_as_many_exams_are_drawn_as_the_pool_is_enough_for_and_none_has_twins(
    sets: list[list[int]], count: int, seed: int
) -> None:
    """`sets` holds for each set of twins the lessons of its questions."""
    questions = [
        replace(question, lesson=str(lesson), twins=f"set-{number}")
        for number, lessons in enumerate(sets)
        for question, lesson in zip(
            make_questions(f"a{number}", len(lessons)), lessons, strict=True
        )
    ]
    pool = Counter(("a", question.siblings) for question in questions)
    span = Span(path="decks/trees/blueprint.yaml", line=1, column=1)
    domain = Domain(id="a", name="a", weight=1.0, span=span)
    exam = replace(EXAM, questions=count, domains={"a": domain})
    seen: dict[str, int] = {}

    for number in range(1, exam.count_mocks(pool) + 2):
        drawn = sample_questions({"a": questions}, {"a": 1.0}, count, seed + number, seen)
        assert len({one.siblings for one in drawn}) == len(drawn) == min(count, len(sets))
        if number <= exam.count_mocks(pool):
            assert not any(one.card_key in seen for one in drawn)
        seen |= {one.card_key: number for one in drawn}
