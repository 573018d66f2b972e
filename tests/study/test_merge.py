"""Reviews of several machines: in whatever order they are merged, the result is the same."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count, permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.history import Act, Moment, Rating, Review
from cardwright.model import DeckOptions
from cardwright.study.alias import Alias
from cardwright.study.journal import Journal
from cardwright.study.transfer import TransferError, sync_folder
from studying import (
    DAY_MS,
    MORNING,
    later,
    open_journal,
    read_log,
    read_memories,
    record,
)

OPTIONS = DeckOptions(leech_lapses=2)
PROMPTS = [f"{pack}:card-{number}/recall" for pack in ("trees", "birds") for number in range(2)]
MACHINES = ("laptop", "desktop", "phone")

Make = Callable[[str], Journal]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Make a new store on a machine of this name."""
    folder, numbers = tmp_path_factory.mktemp("machines"), count()
    return lambda machine: open_journal(
        folder / f"{next(numbers)}.db", OPTIONS, machine=machine, packs=("trees", "birds")
    )


ACTS = st.tuples(
    st.sampled_from(MACHINES),
    st.sampled_from(PROMPTS),
    st.sampled_from([*Act] + [Act.ANSWER] * 6),
    st.sampled_from(Rating),
    st.integers(0, 30 * DAY_MS),
    st.sampled_from([-480, 0, 60]),
    st.booleans(),
)


def act(
    journal: Journal, prompt: str, act: Act, rating: Rating, moment: Moment, *, dated: bool
) -> None:
    """Record an act, or take the last one of the prompt back."""
    undoes = None
    if act is Act.UNDO:
        found = list(journal.store.list_reviews(prompt))
        if not found:
            return
        undoes = found[-1].id
    with journal.store.transaction():
        journal.record(
            prompt,
            act,
            moment,
            rating=rating if act in {Act.ANSWER, Act.CRAM} else None,
            undoes=undoes,
            is_dated=dated,
        )


@settings(max_examples=40)
@given(acts=st.lists(ACTS, max_size=25), cut=st.integers(0, 25))
def test_any_order_and_grouping_gives_the_same(
    make: Make, acts: list[tuple[str, str, Act, Rating, int, int, bool]], cut: int
) -> None:
    machines = {name: make(name) for name in MACHINES}
    for number, (name, prompt, kind, rating, at_ms, offset, dated) in enumerate(acts):
        if number == cut:
            machines["laptop"].merge(read_log(machines["phone"]))
        moment = Moment(MORNING.at_ms + at_ms, offset)
        act(machines[name], prompt, kind, rating, moment, dated=dated)
    logs = [read_log(journal) for journal in machines.values()]

    met: list[Journal] = []
    for order in permutations(range(3)):
        journal = make("server")
        for place in order:
            journal.merge(logs[place])
        met.append(journal)
    grouped = make("server")
    grouped.merge([*logs[2], *reversed(logs[0])])
    assert grouped.merge([*logs[1], *logs[0]])[1] == []
    met.append(grouped)
    # And the machines themselves, each of which has made some of them.
    for journal in machines.values():
        for log in logs:
            journal.merge(log)
    met.extend(machines.values())

    everything = read_log(met[0])
    assert {review.id for review in everything} == {r.id for log in logs for r in log}
    memories = read_memories(met[0])
    for journal in met:
        assert read_log(journal) == everything
        assert read_memories(journal) == memories
        assert journal.find_differences() == []
        assert journal.merge(everything) == (0, [])
        journal.store.close()


def make_review(place: int, **values: object) -> Review:
    usual = Review(
        id=f"{place:012x}-aaaaaaaa",
        key=PROMPTS[0],
        act=Act.ANSWER,
        rating=Rating.GOOD,
        at_ms=MORNING.at_ms + place,
        utc_offset_minutes=60,
        duration_ms=0,
        undoes=None,
    )
    return replace(usual, **values)  # type: ignore[arg-type]


def test_twice_is_once(make: Make) -> None:
    journal = make("laptop")
    reviews = [make_review(place) for place in range(5)]

    assert journal.merge([*reviews, *reviews]) == (5, [])
    before = read_memories(journal)
    assert journal.merge(reviews) == (0, [])
    assert read_memories(journal) == before


def test_of_two_reviews_of_one_id_ours_stays(make: Make) -> None:
    journal = make("laptop")
    ours = make_review(1)
    journal.merge([ours])
    memory = read_memories(journal)

    taken = journal.merge([make_review(1, rating=Rating.AGAIN), make_review(2)])

    assert taken == (1, [ours.id])
    assert read_log(journal) == [ours, make_review(2)]
    assert journal.find_differences() == []
    assert read_memories(journal) != memory


def test_an_undo_that_comes_before_what_it_undoes(make: Make) -> None:
    journal = make("laptop")
    undo = make_review(9, act=Act.UNDO, rating=None, undoes=make_review(1).id)

    journal.merge([undo])
    journal.merge([make_review(1)])

    assert list(journal.store.list_reviews()) == []
    assert read_memories(journal) == {}
    assert journal.find_differences() == []


def test_an_undo_touches_its_own_prompt_only(make: Make) -> None:
    journal = make("laptop")
    journal.merge([make_review(1)])
    before = read_memories(journal)

    undo = make_review(9, act=Act.UNDO, rating=None, undoes=make_review(1).id, key=PROMPTS[1])
    journal.merge([undo])

    assert read_memories(journal) == before
    assert list(journal.store.list_reviews()) == [make_review(1)]
    assert journal.find_differences() == []


