"""`cards preview`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cardwright.cli.project import Project
    from cardwright.web.preview import Page


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the page; default: build/preview.html of the project.",
)
@click.option("--watch", "is_watched", is_flag=True, help="Serve the page; it follows the sources.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to serve at, with --watch; default: any that is free.",
)
@click.pass_obj
def preview(
    folder: Path, packs: tuple[str, ...], target: Path | None, is_watched: bool, port: int | None
) -> None:
    """Show every card in a browser as Anki will, question beside answer.

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
    from cardwright.cli.project import count_problems, open_project
    from cardwright.cli.say import count
    from cardwright.files import write_file

    project = open_project(folder)
    page = _make_page(project, packs, is_watched=False)
    path = target or project.root / "build" / "preview.html"
    write_file(path, page.html)
    click.echo(f"{path}: {count(page.cards, 'card')}")
    if project.problems:
        click.echo(f"{count_problems(project.problems)}: at the top of the page", err=True)


def _make_page(project: Project, names: Sequence[str], *, is_watched: bool) -> Page:
    from cardwright.cli.say import fail
    from cardwright.project.load import resolve_media
    from cardwright.web.preview import Preview, make_page

    collection = project.collection
    # A pack whose manifest is broken has no deck, and is worth looking at all the same.
    packs = list(dict.fromkeys([*collection.decks, *(card.pack for card in collection.cards)]))
    for name in names:
        if name not in packs and not (project.root / "decks" / name).is_dir():
            fail(f"there is no pack `{name}` (packs: {', '.join(packs) or 'none'})")
    return make_page(
        Preview(
            collection=collection,
            packs=names or packs,
            problems=project.problems,
            renderer=project.renderer,
            find_media=lambda card, image: resolve_media(project.root, card, image)[0],
            read_line=project.texts.line,
            watched=is_watched,
        )
    )


def _serve(folder: Path, packs: Sequence[str], port: int) -> None:
    import sys
    import threading

    from cardwright.cli.project import count_problems, find_root, open_project
    from cardwright.cli.say import count, fail
    from cardwright.web.watch import PageServer, watch

    root = find_root(folder)

    def make() -> str | None:
        try:
            project = open_project(root)
            page = _make_page(project, packs, is_watched=True)
        except SystemExit:
            return None  # The reason is on the terminal; the next change may mend it.
        except OSError as error:
            click.echo(f"error: {error}", err=True)
            return None
        click.echo(f"{count(page.cards, 'card')}: {count_problems(project.problems)}")
        return page.html

    try:
        server = PageServer(port)
    except OSError as error:
        fail(f"cannot serve at port {port}: {error.strerror}")
    click.echo(f"{server.url} follows the sources; Ctrl-C ends it")
    folders = (root / name for name in ("cards", "decks", "kinds"))
    try:
        if not watch(server, make, folders, threading.Event()):
            sys.exit(1)
    except KeyboardInterrupt:
        click.echo()
