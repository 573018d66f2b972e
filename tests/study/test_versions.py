"""Settings and records of several machines: the later version wins, in whatever order they sync."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.history import Act, Moment, Rating, make_time
from cardwright.study.alias import Alias
from cardwright.study.journal import Journal
from cardwright.study.mirror import Mirror, MirrorRow
from cardwright.study.mirror_log import find_reviews
from cardwright.study.store import Store
from cardwright.study.sync import Exchange, Synced, preview_sync, sync_folder
from cardwright.study.versions import Record, Setting, date_change, find_end
from studying import DAY_MS, MACHINES, MORNING, MakeJournal, later, read_log, record

OLD = "trees-k3v9"
"""A namespace that continues the history of `trees`."""
GOAL = {
    "pack": "trees",
    "exam_on": "2026-12-24",
    "minutes_a_day": 20,
    "days_off": [],
    "start_as": None,
    "set_on": "2026-11-01",
}


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """An empty folder."""
    path = tmp_path / "shared"
    path.mkdir()
    return path


def put(journal: Journal, at_ms: int, deck: str, **values: Any) -> None:
    journal.store.settings.put({(deck, name): value for name, value in values.items()}, at_ms)


def put_record(journal: Journal, id: str, kind: str, at_ms: int, **body: Any) -> None:
    with journal.store.transaction():
        journal.store.records.put(id, kind, "trees", 1, {"id": id, **body}, at_ms)


def list_settings(store: Store) -> dict[tuple[str, str], Setting]:
    return {(setting.deck, setting.name): setting for setting in store.settings.list_all()}


def list_records(store: Store) -> dict[str, Record]:
    return {record.id: record for record in store.records.list_all()}


def sync(folder: Path, *journals: Journal) -> list[Synced]:
    """Sync, without an unreadable line."""
    done = [sync_folder(journal, folder) for journal in journals]
    assert all(one.problems == one.notes == [] for one in done)
    return done


CHANGES = st.tuples(
    st.just("set"),
    st.sampled_from(MACHINES),
    st.sampled_from([("", "autoplay"), ("trees", "fuzz"), (OLD, "fuzz"), (f"{OLD}::Old", "fuzz")]),
    st.sampled_from([True, False, None]),
    st.integers(0, 3),
)
RECORDS = st.tuples(
    st.just("record"),
    st.sampled_from(MACHINES),
    st.sampled_from(["mock-1", "miss-1"]),
    st.sampled_from([None, 5]),
    st.integers(0, 3),
)
OTHERS = st.tuples(st.sampled_from(["answer", "sync", "sync", "alias"]), st.sampled_from(MACHINES))


@settings(max_examples=15)
@given(steps=st.lists(CHANGES | RECORDS | OTHERS, max_size=14), last=st.permutations(MACHINES))
def test_any_order_and_grouping_of_syncs_gives_the_same(
    make: MakeJournal,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[Any, ...]],
    last: list[str],
) -> None:
    journals = {name: make(name) for name in MACHINES}
    folder = tmp_path_factory.mktemp("shared")
    alias = Alias("alias-1", MORNING.at_ms, OLD, "trees")
    best: dict[tuple[str, str], Setting] = {}
    records: dict[str, Record] = {}
    has_alias = False
    for number, (what, name, *rest) in enumerate(steps):
        journal = journals[name]
        if what == "sync":
            sync(folder, journal)
        elif what == "alias":
            journal.add_aliases([alias])
            has_alias = True
        elif what == "answer":
            record(journal, f"trees:card-{number}/recall", Act.ANSWER, MORNING, Rating.GOOD)
        elif what == "set":
            (deck, setting), value, day = rest
            put(journal, MORNING.at_ms + day * DAY_MS, deck, **{setting: value})
            made = list_settings(journal.store)[deck, setting]
            best[deck, setting] = max(best.get((deck, setting), made), made, key=rank_of)
        else:
            id, ended_at_ms, day = rest
            if is_finished(journal, id):
                continue
            body = {"number": number, "ended_at_ms": ended_at_ms}
            put_record(journal, id, id[:4], MORNING.at_ms + day * DAY_MS, **body)
            kept = list_records(journal.store)[id]
            records[id] = max(records.get(id, kept), kept, key=rank_of)
    if has_alias:
        add_moved(best)

    for name in (*last, *last):
        sync(folder, journals[name])

    done = sync(folder, *journals.values())
    assert all(one.has_nothing_new for one in done)
    for journal in journals.values():
        assert list_settings(journal.store) == best
        assert list_records(journal.store) == records
        assert read_log(journal) == read_log(journals["phone"])


def add_moved(best: dict[tuple[str, str], Setting]) -> None:
    """Give the history what was set for the namespace, unless it has something later."""
    for (deck, name), found in list(best.items()):
        if deck.startswith(OLD):
            place = (f"trees{deck.removeprefix(OLD)}", name)
            moved = found._replace(deck=place[0], changed_ms=found.changed_ms - 1)
            best[place] = max(best.get(place, moved), moved, key=rank_of)


def is_finished(journal: Journal, id: str) -> bool:
    return bool((journal.store.records.get(id) or {}).get("ended_at_ms"))


def rank_of(version: Setting | Record) -> Any:
    return version.rank


def test_whoever_changed_a_setting_last_is_right(make: MakeJournal, shared: Path) -> None:
    here, there = make("laptop"), make("desktop")
    put(here, MORNING.at_ms, "trees", new_per_day=5)
    put(here, MORNING.at_ms, "trees::2 MLOps", new_per_day=1)
    put(here, MORNING.at_ms, "", rollover_hour=3)
    put(there, MORNING.at_ms - 1, "trees", new_per_day=9)

    (_, done, back) = sync(shared, here, there, here)

    assert (done.settings, back.settings) == (Exchange(3, 0), Exchange(0, 0))
    for journal in (here, there):
        assert journal.store.settings.read() == {
            ("trees", "new_per_day"): 5,
            ("trees::2 MLOps", "new_per_day"): 1,
            ("", "rollover_hour"): 3,
        }
    # Even by a clock that was set back.
    put(there, 7, "trees", new_per_day=None)
    sync(shared, there, here)
    assert ("trees", "new_per_day") not in here.store.settings.read()


def test_what_was_set_before_times_were_kept_counts_as_the_oldest(
    make: MakeJournal, shared: Path
) -> None:
    here, there = make("laptop"), make("desktop")
    sql = "insert into settings (pack, name, value) values (?, ?, ?)"
    here.store._db.execute(sql, ("trees", "fuzz", "true"))
    here.store._db.execute(sql, ("birds", "fuzz", "true"))
    put(there, 2, "trees", fuzz=False)

    sync(shared, here, there, here)

    for journal in (here, there):
        assert journal.store.settings.read() == {("trees", "fuzz"): False, ("birds", "fuzz"): True}


def test_a_mock_exam_that_was_finished_stays_finished(make: MakeJournal, shared: Path) -> None:
    here, there = make("laptop"), make("desktop")
    put_record(here, "mock-1", "mock", MORNING.at_ms, place=0, ended_at_ms=None)
    sync(shared, here, there)
    put_record(there, "mock-1", "mock", MORNING.at_ms + 1, place=9, ended_at_ms=5)
    put_record(here, "mock-1", "mock", MORNING.at_ms + 2, place=1, ended_at_ms=None)

    done = sync(shared, here, there, here)

    assert [one.records for one in done] == [Exchange(0, 1), Exchange(0, 1), Exchange(1, 0)]
    for journal in (here, there):
        assert journal.store.records.get("mock-1")["place"] == 9


def test_a_record_is_written_once_and_an_old_store_gets_it_back(
    make: MakeJournal, shared: Path
) -> None:
    here, there, third = (make(name) for name in MACHINES)
    put_record(here, "miss-1", "miss", 1, rule="Look at the bark", text="é\u2028")
    sync(shared, here, there, third, here, there, third)

    holding = [path for path in shared.glob("*.records") if path.read_bytes()]

    assert len(holding) == 1
    for journal in (here, there, third):
        with journal.store.transaction():
            journal.store._db.execute("delete from records")
        (done,) = sync(shared, journal)
        assert done.records.taken == 1
        assert journal.store.records.get("miss-1")["text"] == "é\u2028"


def test_what_belongs_to_one_machine_stays_there(make: MakeJournal, shared: Path) -> None:
    here, there = make("laptop"), make("desktop")
    plan = {"day": 1, "habits": {}, "policy": {}}
    for journal in (here, there):
        put(journal, MORNING.at_ms, "trees", daily_plan=plan)
        journal.store.settings.remember_sync_folder(shared / journal.store.device)
    names = [journal.store.device for journal in (here, there)]
    put(here, MORNING.at_ms, "trees", goal=GOAL)
    put(here, MORNING.at_ms, "birds", fuzz=True)

    sync(shared, here, there)

    assert "daily_plan" not in "".join(p.read_text("utf-8") for p in shared.glob("*.settings"))
    for journal, name in zip((here, there), names, strict=True):
        # A plan says for which goal it was made.
        assert journal.store.settings.read()["trees", "daily_plan"] == plan
        assert journal.store.device == name
        assert journal.store.settings.read_sync_folder() == str(shared / name)


@pytest.mark.parametrize("folder", ["/tmp/\0", "shared", "~", "/x" * 3_000, ["/tmp"]])
def test_only_a_whole_path_is_remembered_of_a_folder(
    make: MakeJournal, tmp_path: Path, folder: object
) -> None:
    """A store that somebody else made may hold anything."""
    store = make("laptop").store
    store.settings.remember_sync_folder(tmp_path)
    assert store.settings.read_sync_folder() == str(tmp_path)

    store.settings._remember("shared_folder", folder)

    assert store.settings.read_sync_folder() == ""


def format_time(at_ms: int) -> str:
    return make_time(at_ms).isoformat(timespec="milliseconds")


SETTING = {"deck": "trees", "name": "fuzz", "value": True, "changed": format_time(5)}
RECORD = {
    "id": "mock-1",
    "kind": "mock",
    "namespace": "trees",
    "at": format_time(5),
    "changed": format_time(5),
    "body": {},
}
DEEP = "[" * 900 + "]" * 900


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({**SETTING, "deck": "."}, "`deck` cannot be '.'"),
        ({**SETTING, "deck": ".::x"}, None),
        ({**SETTING, "deck": "A"}, "`deck` cannot be 'A'"),
        ({**SETTING, "deck": "trees::\ud800"}, "`deck` is not valid Unicode"),
        ({**SETTING, "deck": "x" * 3001}, "`deck` cannot be "),
        ({**SETTING, "deck": None}, "`deck` cannot be empty"),
        ({**SETTING, "name": "daily_plan"}, "`name` cannot be 'daily_plan'"),
        ({**SETTING, "name": "\x1b"}, "`name` cannot be '\\x1b'"),
        ({**SETTING, "value": 5}, "`value` of `fuzz` cannot be 5"),
        (
            {**SETTING, "name": "goal", "value": {**GOAL, "days_off": [0] * 8}},
            "`value` of `goal` cannot be a dict",
        ),
        ({**SETTING, "name": "later", "value": float("inf")}, "`value` has infinite numbers"),
        (json.dumps({**SETTING, "name": "later"}).replace("true", DEEP), "`value` is nested too"),
        ({**SETTING, "changed": "once"}, "`changed` cannot be 'once'"),
        ({**SETTING, "changed": format_time(find_end(MORNING.at_ms) + 1)}, "`changed` is in"),
        ({"deck": "trees", "name": "fuzz"}, "`value` is missing"),
        ({**RECORD, "kind": "alias"}, "`kind` cannot be 'alias'"),
        ({**RECORD, "kind": "drill"}, "not a drill as this version of Cardwright has them"),
        ({**RECORD, "id": ""}, "`id` cannot be ''"),
        ({**RECORD, "body": []}, "`body` is not a JSON object"),
        ({**RECORD, "body": {"x": "\ud800"}}, "`body` is not valid Unicode"),
        ({**RECORD, "namespace": "../x"}, "`namespace` cannot be '../x'"),
        ({"row": True}, "`row` cannot be True"),
        ({"device": "..", "row": 5}, "`device` cannot be '..'"),
        ({"device": "a", "row": 5, "place": "p", "review": "x"}, "`review` cannot be 'x'"),
        ("[", "not a JSON object"),
    ],
)
def test_a_line_that_nobody_could_have_written_leaves_the_others(
    make: MakeJournal, shared: Path, line: dict[str, Any] | str, said: str | None
) -> None:
    journal = make("laptop")
    before = journal.store.device
    bad = line if isinstance(line, str) else json.dumps(line)
    good = json.dumps({**SETTING, "name": "bury_siblings"})
    extension = ".records" if "body" in line else ".pairs" if "row" in line else ".settings"
    (shared / f"zz{extension}").write_text(f"{bad}\n", "utf-8")
    with (shared / "zz.settings").open("a", encoding="utf-8") as file:
        file.write(f"{good}\n")

    done = sync_folder(
        journal, shared, moment=MORNING, is_valid=lambda record: record.kind != "drill"
    )

    if said is None:
        assert done.problems == []
    else:
        assert [p.startswith(f"{shared / f'zz{extension}'}:1: {said}") for p in done.problems] == [
            True
        ]
    assert journal.store.settings.read()["trees", "bury_siblings"] is True
    assert (journal.store.device, journal.store.settings.read_sync_folder()) == (before, "")
    assert list(journal.store.records.list_all()) == []


def test_no_record_takes_the_place_of_an_alias(make: MakeJournal, shared: Path) -> None:
    journal = make("laptop")
    journal.add_aliases([Alias("alias-1", 1, "oaks", "")])
    (shared / "zz.records").write_text(json.dumps({**RECORD, "id": "alias-1"}), "utf-8")

    sync(shared, journal)

    assert journal.store.list_aliases() == [Alias("alias-1", 1, "oaks", "")]


def test_settings_and_records_do_not_grow_without_end(make: MakeJournal, shared: Path) -> None:
    journal = make("laptop")
    put(journal, MORNING.at_ms, "trees", fuzz=True)
    rows = (json.dumps({**SETTING, "name": f"x{number}"}) for number in range(10_001))
    (shared / "zz.settings").write_text("\n".join(rows), "utf-8")

    done = sync_folder(journal, shared)

    said = "there are 10,000 settings, and no more are taken"
    path = shared / "zz.settings"
    assert done.problems == [f"{path}:10000: {said}", f"{path}:10001: {said}, and cut off"]
    assert done.settings.taken == 9_999
    # What is known is still changed.
    changed = {**SETTING, "value": False, "changed": format_time(MORNING.at_ms + 1)}
    path.write_text(f"{json.dumps(changed)}\n", "utf-8")
    sync_folder(journal, shared)
    assert journal.store.settings.read()["trees", "fuzz"] is False


def test_large_values_of_a_stranger_fill_no_memory(make: MakeJournal, shared: Path) -> None:
    """Every character of a text takes four bytes in memory if one of them is rare enough."""
    journal = make("laptop")
    text = "\U0001f600" + "x" * 15_000
    with (shared / "zz.settings").open("w", encoding="utf-8") as file:
        for number in range(400):
            file.write(json.dumps({**SETTING, "name": f"x{number}", "value": text}) + "\n")
    text = "\U0001f600" * 4_000_000
    with (shared / "zz.records").open("w", encoding="utf-8") as file:
        for number in range(6):
            row = {**RECORD, "id": f"{number}", "body": {"text": text}}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")

    tracemalloc.start()
    done = sync_folder(journal, shared)
    again = sync_folder(journal, shared)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert [problem.partition(": ")[2] for problem in done.problems[:1]] == [
        "there are 4 MB of settings, and no more are taken"
    ]
    assert done.problems == again.problems
    assert (done.records.taken, again.records.taken) == (4, 0)
    assert done.problems[-1].endswith("there are 64 MB of records, and no more are taken")
    assert peak < 250_000_000


def test_a_wrong_clock_is_got_over(make: MakeJournal, shared: Path) -> None:
    here, there = make("laptop"), make("desktop")
    ahead = later(MORNING, 900)
    put(here, ahead.at_ms, "trees", fuzz=True)
    sync_folder(here, shared)
    assert "dated up to 2029-04-20" in sync_folder(there, shared, moment=MORNING).notes[0]
    put(there, MORNING.at_ms, "trees", fuzz=None)
    sync(shared, there, here)
    assert here.store.settings.read() == {}

    far = MORNING.at_ms + 8_000 * DAY_MS
    put(here, far, "birds", fuzz=True)
    sync_folder(here, shared)
    (problem,) = sync_folder(there, shared, moment=MORNING).problems
    assert problem.endswith("`changed` is in the year 2048")
    put(here, MORNING.at_ms, "birds", fuzz=False)
    sync_folder(here, shared, moment=MORNING)
    sync_folder(there, shared, moment=MORNING)
    assert there.store.settings.read() == {("birds", "fuzz"): False}


def test_a_change_is_dated_after_what_it_replaces() -> None:
    assert date_change(10, None) == date_change(10, "damaged") == 10
    assert date_change(10, 9) == 10
    assert date_change(10, 10) == 11
    assert date_change(10, find_end(10) + 1) == 10
    # Some machines begin in 1970 when they are switched on.
    assert date_change(0, MORNING.at_ms) == MORNING.at_ms + 1


def test_the_next_sync_is_foretold(make: MakeJournal, shared: Path) -> None:
    here, there = make("laptop"), make("desktop")
    put(here, MORNING.at_ms, "trees", fuzz=True)
    put(here, MORNING.at_ms, "birds", fuzz=True)
    put_record(here, "miss-1", "miss", 1)
    sync(shared, here)
    put(there, 1, "trees", fuzz=False)
    put(there, MORNING.at_ms, "oaks", fuzz=False)

    found = preview_sync(there.store, shared)
    (done,) = sync(shared, there)

    assert (found.settings, found.records) == (Exchange(2, 1), Exchange(1, 0))
    assert (done.settings, done.records) == (found.settings, found.records)


def test_machines_know_which_rows_of_anki_are_whose(make: MakeJournal, shared: Path) -> None:
    here, there = make("laptop"), make("desktop")
    place = "profile User 1"
    reviews = [
        record(here, "trees:oak/recall", Act.ANSWER, Moment(at_ms, 0), Rating.GOOD)[0]
        # The last one has a place after the others, whatever its time.
        for at_ms in (10_000, 20_000, 30_000, 5_000)
    ]
    moved, plain, planned, late = reviews
    rows = {
        moved.at_ms + 1: MirrorRow(moved.id, is_seen=True),
        plain.at_ms: MirrorRow(plain.id, is_seen=True),
        planned.at_ms + 1: MirrorRow(planned.id, is_seen=False),
        int(late.id[:12], 16): MirrorRow(late.id, is_seen=True),
    }
    with here.store.transaction():
        Mirror(here.store, place).put_rows(rows)

    for _ in range(2):
        sync(shared, here, there)

    assert find_reviews(there.store, rows) == {
        moved.at_ms + 1: {moved.id},
        int(late.id[:12], 16): {late.id},
    }
    # Its own collection may not have these rows yet.
    assert Mirror(there.store, place).read_rows() == {}
    assert Mirror(here.store, place).read_rows() == rows
    assert len([path for path in shared.glob("*.pairs") if path.read_bytes()]) == 1
