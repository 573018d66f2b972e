"""How well parameters foretell answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import floor, log, sqrt
from typing import Final, NamedTuple

from cardwright.history import Act, Rating, Review, count_study_day
from cardwright.study.maths import Maths

_BASES: Final = (3.62, 1.89, 1.73)
"""Bins of days, of number of answers and of lapses grow by these factors."""


class Answer(NamedTuple):
    """A rating, and the study days since the answer before; 0 at the first."""

    rating: int
    days: int


class Trial(NamedTuple):
    """An answer on a later study day than the one before it: what a model can be judged by."""

    review_id: str
    prompt_number: int
    answers: Sequence[Answer]
    """Those of the prompt up to this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How far forecasts of recall were off; lower is better."""

    log_loss: float
    rmse_bins: float
    """Root mean square error over bins, as https://github.com/open-spaced-repetition/srs-benchmark
    has it: of days, of answers on later days, and of lapses."""


@dataclass(slots=True)
class _History:
    last_day: int
    answers: list[Answer] = field(default_factory=list)
    prefixes: list[tuple[str, list[Answer]]] = field(default_factory=list)
    """The id of each answer on a later day, and all answers up to it."""


def list_trials(reviews: Iterable[Review], rollover_hour: int) -> list[Trial]:
    """Return the trials of reviews, which come in order and are not undone, in the same order.

    As in Anki (rslib/src/scheduler/fsrs/params.rs), what preceded a reset does not count.
    """
    histories: dict[str, _History] = {}
    for review in reviews:
        if review.act is Act.RESET:
            histories.pop(review.prompt, None)
        if review.act is not Act.ANSWER or review.rating is None:
            continue
        day = count_study_day(review.at_ms, review.utc_offset_minutes, rollover_hour)
        history = histories.get(review.prompt)
        if history is None:
            history = histories[review.prompt] = _History(day)
        days = max(day - history.last_day, 0)
        history.last_day = day
        history.answers.append(Answer(review.rating, days))
        if days:
            history.prefixes.append((review.id, history.answers[:]))
    trials = (
        Trial(review_id, number, prefix)
        for number, history in enumerate(histories.values())
        for review_id, prefix in history.prefixes
    )
    return sorted(trials, key=lambda trial: trial.review_id)


def score_parameters(parameters: Sequence[float], trials: Sequence[Trial]) -> Score:
    """Return how well the parameters of FSRS-6 foretell at least one trial."""
    maths = Maths(parameters, 0.9)
    losses = 0.0
    bins: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for trial in trials:
        forecast = _forecast(maths, trial.answers)
        is_recalled = trial.answers[-1].rating != Rating.AGAIN
        losses -= log(forecast if is_recalled else 1 - forecast)
        sums = bins[_find_bin(trial.answers)]
        sums[0] += forecast - is_recalled
        sums[1] += 1
    squares = sum(error * error / number for error, number in bins.values())
    return Score(log_loss=losses / len(trials), rmse_bins=sqrt(squares / len(trials)))


def _forecast(maths: Maths, answers: Sequence[Answer]) -> float:
    """Return the expected recall at the last answer, from those before it."""
    stability, difficulty = maths.start(answers[0].rating)
    for rating, days in answers[1:-1]:
        stability = maths.stabilise(stability, difficulty, days, rating)
        difficulty = maths.toughen(difficulty, rating)
    return maths.recall(stability, answers[-1].days)


def _find_bin(answers: Sequence[Answer]) -> tuple[int, ...]:
    later = [answer for answer in answers if answer.days]
    lapses = sum(answer.rating == Rating.AGAIN for answer in later[:-1])
    figures = (answers[-1].days, len(later) + 1, lapses)
    return tuple(
        floor(log(figure, base)) if figure else -1
        for figure, base in zip(figures, _BASES, strict=True)
    )
