"""The one way out: everything that a command prints goes through here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from textwrap import indent
from typing import Any

import click

from cardwright.text import escape_controls, make_plain


def say(text: str = "", *, err: bool = False, end: str = "\n") -> None:
    """Print a text in which nothing can act on the terminal."""
    click.echo(make_plain(text) + end, nl=False, err=err)


def say_json(value: Any) -> None:
    """Print a value as JSON, with everything escaped that acts on a terminal."""
    click.echo(escape_controls(json.dumps(value, indent=2, ensure_ascii=False)))


def say_json_list(values: Iterable[Any]) -> None:
    """Print values as a JSON list, one at a time: all of them might not fit into memory."""
    before = "[\n"
    for value in values:
        row = escape_controls(json.dumps(value, indent=2, ensure_ascii=False))
        click.echo(before + indent(row, "  "), nl=False)
        before = ",\n"
    click.echo("[]" if before == "[\n" else "\n]")


def warn(text: str) -> None:
    """Print a text to the error stream."""
    say(text, err=True)
