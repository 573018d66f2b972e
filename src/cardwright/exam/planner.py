"""The planner: what to ask on each day before an exam, and what recall to expect of it.

It learns from every answer how the user forgets, simulates several policies up to the exam, and
follows the one that promises most. This module needs numpy, an optional extra.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, NamedTuple

import numpy as np

from cardwright.exam.forgetting import Bools, Floats, Forgetting, Ints, Memories
from cardwright.exam.learner import FSRS, AnswerLog, Fit, Learned, learn
from cardwright.exam.plan import WHOLE, ExpectedRecall, Learning, Plan, PlannedDay
from cardwright.exam.policy import DEFAULT_POLICY, POLICIES, Policy, Ranked
from cardwright.exam.rollout import (
    GOLDEN,
    NEVER,
    Course,
    Deck,
    Horizon,
    Policies,
    expect_first,
    expect_seconds,
    fill_new,
    measure_gain,
    rank_prompts,
    roll_out,
)
from cardwright.history import SECONDS_PER_MINUTE, Rating
from cardwright.study.fsrs import DEFAULT_PARAMETERS
from cardwright.study.workload import Tally

MAX_SAMPLE: Final = 250
"""Policies are compared on a sample of at most about this many prompts."""
_LONG_DAYS: Final = 365
"""Beyond so many days, the sample gets smaller."""
_MARGIN: Final = 0.001
"""How much more recall a policy must promise than the default one."""
_KEEP_MARGIN: Final = 0.005
"""How much more it must promise than the previous one, so that plans do not keep changing."""
_RELEARN_SHARE: Final = 0.1
_RELEARN_TESTS: Final = 5
"""It learns again once there are so many more tests than the last time."""
_DRAWS: Final = 12
"""How many sets of parameters of each model a forecast draws."""
_RANGE: Final = (0.05, 0.95)
"""Nine outcomes in ten are between these quantiles."""
_NODES: Final = (-1.593, -0.967, -0.589, -0.282, 0.0, 0.282, 0.589, 0.967, 1.593)
"""Equally likely values that stand for a normal distribution."""
_NEARLY: Final = 0.998
"""Recall beyond this, or below its counterpart, is not told from it in logits."""
_MODEL_ERROR: Final = (0.3, 0.4)
"""The standard deviation of what no model foresees, in logits of recall: at the end, and what is
added at the start."""
_ERROR_TODAY: Final = 0.15
"""The same for today."""
_MISFIT: Final = 3.0
"""By how much variances of parameters exceed those that the fit states: no model is true."""
_MISSED, _KEPT = 1.5, 8.5
"""A day is missed as often as if of ten days before, one and a half had been missed."""
_MINUTES_TRIED: Final = (1, 2, 4, 8, 15, 20, 30, 45, 60, 90, 120, 240, 480)
_SEED: Final = 1978


class Prompt(NamedTuple):
    """A prompt of the exam."""

    key: str
    weight: float = 1.0
    """Its share of the exam, relative to those of the others."""
    domain: str = ""
    group: str = ""
    """Of prompts with the same group, at most one is asked on a day; "" for none."""
    stability: float = 0.0
    """Days; what is known of its memory if its answers are not. 0 when new."""
    difficulty: float = 5.0
    last_day: int = 0


class Answer(NamedTuple):
    """An answer to a prompt."""

    key: str
    day: int
    rating: int
    """1 for Again to 4 for Easy."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Sample:
    """Some prompts that stand for all."""

    columns: Ints
    weight: Floats
    share: float
    """How many of all prompts they are."""


