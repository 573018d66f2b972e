"""`cards exam set`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cardwright.app.choice import choose_packs
from cardwright.app.preparation import list_goals, put_goal
from cardwright.cli.environment import open_study
from cardwright.cli.exam.forecast import estimate_as_json, try_plan
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.error import ProjectError
from cardwright.exam.goal import MAX_PLANNED_DAYS, Goal
from cardwright.exam.plan import WHOLE
from cardwright.history import make_date
from cardwright.study.days import WEEKDAYS
from cardwright.terminal.exam import format_each, format_fit, format_forecast, format_horizon
from cardwright.text import count, list_names

if TYPE_CHECKING:
    from cardwright.app.preparation import Preparation

_DEFAULT_MINUTES: Final = 30
_DAYS_PER_YEAR: Final = 365


@click.command("set")
@click.argument("pack")
@click.option("--date", "exam_on", metavar="YYYY-MM-DD", help="The day of the exam.")
@click.option(
    "--minutes",
    type=click.IntRange(1, 1440),
    help=f"Minutes per study day; default: {_DEFAULT_MINUTES}.",
)
@click.option(
    "--days-off", metavar="DAYS", help="Weekdays without study, such as sat,sun; or none."
)
@click.option("--start-as", metavar="ID", help="Your starting point: one of the exam's `starts`.")
@click.option("--clear", is_flag=True, help="Remove the goal; the history stays.")
@click.option(
    "--yes", "is_sure", is_flag=True, help="Accept a date more than two years away, without asking."
)
@json_option
@db_option
@click.pass_obj
def set_goal(
    folder: Path,
    pack: str,
    exam_on: str | None,
    minutes: int | None,
    days_off: str | None,
    start_as: str | None,
    clear: bool,
    is_sure: bool,
    as_json: bool,
    db: Path | None,
) -> None:
    """Set the date of an exam, and the time you have for it.

    From then on, `cards review` asks the cards that help most on that day. Options you leave out
    keep their values.

    \b
    cards exam set mlpro --date 2026-12-20 --minutes 30 --days-off sat --start-as knows-ml
    cards exam set mlpro --date 2027-01-10
    cards exam set mlpro --clear
    """
    with open_study(folder, db, is_writing=True) as study:
        choose_packs(study.sources.decks, [pack])
        goals = list_goals(study.journal, study.sources)
        former = next((goal for goal in goals if goal.pack == pack), None)
        if clear:
            put_goal(study.journal, study.sources.namespace_of(pack), None, study.moment)
            told = f"{pack}: {'the exam is cleared' if former else 'no exam was set'}"
            say_json({"pack": pack, "exam_on": None}) if as_json else say(told)
            return
        on = former.exam_on if former else None
        if exam_on is not None:
            on = _read_date(exam_on)
        if on is None:
            raise click.UsageError("--date is required: the day of the exam")
        today = make_date(study.today)
        if on <= today:
            help = "`--date YYYY-MM-DD` sets the day of the next exam" if exam_on is None else ""
            raise ProjectError(f"{on} is not after today, {today}", help=help)
        if exam_on and not is_sure:
            _confirm(on, today)
        blueprint = study.sources.blueprints.get(pack)
        starts = blueprint.starts if blueprint else {}
        if start_as and start_as not in starts:
            known = [f"\n  {start.id}: {start.about}" for start in starts.values()]
            shown = list_names(known, separator="", none=" none")
            raise ProjectError(f"there is no start `{start_as}`; the starts are:{shown}")
        goal = Goal(
            pack=pack,
            exam_on=on,
            minutes_a_day=minutes or (former.minutes_a_day if former else _DEFAULT_MINUTES),
            days_off=(
                _read_days(days_off)
                if days_off is not None
                else former.days_off
                if former
                else frozenset()
            ),
            start_as=start_as or (former.start_as if former else None),
            set_on=former.set_on if former and former.exam_on > today else today,
            calendar=study.journal.days,
        )
        put_goal(study.journal, study.sources.namespace_of(pack), goal, study.moment)
        _tell(study.prepare([pack]), as_json=as_json)


def _tell(preparation: Preparation, *, as_json: bool) -> None:
    """Print what a goal means: days, time, whether it fits, and the recall to expect."""
    goal = preparation.goal
    days, study_days = goal.exam_day - preparation.today, goal.count_days(preparation.today)
    plan, lack = try_plan(preparation)
    if as_json:
        more = {"days_left": days, "study_days_left": study_days}
        say_json(
            {
                **goal.as_json(),
                **more,
                **estimate_as_json(preparation, preparation.estimate(), plan),
            }
        )
        return
    off_days = ", ".join(WEEKDAYS[day] for day in sorted(goal.days_off)) or "none"
    say(
        f"{preparation.title} on {goal.exam_on}: {count(days, 'day')} left, "
        f"{count(study_days, 'study day')} of {format_each(goal)}, "
        f"days off: {off_days}"
    )
    sentences = [lack]
    if plan:
        sentences = [
            format_fit(plan, preparation),
            format_forecast(preparation, plan.on_day[WHOLE]),
            format_horizon(goal, preparation.planned),
            "`cards exam plan` shows the plan; `cards review` follows it",
        ]
    say("\n".join(filter(None, sentences)))


def _read_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"`{text}` is not a valid date: write YYYY-MM-DD", param_hint="--date"
        ) from None


def _confirm(on: date, today: date) -> None:
    """Ask whether a date is meant that is too far away to plan for."""
    if (on - today).days <= MAX_PLANNED_DAYS:
        return
    years = f"{on} is {count((on - today).days // _DAYS_PER_YEAR, 'year')} away"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        help = "check the year; `--yes` accepts it, and plans two years ahead"
        raise ProjectError(years, help=help)
    if not click.confirm(f"{years}. Is that the day of the exam?", err=True):
        raise ProjectError("nothing was changed")


def _read_days(text: str) -> frozenset[int]:
    words = [word.strip().lower()[:3] for word in text.split(",")]
    if words == ["non"]:
        return frozenset()
    unknown = [word for word in words if word not in WEEKDAYS]
    if unknown or len(set(words)) == len(WEEKDAYS):
        raise click.BadParameter(
            f"`{text}`: name weekdays, {', '.join(WEEKDAYS)}, and leave one to study",
            param_hint="--days-off",
        )
    return frozenset(WEEKDAYS.index(word) for word in words)
