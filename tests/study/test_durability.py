"""Killed processes, and processes that run at the same time."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import answering
from cardwright.study.error import StoreBusyError
from cardwright.study.journal import Journal
from cardwright.study.store import LEASE_MS
from patience import PATIENCE_S
from studying import MORNING, later, make_items, open_journal, read_log, sit

KILLS = 200


def run(*words: str | Path, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, answering.__file__, *map(str, words)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is what makes 200 processes quick")
def test_an_answer_outlives_kill_9(tmp_path: Path) -> None:
    with run("killed", tmp_path, str(KILLS), "1") as process:
        lines = process.communicate()[0].splitlines()
    killed = [line for line in lines if line.startswith("killed")]
    safe = [line.split()[1] for line in lines if line.startswith("safe")]

    assert set(killed) == {"killed by -9: no damage, 0 differ"}
    assert len(killed) == KILLS
    assert len(safe) > KILLS, "some are killed before their first answer, more of them later"
    recorded: list[str] = []
    for path in tmp_path.glob("*.db"):
        journal = open_journal(path)
        recorded += [review.id for review in read_log(journal)]
        assert journal.find_differences() == []
    # One answer a sitting may be on the disk and not yet told of.
    assert set(safe) <= set(recorded)
    assert len(recorded) - len(safe) <= KILLS


def start(path: Path, name: str, most: int) -> subprocess.Popen[str]:
    return run("answer", path, name, str(most), stdin=subprocess.PIPE)


def go_on(process: subprocess.Popen[str], until: str) -> list[str]:
    """Let a process run up to a line, and return those before it."""
    assert process.stdout is not None
    lines = []
    while (line := process.stdout.readline().strip()) != until:
        assert line, f"ended before it said {until}"
        lines.append(line)
    return lines


def say_enter(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_two_sittings_share_a_store(tmp_path: Path) -> None:
    """Ten answers each take less than the minute for which a prompt is one sitting's own."""
    path = tmp_path / "reviews.db"
    with start(path, "one", 10) as one, start(path, "two", 10) as two:
        lines = [*go_on(one, "leaving"), *go_on(two, "leaving")]
        asked = [line.split()[1] for line in lines if line.startswith("asked")]
        safe = [line.split()[1] for line in lines if line.startswith("safe")]
        assert len(safe) == 20
        assert len(set(asked)) == 20

        journal = open_journal(path)
        assert {review.id for review in read_log(journal)} == set(safe)
        assert journal.find_differences() == []
        moment = later(MORNING, minutes=1)
        held = {*journal.store.claimed_by_others("three", moment.at_ms)}
        assert len(held - set(asked)) == 2
        third = sit(journal, [i for i in make_items(1000) if i.key in held], moment)
        assert third.current is None
        assert third.next_at_ms is not None
        assert third.next_at_ms <= moment.at_ms + LEASE_MS
        for process in (one, two):
            say_enter(process)
            go_on(process, "left")
        assert third.wait_over(moment)
        for process in (one, two):
            say_enter(process)


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    monkeypatch.setattr("cardwright.study.opening.LOCK_TIMEOUT_S", 0.05)
    return open_journal(tmp_path / "reviews.db")


def test_a_lock_that_is_held_too_long_is_told_of(journal: Journal) -> None:
    other = open_journal(journal.store.path)
    with (
        other.store.transaction(),
        pytest.raises(StoreBusyError, match=r"locked by another program.*\n  help: close"),
        journal.store.transaction(),
    ):
        pass
    with journal.store.transaction():
        pass


HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("begin immediate")
print("held", flush=True)
sys.stdin.readline()
db.execute("commit")
"""


def test_a_lock_that_is_held_for_a_moment_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cardwright.study.opening.LOCK_TIMEOUT_S", PATIENCE_S)
    journal = open_journal(tmp_path / "reviews.db")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(journal.store.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        go_on(holder, "held")
        begun: list[str] = []

        def let_go(sql: str) -> None:
            """Have the lock given back once it is wanted: SQLite tells of a statement before it."""
            if sql == "begin immediate" and not begun:
                begun.append(sql)
                say_enter(holder)

        journal.store._db.set_trace_callback(let_go)
        session = sit(journal, make_items(1))
    assert begun
    assert session.current is not None


def test_who_makes_the_same_new_store_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite itself gives up at once where another turns to WAL mode."""
    path = tmp_path / "reviews.db"
    open_journal(path).store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("pragma journal_mode = delete")
        other.execute("begin immediate")
        monkeypatch.setattr("time.sleep", lambda _: other.rollback())
        journal = open_journal(path)
        assert not other.in_transaction
    with journal.store.transaction():
        pass


def test_eight_processes_make_a_store_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "reviews.db"
    processes = [start(path, f"sitting-{number}", 1) for number in range(8)]
    for process in processes:
        out, _ = process.communicate("\n\n")
        assert out.splitlines()[-1] == "left"
    assert len(read_log(open_journal(path))) == 8
