"""Somebody who makes a deck in Anki, people who import it, and an empty folder to adopt it into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from anki_backend import Anki
from anki_deck_author import DeckAuthor, MakeReader


@pytest.fixture
def author(tmp_path: Path) -> Iterator[DeckAuthor]:
    """Somebody who makes a deck."""
    made = DeckAuthor(tmp_path / "author")
    yield made
    made.col.close()


@pytest.fixture
def read(tmp_path: Path) -> Iterator[MakeReader]:
    """Make collections of people who import packages.

    They are made after the deck, so that no note type of it has the id of one that is theirs.
    """
    made: list[Anki] = []

    def make(name: str) -> Anki:
        made.append(Anki(tmp_path / name))
        return made[-1]

    yield make
    for anki in made:
        anki.col.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder
