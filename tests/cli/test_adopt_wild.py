"""Notes as they are found in people's collections, adopted and imported beside the original.

`benchmarks/adopt.py` does the same with thousands of them, and with any package.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from project_files import Run
from subscriber import compare, subscribed
from wild_notes import write_wild_package


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "wild.apkg"
    write_wild_package(path, tmp_path / "author", 30, seed=5)
    return path


def test_wild_notes_come_back_as_they_were(run: Run, package: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    run("adopt", str(package), folder=folder)
    run("check", folder=folder)
    run("build", folder=folder)
    build = folder / "build" / "wild.apkg"

    with subscribed(tmp_path / "reader") as reader:
        reader.take(package)
        reader.study(10, seed=1)
        edited = reader.edit(3, seed=1)
        before = (reader.list_looks(), reader.list_schedules(), reader.list_types())
        log = reader.take(build)
        assert (log.new, log.updated, log.conflicting) == (0, 0, 0)
        assert (reader.list_looks(), reader.list_schedules(), reader.list_types()) == before
        assert len(edited) == 3

    with subscribed(tmp_path / "original") as original, subscribed(tmp_path / "other") as other:
        original.take(package)
        other.take(build)
        told, differences = compare(original, other)
        assert told["notes"] == 30
        assert not told.keys() & {
            *("other note type", "other cards", "other decks", "note types lost"),
            "note types changed",
        }
        assert not told["notes lost"] + told["notes added"]
        # What runs or loads something does not come back.
        harmful = (
            "<script",
            "<style",
            "<iframe",
            "<svg",
            "onerror",
            "<input",
            "javascript:",
            "://",
        )
        assert [
            found
            for found in differences
            if found.field != "tags" and not any(word in found.before for word in harmful)
        ] == []
