"""Shared folders whose files are damaged or tampered with, and what must hold of every sync of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Final

from cardwright.error import CardwrightError
from cardwright.history import Act, Moment, Rating, Review
from cardwright.study.alias import Alias
from cardwright.study.journal import Journal
from cardwright.study.sync import sync_folder
from cardwright.study.transfer import parse_review, read_files, write_json_lines
from studying import DAY_MS, MORNING, open_journal, read_log, read_memories, record

MACHINES: Final = ("laptop", "desktop", "phone")
_PROMPTS: Final = [f"trees:card-{number}/recall" for number in range(4)]
_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, "", " ", 0, -1, 1, 4, 5, 2.5, 2**53, 2**53 + 1, 2**63, 2**64, 10**400, 1e308),
    *([], {}, [[]], {"a": {}}, "x" * 300, "x" * 70_000, "\0", "\x1b[2J", "\u202e", "é", "../../x"),
    *("answer", "undo", "reset", "suspend", "1970-01-01T00:00:00Z", "6429-10-17T02:45:55.327Z"),
    *("9999-12-31T23:59:59-12:00", "0001-01-01T00:00+14:00", "2026-11-02T09:00:00+23:59"),
    *(
        "trees:card-1/recall",
        "a:b/c",
        "000000000000-0",
        "feffffffffff-zz",
        "ffffffffffff-a",
        "trees",
    ),
)
_CHUNKS: Final = (
    *(
        b"\0",
        b"\0" * 5000,
        b"\xff",
        b"\n",
        b"\r\n",
        b"\n\n",
        b'"',
        b"{",
        b"}",
        b",",
        b"\\",
        b"[" * 999,
    ),
    *(
        b"\xef\xbb\xbf",
        b"NaN",
        b"Infinity",
        b"-",
        b"9" * 30,
        b"e999",
        b"\\ud800",
        b"<<<<<<< HEAD\n",
    ),
)


def make_folder(folder: Path) -> dict[str, Journal]:
    """Make three machines that have shared some of what they did; the folder is FOLDER/shared."""
    (folder / "shared").mkdir()
    journals = {name: open_journal(folder / f"{name}.db", machine=name) for name in MACHINES}
    for turn, (name, journal) in enumerate(journals.items()):
        for number in range(6):
            moment = Moment(MORNING.at_ms + (turn + 3 * number) * DAY_MS, 60)
            review, _ = record(journal, _PROMPTS[number % 4], Act.ANSWER, moment, Rating.GOOD)
            if number == 4:
                with journal.store.transaction():
                    journal.record(review.key, Act.UNDO, moment, undoes=review.id)
        journal.add_aliases([Alias(f"alias-{name}", turn, f"oaks-{name}", "trees")])
        journal.store.settings.put(
            {("trees", "new_per_day"): turn, (f"oaks-{name}", "fuzz"): None}, MORNING.at_ms
        )
        with journal.store.transaction():
            for id, ended_at_ms in (("mock-1", turn or None), (f"mock-{name}", None)):
                body = {"id": id, "ended_at_ms": ended_at_ms, "text": "é"}
                journal.store.records.put(id, "mock", "trees", turn, body, MORNING.at_ms)
        sync_folder(journal, folder / "shared")
    return journals


def tamper(raw: bytes, dice: Random) -> bytes:
    """Damage a file in a few ways."""
    for _ in range(dice.choice((1, 1, 2, 3, 8))):
        raw = dice.choice(_WAYS)(raw, dice)
    return raw


def _flip(raw: bytes, dice: Random) -> bytes:
    if not raw:
        return raw
    place = dice.randrange(len(raw))
    return raw[:place] + bytes([raw[place] ^ (1 << dice.randrange(8))]) + raw[place + 1 :]


def _cut(raw: bytes, dice: Random) -> bytes:
    return raw[: dice.randrange(len(raw) + 1)]


def _insert(raw: bytes, dice: Random) -> bytes:
    start = dice.randrange(len(raw) + 1)
    return raw[:start] + dice.choice(_CHUNKS) + raw[start + dice.choice((0, 0, 1, 30)) :]


def _move_lines(raw: bytes, dice: Random) -> bytes:
    lines = raw.splitlines(keepends=True)
    if not lines:
        return raw
    way, place = dice.choice(("double", "drop", "mix", "join")), dice.randrange(len(lines))
    match way:
        case "double":
            lines[place:place] = [lines[place]] * dice.choice((1, 40))
        case "drop":
            del lines[place]
        case "mix":
            dice.shuffle(lines)
        case _:
            lines[place] = lines[place].rstrip(b"\r\n")
    return b"".join(lines)


def _change_value(raw: bytes, dice: Random) -> bytes:
    lines = raw.splitlines(keepends=True)
    rows = [(place, row) for place, row in enumerate(map(_load, lines)) if row]
    if not rows:
        return raw
    place, row = dice.choice(rows)
    name = dice.choice([*row])
    match dice.randrange(10):
        case 0:
            del row[name]
        case 1 | 2 | 3:
            # What results may well be valid.
            row[name] = dice.choice(rows)[1].get(name)
        case _:
            row[name] = dice.choice(_VALUES)
    lines[place] = json.dumps(row).encode() + b"\n"
    return b"".join(lines)


def _load(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}


_WAYS: Final[tuple[Callable[[bytes, Random], bytes], ...]] = (
    *(_flip, _cut, _insert, _move_lines),
    *(_change_value, _change_value, _change_value),
)


def _list_readable(paths: list[Path]) -> set[str]:
    """Return the ids of all lines that are valid by themselves."""
    found = set()
    for path in paths:
        for line in path.read_bytes().decode("utf-8", "replace").split("\n"):
            try:
                found.add(parse_review(line.lstrip("\ufeff")).id)
            except ValueError:
                continue
    return found


def try_sync(folder: Path, dice: Random) -> str:
    """Damage some files of a folder that `make_folder` made, sync all machines, and tell what is wrong."""
    journals = {name: open_journal(folder / f"{name}.db", machine=name) for name in MACHINES}
    shared = folder / "shared"
    before = {name: read_log(journal) for name, journal in journals.items()}
    kept = [(journal, _list_versions(journal)) for journal in journals.values()]
    files = sorted(shared.iterdir())
    for path in dice.sample(files, dice.randint(1, len(files))):
        path.write_bytes(tamper(path.read_bytes(), dice))
    if dice.random() < 0.2:
        path = dice.choice(files)
        shutil.copy(path, path.with_name(f"{path.stem} (conflicted copy){path.suffix}"))
    readable = _list_readable([path for path in shared.iterdir() if path.suffix == ".jsonl"])
    order = [*journals.values()]
    dice.shuffle(order)
    try:
        for journal in (*order, *reversed(order), *order):
            sync_folder(journal, shared)
    except CardwrightError as error:
        return f"a sync failed: {error}"
    for journal, versions in kept:
        after = _list_versions(journal)
        if any(after[key].rank < version.rank for key, version in versions.items()):
            return "an older version replaced a newer one"
    return (
        _compare(order) or _find_loss(journals, before, readable) or _try_export(folder, order[0])
    )


def _list_versions(journal: Journal) -> dict[Any, Any]:
    """Return the settings and records of a machine."""
    store = journal.store
    return {
        **{(setting.deck, setting.name): setting for setting in store.settings.list_all()},
        **{record.id: record for record in store.records.list_all()},
    }


def _compare(journals: list[Journal]) -> str:
    """Tell how machines differ that should be equal."""
    first = journals[0]
    for journal in journals:
        if [r.id for r in read_log(journal)] != [r.id for r in read_log(first)]:
            return "machines have different reviews"
        if read_memories(journal) != read_memories(first):
            return "machines have different memories"
        if journal.store.list_aliases() != first.store.list_aliases():
            return "machines have different aliases"
        if _list_versions(journal) != _list_versions(first):
            return "machines have different settings or records"
        if journal.find_differences():
            return "memories differ from a replay"
    return ""


def _find_loss(
    journals: dict[str, Journal], before: dict[str, list[Review]], readable: set[str]
) -> str:
    """Tell which reviews were lost or changed."""
    for name, log in before.items():
        after = {review.id: review for review in read_log(journals[name])}
        if any(_strip(after.get(review.id)) != _strip(review) for review in log):
            return "a review was lost or changed"
        if readable - after.keys():
            return f"readable reviews were left out: {readable - after.keys()}"
    return ""


def _strip(review: Review | None) -> Review | None:
    """Return a review without its promise, of which a smaller one stays."""
    return review and replace(review, interval_days=None, interval_basis=None)


def _try_export(folder: Path, journal: Journal) -> str:
    (folder / "x.jsonl").write_text("".join(write_json_lines(journal.store.list_log())), "utf-8")
    empty = open_journal(folder / "empty.db", machine="new")
    empty.add_aliases(journal.store.list_aliases())
    empty.merge(read_files([folder / "x.jsonl"]))
    if read_log(empty) != read_log(journal):
        return "an export is not imported as it was"
    return (
        "" if read_memories(empty) == read_memories(journal) else "an export gives other memories"
    )


def try_import(folder: Path, dice: Random) -> str:
    """Damage an export and import it, and tell what is wrong."""
    raw = next(path for path in sorted((folder / "shared").glob("*.jsonl"))).read_bytes()
    (folder / "y.csv").write_bytes(tamper(raw, dice))
    journal = open_journal(folder / "import.db", machine="new")
    try:
        journal.merge(read_files([folder / "y.csv"]))
    except CardwrightError as error:
        if read_log(journal):
            return "a failed import left something"
        return "" if str(error).startswith(str(folder / "y.csv")) else f"no place: {error}"
    return "memories differ from a replay" if journal.find_differences() else ""
