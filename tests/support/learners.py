"""Simulated learners, whose memories follow one of the planner's models of forgetting."""

from __future__ import annotations

import numpy as np

from cardwright.exam.forgetting import Memories
from cardwright.exam.learner import Kind
from cardwright.exam.planner import Planner
from cardwright.history import Rating
from cardwright.study.fsrs import DEFAULT_PARAMETERS

NEW_S, RECALLED_S, FORGOTTEN_S = 48.0, 13.0, 31.0


class Learner:
    """A learner with true memories of prompts, by index."""

    def __init__(self, kind: Kind, deviations: list[float], prompts: int, seed: int = 1) -> None:
        """Start with nothing learned; `deviations` are in standard deviations of the kind."""
        self._model = kind.make(DEFAULT_PARAMETERS, np.array([deviations]) * kind.spreads)
        self._memories = Memories(np.zeros((1, prompts)), np.zeros((1, prompts)))
        self._last_day = np.zeros(prompts, np.int64)
        self._dice = np.random.default_rng(seed)

    def answer(self, prompt: int, day: int) -> tuple[int, float]:
        """Return the rating of a prompt that is asked on a day, and the seconds it takes."""
        column = np.array([prompt])
        before = self._memories.take((slice(None), column))
        if not before.stability[0, 0]:
            rating = int(self._dice.choice(4, p=(0.24, 0.094, 0.495, 0.171))) + 1
            after, seconds = self._model.first.take((slice(None), np.array([rating - 1]))), NEW_S
        else:
            recall = self._model.recall(before, day - self._last_day[prompt])
            is_recalled = self._dice.random() < recall[0, 0]
            rating = int(Rating.GOOD if is_recalled else Rating.AGAIN)
            change = self._model.succeed if is_recalled else self._model.fail
            after, seconds = change(before, recall), RECALLED_S if is_recalled else FORGOTTEN_S
        for all_, some in zip(self._memories, after, strict=True):
            all_[:, column] = some
        self._last_day[prompt] = day
        return rating, seconds

    def recall(self, day: int) -> float:
        """Return the mean recall of all prompts on a day."""
        seen = self._memories.stability > 0
        filled = Memories(np.where(seen, self._memories.stability, 1), self._memories.trait)
        return float((self._model.recall(filled, day - self._last_day) * seen).mean())


def study_day(planner: Planner, learner: Learner, day: int) -> int:
    """Study as the planner says, and return how many prompts were asked; prompts are numbers."""
    planner.start_day(day)
    asked = 0
    while prompt := planner.next_prompt():
        is_new = planner.is_new(prompt.key)
        rating, seconds = learner.answer(int(prompt.key), day)
        planner.take(prompt.key, rating, seconds)
        if rating == Rating.AGAIN or (is_new and rating != Rating.EASY):
            planner.take(prompt.key, Rating.GOOD, 0.0)
        asked += 1
    return asked
