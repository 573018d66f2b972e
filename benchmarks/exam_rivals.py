"""The ways to study that the benchmark compares. Each orders a day's prompts.

All but the planner believe that everybody forgets as FSRS-6 says with its default parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final
from unittest.mock import patch

import numpy as np
from exam_world import AGAIN, HABITS, Answers, Floats, Ints, World

from cardwright.exam import planner
from cardwright.exam.forgetting import FsrsForgetting, Memories
from cardwright.exam.learner import History, Learned, learn
from cardwright.exam.plan import WHOLE
from cardwright.exam.planner import MAX_SAMPLE, Answer, Planner, Prompt
from cardwright.exam.policy import Policy
from cardwright.exam.rollout import NEVER, Deck, Horizon, Policies, rank_prompts, roll_out
from cardwright.history import SECONDS_PER_MINUTE, Rating
from cardwright.study.fsrs import DEFAULT_PARAMETERS
from cardwright.study.workload import Habits, Tally

NEW_A_DAY: Final = (3, 5, 8, 12, 20, 30, 45, 70, 110)
PACED: Final = Policy(new_by=0.7, worth_share=0.0)
GREEDY: Final = Policy(worth_share=1.0)
WIDE: Final = (
    *(
        Policy(new_by=new_by, worth_share=worth_share)
        for new_by in (0.2, 0.35, 0.5, 0.7, 0.85, 1.0)
        for worth_share in (0.0, 0.1, 0.2, 0.35, 0.6)
    ),
    GREEDY,
)
"""Many more values of the two numbers that pace new prompts and end with worth."""
_KEEP_MARGIN: Final = 0.003
_MIN_FINAL_DAYS: Final = 3
_RELEARN_DAYS: Final = 2
_BREAK_RETENTION: Final = 0.7
Rival = Callable[[World, int], Answers]
"""Studies for a day."""


def make_plain(new_a_day: int, *, is_clipped: bool = False, is_new_first: bool = False) -> Rival:
    """Return FSRS at 0.9: due cards, longest overdue first, and a number of new cards."""

    def study(world: World, day: int) -> Answers:
        due_day = world.due_day
        if is_clipped:
            due_day = np.minimum(due_day, world.scenario.days - 1)
        is_seen = world.belief.stability > 0
        due = np.flatnonzero(is_seen & (due_day <= day) & (world.belief.last_day < day))
        due = due[np.argsort(due_day[due], kind="stable")]
        new = np.flatnonzero(~is_seen)[:new_a_day]
        return world.study(day, np.concatenate([new, due] if is_new_first else [due, new]))

    return study


def make_remnote(*, has_breaks: bool) -> Rival:
    """Return RemNote's exam scheduler on top of FSRS at 0.9, with or without breaks.

    Help articles 9101991 and 9102040, and the page about the feature, say: prompts of the exam
    first; new ones at a rate that gets through all of them; in the last few days, or weeks if there
    are very many, every prompt once more whether due or not; what is forgotten a day or two before
    the exam is asked again before it. The plan "with breaks" lowers the desired retention to 0.7
    until a period of consolidation.

    They do not say how long the periods are, nor what comes first in them. Here the last one is as
    long as one pass through the prompts begun takes, but at least three days and at most half of
    the time; consolidation is as long again; what has been due longest comes first, new ones last.
    """
    final_from: int | None = None

    def study(world: World, day: int) -> Answers:
        nonlocal final_from
        belief, scenario = world.belief, world.scenario
        days_left = scenario.days - day
        is_seen = belief.stability > 0
        recall = belief.recall(day)[is_seen]
        seconds = HABITS.forgotten_s + (HABITS.recalled_s - HABITS.forgotten_s) * recall
        one_pass = int(np.ceil(seconds.sum() / (scenario.minutes * SECONDS_PER_MINUTE)))
        final_days = max(min(one_pass, scenario.days // 2), _MIN_FINAL_DAYS)
        if final_from is None and days_left <= final_days:
            final_from = day
        due_day: Floats = world.due_day.astype(float)
        if has_breaks and days_left > 2 * final_days:
            due_day = belief.last_day + belief.list_intervals(_BREAK_RETENTION)
        is_due = due_day <= day
        first = np.zeros(len(is_due), dtype=bool)
        new = np.flatnonzero(~is_seen)
        if final_from is not None:
            is_due |= belief.last_day < final_from
            first = (world.last_rating == AGAIN) & (days_left <= _RELEARN_DAYS)
        else:
            new = new[: int(np.ceil(len(new) / (days_left - final_days)))]
        due = np.flatnonzero(is_seen & (is_due | first) & (belief.last_day < day))
        due = due[np.lexsort((due_day[due], ~first[due]))]
        return world.study(day, np.concatenate([due, new]))

    return study


def make_fixed(policy: Policy) -> Rival:
    """Return a rival that always follows one policy."""

    def study(world: World, day: int) -> Answers:
        return world.study(day, _rank(world, policy, HABITS, day))

    return study


def make_wide() -> Rival:
    """Return a rival that follows the best of many policies, simulated anew each day.

    It takes the times of answers from those given, as the planner does, but nothing else.
    """
    tally = Tally()
    previous: Policy | None = None

    def note(day: int, answers: Answers) -> None:
        for key, rating, seconds in list_answers(answers):
            tally.add(key, day, rating, seconds)

    def study(world: World, day: int) -> Answers:
        nonlocal previous
        if previous is None:
            for past_day, answers in world.past:
                note(past_day, answers)
        habits = tally.habits
        stability, weight = world.belief.stability, world.weight
        step = -(-len(weight) // MAX_SAMPLE)
        columns = np.lexsort((stability, weight))[step // 2 :: step]
        share = len(columns) / len(weight)
        deck = _make_deck(world, columns, len(WIDE))
        days = range(day, world.scenario.days)
        available = np.full(
            (len(WIDE), len(days)), world.scenario.minutes * SECONDS_PER_MINUTE * share
        )
        course = roll_out(
            _make_model(len(WIDE)), Policies(WIDE), habits, deck, days, available, _measure(world)
        )
        promised = course.recall @ deck.weight / deck.weight.sum()
        if previous is not None:
            promised[WIDE.index(previous)] += _KEEP_MARGIN
        previous = WIDE[int(promised.argmax())]
        answers = world.study(day, _rank(world, previous, habits, day))
        note(day, answers)
        return answers

    return study


def _make_model(rows: int) -> FsrsForgetting:
    return FsrsForgetting([np.full((rows, 1), value) for value in DEFAULT_PARAMETERS])


def _make_deck(world: World, columns: Ints, rows: int) -> Deck:
    belief = world.belief
    memories = Memories(
        np.tile(belief.stability[columns], (rows, 1)),
        np.tile(belief.difficulty[columns], (rows, 1)),
    )
    return Deck(world.weight[columns], memories, np.tile(belief.last_day[columns], (rows, 1)))


def _measure(world: World) -> Horizon:
    return Horizon(world.scenario.days, world.scenario.days)


def _rank(world: World, policy: Policy, habits: Habits, day: int) -> Ints:
    deck = _make_deck(world, np.arange(world.scenario.cards), 1)
    study_days = world.scenario.days - day
    ranking = rank_prompts(
        _make_model(1), Policies([policy]), habits, deck, day, _measure(world), study_days
    )
    ranks = ranking.ranks[0]
    order: Ints = ranks.argsort(kind="stable")[: np.count_nonzero(ranks < NEVER)]
    return order


def list_answers(answers: Answers) -> Iterator[tuple[str, int, float]]:
    """Yield the key, rating and seconds of every answer, with repetitions on the same day.

    A first answer, unless it is Easy, and a lapse are followed by Good; the seconds include it.
    """
    rows = zip(*(column.tolist() for column in answers), strict=True)
    for card, rating, seconds, is_new in rows:
        yield str(card), rating, seconds
        if rating == Rating.AGAIN or (is_new and rating < Rating.EASY):
            yield str(card), Rating.GOOD, 0.0


def begin_planner(world: World) -> Planner:
    """Return the program's planner on the first day, with all answers up to then."""
    columns = world.weight.tolist(), world.domain.tolist(), world.family.tolist()
    prompts = [
        Prompt(str(card), weight, str(domain), str(family))
        for card, (weight, domain, family) in enumerate(zip(*columns, strict=True))
    ]
    past = [
        Answer(key, day, rating, seconds)
        for day, answers in world.past
        for key, rating, seconds in list_answers(answers)
    ]
    scenario = world.scenario
    return Planner(prompts, scenario.days, scenario.minutes, set_day=0, answers=past)


