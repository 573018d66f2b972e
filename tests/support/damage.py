"""Stores damaged in every way that a disk, a program or a stranger can damage them, by a seed."""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner, Result

from cardwright.cli.main import cards
from cardwright.history import Act, Rating
from cardwright.study.alias import Alias
from cardwright.study.journal import Journal
from cardwright.study.mirror import Mirror, MirrorCard, MirrorRow
from cardwright.study.settings import describe_fit
from studying import DAY_MS, MINUTE_MS, MORNING, later, make_items, open_journal, record

PROMPTS: Final = 8
_ROUNDS: Final = 9
_PAGE: Final = 4096
MAX_S: Final = 2.0
_PROJECT: Final = {
    "decks/trees/deck.yaml": "name: Trees\nnamespace: trees\n",
    "decks/trees/blueprint.yaml": "name: Exam\ndomains:\n  - id: wood\n    weight: 100\n"
    '    lessons: [{id: "1.1", title: Rings}]\n',
    "cards/trees/cards.yaml": 'lesson: "1.1"\ncards:\n'
    + "".join(
        f"  - id: card-{number}\n    kind: basic\n    question: What is {number}?\n    answer: It.\n"
        for number in range(12)
    ),
}
_VALUES: Final[tuple[Any, ...]] = (
    *("a_swer", "", "\0", "trees:a\0b/recall", "trees:card-1/recall", "\x1b[31m", "ü", "x" * 5000),
    *(b"\xff\xfe", b"", 0, -1, 1, 2**31, 2**53, 2**62, -(2**63), 0.5, -1e308, 1e308, None),
    *("null", "[]", "{}", '"text"', "1e999", "[" * 5000, '{"a": 1}', "true", "1" * 5000, "NaN"),
)
_INVALID_UTF8: Final = ("ff", "eda080", "c0af", "61ff62")
_COLUMNS: Final = {
    "reviews": (
        *("prompt", "id", "act", "rating", "at_ms", "utc_offset_minutes", "duration_ms", "undoes"),
        *("interval_days", "interval_basis"),
    ),
    "memories": (
        *("prompt", "pack", "state", "step", "stability", "difficulty", "due_at_ms", "due_day"),
        *("interval_days", "first_day", "last_day", "last_at_ms", "reps", "lapses"),
        *("is_suspended", "buried_day", "last_id"),
    ),
    "expectations": ("prompt", "answers"),
    "packs": ("pack", "rules"),
    "settings": ("pack", "name", "value", "changed_ms"),
    "records": ("id", "kind", "pack", "at_ms", "body", "changed_ms"),
    "claims": ("prompt", "sitting", "at_ms"),
    "mirror_rows": ("place", "row_id", "review_id", "is_seen"),
    "mirror_cards": (
        *("place", "prompt", "card_id", "is_suspended", "flag", "due_day", "is_pending"),
    ),
    "mirror_facts": ("place", "name", "value"),
    "migrations": ("name",),
}
_STRANGE: Final = (
    (
        "create view spare as with recursive c(n) as (values(1) union all select n + 1 from c)"
        " select n from c"
    ),
    "create table spare (a)",
    "create trigger spare after insert on reviews begin delete from claims; end",
    "create trigger spare instead of delete on {view} begin select 1; end",
    "create index spare on reviews (abs(at_ms))",
    "alter table settings add column spare as (randomblob(1000000000))",
    "create virtual table spare using fts5(a)",
    "alter table claims add column spare",
)


