"""Formatting of ratings and durations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cardwright.history import (
    MS_PER_MINUTE,
    MS_PER_SECOND,
    SECONDS_PER_MINUTE,
    Act,
    Rating,
    Review,
    make_date,
)
from cardwright.study.days import StudyDays
from cardwright.text import list_names

if TYPE_CHECKING:
    from cardwright.app.acts import PastAct

_MINUTES_PER_HOUR: Final = 60
_HOURS_PER_DAY: Final = 24
_DAYS_PER_MONTH: Final = 30.44
_DAYS_PER_YEAR: Final = 365.25


def name_rating(rating: Rating) -> str:
    """Return the label of a rating."""
    return rating.name.capitalize()


def name_act(review: Review) -> str:
    """Return the label of an act: Good, Good (cram), suspend."""
    if review.rating is None:
        return str(review.act)
    suffix = " (cram)" if review.act is Act.CRAM else ""
    return f"{name_rating(review.rating)}{suffix}"


def describe_past(past: PastAct) -> str:
    """Return an act with its prompts and time."""
    at = past.review.moment.local
    return f"{name_act(past.review)} on {list_names(past.refs)} ({at:%Y-%m-%d %H:%M})"


def explain_day_off(days: StudyDays, today: int) -> str:
    """Return why nothing is asked today, and how to study anyway; "" on a study day."""
    if not days.is_off(today):
        return ""
    following = days.find_next(today)
    until = "" if following is None else f" until {make_date(following):%a %Y-%m-%d}"
    anyway = "`cards review --minutes 10` asks anyway."
    if days.is_paused(today):
        return f"Paused{until}. `cards pause --off` ends the pause; {anyway}"
    return f"Off{until}. {anyway}"


def format_wait(milliseconds: float, *, days: int = 0) -> str:
    """Return a wait in one unit, or an interval in days: 10 min, 3 h, 12 d, 4.2 mo, 1.6 y."""
    if not days:
        minutes = milliseconds / MS_PER_MINUTE
        if minutes < 1:
            return "<1 min"
        if round(minutes) < _MINUTES_PER_HOUR:
            return f"{minutes:.0f} min"
        hours = minutes / _MINUTES_PER_HOUR
        if round(hours) < _HOURS_PER_DAY:
            return f"{hours:.0f} h"
        days = round(hours / _HOURS_PER_DAY)
    if days <= _DAYS_PER_MONTH:
        return f"{days} d"
    if days < int(_DAYS_PER_YEAR):
        return f"{days / _DAYS_PER_MONTH:.1f} mo"
    return f"{days / _DAYS_PER_YEAR:.1f} y"


def format_duration(milliseconds: int) -> str:
    """Return how long something took: 9 s, 2 min 40 s, 1 h 5 min."""
    minutes, seconds = divmod(milliseconds // MS_PER_SECOND, SECONDS_PER_MINUTE)
    hours, minutes = divmod(minutes, _MINUTES_PER_HOUR)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
