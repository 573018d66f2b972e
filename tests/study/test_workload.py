"""Habits, measured from a history of answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardwright.history import Act, Rating
from cardwright.study.workload import Habits, measure_habits
from studying import MORNING, later, open_journal

ROLLOVER_HOUR = 4
DEFAULT = Habits()


def measure(tmp_path: Path, *acts: tuple[float, Rating | None, int]) -> Habits:
    """Return the habits of somebody who answers one prompt; each act has a day and milliseconds.

    An act without a rating is a reset.
    """
    journal = open_journal(tmp_path / "reviews.db")
    with journal.store.transaction():
        for day, rating, duration_ms in acts:
            journal.record(
                "trees:ring/recall",
                Act.RESET if rating is None else Act.ANSWER,
                later(MORNING, days=day),
                rating=rating,
                duration_ms=duration_ms,
            )
    return measure_habits(journal.store.list_reviews(), ROLLOVER_HOUR)


def test_a_prompt_is_new_again_after_a_reset(tmp_path: Path) -> None:
    found = measure(
        tmp_path, (0, Rating.EASY, 1000), (9, None, 0), (10, Rating.AGAIN, 1000)
    ).first_shares
    # Two of twelve, of which the default is worth ten.
    assert found[0] == pytest.approx((1 + 10 * DEFAULT.first_shares[0]) / 12)
    assert found[3] == pytest.approx((1 + 10 * DEFAULT.first_shares[3]) / 12)


def test_answers_without_a_duration_tell_nothing_of_the_time(tmp_path: Path) -> None:
    timed = (0, Rating.EASY, 26_000)
    found = measure(tmp_path, timed, (20, Rating.GOOD, 0), (60, Rating.GOOD, 0))
    assert found.recalled_s == DEFAULT.recalled_s
    assert found.new_s == pytest.approx((10 * DEFAULT.new_s + 26) / 11)
    # They tell how well it is known, anyway.
    assert found.recalled_shares[1] > DEFAULT.recalled_shares[1]
