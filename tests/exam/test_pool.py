"""How many mock exams a pool of questions is enough for, and how many each domain lacks."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cardwright.blueprint import MIN_MOCKS, Blueprint, Domain, apportion
from cardwright.diagnostic import Span
from exam_project import EXAM

WEIGHTS = st.dictionaries(st.sampled_from("abcde"), st.integers(0, 100), min_size=1, max_size=5)


def make_exam(questions: int, weights: dict[str, float]) -> Blueprint:
    span = Span(path="decks/trees/blueprint.yaml", line=1, column=1)
    domains = {id: Domain(id=id, name=id, weight=w, span=span) for id, w in weights.items()}
    return replace(EXAM, questions=questions, domains=domains)


def without_twins(pool: dict[str, int]) -> dict[tuple[str, str], int]:
    return {(id, f"{id}-{number}"): 1 for id, size in pool.items() for number in range(size)}


@given(st.integers(1, 40), WEIGHTS, st.dictionaries(st.sampled_from("abcde"), st.integers(0, 99)))
def test_so_many_exams_can_be_drawn_without_repetition_and_no_more(
    questions: int, weights: dict[str, float], pool: dict[str, int]
) -> None:
    exam = make_exam(questions, weights)
    left = {id: pool.get(id, 0) for id in weights}
    shares, drawn = exam.share_out(), 0
    while any(weights.values()) and apportion(questions, weights, left) == shares:
        left = {id: left[id] - share for id, share in shares.items()}
        drawn += 1

    assert exam.count_mocks(without_twins(pool)) == drawn


def test_a_mock_exam_of_mlpro_has_its_questions_by_weight() -> None:
    exam = make_exam(59, {"development": 44, "operations": 44, "deployment": 12})

    assert exam.share_out() == {"development": 26, "operations": 26, "deployment": 7}
    for numbers, exams in (((77, 78, 90), 2), ((78, 78, 21), MIN_MOCKS), ((500, 0, 0), 0)):
        pool = dict(zip(("development", "operations", "deployment"), numbers, strict=True))
        assert exam.count_mocks(without_twins(pool)) == exams


def test_of_twins_each_exam_asks_one() -> None:
    exam = make_exam(2, {"a": 1})

    assert exam.count_mocks({("a", "maples"): 9}) == 0
    assert exam.count_mocks({("a", "maples"): 9, ("a", "oaks"): 2}) == 2
    assert exam.count_mocks({("a", "maples"): 9, ("a", "oaks"): 2, ("a", "elm"): 1}) == 3
