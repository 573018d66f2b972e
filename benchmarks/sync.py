"""Time `cards sync` and `cards import` of 200,000 reviews, as whole processes.

python benchmarks/sync.py --quick --cpu     # a tenth, and CPU time, for a machine that is busy
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Final

from study import REVIEWS_PER_PROMPT, make_histories, make_reviews, name_prompt
from table import Row, compare, print_rows

from cardwright.history import Review
from cardwright.study.transfer import write_json_lines

HERE: Final = Path(__file__).parent
PROMPTS: Final = 10_000
MAX_RATIO: Final = 2.5
MAX_BEYOND_S: Final = 0.1
_OURS: Final = ("-c", "from cardwright.cli.main import main; main()")
_MACHINES: Final = ("0a0a0a0a", "1b1b1b1b")


def time_process(*words: str | Path, is_cpu: bool) -> float:
    """Return the seconds that an interpreter takes from its start to its end, or its CPU time."""
    start_s = time.perf_counter()
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    command = [sys.executable, *map(str, words)]
    pid = os.posix_spawn(sys.executable, command, os.environ, file_actions=quiet)
    _, status, used = os.wait4(pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return used.ru_utime + used.ru_stime if is_cpu else time.perf_counter() - start_s


def make_folder(folder: Path, reviews: Iterable[Review]) -> list[Path]:
    """Write reviews as two machines share them, half by each; return the files."""
    folder.mkdir()
    lines: dict[str, list[str]] = {name: [] for name in _MACHINES}
    for number, line in enumerate(write_json_lines(sorted(reviews, key=lambda r: r.id))):
        lines[_MACHINES[number % 2]].append(line)
    paths = [folder / f"{name}.jsonl" for name in _MACHINES]
    for path, found in zip(paths, lines.values(), strict=True):
        path.write_text("".join(found), "utf-8")
    return paths


def list_rows(prompts: int = PROMPTS, rounds: int = 3, *, is_cpu: bool = False) -> Iterator[Row]:
    """Yield the rows of syncs and imports."""
    with tempfile.TemporaryDirectory() as name:
        yield from _list_rows(Path(name), prompts, rounds, is_cpu=is_cpu)


def _list_rows(folder: Path, prompts: int, rounds: int, *, is_cpu: bool) -> Iterator[Row]:

    def run(*words: str | Path) -> float:
        return time_process(*_OURS, "-C", folder / "bare", *words, is_cpu=is_cpu)

    def run_floor(*files: Path) -> float:
        (folder / "floor.db").unlink(missing_ok=True)
        return time_process(HERE / "reviews_floor.py", folder / "floor.db", *files, is_cpu=is_cpu)

    (folder / "bare").mkdir()
    keys = list(map(name_prompt, range(prompts)))
    reviews = make_reviews(keys, make_histories(prompts), is_promised=True)
    kept = make_folder(folder / "kept", reviews)
    (folder / "all.jsonl").write_bytes(b"".join(path.read_bytes() for path in kept))
    syncs, imports, floors = [], [], []
    for _ in range(rounds):
        shutil.rmtree(folder / "shared", ignore_errors=True)
        shutil.copytree(folder / "kept", folder / "shared")
        floors.append(run_floor(*kept))
        for store in ("imported.db", "synced.db"):
            (folder / store).unlink(missing_ok=True)
        imports.append(run("import", folder / "all.jsonl", "--db", folder / "imported.db"))
        syncs.append(run("sync", folder / "shared", "--db", folder / "synced.db"))
    count = f"{prompts * REVIEWS_PER_PROMPT:,}"
    floor_name = "json, one table, fsrs.Scheduler"
    floor_s = median(floors)
    yield compare(
        f"sync of {count} into an empty store", median(syncs), floor_s, floor_name, MAX_RATIO
    )
    yield compare(f"import of {count}", median(imports), floor_s, floor_name, MAX_RATIO)

    (folder / "empty").mkdir()
    starts, unchanged = [], []
    for _ in range(5 * rounds):
        starts.append(run("sync", folder / "empty", "--db", folder / "empty.db"))
        unchanged.append(run("sync", folder / "shared", "--db", folder / "synced.db"))
    start_s = median(starts)
    yield Row(
        what=f"sync of {count}, nothing new",
        measured=median(unchanged),
        unit="s",
        floor=start_s,
        floor_name="start-up: the same with an empty store and folder",
        limit=start_s + MAX_BEYOND_S,
        target=f"floor + {MAX_BEYOND_S:g} s",
    )


def main() -> None:
    """Print the rows; exit with status 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="A tenth of everything.")
    parser.add_argument("--cpu", action="store_true", help="Compare CPU time.")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    prompts = PROMPTS // 10 if given.quick else PROMPTS
    print_rows(list_rows(prompts, given.rounds, is_cpu=given.cpu))


if __name__ == "__main__":
    main()
