"""A plan as a calendar that other programs read (iCalendar, RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from cardwright.blueprint import LastDay
from cardwright.exam.goal import Goal
from cardwright.exam.weeks import PlanWeek
from cardwright.history import make_date


def make_calendar(
    goal: Goal,
    title: str,
    weeks: Iterable[PlanWeek],
    last_days: Iterable[tuple[int, LastDay]],
    now: datetime,
) -> bytes:
    """Return an .ics file: a day-long event for each week, each of the last days, and the exam.

    The same plan gives events of the same ids, so that taking it in again renews them.
    """
    from icalendar import Calendar, Event  # noqa: PLC0415  (an extra, and slow to load)

    calendar = Calendar()
    calendar.add("prodid", "-//Cardwright//exam plan//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)

    def add(key: str, first: int, last: int, summary: str, about: str) -> None:
        event = Event()
        event.add("uid", f"{goal.pack}-{key}@cardwright")
        event.add("dtstamp", now)
        event.add("dtstart", make_date(first))
        event.add("dtend", make_date(last) + timedelta(days=1))
        event.add("summary", summary)
        if about:
            event.add("description", about)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)

    for number, week in enumerate(weeks, 1):
        lessons = f"Lessons {', '.join(week.lessons)}. " if week.lessons else ""
        about = (
            f"{lessons}{week.study_days} study days of {goal.minutes_a_day} minutes: about "
            f"{week.new:.0f} new cards and {week.reviews:.0f} reviews."
        )
        # The weeks are counted from the exam, so that an event keeps its id as time goes by.
        key = f"week-{(goal.exam_day - week.first_day + 6) // 7}"
        add(key, week.first_day, week.last_day, f"Week {number}: {week.focus}", about)
    for day, last in last_days:
        lessons = f"Lessons {', '.join(last.lessons)}" if last.lessons else ""
        add(f"day-{last.days_left}", day, day, f"{last.days_left} to go: {last.focus}", lessons)
    add("exam", goal.exam_day, goal.exam_day, f"Exam: {title}", "")
    return bytes(calendar.to_ical())
