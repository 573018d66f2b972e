"""The file of the store is replaced, moved or deleted while answers are given.

Whatever happens, each answer is either in the file at the store's path or in a file that
`cards import` reads, and nothing else is said to be saved.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cardwright.history import Rating, Review
from cardwright.study.error import StoreFullError
from cardwright.study.place import StoreLeftError
from cardwright.study.records_table import RecordsTable
from cardwright.study.session import Session
from cardwright.study.store import Store
from cardwright.study.transfer import read_files
from exam_project import make_exam_files
from project_files import Run, Write
from pty_driver import PtyProgram
from reviewing import FILES, review, store_of
from studying import MORNING, fail_commit, later, make_items, open_journal, read_log, sit

GIVEN = ["trees:ring/recall", "trees:water/instinct"]


def replace_file(path: Path) -> None:
    """As Dropbox, Syncthing and rsync do: with an older copy, here of before the first answer."""
    shutil.copy(path.with_name("older.db"), path.with_name(".new"))
    path.with_name(".new").replace(path)


def replace_all(path: Path) -> None:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink()
    replace_file(path)


def move(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def link(path: Path) -> None:
    """Move it into a shared folder and leave a link, beside which SQLite's files are missing."""
    path.with_name("shared").mkdir()
    path.rename(path.with_name("shared") / path.name)
    path.symlink_to(path.with_name("shared") / path.name)


def replace_wal(path: Path) -> None:
    path.with_name(".new").write_bytes(b"")
    path.with_name(".new").replace(f"{path}-wal")


def delete_wal(path: Path) -> None:
    Path(f"{path}-wal").unlink()


def overwrite(path: Path) -> None:
    """In place, as `cp` and `rsync --inplace` do."""
    Path(f"{path}-wal").write_bytes(b"")
    path.write_bytes(path.with_name("older.db").read_bytes())


