"""`cards exam`: its sub-commands, each imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

_COMMANDS: Final = {
    "set": "Set the date of an exam, and the time there is for it.",
    "status": "Tell at a glance where you stand, and what today asks.",
    "plan": "Show the way to the exam, week by week.",
    "ready": "Tell how ready you are: recall expected today and on the day.",
    "coverage": "Show what the cards cover of an exam.",
    "mock": "Take a mock exam against the clock.",
    "drill": "Take a short mixed set, or a single lane.",
    "miss": "Write down why something was missed.",
    "misses": "List, group and trend what was missed.",
}
"""Every sub-command, with the first sentence of its own help; it stands in the module of its name."""


class _Commands(click.Group):
    """A group that imports a command when it is called: to list them, this table is enough."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed and load_command(str(listed.name)), rest


def load_command(name: str) -> click.Command:
    """Import a sub-command."""
    module = import_module(f"cardwright.cli.exam.{name}")
    found = (value for value in vars(module).values() if isinstance(value, click.Command))
    return next(command for command in found if command.name == name)


@click.group(cls=_Commands)
def exam() -> None:
    """Prepare for an exam with a date.

    \b
    cards exam set mlpro --date 2027-01-31 --minutes 30
    cards exam plan              the weeks up to the date
    cards exam coverage          what the cards cover, and what you know of it
    cards exam mock              a mock exam against the clock
    cards exam drill             ten questions, with the answers at once
    cards exam miss              why something was missed, and what is safer
    """


for _name, _short_help in _COMMANDS.items():
    exam.add_command(click.Command(_name, short_help=_short_help))
