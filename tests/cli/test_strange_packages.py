"""Foreign packages: `cards diff` reports what is wrong with them and is never harmed."""

from __future__ import annotations

import io
import json
import os
import re
import sqlite3
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.anki import collection
from cardwright.cli.main import cards
from cardwright.foreign import archive, database, json_text
from cardwright.text import make_plain
from mutations import mutate_database
from nets import GENEROUS_S, ended_in_time
from strange_packages import NOTES, SCHEMA, make_database, pack, write_package

ACTING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
HARM = "\x1b]0;owned\x07\x1b[2J\x9b31m\x00\r\x7f\u202e\u2066\u200b\ufeff"


@pytest.fixture(autouse=True)
def _net() -> Iterator[None]:
    with ended_in_time():
        yield


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return write_package(tmp_path / "sound.apkg")


def compare(old: Path, new: Path, *options: str) -> Result:
    """Run `cards diff`; whatever it reads, it ends with a status and prints nothing that acts."""
    result = CliRunner().invoke(cards, ["diff", *options, str(old), str(new)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code in (0, 1)
    assert not ACTING.search(result.output)
    if result.exit_code:
        assert result.stdout == ""
        is_json = "--json" in options
        assert result.stderr.startswith('{"error": ' if is_json else "error: ")
    return result


def refuse(path: Path, sound: Path) -> str:
    """Compare with a package that is to be refused, from both sides; return what was said."""
    said = compare(sound, path)
    assert said.exit_code == 1
    assert str(path) in said.stderr
    as_json = json.loads(compare(path, sound, "--json").stderr)
    assert make_plain(as_json["error"]) in said.stderr
    assert make_plain(as_json["help"]) in said.stderr
    return said.stderr.strip()


# What is printed.


def test_nothing_that_is_printed_acts_on_a_terminal(tmp_path: Path) -> None:
    models = {"7": {"id": 7, "flds": [{"name": f"Front{HARM}"}, {"name": f"Back{HARM}"}]}}
    before = [(1, f"a{HARM}", 7, f"One{HARM}\x1fold{HARM}", f" tag{HARM} "), *NOTES[1:]]
    after = [
        (1, f"a{HARM}", 7, f"One{HARM}\x1fnew{HARM}\nline{HARM}", f" tags{HARM} "),
        (3, f"c{HARM}", 7, f"Two{HARM}\x1f", ""),
    ]
    old = write_package(tmp_path / "old.apkg", models=models, notes=before)
    new = write_package(tmp_path / "new.apkg", models=models, notes=after)

    shown = compare(old, new).stdout
    rows = json.loads(compare(old, new, "--json").stdout)

    assert "changed One" in shown
    assert "added Two" in shown
    assert "vanished What is an elm?" in shown
    assert [row["what"] for row in rows] == ["changed", "added", "vanished"]
    assert (
        rows[0]["texts"][0]
        == {
            "part": f"Front{HARM}",
            "before": f"One{HARM}",
            "after": f"One{HARM}",
        }
        or rows[0]["texts"][0]["before"] == f"old{HARM}"
    )


def test_no_text_can_pass_for_a_line_of_its_own(tmp_path: Path) -> None:
    models = {"7": {"id": 7, "flds": [{"name": "Front"}, {"name": "Back\nretired elm: x"}]}}
    old = write_package(tmp_path / "old.apkg", models=models)
    notes = [(1, "guid-a", 7, "What is\u2028an oak?\x1fAn animal.\n+ not this", "")]
    new = write_package(tmp_path / "new.apkg", models=models, notes=notes)

    for line in compare(old, new).stdout.splitlines():
        assert line.startswith(
            (
                "changed What is",
                "vanished What is",
                "  Front:",
                "  Back",
                "  tags:",
                "    - ",
                "    + ",
            )
        )


@pytest.mark.parametrize("name", ["a\x1b[2J.apkg", "a\u202eb.apkg", "a\x9b.apkg", "a\tb.apkg"])
@pytest.mark.skipif(sys.platform == "win32", reason="no file can have such a name")
def test_names_of_files_do_not_act_either(tmp_path: Path, sound: Path, name: str) -> None:
    assert compare(sound, tmp_path / name).exit_code == 1
    (tmp_path / name).write_bytes(b"no package")
    assert "is not a zip archive" in compare(sound, tmp_path / name).stderr


def test_json_is_the_same_as_ever(tmp_path: Path, sound: Path) -> None:
    notes = [(1, "guid-a", 7, "Was ist eine Eiche?\x1fEin Baum 🌳 👩‍🔬.", " tree ")]
    new = write_package(tmp_path / "new.apkg", notes=notes)

    shown = compare(sound, new, "--json").stdout

    assert shown == json.dumps(json.loads(shown), indent=2, ensure_ascii=False) + "\n"
    assert "🌳 👩‍🔬" in shown
    assert compare(sound, sound, "--json").stdout == "[]\n"


def test_long_texts_are_compared_within_bounds(tmp_path: Path) -> None:
    lines = [f"line {number % 7}" for number in range(3_000)]
    path = write_package(tmp_path / "title.apkg", notes=[(1, "a", 7, "word " * 99_999, "")])
    assert len(compare(path, write_package(tmp_path / "none.apkg", notes=[])).stdout) < 200
    for old_text, new_text in (
        ("\n".join(lines), "\n".join(reversed(lines))),
        ("x\n" * 400, "x\ny\n" * 400),
        ("x" * 300_000, "y" * 300_000),
    ):
        old, new = (
            write_package(tmp_path / f"{name}.apkg", notes=[(1, "a", 7, f"Q\x1f{text}", "")])
            for name, text in (("old", old_text), ("new", new_text))
        )
        assert "changed Q" in compare(old, new).stdout


def test_lines_that_stay_are_not_shown(tmp_path: Path) -> None:
    old, new = (
        write_package(tmp_path / f"{name}.apkg", notes=[(1, "a", 7, f"Q\x1f{text}", "")])
        for name, text in (("old", "a\nb\nc\nd\ne"), ("new", "a\nB\nc\nd\nnew\ne"))
    )

    assert compare(old, new).stdout == ("changed Q: Q\n  Back:\n    - b\n    + B\n    + new\n")


# Archives.


def edit_zip(
    data: bytes, *, flags: int | None = None, method: int | None = None, size: int | None = None
) -> bytes:
    """Change what the headers of the first member say of it."""
    changed = bytearray(data)
    central = data.index(b"PK\x01\x02")
    for start, shift in ((0, 0), (central, 2)):
        if flags is not None:
            struct.pack_into("<H", changed, start + 6 + shift, flags)
        if method is not None:
            struct.pack_into("<H", changed, start + 8 + shift, method)
        if size is not None:
            struct.pack_into("<L", changed, start + 22 + shift, size)
    return bytes(changed)


def pack_twice(data: bytes) -> bytes:
    return pack(data, others={"collection.anki3": b"x"}).replace(b"anki3", b"anki2")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda _: b"", "is not a zip archive"),
        (lambda _: b"PK\x05\x06" + b"\0" * 18, "contains no collection"),
        (lambda _: b"PK\x05\x06" + b"\xff" * 18, "is not a zip archive"),
        (lambda data: pack(data)[:-40], "is not a zip archive"),
        (lambda data: edit_zip(pack(data), flags=1), "is encrypted"),
        (lambda data: edit_zip(pack(data), method=14), "method that Anki does not use"),
        (lambda data: edit_zip(pack(data), method=99), "method that Anki does not use"),
        (lambda data: edit_zip(pack(data), size=2**32 - 2), "is larger than 2,048 MiB"),
        (lambda data: edit_zip(pack(data), size=100), "is damaged"),
        (lambda data: edit_zip(pack(data), size=0), "is damaged"),
        (lambda data: pack(data, others={"../../evil": b"x"}), "outside the archive"),
        (lambda data: pack(data, others={"/evil": b"x"}), "outside the archive"),
        (lambda data: pack(data, others={"C:\\evil": b"x"}), "outside the archive"),
        (lambda data: pack(data, others={"..\\evil": b"x"}), "outside the archive"),
        (pack_twice, "two of its members have the same name"),
        (lambda data: pack(data, "other.anki2"), "contains no collection"),
        (lambda _: pack(b"not a database"), "has an unexpected format"),
        (lambda _: pack(b""), "is empty"),
        (lambda data: pack(data[:100]), "database is damaged"),
        (lambda data: pack(data[:5000]), "database is damaged"),
        (lambda _: pack(database.MAGIC + b"\0" * 100_000), "database is damaged"),
    ],
)
def test_an_archive_that_is_not_sound_is_refused(
    tmp_path: Path, sound: Path, spoil: Callable[[bytes], bytes], reason: str
) -> None:
    path = tmp_path / "strange.apkg"
    path.write_bytes(spoil(make_database(tmp_path)))

    said = refuse(path, sound)

    assert said.startswith(f"error: {path} is not a readable Anki package: ")
    assert reason in said
    assert "\n" not in said


