"""The formats of decks that can be adopted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cardwright.anki.incoming import open_incoming
from cardwright.incoming import Incoming


@contextmanager
def open_deck(source: Path, _columns: Sequence[str]) -> Iterator[Incoming]:
    """Open a deck of whatever format; its notes and media can be read while it is open.

    Raises:
        CardwrightError: its format is not known, or it cannot be read.

    """
    with open_incoming(source) as incoming:
        yield incoming
