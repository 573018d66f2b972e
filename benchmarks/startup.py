"""Time `cards --help` as a whole process, against an interpreter that imports click."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median
from typing import Final

from table import Row, compare, print_rows

ROUNDS: Final = 40
MAX_RATIO: Final = 1.5
_FLOOR: Final = ("-c", "import click")
_OURS: Final = ("-c", "from cardwright.cli.main import main; main()", "--help")


def time_process(*words: str) -> float:
    """Return the seconds from the start of an interpreter to its end."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def list_rows(rounds: int = ROUNDS) -> Iterator[Row]:
    """Yield the row of `cards --help`."""
    floor, ours = [], []
    for _ in range(rounds):
        floor.append(time_process(*_FLOOR))
        ours.append(time_process(*_OURS))
    yield compare("cards --help", median(ours), median(floor), "importing click", MAX_RATIO)


def main() -> None:
    """Print a table; exit with status 1 if the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="A tenth of the rounds.")
    options = parser.parse_args()
    print_rows(list_rows(ROUNDS // 10 if options.quick else ROUNDS))


if __name__ == "__main__":
    main()
