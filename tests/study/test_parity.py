"""Memories and intervals compared with Anki's own backend and fsrs-rs."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from anki_backend import Anki
from cardwright.history import Act, Moment, Rating, Review, count_study_day, make_time
from cardwright.memory import Memory, State
from cardwright.model import DeckOptions
from cardwright.study.schedule import ActRow, Schedule

OFFSET_MINUTES = Moment.from_datetime(datetime.now().astimezone()).utc_offset_minutes
"""Anki counts days in the zone of the machine it runs on."""
START_MS = 1_718_000_000_000
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
GAPS_MS = (MINUTE_MS, 9 * MINUTE_MS, HOUR_MS, 7 * HOUR_MS, 16 * HOUR_MS, 23 * HOUR_MS)


def make_history(dice: random.Random) -> list[ActRow]:
    """Up to fifteen answers at any hour: minutes, hours and months apart."""
    at_ms = START_MS + dice.randrange(DAY_MS)
    acts = []
    for _ in range(dice.randint(1, 15)):
        rating = dice.choices(list(Rating), weights=(2, 1, 6, 1))[0]
        acts.append(ActRow("answer", rating, at_ms, OFFSET_MINUTES))
        if dice.random() < 0.4:
            at_ms += dice.choice(GAPS_MS) + dice.randrange(MINUTE_MS)
        else:
            at_ms += dice.randrange(HOUR_MS, 40 * DAY_MS)
    return acts


@pytest.fixture(scope="module")
def anki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anki]:
    made = Anki(tmp_path_factory.mktemp("parity") / "anki")
    yield made
    made.col.close()


def add_cards(anki: Anki, number: int) -> list[int]:
    from anki.decks import DeckId

    col = anki.col
    note_type = col.models.by_name("Basic")
    assert note_type is not None
    ids: list[int] = []
    for index in range(number):
        note = col.new_note(note_type)
        note["Front"] = str(index)
        col.add_note(note, DeckId(1))
        ids.append(note.cards()[0].id)
    return ids


def test_a_thousand_histories_give_the_memory_that_anki_computes(anki: Anki) -> None:
    dice = random.Random(7)
    histories = [make_history(dice) for _ in range(1000)]
    cards = add_cards(anki, len(histories))
    rows = []
    taken: set[int] = set()
    for card, history in zip(cards, histories, strict=True):
        kind = 0
        for done in history:
            row_id = done.at_ms
            while row_id in taken:
                row_id += 1
            taken.add(row_id)
            rows.append((row_id, card, -1, done.rating, 1, 1, 0, 1000, kind))
            kind = 1
    assert anki.col.db is not None
    anki.col.db.executemany("insert into revlog values (?,?,?,?,?,?,?,?,?)", rows)
    schedule = Schedule(DeckOptions())

    for card, history in zip(cards, histories, strict=True):
        theirs = anki.col._backend.compute_memory_state(card).state
        ours = schedule.replay("trees:oak/recall", history)
        assert ours.stability == pytest.approx(theirs.stability, rel=1e-3)
        assert ours.difficulty == pytest.approx(theirs.difficulty, abs=1e-3)


STEPS: list[tuple[tuple[float, ...], tuple[float, ...]]] = [
    ((1.0, 10.0), (10.0,)),
    ((), ()),
    ((15.0,), (5.0, 30.0)),
    ((1.0, 10.0, 240.0), (10.0,)),
]


@pytest.mark.parametrize(("steps", "relearning_steps"), STEPS)
def test_every_answer_leads_where_anki_leads(
    steps: tuple[float, ...], relearning_steps: tuple[float, ...]
) -> None:
    options = DeckOptions(
        learning_steps_minutes=steps, relearning_steps_minutes=relearning_steps, fuzz=False
    )
    schedule = Schedule(options)
    dice = random.Random(len(steps) * 10 + len(relearning_steps))
    cases = []
    for _ in range(300):
        history = make_history(dice)
        if dice.random() < 0.2:
            history.append(history[-1]._replace(act="reschedule", rating=None, interval_days=5))
        memory = schedule.replay("trees:oak/recall", history)
        days = dice.choice([0, 1, 3, memory.interval_days, memory.interval_days * 2])
        cases.append((memory, days, history[-1].at_ms + days * DAY_MS))
    set_due = ActRow("reschedule", None, START_MS, OFFSET_MINUTES, 5)
    cases.append((schedule.replay("trees:oak/recall", [set_due]), 0, START_MS + 5 * DAY_MS))

    outcomes = ask_anki(steps, relearning_steps, [case[:2] for case in cases])

    for (memory, days, now_ms), theirs in zip(cases, outcomes, strict=True):
        ours = schedule.preview(memory, Moment(now_ms, OFFSET_MINUTES))
        for (rating, after), (state, wait, stability) in zip(ours.items(), theirs, strict=True):
            case = (memory, days, rating)
            assert after.state == state, case
            assert after.stability == pytest.approx(stability, rel=1e-3), case
            if state == "review" and is_tie(after.stability):
                assert after.interval_days == pytest.approx(wait, rel=1e-3, abs=1), case
            elif state == "review":
                assert after.interval_days == wait, case
            else:
                assert after.due_at_ms is not None
                assert (after.due_at_ms - now_ms) // 1000 == pytest.approx(wait, rel=1e-3, abs=1), (
                    case
                )


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(("interval_days", "days"), [(10, 3), (10, 0), (1, 40)])
def test_a_due_day_that_is_set_is_that_of_anki(
    anki: Anki, state: State, interval_days: int, days: int
) -> None:
    from anki.cards import CardId
    from anki.cards_pb2 import FsrsMemoryState
    from anki.consts import CardQueue, CardType

    (card_id,) = add_cards(anki, 1)
    card = anki.col.get_card(CardId(card_id))
    end_s = anki.col._backend.sched_timing_today().next_day_at
    now_ms = end_s * 1000 - HOUR_MS
    memory = Memory(key="trees:oak/recall")
    if state is not State.NEW:
        card.type = card.queue = list(State).index(state)  # type: ignore[assignment]
        is_long = state in {State.REVIEW, State.RELEARNING}
        card.ivl = interval_days if is_long else 0
        card.due = anki.col.sched.today if state is State.REVIEW else end_s
        card.memory_state = FsrsMemoryState(stability=10, difficulty=5)
        card.last_review_time = end_s - days * DAY_MS // 1000 - 7200
        anki.col.update_card(card)
        last = Moment(card.last_review_time * 1000, OFFSET_MINUTES)
        memory = memory._replace(
            state=state,
            # While it is learned again, our memory does not keep Anki's next interval.
            interval_days=interval_days if state is State.REVIEW else 0,
            stability=10.0,
            last_day=last.study_day(4),
        )
    schedule = Schedule(DeckOptions())

    for wait in (5, 8, 0):
        anki.col.sched.set_due_date([CardId(card_id)], str(wait))
        theirs = anki.col.get_card(CardId(card_id))
        review = Review(
            id=f"{now_ms:012x}-a",
            key=memory.key,
            act=Act.RESCHEDULE,
            rating=None,
            at_ms=now_ms,
            utc_offset_minutes=OFFSET_MINUTES,
            duration_ms=0,
            undoes=None,
            interval_days=wait,
        )
        memory = schedule.apply(memory, review)
        today = review.moment.study_day(4)
        assert (theirs.type, theirs.queue) == (CardType(2), CardQueue(2))
        assert memory.state is State.REVIEW
        assert memory.due_day == today + theirs.due - anki.col.sched.today
        assert memory.interval_days == theirs.ivl


def is_tie(stability: float) -> bool:
    """Whether rounding is decided by what single precision leaves of a number."""
    return abs(stability % 1 - 0.5) < 2e-4 * stability


def ask_anki(
    steps: tuple[float, ...],
    relearning_steps: tuple[float, ...],
    cases: list[tuple[Memory, int]],
) -> list[list[tuple[str, int, float]]]:
    """Where Anki leads from each memory, answered so many study days after its last answer."""
    asked = []
    for memory, days in cases:
        in_steps = relearning_steps if memory.state is State.RELEARNING else steps
        left = 0 if memory.state is State.REVIEW else max(len(in_steps) - (memory.step or 0), 0)
        asked.append({**memory._asdict(), "remaining_steps": left, "days": days})
    given = {"steps": steps, "relearning_steps": relearning_steps, "cases": asked}
    done = subprocess.run(
        [sys.executable, Path(__file__).parents[1] / "support" / "anki_intervals.py"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "ANKI_TEST_MODE": "1"},
    )
    outcomes: list[list[tuple[str, int, float]]] = json.loads(done.stdout)
    return outcomes


def test_the_fsrs_package_agrees() -> None:
    """test_fsrs.py holds the formulas equal; this holds how the schedule uses them."""
    import fsrs

    dice = random.Random(13)
    schedule, theirs = Schedule(DeckOptions()), fsrs.Scheduler(enable_fuzzing=False)
    for number in range(500):
        history = make_history(dice)
        card = fsrs.Card(card_id=number)
        for done in history:
            # Noon of the study day: the package counts blocks of 24 hours.
            day = count_study_day(done.at_ms, done.utc_offset_minutes, 4)
            noon = make_time(day * DAY_MS + DAY_MS // 2)
            card, _ = theirs.review_card(card, fsrs.Rating(done.rating or 0), noon)
        ours = schedule.replay("trees:oak/recall", history)
        assert ours.stability == pytest.approx(card.stability, rel=1e-12)
        assert ours.difficulty == pytest.approx(card.difficulty, rel=1e-12)


def test_fsrs_rs_agrees() -> None:
    from fsrs_rs_python import FSRS, FSRSItem, FSRSReview

    dice = random.Random(11)
    schedule = Schedule(DeckOptions())
    rust = FSRS(list(schedule.parameters))
    for _ in range(500):
        history = make_history(dice)
        steps = [step for _, step in schedule.trace("trees:oak/recall", history)]
        reviews = [
            FSRSReview(int(done.rating or 0), step.elapsed_days)
            for done, step in zip(history, steps, strict=True)
        ]
        theirs = rust.memory_state(FSRSItem(reviews))
        assert steps[-1].after.stability == pytest.approx(theirs.stability, rel=1e-4)
        assert steps[-1].after.difficulty == pytest.approx(theirs.difficulty, abs=1e-4)
