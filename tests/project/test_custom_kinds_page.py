"""The page on kinds of one's own: its examples build, and every key is on it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cardwright.project import adopted
from cardwright.project import kind as kind_file
from cardwright.project.table import Table
from project_files import Run, Write

PAGE = Path(__file__).parents[2] / "docs" / "custom-kinds.md"
TEXT = PAGE.read_text("utf-8")
FILE = re.compile(r"(?m)^# ((?:cards|kinds)/\S+)\n")
SAMPLES = re.findall(r"(?ms)^```yaml\n(.*?)^```$", TEXT)


@pytest.mark.parametrize("sample", SAMPLES, ids=[FILE.findall(text)[0] for text in SAMPLES])
def test_an_example_is_checked_and_built(write: Write, run: Run, sample: str) -> None:
    _, *parts = FILE.split(sample)
    write(dict(zip(parts[::2], parts[1::2], strict=True)))
    write({"decks/trees/deck.yaml": "name: Trees\nnamespace: trees-k3v9\n"})

    assert ": 0 errors, 0 warnings" in run("check", "--strict").output
    assert "build/trees.apkg: " in run("build").output


@pytest.mark.parametrize(
    "table",
    [
        *(kind_file.KIND, kind_file._FIELD, kind_file._SIDE),
        *(adopted.KIND_IN_ANKI, adopted.FIELD_IN_ANKI, adopted.TEMPLATE_IN_ANKI),
    ],
)
def test_every_key_is_explained(table: Table) -> None:
    assert {key for key in table if f"`{key}`" not in TEXT} == set()
