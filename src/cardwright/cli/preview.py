"""`cards preview`."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import click

from cardwright.app.choice import choose_packs
from cardwright.app.project import Project, count_problems
from cardwright.cli.output import say, warn
from cardwright.cli.paths import PAGE_START, OutputFile
from cardwright.cli.project import open_user_project
from cardwright.error import CardwrightError, ProjectError
from cardwright.files import find_below, write_file
from cardwright.project.walk import find_project
from cardwright.text import count
from cardwright.web.preview import PreviewPage, make_page
from cardwright.web.watch import PageServer, watch


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@click.option(
    "--to",
    "target",
    type=OutputFile(PAGE_START),
    help="Write the page to this file (default: build/preview.html in the project).",
)
@click.option(
    "--watch",
    "is_watched",
    is_flag=True,
    help="Serve the page, and update it when a file is saved.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port for --watch (default: any free port).",
)
@click.pass_obj
def preview(
    folder: Path, packs: tuple[str, ...], target: Path | None, is_watched: bool, port: int | None
) -> None:
    """Show every card in a browser as Anki will, question next to answer.

    \b
    cards preview
    cards preview mlpro --watch
    """
    if is_watched and target is not None:
        raise click.UsageError("--watch serves the page, --to writes it: choose one")
    if port is not None and not is_watched:
        raise click.UsageError("--port needs --watch")
    if is_watched:
        _serve(folder, packs, port or 0)
        return
    project = open_user_project(folder)
    page = _make_page(project, packs, is_watched=False)
    path = target or find_below(project.root, "build/preview.html")
    write_file(path, page.html)
    say(f"{path}: {count(page.prompt_count, 'prompt')}")
    if project.problems:
        warn(f"{count_problems(project.problems)}, shown at the top of the page")


def _make_page(project: Project, names: Sequence[str], *, is_watched: bool) -> PreviewPage:
    collection = project.collection
    # A pack with a broken manifest has no deck, but its cards can be shown anyway.
    packs = list(dict.fromkeys([*collection.decks, *(card.pack for card in collection.heads)]))
    decks = project.root / "decks"
    broken = [name for name in names if os.path.isdir(decks / name)]  # noqa: PTH112  (never raises)
    choose_packs([*packs, *broken], names)
    return make_page(project, names or packs, is_watched=is_watched)


def _serve(folder: Path, packs: Sequence[str], port: int) -> None:
    root = find_project(folder)

    def make() -> str | None:
        try:
            project = open_user_project(root)
            page = _make_page(project, packs, is_watched=True)
        except (CardwrightError, OSError) as error:
            # The next change may fix it.
            warn(f"error: {error}")
            return None
        say(f"{count(page.prompt_count, 'prompt')}: {count_problems(project.problems)}")
        return page.html

    try:
        server = PageServer(port)
    except OSError as error:
        raise ProjectError(f"cannot serve on port {port}: {error.strerror}") from error
    say(f"Serving {server.url}; press Ctrl-C to stop")
    folders = (root / name for name in ("cards", "decks", "kinds"))
    try:
        if not watch(server, make, folders, threading.Event()):
            sys.exit(1)
    except KeyboardInterrupt:
        say()
