"""Simulated learners before an exam: their true memories, habits and days, which no program sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from cardwright.study.fsrs import DEFAULT_PARAMETERS
from cardwright.study.workload import Habits

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
HABITS: Final = Habits()
AGAIN, HARD, GOOD, EASY = 1, 2, 3, 4
_DECAY_LIMITS: Final = (0.1, 0.8)
_PRESTUDY_DAYS: Final = 60
_TRACES: Final = 40
"""How many presentations of a card ACT-R keeps apart; earlier ones share the first trace."""
FORGETTING: Final = ("FSRS", "mixture", "ACT-R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """An exam and a learner who prepares for it."""

    seed: int
    forgetting: str
    """One of FORGETTING."""
    cards: int
    days: int
    minutes: int
    missed_share: float
    burst_days: float
    """The mean length of a run of missed days."""
    known_share: float
    """The share of cards studied before."""
    domain_weights: tuple[float, ...]
    guess_rate: float
    parameters: tuple[float, ...]
    """Of the true memory; what they mean depends on `forgetting`."""
    unevenness: float
    """The standard deviation of the logarithm of how well a card is remembered."""
    style: str
    """How answers are rated: "usual", "two buttons", "hard for forgotten" or "noisy"."""
    family: int
    """How many prompts a card has, which are not asked on the same day."""
    interference: float
    """The share of recall that a prompt loses within three days of another one of its card."""
    pace: float
    """The mean time of an answer, as a multiple of the usual one."""
    time_spread: float
    """The standard deviation of the logarithm of the time of an answer."""


def draw_scenario(seed: int) -> Scenario:
    """Return a scenario; the same seed gives the same one."""
    dice = np.random.default_rng([seed, 1])
    raw = dice.dirichlet(np.full(int(dice.integers(1, 6)), 1.5))
    forgetting = FORGETTING[seed % len(FORGETTING)]
    return Scenario(
        seed=seed,
        forgetting=forgetting,
        cards=int(np.exp(dice.uniform(np.log(200), np.log(2000)))),
        days=int(dice.integers(14, 91)),
        minutes=int(dice.integers(5, 31)),
        missed_share=float(dice.uniform(0, 0.3)),
        burst_days=float(dice.uniform(1, 6)),
        known_share=float(dice.uniform(0, 0.7)) * float(dice.random() < 0.7),
        domain_weights=tuple(float(weight) for weight in np.maximum(raw, 0.02)),
        guess_rate=0.25 * float(dice.random() < 0.3),
        parameters=_DRAW[forgetting](dice),
        unevenness=float(dice.uniform(0, 0.8)),
        style=str(dice.choice(["usual", "usual", "two buttons", "hard for forgotten", "noisy"])),
        family=int(dice.integers(1, 4)),
        interference=float(dice.uniform(0, 0.2)),
        pace=float(np.exp(dice.normal(0, 0.35))),
        time_spread=float(dice.uniform(0.2, 0.8)),
    )


def make_foreseen(scenario: Scenario) -> Scenario:
    """Return the scenario with a learner who is as the program assumes."""
    return replace(
        scenario,
        forgetting="FSRS",
        parameters=DEFAULT_PARAMETERS,
        unevenness=0.0,
        style="usual",
        interference=0.0,
        pace=1.0,
        time_spread=0.0,
        missed_share=0.0,
    )


def _draw_fsrs(dice: np.random.Generator) -> tuple[float, ...]:
    """Return parameters that vary around the defaults about as much as learners do."""
    w = np.array(DEFAULT_PARAMETERS)
    w[:4] = np.sort(w[:4] * np.exp(dice.normal(0, 0.5, 4)))
    w[4] = np.clip(w[4] + dice.normal(0, 0.7), 1, 10)
    w[8] += dice.normal(0, 0.25)
    w[9:20] *= np.exp(dice.normal(0, 0.15, 11))
    w[20] = np.clip(w[20] * np.exp(dice.normal(0, 0.4)), *_DECAY_LIMITS)
    return tuple(float(value) for value in w)


def _draw_mixture(dice: np.random.Generator) -> tuple[float, ...]:
    """Return the days of the fast part, its share, the days of the slow part, and its growth."""
    return (
        float(dice.uniform(0.5, 2.5)),
        float(dice.uniform(0.3, 0.7)),
        float(np.exp(dice.normal(np.log(8), 0.5))),
        float(dice.uniform(0.8, 2.5)),
        float(dice.uniform(0.3, 0.7)),
    )


def _draw_act_r(dice: np.random.Generator) -> tuple[float, ...]:
    """Return a, c, the threshold, the noise, and how much better cards are known."""
    return (
        float(np.clip(dice.normal(0.177, 0.03), 0.1, 0.3)),
        float(dice.uniform(0.15, 0.28)),
        -0.704,
        float(dice.uniform(0.25, 0.5)),
        float(dice.normal(1.1, 0.25)),
    )


_DRAW: Final = {"FSRS": _draw_fsrs, "mixture": _draw_mixture, "ACT-R": _draw_act_r}


class Mind(Protocol):
    """The memories of all cards."""

    def recall(self, day: int) -> Floats:
        """Return the recall of every card on a day (0 for unseen cards)."""

    def answer(self, cards: Ints, ratings: Ints, day: int) -> None:
        """Learn from ratings; a first answer or Again is followed by Good on the same day."""


class FsrsMind:
    """Memories under FSRS-6; stability 0 is an unseen card."""

    def __init__(self, parameters: tuple[float, ...], ease: Floats) -> None:
        """Start with nothing learned; a card lasts `ease` times as long as its stability says."""
        self.w = parameters
        self.decay = -parameters[20]
        self.factor = (0.9 ** (1 / self.decay) - 1) / ease
        self.stability: Floats = np.zeros(len(ease))
        self.difficulty: Floats = np.zeros(len(ease))
        self.last_day: Ints = np.zeros(len(ease), dtype=np.int64)

    def recall(self, day: int) -> Floats:
        """Return the recall of every card on a day (0 for unseen cards)."""
        stability = np.where(self.stability > 0, self.stability, 1.0)
        days = np.maximum(day - self.last_day, 0)
        recall = (1 + self.factor * days / stability) ** self.decay
        return np.where(self.stability > 0, recall, 0.0)

    def list_intervals(self, retention: float) -> Floats:
        """Return the days after which recall falls to a retention, at least one."""
        days = self.stability * (retention ** (1 / self.decay) - 1) / self.factor
        intervals: Floats = np.maximum(np.round(days), 1)
        return intervals

    def answer(self, cards: Ints, ratings: Ints, day: int) -> None:
        """Learn from ratings; a first answer or Again is followed by Good on the same day."""
        w, stability, difficulty = self.w, self.stability[cards], self.difficulty[cards]
        is_new = stability == 0
        s = np.where(is_new, 1.0, stability)
        d = np.where(is_new, 5.0, difficulty)
        days = np.maximum(day - self.last_day[cards], 0)
        missed = 1 - (1 + self.factor[cards] * days / s) ** self.decay
        bonus = np.array([0.0, 0.0, w[15], 1.0, w[16]])[ratings]
        rise = np.exp(w[8]) * (11 - d) * s ** -w[9] * (np.exp(w[10] * missed) - 1)
        fall = w[11] * d ** -w[12] * ((s + 1) ** w[13] - 1) * np.exp(w[14] * missed)
        fall = np.minimum(fall, s * np.exp(-w[17] * w[18]))
        s = np.where(ratings == AGAIN, fall, s * (1 + rise * bonus))
        s = np.where(is_new, np.array([0.0, *w[:4]])[ratings], s)
        first = np.clip(w[4] - np.exp(w[5] * (ratings - 1)) + 1, 1, 10)
        d = np.where(is_new, first, self._next_difficulty(d, ratings))
        again = (is_new & (ratings != EASY)) | (ratings == AGAIN)
        s = np.maximum(s, 0.001)
        s = np.where(again, s * np.maximum(np.exp(w[17] * w[18]) * s ** -w[19], 1), s)
        d = np.where(again, self._next_difficulty(d, np.full(len(d), GOOD)), d)
        self.stability[cards], self.difficulty[cards] = np.minimum(s, 36_500), d
        self.last_day[cards] = day

    def _next_difficulty(self, difficulty: Floats, ratings: Ints) -> Floats:
        w = self.w
        damped = difficulty - w[6] * (ratings - 3) * (10 - difficulty) / 9
        pull = w[7] * (w[4] - np.exp(w[5] * (EASY - 1)) + 1)
        following: Floats = np.clip(pull + (1 - w[7]) * damped, 1, 10)
        return following


class MixtureMind:
    """Forgetting as a mixture of two exponentials: a fast part that fades out, and a slow one."""

    def __init__(self, parameters: tuple[float, ...], ease: Floats) -> None:
        """Start with nothing learned."""
        self._fast, self._share, self._slow, self._growth, self._loss = parameters
        self._ease = ease
        self._slow_days: Floats = np.zeros(len(ease))
        self._fast_share: Floats = np.full(len(ease), self._share)
        self._last_day: Ints = np.zeros(len(ease), dtype=np.int64)

    def recall(self, day: int) -> Floats:
        """Return the recall of every card on a day (0 for unseen cards)."""
        days = np.maximum(day - self._last_day, 0)
        slow = np.where(self._slow_days > 0, self._slow_days, 1.0)
        recall = self._fast_share * np.exp(-days / self._fast)
        recall += (1 - self._fast_share) * np.exp(-days / slow)
        return np.where(self._slow_days > 0, recall, 0.0)

    def answer(self, cards: Ints, ratings: Ints, day: int) -> None:
        """Learn from ratings: a success multiplies the slow days, more so after a long wait."""
        recall = self.recall(day)[cards]
        slow = self._slow_days[cards]
        start = self._slow * self._ease[cards]
        first = start * np.array([0.0, 0.4, 0.7, 1.0, 2.5])[ratings]
        bonus = np.array([0.0, 0.0, 0.6, 1.0, 1.6])[ratings]
        grown = slow * (1.1 + self._growth * (1 - recall) * bonus)
        lost = np.maximum(slow * self._loss, start * 0.4)
        later = np.where(ratings == AGAIN, lost, grown)
        self._slow_days[cards] = np.where(slow == 0, first, later)
        self._fast_share[cards] *= np.where((slow == 0) | (ratings == AGAIN), 1.0, 0.8)
        self._last_day[cards] = day


class ActRMind:
    """ACT-R with a decay that grows with activation (Pavlik and Anderson, 2005).

    A card's activation is the logarithm of the sum of its traces, each t^-d, where d = c·e^m + a and
    m is the activation at the time of the presentation.
    """

    _seconds_per_day = 86_400 * 0.025
    """Time between sessions passes more slowly: by the factor that the paper found."""
    _within_day = 60.0

    def __init__(self, parameters: tuple[float, ...], ease: Floats) -> None:
        """Start with nothing learned."""
        self._a, self._c, self._threshold, self._noise, level = parameters
        self._level = level + 0.3 * np.log(ease)
        n = len(ease)
        self._day = np.zeros((n, _TRACES))
        self._decay = np.zeros((n, _TRACES))
        self._count: Ints = np.zeros(n, dtype=np.int64)

    def _activate(self, cards: Ints, day: int) -> Floats:
        elapsed = (day - self._day[cards]) * self._seconds_per_day + self._within_day
        is_used = np.arange(_TRACES) < self._count[cards, None]
        total = np.where(is_used, elapsed ** -self._decay[cards], 0.0).sum(axis=1)
        activation: Floats = np.log(np.maximum(total, 1e-9))
        return activation

    def recall(self, day: int) -> Floats:
        """Return the recall of every card on a day (0 for unseen cards)."""
        recall: Floats = np.zeros(len(self._count))
        cards = np.flatnonzero(self._count)
        gap = self._threshold - self._activate(cards, day) - self._level[cards]
        recall[cards] = 1 / (1 + np.exp(gap / self._noise))
        return recall

    def answer(self, cards: Ints, ratings: Ints, day: int) -> None:
        """Add a trace for every presentation; a first answer and a lapse have two."""
        self._present(cards, day)
        self._present(cards[(ratings == AGAIN) | (self._count[cards] == 1)], day)

    def _present(self, cards: Ints, day: int) -> None:
        activation = np.where(self._count[cards] > 0, self._activate(cards, day), -9.0)
        place = np.minimum(self._count[cards], _TRACES - 1)
        self._day[cards, place] = day
        self._decay[cards, place] = self._c * np.exp(np.minimum(activation, 1.0)) + self._a
        self._count[cards] = place + 1


_MINDS: Final[dict[str, Callable[[tuple[float, ...], Floats], Mind]]] = {
    "FSRS": FsrsMind,
    "mixture": MixtureMind,
    "ACT-R": ActRMind,
}


class Answers(NamedTuple):
    """The answers of one day, in the order of asking."""

    cards: Ints
    ratings: Ints
    seconds: Floats
    is_new: NDArray[np.bool_]


class World:
    """A learner in a scenario: the true memories, and those that default FSRS-6 expects."""

    def __init__(self, scenario: Scenario, draw: int) -> None:
        """Start on day 0; `draw` determines luck and the days missed."""
        self.scenario = scenario
        dice = np.random.default_rng([scenario.seed, 2])
        n = scenario.cards
        self.domain = dice.choice(len(scenario.domain_weights), n)
        raw = np.array(scenario.domain_weights)[self.domain]
        raw = raw / np.bincount(self.domain, minlength=len(scenario.domain_weights))[self.domain]
        self.weight: Floats = raw / raw.sum()
        self.family = dice.permutation(n) // scenario.family
        ease = np.exp(dice.normal(0, scenario.unevenness, n))
        self._dice = np.random.default_rng([scenario.seed, 3, draw])
        self.is_missed = self._draw_missed()
        self.truth: Mind = _MINDS[scenario.forgetting](scenario.parameters, ease)
        self.belief = FsrsMind(DEFAULT_PARAMETERS, np.ones(n))
        self.due_day: Ints = np.zeros(n, dtype=np.int64)
        self.last_rating: Ints = np.zeros(n, dtype=np.int64)
        """As given; 0 for unseen cards."""
        self.used_on: dict[int, float] = {}
        """The seconds used, by day."""
        self.past: list[tuple[int, Answers]] = []
        """The days before the first, with their answers."""
        self._family_day: Ints = np.full(int(self.family.max()) + 1, -99)
        self._study_before(round(n * scenario.known_share))
        # Each day and card has its own luck, so rivals that ask the same get the same answers.
        self._luck = self._dice.random((scenario.days, n))
        self._style_luck = self._dice.random((scenario.days, n))
        self._pace = scenario.pace * np.exp(
            self._dice.normal(0, scenario.time_spread, (scenario.days, n))
            - scenario.time_spread**2 / 2
        )

    def _draw_missed(self) -> NDArray[np.bool_]:
        scenario, missed = self.scenario, []
        share, leave = scenario.missed_share, 1 / scenario.burst_days
        enter = leave * share / max(1 - share, 0.01)
        is_away = self._dice.random() < share
        for roll in self._dice.random(scenario.days):
            missed.append(is_away)
            is_away = roll >= leave if is_away else roll < enter
        return np.array(missed)

    def _study_before(self, known: int) -> None:
        """Study some cards, starting up to 60 days ago and repeating them when due."""
        cards = self._dice.permutation(self.scenario.cards)[:known]
        first = -self._dice.integers(1, _PRESTUDY_DAYS + 1, known)
        for day in range(-_PRESTUDY_DAYS, 0):
            is_due = (self.belief.stability[cards] > 0) & (self.due_day[cards] <= day)
            asked = cards[is_due | (first == day)]
            luck = self._dice.random((3, len(asked)))
            found = self._rate(asked, day, luck[0], luck[1], np.exp(0.5 * (luck[2] - 0.5)))
            if len(asked):
                self.past.append((day, found))

    def study(self, day: int, order: Ints) -> Answers:
        """Ask cards in order until the minutes of the day are used up; return the answers.

        Asking them one by one gives the same answers.
        """
        _, first = np.unique(self.family[order], return_index=True)
        order = order[np.sort(first)]
        found = self._rate(
            order,
            day,
            self._luck[day][order],
            self._style_luck[day][order],
            self._pace[day][order],
            self.scenario.minutes * 60.0 - self.used_on.get(day, 0.0),
        )
        self.used_on[day] = self.used_on.get(day, 0.0) + float(found.seconds.sum())
        return found

    def _rate(
        self,
        cards: Ints,
        day: int,
        luck: Floats,
        style_luck: Floats,
        pace: Floats,
        left_s: float = np.inf,
    ) -> Answers:
        """Answer cards as long as there is time."""
        recall = self.truth.recall(day)[cards]
        is_near = day - self._family_day[self.family[cards]] < 3
        recall = recall * np.where(is_near, 1 - self.scenario.interference, 1.0)
        is_new = self.belief.stability[cards] == 0
        first = np.searchsorted(np.cumsum(HABITS.first_shares)[:3], luck, side="right") + 1
        # Given a success, rescale luck to a uniform number between 0 and 1.
        scaled = np.where(is_new, 0.0, luck / np.maximum(recall, 1e-9))
        later = np.searchsorted(np.cumsum(HABITS.recalled_shares)[:2], scaled, side="right") + 2
        ratings = np.where(is_new, first, np.where(luck < recall, later, AGAIN))
        usual_s = np.where(
            is_new,
            HABITS.new_s,
            np.where(ratings == AGAIN, HABITS.forgotten_s, HABITS.recalled_s),
        )
        seconds = usual_s * pace
        asked = np.cumsum(seconds) - seconds < left_s
        cards, ratings, seconds = cards[asked], ratings[asked], seconds[asked]
        is_new = is_new[asked]
        shown = self._show(ratings, style_luck[asked])
        self.truth.answer(cards, ratings, day)
        self.belief.answer(cards, shown, day)
        self.due_day[cards] = day + np.maximum(np.round(self.belief.stability[cards]), 1)
        self._family_day[self.family[cards]] = day
        self.last_rating[cards] = shown
        return Answers(cards, shown, seconds, is_new)

    def _show(self, ratings: Ints, luck: Floats) -> Ints:
        """Return the ratings that the learner gives, which are all that a program sees."""
        style = self.scenario.style
        if style == "two buttons":
            return np.where(ratings > AGAIN, GOOD, AGAIN)
        if style == "hard for forgotten":
            return np.where((ratings == AGAIN) & (luck < 0.25), HARD, ratings)
        if style == "noisy":
            other = np.where(luck < 0.05, HARD, np.where(luck > 0.9, EASY, GOOD))
            noisy = np.where((luck < 0.2) | (luck > 0.9), other, ratings)
            return np.where(ratings == AGAIN, np.where(luck < 0.03, GOOD, AGAIN), noisy)
        return ratings

    @property
    def used_minutes(self) -> float:
        """The minutes of study from the first day on."""
        return sum(self.used_on.values()) / 60

    def recall(self) -> float:
        """Return the expected share of the exam recalled on its day, in percent."""
        return 100 * float(self.weight @ self.truth.recall(self.scenario.days))

    def score(self) -> float:
        """Return the expected share of the exam known on its day, with guesses, in percent."""
        guess = self.scenario.guess_rate
        return 100 * guess + (1 - guess) * self.recall()
