"""Time `cards build` and `cards check` on a made-up collection, against their floors."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import corpus

HERE: Final = Path(__file__).parent
USUAL_NOTES: Final = 10_000
MAX_BUILD_MB: Final = 400
"""For the usual number of notes."""
MAX_RATIO: Final = {"build": 1.6, "check": 1.5}
_KIB_PER_MB: Final = 1024


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program."""

    work_s: float
    """As the program itself timed it, its imports left out."""
    whole_s: float
    """From the start of the process to its end."""
    peak_mb: float


def time_program(words: list[str]) -> Run:
    """Run a Python program that prints, last, the seconds that its work took."""
    start = time.perf_counter()
    # A fixed build time spares the search for the last commit.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    process = subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    whole_s = time.perf_counter() - start
    if status != 0:
        sys.exit(f"{' '.join(words)} failed:\n{printed}")
    return Run(float(printed.split()[-1]), whole_s, usage.ru_maxrss / _KIB_PER_MB)


def measure(command: str, root: Path, rounds: int) -> tuple[list[Run], list[Run]]:
    """Run a command and its floor in turn, so that what else the machine does meets both."""
    ours, floor = [], []
    for _ in range(rounds):
        floor.append(time_program([str(HERE / "floors.py"), command, str(root)]))
        ours.append(time_program([str(HERE / "ours.py"), command, str(root)]))
    return ours, floor


def main() -> None:
    """Print a table; end with status 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=USUAL_NOTES)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    missed = False
    print(f"{options.notes:,} notes, median of {options.rounds} rounds")
    print(
        f"{'what':16}{'s':>8}{'floor s':>10}{'ratio':>8}{'target':>8}{'ms/note':>9}{'peak MB':>9}"
    )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        corpus.write_project(root, options.notes)
        for command, max_ratio in MAX_RATIO.items():
            ours, floor = measure(command, root, options.rounds)
            peak_mb = median(run.peak_mb for run in ours)
            for part in ("work", "whole"):
                ours_s = median(getattr(run, f"{part}_s") for run in ours)
                floor_s = median(getattr(run, f"{part}_s") for run in floor)
                ratio = ours_s / floor_s
                missed |= ratio > max_ratio
                print(
                    f"{f'{command}, {part}':16}{ours_s:8.2f}{floor_s:10.2f}{ratio:8.2f}"
                    f"{max_ratio:8.2f}{ours_s / options.notes * 1000:9.3f}{peak_mb:9.0f}"
                )
            if command == "build" and options.notes <= USUAL_NOTES:
                missed |= peak_mb > MAX_BUILD_MB
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
