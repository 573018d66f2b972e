"""The merge with Anki: what is in either log is in both afterwards, once, with the same memory.

The collection is one in memory; `test_worlds.py` does the same with real ones.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anki_memory import PRESET, MemoryAnki
from cardwright.anki.error import AnkiError
from cardwright.anki.rows import CardQueue
from cardwright.app.anki.file_import import find_project_notes
from cardwright.app.anki.options import list_remedies
from cardwright.app.anki.row_ids import Placing
from cardwright.app.anki.sync import sync_anki
from cardwright.app.anki.synced import Synced, VanishedError
from cardwright.app.doctor.rescue import rescue_store
from cardwright.app.study import Study, open_study
from cardwright.history import Act, Moment, Rating, Review
from cardwright.memory import State
from cardwright.study.error import StoreError
from cardwright.study.mirror import Mirror
from cardwright.study.sync import sync_folder
from project_files import Write
from studying import MORNING, later

AGAIN, HARD, GOOD, EASY = Rating
BIRCH, OAK, PINE = (f"trees:{name}/recall" for name in ("birch", "oak", "pine"))
CHANGES: dict[str, dict[str, int]] = {
    "suspended": {"queue": CardQueue.SUSPENDED},
    "flagged": {"flags": 4},
    "buried": {"queue": CardQueue.BURIED},
    "moved": {"deck_id": 7},
}
MARKS = {Act.SUSPEND, Act.UNSUSPEND, Act.FLAG, Act.UNFLAG}
CARDS = """\
kind: term
cards:
  - {id: birch, term: Birch, definition: White bark.}
  - {id: oak, term: Oak, definition: Acorns.}
  - {id: pine, term: Pine, definition: Needles.}
