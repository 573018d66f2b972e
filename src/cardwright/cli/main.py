"""The command `cards`: its sub-commands, and the one way out."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import click

from cardwright import __version__
from cardwright.cli.lazy import LazyGroup

_COMMANDS: Final = {
    "init": "Start a project that builds at once.",
    "new": "Append a card to be filled in.",
    "check": "Tell everything that is wrong, in place.",
    "list": "List the cards of the project.",
    "show": "Show a card as it is asked.",
    "build": "Build the Anki packages, or those named.",
    "diff": "Show what a release would change.",
    "release": "Publish a pack: ledger, changelog, package.",
    "preview": "Show every card in a browser as Anki will, question beside answer.",
    "review": "Study what is due today.",
    "due": "Show what is due, today and in the days to come.",
    "stats": "Show how well it goes.",
    "history": "Show the answers of a prompt, or of a day.",
    "next": "Tell what `cards review` would ask now.",
    "answer": "Record one answer without a screen.",
    "suspend": "Ask prompts no more until they are unsuspended.",
    "unsuspend": "Ask prompts again that were suspended.",
    "bury": "Put prompts off until the next study day.",
    "flag": "Flag prompts, to find them again with --flagged.",
    "reset": "Begin prompts anew, as if they had never been answered.",
    "exam": "Prepare for an exam with a date.",
    "options": "Show how decks are studied, or change it for yourself.",
    "optimize": "Fit the memory model to your own answers.",
    "export": "Write every review ever made, without loss.",
    "import": "Take in reviews that `cards export` wrote.",
    "sync": "Share reviews with your other machines.",
    "backup": "Copy the review store, or go back to a copy.",
    "schema": "Print a JSON Schema for editors.",
    "doctor": "Tell versions, paths, and what is missing.",
}
"""Every command, with the first sentence of its own help; it stands in the module of its name."""
_MODULES: Final = {
    **dict.fromkeys(("suspend", "unsuspend", "bury", "flag", "reset"), "mark"),
    "import": "import_reviews",
}
"""Modules that are not called as their commands are."""


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
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
    """Flashcards as code: check YAML cards, build Anki decks, review in the terminal.

    \b
    cards init my-deck        start a project
    cards check               tell everything that is wrong with it
    cards build               make build/*.apkg, ready for Anki
    cards review              study what is due today
    """
    context.obj = folder


cards.fill("cardwright.cli", _COMMANDS, _MODULES)


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
        from cardwright.cli.say import fail

        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}{error.strerror or error}")
