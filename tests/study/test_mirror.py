"""What a sync remembers of another collection: by place, and safe from damage and rescue."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cardwright.app.doctor.rescue import rescue_store
from cardwright.history import Act, Rating
from cardwright.study import opening
from cardwright.study.error import StoreDamagedError, StoreError
from cardwright.study.journal import Journal
from cardwright.study.mirror import Mirror, MirrorCard, MirrorRow, has_row, list_shifted
from cardwright.study.mirror_log import find_reviews
from cardwright.study.rescue import check_store
from cardwright.study.store import open_store
from damage import change_row
from studying import MORNING, fail_commit, later, open_journal, record

KEY = "trees:oak/recall"
CARD = MirrorCard(card_id=7, is_suspended=True, flag=3, due_day=20_760, is_pending=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reviews.db"


@pytest.fixture
def journal(path: Path) -> Journal:
    return open_journal(path)


def test_the_limit_of_work_grows_with_what_is_not_in_the_file_yet(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_STEPS_AT_ONCE", 500)
    monkeypatch.setattr(opening, "_MIN_STEPS", 5_000)
    with open_store(path) as store:
        rows = {id: MirrorRow(f"{id:012x}-x", is_seen=True) for id in range(5_000)}
        mirror = Mirror(store, "server")
        with store.transaction():
            mirror.put_rows(rows)
            assert mirror.read_rows() == rows


def test_each_place_has_its_own_rows_cards_and_facts(journal: Journal) -> None:
    desktop, server = Mirror(journal.store, "profile User 1"), Mirror(journal.store, "server")
    planned, seen = MirrorRow("01a-x".zfill(14), False), MirrorRow("02a-x".zfill(14), True)  # noqa: FBT003
    with journal.store.transaction():
        desktop.put_rows({2**45: planned, 5: seen})
        server.put_rows({5: planned})
        desktop.put_cards({KEY: CARD})
        server.put_cards({KEY: CARD._replace(due_day=None, is_pending=True)})
        desktop.put_fact("backed_up_on", "2026-11-02")

    assert desktop.read_rows() == {2**45: planned, 5: seen}
    assert server.read_rows() == {5: planned}
    assert desktop.read_cards() == {KEY: CARD}
    assert server.read_cards()[KEY].due_day is None
    assert (desktop.read_fact("backed_up_on"), server.read_fact("backed_up_on")) == (
        "2026-11-02",
        None,
    )
    with journal.store.transaction():
        desktop.put_rows({2**45: planned._replace(is_seen=True)})
        desktop.forget_rows([5, 6])
        server.forget_cards([KEY])
    assert desktop.read_rows() == {2**45: MirrorRow(planned.review_id, is_seen=True)}
    assert server.read_rows() == {5: planned}
    assert server.read_cards() == {}


def test_a_row_is_found_at_whatever_place(journal: Journal) -> None:
    here, there = Mirror(journal.store, "here"), Mirror(journal.store, "there")
    rows = {n: MirrorRow(f"{n:012x}-a", is_seen=n % 2 == 0) for n in range(2_000)}
    with journal.store.transaction():
        here.put_rows(rows)
        there.put_rows({7: MirrorRow(f"{1:012x}-b", is_seen=True)})

    found = find_reviews(journal.store, range(1_990, 3_000))
    assert found == {n: {rows[n].review_id} for n in range(1_990, 2_000)}
    assert find_reviews(journal.store, [7]) == {7: {f"{7:012x}-a", f"{1:012x}-b"}}
    assert has_row(journal.store, f"{1:012x}-b")
    assert not has_row(journal.store, f"{2_000:012x}-a")


def plan(journal: Journal, mirror: Mirror) -> None:
    with journal.store.transaction():
        mirror.put_rows({1: MirrorRow(f"{1:012x}-a", is_seen=True)})
        mirror.put_cards({KEY: CARD})


def test_nothing_is_remembered_of_a_sync_that_failed(journal: Journal) -> None:
    mirror = Mirror(journal.store, "here")
    with fail_commit(journal.store), pytest.raises(StoreError):
        plan(journal, mirror)
    assert (mirror.read_rows(), mirror.read_cards()) == ({}, {})


def test_rows_whose_id_is_not_the_time_of_the_review_are_listed(journal: Journal) -> None:
    given = [
        record(journal, KEY, Act.ANSWER, later(MORNING, day), Rating.GOOD)[0] for day in range(3)
    ]
    with journal.store.transaction():
        Mirror(journal.store, "here").put_rows(
            {
                given[0].at_ms: MirrorRow(given[0].id, is_seen=True),
                given[1].at_ms + 1: MirrorRow(given[1].id, is_seen=True),
                given[2].at_ms + 1: MirrorRow(given[2].id, is_seen=False),
            }
        )
    assert list(list_shifted(journal.store)) == [("here", given[1].at_ms + 1, given[1].id)]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("mirror_rows", "review_id", "x"),
        ("mirror_rows", "row_id", "soon"),
        ("mirror_cards", "card_id", None),
        ("mirror_cards", "flag", 8),
        ("mirror_cards", "due_day", 2**60),
        ("mirror_cards", "prompt", "\0"),
    ],
)
def test_a_damaged_row_is_named_and_all_others_are_rescued(
    path: Path, journal: Journal, table: str, column: str, value: object
) -> None:
    mirror = Mirror(journal.store, "here")
    reviews = [record(journal, KEY, Act.FLAG, later(MORNING, n)) for n in range(3)]
    rows = {n: MirrorRow(review.id, is_seen=True) for n, (review, _) in enumerate(reviews)}
    cards = {f"trees:card-{n}/recall": CARD for n in range(3)}
    with journal.store.transaction():
        mirror.put_rows(rows)
        mirror.put_cards(cards)
        mirror.put_fact("backed_up_on", "2026-11-02")
    journal.store.close()
    if table == "mirror_rows":
        change_row(path, table, column, value, "cast(row_id as text) = ?", "1")
        del rows[1]
    else:
        change_row(path, table, column, value, "prompt = ?", "trees:card-1/recall")
        del cards["trees:card-1/recall"]

    assert table in {fault.table for fault in check_store(path)}
    with closing(open_store(path, "laptop")) as store:
        mirror = Mirror(store, "here")
        read = mirror.read_rows if table == "mirror_rows" else mirror.read_cards
        with pytest.raises(StoreDamagedError, match=f"table {table}: a "):
            read()
    rescued = path.with_name("rescued.db")
    assert len(rescue_store(path, rescued).unreadable) == 1
    with closing(open_store(rescued, "laptop")) as store:
        mirror = Mirror(store, "here")
        assert mirror.read_rows() == rows
        assert mirror.read_cards() == cards
        assert mirror.read_fact("backed_up_on") == "2026-11-02"


def test_a_damaged_fact_is_as_good_as_none(path: Path, journal: Journal) -> None:
    with journal.store.transaction():
        Mirror(journal.store, "here").put_fact("backed_up_on", "2026-11-02")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("update mirror_facts set value = '{'")

    assert Mirror(journal.store, "here").read_fact("backed_up_on") is None
    assert journal.store.left_out == ["backed_up_on of here"]