def make_store(path: Path, pack: str = "trees") -> None:
    """Make a store with something in every table."""
    journal = open_journal(path, packs=(pack,))
    items = make_items(PROMPTS, pack=pack)
    acts = (Act.FLAG, Act.SUSPEND, Act.UNSUSPEND, Act.BURY, Act.CRAM, Act.RESCHEDULE)
    for number in range(PROMPTS * _ROUNDS):
        item = items[number % PROMPTS]
        moment = later(MORNING, number // PROMPTS - _ROUNDS, minutes=number)
        given, _ = record(journal, item.key, Act.ANSWER, moment, Rating(1 + number % 4))
        if number % 7 == 0:
            with journal.store.transaction():
                journal.record(item.key, Act.UNDO, moment, undoes=given.id)
        if number % 5 == 0:
            act = acts[number % len(acts)]
            record(journal, item.key, act, moment, Rating.GOOD if act is Act.CRAM else None)
    _fill(journal, pack)
    journal.store.close()


def _fill(journal: Journal, pack: str) -> None:
    store = journal.store
    store.settings.put(
        {
            ("", "rollover_hour"): 5,
            ("", "autoplay"): False,
            (pack, "new_per_day"): 7,
            (pack, "learning_steps_minutes"): [1, 10],
            (pack, "parameters"): describe_fit([0.1] * 21, "2026-01-01", 900),
            (pack, "goal"): {
                "pack": pack,
                "exam_on": "2026-12-24",
                "minutes_a_day": 20,
                "days_off": [6],
                "start_as": None,
                "set_on": "2026-11-01",
            },
            (pack, "daily_plan"): {"day": 20_759, "habits": {}, "policy": {}},
        },
        MORNING.at_ms,
    )
    question = {
        "card_ref": f"{pack}:card-1",
        "side_name": "recall",
        "key": f"{pack}:card-1/recall",
        "domain": "wood",
        "lesson": "1.1",
        "right": [0],
        "digest": 1,
        "picked": [1],
        "text": "Which?",
        "options": [
            {"text": "A", "right": True, "reason": ""},
            {"text": "B", "right": False, "reason": ""},
        ],
    }
    mock = {
        "id": "trees-1",
        "pack": pack,
        "exam": "Exam",
        "is_drill": False,
        "seed": 1,
        "started_at_ms": MORNING.at_ms - DAY_MS,
        "limit_ms": 60 * MINUTE_MS,
        "is_recorded": False,
        "questions": [question, question],
        "ended_at_ms": MORNING.at_ms - DAY_MS + MINUTE_MS,
    }
    miss = {
        "id": "miss-1",
        "pack": pack,
        "at_ms": MORNING.at_ms - DAY_MS,
        "study_day": 20_758,
        "card": f"{pack}:card-1",
        "lesson": "1.1",
        "origin": "trees-1",
    }
    with store.transaction():
        store.records.put("trees-1", "mock", pack, MORNING.at_ms - DAY_MS, mock, 1)
        store.records.put("trees-2", "drill", pack, MORNING.at_ms, {**mock, "is_drill": True}, 1)
        store.records.put("miss-1", "miss", pack, MORNING.at_ms - DAY_MS, miss, 1)
        store.add_aliases([Alias("alias-1", 1, "shrubs", "")])
        store.claim(f"{pack}:card-3/recall", "other", MORNING.at_ms)
        mirror = Mirror(store, "profile User 1")
        log = list(store.list_log())
        mirror.put_rows({r.at_ms: MirrorRow(r.id, number % 2 == 0) for number, r in enumerate(log)})
        keys = {review.key for review in log}
        card = MirrorCard(card_id=5, is_suspended=False, flag=1, due_day=20_760, is_pending=True)
        mirror.put_cards(dict.fromkeys(keys, card))
        mirror.put_fact("backed_up_on", "2026-11-01")


def _change_bytes(path: Path, change: Callable[[bytearray], None]) -> None:
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)


def _flip(path: Path, dice: random.Random) -> None:
    def change(data: bytearray) -> None:
        for _ in range(dice.choice((1, 1, 3, 20))):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)

    _change_bytes(path, change)


def _flip_header(path: Path, dice: random.Random) -> None:
    def change(data: bytearray) -> None:
        data[dice.randrange(16, 108)] = dice.randrange(256)

    _change_bytes(path, change)


def _flip_page_headers(path: Path, dice: random.Random) -> None:
    """Change the numbers and pointers with which pages begin."""

    def change(data: bytearray) -> None:
        for _ in range(3):
            start = _PAGE * dice.randrange(len(data) // _PAGE)
            data[start + (100 if not start else 0) + dice.randrange(40)] = dice.randrange(256)

    _change_bytes(path, change)


def _cut(path: Path, dice: random.Random) -> None:
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[: dice.choice((dice.randrange(size), _PAGE * 3, 60, 512))])


