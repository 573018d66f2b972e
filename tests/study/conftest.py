"""Stores to sync, and a check that every test of study closes what it opened."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from studying import SYNC_OPTIONS, MakeJournal, close_stores, open_journal


@pytest.fixture(autouse=True)
def _nothing_stays_open() -> Iterator[None]:
    yield
    close_stores()


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> MakeJournal:
    """Make a new store on a machine of this name."""
    folder, numbers = tmp_path_factory.mktemp("machines"), count()
    return lambda machine: open_journal(
        folder / f"{next(numbers)}.db", SYNC_OPTIONS, machine=machine, packs=("trees", "birds")
    )
