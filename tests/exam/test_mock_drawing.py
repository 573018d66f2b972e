"""Questions are drawn by weight, reproducibly for a seed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cardwright.blueprint import apportion
from cardwright.exam.mock import Question, sample_questions

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


def test_the_questions_of_last_time_come_only_when_there_are_no_others() -> None:
    groups = {"a": make_questions("a", 10)}
    first = {question.card_ref for question in sample_questions(groups, {"a": 1.0}, 6, 1)}

    second = {question.card_ref for question in sample_questions(groups, {"a": 1.0}, 6, 2, first)}

    assert len(first & second) == 2
