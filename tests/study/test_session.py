"""Sessions: the order of prompts, counts and undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cardwright.history import Act, Rating
from cardwright.item import Item
from cardwright.memory import State
from cardwright.model import DeckOptions
from cardwright.study.journal import Journal
from cardwright.study.queue import Counts, SessionOptions, find_waiting
from cardwright.study.session import Session
from cardwright.study.store import Store
from cardwright.study.workload import forecast_reviews
from studying import (
    MORNING,
    TODAY,
    later,
    make_items,
    open_journal,
    read_log,
    read_memories,
    record,
    sit,
)

NO_STEPS = DeckOptions(learning_steps_minutes=(), relearning_steps_minutes=(), fuzz=False)

Make = Callable[[DeckOptions], Journal]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda options: open_journal(tmp_path / "reviews.db", options)


def make_due(journal: Journal, items: list[Item], days_ago: float = 30) -> None:
    """Learn prompts so long ago that they are due."""
    for number, item in enumerate(items):
        moment = later(MORNING, -days_ago, minutes=number)
        record(journal, item.key, Act.ANSWER, moment, Rating.EASY)


def asked(session: Session) -> Item | None:
    return session.current


def run_through(
    session: Session, rating: Rating = Rating.EASY, *, minutes: float = 0, days: float = 0
) -> list[str]:
    """Answer everything that can be asked now, and return what was asked."""
    refs = []
    while session.current is not None:
        refs.append(session.current.key)
        session.answer(rating, later(MORNING, days, minutes=minutes))
        assert len(refs) < 1000
    return refs


def test_steps_come_first_then_reviews_with_new_ones_evenly_among_them(make: Make) -> None:
    journal = make(DeckOptions(new_per_day=5))
    items = make_items(30)
    make_due(journal, items[:20])
    for item in items[20:22]:
        record(journal, item.key, Act.ANSWER, later(MORNING, -1), Rating.AGAIN)
    session = sit(journal, items)
    assert session.counts == Counts(new=5, learning=2, review=20)

    kinds = []
    while session.current is not None:
        kinds.append(session.memory.state)
        session.answer(Rating.EASY, MORNING)

    assert kinds[:2] == [State.LEARNING] * 2
    places = [place for place, kind in enumerate(kinds[2:]) if kind is State.NEW]
    assert len(kinds) == 27
    assert len(places) == 5
    assert {b - a for a, b in pairwise([*places, 25])} <= {4, 5, 6}
    assert places[0] <= 4


def test_the_order_is_the_same_all_day_and_another_one_tomorrow(make: Make) -> None:
    journal = make(DeckOptions(new_per_day=0))
    items = make_items(30)
    for item in items:
        record(journal, item.key, Act.ANSWER, later(MORNING, -30), Rating.EASY)
    orders = [
        [item.key for item in sit(journal, given, later(MORNING, days)).list_ahead()]
        for given, days in ((items, 0), (items, 0.5), (items[::-1], 0), (items, 1))
    ]
    assert orders[0] == orders[1] == orders[2]
    assert orders[0] != orders[3] != sorted(orders[3])


def test_what_is_lost_most_comes_first_whatever_else_was_asked(make: Make) -> None:
    journal = make(replace(NO_STEPS, reviews_per_day=8, new_per_day=0))
    items = make_items(20)
    for number, item in enumerate(items):
        for day in (-60 + number, -40 + number // 2, -30)[: 1 + number % 3]:
            rating = Rating(2 + number // 2 % 3)
            record(journal, item.key, Act.ANSWER, later(MORNING, day), rating, is_dated=True)
    session = sit(journal, items)
    keys = [item.key for item in (session.current, *session.list_ahead()) if item]
    due = [m for m in read_memories(journal).values() if m.state is State.REVIEW]
    due = [memory for memory in due if (memory.due_day or 0) <= TODAY]
    losses = journal.measure_loss([memory.key for memory in due], TODAY)
    assert [losses[key] for key in keys] == sorted(losses.values(), reverse=True)[:8]
    assert keys != [m.key for m in sorted(due, key=lambda memory: memory.due_day or 0)][:8]
    assert len(due) > 8

    for place in range(3):
        session.answer(Rating.EASY, MORNING)
        session.undo(MORNING)
        left = [item.key for item in (session.current, *session.list_ahead()) if item]
        assert left == keys[place:]
        session.answer(Rating.EASY, MORNING)


def test_the_days_numbers_count_what_other_sittings_did(make: Make) -> None:
    journal = make(replace(NO_STEPS, new_per_day=5, reviews_per_day=7))
    items = make_items(40)
    make_due(journal, items[:20])
    first = sit(journal, items)
    assert first.counts == Counts(new=5, learning=0, review=7)
    for _ in range(6):
        first.answer(Rating.GOOD, MORNING)
    left = first.counts

    second = sit(journal, items, later(MORNING, hours=8))
    assert second.counts == left
    assert sum(left) == 6
    second.answer(Rating.GOOD, MORNING)
    second.undo(MORNING)
    assert second.counts == sit(journal, items).counts == left
    run_through(second)
    assert sit(journal, items).counts == Counts(0, 0, 0)
    assert sit(journal, items, later(MORNING, 1)).counts == Counts(5, 0, 7)


def test_packs_have_numbers_of_their_own(tmp_path: Path) -> None:
    journal = open_journal(
        tmp_path / "x.db", replace(NO_STEPS, new_per_day=3), packs=("trees", "birds")
    )
    items = make_items(10) + make_items(10, pack="birds")
    session = sit(journal, items)
    assert session.counts.new == 6
    refs = run_through(session)
    assert sum(ref.startswith("birds:") for ref in refs) == 3


def test_a_wish_for_new_ones_is_kept_in_all_ways(make: Make) -> None:
    journal = make(replace(NO_STEPS, new_per_day=3))
    items = make_items(30)
    assert sit(journal, items, options=SessionOptions(max_new=0)).current is None
    session = sit(journal, items, options=SessionOptions(max_new=8))
    assert session.counts.new == 8
    session.replace_items(items, MORNING)
    assert session.counts.new == 8
    session.answer(Rating.GOOD, MORNING)
    session.replace_items(items, MORNING)
    assert session.counts.new == 7
    session.undo(MORNING)
    assert session.counts.new == 8
    assert len(run_through(session)) == 8


@pytest.mark.parametrize("bury_siblings", [True, False])
def test_siblings_wait_for_another_day(make: Make, bury_siblings: bool) -> None:
    journal = make(replace(NO_STEPS, bury_siblings=bury_siblings, new_per_day=100))
    items = make_items(4, sides=("recall", "reverse"))
    make_due(journal, items[:3])
    session = sit(journal, items)
    refs = run_through(session)
    memories = read_memories(journal).values()
    waiting = find_waiting(memories, journal.limits, TODAY)
    if not bury_siblings:
        assert len(refs) == 8
        assert not waiting
        return
    cards = [ref.rpartition("/")[0] for ref in refs]
    assert len(cards) == len(set(cards)) == 4
    # One side of a card was due, the other too, or new.
    due = {item.key for item in items[:3]}
    assert waiting == due.difference(refs)
    assert forecast_reviews(memories, TODAY, 2, waiting).reviews == [0, len(waiting)]
    assert forecast_reviews(memories, TODAY + 1, 2).overdue == len(waiting)
    tomorrow = forecast_reviews(memories, TODAY + 1, 2, put_off=waiting)
    assert tomorrow.reviews[0] >= len(waiting)
    assert tomorrow.overdue == 0
    session = sit(journal, items, later(MORNING, 1))
    assert len(run_through(session, days=1)) == 4


def test_a_sibling_stays_away_after_an_undo(make: Make) -> None:
    journal = make(NO_STEPS)
    items = make_items(2, sides=("recall", "reverse"))
    session = sit(journal, items)
    session.answer(Rating.GOOD, MORNING)
    session.undo(MORNING)
    assert len(run_through(session)) == 2


def test_steps_are_taken_ahead_when_nothing_else_is_left(make: Make) -> None:
    journal = make(DeckOptions(learning_steps_minutes=(15.0, 60.0)))
    items = make_items(2)
    session = sit(journal, items)
    session.answer(Rating.AGAIN, MORNING)
    assert asked(session) == items[1]
    session.answer(Rating.GOOD, MORNING)

    assert asked(session) == items[0]
    session.answer(Rating.GOOD, later(MORNING, minutes=1))
    assert asked(session) is None
    assert session.next_at_ms == later(MORNING, minutes=40).at_ms
    assert not session.wait_over(later(MORNING, minutes=39.9))
    assert session.wait_over(later(MORNING, minutes=40))


def test_a_step_that_ends_another_day_is_not_waited_for(make: Make) -> None:
    journal = make(DeckOptions(learning_steps_minutes=(10.0, 1440.0)))
    session = sit(journal, make_items(1))
    session.answer(Rating.GOOD, MORNING)

    assert asked(session) is None
    assert session.next_at_ms is None
    assert session.counts == Counts(0, 0, 0)
    assert sit(journal, make_items(1), later(MORNING, 1)).current is not None


def test_reviews_ahead_of_their_time_are_asked_once(make: Make) -> None:
    journal = make(replace(NO_STEPS, bury_siblings=False))
    items = make_items(6)
    for number, item in enumerate(items):
        record(journal, item.key, Act.ANSWER, later(MORNING, number - 10), Rating.EASY)
    due = [journal.store.read_memory(item.key)[0].due_day or 0 for item in items]
    ahead = (min(day for day in due if day > TODAY) + 1) - TODAY

    session = sit(journal, items, options=SessionOptions(ahead_days=ahead))
    refs = run_through(session, Rating.HARD)

    assert sorted(refs) == [
        item.key for item, day in zip(items, due, strict=True) if day <= TODAY + ahead
    ]
    assert 0 < len(refs) < 6
    assert sit(journal, items, options=SessionOptions(ahead_days=ahead)).current is None
    answered = [item for item in items if item.key in refs]
    assert sit(journal, answered, options=SessionOptions(ahead_days=9999)).current is None


def test_cramming_leaves_the_schedule_alone_and_asks_nothing_twice(make: Make) -> None:
    journal = make(DeckOptions(new_per_day=2, reviews_per_day=2))
    items = make_items(12)
    make_due(journal, items[:6], days_ago=2)
    record(journal, items[11].key, Act.SUSPEND, MORNING)
    before = read_memories(journal)
    session = sit(journal, items, options=SessionOptions(is_cram=True))
    assert session.counts == Counts(0, 0, 11)
    session.answer(Rating.AGAIN, MORNING)
    session.replace_items(items, MORNING)
    session.bury(MORNING)
    session.undo(MORNING)
    refs = run_through(session, Rating.AGAIN)

    assert len({*refs}) == len(refs) == 10
    assert {review.act for review in list(journal.store.list_reviews())[-5:]} == {Act.CRAM}
    assert read_memories(journal) == before
    assert journal.find_differences() == []


def test_what_is_put_away_is_not_asked(make: Make) -> None:
    journal = make(NO_STEPS)
    items = make_items(3)
    session = sit(journal, items)
    session.suspend(MORNING)
    session.bury(MORNING)
    assert session.counts == Counts(1, 0, 0)
    assert len(run_through(session)) == 1

    tomorrow = later(MORNING, 1)
    assert run_through(sit(journal, items, tomorrow), days=1) == [items[1].key]
    wishes = SessionOptions(with_suspended=True)
    session = sit(journal, items, tomorrow, options=wishes)
    assert asked(session) == items[0]
    session.suspend(tomorrow)
    assert asked(session) is None
    record(journal, items[0].key, Act.UNSUSPEND, tomorrow)
    assert sit(journal, items, tomorrow).current == items[0]


def test_what_makes_room_is_filled(make: Make) -> None:
    """A suspended card takes no place among the day's."""
    journal = make(replace(NO_STEPS, new_per_day=2))
    session = sit(journal, make_items(5))
    session.suspend(MORNING)
    assert session.counts.new == 2
    session.undo(MORNING)
    assert session.counts.new == 2


