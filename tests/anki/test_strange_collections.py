"""Hostile collections in every format: refused with a message, in little time and memory."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cardwright.anki import collection, definition_reader
from cardwright.anki.card_data import write_data
from cardwright.anki.card_state import has_same_memory, keep_state
from cardwright.anki.collection import PackageError, open_collection
from cardwright.anki.rows import AnkiCard, CardRow, Timing
from cardwright.foreign import live_database, protobuf
from cardwright.memory import Memory, State
from mutations import mutate_bytes, mutate_database
from strange_packages import (
    compress,
    encode,
    make_database,
    make_frame,
    make_newest_database,
    pack,
    pack_newest,
)

Told = list[Any]


def read_all(path: Path) -> Told:
    """Read everything that there is in a package or collection."""
    with open_collection(path) as found:
        return [
            dict(found.note_types),
            dict(found.decks),
            dict(found.presets),
            dict(found.media),
            list(found.read_notes()),
            list(found.read_cards()),
            list(found.read_cards({1, 2})),
            list(found.read_log()),
            list(found.read_log({1, 2})),
            found.has_log,
            found.timing,
            found.view({}),
        ]


def refuse(path: Path) -> str:
    """Read a file that is to be refused; return what was said."""
    with pytest.raises(PackageError) as caught:
        read_all(path)
    said = str(caught.value)
    what = "package" if path.suffix == ".apkg" else "collection"
    assert said.startswith(f"{path} is not a readable Anki {what}: ")
    assert len(said) < 600
    assert "\n" not in said
    return said


@pytest.fixture(scope="module")
def newest(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_newest_database(tmp_path_factory.mktemp("newest"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "strange.apkg"


def test_the_newest_format_is_read(newest: bytes, path: Path) -> None:
    media = encode((1, encode((1, b"leaf.png"), (2, 9))), (1, encode((1, "Blätter.mp3".encode()))))
    path.write_bytes(pack_newest(newest, media=media))

    with open_collection(path) as found:
        assert found.media == {"0": "leaf.png", "1": "Blätter.mp3"}
        assert found.decks[1].name == "A::B"
        assert found.presets[1].desired_retention == 0.85
        assert found.presets[1].maximum_interval_days == 900
        assert [note.fields[0] for note in found.read_notes()] == [
            "What is an oak?",
            "What is an elm?",
        ]
        assert [row.card_id for row in found.read_log()] == [1, 2]
        assert found.is_fsrs


# Which member is the collection.


@pytest.mark.parametrize(
    ("meta", "reason"),
    [
        (b"\x08\x00", "format 0 is not known"),
        (b"", "format 0 is not known"),
        (b"\x08\x04", "format 4 is not known"),
        (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "format -1 is not known"),
        (b"\x08", "meta is damaged"),
        (b"\x0a\x01\x03", "meta is damaged"),
        (b"\x08\x03" * 600, "meta is larger"),
        (b"\x08\x02", "contains no collection"),
        (b"\x08\x01", "unexpected format"),
    ],
)
def test_the_format_that_a_package_names_counts(
    newest: bytes, path: Path, meta: bytes, reason: str
) -> None:
    path.write_bytes(pack_newest(newest, meta=meta))

    assert reason in refuse(path)


def test_without_a_name_of_its_format_a_package_is_an_old_one(newest: bytes, path: Path) -> None:
    # As Anki does; else a package could show us something else than Anki.
    path.write_bytes(pack(b"x", others={"collection.anki21b": compress(newest)}))

    assert "its member collection.anki2 has an unexpected format" in refuse(path)


# Zstandard.


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda _: b"", "is empty"),
        (lambda _: b"no frame at all", "is damaged"),
        (lambda data: data[:-9], "it is incomplete"),
        (lambda data: data[:-9] + b"\0" * 9, "is damaged"),
        (lambda data: data + b"junk", "is damaged"),
        (lambda data: data + compress(b"more")[:6], "it is incomplete"),
        (lambda data: data[:1_000] + b"\xff" * 99 + data[1_099:], "is damaged"),
        (lambda _: compress(b"") * 1_001, "more than 1,000 frames"),
        (lambda _: compress(b"no database"), "has an unexpected format"),
        (lambda _: make_frame(40 * 2**20), "more than 200 times its size"),
        (lambda _: make_frame(2**20, window_log=27), "is damaged (Unable to decompress"),
        (lambda _: b"\x28\xb5\x2f\xfd\x00\xff" + b"\0" * 99, "is damaged"),
    ],
)
def test_what_is_compressed_badly_or_too_well_is_refused(
    newest: bytes, path: Path, spoil: Callable[[bytes], bytes], reason: str
) -> None:
    path.write_bytes(pack_newest(b"", packed=spoil(compress(newest))))

    assert reason in refuse(path)


def test_several_frames_are_read_as_one(newest: bytes, path: Path) -> None:
    frames = [compress(newest[start : start + 7_777]) for start in range(0, len(newest), 7_777)]
    skippable = b"\x50\x2a\x4d\x18\x04\0\0\0skip"
    path.write_bytes(pack_newest(b"", packed=skippable.join(frames)))

    assert len(read_all(path)[4]) == 2


UNDER_LIMIT = """
import resource, sys
from pathlib import Path
from cardwright.anki.collection import PackageError, open_collection
from cardwright.foreign import zstd
list(zstd.decompress([]))
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 64 * 2**20,) * 2)
try:
    with open_collection(Path(sys.argv[1])) as found:
        print(found.media)