def cut(path: Path) -> None:
    """At its end, where the last answers are not."""
    os.truncate(path, path.stat().st_size // 2)


def empty_wal(path: Path) -> None:
    os.truncate(f"{path}-wal", 0)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def write_back(path: Path) -> None:
    """As another session does now and then."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma wal_checkpoint(truncate)")


CHANGES: dict[str, Callable[[Path], None]] = {
    "overwritten": overwrite,
    "cut": cut,
    "wal emptied": empty_wal,
    "emptied": empty,
}
"""What leaves the same file at the path."""
HAPPENS: dict[str, Callable[[Path], None]] = {
    "replaced": replace_file,
    "replaced with its side files": replace_all,
    "moved": move,
    "deleted": Path.unlink,
    "a folder": make_folder,
    "a link": link,
    "wal replaced": replace_wal,
    "wal deleted": delete_wal,
}


def read_reviews(path: Path) -> list[str]:
    """Return the prompts in the file at a path, as another program finds them."""
    if not path.is_file():
        return []
    with closing(sqlite3.connect(path)) as db:
        return [key for (key,) in db.execute("select prompt from reviews order by id")]


def list_kept(run: Run, path: Path) -> list[str]:
    """Return the prompts in the store once the rescued answers were imported, as is advised."""
    if path.is_dir():
        path.rmdir()
    (rescued,) = path.parent.glob("reviews-rescued-*.jsonl")
    run("import", str(rescued), "--db", str(path))
    return read_reviews(path)


def prepare(project: Path) -> Path:
    """Make a store, and a copy of it for `replace_file`."""
    path = store_of(project)
    path.parent.mkdir()
    open_journal(path).store.close()
    shutil.copy(path, path.with_name("older.db"))
    return path


def answer(program: PtyProgram, question: str) -> None:
    program.wait_for(question)
    program.type(" 3")


@pytest.mark.parametrize(
    ("what", "end"),
    [
        *(("replaced", "q"), ("replaced", "kill"), ("deleted", "q")),
        *(("wal deleted", "kill"), ("wal emptied", "kill")),
    ],
)
def test_a_review_in_a_window(write: Write, run: Run, what: str, end: str) -> None:
    project = write(FILES)
    path = prepare(project)
    with review(project, "--kind", "term", "--kind", "instinct") as program:
        answer(program, "Tree ring")
        program.wait_for("Watering")
        {**HAPPENS, **CHANGES}[what](path)
        program.type(" 3")
        program.wait_for("another program")
        program.wait_for("cards import")
        if end == "kill":
            program.send_signal(signal.SIGKILL)
            program.wait_for_exit()
        else:
            program.type("q")
            assert program.wait_for_exit() == 1
            assert "saved" not in program.text
            assert "error: " in program.text
            assert "help: `cards import" in program.text
    assert list_kept(run, path) == GIVEN


def test_line_by_line_it_is_said_before_the_next_question(write: Write, run: Run) -> None:
    project = write(FILES)
    path = prepare(project)
    with review(project, "--plain", "--kind", "term", "--kind", "instinct") as program:
        program.wait_for("[enter for the answer")
        program.type("\n3\n")
        program.wait_for("Watering")
        replace_file(path)
        program.type("\n3\n")
        program.wait_for("warning:")
        program.type("q\n")
        assert program.wait_for_exit() == 1
        assert "saved" not in program.text
    assert list_kept(run, path) == GIVEN


def sit_twice(path: Path) -> tuple[Session, list[Review]]:
    """Begin a session with two answers."""
    open_journal(path).store.close()
    shutil.copy(path, path.with_name("older.db"))
    session = sit(open_journal(path), make_items(6))
    return session, [session.answer(Rating.GOOD, later(MORNING, minutes=n)).review for n in (0, 1)]


def list_rescued(path: Path) -> list[str]:
    (rescued,) = path.parent.glob("reviews-rescued*.jsonl")
    return [review.id for review in read_files([rescued])]


@pytest.mark.parametrize("what", HAPPENS)
def test_an_answer_afterwards_is_kept_before_the_next_question(tmp_path: Path, what: str) -> None:
    path = tmp_path / "reviews.db"
    session, answers = sit_twice(path)
    store = session.journal.store
    HAPPENS[what](path)
    for number in (2, 3):
        answers.append(session.answer(Rating.GOOD, later(MORNING, minutes=number)).review)
        assert "cards import" in store.warning
        assert list_rescued(path) == [review.id for review in answers]
    session.undo(later(MORNING, minutes=4))
    assert len(list_rescued(path)) == 5

    # Everything else of the store is in the copy, where the session goes on.
    (copy,) = tmp_path.glob("reviews-rescued*.db")
    assert len(read_log(open_journal(copy))) == 5
    assert session.journal.find_differences() == []
    with pytest.raises(StoreLeftError, match="cards import"), store:
        pass


@pytest.mark.parametrize("what", ["overwritten", "wal emptied"])
def test_an_answer_after_a_change_in_place_is_kept_before_the_next_question(
    tmp_path: Path, what: str
) -> None:
    path = tmp_path / "reviews.db"
    session, answers = sit_twice(path)
    store = session.journal.store
    CHANGES[what](path)
    for number in (2, 3):
        answers.append(session.answer(Rating.GOOD, later(MORNING, minutes=number)).review)
        assert f"cards import {tmp_path}/reviews-rescued" in store.warning
        assert f"--db {path}" in store.warning
        assert list_rescued(path) == [review.id for review in answers]


def test_a_change_is_not_taken_for_what_is_written_back(tmp_path: Path) -> None:
    path = tmp_path / "reviews.db"
    session, answers = sit_twice(path)
    path.write_bytes(path.with_name("older.db").read_bytes()[:4096])
    session.journal.store.write_back()
    answers.append(session.answer(Rating.GOOD, later(MORNING, minutes=2)).review)
    assert "another program" in session.journal.store.warning
    assert list_rescued(path) == [review.id for review in answers]


def test_reviews_from_before_the_session_are_missed_too(tmp_path: Path) -> None:
    """An older copy comes before the first answer, and has everything that is answered then."""
    path = tmp_path / "reviews.db"
    session, _ = sit_twice(path)
    session.journal.store.close()
    session = sit(open_journal(path), make_items(6))
    overwrite(path)
    session.answer(Rating.GOOD, later(MORNING, minutes=2))
    assert "lacks answers" in session.journal.store.warning


def test_what_other_sessions_write_back_is_no_change(tmp_path: Path) -> None:
    path = tmp_path / "reviews.db"
    session, _ = sit_twice(path)
    for number in (2, 3):
        write_back(path)
        session.answer(Rating.GOOD, later(MORNING, minutes=number))
    assert session.journal.store.find_unsaved() == ""
    assert not list(tmp_path.glob("*rescued*"))


@pytest.mark.parametrize("what", [*HAPPENS, *CHANGES])
def test_the_end_finds_what_happened_after_the_last_answer(tmp_path: Path, what: str) -> None:
    path = tmp_path / "reviews.db"
    session, answers = sit_twice(path)
    {**HAPPENS, **CHANGES}[what](path)

    with pytest.raises(StoreLeftError, match="cards import"), session.journal.store:
        pass
    assert list_rescued(path) == [review.id for review in answers]


def test_an_answer_that_can_be_kept_nowhere_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "store" / "reviews.db"
    path.parent.mkdir()
    session, answers = sit_twice(path)
    shutil.rmtree(path.parent)
    path.parent.write_text("a file in the place of the folder", "utf-8")

    for _ in range(2):
        with pytest.raises(StoreLeftError, match="not in any file"):
            session.answer(Rating.GOOD, later(MORNING, minutes=2))
    assert [answer.review for answer in session.answers] == answers

    path.parent.unlink()
    answers.append(session.answer(Rating.GOOD, later(MORNING, minutes=2)).review)
    assert list_rescued(path) == [review.id for review in answers]


def test_what_is_not_committed_is_not_rescued(tmp_path: Path) -> None:
    path = tmp_path / "reviews.db"
    session, answers = sit_twice(path)
    path.unlink()
    answers.append(session.answer(Rating.GOOD, later(MORNING, minutes=2)).review)
    with pytest.raises(StoreFullError), fail_commit(session.journal.store):
        session.answer(Rating.EASY, later(MORNING, minutes=3))
    assert list_rescued(path) == [review.id for review in answers]


@pytest.mark.parametrize("words", [("answer", "ring", "good"), ("suspend", "ring")])
def test_a_command_that_records_one_act_says_so(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    project = write(FILES)
    path = prepare(project)
    commit = Store.add

    def add(store: Store, review: Review) -> None:
        commit(store, review)
        replace_file(path)

    monkeypatch.setattr(Store, "add", add)
    result = run(*words, "--db", str(path), exit_code=1)
    assert "cards import" in result.output
    assert list_kept(run, path) == GIVEN[:1]


def test_an_interrupted_mock_exam_is_not_said_to_be_kept(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write(make_exam_files())
    path = prepare(project)
    put = RecordsTable.put

    def put_and_replace(self: RecordsTable, *words: Any) -> None:
        replace_file(path)
        put(self, *words)

    monkeypatch.setattr(RecordsTable, "put", put_and_replace)
    printed = run("exam", "drill", "--plain", "--db", str(path), exit_code=1).output
    assert "Interrupted.\n" in printed
    assert "is only in the copy" in printed


def test_a_mock_exam_goes_on_in_the_copy(tmp_path: Path) -> None:
    path = tmp_path / "reviews.db"
    open_journal(path).store.close()
    shutil.copy(path, path.with_name("older.db"))
    store = open_journal(path).store
    with store.transaction():
        store.records.put("mock-1", "mock", "trees", 1, {"picked": [1]}, 1)
    replace_file(path)
    with store.transaction():
        store.records.put("mock-1", "mock", "trees", 1, {"picked": [2]}, 2)
    (copy,) = tmp_path.glob("reviews-rescued*.db")
    assert open_journal(copy).store.records.get("mock-1") == {"picked": [2]}


def test_a_store_that_is_only_read_may_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "reviews.db"
    open_journal(path).store.close()
    with open_journal(path).store as store:
        path.unlink()
        assert store.count_reviews() == 0
    assert not list(tmp_path.glob("*rescued*"))
