"""Fit the parameters of FSRS-6 to the user's answers, and measure how well they predict.

Fitting uses fsrs-rs, the library that Anki uses. It is an optional extra; importing this module
raises ImportError if it is not installed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import floor, log, sqrt
from typing import Final, NamedTuple

from fsrs_rs_python import FSRS, FSRSItem, FSRSReview, TrainingConfig

from cardwright.history import Act, Rating, Review, count_study_day
from cardwright.study.fsrs import Fsrs

_BASES: Final = (3.62, 1.89, 1.73)
"""The growth factors of the bins of days, answers and lapses."""


class Repetition(NamedTuple):
    """A rating, and the study days since the previous answer (0 for the first)."""

    rating: int
    days: int


class Trial(NamedTuple):
    """An answer on a later study day than the previous one, which tests a model's prediction."""

    review_id: str
    prompt_number: int
    history: Sequence[Repetition]
    """All answers to the prompt, shared by its trials."""
    position: int
    """The index of this answer in the history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The error of predictions of recall; lower is better."""

    log_loss: float
    rmse_bins: float
    """Root mean square error over bins of days, of answers on later days, and of lapses: as in
    https://github.com/open-spaced-repetition/srs-benchmark."""


def list_trials(reviews: Iterable[Review], rollover_hour: int) -> list[Trial]:
    """Return the trials among reviews (in order, without undone ones), in the same order.

    As in Anki (rslib/src/scheduler/fsrs/params.rs), answers before a reset are ignored.
    """
    histories: dict[str, list[Repetition]] = {}
    ids: dict[str, list[str]] = {}
    last_days: dict[str, int] = {}
    for review in reviews:
        key = review.key
        if review.act is Act.RESET:
            histories.pop(key, None)
        if review.act is not Act.ANSWER or review.rating is None:
            continue
        day = count_study_day(review.at_ms, review.utc_offset_minutes, rollover_hour)
        if key not in histories:
            histories[key], ids[key], last_days[key] = [], [], day
        days = max(day - last_days[key], 0)
        last_days[key] = day
        histories[key].append(Repetition(int(review.rating), days))
        ids[key].append(review.id)
    trials = (
        Trial(ids[key][index], number, history, index)
        for number, (key, history) in enumerate(histories.items())
        for index, repetition in enumerate(history)
        if repetition.days
    )
    return sorted(trials)


def evaluate_parameters(parameters: Sequence[float], trials: Sequence[Trial]) -> Evaluation:
    """Return how well parameters of FSRS-6 predict trials, of which there must be at least one."""
    predictor = _Predictor(parameters)
    losses = 0.0
    bins: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for trial in trials:
        predicted = predictor.predict(trial)
        is_recalled = trial.history[trial.position].rating != Rating.AGAIN
        losses -= log(predicted if is_recalled else 1 - predicted)
        sums = bins[_find_bin(trial)]
        sums[0] += predicted - is_recalled
        sums[1] += 1
    squares = sum(error * error / number for error, number in bins.values())
    return Evaluation(log_loss=losses / len(trials), rmse_bins=sqrt(squares / len(trials)))


class _Predictor:
    """Predicts the trials of each prompt in order, so that each answer is computed once."""

    def __init__(self, parameters: Sequence[float]) -> None:
        self._fsrs = Fsrs(parameters)
        self._memories: dict[int, tuple[int, float, float]] = {}

    def predict(self, trial: Trial) -> float:
        """Return the recall expected at a trial from the answers before it."""
        _, number, history, position = trial
        done, stability, difficulty = self._memories.get(number, (0, 0.0, 0.0))
        for rating, days in history[done:position]:
            if not stability:
                stability = self._fsrs.initial_stability(rating)
                difficulty = self._fsrs.initial_difficulty(rating)
                continue
            stability = self._fsrs.next_stability(stability, difficulty, days, rating)
            difficulty = self._fsrs.next_difficulty(difficulty, rating)
        self._memories[number] = position, stability, difficulty
        return float(self._fsrs.retrievability(stability, history[position].days))


def _find_bin(trial: Trial) -> tuple[int, ...]:
    _, _, history, position = trial
    earlier = [rating for rating, days in history[:position] if days]
    figures = (history[position].days, len(earlier) + 2, earlier.count(Rating.AGAIN))
    return tuple(
        floor(log(figure, base)) if figure else -1
        for figure, base in zip(figures, _BASES, strict=True)
    )


MIN_TRIALS: Final = 500
"""The fewest that are worth fitting; a fifth of them, 100, are held out."""
_FITTED_SHARE: Final = 0.8
"""The share of trials, the earliest ones, used for fitting; the rest evaluate the fit."""
_EPOCHS: Final = 8
"""As in Anki; the default of fsrs-rs differs."""
_DECIMALS: Final = 6
"""The precision of the 32-bit floats that fsrs-rs uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The result of fitting."""

    held_out: int
    """The number of latest trials excluded from the fit and used to evaluate it."""
    before: Evaluation
    """The error of the parameters in force."""
    after: Evaluation
    """The error of parameters fitted to the trials before those held out."""
    parameters: tuple[float, ...]
    """Parameters fitted to all trials if fitting predicts better, otherwise those in force."""

    @property
    def is_better(self) -> bool:
        """Whether the fitted parameters predict better than those in force."""
        return self.after.log_loss < self.before.log_loss


def fit(trials: Sequence[Trial], in_force: Sequence[float], relearning_steps: int) -> Fit:
    """Fit parameters to at least MIN_TRIALS trials, and evaluate them on the latest ones."""
    fitted = int(len(trials) * _FITTED_SHARE)
    held_out = trials[fitted:]
    found = Fit(
        held_out=len(held_out),
        before=evaluate_parameters(in_force, held_out),
        after=evaluate_parameters(fit_parameters(trials[:fitted], relearning_steps), held_out),
        parameters=tuple(in_force),
    )
    if not found.is_better:
        return found
    return replace(found, parameters=fit_parameters(trials, relearning_steps))


def fit_parameters(trials: Sequence[Trial], relearning_steps: int) -> tuple[float, ...]:
    """Return the parameters that fit trials best; with few trials they stay near the defaults."""
    histories = {trial.prompt_number: trial.history for trial in trials}
    reviews = {
        number: [FSRSReview(*repetition) for repetition in history]
        for number, history in histories.items()
    }
    parameters = FSRS([]).compute_parameters(
        [FSRSItem(reviews[number][: position + 1]) for _, number, _, position in trials],
        card_ids=[trial.prompt_number for trial in trials],
        enable_short_term=True,
        num_relearning_steps=relearning_steps,
        training_config=TrainingConfig(num_epochs=_EPOCHS),
    )
    return tuple(round(parameter, _DECIMALS) for parameter in parameters)