@pytest.mark.parametrize("rollover_hour", [0, 4, 23])
def test_a_sitting_that_outlasts_the_day_goes_on_with_the_next(
    tmp_path: Path, rollover_hour: int
) -> None:
    options = replace(NO_STEPS, new_per_day=2)
    journal = open_journal(tmp_path / "x.db", options, rollover_hour=rollover_hour)
    day = MORNING.study_day(rollover_hour)
    before = MORNING._replace(at_ms=MORNING.start_of(day + 1, rollover_hour) - 1000)
    session = sit(journal, make_items(9), before)
    session.answer(Rating.GOOD, before)
    assert session.counts.new == 1

    after = later(before, minutes=1)
    session.answer(Rating.GOOD, after)

    assert session.counts.new == 1
    firsts = [memory.first_day for memory in journal.store.list_memories()]
    assert firsts == [day, day + 1]
    assert sit(journal, make_items(9), after).counts.new == 1


def test_the_rules_are_read_again_only_when_another_process_has_written(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = make(NO_STEPS)
    session = sit(journal, make_items(9))
    session.answer(Rating.GOOD, MORNING)
    read = Store.read_rules
    reads = []

    def read_rules(store: Store) -> dict[str, str]:
        reads.append(store)
        return read(store)

    monkeypatch.setattr(Store, "read_rules", read_rules)
    for _ in range(3):
        session.answer(Rating.GOOD, MORNING)
    assert reads == []

    # Another version of the options is at work; its memories are not ours.
    other = open_journal(tmp_path / "reviews.db", replace(NO_STEPS, desired_retention=0.8))
    assert other.list_outdated() == []
    reads.clear()
    session.answer(Rating.GOOD, MORNING)

    assert reads == [journal.store]
    assert other.list_outdated() == ["trees"]
    assert journal.list_outdated() == ["trees"]


def test_another_process_is_noticed(tmp_path: Path, make: Make) -> None:
    journal = make(NO_STEPS)
    session = sit(journal, make_items(3))
    other = open_journal(tmp_path / "reviews.db", NO_STEPS)
    record(other, "trees:card-1/recall", Act.SUSPEND, MORNING)

    session.answer(Rating.GOOD, MORNING)

    assert asked(session) == make_items(3)[2]


def test_a_chosen_prompt_is_asked_and_the_current_one_after_it(make: Make) -> None:
    journal = make(replace(NO_STEPS, new_per_day=4))
    session = sit(journal, make_items(9))
    first, chosen = session.current, session.list_ahead()[-1]
    counts = session.counts
    session.ask(chosen, MORNING)
    assert asked(session) == chosen
    assert session.counts == counts
    session.answer(Rating.GOOD, MORNING)
    assert asked(session) == first


def test_sources_that_were_edited_are_taken_on(make: Make) -> None:
    journal = make(NO_STEPS)
    items = make_items(3)
    session = sit(journal, items)
    edited = [item._replace(tags=("new",)) for item in items]
    session.replace_items(edited, MORNING)
    assert asked(session) == edited[0]
    session.replace_items(edited[1:], MORNING)
    assert asked(session) == edited[1]
    session.replace_items([], MORNING)
    assert asked(session) is None
    assert session.counts == Counts(0, 0, 0)


LEECH = DeckOptions(leech_lapses=4, learning_steps_minutes=(), fuzz=False)


def test_leeches_are_suspended_at_the_threshold_and_at_each_half_of_it(make: Make) -> None:
    journal = make(LEECH)
    prompt = make_items(1)[0].key
    suspended = []
    moment = MORNING
    record(journal, prompt, Act.ANSWER, moment, Rating.GOOD)
    for _ in range(10):
        moment = later(moment, 60)
        record(journal, prompt, Act.ANSWER, moment, Rating.AGAIN)
        _, memory = record(journal, prompt, Act.ANSWER, later(moment, minutes=20), Rating.GOOD)
        suspended.append(memory.is_suspended)
        if memory.is_suspended:
            assert memory.is_leech
            _, memory = record(journal, prompt, Act.UNSUSPEND, later(moment, minutes=21))
            assert (memory.is_suspended, memory.is_leech) == (False, True)
    assert [number for number, is_so in enumerate(suspended, 1) if is_so] == [4, 6, 8, 10]


def test_the_undo_of_an_answer_takes_the_leech_back(make: Make) -> None:
    journal = make(replace(LEECH, leech_lapses=1))
    items = make_items(1)
    record(journal, items[0].key, Act.ANSWER, later(MORNING, -60), Rating.GOOD)
    session = sit(journal, items)
    before = session.memory
    assert session.answer(Rating.AGAIN, MORNING).after.is_leech
    assert asked(session) is None

    session.undo(later(MORNING, minutes=1))

    assert session.memory == before
    assert asked(session) == items[0]
    assert not read_memories(journal)[items[0].key].is_suspended


def test_undo_goes_back_through_everything(make: Make) -> None:
    journal = make(DeckOptions())
    items = make_items(6)
    make_due(journal, items[:3])
    session = sit(journal, items)
    states = []
    for act in ("answer", "flag", "answer", "suspend", "flag", "flag", "bury", "answer", "answer"):
        states.append((session.current, session.memory, session.counts, read_memories(journal)))
        if act == "answer":
            session.answer(Rating.AGAIN, MORNING)
        else:
            getattr(session, act)(MORNING)
    while states:
        session.undo(MORNING)
        expected = states.pop()
        assert asked(session) == expected[0]
        assert session.memory == expected[1]
        assert session.counts == expected[2]
        assert read_memories(journal) == expected[3]
    assert session.undo(MORNING) is None
    assert len(read_log(journal)) == 3 + 9 + 9
    assert session.answers == []


@settings(max_examples=40)
@example(  # Two learning steps end at the same millisecond.
    ratings=[*map(Rating, (1, 1, 3)), *[Rating.AGAIN] * 9],
    due=1,
    options=DeckOptions(new_per_day=2, reviews_per_day=1, bury_siblings=False, leech_lapses=1),
)
@given(
    ratings=st.lists(st.sampled_from(Rating), min_size=1, max_size=30),
    due=st.integers(0, 8),
    options=st.builds(
        DeckOptions,
        new_per_day=st.integers(0, 6),
        reviews_per_day=st.integers(0, 6),
        bury_siblings=st.booleans(),
        leech_lapses=st.integers(1, 3),
    ),
)
def test_a_queue_that_was_told_of_answers_is_the_one_made_after_them(
    tmp_path_factory: pytest.TempPathFactory,
    ratings: list[Rating],
    due: int,
    options: DeckOptions,
) -> None:
    journal = open_journal(tmp_path_factory.mktemp("queue") / "x.db", options)
    items = make_items(8, sides=("recall", "reverse"))
    make_due(journal, items[:due])
    session = sit(journal, items)
    for minutes, rating in enumerate(ratings):
        if session.current is None:
            break
        moment = later(MORNING, minutes=minutes)
        session.answer(rating, moment)
        fresh = sit(journal, items, moment)
        assert fresh.counts == session.counts
        assert fresh.current == session.current
        assert fresh.list_ahead() == session.list_ahead()
    journal.store.close()