def test_what_is_no_file_is_refused(tmp_path: Path, sound: Path) -> None:
    folder = tmp_path / "folder.apkg"
    folder.mkdir()
    assert "is not a regular file" in refuse(folder, sound)
    assert "No such file" in refuse(tmp_path / "missing.apkg", sound)
    if sys.platform != "win32":
        pipe = tmp_path / "pipe.apkg"
        os.mkfifo(pipe)
        assert "is not a regular file" in refuse(pipe, sound)
    result = CliRunner().invoke(cards, ["diff", "\0.apkg", str(sound)])
    assert result.exit_code == 1
    assert "that is not a valid file name" in result.stderr


def test_the_later_of_two_collections_is_read(tmp_path: Path, sound: Path) -> None:
    path = tmp_path / "both.apkg"
    placeholder = make_database(tmp_path, notes=[(9, "update", 7, "Please update\x1f", "")])
    path.write_bytes(pack(placeholder, others={"collection.anki21": make_database(tmp_path)}))

    assert compare(sound, path).stderr == "no changes\n"


def test_the_list_of_members_is_bounded(
    tmp_path: Path, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "many.apkg"
    path.write_bytes(pack(make_database(tmp_path), others={str(n): b"" for n in range(50)}))
    assert compare(sound, path).exit_code == 0

    monkeypatch.setattr(archive, "MAX_MEMBERS", 50)
    assert "more than 50 members" in refuse(path, sound)
    monkeypatch.setattr(archive, "MAX_LISTED_BYTES", 1_000)
    assert "list of members is too long" in compare(path, path).stderr


def make_bomb(size: int) -> bytes:
    """Return a package of a database that is all but empty and huge."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("collection.anki2", "w") as member,
    ):
        member.write(database.MAGIC)
        for _ in range(size // 2**20):
            member.write(bytes(2**20))
    return file.getvalue()


def test_a_bomb_is_refused_by_its_ratio_even_when_it_lies(tmp_path: Path, sound: Path) -> None:
    path = tmp_path / "bomb.apkg"
    bomb = make_bomb(40 * 2**20)
    path.write_bytes(bomb)

    assert "more than 200 times its size" in refuse(path, sound)
    path.write_bytes(edit_zip(bomb, size=1_000))
    assert "is damaged" in refuse(path, sound)


# Databases.


def replace_notes(sql: str) -> Callable[[sqlite3.Connection], object]:
    return lambda made: made.executescript(f"DROP TABLE notes; {sql}")


ENDLESS = (
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
    "SELECT x AS id, 'g' || x AS guid, 7 AS mid, 'a' AS flds, '' AS tags, 1 AS mod FROM n"
)
COLUMNS = "id integer primary key, guid, mid, tags, flds, mod"


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (f"CREATE VIEW notes AS {ENDLESS};", "its table notes is not a plain table"),
        (f"CREATE VIEW NOTES AS {ENDLESS};", "its table notes is not a plain table"),
        (f"CREATE TABLE Notes ({COLUMNS});", "its table notes is not a plain table"),
        (
            "CREATE VIRTUAL TABLE notes USING fts5(id, guid, mid, tags, flds, mod);",
            "is not a plain table",
        ),
        (
            "CREATE TABLE notes (id integer primary key, guid, mid, tags, mod, flds AS (hex(id)));",
            "has generated columns",
        ),
        (
            f"CREATE TABLE notes ({COLUMNS}, x AS (hex(flds)) STORED);",
            "has generated columns",
        ),
        ("", "it has no table notes"),
        ("CREATE TABLE notes (id integer primary key, guid, mid, mod, tags);", "no column flds"),
    ],
)
def test_what_stands_in_for_a_table_is_refused(
    tmp_path: Path, sound: Path, sql: str, reason: str
) -> None:
    path = write_package(tmp_path / "strange.apkg", act=replace_notes(sql))

    assert reason in refuse(path, sound)


def test_an_endless_view_in_place_of_col_is_refused(tmp_path: Path, sound: Path) -> None:
    view = "CREATE VIEW col AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT x AS models FROM n WHERE x = 2"
    path = write_package(
        tmp_path / "strange.apkg", act=lambda made: made.executescript(f"DROP TABLE col; {view}")
    )

    assert "its table col is not a plain table" in refuse(path, sound)


def test_checks_and_triggers_of_a_database_do_not_run(tmp_path: Path, sound: Path) -> None:
    sql = (
        f"CREATE TABLE notes ({COLUMNS}, CHECK (length(hex(randomblob(90000000))) > 1));"
        f"CREATE TRIGGER t AFTER INSERT ON notes BEGIN DELETE FROM col; END;"
        f"CREATE VIEW endless AS {ENDLESS};"
    )
    path = write_package(tmp_path / "strange.apkg", act=replace_notes(sql))

    assert compare(sound, path).stderr == "2 vanished\n"


@pytest.mark.parametrize(
    ("models", "reason"),
    [
        (None, "contains no collection"),
        ("", "are not valid JSON"),
        ("no JSON", "are not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("[" * 600_000 + "]" * 600_000, "nested too deeply"),
        ("[" + "0," * 1_100_000 + "0]", "more than 1,000,000 parts"),
        ("9" * 10_000, "are not valid JSON"),
        ([], "note types are not valid"),
        ("null", "note types are not valid"),
        ("NaN", "note types are not valid"),
        (b"\xff\xfe{}", "note types are not valid"),
        (b"{}", "note types are not valid"),
        (5, "are not valid JSON|note types are not valid"),
        ({}, "the note type of note 1 is missing"),
        ({"7": 7}, "of its note types is not"),
        ({"7": {"id": 7}}, "of its note types is not"),
        ({"7": {"id": [], "flds": []}}, "of its note types is not"),
        ({"7": {"id": True, "flds": []}}, "of its note types is not"),
        ({"7": {"id": "x", "flds": []}}, "of its note types is not"),
        ({"7": {"id": None, "flds": []}}, "of its note types is not"),
        ({"7": {"id": "9" * 5_000, "flds": []}}, "of its note types is not"),
        ({"7": {"id": 7, "flds": {}}}, "of its note types is not"),
        ({"7": {"id": 7, "flds": ["Front"]}}, "of its note types is not"),
        ({"7": {"id": 7, "flds": [{"name": 5}]}}, "of its note types is not"),
        ({"7": {"id": 7, "flds": [{}]}}, "of its note types is not"),
    ],
)
def test_note_types_that_are_not_sound_are_refused(
    tmp_path: Path, sound: Path, models: object, reason: str
) -> None:
    schema = SCHEMA.replace("models text not null", "models")
    path = write_package(tmp_path / "strange.apkg", models=models, schema=schema)

    assert re.search(reason, refuse(path, sound))


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        ((1, None, 7, "a", ""), "the guid of note 1"),
        ((1, b"a", 7, "a", ""), "the guid of note 1"),
        ((1, "a" * 200, 7, "a", ""), "the guid of note 1"),
        ((1, "a", None, "a", ""), "the note type of note 1"),
        ((1, "a", 8, "a", ""), "the note type of note 1"),
        ((1, "a", "x", "a", ""), "the note type of note 1"),
        ((1, "a", b"7", "a", ""), "the note type of note 1"),
        ((1, "a", 7, None, ""), "the fields of note 1"),
        ((1, "a", 7, b"a\x1fb", ""), "the fields of note 1"),
        ((1, "a", 7, "\x1f" * 1_000, ""), "the fields of note 1"),
        ((1, "a", 7, "a", None), "the tags of note 1"),
        ((1, "a", 7, "a", b"tag"), "the tags of note 1"),
        ((1, "a", 7, "a", "t " * 100_000), "the tags of note 1"),
        ((1, "a", 7, "a" * (9 * 2**20), ""), "a text of more than 8 MiB"),
    ],
)
def test_notes_that_are_not_sound_are_refused(
    tmp_path: Path, sound: Path, note: tuple[Any, ...], reason: str
) -> None:
    path = write_package(tmp_path / "strange.apkg", notes=[note])

    assert reason in refuse(path, sound)


def test_notes_without_numbers_are_refused(tmp_path: Path, sound: Path) -> None:
    schema = SCHEMA.replace("id integer primary key, guid", "id, guid")
    path = write_package(tmp_path / "strange.apkg", notes=[("x", "a", 7, "a", "")], schema=schema)

    assert "has no id" in refuse(path, sound)


def test_text_that_is_no_utf_8_is_shown_with_replacements(tmp_path: Path, sound: Path) -> None:
    path = write_package(
        tmp_path / "strange.apkg",
        act=lambda made: made.execute("UPDATE notes SET flds = CAST(x'41ff1f42' AS TEXT)"),
    )

    assert "    - What is an oak?\n    + A�\n" in compare(sound, path).stdout


def test_fields_without_a_name_are_compared_too(tmp_path: Path, sound: Path) -> None:
    path = write_package(tmp_path / "more.apkg", notes=[(1, "guid-a", 7, "a\x1fb\x1fc", "")])

    assert "  field 3:\n    + c\n" in compare(sound, path).stdout


def test_pages_that_are_used_twice_are_refused(tmp_path: Path, sound: Path) -> None:
    # Twenty levels of pages that name one page again and again would be endless.
    notes = [(n, f"guid-{n}", 7, "text " * 200, "") for n in range(300)]
    data = bytearray(make_database(tmp_path, notes=notes))
    size = struct.unpack_from(">H", data, 16)[0]
    roots = [
        start
        for start in range(size, len(data), size)
        if data[start] == 5 and struct.unpack_from(">H", data, start + 3)[0] > 10
    ]
    for start in roots:
        cells = struct.unpack_from(">H", data, start + 3)[0]
        places = struct.unpack_from(f">{cells}H", data, start + 12)
        child = data[start + places[0] : start + places[0] + 4]
        for place in places:
            data[start + place : start + place + 4] = child
    path = tmp_path / "strange.apkg"
    path.write_bytes(pack(bytes(data)))

    assert roots
    assert "its table notes is damaged" in refuse(path, sound)


def test_rows_and_work_are_bounded(
    tmp_path: Path, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = [(n, f"guid-{n}", 7, "text", "") for n in range(500)]
    path = write_package(tmp_path / "many.apkg", notes=notes)

    with monkeypatch.context() as patch:
        patch.setattr(database, "MAX_ROWS", 499)
        assert "more than 499 rows" in refuse(path, sound)
    with monkeypatch.context() as patch:
        patch.setattr(database, "MAX_STEPS", 2_000)
        assert "far more work to read" in refuse(path, sound)
    assert compare(sound, path).exit_code == 0


def test_a_schema_of_too_many_tables_is_refused(tmp_path: Path, sound: Path) -> None:
    def add_tables(made: sqlite3.Connection) -> None:
        for number in range(6_000):
            made.execute(f"CREATE TABLE t{number} (x)")

    path = write_package(tmp_path / "strange.apkg", act=add_tables)

    assert "far more work to read" in refuse(path, sound)


# Bounds of memory and time, in a process of its own.

UNDER_LIMIT = """
import resource, sys
import cardwright.cli.main, cardwright.cli.diff, cardwright.anki.package_notes
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
most = used + int(sys.argv.pop(1)) * 2**20
resource.setrlimit(resource.RLIMIT_AS, (most, most))
cardwright.cli.main.main()
"""


def compare_within(most_mib: int, old: Path, new: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", UNDER_LIMIT, str(most_mib), "diff", str(old), str(new)],
        capture_output=True,
        text=True,
        timeout=GENEROUS_S,
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are set as Linux has them")
def test_neither_a_bomb_nor_a_large_package_takes_much_memory(tmp_path: Path, sound: Path) -> None:
    bomb = tmp_path / "bomb.apkg"
    bomb.write_bytes(make_bomb(300 * 2**20))
    done = compare_within(100, sound, bomb)
    assert done.returncode == 1
    assert "more than 200 times its size" in done.stderr

    text = "".join(chr(0x1F300 + n % 256) for n in range(1_000))
    large = [
        write_package(
            tmp_path / f"{name}.apkg",
            notes=((n, f"guid-{n}", 7, f"{n}\x1f{text}{name}", "") for n in range(10_000)),
        )
        for name in ("old", "new")
    ]
    done = compare_within(100, *large)
    assert done.stderr == "10000 changed\n"


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are set as Linux has them")
@pytest.mark.parametrize(
    "parts",
    [
        {"models": "[" + "[]," * 999_000 + "[]]"},
        {"models": '{"a":' * 500_000},
        {"notes": [(1, "guid-a", 7, "\U0001f333\n" * 1_600_000, "")]},
        {"notes": [(1, "guid-a", 7, "\x1f" * 8_000_000, "")]},
    ],
    ids=["many", "deep", "long", "fields"],
)
def test_no_value_takes_much_memory(tmp_path: Path, sound: Path, parts: dict[str, Any]) -> None:
    path = write_package(tmp_path / "strange.apkg", **parts)

    done = compare_within(300, sound, path)

    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr
    assert "MemoryError" not in done.stderr


# Random damage.

EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8
)


def damage(data: bytes, edits: list[tuple[float, int]]) -> bytes:
    changed = bytearray(data)
    for place, value in edits:
        changed[int(place * len(changed))] = value
    return bytes(changed)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small package, and its database by itself."""
    folder = tmp_path_factory.mktemp("small")
    notes = [(n, f"guid-{n}", 7, f"What is {n}?\x1f{HARM}{n}", " a b ") for n in range(1, 20)]
    data = make_database(folder, notes=notes, schema=f"PRAGMA page_size = 512; {SCHEMA}")
    (folder / "small.apkg").write_bytes(pack(data))
    return folder


@settings(max_examples=200)
@given(edits=EDITS)
def test_damage_to_a_package_is_no_crash(small: Path, edits: list[tuple[float, int]]) -> None:
    sound, path = small / "small.apkg", small / "damaged.apkg"
    path.write_bytes(damage(sound.read_bytes(), edits))

    compare(sound, path)


@settings(max_examples=300)
@given(edits=EDITS, is_json=st.booleans())
def test_damage_to_a_database_is_no_crash(
    small: Path, edits: list[tuple[float, int]], is_json: bool
) -> None:
    path = small / "damaged.apkg"
    path.write_bytes(pack(damage((small / "made.anki2").read_bytes(), edits)))

    compare(small / "small.apkg", path, *["--json"] * is_json)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), is_json=st.booleans())
