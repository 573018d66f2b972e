"""A collection in real Anki."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from anki_backend import Anki


@pytest.fixture
def anki(tmp_path: Path) -> Iterator[Anki]:
    """A collection that is empty but for the Default deck."""
    made = Anki(tmp_path / "anki")
    yield made
    made.col.close()