def _overwrite(path: Path, dice: random.Random) -> None:
    def change(data: bytearray) -> None:
        length = dice.choice((10, 100, 1000, _PAGE))
        start = dice.randrange(len(data) - length)
        if length == _PAGE:
            start -= start % _PAGE
        data[start : start + length] = dice.choice((bytes(length), dice.randbytes(length)))

    _change_bytes(path, change)


def _copy_page(path: Path, dice: random.Random) -> None:
    """Let a page hold what another one holds, so that it seems to be used twice."""

    def change(data: bytearray) -> None:
        pages = len(data) // _PAGE
        source, target = dice.randrange(1, pages), dice.randrange(1, pages)
        data[target * _PAGE : (target + 1) * _PAGE] = data[source * _PAGE : (source + 1) * _PAGE]

    _change_bytes(path, change)


def _connect(path: Path) -> sqlite3.Connection:
    """Connect without the constraints and triggers of our tables."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("pragma ignore_check_constraints = on")
    db.execute("pragma writable_schema = on")
    return db


def _relax(path: Path) -> list[tuple[str, str, str]]:
    """Take constraints, types and triggers out of the schema; return what it was."""
    with closing(_connect(path)) as db:
        sql = "select name, tbl_name, sql from sqlite_schema where sql not null"
        before = list(db.execute(sql))
        db.execute("delete from sqlite_schema where type = 'trigger'")
        for name, _, sql in before:
            # Without types too, or SQLite would convert the values.
            loose = re.sub(r"\b(text|integer|real)\b( not null)?", "", sql)
            loose = loose.replace("strict, ", "").replace(") strict", ")")
            if sql.startswith("CREATE TABLE"):
                db.execute("update sqlite_schema set sql = ? where name = ?", (loose, name))
        return before


def _restore_schema(path: Path, before: list[tuple[str, str, str]]) -> None:
    with closing(_connect(path)) as db:
        for name, table, sql in before:
            if sql.startswith("CREATE TRIGGER"):
                row = (name, table, sql)
                db.execute("insert into sqlite_schema values ('trigger', ?, ?, 0, ?)", row)
            else:
                db.execute("update sqlite_schema set sql = ? where name = ?", (sql, name))


def _change_rows(path: Path, dice: random.Random) -> None:
    before = _relax(path)
    with closing(_connect(path)) as db:
        for _ in range(dice.choice((1, 1, 2, 5))):
            tables = {name for (name,) in db.execute("select name from sqlite_schema")}
            table = dice.choice([name for name in _COLUMNS if name in tables])
            column = dice.choice(_COLUMNS[table])
            key = _COLUMNS[table][0]
            rows = db.execute(f"select cast({key} as blob) from {table}").fetchall()
            if not rows:
                continue
            value = dice.choice(_VALUES)
            new = "?"
            values: tuple[Any, ...] = (value,)
            if dice.random() < 0.2:
                new, values = f"cast(x'{dice.choice(_INVALID_UTF8)}' as text)", ()
            where = f"cast({key} as blob) = ?"
            with suppress(sqlite3.Error):
                db.execute(
                    f"update {table} set {column} = {new} where {where}",
                    (*values, *dice.choice(rows)),
                )
    _restore_schema(path, before)


def change_row(path: Path, table: str, column: str, value: object, where: str, key: str) -> None:
    """Give a row a value that its table forbids; bytes become a text that is not UTF-8."""
    before = _relax(path)
    with closing(_connect(path)) as db:
        new = "cast(? as text)" if isinstance(value, bytes) else "?"
        done = db.execute(f"update {table} set {column} = {new} where {where}", (value, key))
        assert done.rowcount == 1
    _restore_schema(path, before)


def multiply_pages(path: Path, table: str, *, depth: int = 16) -> None:
    """Put pages above those of a table that each lead to the next one several times.

    The table then has billions of rows.
    """
    with closing(sqlite3.connect(path)) as db:
        sql = "select rootpage from sqlite_schema where name = ?"
        (root,) = db.execute(sql, (table,)).fetchone()
    data = bytearray(path.read_bytes())
    start = _PAGE * (root - 1)
    page = data[start : start + _PAGE]
    assert page[0] in {2, 5}, "the table needs more than one page"
    cells = int.from_bytes(page[3:5], "big")
    places = [8, *(int.from_bytes(page[12 + 2 * n : 14 + 2 * n], "big") for n in range(cells))]
    leaf = int.from_bytes(page[8:12], "big")
    pages = len(data) // _PAGE
    for level in range(depth):
        below = pages + level + 1 if level < depth - 1 else leaf
        for place in places:
            page[place : place + 4] = below.to_bytes(4, "big")
        if level:
            data += page
        else:
            data[start : start + _PAGE] = page
    data[28:32] = (len(data) // _PAGE).to_bytes(4, "big")
    path.write_bytes(data)


def _change_review(path: Path, dice: random.Random) -> None:
    before = _relax(path)
    with closing(_connect(path)) as db:
        ids = [row[0] for row in db.execute("select id from reviews")]
        column = dice.choice(_COLUMNS["reviews"])
        with suppress(sqlite3.Error):
            sql = f"update reviews set {column} = ? where id = ?"
            db.execute(sql, (dice.choice(_VALUES), dice.choice(ids)))
    _restore_schema(path, before)


def _make_index_stale(path: Path, dice: random.Random) -> None:
    with closing(_connect(path)) as db:
        names = {name for (name,) in db.execute("select name from sqlite_schema")}
    name = dice.choice(sorted(names & {"reviews_by_id", "reviews_undone", "memories_by_pack"}))
    make_index_stale(path, name, added=dice.randrange(4))


def make_index_stale(path: Path, name: str, *, added: int) -> None:
    """Add so many of three rows, and remove the others, while the schema does not know an index."""
    with closing(_connect(path)) as db:
        rows = list(db.execute("select * from sqlite_schema where name = ?", (name,)))
        triggers = list(db.execute("select * from sqlite_schema where type = 'trigger'"))
        db.execute("delete from sqlite_schema where type = 'trigger'")
        db.execute("delete from sqlite_schema where name = ?", (name,))
    with closing(_connect(path)) as db:
        keys = [row[0] for row in db.execute("select id from reviews order by id")]
        for number in range(3):
            if number < added:
                db.execute(
                    "insert into reviews (prompt, id, act, rating, at_ms, utc_offset_minutes,"
                    " duration_ms) values (?, ?, 'answer', 3, ?, 0, 0)",
                    ("trees:card-1/recall", f"{number:012x}-stale", number),
                )
            else:
                db.execute("delete from reviews where id = ?", (keys[number],))
            db.execute("delete from memories where prompt = ?", (f"trees:card-{number}/recall",))
    with closing(_connect(path)) as db:
        db.executemany("insert into sqlite_schema values (?, ?, ?, ?, ?)", [*rows, *triggers])


def _change_schema(path: Path, dice: random.Random) -> None:
    with closing(_connect(path)) as db, suppress(sqlite3.Error):
        db.execute("create view other as select 1 as a")
        statement = dice.choice(_STRANGE)
        db.execute(statement.format(view="other"))
        if "{view}" not in statement:
            db.execute("drop view other")


def _replace_table(path: Path, dice: random.Random) -> None:
    """Put an endless view in the place of a table."""
    table = dice.choice(list(_COLUMNS))
    columns = ", ".join(f"n as {name}" for name in _COLUMNS[table])
    view = (
        f"CREATE VIEW {table} as with recursive c(n) as (values(1) union all select n + 1 from c)"
        f" select {columns} from c"
    )
    with closing(_connect(path)) as db:
        db.execute("delete from sqlite_schema where tbl_name = ?", (table,))
        db.execute("insert into sqlite_schema values ('view', ?, ?, 0, ?)", (table, table, view))


def _swap_roots(path: Path, dice: random.Random) -> None:
    """Let two tables or indexes begin at each other's pages."""
    with closing(_connect(path)) as db:
        rows = list(db.execute("select name, rootpage from sqlite_schema where rootpage > 0"))
        (one, page), (other, other_page) = dice.sample(rows, 2)
        db.execute("update sqlite_schema set rootpage = ? where name = ?", (other_page, one))
        if dice.random() < 0.5:
            db.execute("update sqlite_schema set rootpage = ? where name = ?", (page, other))


