"""All commands with their options, from the help that they print."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import click

from cardwright.cli.main import cards

_INTRODUCTION: Final = """\
# Commands

What `--help` prints for each command. Options that all commands have are at the top.
"""
_WIDTH: Final = 88


def write_commands_page() -> str:
    """Return the page as Markdown."""
    return "\n".join([_INTRODUCTION, *_describe(cards, "cards", None)])


def _describe(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    """Yield a part for a command, and for each below it."""
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=_WIDTH, max_content_width=_WIDTH
    )
    level = "##" if parent is None or parent.parent is None else "###"
    yield f"{level} {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            _, found, _ = command.resolve_command(context, [each])
            if found and not found.hidden:
                yield from _describe(found, each, context)
