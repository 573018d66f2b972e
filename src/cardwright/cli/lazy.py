"""Groups of commands of which each is imported when it is called: to list them, a table is enough."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click


class LazyGroup(click.Group):
    """A group that knows its commands by name and first sentence, until one is called."""

    def fill(
        self, home: str, table: Mapping[str, str], modules: Mapping[str, str] | None = None
    ) -> None:
        """List the commands of a table, which has the first sentence of the help of each.

        A command stands in the module of its name in the package `home`, or in that of `modules`.
        """
        self._homes = {name: f"{home}.{(modules or {}).get(name, name)}" for name in table}
        for name, short_help in table.items():
            self.add_command(click.Command(name, short_help=short_help))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Import the command that is called."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed and self.load_command(str(listed.name)), rest

    def load_command(self, name: str) -> click.Command:
        """Import a command."""
        module = import_module(self._homes[name])
        found = (value for value in vars(module).values() if isinstance(value, click.Command))
        return next(command for command in found if command.name == name)
