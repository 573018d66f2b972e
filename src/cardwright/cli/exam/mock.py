"""`cards exam mock`."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import click

from cardwright.app.choice import choose_exam
from cardwright.app.mock import draw_mock
from cardwright.app.study import Study
from cardwright.blueprint import Blueprint
from cardwright.cli.environment import open_study
from cardwright.cli.exam.drill import MAX_SEED
from cardwright.cli.exam.taking import take
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import MINUTES, db_option, json_option, pack_argument, plain_option
from cardwright.cli.paths import OutputFile
from cardwright.error import ProjectError
from cardwright.exam.result import format_mock_markdown, make_transcript
from cardwright.files import write_file
from cardwright.terminal.exam import draw_past_mocks


@click.command()
@pack_argument
@click.option(
    "--questions",
    "count",
    type=click.IntRange(1),
    metavar="N",
    help="How many questions (default: the exam's).",
)
@click.option(
    "--minutes",
    type=MINUTES,
    metavar="N",
    help="Time limit (default: the exam's, in proportion to the questions).",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    metavar="N",
    help="Draw the same exam again from the same history.",
)
@click.option("--record", is_flag=True, help="Count the answers as reviews: Good or Again.")
@plain_option
@click.option("--list", "as_list", is_flag=True, help="List past mock exams.")
@click.option(
    "--export",
    type=OutputFile(b"# Mock exam: ", b"# Drill: ", b'{\n  "id": "'),
    help="Write the last mock exam, or that of --id, to FILE: Markdown, or JSON for FILE.json.",
)
@click.option("--id", "mock_id", metavar="ID", help="The mock exam to export.")
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

    Questions are drawn by the weights of the domains, those never seen first, then those seen
    longest ago. You can go back, mark questions, and leave: the same command continues with every
    answer kept. The clock stops meanwhile, and the result notes the break. The score is the share
    of right answers, not your chance of passing.

    \b
    cards exam mock
    cards exam mock mlpro --questions 20 --minutes 40
    cards exam mock --list
    cards exam mock --export exam.md
    """
    with open_study(folder, db, is_writing=True) as study:
        blueprint = choose_exam(study.sources.blueprints, pack)
        if as_list:
            _list(study, blueprint, as_json=as_json)
            return
        if export is not None:
            _export(study, blueprint, export, mock_id, as_json=as_json)
            return
        found = study.find_interrupted(blueprint, "mock")
        if found:
            warn(f"Continuing {found.id}.")
        else:
            found, note = draw_mock(
                study,
                blueprint,
                seed=secrets.randbelow(MAX_SEED) if seed is None else seed,
                count=count,
                minutes=minutes,
                is_recorded=record,
            )
            if note:
                warn(note)
        take(study, blueprint, found, is_plain=plain, as_json=as_json)


def _list(study: Study, blueprint: Blueprint, *, as_json: bool) -> None:
    found = study.list_mocks(blueprint, "mock")
    if as_json:
        rows = [make_transcript(mock, blueprint) for mock in found]
        for row in rows:
            del row["questions"]
        say_json(rows)
    elif not found:
        say("No mock exam yet.")
    else:
        say(draw_past_mocks(found, blueprint, study.moment.utc_offset_minutes))


def _export(
    study: Study, blueprint: Blueprint, path: Path, mock_id: str | None, *, as_json: bool
) -> None:
    found = [
        mock
        for mock in study.list_mocks(blueprint, "mock", "drill")
        if mock.ended_at_ms is not None and (mock.id == mock_id if mock_id else not mock.is_drill)
    ]
    if not found:
        if not mock_id:
            raise ProjectError("no mock exam has been finished")
        raise ProjectError(
            f"there is no finished exam `{mock_id}`", help="see `cards exam mock --list`"
        )
    if path.suffix == ".json":
        transcript = make_transcript(found[-1], blueprint)
        text = json.dumps(transcript, indent=2, ensure_ascii=False) + "\n"
    else:
        text = format_mock_markdown(found[-1], blueprint)
    write_file(path, text)
    if as_json:
        say_json({"path": str(path), "id": found[-1].id})
    else:
        say(f"{path}: {found[-1].id}")
