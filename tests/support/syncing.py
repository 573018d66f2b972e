"""A program that syncs again and again, killed each time before another of its steps.

`python syncing.py FOLDER MOST` prints a line for each kill.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

from cardwright.history import Act, Rating
from cardwright.study.alias import Alias
from cardwright.study.journal import Journal
from cardwright.study.sync import sync_folder
from cardwright.study.transfer import parse_review
from studying import MORNING, later, open_journal, read_log, record

_STEPS = ("open", "os.rename", "os.remove", "os.chmod", "os.scandir")
"""The audit events of files; statements of SQLite are steps too."""


def main() -> None:
    """Kill a sync before each of its steps, or MOST of them spread over all."""
    folder, most = Path(sys.argv[1]), int(sys.argv[2])
    kept = folder / "kept"
    _make(kept)
    steps = _count(folder / "counted", kept)
    for number in range(0, steps, max(steps // most, 1)):
        place = folder / "killed"
        shutil.copytree(kept, place)
        pid = os.fork()
        if pid == 0:
            _sync(place, number)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        print(f"killed by {os.WTERMSIG(status)}: {_look(place, kept)}", flush=True)
        shutil.rmtree(place)


def _make(folder: Path) -> None:
    """Make a store with five answers, two of them shared, and a folder with four of another."""
    (folder / "shared").mkdir(parents=True)
    here, there = _open(folder), open_journal(folder / "there.db", machine="desktop")
    for day in range(5):
        record(here, f"trees:card-{day}/recall", Act.ANSWER, later(MORNING, day), Rating.GOOD)
        if day == 1:
            sync_folder(here, folder / "shared")
    for day in range(4):
        record(there, f"trees:card-{day}/recall", Act.ANSWER, later(MORNING, day), Rating.HARD)
    here.add_aliases([Alias("alias-1", 1, "oaks", "")])
    there.add_aliases([Alias("alias-2", 2, "trees", "oaks")])
    here.store.settings.put({("trees", "fuzz"): True}, 1)
    there.store.settings.put({("trees", "fuzz"): False, ("", "rollover_hour"): 3}, 2)
    with there.store.transaction():
        there.store.records.put("mock-1", "mock", "trees", 1, {"ended_at_ms": None}, 1)
    sync_folder(there, folder / "shared")
    for journal in (here, there):
        journal.store.close()


def _open(folder: Path) -> Journal:
    return open_journal(folder / "here.db", is_durable=True)


def _count(place: Path, kept: Path) -> int:
    shutil.copytree(kept, place)
    read, write = os.pipe()
    if os.fork() == 0:
        steps = _sync(place)
        os.write(write, str(steps).encode())
        os._exit(0)
    os.wait()
    return int(os.read(read, 20))


def _sync(place: Path, fatal: int | None = None) -> int:
    """Sync; be killed before the fatal step, or return how many steps there were."""
    journal = _open(place)
    steps = 0
    is_on = True

    def step(*_: object) -> None:
        nonlocal steps
        if steps == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        steps += 1

    def audit(event: str, _: object) -> None:
        if is_on and event in _STEPS:
            step()

    journal.store._db.set_trace_callback(step)
    sys.addaudithook(audit)
    sync_folder(journal, place / "shared")
    is_on = False
    return steps


def _look(place: Path, kept: Path) -> str:
    """Describe what a kill left, and what the next sync makes of it."""
    faults = []
    shared = place / "shared"
    files = [path for path in shared.iterdir() if path.name[0] != "."]
    for path in files:
        if path.suffix == ".jsonl":
            for line in path.read_text("utf-8").splitlines():
                parse_review(line)
    journal = _open(place)
    if len(read_log(journal)) not in {5, 9} or journal.find_differences():
        faults.append("torn")
    if journal.store.records.get("mock-1") not in (None, {"ended_at_ms": None}):
        faults.append("a torn record")
    others = [path for path in (kept / "shared").iterdir() if path.stem != journal.store.device]
    if any(path.read_bytes() != (shared / path.name).read_bytes() for path in others):
        faults.append("others' files changed")
    done = sync_folder(journal, shared)
    if done.problems or done.notes or len(read_log(journal)) != 9 or journal.find_differences():
        faults.append("not got over")
    if journal.store.settings.read() != {("trees", "fuzz"): False, ("", "rollover_hour"): 3}:
        faults.append("other settings")
    if len((shared / f"{journal.store.device}.jsonl").read_text("utf-8").splitlines()) != 5:
        faults.append("not all given")
    journal.store.close()
    return ", ".join(faults) or "nothing lost"


if __name__ == "__main__":
    main()
