"""Command groups that import a command when it is called, and the texts that commands accept."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class Text(click.types.StringParamType):
    """A text; bytes that are not valid UTF-8 are refused here, as nothing could store or find them."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text, or fail."""
        text = str(super().convert(value, param, ctx))
        try:
            text.encode()
        except UnicodeEncodeError:
            self.fail(f"{text!r} is not valid UTF-8.", param, ctx)
        return text


class LazyGroup(click.Group):
    """A group that knows only the names and first sentences of its commands until one is called."""

    def add_lazily(
        self, package: str, summaries: Mapping[str, str], modules: Mapping[str, str] | None = None
    ) -> None:
        """Add commands by the first sentence of their help.

        Each command is in the module of the same name in `package`, or in the one `modules` names.
        """
        self._modules = {name: f"{package}.{(modules or {}).get(name, name)}" for name in summaries}
        for name, short_help in summaries.items():
            self.add_command(click.Command(name, short_help=short_help))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Import the command that is called."""
        name, listed, rest = super().resolve_command(ctx, args)
        if listed is not None:
            from cardwright.cli.default_flags import prepare_command  # noqa: PLC0415  (help goes without)

            rest = prepare_command(ctx, str(listed.name), rest)
        return name, listed and self.load_command(str(listed.name)), rest

    def load_command(self, name: str) -> click.Command:
        """Import a command."""
        module = import_module(self._modules[name])
        found = (value for value in vars(module).values() if isinstance(value, click.Command))
        command = next(command for command in found if command.name == name)
        for param in command.params:
            if type(param.type) is click.types.StringParamType:
                param.type = Text()
        return command
