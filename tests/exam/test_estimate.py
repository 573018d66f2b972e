"""The estimate of the next score: its intervals cover what they claim, whatever the candidate knows."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log
from random import Random
from typing import Final, NamedTuple

import pytest

from cardwright.exam.estimate import Estimate, Results, estimate_next, estimate_score
from exam_samples import make_mock, make_question

SIZES: Final = {"development": 26, "operations": 26, "deployment": 7}


class Candidate(NamedTuple):
    """Someone who answers exams drawn from questions of different difficulty."""

    ability: float
    """The usual share of right answers."""
    spread: float
    """How far the domains differ, as the standard deviation of log odds."""


ABILITIES: Final = (0.3, 0.5, 0.7, 0.85, 0.95)
CANDIDATES: Final = [Candidate(one, spread) for one in ABILITIES for spread in (0.0, 0.5, 1.0)]


def answer(random: Random, level: float, count: int) -> list[bool]:
    """Answer so many questions of a domain; the standard deviation of their difficulty is 1."""
    return [random.random() < 1 / (1 + exp(random.gauss(0, 1) - level)) for _ in range(count)]


def check_intervals(candidate: Candidate, runs: int, unseen: float) -> list[list[bool]]:
    """Return for each run whether the intervals covered the next score, in all and by domain."""
    random = Random(f"{candidate} {unseen}")
    covered = []
    for _ in range(runs):
        # Unequal difficulty draws shares towards a half.
        usual = 1.2 * log(candidate.ability / (1 - candidate.ability))
        levels = [random.gauss(usual, candidate.spread) for _ in SIZES]
        results, scores = {}, []
        for (name, size), level in zip(SIZES.items(), levels, strict=True):
            count = max(round(size * unseen), 1)
            results[name] = Results(sum(answer(random, level, count)), count, size)
            scores.append(sum(answer(random, level, size)))
        whole, parts = estimate_score(results)
        found = [whole, *parts.values()]
        covered.append(
            [
                one.low <= score <= one.high
                for one, score in zip(found, [sum(scores), *scores], strict=True)
            ]
        )
    return covered


@pytest.mark.parametrize("unseen", [1.0, 0.2])
def test_intervals_cover_nine_of_ten_next_scores(unseen: float) -> None:
    runs = 25
    covered = {one: check_intervals(one, runs, unseen) for one in CANDIDATES}

    every = [run for found in covered.values() for run in found]
    shares = [sum(column) / len(every) for column in zip(*every, strict=True)]
    # Whole numbers of questions make intervals a little wider, in small domains clearly so.
    assert 0.89 < shares[0] < 0.95
    assert all(0.89 < share < 0.99 for share in shares[1:])
    for found in covered.values():
        # The standard error of the share of so few runs is 0.06.
        assert sum(run[0] for run in found) / runs > 0.75


def test_more_unseen_questions_narrow_the_interval() -> None:
    widths = []
    for unseen in (2, 6, 15, 59):
        whole, _ = estimate_score({"all": Results(unseen // 2, unseen, 59)})
        widths.append(whole.high - whole.low)

    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 40
    assert widths[-1] < 20


def test_a_domain_with_few_questions_is_taken_to_be_like_the_others() -> None:
    strong = {"a": Results(24, 26, 26), "b": Results(24, 26, 26), "c": Results(1, 2, 7)}
    weak = {"a": Results(8, 26, 26), "b": Results(8, 26, 26), "c": Results(1, 2, 7)}
    assert estimate_score(strong)[1]["c"].right > 5
    assert estimate_score(weak)[1]["c"].right < 3
    # One with many questions is not.
    found = estimate_score({"a": Results(24, 26, 26), "b": Results(6, 26, 26)})[1]
    assert found["a"].right > 21
    assert found["b"].right < 9


def test_what_is_certain_stays_within_the_exam() -> None:
    for right in (0, 400):
        whole, parts = estimate_score({"a": Results(right, 400, 400)})
        assert whole == parts["a"]
        assert 0 <= whole.low <= whole.right <= whole.high <= 400
        assert whole.high - whole.low < 10


def test_an_exam_with_one_domain_is_estimated_for_its_own_size() -> None:
    whole, parts = estimate_score({"a": Results(6, 10, 5)})
    assert whole.total == parts["a"].total == 5
    assert whole.right == pytest.approx(3, abs=0.4)


def test_only_answers_to_unseen_questions_that_count_are_evidence() -> None:
    unseen = [make_question("a1", 0, was_seen=False), make_question("a2", 1, was_seen=False)]
    seen = [make_question("a1", 0, was_seen=True)] * 2
    void = make_question("a1", 1, was_seen=False, is_void=True)
    mock = make_mock(*unseen, *seen, void)

    found = estimate_next(mock)

    assert found
    assert found == estimate_score({"wood": Results(1, 2, 4)})
    assert found[0].total == 4
    assert estimate_next(replace(mock, questions=tuple(seen))) is None
    assert estimate_next(replace(mock, is_drill=True)) is None
    assert estimate_next(replace(mock, ended_at_ms=None)) is None
    assert estimate_next(make_mock(make_question("a1", 0))) is None


def test_an_estimate_as_text_and_json() -> None:
    estimate = Estimate(17.6, 13, 22, 26)
    assert str(estimate) == "18 (13 to 22)"
    assert estimate.as_json() == {
        "right": 17.6,
        "low": 13,
        "high": 22,
        "total": 26,
        "share": 17.6 / 26,
        "coverage": 0.9,
    }
