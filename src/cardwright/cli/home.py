"""`cards home`, which is also `cards` alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from cardwright.app.garbage import gc_paused
from cardwright.app.overview import Overview, survey
from cardwright.app.projects import open_joint_study
from cardwright.app.study import Study, open_study
from cardwright.cli.config_file import find_colours
from cardwright.cli.environment import read_clock
from cardwright.cli.output import find_width, say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.cli.user_folders import default_store_path
from cardwright.cli.window import find_keymap, make_screen
from cardwright.error import CardwrightError, ProjectError
from cardwright.progress import show_progress
from cardwright.project.walk import find_project
from cardwright.terminal.home import Home, HomeActs, draw_overview
from cardwright.terminal.keys import KeyReader, drop_typed
from cardwright.terminal.screen import can_draw

_START = """\
No project here, and none is known yet.

  cards init NAME     start a project of your own
  cards adopt FILE    take over a deck of Anki or of another program, with its history
  cards --help        show all commands"""


@click.command()
@click.option("--plain", is_flag=True, help="Print it, without a full screen.")
@json_option
@db_option
@click.pass_obj
def home(folder: Path, plain: bool, as_json: bool, db: Path | None) -> None:
    """Show what is due and what needs attention, and study from there.

    This is what `cards` alone does. In a project, it lists the decks; elsewhere, the projects that
    you have studied on this machine. Press `?` for all keys. In a pipe, it is printed.

    \b
    cards
    cards home --plain
    cards home --json
    """
    command = _HomeCommand(folder, db or default_store_path(), is_named=db is not None)
    root = _find_root(folder)
    if as_json:
        say_json(command.load(root, plans=True).as_json())
        return
    if plain or not can_draw(sys.stdin, sys.stdout, os.environ):
        found = command.load(root, plans=True)
        if found.is_of_projects and not found.rows:
            say(_START)
        else:
            say(draw_overview(found, find_width()))
        return
    found = command.load(root, plans=False)
    if found.is_of_projects and not found.rows:
        say(_START)
        return
    # Its line would be written over the screen.
    show_progress(None)
    keymap, colours = find_keymap(), find_colours()
    with make_screen(colours) as screen:
        acts = HomeActs(load=command.load, study=command.study, browse=command.browse)
        Home(found, root, screen, colours, acts=acts, keymap=keymap).run()
    sys.exit(screen.exit_code)


def _find_root(folder: Path) -> Path | None:
    try:
        return find_project(folder)
    except ProjectError:
        return None


class _HomeCommand:
    """What the home screen can only do through other commands, or with the store."""

    def __init__(self, folder: Path, db: Path, *, is_named: bool) -> None:
        self._folder = folder
        self._db = db
        self._store_words = ("--db", str(db)) if is_named else ()

    def load(self, root: Path | None, *, plans: bool) -> Overview:
        """Return what is due in a project, or in all of them without one."""
        with self._open(root) as study, gc_paused():
            return survey(study, plans=plans)

    @contextmanager
    def _open(self, root: Path | None) -> Iterator[Study]:
        moment = read_clock()
        if root is not None:
            with open_study(root, self._db, moment) as study:
                yield study
        else:
            with open_joint_study(self._folder, self._db, moment) as joint:
                yield joint

    def study(self, root: Path | None, deck: str) -> str:
        """Review a deck of a project, or all of it, or all projects; return a message.

        Raises:
            SystemExit: the review, or the wait after it, was ended from outside.

        """
        from cardwright.cli.review import review  # noqa: PLC0415  (only when a deck is opened)

        message = self._call(review, root, [deck] if deck else [])
        if not message:
            _wait_for_key()
        return message

    def browse(self, root: Path | None, deck: str) -> str:
        """Browse the cards of the same; return a message.

        Raises:
            SystemExit: the browser was ended from outside.

        """
        from cardwright.app.search import quote_condition  # noqa: PLC0415  (only for its key)
        from cardwright.cli.browse import browse  # noqa: PLC0415  (as above)

        return self._call(browse, root, [quote_condition("deck", deck)] if deck else [])

    def _call(self, command: click.Command, root: Path | None, words: list[str]) -> str:
        """Run a command in a project, or in all projects; return a message."""
        given = [
            *self._store_words,
            *(() if root else ("--all",)),
            *(("--", *words) if words else ()),
        ]
        try:
            command.main(
                given, f"cards {command.name}", standalone_mode=False, obj=root or self._folder
            )
        except SystemExit as ended:
            if ended.code:
                raise
        except (CardwrightError, click.ClickException) as error:
            return str(error)
        return ""


def _wait_for_key() -> None:
    """Leave what was printed on the screen until a key is pressed."""
    with KeyReader(sys.stdin) as keys:
        drop_typed(sys.stdin)
        say("\nPress any key to go back.")
        while keys.read() in {"resize", "suspend"}:
            pass
    if keys.exit_code:
        sys.exit(keys.exit_code)
