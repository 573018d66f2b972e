"""Time `cards check` and `cards build`: whole processes, with a cache and without one."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import corpus
from table import Row, compare, print_rows

HERE: Final = Path(__file__).parent
NOTES: Final = 10_000
MANY_NOTES: Final = 100_000
MAX_MB: Final = 300
MAX_GROWTH: Final = 1.2
_KIB_PER_MB: Final = 1024


class Run(NamedTuple):
    """One run of a process, from its start to its end."""

    wall_s: float
    peak_mb: float


def run_process(words: Sequence[str | Path], cache: str | Path = "") -> Run:
    """Run Python with a folder for the cache, by default without one."""
    # A fixed build time avoids looking up the last commit.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "CARDS_CACHE": str(cache)}
    # Modules are compiled once, as when they are installed.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, *words], stdout=output, stderr=subprocess.STDOUT, env=environment
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            sys.exit(f"{words} failed:\n{output.read().decode()}")
    return Run(wall_s, usage.ru_maxrss / _KIB_PER_MB)


class Bench:
    """A project, and a cache that knows it."""

    def __init__(self, root: Path, cache: Path) -> None:
        """Take a project in a folder."""
        self._root = root
        self._cache = cache
        self._edits = 0

    def run_fresh(self, command: str) -> Run:
        """Run a command without a cache."""
        return run_process(["-m", "cardwright", "-C", self._root, command])

    def run_cached(self, command: str) -> Run:
        """Run a command with the cache."""
        return run_process(["-m", "cardwright", "-C", self._root, command], self._cache)

    def run_edited(self, command: str) -> Run:
        """Run a command with the cache, after one text of one card has changed."""
        files = sorted(self._root.glob("cards/**/*.yaml"))
        path = files[len(files) // 2]
        text = path.read_text("utf-8")
        self._edits += 1
        path.write_text(text.replace(".\n", f" {self._edits}.\n", 1), "utf-8", newline="\n")
        return self.run_cached(command)

    def run_floor(self, command: str) -> Run:
        """Run the floor of a command."""
        return run_process([HERE / "floors.py", command, self._root])


def measure(rounds: int, *runs: Callable[[str], Run], command: str) -> list[float]:
    """Return the median seconds of runs that alternate, so that other load affects all of them."""
    found = [[run(command).wall_s for run in runs] for _ in range(rounds)]
    return [median(one) for one in zip(*found, strict=True)]


def list_cached_rows(bench: Bench, notes: int, rounds: int) -> Iterator[Row]:
    """Yield the rows of checks and builds with a cache."""
    for command in ("check", "build"):
        bench.run_cached(command)
        fresh, same, edited = measure(
            rounds, bench.run_fresh, bench.run_cached, bench.run_edited, command=command
        )
        name, floor_name = f"`{command}`, {notes:,} notes", f"a full {command}, without a cache"
        if command == "check":
            yield compare(f"{name}, nothing changed", same, fresh, floor_name, 0.1)
            yield compare(f"{name}, after one edit", edited, fresh, floor_name, 0.12)
        else:
            yield compare(f"{name}, after one edit", edited, fresh, floor_name, 0.2)


def list_full_rows(
    bench: Bench, what: str, rounds: int, *, has_limit: bool = True
) -> Iterator[Row]:
    """Yield the rows of checks and builds without a cache."""
    floors = {
        "build": ("C YAML, `MarkdownIt().render` and genanki", 1.1),
        "check": ("C YAML and `MarkdownIt().parse`", 1.15),
    }
    for command, (floor_name, ratio) in floors.items():
        floor, ours = measure(rounds, bench.run_floor, bench.run_fresh, command=command)
        row = compare(f"full `{command}`, {what}", ours, floor, floor_name, ratio)
        yield row if has_limit else row._replace(limit=None, target="")


def list_many_rows(bench: Bench, many: Bench, notes: tuple[int, int]) -> Iterator[Row]:
    """Yield the rows of a build of many notes: its memory, and that time grows with their number."""
    few_notes, many_notes = notes
    few, large = bench.run_fresh("build"), many.run_cached("build")
    name = f"`build`, {many_notes:,} notes"
    yield Row(f"{name}, memory", large.peak_mb, "MB", 0, "", MAX_MB, f"{MAX_MB} MB")
    few_ms, large_ms = (
        run.wall_s / number * 1000 for run, number in ((few, few_notes), (large, many_notes))
    )
    floor_name = f"the same of {few_notes:,} notes"
    yield compare(f"{name}, each", large_ms, few_ms, floor_name, MAX_GROWTH, "ms")


def list_rows(folder: Path, notes: int, many_notes: int, rounds: int) -> Iterator[Row]:
    """Yield all rows, with projects in a folder."""
    made, many, own = (Bench(folder / name, folder / "cache") for name in ("made", "many", "own"))
    corpus.write_project(folder / "made", notes)
    for name in ("cards", "decks"):
        shutil.copytree(HERE.parent / name, folder / "own" / name)
    yield from list_cached_rows(made, notes, rounds)
    yield from list_full_rows(made, f"{notes:,} notes", rounds)
    # Half of its work is what the floor does without: code in colours, and a ledger to compare with.
    yield from list_full_rows(own, "ML-PRO", rounds, has_limit=False)
    corpus.write_project(folder / "many", many_notes)
    yield from list_many_rows(made, many, (notes, many_notes))


def main() -> None:
    """Print the rows; exit with status 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="A tenth of everything.")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    share = 10 if options.quick else 1
    with tempfile.TemporaryDirectory() as folder:
        print_rows(list_rows(Path(folder), NOTES // share, MANY_NOTES // share, options.rounds))


if __name__ == "__main__":
    main()
