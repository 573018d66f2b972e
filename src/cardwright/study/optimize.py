"""The 21 parameters of FSRS-6, fitted to one's own answers by the library that Anki fits with.

To import this module raises ImportError where that library, an optional one, is not installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from fsrs_rs_python import FSRS, FSRSItem, FSRSReview, TrainingConfig

from cardwright.study.evaluate import Score, Trial, score_parameters

LEAST_TRIALS: Final = 500
"""Fewer say too little: of these, 100 are held out."""
_FITTED_SHARE: Final = 0.8
"""The part, by time, to which parameters are fitted that the rest judges."""
_EPOCHS: Final = 8
"""As in Anki; the library's own default is another."""
_DECIMALS: Final = 6
"""What single precision holds."""


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


def fit(trials: Sequence[Trial], in_force: Sequence[float], relearning_steps: int) -> Fit:
    """Fit parameters to at least LEAST_TRIALS trials, and judge them by the latest ones."""
    fitted = int(len(trials) * _FITTED_SHARE)
    held_out = trials[fitted:]
    found = Fit(
        held_out=len(held_out),
        before=score_parameters(in_force, held_out),
        after=score_parameters(fit_parameters(trials[:fitted], relearning_steps), held_out),
        parameters=tuple(in_force),
    )
    if not found.is_better:
        return found
    return replace(found, parameters=fit_parameters(trials, relearning_steps))


def fit_parameters(trials: Sequence[Trial], relearning_steps: int) -> tuple[float, ...]:
    """Return the parameters that foretell trials best, near the usual ones if those say little."""
    histories = {trial.prompt_number: trial.history for trial in trials}
    reviews = {
        number: [FSRSReview(*answer) for answer in history] for number, history in histories.items()
    }
    parameters = FSRS([]).compute_parameters(
        [FSRSItem(reviews[number][: place + 1]) for _, number, _, place in trials],
        card_ids=[trial.prompt_number for trial in trials],
        enable_short_term=True,
        num_relearning_steps=relearning_steps,
        training_config=TrainingConfig(num_epochs=_EPOCHS),
    )
    return tuple(round(parameter, _DECIMALS) for parameter in parameters)
