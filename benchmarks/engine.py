"""Time `cards build` and `cards check` on a generated collection, against their floors."""

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
"""For the default number of notes."""
MAX_RATIO: Final = {"build": 1.6, "check": 1.5}
_KIB_PER_MB: Final = 1024


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program."""

    work_s: float
    """Measured by the program itself, without imports."""
    whole_s: float
    """From the start of the process to its end."""
    peak_mb: float


def time_program(program: str, *words: str) -> Run:
    """Run a Python program of this folder whose last output is the seconds its work took."""
    start = time.perf_counter()
    # A fixed build time avoids looking up the last commit.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    process = subprocess.Popen(
        [sys.executable, HERE / program, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    whole_s = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{program} {' '.join(words)} failed:\n{printed}")
    return Run(float(printed.split()[-1]), whole_s, usage.ru_maxrss / _KIB_PER_MB)


def measure(command: str, root: Path, rounds: int) -> tuple[list[Run], list[Run]]:
    """Run a command and its floor alternately, so that other load on the machine affects both."""
    ours, floor = [], []
    for _ in range(rounds):
        floor.append(time_program("floors.py", command, str(root)))
        ours.append(time_program("ours.py", command, str(root)))
    return ours, floor


def main() -> None:
    """Print a table; exit with status 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=USUAL_NOTES)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    notes = options.notes
    missed = []
    print(f"{notes:,} notes, median of {options.rounds} rounds")
    print(f"{'what':14}{'s':>8}{'floor s':>9}{'ratio':>7}{'target':>8}{'ms/note':>9}{'peak MB':>9}")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        corpus.write_project(root, notes)
        for command, max_ratio in MAX_RATIO.items():
            ours, floor = measure(command, root, options.rounds)
            peak_mb = median(run.peak_mb for run in ours)
            for part in ("work", "whole"):
                ours_s, floor_s = (
                    median(getattr(run, f"{part}_s") for run in runs) for runs in (ours, floor)
                )
                name, ratio = f"{command}, {part}", ours_s / floor_s
                print(
                    f"{name:14}{ours_s:8.2f}{floor_s:9.2f}{ratio:7.2f}{max_ratio:8.2f}"
                    f"{ours_s / notes * 1000:9.3f}{peak_mb:9.0f}"
                )
                if ratio > max_ratio:
                    missed.append(name)
            if command == "build" and notes <= USUAL_NOTES and peak_mb > MAX_BUILD_MB:
                missed.append(f"memory ({MAX_BUILD_MB} MB)")
    if missed:
        sys.exit(f"missed: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
