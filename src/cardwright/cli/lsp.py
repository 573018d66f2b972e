"""`cards lsp`."""

from __future__ import annotations

import sys
import time
from io import FileIO
from pathlib import Path

import click

from cardwright.cli.params import db_option
from cardwright.cli.project import find_cache
from cardwright.cli.user_folders import default_store_path


@click.command()
@click.option("--stdio", is_flag=True, hidden=True, help="Ignored: some editors add it.")
@db_option
def lsp(stdio: bool, db: Path | None) -> None:
    """Serve editors: problems while you type, completion, the card beside its text.

    Your editor starts it, and talks to it in the Language Server Protocol. docs/editors.md says how to set
    it up.

    \b
    cards lsp
    """
    del stdio
    if sys.stdin.isatty():
        raise click.UsageError("an editor starts this, and talks to it on standard input")
    from cardwright.editor.server import Server  # noqa: PLC0415  (not needed for the message above)

    server = Server(
        sys.stdout.buffer,
        time.monotonic,
        cache_folder=find_cache(),
        store_path=db or default_store_path(),
    )
    # Unbuffered: the thread that reads must not hold a lock when the program ends.
    sys.exit(server.serve(FileIO(sys.stdin.fileno(), closefd=False)))
