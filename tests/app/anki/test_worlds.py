"""One deck, studied in Anki and in the terminal: random histories, syncs and kills.

Each world is a process of its own, on a clock that it moves itself; `benchmarks/anki_sync.py` lets many
more of them live.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from anki_clock import find_compiler, start_program
from anki_world import START, ZONE

SUPPORT = Path(__file__).parents[2] / "support"
WORLDS = [("server", 1, 8, 3), ("closed", 2, 13, 4), ("connect", 3, 13, 4)]

pytestmark = pytest.mark.skipif(
    not find_compiler(), reason="the clock of a world is built with a C compiler, for Linux"
)


def run(folder: Path, *words: str) -> list[str]:
    process = start_program(words, folder, START, ZONE)
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output
    return output.splitlines()
