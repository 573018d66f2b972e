"""The command `cards`: its subcommands, and the handling of all errors."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import click

from cardwright import __version__
from cardwright.cli.lazy import LazyGroup
from cardwright.error import CardwrightError

_COMMANDS: Final = {
    "home": "Show what is due and what needs attention, and study from there.",
    "init": "Start a project, ready to build.",
    "adopt": "Take over a deck of Anki or of another program, with its identity and history.",
    "new": "Append a card to fill in.",
    "namespace": "Give a pack its namespace, or list all namespaces.",
    "check": "Report every problem, with its location and a fix.",
    "list": "List the cards of the project.",
    "show": "Show a card as it is asked.",
    "build": "Build the Anki packages, to try them out.",
    "diff": "Show what a release would change.",
    "release": "Publish a pack: ledger, changelog and package.",
    "preview": "Show every card in a browser as Anki will, question next to answer.",
    "review": "Study what is due today.",
    "projects": "List the projects that you have studied on this machine.",
    "due": "Show what is due today and in the coming days.",
    "stats": "Show how your studying is going.",
    "history": "Show the answers to a card, or all answers of a day.",
    "browse": "Search all prompts; view, suspend, flag, bury, reset and reschedule them.",
    "next": "Show what `cards review` would ask now.",
    "answer": "Record one answer from a script.",
    "suspend": "Stop asking prompts until they are unsuspended.",
    "unsuspend": "Ask suspended prompts again.",
    "bury": "Put prompts off until the next study day.",
    "flag": "Flag prompts, to find them with --flagged.",
    "reset": "Start prompts over, as if they had never been answered.",
    "reschedule": "Set in how many days prompts are due, like Anki's *Set due date*.",
    "undo": "Undo the last answer or other act, and with each call the one before.",
    "exam": "Prepare for an exam on a date.",
    "options": "Show the study options of your decks, or override them for yourself.",
    "days": "Show your study days, or set days off and lighter days.",
    "pause": "Ask nothing from today on, for as long as you like.",
    "optimize": "Fit the memory model to your own answers.",
    "export": "Write all reviews to a file, without loss.",
    "import": "Import reviews from `cards export`, the history of Anki, or that of another program.",
    "anki": "Work with your Anki on this machine, or on a sync server of your own.",
    "sync": "Share your history with your other machines.",
    "backup": "Back up the review store, or restore a backup.",
    "config": "Show your settings, or change one.",
    "keys": "Show what each key does, and where.",
    "schema": "Print a JSON Schema for editors.",
    "lsp": "Serve editors: problems while you type, completion, the card beside its text.",
    "completion": "Print a script that completes commands, options and names in your shell.",
    "help": "Show the help of a command.",
    "doctor": "Find out what is wrong, and what to do about it.",
}
"""Every command, in the module of the same name, with the first sentence of its help."""
_MODULES: Final = {
    **dict.fromkeys(("suspend", "unsuspend", "bury", "flag", "reset", "reschedule"), "mark"),
    "import": "import_reviews",
}
"""Modules that are not named after their commands."""


_HOME_OPTIONS: Final = (["--json"], ["--plain"])


class _Program(LazyGroup):
    """The top-level group, which turns every error into a message and an exit status."""

    _meta: Mapping[str, Any]
    """What is found out about the command that runs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words, among which no command means `cards home`."""
        start = 0
        if args and args[0].startswith("-C"):
            start = 2 if args[0] == "-C" else 1
        if not ctx.resilient_parsing and (
            len(args) == start or args[start : start + 1] in _HOME_OPTIONS
        ):
            args = [*args[:start], "home", *args[start:]]
        return super().parse_args(ctx, args)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Parse the words, and share with `main` what is found out about the command."""
        context = super().make_context(info_name, args, parent, **extra)
        self._meta = context.meta
        return context

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, *, standalone_mode: bool = True, **extra: Any
    ) -> Any:
        """Run a command and exit with its status; without `standalone_mode`, return or raise."""
        if not standalone_mode:
            return super().main(args, standalone_mode=False, **extra)
        words = sys.argv[1:] if args is None else list(args)
        self._meta = {}

        def is_json() -> bool:
            is_typed = "--json" in takewhile(lambda word: word != "--", words)
            return is_typed or self._meta.get("cardwright.json", False)

        try:
            sys.exit(super().main(args, standalone_mode=False, **extra))
        except click.ClickException as error:
            if is_json():
                context = error.ctx if isinstance(error, click.UsageError) else None
                help = f"see `{context.command_path} --help`" if context else ""
                _warn_json(error.format_message(), help, self._meta.get("cardwright.flags", ""))
            else:
                _report_usage_error(error)
            sys.exit(error.exit_code)
        except click.Abort as error:
            if is_json():
                _warn_json("aborted")
            else:
                _warn("Aborted.")
            # As shells report Ctrl-C, so that a script can tell it from a problem that was found.
            is_interrupted = isinstance(error.__context__, KeyboardInterrupt)
            sys.exit(128 + signal.SIGINT if is_interrupted else 1)
        except (CardwrightError, OSError) as error:
            _report_failure(error, is_json=is_json())
            sys.exit(1)


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="cards")
@click.option(
    "-C",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="Use the project in this folder.",
)
@click.pass_context
def cards(context: click.Context, folder: Path) -> None:
    """Flashcards as code: check YAML cards, build Anki decks, review in the terminal.

    \b
    cards init my-deck        start a project
    cards check               report every problem in it
    cards build               write build/*.apkg, ready for Anki
    cards review              study what is due today
    """
    # The config file may have set it already.
    context.obj = context.obj or folder
    if sys.stdout.isatty():
        from cardwright.cli.progress import begin_progress  # noqa: PLC0415  (start-up is measured)

        begin_progress()


