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
    from cardwright.cli.exam.sitting import take
    from cardwright.cli.study import open_study
    from cardwright.exam.mock import find_interrupted

    with open_study(folder, db, read_clock()) as study:
        blueprint = choose_exam(study, pack)
        if as_list:
            _list(study, blueprint, as_json=as_json)
        elif export is not None:
            _export(study, blueprint, export, mock_id)
        else:
            if found := find_interrupted(study.store, blueprint.pack, "mock"):
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

    from cardwright.cli.say import fail
    from cardwright.exam.mock import MockError, draw_mock, list_mocks, make_mock_id

    try:
        drawn, note = draw_mock(
            study.items,
            study,
            blueprint,
            list_mocks(study.store, blueprint.pack, "mock"),
            id=make_mock_id(study.store, blueprint.pack, study.moment),
            seed=secrets.randbelow(_MOST_SEED) if seed is None else seed,
            started_at_ms=study.moment.at_ms,
            count=count,
            minutes=minutes,
            is_recorded=is_recorded,
        )
    except MockError as error:
        fail(str(error))
    if note:
        click.echo(note, err=True)
    return drawn


def _list(study: Study, blueprint: Blueprint, *, as_json: bool) -> None:
    from cardwright.exam.mock import list_mocks

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
    from cardwright.exam.mock import list_mocks
    from cardwright.exam.result import format_mock_markdown, make_transcript
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
        text = format_mock_markdown(found[-1], blueprint)
    write_file(path, text)
    click.echo(f"{path}: {found[-1].id}")