def _damage_log(path: Path, dice: random.Random) -> None:
    """Damage the write-ahead log that a killed session leaves."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("pragma journal_mode = wal")
        db.execute(
            "insert into reviews (prompt, id, act, rating, at_ms, utc_offset_minutes, duration_ms)"
            " values ('trees:card-1/recall', 'e00000000000-log', 'answer', 3, 5, 0, 0)"
        )
        log = Path(f"{path}-wal").read_bytes()
        main = path.read_bytes()
    data = bytearray(log)
    for _ in range(dice.choice((0, 1, 50))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    path.write_bytes(main)
    Path(f"{path}-wal").write_bytes(data[: dice.choice((len(data), dice.randrange(len(data))))])


_WAYS: Final[dict[str, Callable[[Path, random.Random], None]]] = {
    "rows": _change_rows,
    "review": _change_review,
    "stale index": _make_index_stale,
    "schema": _change_schema,
    "view": _replace_table,
    "roots": _swap_roots,
    "flip": _flip,
    "header": _flip_header,
    "page headers": _flip_page_headers,
    "cut": _cut,
    "overwrite": _overwrite,
    "page twice": _copy_page,
    "log": _damage_log,
}
WAYS: Final = tuple(_WAYS)


def damage_in(way: str, path: Path, dice: random.Random) -> None:
    """Damage a store in a given way."""
    _WAYS[way](path, dice)


def count_reviews(path: Path) -> int | None:
    """Return the number of rows in the table of reviews; None if they cannot be counted."""
    try:
        with closing(sqlite3.connect(path)) as db:
            # With `not indexed`, `select 1` would still use an index that covers it.
            found = db.execute("select count(*) from reviews not indexed").fetchone()
            return int(found[0])
    except (sqlite3.Error, UnicodeDecodeError):
        return None


def write_project(folder: Path) -> Path:
    """Write a small project whose prompts the stores know."""
    for name, text in _PROJECT.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def run_commands(
    project: Path, store: Path, commands: Iterable[Sequence[str]]
) -> Iterator[tuple[Sequence[str], str]]:
    """Run each command on its own copy of a store, and of the profile of Anki beside it; yield what is wrong."""
    for words in commands:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            path = folder / "reviews.db"
            for suffix in ("", "-wal"):
                if Path(f"{store}{suffix}").exists():
                    shutil.copy(f"{store}{suffix}", f"{path}{suffix}")
            (folder / "shared").mkdir()
            whole = store.with_name("whole.jsonl")
            if whole.exists():
                shutil.copy(whole, folder / "whole.jsonl")
            if words[0] == "anki":
                shutil.copytree(store.with_name("anki"), folder / "anki")
            filled = [word.format(folder=folder) for word in words]
            begun_s = time.process_time()
            environment = {"CARDS_NOW": "2026-11-02T09:00+01:00", "ANKI_BASE": str(folder / "anki")}
            result = CliRunner(env=environment).invoke(
                cards, ["-C", str(project), *filled, "--db", str(path)], input="\n3\n\n2\nu\nq\n"
            )
            if problem := find_problem(result, time.process_time() - begun_s):
                yield words, problem
            elif words[0] == "export" and result.exit_code == 0:
                written = len((folder / "out.jsonl").read_text("utf-8").splitlines())
                if written != (held := count_reviews(path)):
                    yield words, f"exported {written} of {held} reviews"


def find_problem(result: Result, took_s: float) -> str:
    """Return what is wrong with the end of a command."""
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        error = result.exception
        return "".join(traceback.format_exception(type(error), error, error.__traceback__)[-3:])
    if result.exit_code and not result.output.strip():
        return "failed without a message"
    if took_s > MAX_S:
        return f"took {took_s:.1f} s"
    return ""
