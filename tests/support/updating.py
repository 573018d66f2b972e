"""Kills processes in the middle of bringing an older store up to date: FOLDER, how often."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from cardwright.history import Review
from cardwright.study import opening
from cardwright.study.migration import MIGRATIONS
from cardwright.study.store import open_store
from damage import make_store
from older_stores import write_older

_steps = 0
_last = sys.maxsize


def _count_steps(_: opening.StoreConnection) -> bool:
    global _steps  # noqa: PLW0603  (one process, one store)
    _steps += 1
    if _steps == _last:
        os.kill(os.getpid(), signal.SIGKILL)
    return False


def main(folder: Path, kills: int) -> None:
    """Print how each process ended, and what the store was then."""
    global _last  # noqa: PLW0603
    opening._STEPS_AT_ONCE = 100  # type: ignore[misc]
    opening.StoreConnection._count_steps = _count_steps  # type: ignore[assignment, method-assign]
    whole, old = folder / "whole.db", folder / "old.db"
    make_store(whole)
    write_older(whole, old)
    for name in ("whole.db-wal", "whole.db-shm"):
        (folder / name).unlink(missing_ok=True)
    path = Path(shutil.copy(old, folder / "reviews.db"))
    begun = _steps
    log = _open(path)
    most = _steps - begun
    dice = random.Random(3)
    for number in range(kills):
        path = folder / f"{number}.db"
        shutil.copy(old, path)
        last = _steps + dice.randrange(1, most)
        child = os.fork()
        if not child:
            _last = last
            _open(path)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with closing(sqlite3.connect(path)) as db:
            level = db.execute("select count(*) from migrations").fetchone()[0]
            damage = [row for row in db.execute("pragma integrity_check") if row != ("ok",)]
        kept = "kept" if _open(path) == log and not damage else "lost"
        print(
            f"ended by {code} after {level} of {len(MIGRATIONS)} migrations: all {kept}", flush=True
        )


def _open(path: Path) -> list[Review]:
    with closing(open_store(path, "laptop", today="2026-11-02")) as store:
        return list(store.list_log())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
