"""One server for the tests of a module: it finds the project of each file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from editor_client import Editor


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    folder = tmp_path_factory.mktemp("editor")
    source = str(Path(__file__).parents[2] / "src")
    env = {"CARDS_CACHE": str(folder / "cache"), "CARDS_DB": str(folder / "none.db")}
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH", "")]))
    with Editor(env={**env, "PYTHONPATH": path}) as found:
        yield found
        assert found.close() == (0, "")
