"""The command `cards`: its sub-commands, and the one way out."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from cardwright import __version__
from cardwright.cli.build import build
from cardwright.cli.check import check
from cardwright.cli.diff import diff
from cardwright.cli.doctor import doctor
from cardwright.cli.init import init
from cardwright.cli.list import list_command
from cardwright.cli.new import new
from cardwright.cli.preview import preview
from cardwright.cli.release import release
from cardwright.cli.schema import schema
from cardwright.cli.show import show


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cards")
@click.option(
    "-C",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="Work on the project in this folder.",
)
@click.pass_context
def cards(context: click.Context, folder: Path) -> None:
    """Flashcards as code: check YAML cards, build Anki decks.

    \b
    cards init my-deck        start a project
    cards check               tell everything that is wrong with it
    cards build               make build/*.apkg, ready for Anki
    """
    context.obj = folder


for command in (
    init,
    new,
    check,
    list_command,
    show,
    build,
    diff,
    release,
    preview,
    schema,
    doctor,
):
    cards.add_command(command)


def main() -> None:
    """Run the command line; every failure becomes a message and an exit status here."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # Card text is Unicode; a terminal that cannot show a character must not end the run.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        cards(standalone_mode=True)
    except BrokenPipeError:
        # The reader of a pipe has left (`cards list | head`): not our failure, nothing to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"error: {where}{error.strerror or error}", err=True)
        sys.exit(1)
