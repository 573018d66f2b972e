"""Promised intervals: the user's due day stays, on every machine, as long as its grounds do."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.history import RATED, Act, Moment, Rating, Review
from cardwright.memory import Memory, State
from cardwright.model import DeckOptions
from cardwright.study.error import StoreError
from cardwright.study.fsrs import DEFAULT_PARAMETERS
from cardwright.study.journal import Journal
from cardwright.study.mirror import Mirror, MirrorRow
from cardwright.study.schedule import Schedule, to_act_row
from cardwright.study.transfer import read_reviews, write_json_lines
from studying import (
    DAY_MS,
    MORNING,
    PROMPTS,
    TODAY,
    MakeJournal,
    later,
    make_items,
    open_journal,
    read_log,
    read_memories,
    record,
    sit,
)

KEY = "trees:oak/recall"
SCHEDULES = (
    Schedule(DeckOptions(leech_lapses=2)),
    Schedule(DeckOptions(desired_retention=0.8)),
    Schedule(DeckOptions(learning_steps_minutes=(), relearning_steps_minutes=())),
    Schedule(DeckOptions(maximum_interval_days=4, fuzz=False)),
    Schedule(DeckOptions(), (*DEFAULT_PARAMETERS[:20], 0.2)),
)
INTERVAL_FIELDS = ("interval_days", "due_day", "due_at_ms")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return open_journal(tmp_path / "reviews.db")


def use(journal: Journal, schedule: Schedule) -> Journal:
    """Return the journal of the same store under other options."""
    changed = Journal(journal.store, dict.fromkeys(("trees", "birds"), schedule), schedule)
    changed.rebuild(changed.list_outdated())
    return changed


def make_answer(day: float, number: int, days: int | None = None, **values: object) -> Review:
    """Return an answer as an import makes it: the number of it, and the interval it promises."""
    moment = later(MORNING, day)
    usual = Review(
        id=f"{moment.at_ms:012x}-anki_0",
        key=KEY,
        act=Act.ANSWER,
        rating=Rating.GOOD,
        at_ms=moment.at_ms,
        utc_offset_minutes=moment.utc_offset_minutes,
        duration_ms=0,
        undoes=None,
        interval_days=days,
        interval_basis=None if days is None else Schedule(DeckOptions()).make_basis(number),
    )
    return replace(usual, **values)  # type: ignore[arg-type]


def learn(journal: Journal, days: int | None = 13) -> tuple[Review, ...]:
    """Add three answers, the last of which, on the sixth day, promises so many days."""
    log = (make_answer(0, 1), make_answer(0.01, 2, 3), make_answer(3, 3, days))
    journal.merge(log)
    return log


def read_due(journal: Journal) -> tuple[int, int | None]:
    """Return the interval, and in how many days from the first one the prompt is due."""
    memory, _ = journal.store.read_memory(KEY)
    return memory.interval_days, (memory.due_day or 0) - TODAY


def test_a_promise_decides_when_a_prompt_is_due_and_nothing_else(
    journal: Journal, tmp_path: Path
) -> None:
    other = open_journal(tmp_path / "other.db", machine="desktop")
    learn(journal)
    learn(other, None)

    (memory,), (unpromised,) = journal.store.list_memories(), other.store.list_memories()

    assert unpromised.interval_days not in {0, 13}
    assert (memory.interval_days, memory.due_day) == (13, TODAY + 3 + 13)
    assert memory.due_at_ms == MORNING.start_of(TODAY + 16, 4)
    fields = {name: getattr(unpromised, name) for name in INTERVAL_FIELDS}
    assert memory._replace(**fields) == unpromised


@pytest.mark.parametrize(
    "change",
    [
        lambda journal, _: record(
            journal, KEY, Act.ANSWER, later(MORNING, 1), Rating.GOOD, is_dated=True
        ),
        lambda journal, log: record(journal, KEY, Act.UNDO, MORNING, undoes=log[1].id),
        lambda journal, _: record(journal, KEY, Act.RESET, later(MORNING, 2), is_dated=True),
        lambda journal, _: use(journal, SCHEDULES[1]),
        lambda journal, _: use(journal, SCHEDULES[4]),
    ],
    ids=["inserted", "undone", "reset", "retention", "parameters"],
)
def test_a_promise_does_not_outlive_its_grounds(
    journal: Journal, change: Callable[[Journal, Sequence[Review]], object]
) -> None:
    log = learn(journal, 99)
    assert read_due(journal) == (99, 102)

    change(journal, log)

    assert read_due(journal)[0] < 50


def test_a_promise_counts_again_under_the_old_options(journal: Journal) -> None:
    learn(journal)
    use(journal, SCHEDULES[1])
    assert read_due(journal)[0] != 13
    use(journal, Schedule(DeckOptions()))
    assert read_due(journal) == (13, 16)
    use(journal, SCHEDULES[3])
    assert read_due(journal) == (4, 7), "never longer than the maximum"


def test_other_acts_leave_a_promise(journal: Journal) -> None:
    learn(journal)
    for number, act in enumerate((Act.SUSPEND, Act.FLAG, Act.BURY, Act.UNSUSPEND)):
        record(journal, KEY, act, later(MORNING, 4 + number))
    record(journal, KEY, Act.CRAM, later(MORNING, 8), Rating.AGAIN)
    record(journal, KEY, Act.FLAG, later(MORNING, 1), is_dated=True)

    assert read_due(journal) == (13, 16)
    assert journal.find_differences() == []


def test_a_lapse_is_learned_again_whatever_was_promised(journal: Journal) -> None:
    learn(journal)
    journal.merge([make_answer(20, 4, 30, rating=Rating.AGAIN)])

    memory, _ = journal.store.read_memory(KEY)
    assert (memory.state, memory.interval_days) == (State.RELEARNING, 0)


def test_an_undone_answer_brings_the_promise_before_it_back(journal: Journal) -> None:
    learn(journal)
    given, memory = record(journal, KEY, Act.ANSWER, later(MORNING, 16), Rating.EASY)
    assert (given.interval_days, given.interval_basis) == (
        memory.interval_days,
        Schedule(DeckOptions()).make_basis(4),
    )
    record(journal, KEY, Act.UNDO, later(MORNING, 16), undoes=given.id)

    assert read_due(journal) == (13, 16)


def test_every_answer_is_recorded_with_what_the_user_was_shown(journal: Journal) -> None:
    items = make_items(1)
    session = sit(journal, items)
    shown = session.preview(MORNING)
    first = session.answer(Rating.GOOD, MORNING)
    assert first.review.interval_days is None, "it is asked again today"
    soon = later(MORNING, minutes=11)
    session.wait_over(soon)
    shown = session.preview(soon)
    second = session.answer(Rating.GOOD, soon)

    assert second.review.interval_days == shown[Rating.GOOD].interval_days > 0
    assert second.review.interval_basis == Schedule(DeckOptions()).make_basis(2)
    assert read_log(journal) == [first.review, second.review]
    inserted, _ = record(
        journal, items[0].key, Act.ANSWER, later(MORNING, minutes=5), Rating.GOOD, is_dated=True
    )
    assert inserted.promise is not None
    assert inserted.interval_basis == second.review.interval_basis


def test_the_basis_is_the_number_retention_and_parameters() -> None:
    schedule = Schedule(DeckOptions())
    bases = {s.make_basis(reps) for s in SCHEDULES for reps in range(1, 50)}
    assert len(bases) == 3 * 49, "of the schedules, two have other parameters or another retention"
    assert all(0 <= basis < 2**32 for basis in bases)
    assert schedule.make_basis(1) == 1_598_081_266, "other machines compute the same"
    single = struct.unpack("22f", struct.pack("22f", 0.9, *DEFAULT_PARAMETERS))
    from_anki = Schedule(DeckOptions(desired_retention=single[0]), single[1:])
    assert from_anki.make_basis(1) == schedule.make_basis(1)


def test_a_day_that_was_set_stays_until_the_next_answer(journal: Journal) -> None:
    learn(journal)
    record(journal, KEY, Act.RESCHEDULE, later(MORNING, 10))
    assert read_due(journal) == (14, 17), "a week later, counted from the last answer"

    record(journal, KEY, Act.ANSWER, later(MORNING, 17), Rating.GOOD)
    assert read_due(journal)[1] != 17
    assert journal.find_differences() == []


def test_a_new_prompt_can_be_given_a_day(journal: Journal) -> None:
    record(journal, KEY, Act.RESCHEDULE, MORNING)

    memory, _ = journal.store.read_memory(KEY)
    assert memory == Memory(
        key=KEY,
        state=State.REVIEW,
        due_day=TODAY + 7,
        due_at_ms=MORNING.start_of(TODAY + 7, 4),
    )
    _, memory = record(journal, KEY, Act.ANSWER, later(MORNING, 7), Rating.GOOD)
    assert memory.stability == DEFAULT_PARAMETERS[2]
    assert memory.first_day == TODAY + 7
    record(journal, KEY, Act.RESET, later(MORNING, 8))
    assert journal.store.read_memory(KEY)[0].is_new


@pytest.mark.parametrize("act", [Act.ANSWER, Act.RESET])
def test_what_anki_has_is_not_undone(journal: Journal, act: Act) -> None:
    given, memory = record(journal, KEY, act, MORNING, Rating.GOOD if act is Act.ANSWER else None)
    mirror = Mirror(journal.store, "profile User 1")
    flag, _ = record(journal, KEY, Act.FLAG, MORNING)
    with journal.store.transaction():
        mirror.put_rows({given.at_ms: MirrorRow(given.id, is_seen=False)})
    before = read_log(journal)

    with pytest.raises(StoreError, match="is in Anki's log too"):
        record(journal, KEY, Act.UNDO, MORNING, undoes=given.id)
    assert read_log(journal) == before
    record(journal, KEY, Act.UNDO, MORNING, undoes=flag.id)

    with journal.store.transaction():
        mirror.forget_rows([given.at_ms])
    record(journal, KEY, Act.UNDO, MORNING, undoes=given.id)
    assert read_memories(journal) == {}
    assert memory.key == KEY


def test_a_session_goes_on_when_an_answer_cannot_be_undone(journal: Journal) -> None:
    session = sit(journal, make_items(2))
    given = session.answer(Rating.GOOD, MORNING).review
    with journal.store.transaction():
        Mirror(journal.store, "server").put_rows({1: MirrorRow(given.id, is_seen=True)})
    asked = session.current

    with pytest.raises(StoreError, match="cannot be undone"):
        session.undo(MORNING)

    assert session.current == asked
    assert len(session.answers) == 1
    session.answer(Rating.GOOD, MORNING)
    assert len(read_log(journal)) == 2


STEPS = st.tuples(
    st.sampled_from([*Act, *[Act.ANSWER] * 6, "import", "promise", "options"]),
    st.integers(0, 1),
    st.sampled_from(Rating),
    st.integers(0, 40 * DAY_MS),
    st.sampled_from([-480, 60]),
    st.integers(0, 4),
)


def take(
    journal: Journal, step: tuple[Act | str, int, Rating, int, int, int], number: int
) -> Journal:
    """Record an act, import an answer, learn of a promise, or change the options."""
    kind, prompt, rating, at_ms, offset, value = step
    key, moment = PROMPTS[prompt], Moment(MORNING.at_ms + at_ms, offset)
    log = [r for r in journal.store.list_reviews(key) if r.act is Act.ANSWER]
    if kind == "options":
        return use(journal, SCHEDULES[value])
    if kind == "import":
        basis = journal.schedule_of(key).make_basis(len(log) + value % 2)
        id = f"{moment.at_ms:012x}-anki_{number}"
        answer = make_answer(0, 1, value + 1, key=key, rating=rating, interval_basis=basis)
        journal.merge([replace(answer, id=id, at_ms=moment.at_ms)])
    elif kind is Act.ASSUME:
        answer = make_answer(0, 1, value + 1, key=key, interval_basis=2_500)
        id = f"{moment.at_ms:012x}-anki_{number}_from"
        assumed = replace(answer, id=id, at_ms=moment.at_ms, act=kind, rating=None)
        journal.merge([replace(assumed, duration_ms=0)])
    elif kind == "promise":
        basis = journal.schedule_of(key).make_basis(len(log))
        for review in log[-1:]:
            journal.merge([replace(review, interval_days=value + 1, interval_basis=basis)])
    elif kind is not Act.UNDO or log:
        with journal.store.transaction():
            journal.record(
                key,
                Act(kind),
                moment,
                rating=rating if kind in RATED else None,
                undoes=log[-1 - value % len(log)].id if kind is Act.UNDO else None,
                interval_days=value if kind is Act.RESCHEDULE else None,
                is_dated=offset < 0,
            )
    return journal


@settings(max_examples=15)
@given(steps=st.lists(STEPS, max_size=25))
def test_a_replay_gives_what_recording_gave(
    make: MakeJournal, steps: list[tuple[Act | str, int, Rating, int, int, int]]
) -> None:
    journal = use(make("laptop"), SCHEDULES[0])
    schedule = SCHEDULES[0]
    for number, step in enumerate(steps):
        journal = take(journal, step, number)
        schedule = journal.schedule_of(PROMPTS[0])
    log = read_log(journal)
    memories = read_memories(journal)
    assert journal.find_differences() == []

    elsewhere = use(make("desktop"), schedule)
    elsewhere.merge(read_reviews(write_json_lines(log), "x"))

    assert read_memories(elsewhere) == memories
    for key, memory in memories.items():
        fields = {name: getattr(memory, name) for name in INTERVAL_FIELDS}
        unpromised = (to_act_row(r.without_promise) for r in journal.store.list_reviews(key))
        assert schedule.replay(key, unpromised)._replace(**fields) == memory
        assert memory.interval_days <= schedule.options.maximum_interval_days or any(
            review.act is Act.RESCHEDULE for review in log
        )
        last = [r for r in journal.store.list_reviews(key) if r.act is not Act.CRAM][-1]
        if last.promise and last.interval_basis == schedule.make_basis(memory.reps):
            most = schedule.options.maximum_interval_days
            assert memory.interval_days in {0, min(last.promise[0], most)}
    for other in (elsewhere, journal):
        other.store.close()
