"""The goal: an exam on a date, and the minutes available per day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from cardwright.history import count_days, make_date
from cardwright.study.days import EVERY_DAY, StudyDays

MAX_PLANNED_DAYS: Final = 730
"""How far ahead an exam is planned: two years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """The exam that the user prepares for, and the time available."""

    pack: str
    exam_on: date
    minutes_a_day: int
    days_off: frozenset[int] = frozenset()
    """Weekdays without study, from 0 for Monday to 6 for Sunday."""
    start_as: str | None = None
    """The id of the blueprint's starting point that fits the user."""
    set_on: date
    calendar: StudyDays = EVERY_DAY
    """The user's study days, which hold for all packs."""

    @property
    def exam_day(self) -> int:
        """The study day of the exam."""
        return count_days(self.exam_on)

    @property
    def set_day(self) -> int:
        """The study day on which the goal was set."""
        return count_days(self.set_on)

    @property
    def days(self) -> StudyDays:
        """The study calendar, with the days off of this goal."""
        return self.calendar.without(self.days_off)

    def is_off(self, study_day: int) -> bool:
        """Tell whether a study day is a day off, by this goal or by the calendar."""
        return self.days.is_off(study_day)

    def minutes_on(self, study_day: int) -> float:
        """Return the minutes available on a study day: 0 on a day off, fewer on a lighter one."""
        return self.minutes_a_day * self.days.share_of(study_day)

    def list_days(self, today: int) -> list[int]:
        """Return the study days from today to the day before the exam, without days off."""
        is_off = self.days.is_off
        return [day for day in range(today, self.exam_day) if not is_off(day)]

    def count_days(self, today: int) -> int:
        """Return how many study days `list_days` would return, however far away the exam is."""
        return self.days.count(today, self.exam_day)

    def count_minutes(self, today: int) -> float:
        """Return the minutes available from today to the day before the exam."""
        return self.minutes_a_day * self.days.measure(today, self.exam_day)

    def find_next_day(self, today: int) -> int | None:
        """Return the first study day after today, or None if there is none before the exam."""
        found = self.days.find_next(today + 1)
        return found if found is not None and found < self.exam_day else None

    def limit(self, today: int) -> Goal:
        """Return the goal to plan for: this one, or one in two years if the exam is further away.

        As days pass, the nearer goal moves on, until the exam itself is within two years. So the
        work of planning has a bound, and no date makes the pace slower than that of two years.
        """
        exam_day = min(self.exam_day, today + MAX_PLANNED_DAYS)
        if exam_day == self.exam_day and exam_day - self.set_day <= MAX_PLANNED_DAYS:
            return self
        set_day = max(min(self.set_day, today), exam_day - MAX_PLANNED_DAYS)
        return replace(self, exam_on=make_date(exam_day), set_on=make_date(set_day))

    def as_json(self) -> dict[str, Any]:
        """Return the goal as a JSON object."""
        return {
            "pack": self.pack,
            "exam_on": self.exam_on.isoformat(),
            "minutes_a_day": self.minutes_a_day,
            "days_off": sorted(self.days_off),
            "start_as": self.start_as,
            "set_on": self.set_on.isoformat(),
        }


def read_goal(values: Mapping[str, Any], calendar: StudyDays = EVERY_DAY) -> Goal:
    """Return a goal from the JSON that `Goal.as_json` made, for someone's study days."""
    return Goal(
        pack=values["pack"],
        exam_on=date.fromisoformat(values["exam_on"]),
        minutes_a_day=values["minutes_a_day"],
        days_off=frozenset(values["days_off"]),
        start_as=values["start_as"],
        set_on=date.fromisoformat(values["set_on"]),
        calendar=calendar,
    )
