"""What every command says: counts in words, and the reason for an end."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

from cardwright.terminal.plain_text import make_plain


def count(number: int, noun: str) -> str:
    """Return a number with its noun: 1 card, 2 cards, 3 entries."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1]}ies" if noun.endswith("ry") else f"{number:,} {noun}s"


def fail(message: str) -> NoReturn:
    """End the program with a message and status 1."""
    click.echo(f"error: {make_plain(message)}", err=True)
    sys.exit(1)
