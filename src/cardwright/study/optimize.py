"""Fitting FSRS parameters to a user's own answers, and measuring how well they predict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import floor, log, sqrt
from typing import Final, NamedTuple

from fsrs_rs_python import FSRS, FSRSItem, FSRSReview, TrainingConfig

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
    history: Sequence[Answer]
    """All answers of the prompt, the same sequence in each of its trials."""
    place: int
    """Index of this one among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How far forecasts of recall were off; lower is better."""

    log_loss: float
    rmse_bins: float
    """Root mean square error over bins, as https://github.com/open-spaced-repetition/srs-benchmark
    has it: of days, of answers on later days, and of lapses."""


def list_trials(reviews: Iterable[Review], rollover_hour: int) -> list[Trial]:
    """Return the trials of reviews, which come in order and are not undone, in the same order.

    As in Anki (rslib/src/scheduler/fsrs/params.rs), what preceded a reset does not count.
    """
    histories: dict[str, list[Answer]] = {}
    ids: dict[str, list[str]] = {}
    last_days: dict[str, int] = {}
    for review in reviews:
        prompt = review.prompt
        if review.act is Act.RESET:
            histories.pop(prompt, None)
        if review.act is not Act.ANSWER or review.rating is None:
            continue
        day = count_study_day(review.at_ms, review.utc_offset_minutes, rollover_hour)
        if prompt not in histories:
            histories[prompt], ids[prompt], last_days[prompt] = [], [], day
        days = max(day - last_days[prompt], 0)
        last_days[prompt] = day
        histories[prompt].append(Answer(int(review.rating), days))
        ids[prompt].append(review.id)
    trials = (
        Trial(ids[prompt][place], number, history, place)
        for number, (prompt, history) in enumerate(histories.items())
        for place, answer in enumerate(history)
        if answer.days
    )
    return sorted(trials)


def score_parameters(parameters: Sequence[float], trials: Sequence[Trial]) -> Score:
    """Return how well the parameters of FSRS-6 foretell trials, of which there is one at least."""
    foreteller = _Foreteller(parameters)
    losses = 0.0
    bins: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for trial in trials:
        forecast = foreteller.foretell(trial)
        is_recalled = trial.history[trial.place].rating != Rating.AGAIN
        losses -= log(forecast if is_recalled else 1 - forecast)
        sums = bins[_find_bin(trial)]
        sums[0] += forecast - is_recalled
        sums[1] += 1
    squares = sum(error * error / number for error, number in bins.values())
    return Score(log_loss=losses / len(trials), rmse_bins=sqrt(squares / len(trials)))


class _Foreteller:
    """Goes through the trials of each prompt in order, so that no answer is met twice."""

    def __init__(self, parameters: Sequence[float]) -> None:
        self._maths = Maths(parameters, 0.9)
        self._memories: dict[int, tuple[int, float, float]] = {}

    def foretell(self, trial: Trial) -> float:
        """Return the expected recall at a trial, from the answers before it."""
        _, number, history, place = trial
        met, stability, difficulty = self._memories.get(number, (0, 0.0, 0.0))
        for rating, days in history[met:place]:
            if not stability:
                stability, difficulty = self._maths.start(rating)
                continue
            stability = self._maths.stabilise(stability, difficulty, days, rating)
            difficulty = self._maths.toughen(difficulty, rating)
        self._memories[number] = place, stability, difficulty
        return self._maths.recall(stability, history[place].days)


def _find_bin(trial: Trial) -> tuple[int, ...]:
    _, _, history, place = trial
    earlier = [rating for rating, days in history[:place] if days]
    figures = (history[place].days, len(earlier) + 2, earlier.count(Rating.AGAIN))
    return tuple(
        floor(log(figure, base)) if figure else -1
        for figure, base in zip(figures, _BASES, strict=True)
    )


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
