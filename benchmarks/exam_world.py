"""A simulated learner, whose memory follows FSRS-6 with its own parameters, before an exam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardwright.study.fsrs import DEFAULT_PARAMETERS
from cardwright.study.workload import Habits

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
HABITS: Final = Habits()
_AGAIN, _GOOD, _EASY = 1, 3, 4
_DECAY_LIMITS: Final = (0.1, 0.8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """An exam and a learner who prepares for it."""

    seed: int
    cards: int
    days: int
    minutes: int
    missed_share: float
    known_share: float
    """The share of cards studied before."""
    domain_weights: tuple[float, ...]
    guess_rate: float
    parameters: tuple[float, ...]
    """The parameters of the learner's true memory."""


def draw_scenario(seed: int) -> Scenario:
    """Return a scenario; the same seed gives the same one."""
    dice = np.random.default_rng([seed, 1])
    raw = dice.dirichlet(np.full(int(dice.integers(1, 6)), 1.5))
    return Scenario(
        seed=seed,
        cards=int(np.exp(dice.uniform(np.log(200), np.log(2000)))),
        days=int(dice.integers(14, 91)),
        minutes=int(dice.integers(5, 31)),
        missed_share=float(dice.uniform(0, 0.3)),
        known_share=float(dice.uniform(0, 0.7)) * float(dice.random() < 0.7),
        domain_weights=tuple(float(weight) for weight in np.maximum(raw, 0.02)),
        guess_rate=0.25 * float(dice.random() < 0.3),
        parameters=_draw_parameters(dice),
    )


def _draw_parameters(dice: np.random.Generator) -> tuple[float, ...]:
    """Return parameters that vary around the defaults about as much as learners do."""
    w = np.array(DEFAULT_PARAMETERS)
    w[:4] = np.sort(w[:4] * np.exp(dice.normal(0, 0.5, 4)))
    w[4] = np.clip(w[4] + dice.normal(0, 0.7), 1, 10)
    w[8] += dice.normal(0, 0.25)
    w[9:20] *= np.exp(dice.normal(0, 0.15, 11))
    w[20] = np.clip(w[20] * np.exp(dice.normal(0, 0.4)), *_DECAY_LIMITS)
    return tuple(float(value) for value in w)


class Minds:
    """Memories of all cards under one set of parameters; stability 0 is an unseen card."""

    def __init__(self, parameters: tuple[float, ...], cards: int) -> None:
        """Start with nothing learned."""
        self.w = parameters
        self.decay = -parameters[20]
        self.factor = 0.9 ** (1 / self.decay) - 1
        self.stability: Floats = np.zeros(cards)
        self.difficulty: Floats = np.zeros(cards)
        self.last_day: Ints = np.zeros(cards, dtype=np.int64)

    def recall(self, day: int) -> Floats:
        """Return the recall of every card on a day (0 for unseen cards)."""
        stability = np.where(self.stability > 0, self.stability, 1.0)
        days = np.maximum(day - self.last_day, 0)
        recall = (1 + self.factor * days / stability) ** self.decay
        return np.where(self.stability > 0, recall, 0.0)

    def answer(self, cards: Ints, ratings: Ints, day: int) -> None:
        """Learn from ratings; a first answer or Again is followed by Good on the same day."""
        w, stability, difficulty = self.w, self.stability[cards], self.difficulty[cards]
        is_new = stability == 0
        s = np.where(is_new, 1.0, stability)
        d = np.where(is_new, 5.0, difficulty)
        days = np.maximum(day - self.last_day[cards], 0)
        missed = 1 - (1 + self.factor * days / s) ** self.decay
        bonus = np.array([0.0, 0.0, w[15], 1.0, w[16]])[ratings]
        rise = np.exp(w[8]) * (11 - d) * s ** -w[9] * (np.exp(w[10] * missed) - 1)
        fall = w[11] * d ** -w[12] * ((s + 1) ** w[13] - 1) * np.exp(w[14] * missed)
        fall = np.minimum(fall, s * np.exp(-w[17] * w[18]))
        s = np.where(ratings == _AGAIN, fall, s * (1 + rise * bonus))
        s = np.where(is_new, np.array([0.0, *w[:4]])[ratings], s)
        first = np.clip(w[4] - np.exp(w[5] * (ratings - 1)) + 1, 1, 10)
        d = np.where(is_new, first, self._next_difficulty(d, ratings))
        again = (is_new & (ratings != _EASY)) | (ratings == _AGAIN)
        s = np.maximum(s, 0.001)
        s = np.where(again, s * np.maximum(np.exp(w[17] * w[18]) * s ** -w[19], 1), s)
        d = np.where(again, self._next_difficulty(d, np.full(len(d), _GOOD)), d)
        self.stability[cards], self.difficulty[cards] = np.minimum(s, 36_500), d
        self.last_day[cards] = day

    def _next_difficulty(self, difficulty: Floats, ratings: Ints) -> Floats:
        w = self.w
        damped = difficulty - w[6] * (ratings - 3) * (10 - difficulty) / 9
        pull = w[7] * (w[4] - np.exp(w[5] * (_EASY - 1)) + 1)
        following: Floats = np.clip(pull + (1 - w[7]) * damped, 1, 10)
        return following


