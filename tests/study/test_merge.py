"""Reviews of several machines: in whatever order they are merged, the result is the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.history import Act, Moment, Rating, Review, check_review
from cardwright.model import DeckOptions
from cardwright.study.conflict import settle
from cardwright.study.journal import Journal
from cardwright.study.transfer import TransferError
from studying import (
    DAY_MS,
    MACHINES,
    MORNING,
    PROMPTS,
    RECORDED,
    MakeJournal,
    open_journal,
    read_log,
    read_memories,
)

ACTS = st.tuples(
    st.sampled_from(MACHINES),
    st.sampled_from(PROMPTS),
    st.sampled_from([*RECORDED] + [Act.ANSWER] * 6),
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
            interval_days=int(rating) if act is Act.RESCHEDULE else None,
            is_dated=dated,
        )


PROMISES = st.none() | st.tuples(st.integers(1, 4), st.integers(0, 1))


def promise(review: Review, promised: tuple[int, int] | None) -> Review:
    """Return another version of an answer, which promises something else, or nothing."""
    days, basis = promised or (None, None)
    return replace(review, interval_days=days, interval_basis=basis)


def promise_more(
    logs: list[list[Review]], promises: list[tuple[int, int, tuple[int, int] | None]]
) -> dict[str, set[tuple[int, int] | None]]:
    """Add other versions of answers to logs, as other programs may; return all promises by id."""
    told = {review.id: {review.promise} for log in logs for review in log}
    for number, place, promised in promises:
        for review in logs[number - 1][place : place + 1]:
            if review.act is Act.ANSWER:
                logs[number].append(promise(review, promised))
                told[review.id].add(promised)
    return told


@settings(max_examples=40)
@given(
    acts=st.lists(ACTS, max_size=25),
    cut=st.integers(0, 25),
    promises=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 25), PROMISES), max_size=8),
)
def test_any_order_and_grouping_gives_the_same(
    make: MakeJournal,
    acts: list[tuple[str, str, Act, Rating, int, int, bool]],
    cut: int,
    promises: list[tuple[int, int, tuple[int, int] | None]],
) -> None:
    machines = {name: make(name) for name in MACHINES}
    for number, (name, prompt, kind, rating, at_ms, offset, dated) in enumerate(acts):
        if number == cut:
            machines["laptop"].merge(read_log(machines["phone"]))
        moment = Moment(MORNING.at_ms + at_ms, offset)
        act(machines[name], prompt, kind, rating, moment, dated=dated)
    logs = [read_log(journal) for journal in machines.values()]
    told = promise_more(logs, promises)

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
    for review in everything:
        assert review.promise == min(filter(None, told[review.id]), default=None)
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


def test_twice_is_once(make: MakeJournal) -> None:
    journal = make("laptop")
    reviews = [make_review(place) for place in range(5)]

    assert journal.merge([*reviews, *reviews]) == (5, [])
    before = read_memories(journal)
    assert journal.merge(reviews) == (0, [])
    assert read_memories(journal) == before


@pytest.mark.parametrize("undo_first", [False, True])
def test_of_two_reviews_of_one_id_both_count_everywhere(
    make: MakeJournal, *, undo_first: bool
) -> None:
    """Whoever sees the conflict, in whatever order, and whenever one of the versions was undone."""
    ours, theirs = make_review(1), make_review(1, rating=Rating.AGAIN, key=PROMPTS[1])
    undo = make_review(5, act=Act.UNDO, rating=None, undoes=ours.id, key=PROMPTS[1])
    here, there, third, fourth = (make(name) for name in ("here", "there", "third", "fourth"))
    here.merge([ours])
    there.merge([theirs, undo] if undo_first else [theirs])

    assert here.merge([theirs, make_review(2)]) == (1, [ours.id])
    assert here.merge([theirs]) == (0, [])
    if not undo_first:
        there.merge([undo])
    third.merge(read_log(there))
    for _ in range(2):
        for journal in (here, there, third, fourth):
            for other in (fourth, third, there, here):
                journal.merge(read_log(other))

    memories = read_memories(here)
    assert set(memories) == {PROMPTS[0]}, "what was undone stays undone"
    for journal in (here, there, third, fourth):
        assert read_memories(journal) == memories
        assert journal.find_differences() == []
        rated = [(r.rating, r.key) for r in journal.store.list_reviews()]
        assert rated == [(Rating.GOOD, PROMPTS[0])] * 2
        assert journal.merge([ours, theirs]) == (0, [])
    logs = [{r.id: r for r in read_log(journal)} for journal in (here, there, third, fourth)]
    for log in logs:
        assert log.pop(ours.id) in {ours, theirs}
    assert logs[0] == logs[1] == logs[2] == logs[3]


VERSIONS = st.tuples(st.sampled_from(Rating), PROMISES)


@settings(max_examples=15)
@given(
    told=st.lists(st.lists(VERSIONS, max_size=3), min_size=3, max_size=3),
    order=st.permutations(range(9)),
)
def test_what_was_promised_makes_no_further_versions(
    make: MakeJournal,
    told: list[list[tuple[Rating, tuple[int, int] | None]]],
    order: list[int],
) -> None:
    journals = [make(name) for name in MACHINES]
    for journal, versions in zip(journals, told, strict=True):
        for rating, promised in versions:
            journal.merge([promise(make_review(1, rating=rating), promised)])
    for _ in range(2):
        for place in order:
            journals[place // 3].merge(read_log(journals[place % 3]))

    ratings = sorted({rating for versions in told for rating, _ in versions})
    for journal in journals:
        found = list(journal.store.list_reviews())
        assert sorted(r.rating or 0 for r in found) == ratings
        assert read_memories(journal) == read_memories(journals[0])
        assert journal.find_differences() == []
        assert journal.merge(read_log(journals[0]))[0] == 0
        disputed = set() if len(ratings) < 2 else {make_review(1).id}
        logs = ({r for r in read_log(j) if r.id not in disputed} for j in (journal, journals[0]))
        assert next(logs) == next(logs)
    for journal in journals:
        journal.store.close()


def test_derived_ids_are_those_of_earlier_versions() -> None:
    """Machines with different versions settle a conflict alike, whatever was promised."""
    old = make_review(1, id="019b00000001-aaaaaaaa", key="trees:oak/recall", at_ms=5)
    for version in (old, promise(old, (3, 1))):
        ids = [review.id.partition("_")[2] for review in settle([version], [])]
        assert ids == ["7227b44bff30b6a6", "1edb5b263476ff38"]


def test_many_undos_of_many_versions_grow_to_few_reviews(make: MakeJournal) -> None:
    """A small file of a stranger must not fill the stores of all machines."""
    journal = make("laptop")
    disputed = make_review(1)
    versions = [replace(disputed, duration_ms=number) for number in range(50)]
    undo = make_review(99, act=Act.UNDO, rating=None, undoes=disputed.id)
    undos = [
        replace(undo, id=make_review(100 + number).id, duration_ms=number, key=key)
        for number in range(50)
        for key in (f"elms-{number}:{disputed.key.partition(':')[2]}", disputed.key)[number % 2 :]
    ]

    journal.merge([*versions, *undos])

    assert list(journal.store.list_reviews()) == []
    assert len(read_log(journal)) < 15 * len(versions)


def test_any_review_can_be_in_dispute() -> None:
    """Such as the memory that a package of Anki begins with, imported for two projects."""
    answer = make_review(1)
    for version in (
        replace(answer, act=Act.ASSUME, rating=None, interval_days=9, interval_basis=500),
        replace(answer, act=Act.RESCHEDULE, rating=None, interval_days=9),
        promise(answer, (3, 1)),
    ):
        check_review(version)
        for review in settle([version], []):
            check_review(review)


def test_an_undo_that_comes_before_what_it_undoes(make: MakeJournal) -> None:
    journal = make("laptop")
    undo = make_review(9, act=Act.UNDO, rating=None, undoes=make_review(1).id)

    journal.merge([undo])
    journal.merge([make_review(1)])

    assert list(journal.store.list_reviews()) == []
    assert read_memories(journal) == {}
    assert journal.find_differences() == []


def test_an_undo_touches_its_own_prompt_only(make: MakeJournal) -> None:
    journal = make("laptop")
    journal.merge([make_review(1)])
    before = read_memories(journal)

    undo = make_review(9, act=Act.UNDO, rating=None, undoes=make_review(1).id, key=PROMPTS[1])
    journal.merge([undo])

    assert read_memories(journal) == before
    assert list(journal.store.list_reviews()) == [make_review(1)]
    assert journal.find_differences() == []


def test_what_is_wrong_in_the_middle_takes_nothing_in(make: MakeJournal) -> None:
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


def test_a_tampered_cache_is_found_and_made_anew(make: MakeJournal) -> None:
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