cards.add_lazily("cardwright.cli", _COMMANDS, _MODULES)


def main() -> None:
    """Run the command line."""
    _open_missing_streams()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # Card text is Unicode; a character that cannot be shown or read must not be fatal.
            errors = "replace" if stream is sys.stdin else "backslashreplace"
            stream.reconfigure(encoding="utf-8", errors=errors)
    try:
        cards(prog_name="cards")
    finally:
        # Neither Ctrl-C nor a full disk shall show a traceback while Python shuts down.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _open_missing_streams() -> None:
    """Open standard streams that were closed (`cards list >&-`).

    Otherwise the next file that is opened, such as the store, would get their numbers. Input is at
    its end, and output fails, as on a full disk.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_WRONLY if name == "stderr" else os.O_RDONLY)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def _warn(text: str) -> None:
    from cardwright.cli.output import warn  # noqa: PLC0415  (not needed on success)

    warn(text)


def _warn_json(message: str, help: str = "", details: str = "") -> None:
    from cardwright.cli.output import warn_json  # noqa: PLC0415  (not needed on success)

    warn_json({"error": message, "help": help, "details": details})


def _report_failure(error: CardwrightError | OSError, *, is_json: bool) -> None:
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        message, help, details = f"{where}{error.strerror or error}", "", ""
    else:
        message, help, details = error.message, error.help, error.details
    if is_json:
        _warn_json(message, help, details)
        return
    if details:
        _warn(details)
    _warn(f"error: {message}" + (f"\n  help: {help}" if help else ""))


def _report_usage_error(error: click.ClickException) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _warn(error.format_message())
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        _warn(context.get_usage())
        if context.command.get_help_option(context) is not None:
            option = context.help_option_names[-1]
            _warn(f"Try '{context.command_path} {option}' for help.\n")
    _warn(f"Error: {error.format_message()}")
    if context is not None and (flags := context.meta.get("cardwright.flags")):
        _warn(f"note: {flags}")
