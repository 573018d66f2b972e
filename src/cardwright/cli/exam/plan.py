"""`cards exam plan`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.app.preparation import missing_extra
from cardwright.cli.environment import open_study
from cardwright.cli.exam.forecast import estimate_as_json
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.cli.paths import OutputFile
from cardwright.exam.plan import (
    format_plan_markdown,
    list_last_days,
    make_calendar,
    plan_as_json,
)
from cardwright.files import write_file
from cardwright.terminal.exam import (
    draw_estimate,
    draw_last_days,
    draw_weeks,
    format_fit,
    format_horizon,
    format_hours,
)
from cardwright.terminal.reports import draw_sections


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
@click.option(
    "--ics",
    type=OutputFile(b"BEGIN:VCALENDAR"),
    metavar="FILE",
    help="Write a calendar (.ics).",
)
@json_option
@db_option
@click.pass_obj
def plan(
    folder: Path,
    packs: tuple[str, ...],
    markdown: bool,
    ics: Path | None,
    as_json: bool,
    db: Path | None,
) -> None:
    """Show the plan up to the exam, week by week.

    The plan always starts from where you are today: the work of missed days is spread over the
    days that are left.

    \b
    cards exam plan
    cards exam plan mlpro --ics plan.ics
    cards exam plan --markdown > plan.md
    """
    if markdown + as_json + (ics is not None) > 1:
        raise click.UsageError("use only one of --markdown, --ics and --json")
    with open_study(folder, db) as study:
        preparation = study.prepare(packs)
        found = preparation.plan()
        goal, blueprint = preparation.goal, preparation.blueprint
        weeks = preparation.lay_out_weeks(found.days)
        last_days = list_last_days(goal, blueprint, preparation.today)
        hours = format_hours(goal, blueprint, preparation.today)
        horizon = format_horizon(goal, preparation.planned)
        sentences = [line for line in (format_fit(found, preparation), hours, horizon) if line]
        left = preparation.estimate()
        now = study.moment.local
    if ics is not None:
        try:
            calendar = make_calendar(goal, preparation.title, weeks, last_days, now)
        except ImportError as error:
            raise missing_extra() from error
        write_file(ics, calendar)
        say(str(ics))
    elif markdown:
        title = preparation.title
        text = format_plan_markdown(title, goal, sentences, weeks, last_days, found.on_day)
        say(text, end="")
    elif as_json:
        planned = plan_as_json(goal, preparation.planned, found, weeks, preparation.today)
        say_json({**planned, **estimate_as_json(preparation, left, found)})
    else:
        say(
            draw_sections(
                {
                    f"{preparation.title} on {goal.exam_on}": sentences,
                    "Weeks": draw_weeks(weeks),
                    "The last days": draw_last_days(last_days),
                    **draw_estimate(preparation, left, found),
                }
            )
        )
