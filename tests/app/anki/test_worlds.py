"""One deck, studied in Anki and in the terminal: random histories, with syncs and kills.

Each world is a process of its own on a clock that it moves. benchmarks/anki_sync.py lets many more live.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from anki_clock import find_compiler, start_program
from anki_scenes import SCENES
from anki_world import START, ZONE

SUPPORT = Path(__file__).parents[2] / "support"

pytestmark = pytest.mark.skipif(
    not find_compiler(), reason="the clock of a world is built with a C compiler, on Linux"
)


def run(folder: Path, program: str, *words: str, start: datetime = START, zone: str = ZONE) -> str:
    process = start_program((str(SUPPORT / program), *words), folder, start, zone)
    output, _ = process.communicate(timeout=900)
    assert process.returncode == 0, output
    return output


@pytest.mark.parametrize(
    ("door", "seed", "rounds", "kills"),
    [("server", 1, 20, 10), ("closed", 2, 40, 10), ("connect", 3, 40, 10)],
)
def test_in_any_order_both_sides_end_with_one_memory(
    door: str, seed: int, rounds: int, kills: int, tmp_path: Path
) -> None:
    words = ("--door", door, "--seed", str(seed), "--rounds", str(rounds), "--kills", str(kills))

    found = json.loads(run(tmp_path, "anki_world.py", *words).splitlines()[-1])

    assert not found["broken"]
    assert found["done"]["interleavings"] == rounds
    assert found["done"]["killed"] >= kills


def test_chosen_histories_end_with_one_memory(tmp_path: Path) -> None:
    output = run(tmp_path, "anki_scenes.py", "server")

    assert f"{len(SCENES)} scenes behind server: 0 broken" in output


def test_a_month_in_anki_is_read_from_each_of_its_files(tmp_path: Path) -> None:
    # Summer time ends on 25 October.
    start = datetime.fromisoformat("2026-10-05T10:00+02:00")

    output = run(
        tmp_path, "anki_month.py", str(tmp_path), "1", "30", start=start, zone="Europe/Berlin"
    )

    for name in ("new.apkg", "legacy.apkg", "backup", "while open", "new.colpkg", "legacy.colpkg"):
        assert f"{name}: " in output
