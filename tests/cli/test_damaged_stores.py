"""Commands on damaged and crafted stores: a message or success, never a traceback or a hang.

`benchmarks/damaged_stores.py` does the same with more stores and every command.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cardwright.history import Act, Rating
from cardwright.model import DeckOptions
from cardwright.project.deck import OPTION_BOUNDS
from cardwright.study.alias import Alias
from cardwright.study.backup import list_backups, restore_backup
from cardwright.study.error import StoreDamagedError, StoreError
from cardwright.study.rescue import check_store, rescue_reviews
from cardwright.study.settings import is_valid
from cardwright.study.snapshot import open_snapshot
from cardwright.study.store import open_store
from cardwright.study.transfer import write_json_lines
from damage import (
    WAYS,
    change_row,
    count_reviews,
    damage_in,
    make_index_stale,
    make_store,
    multiply_pages,
    run_commands,
    write_project,
)
from project_files import Run
from studying import MORNING, later, make_items, open_journal, read_log, read_memories, sit

COMMANDS = (
    ("export", "{folder}/out.jsonl"),
    ("sync", "{folder}/shared"),
    ("stats",),
    ("doctor",),
    ("review", "--plain"),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "reviews.db"
    make_store(path)
    return path


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path / "reviews.db"))


@pytest.fixture(scope="module")
def strange_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("project"))


@pytest.mark.parametrize("way", ["none", *WAYS])
def test_every_command_succeeds_or_says_why_not(
    strange_project: Path, path: Path, way: str
) -> None:
    if way != "none":
        damage_in(way, path, random.Random(way))
    assert list(run_commands(strange_project, path, COMMANDS)) == []


def test_a_stale_index_exports_nothing_rather_than_less(path: Path, run: Run) -> None:
    """The index by which reviews are sorted lacks some of them."""
    make_index_stale(path, "reviews_by_id", added=3)
    held = count_reviews(path)
    with closing(sqlite3.connect(path)) as db:
        assert len(list(db.execute("select id from reviews order by id"))) < (held or 0)

    for words in (("export",), ("sync", str(path.parent)), ("backup",)):
        printed = run(*words, "--db", str(path), exit_code=1).output
        assert "reviews_by_id); it was left unchanged" in printed
        assert "help: `cards doctor` tells what can be saved" in printed
    assert not list(path.parent.glob("*.jsonl"))
    assert list_backups(path) == []
    assert len(rescue_reviews(path).reviews) == held


def test_reviews_that_only_an_index_still_knows_are_told(path: Path) -> None:
    """A page that is older than the others has no damage of its own."""
    make_index_stale(path, "reviews_by_id", added=0)
    lost = [fault.row for fault in check_store(path) if fault.reason == "the row is missing"]
    assert len(lost) == 3
    assert [fault.row for fault in rescue_reviews(path).unreadable] == lost


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("act", "a_swer", "act cannot be 'a_swer'"),
        ("rating", 7, "rating of answer cannot be 7"),
        ("rating", None, "rating of answer cannot be empty"),
        ("at_ms", 2**62, f"at_ms cannot be {2**62}"),
        ("at_ms", -1, "at_ms cannot be -1"),
        ("at_ms", 0.5, "at_ms cannot be 0.5"),
        ("utc_offset_minutes", 1440, "utc_offset_minutes cannot be 1440"),
        ("duration_ms", "long", "duration_ms cannot be 'long'"),
        ("prompt", "trees:a\0b/recall", r"prompt cannot be 'trees:a\\x00b/recall'"),
        ("id", "zzz", "id cannot be 'zzz'"),
        ("prompt", memoryview(b"trees:\xff/recall"), "non-TEXT value in reviews.prompt"),
        ("act", b"\xed\xa0\x80", "not UTF-8"),
        ("interval_days", 36_501, "interval_days of 'answer' cannot be 36501"),
        ("interval_days", 0, "interval_days of 'answer' cannot be 0"),
        ("interval_days", None, "interval_basis of 'answer' cannot be"),
        ("interval_basis", 2**32, "interval_basis of 'answer' cannot be 4294967296"),
        ("interval_basis", None, "interval_basis of 'answer' cannot be empty"),
        ("interval_basis", "x", "interval_basis of 'answer' cannot be 'x'"),
    ],
)
def test_a_damaged_review_is_named_and_all_others_rescued(
    path: Path, run: Run, column: str, value: object, reason: str
) -> None:
    before = read_log(open_journal(path))
    lost = before[5]
    change_row(path, "reviews", column, value, "id = ?", lost.id)

    findings = [str(finding) for finding in check_store(path)]
    found = rescue_reviews(path)

    assert any(reason.replace("\\\\", "\\") in finding for finding in findings), findings
    assert found.reviews == [review for review in before if review != lost]
    assert [finding.table for finding in found.unreadable] == ["reviews"]
    for words in (("export",), ("backup",), ("stats",)):
        if words == ("stats",) and column == "id":
            continue  # which stats do not use
        assert "is damaged" in run(*words, "--db", str(path), exit_code=1).output


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *(("reviews", column) for column in ("prompt", "id", "undoes")),
        *(("memories", column) for column in ("prompt", "pack", "last_id")),
        *(("packs", column) for column in ("pack", "rules")),
        *(("claims", column) for column in ("prompt", "sitting")),
    ],
)
def test_a_number_in_place_of_a_text_is_a_damaged_row(
    strange_project: Path, path: Path, table: str, column: str
) -> None:
    """Also where a namespace continues a history, so that keys are taken apart."""
    with closing(open_store(path, "laptop")) as store, store.transaction():
        store.add_aliases([Alias("alias-2", 2, "bushes", "trees")])
    row = {"reviews": "id", "packs": "pack"}.get(table, "prompt")
    undo = " where act = 'undo'" if table == "reviews" else ""
    with closing(sqlite3.connect(path)) as db:
        (key,) = db.execute(f"select {row} from {table}{undo} limit 1").fetchone()
    change_row(path, table, column, 5, f"{row} = ?", key)

    commands = (("stats",), ("doctor", "--rebuild"))
    assert list(run_commands(strange_project, path, commands)) == []


def test_the_way_out_of_damage(path: Path, run: Run) -> None:
    """A backup, and every readable review that is newer."""
    run("backup", "--db", str(path))
    (backup,) = list_backups(path)
    journal = open_journal(path)
    session = sit(journal, make_items(20))
    newer = [session.answer(Rating.GOOD, later(MORNING, minutes=n)).review for n in range(3)]
    before = read_log(journal)
    journal.store.close()
    change_row(path, "reviews", "act", "a_swer", "id = ?", before[3].id)

    rescued = path.with_name("rescued.jsonl")
    rescued.write_text("".join(write_json_lines(rescue_reviews(path).reviews)), "utf-8")
    run("backup", "--restore", str(backup), "--db", str(path))
    run("import", str(rescued), "--db", str(path))

    log = read_log(open_journal(path))
    assert {review.id for review in log} == {review.id for review in before}
    assert log[-3:] == newer


def test_reviews_around_an_unreadable_page_are_rescued(path: Path) -> None:
    """Also those after it, which a single scan never reaches."""
    journal = open_journal(path)
    for number in range(40):
        session = sit(journal, make_items(400), later(MORNING, minutes=number))
        session.answer(Rating.GOOD, later(MORNING, minutes=number))
    before = read_log(journal)
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma wal_checkpoint(truncate)")
    journal.store.close()
    data = path.read_bytes()
    hurt = [
        number
        for number in range(1, len(data) // 4096)
        if b"trees:card-3/recall" in (page := data[number * 4096 :][:4096]) and page[0] == 10
    ]
    some = False
    for number in hurt:
        path.write_bytes(data[: number * 4096] + b"\xa5" * 4096 + data[(number + 1) * 4096 :])
        found = rescue_reviews(path)
        known = {review.id for review in found.reviews}
        assert known <= {review.id for review in before}
        lost = [review for review in before if review.id not in known]
        # Whatever is lost is named, each review or the whole rest of the table.
        assert bool(lost) == bool(found.unreadable)
        some |= 0 < len(lost) < len(before) / 2
    assert some


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("state", "odd"),
        ("stability", 1e308),
        ("due_day", 2**40),
        ("due_at_ms", "soon"),
        ("reps", -1),
        ("prompt", "\0"),
        ("last_day", b"\xff"),
    ],
)
def test_a_damaged_memory_is_computed_again(path: Path, column: str, value: object) -> None:
    expected = read_memories(open_journal(path))
    change_row(path, "memories", column, value, "prompt = ?", "trees:card-3/recall")

    journal = open_journal(path)
    assert read_memories(journal) == expected
    assert journal.find_differences() == []
    assert journal.store.find_damage() == ""


def test_a_damaged_memory_is_computed_again_while_answering(path: Path) -> None:
    journal = open_journal(path)
    session = sit(journal, make_items(20), later(MORNING, 40))
    assert session.current is not None
    change_row(path, "memories", "state", "odd", "prompt = ?", session.current.key)
    session.answer(Rating.GOOD, later(MORNING, 40))
    assert journal.find_differences() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rollover_hour", "noon"),
        ("rollover_hour", 24),
        ("rollover_hour", True),
        ("new_per_day", -1),
        ("learning_steps_minutes", [0]),
        ("learning_steps_minutes", 5),
        ("goal", {"exam_on": "soon"}),
        ("goal", []),
        ("autoplay", 1),
    ],
)
def test_a_damaged_setting_is_left_out_with_a_warning(
    path: Path, run: Run, name: str, value: object
) -> None:
    store = open_store(path, "laptop")
    store.settings.put({("trees", name): value}, 0)
    assert ("trees", name) not in store.settings.read()
    store.close()
    printed = run("due", "--db", str(path)).output
    assert f"setting '{name}' of 'trees' is damaged and was left out: see `cards doctor`" in printed


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "\0", ""])
def test_a_setting_that_is_not_json_is_left_out(path: Path, text: str) -> None:
    change_row(path, "settings", "value", text, "name = ?", "new_per_day")
    store = open_store(path, "laptop")
    assert ("trees", "new_per_day") not in store.settings.read()
    assert store.left_out == ["setting 'new_per_day' of 'trees'"]


def test_the_bounds_of_options_are_those_of_deck_yaml() -> None:
    for name, (low, high) in OPTION_BOUNDS.items():
        default = getattr(DeckOptions(), name)
        assert is_valid(name, low)
        assert is_valid(name, high)
        assert is_valid(name, default)
        assert not is_valid(name, low - 1)
        assert not is_valid(name, high + 1)


@pytest.mark.parametrize("device", ["../../etc/x", "", 5, None, "a b", "x" * 101])
def test_a_device_whose_name_is_not_one_gets_a_new_one(path: Path, device: object) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        value = json.dumps({"machine": "laptop", "device": device})
        db.execute("update settings set value = ? where name = 'device'", (value,))
    assert open_store(path, "laptop").device != device
    assert len(open_store(path, "laptop").device) == 8


def test_damaged_records_are_left_out_and_others_shown(
    strange_project: Path, path: Path, run: Run
) -> None:
    change_row(path, "records", "body", '{"id": 5}', "id = ?", "trees-1")
    change_row(path, "records", "body", "[" * 9999, "id = ?", "miss-1")
    listed = run("exam", "mock", "--list", "--db", str(path), folder=strange_project).output
    assert "record" in listed
    assert "left out" in listed
    assert "left out" in run("exam", "misses", "--db", str(path), folder=strange_project).output


def test_an_unreadable_alias_is_not_left_out(path: Path, run: Run) -> None:
    """The reviews of a pack would seem to be those of another one."""
    change_row(path, "records", "body", "{", "id = ?", "alias-1")
    assert "'alias-1'" in run("due", "--db", str(path), exit_code=1).output


@pytest.mark.parametrize("what", ["fifo", "device", "folder"])
@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_what_is_not_a_file_is_refused(path: Path, what: str, suffix: str) -> None:
    """A pipe in its place, or beside it, would be waited for forever."""
    place = Path(f"{path}{suffix}")
    place.unlink(missing_ok=True)
    if what == "fifo":
        os.mkfifo(place)
    elif what == "device":
        place.symlink_to("/dev/zero")
    else:
        place.mkdir()
    with pytest.raises(StoreError, match=r"cannot be used: it is (a folder|not a regular file)"):
        open_store(path, "laptop")


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_database_of_another_program_is_not_even_opened(tmp_path: Path, mode: str) -> None:
    """SQLite would write a log that it finds into the file, and delete the log."""
    path = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"pragma journal_mode = {mode}")
        db.execute("create table places (url text)")
        db.execute("insert into places values ('https://example.com')")
        db.commit()
        copies = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    for name, data in copies.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(StoreError, match="belongs to another program"):
        open_store(path, "laptop")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == copies


@pytest.mark.parametrize("text", ["name: Trees\n", "x" * 5000, "SQLite format 3\0"])
def test_a_file_of_the_project_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deck.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(StoreDamagedError, match="not a database"):
        open_store(path, "laptop")
    assert path.read_text("utf-8") == text
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["reviews", "reviews_by_id"])
def test_pages_used_many_times_do_not_yield_rows_forever(
    strange_project: Path, path: Path, name: str
) -> None:
    journal = open_journal(path)
    items = make_items(60)
    with journal.store.transaction():
        for number in range(180):
            key = items[number % 60].key
            moment = later(MORNING, number)
            journal.record(key, Act.ANSWER, moment, rating=Rating.GOOD)
    journal.store.close()
    multiply_pages(path, name)

    assert list(run_commands(strange_project, path, COMMANDS[:3])) == []


def test_a_damaged_backup_is_not_restored(path: Path, run: Run) -> None:
    run("backup", "--db", str(path))
    (backup,) = list_backups(path)
    before = path.read_bytes()
    change_row(backup, "reviews", "act", "a_swer", "id = ?", read_log(open_journal(path))[4].id)
    printed = run("backup", "--restore", str(backup), "--db", str(path), exit_code=1).output
    assert "is damaged" in printed
    assert path.read_bytes() == before


def test_a_store_that_is_being_replaced_is_never_missing(
    path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever used it meanwhile, or after a kill, would begin a new one."""
    run("backup", "--db", str(path))
    (backup,) = list_backups(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("drop table claims")
    before = path.read_bytes()
    seen: list[bytes] = []

    def end(*_: object) -> None:
        seen.append(path.read_bytes())
        raise KeyboardInterrupt

    monkeypatch.setattr("cardwright.study.backup.copy_database", end)
    with pytest.raises(KeyboardInterrupt):
        restore_backup(backup, path, "2026-11-30")
    monkeypatch.undo()
    assert [before] == seen == [path.read_bytes()]

    run("backup", "--restore", str(backup), "--db", str(path))
    with closing(sqlite3.connect(backup)) as db:
        assert count_reviews(path) == db.execute("select count(*) from reviews").fetchone()[0]


def test_a_huge_value_is_not_read_into_memory(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("update expectations set answers = zeroblob(20000000)")
    with open_snapshot(path) as store:
        assert store.read_expectations() == {}


def test_ten_good_backups_outlive_damage(path: Path) -> None:
    journal = open_journal(path)
    for day in range(1, 11):
        journal.store.back_up(f"2026-11-{day:02}")
    good = {file.name: file.read_bytes() for file in list_backups(path)}
    lost = read_log(journal)[3].id
    journal.store.close()
    change_row(path, "reviews", "duration_ms", -5, "id = ?", lost)
    for day in range(9, 14):
        with pytest.raises(StoreDamagedError), open_store(path, "laptop") as store:
            store.back_up(f"2026-11-{day:02}")
    assert {file.name: file.read_bytes() for file in list_backups(path)} == good
