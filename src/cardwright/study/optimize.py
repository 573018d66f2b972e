"""The 21 parameters of FSRS-6, fitted to one's own answers by the library that Anki fits with.

To import this module raises ImportError where that library, an optional one, is not installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from fsrs_rs_python import FSRS, FSRSItem, FSRSReview, TrainingConfig

from cardwright.history import Act, Review, count_study_day

LEAST_TRIALS: Final = 500
"""Fewer say too little: of these, 100 are held out."""
_FITTED_SHARE: Final = 0.8
"""The part, by time, to which parameters are fitted that the rest judges."""
_EPOCHS: Final = 8
"""As in Anki; the library's own default is another."""
_DECIMALS: Final = 6
"""What single precision holds."""


class Trial(NamedTuple):
    """An answer on a later study day than the one before it: what a model can be judged by."""

    review_id: str
    prompt_number: int
    history: FSRSItem
    """All answers of the prompt up to this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How far forecasts of recall were off; lower is better."""

    log_loss: float
    rmse_bins: float
    """Root mean square error over bins of interval, number of reviews and of lapses, as in
    https://github.com/open-spaced-repetition/srs-benchmark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What fitting came to."""

    held_out: int
    """Trials, the latest ones, that judge parameters which never saw them."""
    before: Score
    """Of the parameters in force."""
    after: Score
    """Of parameters fitted to the trials before those held out."""
    parameters: tuple[float, ...]
    """Fitted to all trials, if that promises to be better; else those in force."""

    @property
    def is_better(self) -> bool:
        """Whether fitted parameters foretell better than those in force."""
        return self.after.log_loss < self.before.log_loss


@dataclass(slots=True)
class _History:
    number: int
    answers: list[FSRSReview] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)
    last_day: int = 0


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
            history = histories[review.prompt] = _History(len(histories), last_day=day)
        days = max(day - history.last_day, 0)
        history.last_day = day
        history.answers.append(FSRSReview(int(review.rating), days))
        if days:
            trial = Trial(review.id, history.number, FSRSItem(history.answers))
            history.trials.append(trial)
    trials = (trial for history in histories.values() for trial in history.trials)
    return sorted(trials, key=lambda trial: trial.review_id)


def fit(trials: Sequence[Trial], in_force: Sequence[float], relearning_steps: int) -> Fit:
    """Fit parameters to at least LEAST_TRIALS trials, and judge them by the latest ones."""
    fitted = int(len(trials) * _FITTED_SHARE)
    held_out = trials[fitted:]
    before = score_parameters(in_force, held_out)
    after = score_parameters(fit_parameters(trials[:fitted], relearning_steps), held_out)
    is_better = after.log_loss < before.log_loss
    return Fit(
        held_out=len(held_out),
        before=before,
        after=after,
        parameters=fit_parameters(trials, relearning_steps) if is_better else tuple(in_force),
    )


def fit_parameters(trials: Sequence[Trial], relearning_steps: int) -> tuple[float, ...]:
    """Return the parameters that foretell trials best, near the usual ones if those say little."""
    parameters = FSRS([]).compute_parameters(
        [trial.history for trial in trials],
        card_ids=[trial.prompt_number for trial in trials],
        enable_short_term=True,
        num_relearning_steps=relearning_steps,
        training_config=TrainingConfig(num_epochs=_EPOCHS),
    )
    return tuple(round(parameter, _DECIMALS) for parameter in parameters)


def score_parameters(parameters: Sequence[float], trials: Sequence[Trial]) -> Score:
    """Return how well parameters foretell trials."""
    found = FSRS(list(parameters)).evaluate([trial.history for trial in trials])
    return Score(log_loss=found.log_loss, rmse_bins=found.rmse_bins)