"""


class Machine:
    """A terminal with a store of its own."""

    def __init__(self, project: Path, store: Path) -> None:
        self.project = project
        self.store = store
        self.now = MORNING

    @contextmanager
    def open(self) -> Iterator[Study]:
        with open_study(self.project, self.store, self.now) as study:
            yield study

    def record(self, key: str, act: Act, moment: Moment | None = None, **values: Any) -> Review:
        with self.open() as study, study.store.transaction():
            review, _ = study.journal.record(key, act, moment or self.now, **values)
        return review

    def answer(self, key: str, rating: Rating, moment: Moment | None = None) -> Review:
        return self.record(key, Act.ANSWER, moment, rating=rating)

    def sync(self, anki: MemoryAnki, **choices: Any) -> Synced:
        with self.open() as study:
            return sync_anki(study, find_project_notes(study), anki, **choices)

    def list_reviews(self, key: str) -> list[Review]:
        with self.open() as study:
            return list(study.store.list_reviews(key))

    def list_log(self, key: str) -> list[tuple[int, int]]:
        shared = (Act.ANSWER, Act.CRAM, Act.RESET)
        found = [review for review in self.list_reviews(key) if review.act in shared]
        return [(review.at_ms, int(review.rating or 0)) for review in found]

    def read(self, key: str) -> Any:
        with self.open() as study:
            return study.store.read_memory(key)[0]

    def share(self, other: Machine) -> None:
        """Bring all reviews to another machine."""
        with self.open() as study:
            reviews = list(study.store.list_log())
        with other.open() as study:
            study.journal.merge(reviews)


@pytest.fixture
def forest(write: Write) -> Path:
    return write({"cards/trees/a.yaml": CARDS})


@pytest.fixture
def here(forest: Path, tmp_path: Path) -> Machine:
    return Machine(forest, tmp_path / "reviews.db")


@pytest.fixture
def anki(here: Machine) -> MemoryAnki:
    """Anki, with the cards of the project."""
    found = MemoryAnki()
    with here.open() as study:
        for note in find_project_notes(study).values():
            found.add(note)
    return found


def count(done: Synced) -> tuple[int, int, int]:
    return done.pulled, done.pushed, done.cards


def expect_same(here: Machine, anki: MemoryAnki, *keys: str) -> None:
    """Check that both sides agree, and that another sync does nothing."""
    for key in keys or (BIRCH, OAK, PINE):
        assert here.list_log(key) == anki.list_log(key)
        ours, theirs = here.read(key), anki.read_memory(key)
        assert ours.state is theirs.state
        assert ours.stability == pytest.approx(theirs.stability, abs=1e-3, rel=1e-3)
        assert ours.difficulty == pytest.approx(theirs.difficulty, abs=1e-3)
        assert (ours.is_suspended, ours.is_flagged) == (theirs.is_suspended, theirs.is_flagged)
        if ours.state is State.REVIEW:
            assert ours.due_day == theirs.due_day
    writes = anki.writes
    again = here.sync(anki)
    assert again.has_nothing_new
    assert anki.writes == writes


def test_answers_go_both_ways(here: Machine, anki: MemoryAnki) -> None:
    here.answer(BIRCH, EASY)
    here.answer(BIRCH, GOOD, later(MORNING, 8))
    anki.answer(OAK, EASY, later(MORNING, hours=1))
    anki.answer(PINE, AGAIN, later(MORNING, hours=2))
    here.answer(PINE, GOOD, later(MORNING, hours=3))
    here.now = later(MORNING, 8, hours=1)

    assert count(here.sync(anki)) == (2, 3, 2)
    expect_same(here, anki)
    assert len(anki.list_log(BIRCH)) == 2


def test_the_later_of_two_devices_did_not_know_of_the_earlier_answer(
    here: Machine, anki: MemoryAnki
) -> None:
    anki.answer(BIRCH, EASY, MORNING)
    here.sync(anki)
    here.answer(BIRCH, AGAIN, later(MORNING, 8))
    was = anki.cards[BIRCH]
    here.now = later(MORNING, 8, hours=1)
    here.sync(anki)
    # The phone answers offline, and Anki keeps its card, which is newer, and the rows of both.
    anki.cards[BIRCH] = was
    anki.answer(BIRCH, GOOD, later(MORNING, 9))
    here.now = later(MORNING, 9, hours=1)

    assert count(here.sync(anki)) == (1, 0, 1)
    expect_same(here, anki)


@pytest.mark.parametrize(
    ("state", "mark"),
    [
        ("new", "moved"),
        ("review", "suspended"),
        ("review", "flagged"),
        ("reset", "buried"),
        ("shifted", "moved"),
        ("theirs", "flagged"),
        ("theirs, new", "moved"),
        ("theirs, reset", "moved"),
    ],
)
def test_a_device_that_did_not_know_of_the_last_act_overwrites_the_card(
    here: Machine, anki: MemoryAnki, state: str, mark: str
) -> None:
    """Anki keeps its own card, which is newer, and both rows; nothing in the log is new."""
    if not state.endswith("new"):
        anki.answer(BIRCH, EASY, MORNING)
    if state == "shifted":
        # Its row gets another second than it has itself.
        at_ms = later(MORNING, 8).at_ms
        anki.taken |= set(range(at_ms - 1_500, at_ms + 1_500))
    here.sync(anki)
    was = anki.cards[BIRCH]
    if state == "reset":
        here.record(BIRCH, Act.RESET, later(MORNING, 8))
    elif state == "theirs, reset":
        anki.reset(BIRCH, later(MORNING, 8))
    elif state.startswith("theirs"):
        anki.answer(BIRCH, GOOD, later(MORNING, 8))
    else:
        here.answer(BIRCH, GOOD, later(MORNING, 8))
    here.now = later(MORNING, 9)
    here.sync(anki)
    before = here.list_reviews(BIRCH)
    anki.cards[BIRCH] = was
    anki.change(BIRCH, **CHANGES[mark])

    done = here.sync(anki)

    assert count(done) == (0, 0, 1)
    assert [one for one in here.list_reviews(BIRCH) if one.act not in MARKS] == before
    if state != "shifted":
        expect_same(here, anki)
    assert here.sync(anki).has_nothing_new
    assert anki.cards[BIRCH].row.is_suspended == (mark == "suspended")
    # A due day that is moved in Anki afterwards counts.
    if state in {"review", "shifted"}:
        anki.change(BIRCH, due=anki.cards[BIRCH].row.due + 3)
        assert here.sync(anki).marks == {"reschedule": 1}


@pytest.mark.parametrize("is_moved", [False, True])
def test_two_devices_with_anki_did_not_know_of_each_other(
    here: Machine, anki: MemoryAnki, is_moved: bool
) -> None:
    """The log has the rows of both, and the card the state of one."""
    anki.answer(BIRCH, EASY, MORNING)
    here.sync(anki)
    was = anki.cards[BIRCH]
    anki.answer(BIRCH, AGAIN, later(MORNING, 8))
    anki.answer(BIRCH, GOOD, later(MORNING, 8, hours=1))
    theirs = anki.cards[BIRCH]
    anki.cards[BIRCH] = was
    anki.answer(BIRCH, GOOD, later(MORNING, 9))
    here.now = later(MORNING, 10)
    if is_moved:
        # The one with the last answer was synced first.
        was = anki.cards[BIRCH]
        anki.cards[BIRCH] = theirs
        here.sync(anki)
        anki.cards[BIRCH] = was

    assert count(here.sync(anki)) == (0 if is_moved else 3, 0, 1)
    expect_same(here, anki)


def test_an_answer_from_anki_is_older_than_one_from_here(here: Machine, anki: MemoryAnki) -> None:
    here.answer(BIRCH, GOOD, later(MORNING, 2))
    here.now = later(MORNING, 3)
    here.sync(anki)
    card = anki.cards[BIRCH]
    anki.answer(BIRCH, AGAIN, MORNING)
    anki.cards[BIRCH] = card

    assert count(here.sync(anki)) == (1, 0, 1)
    expect_same(here, anki)


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def test_a_dry_run_changes_nothing(here: Machine, anki: MemoryAnki) -> None:
    here.sync(anki)
    here.answer(BIRCH, GOOD)
    anki.answer(OAK, EASY, later(MORNING, hours=1))
    anki.suspend(PINE)
    before = dump(here.store)

    done = here.sync(anki, is_dry_run=True)

    assert (count(done), done.marks) == ((1, 1, 1), {"suspend": 1})
    assert anki.writes == 0
    assert dump(here.store) == before
    assert count(here.sync(anki)) == count(done)


def fail() -> None:
    raise AnkiError("killed")


@pytest.mark.parametrize("when", ["before_write", "after_write"])
def test_an_interrupted_sync_is_completed(here: Machine, anki: MemoryAnki, when: str) -> None:
    here.answer(BIRCH, EASY)
    here.record(OAK, Act.FLAG)
    anki.answer(PINE, EASY, later(MORNING, hours=1))
    setattr(anki, when, fail)
    with pytest.raises(AnkiError, match="killed"):
        here.sync(anki)
    setattr(anki, when, lambda: None)
    # An answer that may be in Anki already can no longer be undone.
    [review] = here.list_reviews(BIRCH)
    with pytest.raises(StoreError, match="cannot be undone"):
        here.record(BIRCH, Act.UNDO, undoes=review.id)

    here.sync(anki)

    expect_same(here, anki)
    assert len(here.list_log(BIRCH)) == len(here.list_log(PINE)) == 1


def test_anki_changes_while_we_sync(here: Machine, anki: MemoryAnki) -> None:
    here.answer(BIRCH, EASY)

    def answer_once() -> None:
        anki.before_write = lambda: None
        anki.answer(OAK, EASY, later(MORNING, hours=1))

    anki.before_write = answer_once
    assert count(here.sync(anki)) == (1, 1, 1)
    expect_same(here, anki)


def test_answers_of_the_same_millisecond_keep_their_times(here: Machine, anki: MemoryAnki) -> None:
    anki.taken.add(MORNING.at_ms + 1)
    for key in (BIRCH, OAK, PINE):
        here.answer(key, EASY)

    here.sync(anki)

    assert {review.at_ms for key in (BIRCH, OAK, PINE) for review in here.list_reviews(key)} == {
        MORNING.at_ms
    }
    ids = sorted(id for key in (BIRCH, OAK, PINE) for id, _ in anki.list_log(key))
    assert len(set(ids)) == 3
    assert MORNING.at_ms + 1 not in ids
    assert here.sync(anki).has_nothing_new


def test_what_was_undone_in_anki_is_undone_here(here: Machine, anki: MemoryAnki) -> None:
    was = anki.cards[BIRCH].row
    row_id = anki.answer(BIRCH, EASY, MORNING)
    here.sync(anki)
    anki.undo(row_id, was)

    assert here.sync(anki).undone == 1
    assert here.read(BIRCH).is_new
    expect_same(here, anki)
    # Redone in Anki, it counts again.
    anki.answer(BIRCH, EASY, MORNING)
    here.sync(anki)
    expect_same(here, anki)
    assert here.list_log(BIRCH) == [(MORNING.at_ms, EASY)]


def test_what_came_from_here_and_is_gone_is_written_again(here: Machine, anki: MemoryAnki) -> None:
    here.answer(BIRCH, EASY)
    before = anki.copy()
    here.sync(anki)

    assert count(here.sync(before)) == (0, 1, 1)
    expect_same(here, before)


@pytest.mark.parametrize("choice", ["undo", "restore"])
def test_a_restored_backup_is_asked_about(here: Machine, anki: MemoryAnki, choice: str) -> None:
    before = anki.copy()
    anki.answer(BIRCH, EASY, MORNING)
    here.answer(OAK, EASY, later(MORNING, minutes=1))
    here.now = later(MORNING, hours=1)
    here.sync(anki)

    with pytest.raises(VanishedError, match="lacks 2 rows") as caught:
        here.sync(before)
    assert "--vanished restore" in caught.value.help
    assert before.writes == 0
    here.sync(before, vanished=choice)

    expect_same(here, before)
    assert len(here.list_log(BIRCH)) == len(here.list_log(OAK)) == (choice == "restore")


def test_a_deleted_card_is_not_made_again(here: Machine, anki: MemoryAnki) -> None:
    here.answer(BIRCH, EASY)
    here.sync(anki)
    anki.delete(BIRCH)

    assert here.sync(anki).deleted == [BIRCH]
    assert here.sync(anki).deleted == []
    assert BIRCH not in anki.cards
    assert len(here.list_log(BIRCH)) == 1


@pytest.mark.parametrize("has_log", [False, True])
def test_a_card_that_was_imported_again_gets_its_answers_again(
    here: Machine, anki: MemoryAnki, has_log: bool
) -> None:
    here.answer(BIRCH, EASY)
    here.sync(anki)
    rows = [row for row in anki.log.values() if row.card_id == anki.cards[BIRCH].row.id]
    state = anki.cards[BIRCH].row
    anki.delete(BIRCH)
    with here.open() as study:
        [note] = [n for n in find_project_notes(study).values() if n.key == "trees:birch"]
    anki.add(note)
    new_id = anki.cards[BIRCH].row.id
    if has_log:
        # Their ids are taken by the rows of the deleted card.
        anki.cards[BIRCH] = anki.cards[BIRCH]._replace(row=state._replace(id=new_id))
        for row in rows:
            anki.log[row.id + 1] = row._replace(id=row.id + 1, card_id=new_id)

    done = here.sync(anki)

    assert done.pushed == (0 if has_log else 1)
    assert len(here.list_log(BIRCH)) == len(anki.list_log(BIRCH)) == 1
    assert here.read(BIRCH).due_day == anki.read_memory(BIRCH).due_day
    assert here.sync(anki).has_nothing_new


def test_the_first_sync_takes_nothing_away(here: Machine, anki: MemoryAnki) -> None:
    here.record(BIRCH, Act.SUSPEND)
    here.record(BIRCH, Act.FLAG)
    anki.suspend(OAK)
    anki.change(OAK, flags=3)

    done = here.sync(anki)

    assert (done.marks, done.cards) == ({"suspend": 1, "flag": 1}, 1)
    expect_same(here, anki)
    assert (anki.cards[OAK].row.flag, anki.cards[BIRCH].row.flag) == (3, 1)


@pytest.mark.parametrize("ours", [None, Act.UNSUSPEND])
@pytest.mark.parametrize("theirs", [False, True])
def test_the_side_that_changed_a_suspension_wins(
    here: Machine, anki: MemoryAnki, ours: Act | None, theirs: bool
) -> None:
    anki.answer(BIRCH, EASY, MORNING)
    here.record(BIRCH, Act.SUSPEND)
    here.sync(anki)
    before = anki.read_memory(BIRCH)
    if ours:
        here.record(BIRCH, ours)
    if theirs:
        anki.unsuspend(BIRCH)

    here.sync(anki)

    assert here.read(BIRCH).is_suspended == (ours is None and not theirs)
    expect_same(here, anki)
    # Only the queue has changed.
    assert anki.read_memory(BIRCH)._replace(is_suspended=True) == before


def test_a_card_in_a_filtered_deck_is_written_when_it_is_back(
    here: Machine, anki: MemoryAnki
) -> None:
    anki.answer(BIRCH, EASY, MORNING)
    here.sync(anki)
    anki.filter(BIRCH)
    row = anki.cards[BIRCH].row
    here.now = later(MORNING, 9)
    here.answer(BIRCH, GOOD)
    here.record(BIRCH, Act.FLAG)

    done = here.sync(anki)

    assert (done.pending, done.cards) == ([BIRCH], 0)
    assert anki.cards[BIRCH].row == row
    assert here.sync(anki).pending == [BIRCH]
    anki.unfilter(BIRCH)
    assert count(here.sync(anki)) == (0, 0, 1)
    expect_same(here, anki)


def test_a_buried_card_stays_buried(here: Machine, anki: MemoryAnki) -> None:
    anki.change(BIRCH, queue=CardQueue.BURIED_BY_USER)
    here.answer(BIRCH, EASY)

    here.sync(anki)

    assert anki.cards[BIRCH].row.queue == CardQueue.BURIED_BY_USER
    assert here.sync(anki).has_nothing_new


@pytest.mark.parametrize("days", [3, -2])
def test_a_due_day_that_was_moved_without_a_row_counts(
    here: Machine, anki: MemoryAnki, days: int
) -> None:
    anki.answer(BIRCH, EASY, MORNING)
    here.now = later(MORNING, 4)
    here.sync(anki)
    anki.change(BIRCH, due=anki.cards[BIRCH].row.due + days)

    done = here.sync(anki)

    assert (count(done), done.marks) == ((0, 0, 0), {"reschedule": 1})
    expect_same(here, anki)
    # An answer from here ends that, and the act without a row stays here.
    here.now = later(MORNING, 12)
    here.answer(BIRCH, GOOD)
    assert count(here.sync(anki)) == (0, 1, 1)
    expect_same(here, anki)


def test_resets_go_both_ways(here: Machine, anki: MemoryAnki) -> None:
    for key in (BIRCH, OAK, PINE):
        anki.answer(key, EASY, MORNING)
    here.sync(anki)
    here.now = later(MORNING, 2)
    here.record(BIRCH, Act.RESET, later(MORNING, 1, hours=1))
    anki.reset(OAK, later(MORNING, 1))
    # An older program made it new, and left no row.
    data = f'{{"lrt":{MORNING.at_ms // 1000}}}'
    anki.change(PINE, kind=0, queue=0, due=7, interval_days=0, data=data)

    here.sync(anki)

    assert all(here.read(key).is_new for key in (BIRCH, OAK, PINE))
    expect_same(here, anki)


def test_two_machines_share_one_anki_and_a_folder(
    here: Machine, anki: MemoryAnki, forest: Path, tmp_path: Path
) -> None:
    there = Machine(forest, tmp_path / "there.db")
    here.answer(BIRCH, EASY)
    here.sync(anki)
    assert count(there.sync(anki)) == (1, 0, 0)
    here.share(there)
    there.share(here)

    for machine in (here, there):
        assert machine.list_log(BIRCH) == [(MORNING.at_ms, EASY)]
        expect_same(machine, anki)
    here.share(there)
    assert here.list_reviews(BIRCH) == there.list_reviews(BIRCH)
    # The copy in the store of the other one was undone, so the original cannot be either.
    [review] = there.list_reviews(BIRCH)
    with pytest.raises(StoreError, match="cannot be undone"):
        there.record(BIRCH, Act.UNDO, undoes=review.id)


@pytest.mark.parametrize("is_shared_first", [False, True])
@pytest.mark.parametrize("number", [0, 30])
def test_a_row_with_another_id_than_its_time_is_known_to_all_machines(
    here: Machine,
    anki: MemoryAnki,
    forest: Path,
    tmp_path: Path,
    number: int,
    is_shared_first: bool,
) -> None:
    """Which answer it is follows from the answer and the log, whatever comes first."""
    there = Machine(forest, tmp_path / "there.db")
    anki.taken |= set(range(MORNING.at_ms - number, MORNING.at_ms + number))
    for key in (BIRCH, OAK, PINE):
        here.answer(key, EASY)
    if is_shared_first:
        here.share(there)
    here.sync(anki)
    rows = dict(anki.log)
    for _ in range(3):
        there.sync(anki)
        there.share(here)
        here.sync(anki)
        here.share(there)

    assert anki.log == rows
    for machine in (there, here):
        expect_same_answers(machine, anki)
        assert machine.sync(anki).has_nothing_new
    assert here.list_reviews(BIRCH) == there.list_reviews(BIRCH)


def expect_same_answers(machine: Machine, anki: MemoryAnki) -> None:
    """Check that each prompt has one answer, at its own time, on both sides."""
    for key in (BIRCH, OAK, PINE):
        assert machine.list_log(key) == [(MORNING.at_ms, EASY)]
        assert len(anki.list_log(key)) == 1


@pytest.mark.parametrize("name", ["flag", "suspend"])
def test_marks_that_reach_a_machine_in_two_ways_come_to_rest(
    here: Machine, anki: MemoryAnki, forest: Path, tmp_path: Path, name: str
) -> None:
    """A folder joins the terminals, and AnkiWeb the collections; what was done last holds."""
    there, other = Machine(forest, tmp_path / "there.db"), anki.copy()
    folder = tmp_path / "shared"
    folder.mkdir()

    def change(machine: Machine, collection: MemoryAnki, hours: int) -> None:
        machine.now = later(MORNING, hours=hours)
        row = collection.cards[BIRCH].row
        machine.sync(collection)
        if collection.cards[BIRCH].row != row:
            collection.change(BIRCH, mod_s=machine.now.at_ms // 1000)

    def exchange(machine: Machine) -> None:
        first, second = anki.cards[BIRCH], other.cards[BIRCH]
        newer = max(first, second, key=lambda card: card.row.mod_s)
        anki.cards[BIRCH] = other.cards[BIRCH] = newer
        with machine.open() as study:
            sync_folder(study.journal, folder, moment=machine.now)

    there.sync(other)
    here.record(BIRCH, Act(name), later(MORNING, hours=1))
    change(here, anki, 2)
    here.record(BIRCH, Act(f"un{name}"), later(MORNING, hours=3))
    exchange(here)
    for hours in range(4, 14, 2):
        change(there, other, hours)
        exchange(there)
        change(here, anki, hours + 1)
        exchange(here)

    expect_same(here, anki)
    expect_same(there, other)
    memory = here.read(BIRCH)
    assert not memory.is_flagged
    assert not memory.is_suspended
    assert there.read(BIRCH) == memory


def test_machines_that_took_a_row_for_different_answers_come_to_rest(
    here: Machine, anki: MemoryAnki, forest: Path, tmp_path: Path
) -> None:
    there = Machine(forest, tmp_path / "there.db")
    here.answer(BIRCH, EASY)
    here.share(there)
    anki.taken.add(MORNING.at_ms)
    here.sync(anki)
    # A row that has moved so far is not recognized, so the answer is written once more.
    [(row_id, _)] = anki.list_log(BIRCH)
    row = anki.log.pop(row_id)
    moved = row_id + 70
    anki.log[moved] = row._replace(id=moved)
    with here.open() as study, study.store.transaction():
        mirror = Mirror(study.store, anki.place)
        mirror.put_rows({moved: mirror.read_rows()[row_id]})
        mirror.forget_rows([row_id])
    folder = tmp_path / "shared"
    folder.mkdir()
    for _ in range(4):
        for machine in (there, here):
            machine.sync(anki)
            with machine.open() as study:
                sync_folder(study.journal, folder, moment=machine.now)

    assert len(anki.list_log(BIRCH)) == 2
    assert here.list_reviews(BIRCH) == there.list_reviews(BIRCH)
    for machine in (there, here):
        assert machine.sync(anki).has_nothing_new


def test_machines_with_other_options_agree_on_what_was_promised(
    here: Machine, anki: MemoryAnki, forest: Path, tmp_path: Path
) -> None:
    there = Machine(forest, tmp_path / "there.db")
    with there.open() as study:
        study.store.settings.put({("trees", "desired_retention"): 0.8}, MORNING.at_ms)
    anki.answer(BIRCH, EASY, MORNING)
    here.sync(anki)
    there.sync(anki)
    folder = tmp_path / "shared"
    folder.mkdir()
    for machine in (here, there, here, there):
        with machine.open() as study:
            sync_folder(study.journal, folder, moment=machine.now)

    assert here.list_reviews(BIRCH) == there.list_reviews(BIRCH)
    assert len(here.list_log(BIRCH)) == 1


def test_an_undo_that_comes_too_late_does_not_count(
    here: Machine, anki: MemoryAnki, forest: Path, tmp_path: Path
) -> None:
    there = Machine(forest, tmp_path / "there.db")
    review = here.answer(BIRCH, EASY)
    here.share(there)
    there.record(BIRCH, Act.UNDO, undoes=review.id)
    here.sync(anki)
    there.share(here)
    assert here.read(BIRCH).is_new

    done = here.sync(anki)

    assert (done.returned, count(done)) == (1, (0, 0, 0))
    expect_same(here, anki)
    here.share(there)
    assert there.list_log(BIRCH) == [(MORNING.at_ms, EASY)]


def test_our_store_is_restored_from_a_backup(
    here: Machine, anki: MemoryAnki, tmp_path: Path
) -> None:
    here.answer(BIRCH, EASY)
    here.sync(anki)
    with here.open() as study:
        study.store.copy_to(tmp_path / "backup.db")
    here.answer(OAK, EASY, later(MORNING, hours=1))
    here.now = later(MORNING, hours=2)
    here.sync(anki)
    here.store = tmp_path / "backup.db"

    assert count(here.sync(anki)) == (1, 0, 0)
    expect_same(here, anki)


def test_a_store_that_forgot_the_sync_finds_its_rows(here: Machine, anki: MemoryAnki) -> None:
    here.answer(BIRCH, EASY)
    here.sync(anki)
    with here.open() as study, study.store.transaction():
        mirror = Mirror(study.store, anki.place)
        mirror.forget_rows(mirror.read_rows())
        mirror.forget_cards(mirror.read_cards())

    assert here.sync(anki).has_nothing_new
    expect_same(here, anki)


def test_what_a_rescued_store_has_lost_is_pulled_again(
    here: Machine, anki: MemoryAnki, tmp_path: Path
) -> None:
    here.answer(BIRCH, EASY)
    anki.answer(OAK, EASY, later(MORNING, hours=1))
    here.now = later(MORNING, hours=2)
    here.sync(anki)
    with closing(sqlite3.connect(here.store)) as db:
        db.execute("drop trigger reviews_remain")
        db.execute("delete from reviews where act = 'answer'")
        db.commit()
    rescue_store(here.store, tmp_path / "rescued.db")
    here.store = tmp_path / "rescued.db"

    assert count(here.sync(anki)) == (2, 0, 0)
    expect_same(here, anki)


def test_a_pack_that_got_a_namespace_syncs_under_its_history(
    here: Machine, write: Write, tmp_path: Path
) -> None:
    write({"decks/trees/deck.yaml": "name: Trees\nnamespace: woods\n"})
    with here.open() as study, study.store.transaction():
        study.journal.record("trees:birch/recall", Act.ANSWER, MORNING, rating=EASY)
    anki = MemoryAnki()
    with open_study(here.project, here.store, MORNING, lambda _: True) as study:
        assert study.store.aliases.histories == {"woods": "trees"}
        notes = find_project_notes(study)
        keys = [anki.add(note) for note in notes.values()]
        assert keys[0] == BIRCH
        anki.answer(OAK, EASY, later(MORNING, hours=1))

        assert count(sync_anki(study, notes, anki)) == (1, 1, 1)

        assert study.store.read_memory(OAK)[0].state is State.REVIEW
        assert sync_anki(study, notes, anki).has_nothing_new
    assert tmp_path


def test_prompts_without_a_card_in_anki_are_told_once(here: Machine) -> None:
    anki = MemoryAnki()
    here.answer(BIRCH, EASY)

    first, again = here.sync(anki), here.sync(anki)

    assert (first.missing, first.is_missing_new, first.found) == (1, True, 0)
    assert (again.missing, again.is_missing_new) == (1, False)


def test_fsrs_is_off(here: Machine, anki: MemoryAnki) -> None:
    anki.is_fsrs = False
    here.answer(BIRCH, EASY)
    anki.answer(OAK, EASY, later(MORNING, hours=1))

    done = here.sync(anki)

    assert (count(done), done.is_fsrs) == ((1, 1, 1), False)
    assert '"s"' not in anki.cards[BIRCH].row.data
    for key in (BIRCH, OAK):
        assert here.list_log(key) == anki.list_log(key)
        assert here.read(key).due_day == anki.read_memory(key).due_day
    assert here.sync(anki).has_nothing_new


def find_named(done: Synced) -> list[tuple[str, str, Any]]:
    return [(one.shown, one.name, one.theirs) for one in done.differences]


def test_options_that_differ_are_named_and_taken(here: Machine, anki: MemoryAnki) -> None:
    older = tuple(range(1, 20))
    parameters = (
        0.4,
        1.2,
        3.2,
        15.7,
        7.2,
        0.5,
        1.5,
        0.01,
        1.5,
        0.1,
        1,
        1.9,
        0.1,
        0.3,
        2.3,
        0.2,
        3,
        0.5,
        0.7,
    )
    assert len(older) == len(parameters)
    anki.presets["Default"] = replace(
        PRESET,
        desired_retention=0.8999999761581421,
        learning_steps_minutes=(15.0,),
        relearning_steps_minutes=(),
        parameters=parameters,
    )
    anki.answer(BIRCH, EASY, MORNING)

    done = here.sync(anki)

    assert find_named(done) == [
        ("trees", "parameters", (*parameters, 0.0, 0.5)),
        ("trees", "learning_steps_minutes", (15.0,)),
        ("trees", "relearning_steps_minutes", ()),
    ]
    assert [list_remedies(one)[0] for one in done.differences] == [
        "`cards anki sync --take-options`",
        "`cards options trees learning_steps_minutes=15`",
        "`cards options trees relearning_steps_minutes=none`",
    ]
    due_day = here.read(BIRCH).due_day

    done = here.sync(anki, takes_options=True)

    assert (done.taken, find_named(done)) == (3, [])
    assert here.read(BIRCH).stability == pytest.approx(15.7)
    # What Anki had promised is not changed by that.
    assert here.read(BIRCH).due_day == due_day == anki.read_memory(BIRCH).due_day
    assert here.sync(anki).has_nothing_new


def test_presets_of_several_decks(here: Machine, anki: MemoryAnki, write: Write) -> None:
    write(
        {
            "decks/trees/deck.yaml": "name: Trees\nnamespace: trees\ndecks:\n"
            "  - {name: Leaves, select: {id: [birch, oak]}}\n"
            "  - {name: Needles, select: {id: [pine]}}\n"
        }
    )
    anki.presets["Hard"] = replace(PRESET, name="Hard", desired_retention=0.95)
    for key in (OAK, PINE):
        anki.cards[key] = anki.cards[key]._replace(preset="Hard")

    named = find_named(here.sync(anki))

    assert named[0] == ("trees", "desired_retention", 0.95)
    assert len(named) == 2
    done = here.sync(anki, takes_options=True)
    # Two cards of one deck here are under different presets there, which nobody here can align.
    assert [(one.can_take, one.preset) for one in done.differences] == [(False, "Default")] or [
        (one.can_take, one.preset) for one in done.differences
    ] == [(False, "Hard")]


def test_a_second_preset_with_other_parameters_cannot_be_taken(
    here: Machine, anki: MemoryAnki
) -> None:
    anki.presets["Fitted"] = replace(PRESET, name="Fitted", parameters=tuple([0.5] * 3))
    anki.cards[OAK] = anki.cards[OAK]._replace(preset="Fitted")

    [one] = here.sync(anki, takes_options=True).differences

    assert (one.preset, one.name, one.can_take) == ("Fitted", "parameters", False)


def test_reviews_that_anki_ignores_are_named(here: Machine, anki: MemoryAnki) -> None:
    anki.answer(BIRCH, EASY, MORNING)
    anki.presets["Default"] = replace(PRESET, ignores_before_ms=later(MORNING, 1).at_ms)

    [one] = here.sync(anki).differences

    assert (
        one.describe()
        == "Anki's preset Default ignores reviews before 2026-11-03, which count here"
    )


def test_many_prompts_at_once_take_no_longer_each(here: Machine, anki: MemoryAnki) -> None:
    """Ids are chosen without looking at each taken one again."""
    anki.taken = set(range(MORNING.at_ms - 30_000, MORNING.at_ms + 30_000))
    here.answer(BIRCH, EASY)

    here.sync(anki)

    [(row_id, _)] = anki.list_log(BIRCH)
    assert row_id not in anki.taken


def test_a_leech_of_answers_on_both_sides_is_suspended(here: Machine, anki: MemoryAnki) -> None:
    make_lapses(lambda moment: anki.answer(BIRCH, *moment), 0, 4)
    here.now = later(MORNING, 1_000)
    here.sync(anki)
    make_lapses(lambda moment: here.answer(BIRCH, *moment), 4, 8)

    here.sync(anki)

    assert here.read(BIRCH).is_leech
    assert anki.cards[BIRCH].row.is_suspended
    assert here.sync(anki).has_nothing_new


def make_lapses(answer: Callable[[tuple[Rating, Moment]], Any], first: int, last: int) -> None:
    for number in range(first, last):
        start = later(MORNING, number * 40)
        answer((EASY, start))
        answer((AGAIN, later(start, 30)))
        answer((GOOD, later(start, 30, minutes=15)))


@given(st.data())
def test_rows_get_free_ids_in_the_order_of_the_answers(data: st.DataObject) -> None:
    near = st.integers(-3, 12)
    taken = {MORNING.at_ms + one for one in data.draw(st.sets(near))}
    prompts = {}
    known: set[int] = set()
    for number in range(data.draw(st.integers(1, 4))):
        acts: list[tuple[Review, int | None]] = []
        last = 0
        for place, at in enumerate(data.draw(st.lists(near, max_size=5))):
            at_ms = MORNING.at_ms + at
            has_row = at_ms > last and at_ms not in taken | known and data.draw(st.booleans())
            if has_row:
                known.add(at_ms)
                last = at_ms
            acts.append((make_review(f"{place:012x}-{number}", at_ms), at_ms if has_row else None))
        prompts[f"trees:{number}/recall"] = acts

    chosen = Placing(lambda ids: set(ids) & (taken | known)).place(prompts, 4)

    assert len(set(chosen.values())) == len(chosen)
    assert not (taken | known) & set(chosen.values())
    for acts in prompts.values():
        ids = [chosen.get(review.id, id or 0) for review, id in acts]
        rows = [id for _, id in acts if id]
        for (review, id), row_id in zip(acts, ids, strict=True):
            if id is None and not rows:
                assert abs(row_id - review.at_ms) < 60
        if not rows:
            assert ids == sorted(ids)
        assert len(chosen.keys() & {review.id for review, _ in acts}) == len(acts) - len(rows)


def make_review(id: str, at_ms: int) -> Review:
    return Review(
        id=id,
        key=BIRCH,
        act=Act.ANSWER,
        rating=GOOD,
        at_ms=at_ms,
        utc_offset_minutes=60,
        duration_ms=0,
        undoes=None,
    )
