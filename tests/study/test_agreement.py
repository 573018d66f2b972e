"""Whatever is recorded can be exported, imported and synced: one table of bounds for both sides."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.history import (
    END_MS,
    END_PLACE,
    MAX_DURATION_MS,
    RATED,
    Act,
    Moment,
    Rating,
    Review,
)
from cardwright.study.alias import Alias
from cardwright.study.error import StoreError
from cardwright.study.journal import Journal
from cardwright.study.sync import sync_folder
from cardwright.study.transfer import read_files, write_csv, write_json_lines
from studying import MORNING, RECORDED, close_stores, open_journal, read_log, read_memories, record

ENDS = st.sampled_from([0, 1, 59_999, 86_399_999, MORNING.at_ms, END_MS - 1])
TIMES = ENDS | st.integers(0, END_MS - 1)
OFFSETS = st.sampled_from([-1439, -720, -1, 0, 1, 840, 1439]) | st.integers(-1439, 1439)
DURATIONS = st.sampled_from([-1, 0, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, 2**80]) | st.integers()
PART = st.from_regex(r"[0-9a-z]([0-9a-z_.-]{0,20}[0-9a-z])?", fullmatch=True) | st.sampled_from(
    ["0", "x" * 80, "x" * 255, "c499", "a-b.c_d"]
)
KEYS = st.builds("{}:{}/{}".format, PART, PART, PART) | st.just("trees:oak/recall")
ACTS = st.tuples(
    KEYS, st.sampled_from(RECORDED), st.sampled_from(Rating), TIMES, OFFSETS, DURATIONS
)
PLACES = st.sampled_from([0, 2**47, 0xEFFFFFFFFFFF, 0xF00000000000, END_PLACE - 2, END_PLACE - 1])
DEVICES = st.sampled_from(["0", "z" * 100, "A_b", "0a1b2c3d"])


def do(journal: Journal, acts: list[tuple[str, Act, Rating, int, int, int]]) -> None:
    """Record acts, every second one by its date."""
    for number, (key, act, rating, at_ms, offset, duration_ms) in enumerate(acts):
        log = read_log(journal)
        if act is Act.UNDO and not log:
            continue
        with journal.store.transaction():
            journal.record(
                log[-1].key if act is Act.UNDO else key,
                act,
                Moment(at_ms, offset),
                rating=rating if act in RATED else None,
                duration_ms=duration_ms,
                undoes=log[-1].id if act is Act.UNDO else None,
                interval_days=number * 7_300 if act is Act.RESCHEDULE else None,
                is_dated=number % 2 == 1,
            )


@settings(max_examples=25)
@given(
    acts=st.lists(ACTS, min_size=1, max_size=6),
    foreign=st.lists(st.tuples(PLACES, DEVICES), max_size=2, unique=True),
    others=st.lists(ACTS, max_size=3),
    namespace=PART,
)
def test_what_is_recorded_reaches_every_machine(
    tmp_path_factory: pytest.TempPathFactory,
    acts: list[tuple[str, Act, Rating, int, int, int]],
    foreign: list[tuple[int, str]],
    others: list[tuple[str, Act, Rating, int, int, int]],
    namespace: str,
) -> None:
    folder = tmp_path_factory.mktemp("agreement")
    numbers = count()

    def make() -> Journal:
        number = next(numbers)
        return open_journal(folder / f"{number}.db", machine=f"machine-{number}")

    here, there = make(), make()
    here.merge(
        Review(
            id=f"{place:012x}-{device}",
            key="trees:oak/recall",
            act=Act.ANSWER,
            rating=Rating.GOOD,
            at_ms=MORNING.at_ms,
            utc_offset_minutes=0,
            duration_ms=0,
            undoes=None,
        )
        for place, device in foreign
    )
    here.add_aliases([Alias(f"alias-1-{namespace}", END_MS - 1, namespace, "")])
    do(here, acts)
    do(there, others)
    log = read_log(here)

    for name, write in (("x.jsonl", write_json_lines), ("x.csv", write_csv)):
        (folder / name).write_text("".join(write(here.store.list_log())), "utf-8")
        empty = make()
        assert empty.merge(read_files([folder / name])) == (len(log), [])
        assert read_log(empty) == log
        assert read_memories(empty) == read_memories(here)
    (folder / "shared").mkdir()
    for journal in (here, there, here, there):
        done = sync_folder(journal, folder / "shared")
        assert done.problems == done.notes == done.clashes == []
    assert read_log(here) == read_log(there)
    assert read_memories(here) == read_memories(there)
    assert here.store.list_aliases() == there.store.list_aliases()
    assert here.find_differences() == there.find_differences() == []
    close_stores()


@pytest.mark.parametrize("duration_ms", [MAX_DURATION_MS + 1, 2**63 - 1])
def test_a_duration_that_an_earlier_version_recorded_is_read_as_the_longest(
    tmp_path: Path, duration_ms: int
) -> None:
    here, there = open_journal(tmp_path / "here.db"), open_journal(tmp_path / "b.db", machine="b")
    review, _ = record(here, "trees:oak/recall", Act.ANSWER, MORNING, Rating.GOOD)
    row = (f"{int(review.id[:12], 16) + 1:012x}{review.id[12:]}", duration_ms, review.key)
    here.store._db.execute(
        "insert into reviews select prompt, ?, act, rating, at_ms, utc_offset_minutes, ?, undoes,"
        " null, null from reviews where prompt = ?",
        row,
    )
    here.rebuild()
    # The older version writes it as it is.
    raw = "".join(write_json_lines(here.store.list_log()))
    raw = raw.replace(f'"duration_ms": {MAX_DURATION_MS}', f'"duration_ms": {duration_ms}')
    (tmp_path / "old.jsonl").write_text(raw, "utf-8")

    assert there.merge(read_files([tmp_path / "old.jsonl"])) == (2, [])
    assert here.merge(read_files([tmp_path / "old.jsonl"])) == (0, [])
    (tmp_path / "shared").mkdir()
    for journal in (here, there, here, there):
        done = sync_folder(journal, tmp_path / "shared")
        assert (done.taken, done.clashes, done.problems) == (0, [], [])
    assert read_log(here) == read_log(there)
    assert read_log(here)[1].duration_ms == MAX_DURATION_MS
    assert read_memories(here) == read_memories(there)


@pytest.mark.parametrize(
    ("key", "moment"),
    [
        ("trees:oak/Bad Side", MORNING),
        ("trees:oak", MORNING),
        (f"trees:{'x' * 1001}/recall", MORNING),
        ("trees:oak/recall", Moment(END_MS, 0)),
        ("trees:oak/recall", Moment(-1, 0)),
        ("trees:oak/recall", Moment(0, 1440)),
    ],
)
def test_what_no_reader_takes_is_not_recorded(tmp_path: Path, key: str, moment: Moment) -> None:
    journal = open_journal(tmp_path / "reviews.db")

    with pytest.raises(StoreError, match="a review cannot be recorded: `"):
        record(journal, key, Act.ANSWER, moment, Rating.GOOD)

    assert read_log(journal) == []


def test_ids_do_not_run_out(tmp_path: Path) -> None:
    """A forged id at the end of all places pushes none beyond it."""
    journal = open_journal(tmp_path / "reviews.db")
    review, _ = record(journal, "trees:oak/recall", Act.ANSWER, MORNING, Rating.GOOD)
    last = Review(
        id=f"{END_PLACE - 2:012x}-0a",
        key="trees:ash/recall",
        act=Act.FLAG,
        rating=None,
        at_ms=0,
        utc_offset_minutes=0,
        duration_ms=0,
        undoes=None,
    )
    journal.merge([last])

    ids = [record(journal, review.key, Act.FLAG, MORNING)[0].id for _ in range(4)]

    assert [int(name[:12], 16) for name in ids] == [
        END_PLACE - 1,
        *(MORNING.at_ms + number for number in (1, 2, 3)),
    ]
    assert journal.find_differences() == []
