"""Learning from the answers how the user forgets.

Both models of forgetting are fitted to the answers by maximum a posteriori, from the first days on:
with few answers the parameters stay near those in force, which is a correction of the level; with
many they go where the answers are. The model that agrees better with the answers is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from cardwright.exam.forgetting import (
    Bools,
    Floats,
    Forgetting,
    FsrsForgetting,
    Ints,
    Memories,
    TwoRates,
)
from cardwright.history import Rating

_MAX_PROMPTS: Final = 300
"""A fit uses the answers to at most this many prompts."""
_MAX_STEPS: Final = 10
_STEP: Final = 0.04
"""The difference by which derivatives are taken, in units of the logarithms of parameters."""
_DAMPINGS: Final = np.array([0.1, 1.0, 10.0, 100.0, 1000.0])
_MAX_CHANGE: Final = 1.5
_BOUND: Final = 5.0
"""The number of standard deviations that a fit can be away from what was assumed."""
_ENOUGH_GAIN: Final = 0.2
_SLIP: Final = 0.01
"""The share of answers that have nothing to do with memory, on either side."""
_DECAY_LIMITS: Final = (0.05, 5.0)
_MAX_SATURATION: Final = 0.9
_MIN_TESTS: Final = 15
_PRIOR_ODDS: Final = 3.0
"""How much better, in natural logarithms, two rates must agree with the answers than FSRS-6."""


class Kind(NamedTuple):
    """A model of forgetting, with what is assumed of its parameters before any answer.

    Its parameters are made from a few directions, in which deviations are normally distributed.
    """

    make: Callable[[Sequence[float], Floats], Forgetting]
    """Returns the model from parameters of FSRS-6 in force and rows of deviations."""
    spreads: Floats
    """The standard deviations."""
    starts: Floats
    """Rows of deviations from which a first fit starts: the best of them."""


def _make_fsrs(in_force: Sequence[float], deviations: Floats) -> FsrsForgetting:
    w = [np.full((len(deviations), 1), parameter) for parameter in in_force]
    columns = deviations.T[:, :, None]
    level, tilt, growth, lapse, decay, saturation, spacing, difficulty = columns
    w[0] = w[0] * np.exp(level - tilt)
    w[1] = w[1] * np.exp(level - tilt / 2)
    w[2], w[3] = w[2] * np.exp(level), w[3] * np.exp(level)
    w[6] = w[6] * np.exp(difficulty)
    w[8] = w[8] + growth
    w[9] = np.clip(w[9] * np.exp(saturation), 0.0, _MAX_SATURATION)
    w[10] = w[10] * np.exp(spacing)
    w[11] = w[11] * np.exp(lapse + 0.3 * level)
    w[20] = np.clip(w[20] * np.exp(decay), *_DECAY_LIMITS)
    return FsrsForgetting(w)


def _make_two_rates(in_force: Sequence[float], deviations: Floats) -> TwoRates:  # noqa: ARG001
    slow, ratio, fast, share, growth, fade, loss = deviations.T[:, :, None]
    return TwoRates(
        [
            15.0 * np.exp(slow),
            np.exp(ratio),
            1.2 * np.exp(fast),
            _squash(share),
            1.5 * np.exp(growth),
            _squash(fade + 1.4),
            _squash(loss),
        ]
    )


def _squash(values: Floats) -> Floats:
    squashed: Floats = 1 / (1 + np.exp(-values))
    return squashed


def _cross(*choices: Sequence[float]) -> Floats:
    return np.array(np.meshgrid(*choices)).reshape(len(choices), -1).T


FSRS: Final = Kind(
    _make_fsrs,
    np.array([0.9, 0.5, 0.6, 0.7, 0.9, 0.4, 0.4, 0.4]),
    _cross(
        (-3.0, -1.5, 0.0, 1.0),
        (0.0,),
        (-1.0, 0.0),
        (0.0,),
        (-0.5, 0.7, 1.8),
        (0.0,),
        (0.0,),
        (0.0,),
    ),
)
TWO_RATES: Final = Kind(
    _make_two_rates,
    np.array([0.9, 0.5, 0.7, 1.0, 0.6, 0.7, 0.7]),
    _cross((-1.0, 0.0, 1.0), (0.0,), (-0.7, 0.7), (-1.5, 0.0, 1.0), (-0.7, 0.5), (0.0,), (0.0,)),
)
KINDS: Final = (FSRS, TWO_RATES)


class AnswerLog:
    """The answers to a number of prompts, in order, and the memories of those without answers."""

    def __init__(self, prompts: int) -> None:
        """Start without answers."""
        self._size = prompts
        self._rows: list[tuple[int, int, int]] = []
        self._assumed = Memories(np.zeros(prompts), np.zeros(prompts))
        self._assumed_day = np.zeros(prompts, np.int64)
        self._is_begun = np.zeros(prompts, bool)
        self.last_day: Ints = np.zeros(prompts, np.int64)
        """The day of the last answer to each prompt."""

    def assume(self, prompt: int, stability: float, difficulty: float, last_day: int) -> None:
        """Start a prompt with a memory of FSRS-6, since its answers are not known."""
        self._assumed.stability[prompt] = stability
        self._assumed.trait[prompt] = difficulty
        self._assumed_day[prompt] = self.last_day[prompt] = last_day
        self._is_begun[prompt] = True

    def add(self, prompt: int, day: int, rating: int) -> None:
        """Add the latest answer to a prompt."""
        self._rows.append((prompt, day, rating))
        self.last_day[prompt] = day
        self._is_begun[prompt] = True

    def is_begun(self, prompt: int) -> bool:
        """Tell whether a prompt has an answer or a memory."""
        return bool(self._is_begun[prompt])

    def compile(self) -> History:
        """Return the answers as arrays."""
        rows = np.array(self._rows, np.int64).reshape(-1, 3)
        prompt, day, rating = rows.T
        order = np.argsort(prompt, kind="stable")
        prompt, day, rating = prompt[order], day[order], rating[order]
        counts = np.bincount(prompt, minlength=self._size)
        firsts = np.cumsum(counts) - counts
        place = np.arange(len(prompt)) - firsts[prompt]
        is_assumed = self._assumed.stability > 0
        begun = np.flatnonzero((counts > 0) | is_assumed)
        begun = begun[np.argsort(-counts[begun], kind="stable")]
        gap = np.diff(day, prepend=0)
        is_first = place == 0
        since = day - self._assumed_day[prompt]
        gap[is_first] = np.where(is_assumed[prompt], since, 0)[is_first]
        starts = firsts[begun]
        steps = []
        for number in range(int(counts.max(initial=0))):
            at = starts[: np.count_nonzero(counts[begun] > number)] + number
            steps.append(Step(np.maximum(gap[at], 0), rating[at]))
        tests = int(np.count_nonzero(gap > 0))
        return History(begun, tuple(steps), self._assumed.take(begun), tests)


class Step(NamedTuple):
    """The n-th answers to the prompts that have at least n."""

    days: Ints
    """Since the answer before."""
    ratings: Ints


class Trials(NamedTuple):
    """Answers on a later day than the one before, with what was expected of them."""

    expected: Floats
    """Rows are sets of parameters, columns are answers."""
    is_recalled: Bools


@dataclass(frozen=True, slots=True)
class History:
    """Answers as arrays: a column is a prompt, those with the most answers first."""

    prompts: Ints
    """Their indices."""
    steps: tuple[Step, ...]
    assumed: Memories
    """Of prompts whose first answers are not known; stability 0 where they are."""
    tests: int
    """The number of answers on a later day than the one before."""

    def sample(self, max_prompts: int) -> History:
        """Return the answers to some of the prompts, at even distances."""
        count = len(self.prompts)
        if count <= max_prompts:
            return self
        return self.select(np.arange(max_prompts) * count // max_prompts)

    def select(self, columns: Ints) -> History:
        """Return the answers to some of the prompts, by their columns in order."""
        steps = []
        for step in self.steps:
            some = columns[: np.searchsorted(columns, len(step.days))]
            if not len(some):
                break
            steps.append(Step(step.days[some], step.ratings[some]))
        prompts, assumed = self.prompts[columns], self.assumed.take(columns)
        return History(prompts, tuple(steps), assumed, self.tests)

    def replay(self, model: Forgetting) -> tuple[Memories, Trials]:
        """Return the memories after all answers under each set of parameters, and the trials."""
        memories = model.assume(self.assumed)
        memories = Memories(memories.stability.copy(), memories.trait.copy())
        expected, is_recalled = [np.zeros((len(memories.stability), 0))], [np.zeros(0, bool)]
        has_memory = self.assumed.stability > 0
        for number, (days, ratings) in enumerate(self.steps):
            all_ = np.arange(len(days))
            is_first = ~has_memory[all_] if number == 0 else np.zeros(len(days), bool)
            is_test = (days > 0) & ~is_first
            for columns, act in (
                (all_[is_first], "start"),
                (all_[~is_test & ~is_first], "repeat"),
                (all_[is_test], "answer"),
            ):
                if not len(columns):
                    continue
                before, given = memories.take((slice(None), columns)), ratings[columns]
                if act == "start":
                    after = model.start(given)
                elif act == "repeat":
                    after = model.repeat(before, given)
                else:
                    recall = model.recall(before, days[columns])
                    expected.append(recall)
                    is_recalled.append(given > Rating.AGAIN)
                    after = model.answer(before, recall, given)
                memories.stability[:, columns], memories.trait[:, columns] = after
        return memories, Trials(np.concatenate(expected, axis=1), np.concatenate(is_recalled))


@dataclass(frozen=True, slots=True)
class Fit:
    """The parameters of a model that agree best with the answers."""

    kind: Kind
    deviations: Floats
    spread: Floats
    """The covariance of the deviations that is left."""
    evidence: float
    """The logarithm of the posterior density, but for a constant."""

    def make(self, in_force: Sequence[float], rows: int) -> Forgetting:
        """Return the model with as many equal sets of parameters."""
        return self.kind.make(in_force, np.tile(self.deviations, (rows, 1)))


def fit_kind(
    kind: Kind, history: History, in_force: Sequence[float], start: Floats | None = None
) -> Fit:
    """Return the parameters of a model that agree best with the answers.

    Levenberg's and Marquardt's method with Fisher's information, from `start` or the best of the
    kind's starting points.
    """
    size = len(kind.spreads)
    precision = np.diag(kind.spreads**-2)
    if not history.tests:
        return Fit(kind, np.zeros(size), np.diag(kind.spreads**2), 0.0)
    some = history.sample(_MAX_PROMPTS)

    def measure(rows: Floats) -> tuple[Floats, Floats, Bools]:
        _, trials = some.replay(kind.make(in_force, rows))
        expected = _SLIP + (1 - 2 * _SLIP) * trials.expected
        losses = np.log(np.where(trials.is_recalled, expected, 1 - expected)).sum(axis=1)
        return losses - ((rows / kind.spreads) ** 2).sum(axis=1) / 2, expected, trials.is_recalled

    if start is None:
        start = kind.starts[measure(kind.starts)[0].argmax()]
    found, damping = start, 1e-2
    steps = np.concatenate([np.zeros((1, size)), np.eye(size), -np.eye(size)]) * _STEP
    for _ in range(_MAX_STEPS):
        densities, expected, is_recalled = measure(found + steps)
        recall = expected[0]
        slopes = (expected[1 : size + 1] - expected[size + 1 :]) / (2 * _STEP)
        weighted = slopes / (recall * (1 - recall))
        gradient = weighted @ (is_recalled - recall) - precision @ found
        information = weighted @ slopes.T + precision
        tried = [
            found
            + np.clip(
                np.linalg.solve(information + np.diag(np.diag(information)) * each, gradient),
                -_MAX_CHANGE,
                _MAX_CHANGE,
            )
            for each in damping * _DAMPINGS
        ]
        rows = np.clip(tried, -_BOUND * kind.spreads, _BOUND * kind.spreads)
        reached = measure(rows)[0]
        best = int(reached.argmax())
        gain = reached[best] - densities[0]
        if gain <= 0:
            break
        found, damping = rows[best], float(np.clip(damping * _DAMPINGS[best], 1e-4, 1e3))
        if gain < _ENOUGH_GAIN:
            break
    return Fit(kind, found, np.linalg.inv(information), float(densities[0]))


@dataclass(frozen=True, slots=True)
class Learned:
    """What the answers say about how the user forgets."""

    fits: tuple[Fit, ...]
    """Of each kind."""
    tests: int
    """The number of answers on a later day than the one before."""

    @property
    def best(self) -> int:
        """The index of the fit that agrees best with the answers; of FSRS-6 if they are too few."""
        fsrs, two_rates = self.fits
        return int(two_rates.evidence - fsrs.evidence > _PRIOR_ODDS)

    @property
    def is_known(self) -> bool:
        """Whether there were enough answers to fit anything."""
        return self.tests >= _MIN_TESTS


def learn(history: History, in_force: Sequence[float], before: Learned | None = None) -> Learned:
    """Fit both models to the answers, starting from what was learned before."""
    if history.tests < _MIN_TESTS:
        history = History(history.prompts, (), history.assumed, 0)
    starts: Iterable[Floats | None] = [None] * len(KINDS)
    if before and before.is_known:
        starts = [fit.deviations for fit in before.fits]
    fits = tuple(
        fit_kind(kind, history, in_force, start) for kind, start in zip(KINDS, starts, strict=True)
    )
    return Learned(fits, history.tests)