except PackageError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are set as Linux has them")
def test_neither_a_bomb_nor_a_window_takes_much_memory(newest: bytes, tmp_path: Path) -> None:
    made = {
        "bomb": pack_newest(b"", packed=make_frame(128 * 2**20)),
        "window": pack_newest(b"", packed=make_frame(16 * 2**20, window_log=27)),
        "media": pack_newest(newest, media=bytes(128 * 2**20)),
    }
    for name, data in made.items():
        path = tmp_path / f"{name}.apkg"
        path.write_bytes(data)
        done = subprocess.run(
            [sys.executable, "-c", UNDER_LIMIT, str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stderr, done.returncode) == ("", 0), name
        assert "is not a readable Anki package" in done.stdout, name


# Messages.


@pytest.mark.parametrize("part", ["preset", "deck", "note_type", "template"])
@pytest.mark.parametrize(
    "data",
    [
        b"\x80",
        b"\xff" * 40,
        b"\x00",
        b"\x0b\x0c",
        b"\x0f",
        b"\x08",
        b"\x0d\0\0",
        b"\x09\0\0\0\0\0\0\0",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7fx",
        b"\x0a\x85\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01x",
        b"\x0a" * 99,
    ],
)
def test_messages_that_are_damaged_are_refused(path: Path, part: str, data: bytes) -> None:
    parts: dict[str, Any] = {part: data}
    path.write_bytes(pack_newest(make_newest_database(path.parent, **parts)))

    assert "one of its definitions is damaged" in refuse(path)


@pytest.mark.parametrize(
    ("part", "data"),
    [
        ("preset", encode((1, 5))),
        ("preset", encode((1, b"abc"))),
        ("preset", encode((37, 9))),
        ("preset", encode((46, 1.0), (46, 7))),
        ("deck", encode((1, 5))),
        ("deck", encode((1, b"\xff"))),
        ("note_type", encode((3, 9))),
        ("template", encode((1, 9))),
    ],
)
def test_fields_of_another_type_are_refused(path: Path, part: str, data: bytes) -> None:
    parts: dict[str, Any] = {part: data}
    path.write_bytes(pack_newest(make_newest_database(path.parent, **parts)))

    assert "one of its definitions is damaged" in refuse(path)


def test_what_anki_would_not_keep_is_replaced_as_anki_does(path: Path) -> None:
    preset = encode(
        *((1, float(step)) for step in (1, 2)),
        *((37, 0.5), (16, 2**31), (22, 0), (21, 7), (46, b"2026-02-30"), (6, float("nan"))),
    )
    deck = encode((2, b""), (1, encode((1, -5))), (1, encode((10, 0.75))), (99, b"unknown"))
    made = make_newest_database(path.parent, preset=preset, deck=deck)
    path.write_bytes(pack_newest(made))

    with open_collection(path) as found:
        (made_preset,) = found.presets.values()
        assert made_preset.learning_steps_minutes == (1.0, 2.0)
        assert made_preset.desired_retention == 0.9
        assert made_preset.maximum_interval_days == 36_500
        assert made_preset.leech_lapses == 8
        assert not made_preset.suspends_leeches
        assert made_preset.ignores_before_ms == 0
        assert (found.decks[1].preset_id, found.decks[1].desired_retention) == (-5, 0.75)
        assert found.find_preset(1) == (made_preset, 0.75)


def test_a_number_in_json_may_be_too_large_for_any_other_format(tmp_path: Path) -> None:
    long = "9" * 400
    preset = f'{{"1": {{"name": "A", "desiredRetention": {long}, "sm2Retention": -{long}}}}}'
    path = tmp_path / "strange.anki2"
    path.write_bytes(
        make_database(
            tmp_path, act=lambda made: made.execute("UPDATE col SET dconf = ?", (preset,))
        )
    )

    with open_collection(path) as found:
        assert found.presets[1].desired_retention == 0.9


@pytest.mark.parametrize(
    ("data", "stability"),
    [
        ('{"s": 5, "d": 5, "lrt": 7}', 5),
        (f'{{"s": {"9" * 400}, "d": 5}}', None),
        ('{"s": 5, "d": 1e999, "lrt": -1e999}', None),
        ('{"s": NaN, "d": 5}', None),
        ('{"s": "5", "d": [5], "lrt": {}}', None),
        ("[" * 2_000, None),
        ("9" * 2_000, None),
    ],
)
def test_what_a_card_says_of_its_memory_is_a_number_or_nothing(
    data: str, stability: float | None
) -> None:
    row = CardRow(1, 1, 1, 0, 0, 2, 2, 9, 9, 0, 1, 0, 0, 0, 0, 0, data)
    card = AnkiCard("trees:oak/recall", "guid", row, "Default")
    kept = keep_state(card, is_suspended=False, flag=0)
    assert (kept.stability, kept.difficulty) == (stability, stability)
    memory = Memory(card.key, State.REVIEW, stability=5, difficulty=5, due_day=9)
    assert has_same_memory(card, memory, Timing(created_day=0, rollover_hour=4)) is (
        stability is not None
    )
    written = write_data(row, kept._replace(stability=1.0, difficulty=1.0))
    assert json.loads(written, parse_constant=pytest.fail)["s"] == 1.0


def test_the_number_of_fields_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deck = encode(*((9, 0) for _ in range(300)), (1, encode(*((9, 0) for _ in range(300)))))
    path.write_bytes(pack_newest(make_newest_database(path.parent, deck=deck)))
    assert read_all(path)

    monkeypatch.setattr(protobuf.Budget.__init__, "__defaults__", (500,))
    assert "far more parts" in refuse(path)


def test_definitions_are_bounded(
    newest: bytes, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(pack_newest(newest))
    for module, name, value, reason in (
        (definition_reader, "MAX_DEFINITION_BYTES", 20, "more than"),
        (definition_reader, "MAX_DEFINITIONS", 1, "more than 1 rows"),
        (collection, "MAX_NOTES", 1, "more than 1 rows"),
        (collection, "MAX_CARDS", 1, "more than 1 rows"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, value)
            assert reason in refuse(path)
    assert read_all(path)


@pytest.mark.parametrize(
    "media",
    [
        encode((1, encode((1, b"../evil")))),
        encode((1, encode((1, b"a/b")))),
        encode((1, encode((1, b"..")))),
        encode((1, encode((2, 5)))),
        encode((1, 5)),
        b"\xff",
    ],
)
def test_media_with_names_that_are_not_safe_are_refused(
    newest: bytes, path: Path, media: bytes
) -> None:
    path.write_bytes(pack_newest(newest, media=media))

    assert "media" in refuse(path)


@pytest.mark.parametrize(
    "media",
    [b"", b"[]", b'{"0": 5}', b'{"a": "b"}', b'{"0": "../b"}', b"\xff", b'{"0": ' + b"[" * 9_999],
)
def test_older_lists_of_media_are_checked_too(tmp_path: Path, path: Path, media: bytes) -> None:
    path.write_bytes(pack(make_newest_database(tmp_path), media=media))

    assert "media" in refuse(path)


# Rows.


def test_numbers_that_are_none_are_read_as_anki_reads_them(path: Path) -> None:
    def spoil(made: sqlite3.Connection) -> None:
        made.execute(
            "UPDATE cards SET due = 7.5, odue = 'x', ivl = '12', data = x'00' WHERE id = 1"
        )
        made.execute("UPDATE cards SET data = ?, reps = NULL WHERE id = 2", ("x" * 5_000,))
        made.execute("UPDATE revlog SET time = NULL, ease = '4' WHERE cid = 1")
        made.execute("UPDATE revlog SET cid = 'none' WHERE cid = 2")

    path.write_bytes(pack_newest(make_newest_database(path.parent, act=spoil)))

    with open_collection(path) as found:
        first, second = found.read_cards()
        assert (first.due, first.original_due, first.interval_days, first.data) == (0, 0, 12, "")
        assert (second.due, second.reps, second.data) == (9, 0, "")
        rows = list(found.read_log())
        assert [(row.card_id, row.ease, row.duration_ms) for row in rows] == [(1, 4, 0), (0, 3, 9)]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (
            "create trigger t after update on col begin update col set crt = 1; end",
            "has a trigger, a view or a virtual table",
        ),
        ("create view v as select 1", "has a trigger, a view or a virtual table"),
        ("create virtual table f using fts5(x)", "has a trigger, a view or a virtual table"),
        ("create index i on notes (length(flds))", "has an expression"),
        ("create table t (a, b default/*b*/(random()))", "has an expression"),
        ("create table t (a, check (length(a)))", "has an expression"),
        ("create table t (a, b as (a))", "has an expression"),
    ],
)
def test_what_would_run_by_itself_is_told_from_tables(path: Path, sql: str, reason: str) -> None:
    path.write_bytes(pack_newest(make_newest_database(path.parent)))
    with open_collection(path) as found:
        found.check_inert()
    made = make_newest_database(path.parent, act=lambda database: database.execute(sql))
    path.write_bytes(pack_newest(made))
    with open_collection(path) as found, pytest.raises(PackageError, match=reason):
        found.check_inert()


def test_a_log_whose_pages_are_used_twice_is_refused(path: Path) -> None:
    def fill(made: sqlite3.Connection) -> None:
        made.executemany(
            "INSERT INTO revlog VALUES (?, 1, 3, 5, 1, 500, 9, 1)",
            ((1_600_000_000_000 + number,) for number in range(3_000)),
        )

    data = bytearray(make_newest_database(path.parent, act=fill))
    with closing(sqlite3.connect(path.parent / "newest.anki2")) as made:
        (root,) = made.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'revlog'"
        ).fetchone()
    size = struct.unpack_from(">H", data, 16)[0]
    start = (root - 1) * size
    assert data[start] == 5
    cells = struct.unpack_from(">H", data, start + 3)[0]
    places = struct.unpack_from(f">{cells}H", data, start + 12)
    for place in places:
        data[start + place : start + place + 4] = data[start + places[0] : start + places[0] + 4]
    path.write_bytes(pack_newest(bytes(data)))

    assert "its review log is damaged" in refuse(path)


