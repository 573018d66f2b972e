"""What `cards exam mock` and `cards exam drill` share: to take one, and what comes after."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cardwright.blueprint import Blueprint
    from cardwright.cli.study import Study
    from cardwright.exam.mock import Mock, Question
    from cardwright.exam.sheet import Sheet


def find_open(study: Study, blueprint: Blueprint, kind: str) -> Mock | None:
    """Return the last exam or drill if it was interrupted."""
    from cardwright.exam.records import list_mocks

    last = list_mocks(study.store, blueprint.pack, kind)[-1:]
    return next((mock for mock in last if mock.ended_at_ms is None), None)


def draw_by_domain(
    blueprint: Blueprint,
    questions: Sequence[Question],
    count: int,
    seed: int,
    avoided: Collection[str],
) -> tuple[Question, ...]:
    """Draw questions by the weights of the domains."""
    weights = {domain.id: domain.weight for domain in blueprint.domains.values()}
    return draw_by(questions, weights, count, seed, avoided, lambda question: question.domain)


def draw_by(
    questions: Sequence[Question],
    weights: Mapping[str, float],
    count: int,
    seed: int,
    avoided: Collection[str],
    key: Callable[[Question], str],
) -> tuple[Question, ...]:
    """Draw questions by the weights of what `key` says they belong to."""
    from cardwright.exam.mock import draw_questions

    groups: dict[str, list[Question]] = {name: [] for name in weights}
    for question in questions:
        groups[key(question)].append(question)
    return draw_questions(groups, weights, count, seed, avoided)


def make_id(study: Study, blueprint: Blueprint) -> str:
    """Return an id for an exam or drill that begins now."""
    began = f"{blueprint.pack}-{study.moment.local:%Y-%m-%d-%H%M%S}"
    number = 1
    while study.store.get_record(name := began if number == 1 else f"{began}-{number}") is not None:
        number += 1
    return name


def take(study: Study, blueprint: Blueprint, mock: Mock, *, plain: bool, as_json: bool) -> None:
    """Take an exam or drill to its end, or until it is left; ends the program."""
    import os

    from cardwright.cli.clock import read_clock
    from cardwright.exam.sheet import Sheet
    from cardwright.terminal.screen import can_draw

    sheet = Sheet(mock, study.journal, study, read_clock())
    exit_code = 0
    if plain or not can_draw(sys.stdin, sys.stdout, os.environ):
        _take_plainly(sheet, study, to_stderr=as_json)
    else:
        exit_code = _take_on_screen(sheet, study, blueprint)
    if not exit_code:
        _print_end(sheet, blueprint, as_json=as_json)
    sys.exit(exit_code)


def _take_plainly(sheet: Sheet, study: Study, *, to_stderr: bool) -> None:
    from cardwright.cli.clock import read_clock
    from cardwright.terminal.mock_plain import PlainTaker

    PlainTaker(sheet, study, sys.stdin, read_clock, to_stderr=to_stderr).run()


def _take_on_screen(sheet: Sheet, study: Study, blueprint: Blueprint) -> int:
    import os

    from cardwright.cli.clock import read_clock
    from cardwright.terminal.mock import MockTaker
    from cardwright.terminal.mock_result import ResultReader
    from cardwright.terminal.screen import Screen

    with Screen(sys.stdin, sys.stdout) as screen:
        MockTaker(sheet, study, screen, os.environ, read_clock).run()
        if sheet.is_over:
            ResultReader(sheet.mock, study, blueprint, screen, os.environ).run()
    return screen.exit_code


def _print_end(sheet: Sheet, blueprint: Blueprint, *, as_json: bool) -> None:
    mock = sheet.mock
    if as_json:
        import json

        from cardwright.exam.result import make_transcript

        click.echo(json.dumps(make_transcript(mock, blueprint), indent=2))
        return
    if not sheet.is_over:
        click.echo(f"Interrupted; every answer is kept. `cards exam {mock.kind}` goes on.")
        return
    from cardwright.terminal.mock_drawing import print_score

    print_score(mock, blueprint)
    click.echo()
    if mock.wrong:
        click.echo("`cards exam miss` asks why something was missed.")
    if not mock.is_drill:
        click.echo(f"`cards exam mock --export FILE --id {mock.id}` writes it all.")
