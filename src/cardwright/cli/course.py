"""Where `cards review` learns that an exam is set, and what to ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cardwright.item import Item

if TYPE_CHECKING:
    from cardwright.cli.exam.preparation import Preparation
    from cardwright.cli.study import Study

_ENDED_MINUTES: Final = 0.05


class Course:
    """A sitting's way to an exam: what is asked in the minutes there are."""

    def __init__(self, preparation: Preparation, minutes: float | None) -> None:
        """Take the minutes of this sitting; None: what is left of the day's."""
        self._preparation = preparation
        spent = preparation.count_spent_minutes()
        whole = preparation.goal.minutes_a_day
        self._until = max(whole, spent) if minutes is None else spent + minutes
        self.minutes = max(self._until - spent, _ENDED_MINUTES)
        """Of this sitting."""

    @property
    def is_spent(self) -> bool:
        """Whether the minutes of the day are over."""
        return self._preparation.count_spent_minutes() >= self._until - _ENDED_MINUTES

    def arrange(self, items: list[Item]) -> tuple[list[Item], list[Item]]:
        """Return which of some prompts are asked for the exam, in order, and those of no exam."""
        left = max(self._until - self._preparation.count_spent_minutes(), 0.0)
        return self._preparation.choose(items, left)

    def explain(self, item: Item) -> str:
        """Return what asking a prompt now is worth, in words; "" when it is no part of the exam."""
        from cardwright.exam.candidates import explain

        worth = self._preparation.measure(item)
        return explain(worth) if worth else ""


def find_course(study: Study, items: Sequence[Item], minutes: float | None) -> Course | None:
    """Return the way to the exam that is set for some of the prompts; None when none is ahead."""
    # Without an exam, nothing of it is loaded.
    settings = study.store.read_settings()
    goals = {pack: value for (pack, name), value in settings.items() if name == "goal"}
    packs = {item.pack for item in items} if goals else set()
    ahead = []
    for pack in goals.keys() & packs:
        from cardwright.cli.exam.preparation import Preparation
        from cardwright.exam.goal import read_goal

        goal = read_goal(goals[pack])
        if study.today < goal.exam_day:
            ahead.append(Preparation(study=study, goal=goal))
    nearest = min(ahead, key=lambda p: (p.goal.exam_day, p.goal.pack), default=None)
    return Course(nearest, minutes) if nearest else None