class Planned:
    """The program itself."""

    def __init__(self) -> None:
        """Start without a plan."""
        self._planner: Planner | None = None
        self.forecasts: Floats = np.full((4, 3), np.nan)
        """Recall expected on the day of the exam, and its range, in percent: on the first day of
        study, then on the first one in each later quarter of the time. NaN if all are missed."""

    def __call__(self, world: World, day: int) -> Answers:
        """Study for a day, a prompt at a time."""
        quarter = day * 4 // world.scenario.days
        if self._planner is None:
            self._planner, quarter = begin_planner(world), 0
        found = self._planner
        found.start_day(day)
        if np.isnan(self.forecasts[quarter, 0]):
            self.forecasts[quarter] = 100 * np.array(found.plan().on_day[WHOLE])
        answers = []
        while prompt := found.next_prompt():
            answers.append(world.study(day, np.array([int(prompt.key)])))
            for answer in list_answers(answers[-1]):
                found.take(*answer)
        if not answers:
            return world.study(day, np.zeros(0, np.int64))
        return Answers(*(np.concatenate(column) for column in zip(*answers, strict=True)))


class Unlearned(Planned):
    """The planner if it learned from the answers only how long they take."""

    def __call__(self, world: World, day: int) -> Answers:
        """Study for a day, a prompt at a time."""
        with patch.object(planner, "learn", _learn_nothing):
            return super().__call__(world, day)


def _learn_nothing(
    history: History, in_force: tuple[float, ...], _: Learned | None = None
) -> Learned:
    return learn(History(history.prompts, (), history.assumed, 0), in_force)
