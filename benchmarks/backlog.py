"""Compare orders of review after two weeks away: what is known two and four weeks later.

Decks are learned day by day and put aside for two weeks. Then every day has the same minutes, until
what is due runs out. The orders are Cardwright's, and those that Anki offers.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterator
from statistics import mean
from typing import Final, NamedTuple

from cardwright.history import MS_PER_DAY, SECONDS_PER_MINUTE, Act, Rating, Review
from cardwright.memory import Memory
from cardwright.model import DeckOptions
from cardwright.study.schedule import FORGOTTEN_S, RECALLED_S, Schedule

AWAY_DAYS: Final = 14
MEASURED_AFTER: Final = (14, 28)
DECKS: Final = ((1000, 20, 50), (2000, 20, 100), (2000, 10, 200), (3000, 10, 365))
"""The number of prompts, of new ones a day, and of days."""
SHARES: Final = (0.5, 0.8, 1.1)
"""Of the minutes that a day took before."""
_SCHEDULE: Final = Schedule(DeckOptions(learning_steps_minutes=(), relearning_steps_minutes=()))
_FIRST_RATINGS: Final = (1, 1, 2, 3, 3, 3, 3, 3, 3, 4)
_Rank = Callable[[Memory, int], float]
"""Returns a number for a memory on a study day; what has the largest is asked first."""


def _recall(memory: Memory, day: int) -> float:
    return _SCHEDULE.retrievability(memory, day)


ORDERS: Final[dict[str, _Rank]] = {
    "what is lost most": _SCHEDULE.measure_loss,
    "due date": lambda memory, _: -(memory.due_day or 0),
    "relative overdueness": lambda memory, day: (
        (day - (memory.due_day or 0)) / max(memory.interval_days, 1)
    ),
    "descending retrievability": _recall,
    "ascending retrievability": lambda memory, day: -_recall(memory, day),
}


class World:
    """A deck, and a person whose recall is what the memories say."""

    def __init__(self, seed: int) -> None:
        """Begin without a prompt; the same seed recalls the same prompts on the same days."""
        self.seed = seed
        self.memories: dict[str, Memory] = {}

    def copy(self) -> World:
        """Return an independent copy."""
        other = World(self.seed)
        other.memories = dict(self.memories)
        return other

    def learn(self, number: int, day: int) -> None:
        """Answer a new prompt."""
        key = f"trees:card-{number}/recall"
        rating = random.Random(f"{self.seed} {key}").choice(_FIRST_RATINGS)
        self._answer(Memory(key=key), day, Rating(rating))

    def review(self, key: str, day: int) -> float:
        """Answer a prompt that is due; return the seconds that it takes."""
        memory = self.memories[key]
        dice = random.Random(f"{self.seed} {key} {day}")
        is_recalled = dice.random() < _recall(memory, day)
        self._answer(memory, day, Rating.GOOD if is_recalled else Rating.AGAIN)
        return RECALLED_S if is_recalled else FORGOTTEN_S

    def study(self, day: int, seconds: float, rank: _Rank) -> float:
        """Review what is due, in an order, until the time is up; return the seconds spent."""
        due = [memory for memory in self.memories.values() if (memory.due_day or 0) <= day]
        due.sort(key=lambda memory: random.Random(f"{day} {memory.key}").random())
        due.sort(key=lambda memory: rank(memory, day), reverse=True)
        spent = 0.0
        for memory in due:
            if spent >= seconds:
                break
            spent += self.review(memory.key, day)
        return spent

    def measure(self, day: int) -> float:
        """Return the mean recall, in percent."""
        return 100 * mean(_recall(memory, day) for memory in self.memories.values())

    def _answer(self, memory: Memory, day: int, rating: Rating) -> None:
        review = Review(
            id="",
            key=memory.key,
            act=Act.ANSWER,
            rating=rating,
            at_ms=day * MS_PER_DAY + MS_PER_DAY // 2,
            utc_offset_minutes=0,
            duration_ms=0,
            undoes=None,
        )
        self.memories[memory.key] = _SCHEDULE.apply(memory, review)


def learn_deck(prompts: int, new: int, days: int, seed: int) -> tuple[World, float]:
    """Return a deck that was studied in full every day, and the seconds of reviews a day at last."""
    world = World(seed)
    spent = []
    for day in range(1, days + 1):
        spent.append(world.study(day, float("inf"), ORDERS["due date"]))
        for number in range((day - 1) * new, min(day * new, prompts)):
            world.learn(number, day)
    return world, mean(spent[-14:])


class Outcome(NamedTuple):
    """What an order leads to."""

    recalls: list[float]
    """In percent, at each of MEASURED_AFTER."""
    minutes: float
    """Spent in all."""


def come_back(world: World, day: int, seconds: float, rank: _Rank) -> Outcome:
    """Study a deck from a day on, every day for the same time."""
    world = world.copy()
    recalls = []
    spent = 0.0
    for after in range(max(MEASURED_AFTER) + 1):
        if after in MEASURED_AFTER:
            recalls.append(world.measure(day + after))
        spent += world.study(day + after, seconds, rank)
    return Outcome(recalls, spent / SECONDS_PER_MINUTE)


def run(decks: int) -> Iterator[tuple[str, dict[str, Outcome]]]:
    """Yield each situation with the outcome of each order, as the mean of so many decks."""
    for prompts, new, days in DECKS:
        worlds = [learn_deck(prompts, new, days, seed) for seed in range(decks)]
        for share in SHARES:
            found = {}
            for name, rank in ORDERS.items():
                outcomes = [
                    come_back(world, days + 1 + AWAY_DAYS, usual_s * share, rank)
                    for world, usual_s in worlds
                ]
                recalls = [
                    mean(values) for values in zip(*(o.recalls for o in outcomes), strict=True)
                ]
                found[name] = Outcome(recalls, mean(o.minutes for o in outcomes))
            yield f"{prompts:,} prompts in {days} days, {share:.0%} of the usual time", found


def main() -> int:
    """Print the outcomes; return 1 if another order is better on average."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decks", type=int, default=4, help="random decks for each situation")
    decks = parser.parse_args().decks
    means: dict[str, list[float]] = {name: [] for name in ORDERS}
    for situation, found in run(decks):
        print(situation)
        for name, outcome in found.items():
            means[name].append(mean(outcome.recalls))
            shown = "  ".join(f"{recall:6.2f}%" for recall in outcome.recalls)
            print(f"  {name:<26} {shown}  {outcome.minutes:7.0f} min", flush=True)
    print("mean recall after two and four weeks, over all situations")
    for name, values in means.items():
        ahead = sum(
            ours > theirs for ours, theirs in zip(means["what is lost most"], values, strict=True)
        )
        print(f"  {name:<26} {mean(values):6.2f}%  ours is ahead in {ahead} of {len(values)}")
    return int(max(means, key=lambda name: mean(means[name])) != "what is lost most")


if __name__ == "__main__":
    sys.exit(main())
