"""A simulated learner whose memory follows FSRS-6 exactly, with its own parameters."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from cardwright.history import Act, Rating, Review
from cardwright.study.fsrs import Fsrs

START_MS: Final = 1_718_000_000_000
DAY_MS: Final = 86_400_000
FORGETFUL: Final = (
    *(0.1, 0.5, 1.0, 3.0, 7.0, 0.7, 3.2, 0.001, 1.3, 0.2, 0.6),
    *(1.4, 0.07, 0.2, 1.8, 0.5, 1.7, 0.5, 0.1, 0.07, 0.25),
)
"""Somebody to whom the default parameters promise too much."""


def study(
    truth: Sequence[float], prompts: int, days: int, seed: int, utc_offset_minutes: int = 0
) -> list[Review]:
    """Return the answers to `trees:p0/recall`, …, twenty new ones a day, asked by default FSRS."""
    dice = random.Random(seed)
    real, believed = Fsrs(truth), Fsrs()
    interval_factor = believed.interval_factor(0.9)
    rows = []
    for number in range(prompts):
        day, last = number // 20, None
        own, ours = (0.0, 0.0), (0.0, 0.0)
        while day < days:
            at_ms = START_MS + day * DAY_MS + dice.randrange(DAY_MS // 4)
            if last is None:
                rating = dice.choices(list(Rating), (24, 9, 50, 17))[0]
                own, ours = _start(real, rating), _start(believed, rating)
            else:
                gap = day - last
                is_recalled = dice.random() < real.retrievability(own[0], gap)
                rating = dice.choices(list(Rating), (0, 15, 70, 15))[0]
                rating = rating if is_recalled else Rating.AGAIN
                own, ours = _answer(real, own, gap, rating), _answer(believed, ours, gap, rating)
            rows.append((at_ms, number, rating))
            if rating is Rating.AGAIN:
                own = _answer(real, own, 0, Rating.GOOD)
                ours = _answer(believed, ours, 0, Rating.GOOD)
                rows.append((at_ms + 600_000, number, Rating.GOOD))
            last = day
            day += max(round(ours[0] * interval_factor), 1)
    return [
        Review(
            id=f"{at_ms + place:012x}-learner1",
            key=f"trees:p{number}/recall",
            act=Act.ANSWER,
            rating=rating,
            at_ms=at_ms + place,
            utc_offset_minutes=utc_offset_minutes,
            duration_ms=8000,
            undoes=None,
        )
        for place, (at_ms, number, rating) in enumerate(sorted(rows))
    ]


def _start(fsrs: Fsrs, rating: Rating) -> tuple[float, float]:
    return fsrs.initial_stability(rating), fsrs.initial_difficulty(rating)


def _answer(
    fsrs: Fsrs, memory: tuple[float, float], days: int, rating: Rating
) -> tuple[float, float]:
    stability, difficulty = memory
    return (
        fsrs.next_stability(stability, difficulty, days, rating),
        fsrs.next_difficulty(difficulty, rating),
    )
