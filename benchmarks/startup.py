"""Time `cards --help` as a whole process, against an interpreter that imports click."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from statistics import median
from typing import Final

MAX_RATIO: Final = 1.5
_FLOOR: Final = ("-c", "import click")
_OURS: Final = ("-c", "from cardwright.cli.main import main; main()", "--help")


def time_process(*words: str) -> float:
    """Return the seconds from the start of an interpreter to its end."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main() -> None:
    """Print a table; exit with status 1 if the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    floor, ours = [], []
    for _ in range(options.rounds):
        floor.append(time_process(*_FLOOR))
        ours.append(time_process(*_OURS))
    print(
        f"{'of ' + str(options.rounds) + ' rounds':16}{'ms':>8}{'floor ms':>10}{'ratio':>8}{'target':>8}"
    )
    for name, pick in (("minimum", min), ("median", median)):
        ours_ms, floor_ms = pick(ours) * 1000, pick(floor) * 1000
        print(f"{name:16}{ours_ms:8.1f}{floor_ms:10.1f}{ours_ms / floor_ms:8.2f}{MAX_RATIO:8.2f}")
    sys.exit(1 if median(ours) > MAX_RATIO * median(floor) else 0)


if __name__ == "__main__":
    main()
