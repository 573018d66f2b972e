"""`cards help`."""

from __future__ import annotations

import click

from cardwright.cli.output import say


@click.command("help")
@click.argument("words", metavar="[COMMAND]...", nargs=-1)
@click.pass_context
def show_help(context: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of a command.

    \b
    cards help
    cards help review
    cards help exam set
    """
    found = context.find_root()
    for word in words:
        group = found.command
        if not isinstance(group, click.Group):
            raise click.UsageError(f"`{found.command_path}` has no commands of its own", found)
        name, command, _ = group.resolve_command(found, [word])
        if command is None:
            break
        found = click.Context(command, found, name)
    say(found.get_help())
