"""Time `cards --help` and a press of Tab as whole processes, against an interpreter and its imports."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Final

from corpus import write_project
from table import Row, compare, print_rows

from cardwright.cli.complete import WORDS

ROUNDS: Final = 40
MAX_RATIO: Final = 1.5
TAB_S: Final = 0.1
CARDS: Final = 10_000
_FLOOR: Final = ("-c", "import click")
_TAB_FLOOR: Final = ("-c", "import msgspec")
_OURS: Final = ("-c", "from cardwright.cli.start import main; main()")
_LINES: Final = {"a command": "cards re", "one of 10,000 cards": "cards show note-99"}


def time_process(*words: str, environ: Mapping[str, str] | None = None) -> float:
    """Return the seconds from the start of an interpreter to its end."""
    start = time.perf_counter()
    environ = {**os.environ, **(environ or {})}
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, env=environ, check=True)
    return time.perf_counter() - start


def list_rows(rounds: int = ROUNDS) -> Iterator[Row]:
    """Yield the rows of `cards --help` and of Tab."""
    floor, ours = [], []
    for _ in range(rounds):
        floor.append(time_process(*_FLOOR))
        ours.append(time_process(*_OURS, "--help"))
    yield compare("cards --help", median(ours), median(floor), "importing click", MAX_RATIO)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder / "big", CARDS)
        environ = {"CARDS_DB": str(folder / "reviews.db")}
        time_process(*_OURS, "-C", str(folder / "big"), "due", environ=environ)
        for what, line in _LINES.items():
            typed = line.replace("cards", f"cards -C {folder / 'big'}", 1)
            floor, ours = [], []
            for _ in range(rounds):
                floor.append(time_process(*_TAB_FLOOR))
                ours.append(
                    time_process(*_OURS, "__complete", "bash", environ={**environ, WORDS: typed})
                )
            yield Row(
                f"Tab: {what}",
                median(ours),
                "s",
                median(floor),
                "importing msgspec",
                TAB_S,
                f"{TAB_S:g} s",
            )


def main() -> None:
    """Print a table; exit with status 1 if the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="A tenth of the rounds.")
    options = parser.parse_args()
    print_rows(list_rows(ROUNDS // 10 if options.quick else ROUNDS))


if __name__ == "__main__":
    main()
