"""`cards exam mock`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cardwright.cli.exam.choosing import pack_argument
from cardwright.cli.options import db_option, json_option

if TYPE_CHECKING:
    from cardwright.blueprint import Blueprint
    from cardwright.cli.study import Study
    from cardwright.exam.mock import Mock

_MS_PER_MINUTE: Final = 60_000
_MOST_SEED: Final = 1_000_000


@click.command()
@pack_argument
@click.option("--questions", "count", type=click.IntRange(1), metavar="N", help="So many.")
@click.option(
    "--minutes", type=click.FloatRange(0, min_open=True), metavar="N", help="Time there is."
)
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Draw the same exam again.")
@click.option("--record", is_flag=True, help="Let the answers count as reviews: Good or Again.")
@click.option("--plain", is_flag=True, help="Plain prompts, line by line.")
@click.option("--list", "as_list", is_flag=True, help="List past exams.")
@click.option(
    "--export",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the last exam, or that of --id, to FILE: Markdown, or JSON for FILE.json.",
)
@click.option("--id", "mock_id", metavar="ID", help="The exam to be written.")
@json_option
@db_option
@click.pass_obj
def mock(
    folder: Path,
    pack: str | None,
    count: int | None,
    minutes: float | None,
    seed: int | None,
    record: bool,
    plain: bool,
    as_list: bool,
    export: Path | None,
    mock_id: str | None,
    as_json: bool,
    db: Path | None,
) -> None:
    """Take a mock exam against the clock.

    Questions are drawn by the weights of the domains; number and time are those of the exam unless
    you say otherwise. You can go back, mark questions, and leave: the same command goes on with
    every answer kept. The clock stands still meanwhile, and the result says that you left. The
    score says how many were right, not how likely it is to pass.

    \b
    cards exam mock
    cards exam mock mlpro --questions 20 --minutes 40
    cards exam mock --list
    cards exam mock --export exam.md
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.exam.choosing import choose_exam
    from cardwright.cli.exam.sitting import find_open, take
    from cardwright.cli.study import open_study

    with open_study(folder, db, read_clock()) as study:
        blueprint = choose_exam(study, pack)
        if as_list:
            _list(study, blueprint, as_json=as_json)
        elif export is not None:
            _export(study, blueprint, export, mock_id)
        else:
            if found := find_open(study, blueprint, "mock"):
                click.echo(f"Going on with {found.id}.", err=True)
            else:
                found = _draw(study, blueprint, count, minutes, seed, is_recorded=record)
            take(study, blueprint, found, plain=plain, as_json=as_json)


def _draw(
    study: Study,
    blueprint: Blueprint,
    count: int | None,
    minutes: float | None,
    seed: int | None,
    *,
    is_recorded: bool,
) -> Mock:
    import secrets

    from cardwright.cli.exam.sitting import draw_by_domain, make_id
    from cardwright.cli.say import fail
    from cardwright.exam.mock import Mock, list_questions
    from cardwright.exam.records import list_mocks

    seed = secrets.randbelow(_MOST_SEED) if seed is None else seed
    past = list_mocks(study.store, blueprint.pack, "mock")
    avoided = {question.ref for question in past[-1].questions} if past else set()
    wanted = count or blueprint.questions
    questions = list(list_questions(study.items, study, blueprint))
    drawn = draw_by_domain(blueprint, questions, wanted, seed, avoided)
    if not drawn:
        fail(f"the pack `{blueprint.pack}` has no card with options in a lesson of the exam")
    limit_ms = (minutes or blueprint.minutes) * _MS_PER_MINUTE
    if len(drawn) < wanted:
        # As much time for each question as there would have been.
        limit_ms *= 1 if minutes else len(drawn) / wanted
        click.echo(f"There are only {len(drawn)} questions.", err=True)
    elif count and not minutes:
        limit_ms *= count / blueprint.questions
    return Mock(
        id=make_id(study, blueprint),
        pack=blueprint.pack,
        exam=blueprint.name,
        is_drill=False,
        seed=seed,
        started_at_ms=study.moment.at_ms,
        limit_ms=round(limit_ms),
        is_recorded=is_recorded,
        questions=drawn,
    )


def _list(study: Study, blueprint: Blueprint, *, as_json: bool) -> None:
    from cardwright.exam.records import list_mocks

    found = list_mocks(study.store, blueprint.pack, "mock")
    if as_json:
        import json

        from cardwright.exam.result import make_transcript

        rows = [make_transcript(mock, blueprint) for mock in found]
        for row in rows:
            del row["questions"]
        click.echo(json.dumps(rows, indent=2))
    elif not found:
        click.echo("No mock exam yet.")
    else:
        from cardwright.terminal.mock_drawing import print_past

        print_past(found, blueprint, study.moment.utc_offset_minutes)


def _export(study: Study, blueprint: Blueprint, path: Path, mock_id: str | None) -> None:
    import json

    from cardwright.cli.say import fail
    from cardwright.exam.records import list_mocks
    from cardwright.exam.result import make_transcript, write_markdown
    from cardwright.files import write_file

    found = [
        mock
        for mock in list_mocks(study.store, blueprint.pack, "mock", "drill")
        if mock.ended_at_ms is not None and (mock.id == mock_id if mock_id else not mock.is_drill)
    ]
    if not found:
        known = "see `cards exam mock --list`"
        fail(
            f"there is no exam `{mock_id}` that is over: {known}" if mock_id else "no exam is over"
        )
    if path.suffix == ".json":
        text = (
            json.dumps(make_transcript(found[-1], blueprint), indent=2, ensure_ascii=False) + "\n"
        )
    else:
        text = write_markdown(found[-1], blueprint)
    write_file(path, text)
    click.echo(f"{path}: {found[-1].id}")