def test_changed_cells_and_tables_are_no_crash(small: Path, seed: int, is_json: bool) -> None:
    made = small / "changed.anki2"
    made.write_bytes((small / "made.anki2").read_bytes())
    mutate_database(Random(seed), made)
    path = small / "changed.apkg"
    path.write_bytes(pack(made.read_bytes()))

    compare(small / "small.apkg", path, *["--json"] * is_json)
    compare(path, path)


def test_a_broken_name_in_a_message_of_sqlite_is_no_crash(tmp_path: Path, sound: Path) -> None:
    data = make_database(tmp_path).replace(b"CREATE TABLE col (", b"CREATE TABLE \x80ol (")
    path = tmp_path / "strange.apkg"
    path.write_bytes(pack(data))

    assert "in it" in refuse(path, sound) or "database is damaged" in refuse(path, sound)


def test_every_bound_is_far_above_what_people_have() -> None:
    # A hundred thousand notes with half a gigabyte of media, in tens of thousands of files.
    assert database.MAX_ROWS >= 500_000
    assert database.MAX_STEPS >= 50 * database.MAX_ROWS
    assert archive.MAX_MEMBERS >= 100_000
    assert archive.MAX_LISTED_BYTES >= 100 * archive.MAX_MEMBERS
    assert collection.MAX_DATABASE_BYTES >= 500 * 2**20
    assert json_text.MAX_VALUES >= 1_000_000