class Planner:
    """Says what to ask on each day before an exam, and takes the answers.

    Days are numbers that rise by one each day, such as the days since 1970. For each day of study,
    call `start_day`, then in turn `next_prompt` and `take`, until there is none.
    """

    def __init__(
        self,
        prompts: Iterable[Prompt],
        exam_day: int,
        minutes: float | Callable[[int], float],
        *,
        set_day: int,
        parameters: Sequence[float] = DEFAULT_PARAMETERS,
        answers: Iterable[Answer] = (),
    ) -> None:
        """Plan for an exam from `set_day` on.

        `minutes` are those of a day, or a function of the day that returns 0 for a day off.
        `parameters` are 21 parameters of FSRS-6. `answers` are earlier ones, in order of time.

        Raises:
            ValueError: there is no prompt, or two have the same key.

        """
        self._prompts = tuple(prompts)
        if not self._prompts:
            raise ValueError("a plan needs a prompt")
        self._columns = {prompt.key: place for place, prompt in enumerate(self._prompts)}
        if len(self._columns) < len(self._prompts):
            raise ValueError("two prompts have the same key")
        weights = np.array([prompt.weight for prompt in self._prompts], np.float64)
        self._weight = weights / (weights.sum() or 1.0)
        self._domains = list(dict.fromkeys(prompt.domain for prompt in self._prompts))
        places = {name: place for place, name in enumerate(self._domains)}
        self._domain = np.array([places[prompt.domain] for prompt in self._prompts])
        self.exam_day = exam_day
        self._minutes = minutes if callable(minutes) else lambda _: float(minutes)
        self._horizon = Horizon(exam_day, max(exam_day - set_day, 1))
        self._set_day = set_day
        self._parameters = tuple(parameters)
        self._log = AnswerLog(len(self._prompts))
        self._tally = Tally()
        self._study_days: set[int] = set()
        for place, prompt in enumerate(self._prompts):
            if prompt.stability > 0:
                self._log.assume(place, prompt.stability, prompt.difficulty, prompt.last_day)
                self._tally.begin(prompt.key, prompt.last_day)
        self._day = set_day
        self._groups: set[str] = set()
        self._asked: set[str] = set()
        self._order: list[Ranked] = []
        self._next = 0
        self._left_s = 0.0
        self._learned: Learned | None = None
        self._memories: dict[int, Memories] = {}
        self._previous: Policy | None = None
        self.policy: Policy = DEFAULT_POLICY
        """The policy of the day."""
        for answer in answers:
            self._add(answer)

    def _add(self, answer: Answer) -> None:
        key, day, rating, seconds = answer
        self._tally.add(key, day, rating, seconds)
        self._study_days.add(day)
        if (place := self._columns.get(key)) is not None:
            self._log.add(place, day, rating)

    def start_day(self, day: int, *, previous: Policy | None = None) -> list[Ranked]:
        """Begin a day of study and return its prompts in order, also those beyond its minutes.

        Prompts that were answered on this day are left out. `previous` is the policy of the day
        before, if another planner chose it.
        """
        self._day = day
        self._history = self._log.compile()
        self._habits = self._tally.habits
        tests = self._history.tests
        if self._learned is None or tests >= (
            self._learned.tests * (1 + _RELEARN_SHARE) + _RELEARN_TESTS
        ):
            self._learned = learn(self._history, self._parameters, self._learned)
        self._memories = {}
        days = self._list_days(day)
        if not days:
            self._order = []
            return []
        self._choose_policy(days, previous)
        self._order = self._rank(day, len(days))
        self._groups = {
            prompt.group
            for place, prompt in enumerate(self._prompts)
            if self._log.last_day[place] == day and self._log.is_begun(place)
        } - {""}
        self._asked = set()
        self._next = 0
        self._left_s = self._minutes(day) * SECONDS_PER_MINUTE
        return self._order

    def next_prompt(self) -> Prompt | None:
        """Return the prompt to ask now, or None if the minutes of the day are used up."""
        if self._left_s <= 0:
            return None
        while self._next < len(self._order):
            prompt = self._prompts[self._columns[self._order[self._next].key]]
            if prompt.key not in self._asked and prompt.group not in self._groups:
                return prompt
            self._next += 1
        return None

    def is_new(self, key: str) -> bool:
        """Tell whether a prompt was never answered.

        Raises:
            KeyError: there is no such prompt.

        """
        return not self._log.is_begun(self._columns[key])

    def take(self, key: str, rating: int, seconds: float) -> None:
        """Take an answer to a prompt, given on the day that was begun.

        Repetitions on the same day can be answers of their own, or part of the seconds.

        Raises:
            KeyError: there is no such prompt.
            ValueError: the rating is not from 1 to 4.

        """
        prompt = self._prompts[self._columns[key]]
        self._add(Answer(key, self._day, int(Rating(rating)), seconds))
        self._asked.add(key)
        if prompt.group:
            self._groups.add(prompt.group)
        self._left_s -= seconds

    @property
    def learned(self) -> Learned:
        """What the answers say about how the user forgets, as of the last day that was begun."""
        if self._learned is None:
            self._learned = learn(self._log.compile(), self._parameters)
        return self._learned

    def _list_days(self, day: int) -> list[int]:
        """Return the study days from a day to the exam; the day itself is one in any case."""
        later = (other for other in range(day + 1, self.exam_day) if self._minutes(other) > 0)
        return [day, *later] if day < self.exam_day else []

    def _recall_memories(self, kind: int) -> Memories:
        """Return the memories of all prompts today under a model."""
        if kind not in self._memories:
            model = self.learned.fits[kind].make(self._parameters, 1)
            replayed, _ = self._history.replay(model)
            found = Memories(np.zeros(len(self._prompts)), np.zeros(len(self._prompts)))
            for all_, some in zip(found, replayed, strict=True):
                all_[self._history.prompts] = some[0]
            self._memories[kind] = found
        return self._memories[kind]

    def _sample(self) -> _Sample:
        """Return a stratified sample; every domain keeps its weight and at least one prompt."""
        size = len(self._prompts)
        # Twice the days take as much work with half the prompts.
        step = ceil(size / MAX_SAMPLE * max(self._horizon.total_days / _LONG_DAYS, 1))
        if step == 1:
            return _Sample(np.arange(size), self._weight, 1.0)
        stability, trait = self._recall_memories(self.learned.best)
        order = np.lexsort((trait, stability, self._weight, self._domain))
        domains = self._domain[order]
        is_taken = np.arange(size) % step == step // 2
        is_taken[0] |= not is_taken[domains == domains[0]].any()
        is_taken[1:] |= (domains[1:] != domains[:-1]) & (np.arange(1, size) % step != step // 2)
        columns = order[is_taken]
        count = len(self._domains)
        whole = np.bincount(self._domain, self._weight, count)
        some = np.bincount(self._domain[columns], self._weight[columns], count)
        scale = whole / np.where(some > 0, some, 1.0)
        weight = self._weight[columns] * scale[self._domain[columns]]
        return _Sample(columns, weight, len(columns) / size)

    def _simulate(
        self,
        kind: int,
        sample: _Sample,
        policies: Sequence[Policy],
        days: Sequence[int],
        seconds: Floats,
    ) -> Course:
        """Simulate policies under the fitted parameters of a model."""
        rows = len(policies)
        deck = self._make_deck(self._recall_memories(kind), sample, rows)
        model = self.learned.fits[kind].make(self._parameters, rows)
        return roll_out(model, Policies(policies), self._habits, deck, days, seconds, self._horizon)

    def _make_deck(self, memories: Memories, sample: _Sample, rows: int) -> Deck:
        some = memories.take(sample.columns)
        return Deck(
            sample.weight,
            Memories(np.tile(some.stability, (rows, 1)), np.tile(some.trait, (rows, 1))),
            np.tile(self._log.last_day[sample.columns], (rows, 1)),
        )

    def _list_seconds(self, days: Sequence[int], share: float) -> Floats:
        """Return the seconds of each day for a sample of the prompts."""
        return np.array([self._minutes(day) for day in days]) * SECONDS_PER_MINUTE * share

    def _choose_policy(self, days: Sequence[int], previous: Policy | None) -> None:
        sample = self._sample()
        seconds = np.tile(self._list_seconds(days, sample.share), (len(POLICIES), 1))
        seconds[:, 1:] *= 1 - self._expect_missed()
        promised = np.zeros(len(POLICIES))
        for kind, share in enumerate(self._weigh_kinds()):
            course = self._simulate(kind, sample, POLICIES, days, seconds)
            promised += share * (course.recall @ sample.weight)
        promised[POLICIES.index(DEFAULT_POLICY)] += _MARGIN
        before = previous or self._previous
        if before in POLICIES:
            promised[POLICIES.index(before)] += _KEEP_MARGIN
        self._previous = self.policy = POLICIES[int(promised.argmax())]

    def _rank(self, day: int, study_days: int) -> list[Ranked]:
        memories = self._recall_memories(self.learned.best)
        whole = _Sample(np.arange(len(self._prompts)), self._weight, 1.0)
        deck = self._make_deck(memories, whole, 1)
        model = self.learned.fits[self.learned.best].make(self._parameters, 1)
        ranking = rank_prompts(
            model, Policies([self.policy]), self._habits, deck, day, self._horizon, study_days
        )
        order = ranking.ranks[0].argsort(kind="stable")
        order = order[: np.count_nonzero(ranking.ranks[0] < NEVER)]
        days = np.full((1, 1), self.exam_day - day)
        is_seen = deck.memories.stability > 0
        old = fill_new(deck.memories)
        since = np.maximum(day - deck.last_day, 0)
        unasked, asked = measure_gain(model, old, ranking.recall, since, days)
        first = expect_first(model, self._habits, days)
        columns = (
            ranking.recall[0],
            (unasked * is_seen)[0],
            np.where(is_seen, asked, first)[0],
            np.where(is_seen, expect_seconds(self._habits, ranking.recall), self._habits.new_s)[0],
        )
        rows = zip(order.tolist(), *(column[order].tolist() for column in columns), strict=True)
        return [Ranked(self._prompts[place].key, *figures) for place, *figures in rows]

    def plan(self) -> Plan:
        """Return the plan from the day that was begun to the exam.

        Raises:
            ValueError: no day was begun before the exam.

        """
        days = self._list_days(self._day)
        if not days or not self._memories:
            raise ValueError("no day was begun before the exam")
        sample = self._sample()
        seconds = self._list_seconds(days, sample.share)
        course = self._simulate(self.learned.best, sample, [self.policy], days, seconds[None])
        today, on_day = self._forecast(sample, days, seconds)
        too_many = self._count_too_many(len(days))
        return Plan(
            policy=self.policy,
            days=tuple(
                PlannedDay(day, minutes, round(new), round(reviews))
                for day, minutes, new, reviews in zip(
                    days,
                    (course.seconds[0] / sample.share / SECONDS_PER_MINUTE).tolist(),
                    (course.new[0] / sample.share).tolist(),
                    (course.reviews[0] / sample.share).tolist(),
                    strict=True,
                )
            ),
            today=today,
            on_day=on_day,
            seen_share=min(float(np.mean(course.recall[0] > 0)), 1 - too_many / len(self._prompts)),
            enough_minutes=None if too_many else self._find_enough_minutes(sample, days),
            learning=self._compare(),
        )

    def _count_too_many(self, days: int) -> int:
        """Count the new prompts for which there are too few days, as a day asks one of each group."""
        new = Counter(
            prompt.group
            for place, prompt in enumerate(self._prompts)
            if prompt.group and not self._log.is_begun(place)
        )
        return sum(max(number - days + (group in self._groups), 0) for group, number in new.items())

    def _compare(self) -> Learning:
        """Compare what was expected of the answers with what came."""
        in_force = np.zeros((1, len(FSRS.spreads)))
        _, trials = self._history.replay(FSRS.make(self._parameters, in_force))
        tests = len(trials.is_recalled)
        if not tests:
            return Learning()
        return Learning(tests, float(trials.expected.mean()), float(trials.is_recalled.mean()))

    def _forecast(
        self, sample: _Sample, days: Sequence[int], seconds: Floats
    ) -> tuple[dict[str, ExpectedRecall], dict[str, ExpectedRecall]]:
        """Return the recall expected today and on exam day, by domain and for the whole exam.

        It is drawn from what the answers leave open: the model, its parameters, and the days that
        will be missed.
        """
        domain = self._domain[sample.columns]
        parts = np.zeros((len(self._domains) + 1, len(domain)))
        parts[domain, np.arange(len(domain))] = sample.weight
        parts[-1] = sample.weight
        parts /= np.maximum(parts.sum(axis=1, keepdims=True), 1e-12)
        drawn_today: list[Floats] = []
        drawn: list[Floats] = []
        for number, fit in enumerate(self.learned.fits):
            model = self._draw_models(fit)
            deck = self._recall_all(model, sample)
            policies = Policies([self.policy] * _DRAWS)
            available = seconds * ~self._draw_missed(days, number)
            course = roll_out(model, policies, self._habits, deck, days, available, self._horizon)
            since = np.maximum(self._day - deck.last_day, 0)
            today = model.recall(fill_new(deck.memories), since) * (deck.memories.stability > 0)
            drawn_today.append(parts @ today.T)
            drawn.append(parts @ course.recall.T)
        weights = np.repeat(self._weigh_kinds() / _DRAWS, _DRAWS)
        left = (self.exam_day - self._day) / self._horizon.total_days
        error = _MODEL_ERROR[0] + _MODEL_ERROR[1] * left**2
        return (
            self._summarize(np.concatenate(drawn_today, axis=1), weights, _ERROR_TODAY),
            self._summarize(np.concatenate(drawn, axis=1), weights, error),
        )

    def _weigh_kinds(self) -> Floats:
        """Return how likely each model is, given the answers."""
        evidence = np.array([fit.evidence for fit in self.learned.fits])
        weights = np.exp(np.clip((evidence - evidence.max()) * 0.3, -5, 0))
        likely: Floats = weights / weights.sum()
        return likely

    def _draw_models(self, fit: Fit) -> Forgetting:
        """Return a model under parameters that are drawn around the fitted ones."""
        size = len(fit.deviations)
        dice = np.random.default_rng(_SEED)
        half = dice.standard_normal((_DRAWS // 2, size))
        known = self.learned.is_known
        root = np.linalg.cholesky(fit.spread * (_MISFIT if known else 1.0))
        drawn = fit.deviations + np.concatenate([half, -half]) @ root.T
        limit = 3 * fit.kind.spreads + np.abs(fit.deviations)
        return fit.kind.make(self._parameters, np.clip(drawn, -limit, limit))

    def _recall_all(self, model: Forgetting, sample: _Sample) -> Deck:
        """Return the sample with its memories under each set of parameters."""
        place = np.full(len(self._prompts), -1)
        place[self._history.prompts] = np.arange(len(self._history.prompts))
        at = place[sample.columns]
        picked = np.sort(at[at >= 0])
        replayed, _ = self._history.select(picked).replay(model)
        found = Memories(*(np.zeros((_DRAWS, len(at))) for _ in range(2)))
        columns = np.searchsorted(picked, at[at >= 0])
        for all_, some in zip(found, replayed, strict=True):
            all_[:, at >= 0] = some[:, columns]
        return Deck(sample.weight, found, np.tile(self._log.last_day[sample.columns], (_DRAWS, 1)))

    def _count_days(self) -> tuple[float, float]:
        """Return how many study days were missed and kept, with those assumed beforehand."""
        past = [day for day in range(self._set_day, self._day) if self._minutes(day) > 0]
        missed = sum(day not in self._study_days for day in past)
        return _MISSED + missed, _KEPT + len(past) - missed

    def _expect_missed(self) -> float:
        """Return the share of days that will be missed."""
        missed, kept = self._count_days()
        return missed / (missed + kept)

    def _draw_missed(self, days: Sequence[int], number: int) -> Bools:
        """Return the days that are missed in each of some futures; today is not."""
        dice = np.random.default_rng(_SEED + 1 + number)
        shares = dice.beta(*self._count_days(), _DRAWS)[:, None]
        phases = (np.arange(len(days)) * GOLDEN + dice.random((_DRAWS, 1))) % 1
        missing: Bools = phases < shares
        missing[:, 0] = False
        return missing

    def _summarize(self, drawn: Floats, weights: Floats, error: float) -> dict[str, ExpectedRecall]:
        """Return means with ranges of drawn recall: rows are domains, then the whole."""
        near = np.clip(drawn, 1 - _NEARLY, _NEARLY)
        logits = np.log(near / (1 - near))[:, :, None] + error * np.array(_NODES)
        recalls = (1 / (1 + np.exp(-logits))).reshape(len(drawn), -1)
        shares = np.repeat(weights / len(_NODES), len(_NODES))
        order = recalls.argsort(axis=1)
        found = {}
        for place, name in enumerate((*self._domains, WHOLE)):
            if not drawn[place].any():
                found[name] = ExpectedRecall(0.0, 0.0, 0.0)
                continue
            ordered = recalls[place, order[place]]
            below = shares[order[place]]
            low, high = np.interp(_RANGE, below.cumsum() - below / 2, ordered).tolist()
            mean = float(shares @ recalls[place])
            # A few very low draws can take the mean out of the range.
            found[name] = ExpectedRecall(mean, min(low, mean), max(high, mean))
        return found

    def _find_enough_minutes(self, sample: _Sample, days: Sequence[int]) -> int | None:
        """Return the fewest minutes a day in which every prompt can be asked, if any."""
        whole_day = max(map(self._minutes, days))
        if not whole_day:
            return None
        share = self._list_seconds(days, sample.share) / whole_day

        def are_enough(tried: Sequence[int]) -> list[bool]:
            seconds = np.array(tried)[:, None] * share
            course = self._simulate(
                self.learned.best, sample, [self.policy] * len(tried), days, seconds
            )
            enough: list[bool] = course.is_all_seen.tolist()
            return enough

        enough = are_enough(_MINUTES_TRIED)
        if True not in enough:
            return None
        at = enough.index(True)
        between = range(_MINUTES_TRIED[at - 1] + 1 if at else 1, _MINUTES_TRIED[at])
        while len(between) > 1:
            step = max(len(between) // 12, 1)
            some = between[::step]
            tried = are_enough(some)
            if True not in tried:
                between = range(some[-1] + 1, between.stop)
            else:
                first = tried.index(True)
                between = range(some[first - 1] + 1 if first else some[0], some[first])
        return between.stop if not between or not are_enough([between[0]])[0] else between[0]
