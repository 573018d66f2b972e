"""Printing: all output of a command goes through here."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from cardwright.text import escape_controls, make_plain

if TYPE_CHECKING:
    from cardwright.terminal.paint import Renderable


def say(
    content: Renderable = "", *, err: bool = False, end: str = "\n", is_styled: bool = True
) -> None:
    """Print a text, with control characters replaced, or a renderable from `terminal`."""
    if isinstance(content, str):
        click.echo(make_plain(content) + end, nl=False, err=err)
        return
    from cardwright.terminal.paint import paint  # noqa: PLC0415  (rich loads slowly, few need it)

    is_terminal = (sys.stderr if err else sys.stdout).isatty()
    painted = paint(content, os.environ, is_terminal=is_terminal, is_styled=is_styled)
    click.echo(painted + end, nl=False, err=err, color=True)


def say_json(value: Any) -> None:
    """Print a value as JSON, with control characters escaped."""
    click.echo(escape_controls(json.dumps(value, indent=2, ensure_ascii=False)))


def say_json_list(values: Iterable[Any]) -> None:
    """Print values as a JSON list, one at a time: all of them might not fit into memory."""
    before = "[\n"
    for value in values:
        row = escape_controls(json.dumps(value, indent=2, ensure_ascii=False))
        click.echo(before + "  " + row.replace("\n", "\n  "), nl=False)
        before = ",\n"
    click.echo("[]" if before == "[\n" else "\n]")


def warn(text: str) -> None:
    """Print a text to standard error."""
    say(text, err=True)