def test_what_is_wrong_in_the_middle_takes_nothing_in(make: Make) -> None:
    journal = make("laptop")

    def reviews() -> Iterable[Review]:
        yield make_review(1)
        message = "line 2"
        raise TransferError(message)

    with pytest.raises(TransferError):
        journal.merge(reviews())
    assert read_log(journal) == []


def test_what_was_merged_elsewhere_is_made_anew_under_the_packs_own_rules(tmp_path: Path) -> None:
    """`cards import` outside a project does not know its options."""
    own = DeckOptions(desired_retention=0.8)
    path = tmp_path / "reviews.db"
    open_journal(path, own).store.close()
    elsewhere = open_journal(path, packs=())
    elsewhere.merge([make_review(1), make_review(4 * DAY_MS)])
    elsewhere.store.close()

    journal = open_journal(path, own)

    assert journal.find_differences() == []
    assert journal.list_outdated() == []


def test_a_tampered_cache_is_found_and_made_anew(make: Make) -> None:
    journal = make("laptop")
    journal.merge([make_review(place, key=prompt) for place, prompt in enumerate(PROMPTS)])
    before = read_memories(journal)
    db = journal.store._db
    db.execute("update memories set stability = 99 where prompt = ?", (PROMPTS[0],))
    db.execute("delete from memories where prompt = ?", (PROMPTS[1],))
    db.execute("update memories set prompt = 'trees:ghost/recall' where prompt = ?", (PROMPTS[2],))

    found = journal.find_differences()
    journal.rebuild()

    assert found == sorted([*PROMPTS[:3], "trees:ghost/recall"])
    assert journal.find_differences() == []
    assert read_memories(journal) == before


def test_machines_meet_in_a_shared_folder(make: Make, tmp_path: Path) -> None:
    journals = [make(name) for name in MACHINES]
    for number, journal in enumerate(journals):
        record(journal, PROMPTS[0], Act.ANSWER, later(MORNING, number * 5), Rating.GOOD)
        undone, _ = record(journal, PROMPTS[number], Act.ANSWER, MORNING, Rating.AGAIN)
        with journal.store.transaction():
            journal.record(PROMPTS[number], Act.UNDO, MORNING, undoes=undone.id)
    shared = tmp_path / "shared"

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


def test_a_store_from_a_backup_gets_its_own_reviews_back(make: Make, tmp_path: Path) -> None:
    journal = make("laptop")
    record(journal, PROMPTS[0], Act.ANSWER, MORNING, Rating.GOOD)
    old = tmp_path / "old.db"
    journal.store.copy_to(old)
    record(journal, PROMPTS[0], Act.ANSWER, later(MORNING, 3), Rating.GOOD)
    sync_folder(journal, tmp_path / "shared")

    restored = open_journal(old, OPTIONS)

    assert sync_folder(restored, tmp_path / "shared").taken == 1
    assert read_log(restored) == read_log(journal)


def test_a_damaged_file_in_the_folder_takes_nothing_in(make: Make, tmp_path: Path) -> None:
    journal, other = make("laptop"), make("desktop")
    record(other, PROMPTS[0], Act.ANSWER, MORNING, Rating.GOOD)
    sync_folder(other, tmp_path)
    (tmp_path / "zz.jsonl").write_text('{"id": 1', "utf-8")

    with pytest.raises(TransferError, match=r"zz\.jsonl:1: "):
        sync_folder(journal, tmp_path)
    assert read_log(journal) == []


@pytest.mark.skipif(sys.platform == "win32", reason="has no named pipes in folders")
@pytest.mark.parametrize("extension", [".jsonl", ".aliases"])
def test_a_pipe_or_device_in_the_folder_is_not_read(
    make: Make, tmp_path: Path, extension: str
) -> None:
    journal = make("laptop")
    strange = tmp_path / f"zz{extension}"
    for put in (os.mkfifo, lambda path: path.symlink_to("/dev/zero")):
        put(strange)
        with pytest.raises(TransferError, match="not a regular file"):
            sync_folder(journal, tmp_path)
        strange.unlink()


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
def test_a_damaged_file_of_aliases_takes_nothing_in(
    make: Make, tmp_path: Path, change: dict[str, object] | None, said: str
) -> None:
    journal, other = make("laptop"), make("desktop")
    record(other, PROMPTS[0], Act.ANSWER, MORNING, Rating.GOOD)
    sync_folder(other, tmp_path)
    bad = json.dumps({**ALIAS, **change}) if change else "["
    (tmp_path / "zz.aliases").write_text(f"{json.dumps(ALIAS)}\n{bad}\n", "utf-8")

    with pytest.raises(TransferError) as caught:
        sync_folder(journal, tmp_path)

    assert f"zz.aliases:2: {said}" in str(caught.value)
    assert read_log(journal) == []
    assert journal.store.list_aliases() == []


def test_aliases_travel_in_files_of_their_own(make: Make, tmp_path: Path) -> None:
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
    (tmp_path / f"{here.store.device}.aliases").write_text("x" * 10_000_001, "utf-8")
    with pytest.raises(TransferError, match="too large"):
        sync_folder(third, tmp_path)