def test_a_small_file_cannot_keep_the_reader_busy(path: Path) -> None:
    # Pages that name one another: without a bound, the log would never end.
    def fill(made: sqlite3.Connection) -> None:
        made.executemany(
            "INSERT INTO revlog VALUES (?, 1, 3, 5, 1, 500, 9, 1)",
            ((1_600_000_000_000 + number,) for number in range(60_000)),
        )

    data = bytearray(make_newest_database(path.parent, act=fill))
    size = struct.unpack_from(">H", data, 16)[0]
    inner = [start for start in range(size, len(data), size) if data[start] == 5]
    for start in inner:
        cells = struct.unpack_from(">H", data, start + 3)[0]
        places = struct.unpack_from(f">{cells}H", data, start + 12)
        for number, place in enumerate(places):
            child = inner[(number + 1) % len(inner)] // size + 1
            data[start + place : start + place + 4] = child.to_bytes(4)
    path.write_bytes(pack_newest(bytes(data)))

    start_s = time.process_time()
    assert "damaged" in refuse(path)
    assert time.process_time() - start_s < 5


# A collection, and what lies beside it.


@pytest.fixture
def bare(newest: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "collection.anki2"
    path.write_bytes(newest)
    return path


def log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def write_log(path: Path, rows: int = 1) -> bytes:
    """Leave rows in the log of a database, as a program does that is killed; return the log."""
    copy = path.with_name("copy.anki2")
    shutil.copy(path, copy)
    database = sqlite3.connect(copy, isolation_level=None)
    database.execute("PRAGMA journal_mode = wal")
    for number in range(rows):
        database.execute("INSERT INTO revlog VALUES (?, 1, 4, 6, 1, 5, 9, 1)", (10**13 + number,))
    data = log_of(copy).read_bytes()
    database.close()
    copy.unlink()
    return data


def test_a_log_beside_a_collection_counts_up_to_its_last_whole_change(bare: Path) -> None:
    log = write_log(bare, rows=3)
    page = struct.unpack_from(">I", log, 8)[0]
    whole = 32 + 2 * (24 + page)  # a row changes the table and its index
    for kept, wanted in ((len(log), 5), (len(log) - 1, 4), (whole, 3), (whole - 1, 2), (32, 2)):
        log_of(bare).write_bytes(log[:kept])
        assert len(read_all(bare)[7]) == wanted, kept
    # What follows is of an older log.
    changed = bytearray(log)
    changed[-page - 24 + 8] ^= 1
    log_of(bare).write_bytes(changed)
    assert len(read_all(bare)[7]) == 4


def test_a_log_that_is_no_log_is_ignored_as_sqlite_does(bare: Path) -> None:
    for data in (b"", b"x" * 31, b"x" * 5_000, bytes(100_000)):
        log_of(bare).write_bytes(data)
        assert len(read_all(bare)[7]) == 2


def test_a_log_cannot_make_the_database_huge(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = bytearray(write_log(bare))
    page = struct.unpack_from(">I", log, 8)[0]
    is_big = log[3] & 1
    # The size after the last change, with sums that fit.
    struct.pack_into(">I", log, len(log) - page - 24 + 4, 0x7FFFFFF)
    first, second = sum_words(log[:24], is_big, (0, 0))
    for start in range(32, len(log), page + 24):
        first, second = sum_words(log[start : start + 8], is_big, (first, second))
        first, second = sum_words(log[start + 24 : start + 24 + page], is_big, (first, second))
        struct.pack_into(">II", log, start + 16, first, second)
    log_of(bare).write_bytes(log)

    assert "damaged" in refuse(bare) or "MiB" in refuse(bare)
    monkeypatch.setattr(collection, "MAX_DATABASE_BYTES", 10_000)
    assert "more than 0 MiB" in refuse(bare)


def sum_words(data: bytes | bytearray, is_big: int, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    words = struct.unpack(f"{'>' if is_big else '<'}{len(data) // 4}I", data)
    for one, other in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return first, second


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes with names")
def test_what_lies_beside_a_collection_must_be_a_plain_file(bare: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(write_log(bare))
    os.mkfifo(log_of(bare))
    assert "not a regular file" in refuse(bare)
    log_of(bare).unlink()
    log_of(bare).symlink_to(outside)
    assert "it is a link" in refuse(bare)
    log_of(bare).unlink()
    log_of(bare).mkdir()
    assert "not a regular file" in refuse(bare)
    log_of(bare).rmdir()
    journal = bare.with_name(f"{bare.name}-journal")
    journal.write_bytes(b"a change that was interrupted")
    assert "a change to it was interrupted" in refuse(bare)
    journal.write_bytes(b"")
    assert read_all(bare)


def test_a_collection_that_never_rests_is_refused(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = live_database._copy

    def change(source: Any, target: Path, max_bytes: int) -> None:
        copy(source, target, max_bytes)
        data = bytearray(bare.read_bytes())
        data[24:28] = (int.from_bytes(data[24:28]) + 1).to_bytes(4)
        bare.write_bytes(data)

    monkeypatch.setattr(live_database, "_copy", change)
    monkeypatch.setattr(live_database, "_PAUSE_S", 0)
    assert "written to all the time" in refuse(bare)


@pytest.mark.parametrize("seed", range(60))
def test_mutations_are_read_or_refused(newest: bytes, tmp_path: Path, seed: int) -> None:
    dice = Random(seed)
    path = tmp_path / "made.anki2"
    path.write_bytes(newest)
    if dice.random() < 1 / 2:
        mutate_database(dice, path)
    data = path.read_bytes()
    kind = dice.randrange(4)
    if kind == 0:
        log_of(path).write_bytes(mutate_bytes(dice, write_log_or_none(path)))
    elif kind == 1:
        path.write_bytes(mutate_bytes(dice, pack_newest(data)))
    elif kind == 2:
        packed = mutate_bytes(dice, compress(data))
        path.write_bytes(pack_newest(b"", packed=packed))
    with suppress(PackageError):
        read_all(path)


def write_log_or_none(path: Path) -> bytes:
    try:
        return write_log(path)
    except sqlite3.Error:
        return bytes(99)
