"""`cards exam plan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardwright.cli.options import db_option, json_option

if TYPE_CHECKING:
    from cardwright.cli.exam.preparation import Preparation
    from cardwright.exam.plan import PlanWeek


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]")
@click.option("--markdown", is_flag=True, help="Print it as Markdown.")
@click.option(
    "--ics",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it as a calendar (.ics).",
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
    """Show the way to the exam, week by week.

    Made anew from where you stand each time: days missed are spread over those that are left.

    \b
    cards exam plan
    cards exam plan mlpro --ics plan.ics
    cards exam plan --markdown > plan.md
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.exam.preparation import NEEDS_EXTRA, prepare
    from cardwright.cli.say import fail
    from cardwright.cli.study import open_study
    from cardwright.exam.plan import list_last_days
    from cardwright.files import write_file
    from cardwright.terminal.exam import say_fit, say_hours

    with open_study(folder, db, read_clock()) as study:
        preparation = prepare(study, packs)
        found = preparation.plan()
        goal, blueprint = preparation.goal, preparation.blueprint
        weeks = _make_weeks(preparation, found.days)
        last_days = list_last_days(goal, blueprint, preparation.today)
        hours = say_hours(goal, blueprint, len(goal.list_days(preparation.today)))
        sentences = [line for line in (say_fit(found, goal), hours) if line]
    if ics is not None:
        from cardwright.exam.plan import make_calendar

        now = study.moment.local
        try:
            calendar = make_calendar(goal, preparation.title, weeks, last_days, now)
        except ImportError:
            fail(NEEDS_EXTRA)
        write_file(ics, calendar)
        click.echo(str(ics))
        return
    if markdown:
        from cardwright.exam.plan import format_plan_markdown

        title = preparation.title
        text = format_plan_markdown(title, goal, sentences, weeks, last_days, found.on_day)
        click.echo(text, nl=False)
        return
    if as_json:
        import json

        from cardwright.exam.plan import plan_as_json

        click.echo(json.dumps(plan_as_json(goal, found, weeks, preparation.today), indent=2))
        return
    from cardwright.exam.plan import FORECAST_NOTE
    from cardwright.terminal.exam import draw_forecasts, draw_last_days, draw_weeks
    from cardwright.terminal.sections import print_sections

    title = f"{preparation.title} on {goal.exam_on}"
    print_sections(
        {
            title: sentences,
            "Weeks": lambda width: draw_weeks(weeks, width),
            "The last days": lambda _: draw_last_days(last_days),
            "Expected recall": lambda width: draw_forecasts(found, blueprint, width),
            "": [FORECAST_NOTE],
        }
    )


def _make_weeks(preparation: Preparation, days: Any) -> list[PlanWeek]:
    from cardwright.exam.plan import lay_out_weeks
    from cardwright.exam.readiness import find_seen_lessons, find_weak_lessons

    items, recalls = preparation.items, preparation.recalls
    return lay_out_weeks(
        preparation.goal,
        preparation.blueprint,
        days,
        preparation.today,
        done=find_seen_lessons(items, recalls),
        weak=find_weak_lessons(items, recalls),
    )
