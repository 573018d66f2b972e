"""A collection in real Anki, and releases to import into it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anki_backend import Anki
from project_files import Release, Run


@pytest.fixture
def anki(tmp_path: Path) -> Iterator[Anki]:
    """A collection that is empty but for the Default deck."""
    made = Anki(tmp_path / "anki")
    yield made
    made.col.close()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Callable[[str], Anki]]:
    """Make collections of several people."""
    made: list[Anki] = []

    def make_reader(name: str) -> Anki:
        made.append(Anki(tmp_path / name))
        return made[-1]

    yield make_reader
    for anki in made:
        anki.col.close()


@pytest.fixture
def release(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """Release the pack at a time, and return a copy of its package."""

    def release_pack(name: str, time_s: int) -> Path:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(time_s))
        run("release", "trees")
        return Path(shutil.copy(project / "build" / "trees.apkg", project / f"{name}.apkg"))

    return release_pack
