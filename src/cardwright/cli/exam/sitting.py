"""What `cards exam mock` and `cards exam drill` share: to take one, and what comes after."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cardwright.blueprint import Blueprint
    from cardwright.cli.study import Study
    from cardwright.exam.mock import Mock, Sheet


def take(study: Study, blueprint: Blueprint, mock: Mock, *, plain: bool, as_json: bool) -> None:
    """Take an exam or drill to its end, or until it is left; ends the program."""
    import os

    from cardwright.cli.clock import read_clock
    from cardwright.exam.mock import Sheet
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
