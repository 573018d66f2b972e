"""Random authors and readers: `benchmarks/histories.py` lets many more of them live."""

from __future__ import annotations

from pathlib import Path

import pytest

from readers import live


@pytest.mark.parametrize("seed", range(6))
def test_a_random_history_keeps_every_promise(tmp_path: Path, seed: int) -> None:
    done = live(seed, tmp_path)

    assert done["build"] + done["release"] > 4
    assert done["import_newest"] + done["import_release"] > 4
