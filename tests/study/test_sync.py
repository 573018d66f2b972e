"""Sync through a folder: whatever is in it, the good is taken and the rest is named."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

import syncing
import tampering
from cardwright.history import Act, Rating
from cardwright.study.alias import Alias
from cardwright.study.journal import Journal
from cardwright.study.sync import preview_sync, sync_folder
from studying import (
    MACHINES,
    MORNING,
    PROMPTS,
    SYNC_OPTIONS,
    MakeJournal,
    later,
    open_journal,
    read_log,
    read_memories,
    record,
)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """An empty folder."""
    path = tmp_path / "shared"
    path.mkdir()
    return path


def answer(journal: Journal, number: int) -> None:
    """Record answers on consecutive days."""
    for day in range(number):
        record(journal, PROMPTS[day % 4], Act.ANSWER, later(MORNING, day), Rating.GOOD)


def own_file(journal: Journal, folder: Path, extension: str = ".jsonl") -> Path:
    """Return the file that a machine writes."""
    return folder / f"{journal.store.device}{extension}"


def check_equal(*journals: Journal) -> None:
    """All have the same log and memories, and the memories are those of a replay."""
    for journal in journals:
        assert read_log(journal) == read_log(journals[0])
        assert read_memories(journal) == read_memories(journals[0])
        assert journal.find_differences() == []


def test_machines_meet_in_a_shared_folder(make: MakeJournal, shared: Path) -> None:
    journals = [make(name) for name in MACHINES]
    for number, journal in enumerate(journals):
        record(journal, PROMPTS[0], Act.ANSWER, later(MORNING, number * 5), Rating.GOOD)
        undone, _ = record(journal, PROMPTS[number], Act.ANSWER, MORNING, Rating.AGAIN)
        with journal.store.transaction():
            journal.record(PROMPTS[number], Act.UNDO, MORNING, undoes=undone.id)

    for _ in range(2):
        for journal in journals:
            sync_folder(journal, shared)

    assert len(list(shared.iterdir())) == 3
    logs = [read_log(journal) for journal in journals]
    assert logs[0] == logs[1] == logs[2]
    assert len(logs[0]) == 9
    assert read_memories(journals[0]) == read_memories(journals[2])
    before = {path: path.stat().st_mtime_ns for path in shared.iterdir()}
    assert sync_folder(journals[0], shared).taken == 0
    assert {path: path.stat().st_mtime_ns for path in shared.iterdir()} == before


def test_the_smallest_promise_reaches_every_machine(make: MakeJournal, shared: Path) -> None:
    """Whoever recorded the review, and whoever learned of another promise."""
    journals = [make(name) for name in MACHINES]
    first, _ = record(journals[0], PROMPTS[0], Act.ANSWER, MORNING, Rating.EASY)
    second, _ = record(journals[1], PROMPTS[0], Act.ANSWER, later(MORNING, 3), Rating.EASY)
    for journal in (*journals, *journals):
        sync_folder(journal, shared)
    assert {review.promise is None for review in read_log(journals[2])} == {False}
    journals[1].merge([replace(first, interval_days=2)])
    journals[2].merge([replace(second, interval_days=4)])
    journals[0].merge([replace(second, interval_days=3)])

    assert preview_sync(journals[2].store, shared).clashes == []
    for journal in (*journals, *journals):
        done = sync_folder(journal, shared)
        assert (done.taken, done.clashes, done.problems) == (0, [], [])

    check_equal(*journals)
    assert [review.interval_days for review in read_log(journals[0])] == [2, 3]
    late = make("late")
    assert sync_folder(late, shared).taken == 2
    check_equal(late, journals[0])
    before = {path: path.read_bytes() for path in shared.iterdir()}
    for journal in journals:
        assert sync_folder(journal, shared).given == 0
    assert {path.name for path in before} == {path.name for path in shared.iterdir()}


def test_a_store_from_a_backup_gets_its_own_reviews_back(
    make: MakeJournal, shared: Path, tmp_path: Path
) -> None:
    journal = make("laptop")
    record(journal, PROMPTS[0], Act.ANSWER, MORNING, Rating.GOOD)
    old = tmp_path / "old.db"
    journal.store.copy_to(old)
    record(journal, PROMPTS[0], Act.ANSWER, later(MORNING, 3), Rating.GOOD)
    sync_folder(journal, shared)

    restored = open_journal(old, SYNC_OPTIONS)

    assert sync_folder(restored, shared).taken == 1
    assert read_log(restored) == read_log(journal)


def test_a_torn_file_gives_what_it_has_and_the_next_sync_the_rest(
    make: MakeJournal, shared: Path
) -> None:
    journal, other = make("laptop"), make("desktop")
    answer(other, 5)
    sync_folder(other, shared)
    file = own_file(other, shared)
    raw = file.read_bytes()
    end = raw.index(b"\n", len(raw) // 2) + 40
    file.write_bytes(raw[:end])

    done = sync_folder(journal, shared)

    assert done.taken == 3
    assert done.problems == [f"{file}:4: not a JSON object, and cut off"]
    file.write_bytes(raw)
    assert sync_folder(journal, shared)[:2] == (2, 0)
    check_equal(journal, other)


def test_lines_that_are_damaged_leave_the_others(make: MakeJournal, shared: Path) -> None:
    journal, other = make("laptop"), make("desktop")
    answer(other, 8)
    sync_folder(other, shared)
    lines = own_file(other, shared).read_bytes().splitlines(keepends=True)
    bad = [b"\xff\x00\n", b"[]\n", b"{}\n", b'{"id": 1\n', b"x" * 100_000 + b"\n"]
    mixed = [line for pair in zip(lines, bad, strict=False) for line in pair]
    own_file(other, shared).unlink()
    (shared / "zz.jsonl").write_bytes(b"".join(mixed))

    done = sync_folder(journal, shared)

    assert done.taken == 5
    assert [problem.partition(": ")[0] for problem in done.problems] == [
        *(f"{shared / 'zz.jsonl'}:{number}" for number in (2, 4, 6)),
        str(shared / "zz.jsonl"),
    ]
    assert done.problems[-1].endswith(": 2 more lines like these")


@pytest.fixture
def strange(request: pytest.FixtureRequest, shared: Path) -> str:
    """Something that is no file of reviews, in the middle of the folder; the result is what is said."""
    path = shared / f"mm{request.param[1]}"
    match request.param[0]:
        case "pipe":
            os.mkfifo(path)
        case "socket":
            server = socket.socket(socket.AF_UNIX)
            (folder := shared.parent / "s").symlink_to(shared)
            server.bind(os.path.relpath(folder / path.name))
            server.close()
        case "folder":
            path.mkdir()
        case "loop":
            path.symlink_to(path.name)
        case link:
            path.symlink_to(link)
    return "not a regular file" if request.param[0] in {"pipe", "socket", "folder"} else "a link"


@pytest.mark.skipif(sys.platform == "win32", reason="has no named pipes in folders")
@pytest.mark.parametrize(
    "strange",
    [
        (what, extension)
        for what in (
            "pipe",
            "socket",
            "folder",
            "loop",
            "/dev/zero",
            "/dev/tty",
            "/etc/hosts",
            "none",
        )
        for extension in (".jsonl", ".aliases", ".records")
    ],
    indirect=True,
)
def test_what_is_not_a_file_is_named_and_left(
    make: MakeJournal, shared: Path, strange: str
) -> None:
    before, after, here = make("desktop"), make("phone"), make("laptop")
    for other, name in ((before, "aa"), (after, "zz")):
        answer(other, 2)
        other.add_aliases([Alias(f"alias-{name}", MORNING.at_ms, f"ns-{name}", "")])
        sync_folder(other, shared)
        for extension in (".jsonl", ".aliases"):
            own_file(other, shared, extension).rename(shared / f"{name}{extension}")

    done = sync_folder(here, shared)

    assert done.taken == 4
    assert len(here.store.list_aliases()) == 2
    (problem,) = done.problems
    assert f":1: cannot be read ({strange})" in problem


@pytest.mark.skipif(os.name == "nt", reason="rights are another matter there")
def test_a_name_cannot_steer_the_terminal(make: MakeJournal, shared: Path) -> None:
    for name in ("a\nb.jsonl", "\x1b[2J.jsonl", "\u202e.jsonl", os.fsdecode(b"\xff.jsonl")):
        (shared / name).write_text("{}\n", "utf-8")

    problems = sync_folder(make("laptop"), shared).problems

    assert len(problems) == 4
    assert all(problem.isprintable() for problem in problems)


@pytest.mark.parametrize("keep", [0, 1, 0.3, 0.5, 0.99, -1])
@pytest.mark.parametrize("padding", [b"", b"\0" * 3000])
def test_our_own_file_is_written_again_from_the_store(
    make: MakeJournal, shared: Path, keep: float, padding: bytes
) -> None:
    journal, other = make("laptop"), make("desktop")
    answer(journal, 7)
    sync_folder(journal, shared)
    file = own_file(journal, shared)
    raw = file.read_bytes()
    end = int(keep) if keep in {1, -1} else int(keep * len(raw))
    file.write_bytes(raw[:end] + padding)

    done = sync_folder(journal, shared)

    assert file.read_bytes() == raw
    assert done.problems == []
    assert [path.name for path in shared.iterdir()] == [file.name]
    assert sync_folder(journal, shared).notes == []
    assert sync_folder(other, shared).taken == 7


@pytest.mark.parametrize("damage", ["garbled", "lost", "folder"])
def test_what_the_store_cannot_explain_of_our_own_file_is_kept(
    make: MakeJournal, shared: Path, tmp_path: Path, damage: str
) -> None:
    journal = make("laptop")
    answer(journal, 3)
    journal.store.copy_to(old := tmp_path / "old.db")
    answer(journal, 4)
    sync_folder(journal, shared)
    file = own_file(journal, shared)
    raw = file.read_bytes()
    if damage == "garbled":
        file.write_bytes(raw.replace(b"prompt", b"pr\x00mpt", 1))
    elif damage == "lost":
        # A backup was restored, and the last review is nowhere in full.
        file.write_bytes(raw[:-10])
        journal = open_journal(old, SYNC_OPTIONS)
    else:
        file.unlink()
        file.mkdir()
        (file / "mine.txt").write_text("mine", "utf-8")
    before = file.read_bytes() if file.is_file() else None

    done = sync_folder(journal, shared)

    kept = file.with_suffix(".damaged")
    assert kept.name in done.notes[0]
    assert kept.read_bytes() == before if before else (kept / "mine.txt").exists()
    assert len(file.read_bytes().splitlines()) == len(read_log(journal)) >= 6
    assert sync_folder(journal, shared).notes == []


def test_copies_that_sync_programs_make_are_read_but_not_relied_on(
    make: MakeJournal, shared: Path
) -> None:
    journal, other = make("laptop"), make("desktop")
    answer(journal, 2)
    sync_folder(journal, shared)
    mine, theirs = own_file(journal, shared), own_file(other, shared)
    answer(other, 3)
    sync_folder(other, shared)
    for file in (mine, theirs):
        for pattern in (
            "{} (conflicted copy 2026-11-02)",
            "{}.sync-conflict-20261102-090000-ABCDEFG",
            "{} (1)",
            "{}-DESKTOP",
            "{} 2",
        ):
            (shared / f"{pattern.format(file.stem)}.jsonl").write_bytes(file.read_bytes())
    theirs.unlink()
    (shared / f"._{theirs.name}").write_bytes(b"\0\5\x16\7")
    mine.rename(shared / f"{mine.stem.upper()}.jsonl")

    done = sync_folder(journal, shared)

    assert (done.taken, done.given, done.problems, done.notes) == (3, 3, [], [])
    for path in shared.iterdir():
        if path != mine:
            path.unlink()
    assert sync_folder(make("phone"), shared).taken == 5
    check_equal(journal, other) if sync_folder(other, shared).taken == 0 else None


def test_what_icloud_has_not_downloaded_is_named(make: MakeJournal, shared: Path) -> None:
    journal, other = make("laptop"), make("desktop")
    for one in (journal, other):
        answer(one, 1)
        sync_folder(one, shared)
        file = own_file(one, shared)
        file.replace(shared / f".{file.name}.icloud")
    (shared / ".photo.jpg.icloud").touch()
    (shared / ".hidden.jsonl").write_bytes(b"\0")

    done = sync_folder(journal, shared)

    (problem,) = done.problems
    assert problem == f"{own_file(other, shared)}: iCloud has yet to download it"
    assert own_file(journal, shared).exists()


@pytest.mark.skipif(os.name == "nt", reason="upper and lower case are one there")
def test_a_name_in_upper_case_is_that_of_our_file_only_if_there_is_no_other(
    make: MakeJournal, shared: Path
) -> None:
    journal = make("laptop")
    journal.store.device = "laptop"
    journal.store.settings.put({("trees", "fuzz"): True}, MORNING.at_ms)
    record(journal, "trees:oak/recall", Act.ANSWER, MORNING, Rating.GOOD)
    for extension in (".jsonl", ".settings"):
        (shared / f"LAPTOP{extension}").mkdir()

    first, second = sync_folder(journal, shared), sync_folder(journal, shared)

    assert (first.given, first.settings.given) == (1, 1)
    assert len(second.problems) == 2
    assert second.has_nothing_new
    assert second.notes == []
    assert not list(shared.glob("*.damaged"))


@pytest.mark.parametrize(
    "device", ["../../x", "..", "", "a/b", "/tmp/x", "a\nb", "é", 7, None, "x" * 101]
)
def test_a_device_name_cannot_leave_the_folder(
    tmp_path: Path, shared: Path, device: object
) -> None:
    path = tmp_path / "a" / "b" / "reviews.db"
    journal = open_journal(path)
    answer(journal, 1)
    value = json.dumps({"machine": "laptop", "device": device})
    journal.store._db.execute("update settings set value = ? where pack = '.'", (value,))
    before = sorted(tmp_path.rglob("*"))

    journal = open_journal(path)
    answer(journal, 1)
    sync_folder(journal, shared)

    assert sorted(path for path in tmp_path.rglob("*") if path.parent != shared) == before
    assert len(list(shared.iterdir())) == 1
    assert sync_folder(open_journal(tmp_path / "new.db", machine="desktop"), shared).taken == 2


@pytest.mark.parametrize("size", [10**6, 2**34])
def test_a_line_without_end_is_not_kept_in_memory(
    make: MakeJournal, shared: Path, size: int
) -> None:
    journal, other = make("laptop"), make("desktop")
    answer(other, 2)
    sync_folder(other, shared)
    with own_file(other, shared).open("ab") as file:
        file.truncate(size)
    tracemalloc.start()

    done = sync_folder(journal, shared)

    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
    assert done.taken == 2
    assert len(done.problems) == 1


def test_a_file_of_another_program_is_left_after_some_lines(
    make: MakeJournal, shared: Path
) -> None:
    journal = make("laptop")
    (shared / "log.jsonl").write_bytes(b'{"level": "info"}\n' * 50_000)

    problems = sync_folder(journal, shared).problems

    assert len(problems) == 5
    assert problems[-2].endswith("9,997 more lines like these")
    assert problems[-1].endswith(":10001: the rest was not read")


def test_a_file_of_blank_lines_is_left_after_some(make: MakeJournal, shared: Path) -> None:
    (shared / "zz.jsonl").write_bytes(b"\n" * 50_000)
    (shared / "few.jsonl").write_bytes(b" \r\n" * 100)

    (problem,) = sync_folder(make("laptop"), shared).problems

    assert problem.endswith("zz.jsonl:10000: too many blank lines: the rest was not read")


def test_many_files_are_read(make: MakeJournal, shared: Path) -> None:
    journal, other = make("laptop"), make("desktop")
    answer(other, 1)
    sync_folder(other, shared)
    (line,) = own_file(other, shared).read_text("utf-8").splitlines()
    for number in range(1000):
        new = line.replace(other.store.device, f"{number:x}")
        (shared / f"{number:x}.jsonl").write_text(new, "utf-8")

    assert sync_folder(journal, shared).taken == 1001


def test_dates_in_the_future_are_told_of_once(make: MakeJournal, shared: Path) -> None:
    journal, other = make("laptop"), make("desktop")
    record(other, PROMPTS[0], Act.ANSWER, later(MORNING, 900), Rating.GOOD)
    sync_folder(other, shared)

    assert "dated up to 2029-04-20" in sync_folder(journal, shared, moment=MORNING).notes[0]
    assert sync_folder(journal, shared, moment=MORNING).notes == []


def test_two_machines_at_the_same_moment(make: MakeJournal, shared: Path) -> None:
    """One reads, the other does all of its sync, and then the first one writes."""
    here, there = make("laptop"), make("desktop")
    answer(here, 3)
    answer(there, 4)

    sync_folder(here, shared, lambda: sync_folder(there, shared) and None)
    sync_folder(here, shared)
    sync_folder(there, shared)

    check_equal(here, there)
    assert len(read_log(here)) == 7


def test_stores_with_the_same_device_name_share_a_file(
    make: MakeJournal, shared: Path, tmp_path: Path
) -> None:
    """As when a container with the store in it is started twice."""
    here = make("laptop")
    answer(here, 2)
    here.store.copy_to(copy := tmp_path / "copy.db")
    there = open_journal(copy, SYNC_OPTIONS, packs=("trees", "birds"))
    moment = later(MORNING, 9)
    record(here, PROMPTS[0], Act.ANSWER, moment, Rating.GOOD)
    record(there, PROMPTS[1], Act.ANSWER, moment, Rating.HARD)
    assert read_log(here)[-1].id == read_log(there)[-1].id

    clashes = [sync_folder(journal, shared).clashes for journal in (here, there, here, there, here)]

    assert list(map(len, clashes)) == [0, 1, 0, 0, 0]
    assert read_memories(here) == read_memories(there)
    assert set(read_memories(here)) == {PROMPTS[0], PROMPTS[1]}
    assert {review.id for review in read_log(here)} == {review.id for review in read_log(there)}
    assert here.find_differences() == there.find_differences() == []


ALIAS = {
    "id": "alias-1",
    "at": "2026-11-02T08:00:00.000+00:00",
    "namespace": "trees-k3v9",
    "history": "trees",
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "x"}, "`id` cannot be 'x'"),
        ({"id": "alias-\x1b"}, "`id` cannot be 'alias-\\x1b'"),
        ({"at": "once"}, "`at` cannot be 'once'"),
        ({"namespace": ""}, "`namespace` cannot be ''"),
        ({"namespace": "a:b"}, "`namespace` cannot be 'a:b'"),
        ({"history": None}, "`history` cannot be empty"),
        ({"history": "../x"}, "`history` cannot be '../x'"),
        ({"history": ["trees"]}, "`history` cannot be a list"),
        (None, "not a JSON object"),
    ],
)
def test_a_damaged_line_of_aliases_leaves_the_others(
    make: MakeJournal, shared: Path, change: dict[str, object] | None, said: str
) -> None:
    journal, other = make("laptop"), make("desktop")
    answer(other, 1)
    sync_folder(other, shared)
    bad = json.dumps({**ALIAS, **change}) if change else "["
    (shared / "zz.aliases").write_text(f"{bad}\n{json.dumps(ALIAS)}\n", "utf-8")

    done = sync_folder(journal, shared)

    assert done.problems == [f"{shared / 'zz.aliases'}:1: {said}"]
    assert done.taken == 1
    assert [alias.id for alias in journal.store.list_aliases()] == ["alias-1"]


def test_aliases_travel_in_files_of_their_own(make: MakeJournal, tmp_path: Path) -> None:
    here, there, third = make("laptop"), make("desktop"), make("phone")
    here.add_aliases([Alias("alias-1", MORNING.at_ms, "trees-k3v9", "trees")])
    sync_folder(here, tmp_path)
    sync_folder(there, tmp_path)
    there.add_aliases([Alias("alias-2", MORNING.at_ms, "birds-x2", "")])
    before = sorted(path.name for path in tmp_path.iterdir())
    sync_folder(there, tmp_path)
    sync_folder(third, tmp_path)

    assert [path.suffix for path in map(Path, before)].count(".aliases") == 1
    assert third.store.aliases.decided == {"trees-k3v9": "trees", "birds-x2": ""}
    assert len(list(tmp_path.glob("*.aliases"))) == 2


def test_our_own_aliases_are_written_again(make: MakeJournal, shared: Path) -> None:
    journal = make("laptop")
    journal.add_aliases([Alias("alias-1", MORNING.at_ms, "trees-k3v9", "trees")])
    sync_folder(journal, shared)
    file = own_file(journal, shared, ".aliases")
    raw = file.read_bytes()
    file.write_bytes(raw[:20])

    done = sync_folder(journal, shared)

    assert done.problems == []
    assert file.read_bytes() == raw


def test_of_two_aliases_with_one_id_all_machines_keep_the_same(
    make: MakeJournal, shared: Path
) -> None:
    here, there, third = (make(name) for name in MACHINES)
    here.add_aliases([Alias("alias-1", MORNING.at_ms, "trees-k3v9", "trees")])
    there.add_aliases([Alias("alias-1", MORNING.at_ms, "trees-k3v9", "")])

    for journal in (here, there, third, here, there):
        sync_folder(journal, shared)

    assert here.store.list_aliases() == there.store.list_aliases() == third.store.list_aliases()


def test_aliases_do_not_grow_without_end(make: MakeJournal, shared: Path) -> None:
    lines = (json.dumps({**ALIAS, "id": f"alias-{number}"}) for number in range(10_001))
    (shared / "zz.aliases").write_text("\n".join(lines), "utf-8")
    journal = make("laptop")

    assert "more than 10,000 aliases" in sync_folder(journal, shared).problems[0]
    assert len(journal.store.list_aliases()) == 10_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is what makes many processes quick")
def test_a_sync_killed_at_any_step_loses_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, syncing.__file__, str(tmp_path), "40"],
        capture_output=True,
        text=True,
        check=True,
    )

    lines = done.stdout.splitlines()
    assert len(lines) >= 40
    assert set(lines) == {"killed by 9: nothing lost"}


@pytest.fixture(scope="module")
def three_machines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("three")
    tampering.make_folder(folder)
    return folder


@pytest.mark.parametrize("seed", range(20))
def test_machines_agree_whatever_is_in_the_folder(
    three_machines: Path, tmp_path: Path, seed: int
) -> None:
    """`benchmarks/folders.py` makes thousands."""
    place = tmp_path / "place"
    shutil.copytree(three_machines, place)

    assert tampering.try_sync(place, Random(seed)) == ""
    assert tampering.try_import(place, Random(seed)) == ""