class World:
    """A learner in a scenario: the true memories, and those a program expects."""

    def __init__(self, scenario: Scenario, draw: int) -> None:
        """Start on day 0; `draw` determines luck and the days missed."""
        self.scenario = scenario
        dice = np.random.default_rng([scenario.seed, 2])
        n = scenario.cards
        self.domain = dice.choice(len(scenario.domain_weights), n)
        raw = np.array(scenario.domain_weights)[self.domain]
        raw = raw / np.bincount(self.domain, minlength=len(scenario.domain_weights))[self.domain]
        self.weight: Floats = raw / raw.sum()
        self._dice = np.random.default_rng([scenario.seed, 3, draw])
        self.is_missed = self._dice.random(scenario.days) < scenario.missed_share
        self.truth = Minds(scenario.parameters, n)
        self.belief = Minds(DEFAULT_PARAMETERS, n)
        self.due_day: Ints = np.zeros(n, dtype=np.int64)
        self.used_s = 0.0
        self.begun = 0
        self._study_before(round(n * scenario.known_share))
        # Each day and card has its own luck, so rivals that ask the same get the same answers.
        self._luck = self._dice.random((scenario.days, n))

    def _study_before(self, known: int) -> None:
        """Study some cards, starting up to 60 days ago and repeating them when due."""
        cards = self._dice.permutation(self.scenario.cards)[:known]
        first = -self._dice.integers(1, 61, known)
        for day in range(-60, 0):
            is_due = (self.belief.stability[cards] > 0) & (self.due_day[cards] <= day)
            asked = cards[is_due | (first == day)]
            self._rate(asked, day, self._dice.random(len(asked)))

    def study(self, day: int, order: Ints) -> None:
        """Ask cards in order until the minutes are used up."""
        left_s = self.scenario.minutes * 60.0
        luck = self._luck[day][order]
        is_new = self.belief.stability[order] == 0
        is_lapse = ~is_new & (luck >= self.truth.recall(day)[order])
        cost_s = np.where(
            is_new, HABITS.new_s, np.where(is_lapse, HABITS.forgotten_s, HABITS.recalled_s)
        )
        asked = np.cumsum(cost_s) - cost_s < left_s
        self.used_s += float(cost_s[asked].sum())
        self.begun += int(is_new[asked].sum())
        self._rate(order[asked], day, luck[asked])

    def _rate(self, cards: Ints, day: int, luck: Floats) -> None:
        """Answer cards. Apart from Again, ratings do not depend on recall."""
        if not len(cards):
            return
        recall = self.truth.recall(day)[cards]
        is_new = self.belief.stability[cards] == 0
        first = np.searchsorted(np.cumsum(HABITS.first_shares)[:3], luck, side="right") + 1
        # Given a success, rescale luck to a uniform number between 0 and 1.
        scaled = np.where(is_new, 0.0, luck / np.maximum(recall, 1e-9))
        later = np.searchsorted(np.cumsum(HABITS.recalled_shares)[:2], scaled, side="right") + 2
        ratings = np.where(is_new, first, np.where(luck < recall, later, _AGAIN))
        self.truth.answer(cards, ratings, day)
        self.belief.answer(cards, ratings, day)
        self.due_day[cards] = day + np.maximum(np.round(self.belief.stability[cards]), 1)

    def score(self) -> float:
        """Return the expected share of the exam known on its day, in percent."""
        recall = self.truth.recall(self.scenario.days)
        guess = self.scenario.guess_rate
        return 100 * float(self.weight @ (guess + (1 - guess) * recall))
