"""Random histories of a deck that is studied in Anki and in the terminal, synced in any order.

`python anki_world.py` runs under a clock of `anki_clock.start_program`, and prints what it did as JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from anki.collection import Collection

from anki_author import Author
from anki_clock import Clock
from anki_connect import serve_anki_connect
from anki_phone import USER, CardState, LogEntry, Phone, SyncServer
from anki_runner import Ran, Runner
from cardwright.app.study import Study, open_study
from cardwright.history import Act, Moment, Rating, Review
from cardwright.memory import Memory, State
from cardwright.study.error import StoreError
from cardwright.study.queue import SessionOptions
from cardwright.study.store import open_store

START: Final = datetime(2026, 9, 7, 4, 30, tzinfo=UTC)
"""When a world begins. Its time zone has no summer time."""
ZONE: Final = "Asia/Kolkata"
_DONE: Final = re.compile(r"(\d[\d,]*) from Anki, (\d[\d,]*) to Anki, (\d[\d,]*) cards?\b")
_DERIVED: Final = re.compile(r"(?:_reset|_from)[0-9]*$")
"""How the ids of reviews end that stand for what Anki's FSRS does without a row."""
_TYPES: Final = {State.NEW: 0, State.LEARNING: 1, State.REVIEW: 2, State.RELEARNING: 3}
_TOLERANCE: Final = 1e-3
_STORED_TOLERANCE: Final = 5e-3
"""Of what Anki itself stored: each of its answers starts from what the last one left, rounded."""
_SOUND: Final = ("Added last review time", "Database rebuilt")


class BrokenWorldError(AssertionError):
    """A promise of the sync was broken."""


def now() -> Moment:
    """Return the time of the world."""
    return Moment.from_datetime(datetime.now().astimezone())


class Terminal:
    """The project's user at the terminal, who does at random what users do."""

    def __init__(
        self,
        folder: Path,
        author: Author,
        dice: random.Random,
        wait: Callable[[float], None],
    ) -> None:
        self.root = author.root
        self.store_path = folder / "store" / "reviews.db"
        self.store_path.parent.mkdir()
        self.dice = dice
        self.wait = wait
        self.touched: list[str] = []
        """The prompts that the last act was about."""

    def open(self) -> AbstractContextManager[Study]:
        return open_study(self.root, self.store_path, now())

    def act(self, study: Study) -> str:
        """Do one thing at random; return what."""
        name = self.dice.choices(list(_TERMINAL_ACTS), list(_TERMINAL_ACTS.values()))[0]
        self.touched = []
        getattr(self, name)(study)
        return f"{name}: {' '.join(self.touched)}"

    def answer(self, study: Study, *, is_cram: bool = False, undo: float = 0.1) -> None:
        options = SessionOptions(is_cram=is_cram)
        session, _ = study.start_session(None, options, name=f"{self.dice.random()}")
        for _ in range(self.dice.choice((1, 2, 3))):
            self.wait(self.dice.randrange(1, 60))
            session.wait_over(now())
            if session.current is None:
                break
            rating = self.dice.choices(list(Rating), (3, 1, 6, 1))[0]
            self.touched.append(session.current.key)
            session.answer(rating, now(), self.dice.randrange(1, 90_000))
            if self.dice.random() < undo:
                self.wait(1)
                session.undo(now())
        session.close()

    def answer_and_undo(self, study: Study) -> None:
        self.answer(study, undo=1)

    def cram(self, study: Study) -> None:
        self.answer(study, is_cram=True)

    def _mark(self, study: Study, act: Act, wanted: Callable[[Memory], bool]) -> None:
        memories = study.read_memories()
        keys = [item.key for item in study.items]
        chosen = [key for key in keys if wanted(memories.get(key, Memory(key=key)))]
        for key in self.dice.sample(chosen, min(len(chosen), self.dice.choice((1, 1, 2)))):
            self.touched.append(key)
            with study.store.transaction():
                study.journal.record(key, act, now())

    def suspend(self, study: Study) -> None:
        self._mark(study, Act.SUSPEND, lambda memory: not memory.is_suspended)

    def unsuspend(self, study: Study) -> None:
        self._mark(study, Act.UNSUSPEND, lambda memory: memory.is_suspended)

    def flag(self, study: Study) -> None:
        self._mark(study, Act.FLAG, lambda memory: not memory.is_flagged)

    def unflag(self, study: Study) -> None:
        self._mark(study, Act.UNFLAG, lambda memory: memory.is_flagged)

    def bury(self, study: Study) -> None:
        self._mark(study, Act.BURY, lambda _: True)

    def reset(self, study: Study) -> None:
        self._mark(study, Act.RESET, lambda memory: not memory.is_new)

    def undo_old(self, study: Study) -> None:
        """Undo any answer; one that Anki has cannot be undone."""
        answers = [r for r in study.store.list_reviews() if r.act is Act.ANSWER]
        if not answers:
            return
        review = self.dice.choice(answers)
        self.touched.append(review.key)
        with suppress(StoreError), study.store.transaction():
            study.journal.record(review.key, Act.UNDO, now(), undoes=review.id)

    def answer_at_once(self, study: Study) -> None:
        """Record answers to two prompts in the same millisecond, as a script might."""
        items = self.dice.sample(list(study.items), min(2, len(study.items)))
        moment = now()
        self.touched += [item.key for item in items]
        with study.store.transaction():
            for item in items:
                study.journal.record(item.key, Act.ANSWER, moment, rating=Rating.GOOD)

    def answer_late(self, study: Study) -> None:
        """Enter an answer that was given days ago, before others."""
        moment = now()
        at = Moment(
            moment.at_ms - self.dice.randrange(1, 10 * 86_400_000), moment.utc_offset_minutes
        )
        item = self.dice.choice(list(study.items))
        self.touched.append(item.key)
        with study.store.transaction():
            study.journal.record(item.key, Act.ANSWER, at, rating=Rating.GOOD, is_dated=True)


_TERMINAL_ACTS: Final = {
    "answer": 40,
    "answer_and_undo": 3,
    "cram": 3,
    "suspend": 4,
    "unsuspend": 4,
    "flag": 4,
    "unflag": 3,
    "bury": 3,
    "reset": 3,
    "answer_at_once": 1,
    "answer_late": 2,
    "undo_old": 2,
}


class Door:
    """How our sync reaches the user's collection."""

    words: tuple[str, ...] = ()
    """The options of `cards anki sync`."""
    stdin: str = ""
    """What to answer when it asks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment: dict[str, str] = {}
        self.phone_path = folder / "phone" / "collection.anki2"

    def begin(self, phone: Phone) -> None:
        """Let it be as the user has it before the first sync."""

    def enter(self, phone: Phone) -> None:
        """Make way for our sync."""

    def leave(self, phone: Phone) -> None:
        """Go on in Anki."""

    def exchange(self, phone: Phone) -> None:
        """Let Anki sync with the server, if there is one."""

    def list_collections(self) -> list[Path]:
        """Return the files of the collections that our sync may write, while Anki is closed."""
        return [self.phone_path]

    def close(self) -> None:
        """End what it started."""


class ServerDoor(Door):
    """A sync server; our sync is one more device."""

    stdin = f"{USER[1]}\n"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.server = SyncServer(folder / "server")
        self.words = ("--server", self.server.url.replace("//", f"//{USER[0]}@"))

    def begin(self, phone: Phone) -> None:
        phone.log_in(self.server.url)
        phone.upload()

    def exchange(self, phone: Phone) -> None:
        phone.sync()

    def list_collections(self) -> list[Path]:
        return sorted((self.folder / "store").rglob("collection.anki2"))

    def close(self) -> None:
        self.server.close()


class ClosedDoor(Door):
    """The user's own collection, while Anki is closed."""

    words = ("--profile", "User 1")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.environment["ANKI_BASE"] = str(folder / "Anki2")
        self.phone_path = folder / "Anki2" / "User 1" / "collection.anki2"

    def enter(self, phone: Phone) -> None:
        phone.close()

    def leave(self, phone: Phone) -> None:
        phone.open()


class ConnectDoor(Door):
    """A running Anki with the add-on AnkiConnect."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.environment["ANKI_BASE"] = str(folder / "Anki2")
        self.phone_path = folder / "Anki2" / "User 1" / "collection.anki2"
        self._stack = ExitStack()

    def begin(self, phone: Phone) -> None:
        server = self._stack.enter_context(serve_anki_connect(phone.col))
        self.environment["ANKICONNECT_URL"] = server.url

    def close(self) -> None:
        self._stack.close()


class Look(NamedTuple):
    """What the store held at some time."""

    memories: Mapping[str, Memory]
    invented: set[str]
    """The resets and new due days that a sync alone can have recorded."""


@dataclass
class Outcome:
    """What a run of our sync said."""

    pulled: int
    pushed: int
    written: int
    output: str
    steps: int
    """How many steps the process took that another one could see."""


class World:
    """A deck, its reader's Anki, and the same reader at the terminal."""

    def __init__(
        self, folder: Path, seed: int, door: Door, runner: Runner, *, sheets: int = 5
    ) -> None:
        self.runner = runner
        self.folder = folder
        self.dice = random.Random(seed)
        self.clock = Clock()
        self.clock.move_to(START.timestamp())
        self.done: Counter[str] = Counter()
        self.steps: list[str] = []
        self.door = door
        self.author = Author(folder, self.dice, sheets)
        self.phone = Phone(door.phone_path, self.dice, self.wait)
        self.terminal = Terminal(folder, self.author, self.dice, self.wait)
        self.phone.prepare()
        self.has_default_steps = seed % 3 != _WITH_OPTIONS
        if not self.has_default_steps:
            self.phone.set_options()
        self.import_deck()
        door.begin(self.phone)
        self.schema = self.phone.read_others()["schema"]
        self.base: dict[str, tuple[bool, bool]] = {}
        """Whether each prompt was suspended and flagged after the last sync."""
        self.on_server: dict[str, CardState] = self.phone.read_cards()
        """The cards as Anki last brought them to the server."""
        self.lengths = [100]
        """How many steps syncs took that wrote something in Anki."""
        if not self.has_default_steps:
            self.sync("--take-options")

    def wait(self, seconds: float) -> None:
        self.clock.move(seconds=seconds)

    def close(self) -> None:
        self.door.close()

    # Steps.

    def live(self, rounds: int) -> None:
        """Let interleavings happen, and check what must hold after each."""
        for _ in range(rounds):
            self.steps.clear()
            for _ in range(self.dice.randrange(2, 7)):
                self._step()
            self.settle(empties=self.dice.random() < _EMPTIES)
            self.done["interleavings"] += 1

    def live_with_kill(self) -> None:
        """Study on both sides, kill a sync, perhaps the next ones too, and sync to the end."""
        self.steps.clear()
        for _ in range(self.dice.randrange(1, 4)):
            self._study_in_anki()
            self._study_in_terminal()
        self._exchange()
        for _ in range(self.dice.choice((1, 1, 1, 2))):
            self.kill()
            if self.dice.random() < 0.3:
                self._step()
        self.settle()

    def _step(self) -> None:
        name = self.dice.choices(list(_STEPS), list(_STEPS.values()))[0]
        getattr(self, f"_{name}")()

    def _note(self, step: str) -> None:
        self.steps.append(f"{now().local:%m-%d %H:%M:%S.%f} {step}")
        self.done[step.partition(":")[0]] += 1

    def _study_in_anki(self) -> None:
        for _ in range(self.dice.choice((1, 2, 4))):
            self._note(f"anki {self.phone.act()}")
            self.wait(self.dice.randrange(1, 900))

    def _study_in_terminal(self) -> None:
        with self.terminal.open() as study:
            for _ in range(self.dice.choice((1, 2, 3))):
                self._note(f"terminal {self.terminal.act(study)}")
                self.wait(self.dice.randrange(1, 900))

    def _pass_time(self) -> None:
        hours = self.dice.choice((0.1, 5, 20, 24, 60, 24 * self.dice.randrange(3, 25)))
        self._note(f"wait: {hours} h")
        self.clock.move(hours=hours)

    def _release(self) -> None:
        self._note("release")
        self.author.change_and_release()
        if self.dice.random() < 0.7:
            self.import_deck()

    def import_deck(self) -> None:
        self._note("import")
        self.phone.keys, self.phone.sides = self.author.keys, self.author.kinds
        self.phone.import_package(self.author.packages[-1])

    def _exchange(self) -> None:
        self._note("anki syncs")
        self.door.exchange(self.phone)
        self.on_server = self.phone.read_cards()
        self.wait(1)

    def _sync(self) -> None:
        if self.dice.random() < _LOOKS_FIRST:
            self._foresee_counts()
        else:
            self.sync()

    def _foresee_counts(self) -> None:
        """Check that a dry run changes nothing, and says what a sync does then."""
        before = self._fingerprint()
        planned = self.sync("--dry-run")
        for one, other in zip(before, self._fingerprint(), strict=True):
            self._expect(one == other, f"a dry run changed something: {_differ(one, other)}")
        done = self.sync()
        counts = [(run.pulled, run.pushed, run.written) for run in (planned, done)]
        self._expect(counts[0] == counts[1], f"a dry run foresaw {counts[0]} of {counts[1]}")

    def run(self, *words: str, fatal: int | None = None) -> Ran:
        """Run `cards`, while the collection is free for it; perhaps kill it after some steps."""
        root = ("-C", str(self.author.root), *words, "--db", str(self.terminal.store_path))
        self.door.enter(self.phone)
        ran = self.runner.run(root, self.door.environment, stdin=self.door.stdin, fatal=fatal)
        self.door.leave(self.phone)
        self.wait(1)
        self._expect(not ran.error, f"cards {' '.join(words)}: {ran.error}")
        return ran

    def sync(self, *words: str) -> Outcome:
        """Run our sync, and check what it said and left alone."""
        self._note("sync")
        before = self._look()
        expected = self._foresee_marks(before.memories)
        ran = self.run("anki", "sync", *self.door.words, *words)
        self._expect(ran.exit_code == 0, f"exit code {ran.exit_code}: {ran.output}")
        found = _DONE.search(ran.output)
        if not found:
            raise BrokenWorldError(f"no counts: {ran.output}")
        if isinstance(self.door, ServerDoor):
            (copy,) = self.door.list_collections()
            self.on_server = self.phone.read_cards(copy)
        after = self._look()
        if "--dry-run" not in words:
            self._check_foreseen(expected, after.memories)
        invented = after.invented - before.invented
        self._expect(not invented, f"acts that nobody did: {sorted(invented)}")
        pulled, pushed, written = (int(number.replace(",", "")) for number in found.groups())
        self.steps[-1] += f": {pulled} {pushed} {written}"
        if pushed or written:
            self.lengths.append(ran.steps)
        return Outcome(pulled, pushed, written, ran.output, ran.steps)

    def kill(self) -> None:
        """Kill our sync at a random step, and check that nothing is damaged."""
        fatal = self.dice.randrange(min(self.dice.choices(self.lengths, k=2)))
        self._note(f"kill: after {fatal} steps")
        ran = self.run("anki", "sync", *self.door.words, fatal=fatal)
        self.base.clear()
        if ran.exit_code == -signal.SIGKILL:
            self.done["killed"] += 1
            if self.done["killed"] % 3 == 1:
                for path in filter(Path.exists, self.door.list_collections()):
                    check_collection(path)
            self._expect(not find_damage(self.terminal.store_path), "the store is damaged")

    def _look(self) -> Look:
        """Read the store."""
        with open_store(self.terminal.store_path) as store:
            own = f"-{store.device}"
            invented = {
                f"{review.key} {review.act} {review.id}"
                for review in store.list_reviews()
                if (review.act is Act.RESET and review.id.endswith(own))
                or review.id.endswith("_due")
            }
            return Look({memory.key: memory for memory in store.list_memories()}, invented)

    def _foresee_marks(self, memories: Mapping[str, Memory]) -> dict[str, tuple[bool, bool]]:
        """Return which prompts must be suspended and flagged after the next sync."""
        foreseen = {}
        theirs = self._read_visible()
        for key, (old_suspended, old_flagged) in self.base.items():
            memory = memories.get(key, Memory(key=key))
            if key not in theirs or memory.lapses > _FEW_LAPSES:
                continue
            card = theirs[key]
            mine = (memory.is_suspended, memory.is_flagged)
            suspended, flagged = card.is_suspended, bool(card.flags & 7)
            is_changed_here = mine[0] != old_suspended
            is_changed_there = suspended != old_suspended
            if is_changed_here and not is_changed_there:
                suspended = mine[0]
            if (mine[1] != old_flagged) and flagged == old_flagged:
                flagged = mine[1]
            foreseen[key] = (suspended, flagged)
        return foreseen

    def _read_visible(self) -> dict[str, CardState]:
        """Return the cards as our sync finds them."""
        return self.on_server if isinstance(self.door, ServerDoor) else self.phone.read_cards()

    def _check_foreseen(
        self, foreseen: dict[str, tuple[bool, bool]], memories: Mapping[str, Memory]
    ) -> None:
        for key, wanted in foreseen.items():
            memory = memories.get(key, Memory(key=key))
            found = (memory.is_suspended, memory.is_flagged)
            self._expect(
                found == wanted or memory.lapses > _FEW_LAPSES,
                f"{key}: suspended and flagged {found}, not {wanted}; before {self.base[key]}",
            )
        self.base = {}
        for key, card in self._read_visible().items():
            memory = memories.get(key, Memory(key=key))
            marks = (memory.is_suspended, memory.is_flagged)
            # They may differ while the card is in a filtered deck.
            if marks == (card.is_suspended, bool(card.flags & 7)):
                self.base[key] = marks

    # Promises.

    def _expect(self, holds: object, otherwise: str) -> None:
        if not holds:
            raise BrokenWorldError(otherwise)

    def settle(self, *, empties: bool = True) -> None:
        """Sync everything everywhere, and check that both sides agree.

        Cards in filtered decks return before that if `empties`.
        """
        if empties:
            self._note("anki empty_all")
            self.phone.empty_all()
        # What Anki changes itself, or takes over from whoever wrote last, is not ours.
        self._exchange()
        others = self.phone.read_others()
        self.sync()
        self._exchange()
        self._check_others(others)
        self.check()
        self._check_stillness()

    def meet(self) -> None:
        """Sync everything everywhere."""
        self._exchange()
        self.sync()
        self._exchange()

    def _check_others(self, before: dict[str, Any]) -> None:
        after = self.phone.read_others()
        for name, rows in before.items():
            if after[name] != rows:
                changes = _differ(rows, after[name])
                raise BrokenWorldError(f"{name} changed: {changes}")
        self._expect(after["schema"] == self.schema, "the schema changed")

    def _check_stillness(self) -> None:
        """Check that another sync does nothing."""
        before = self._fingerprint()
        outcome = self.sync()
        counts = (outcome.pulled, outcome.pushed, outcome.written)
        self._expect(counts == (0, 0, 0), f"a second sync did something: {outcome.output}")
        self._exchange()
        for one, other in zip(before, self._fingerprint(), strict=True):
            self._expect(one == other, f"a second sync changed something: {_differ(one, other)}")

    def _fingerprint(self) -> Any:
        with open_store(self.terminal.store_path) as store:
            reviews = list(store.list_reviews(with_undone=True))
        return (
            reviews,
            self.phone.read_cards(),
            self.phone.all("select * from revlog"),
            # Any sync with a server moves the time of the collection.
            None if isinstance(self.door, ServerDoor) else self.phone.value("select mod from col"),
        )

    def check(self) -> None:
        """Check that the terminal and Anki tell the same of every card."""
        cards, log = self.phone.read_cards(), self.phone.read_log()
        first_day = self.phone.first_day
        with self.terminal.open() as study:
            memories = study.read_memories()
            reviews = {key: list(study.store.list_reviews(key)) for key in cards}
            for key, card in cards.items():
                memory = memories.get(key, Memory(key=key))
                self._check_log(key, reviews[key], log[key])
                # What is in a filtered deck is written when it has returned.
                if not card.odid:
                    self._check_marks(key, memory, card)
                    self._check_memory(key, memory, card, log[key], first_day)

    def _check_log(self, key: str, reviews: list[Review], log: list[LogEntry]) -> None:
        ours = sorted(
            (review.at_ms, str(review.act), int(review.rating or 0), int(review.id[:12], 16))
            for review in reviews
            if review.act in _LOGGED and not _DERIVED.search(review.id)
        )
        theirs = sorted((row.id, *_name_act(row)) for row in log if _name_act(row)[0])
        is_same = len(ours) == len(theirs) and all(
            mine[1:3] == other[1:] and self._is_time_of(other[0], mine[0], mine[3])
            for mine, other in zip(ours, theirs, strict=True)
        )
        self._expect(
            is_same,
            f"{key}: the logs differ: terminal {_shorten(ours)}, Anki {_shorten(theirs)}",
        )

    def _is_time_of(self, row_id: int, at_ms: int, place: int) -> bool:
        """Tell whether a row has the time of an answer, or its place among those of that time.

        It has the next free id if that was taken.
        """
        wanted = place if 0 <= place - at_ms <= _MANY else at_ms
        if row_id in {at_ms, wanted}:
            return True
        first, last = sorted((row_id, wanted))
        taken = "select count() from revlog where id between ? and ?"
        return last - first < _MANY and self.phone.value(taken, first, last) == last - first + 1

    def _check_marks(self, key: str, memory: Memory, card: CardState) -> None:
        ours = (memory.is_suspended, memory.is_flagged)
        theirs = (card.is_suspended, bool(card.flags & 7))
        self._expect(
            ours == theirs,
            f"{key}: suspended and flagged {ours} in the terminal, {theirs} in Anki: {card}",
        )

    def _check_memory(
        self, key: str, memory: Memory, card: CardState, log: list[LogEntry], first_day: int
    ) -> None:
        story = f"{key}: {memory} / {card} / {log}"
        self._expect(_TYPES[memory.state] == card.type, f"state differs: {story}")
        if memory.state is State.NEW:
            self._expect(card.memory is None, f"a new card has a memory: {story}")
            return
        if card.type == 2 or card.queue == 3:
            day = card.due + first_day
            self._expect(memory.due_day == day, f"due {memory.due_day} and {day}: {story}")
        if self.has_default_steps and memory.step is not None:
            steps = 1 if memory.state is State.RELEARNING else 2
            left = max(steps - memory.step, 1)
            self._expect(card.left % 1000 == left, f"{card.left} steps left, not {left}: {story}")
        if card.queue == 1:
            apart_s = abs((memory.due_at_ms or 0) / 1000 - card.due)
            wait_s = ((memory.due_at_ms or 0) - (memory.last_at_ms or 0)) / 1000
            # Anki makes the wait of a memory that it has rounded, and adds chance.
            most_s = _STEP_FUZZ_S + _STORED_TOLERANCE * wait_s
            self._expect(apart_s <= most_s, f"due {apart_s} s apart: {story}")
        computed = self.phone.compute_memory(card.id)
        if computed is None:
            # Since a reset, nothing in the log tells the memory.
            return
        if not _is_close(memory, computed, _TOLERANCE):
            raise BrokenWorldError(f"Anki computes {computed}: {story}")
        if not _is_close(memory, card.memory, _TOLERANCE) and _has_start(log):
            self.done["rounded"] += 1
            self._expect(
                _is_close(memory, card.memory, _STORED_TOLERANCE),
                f"Anki holds {card.memory}: {story}",
            )

    def check_collections(self) -> None:
        """Check copies of all collections as Anki's user would, with Check Database."""
        self.phone.close()
        for path in {*self.door.list_collections(), self.phone.path}:
            check_collection(path)
        self.phone.open()


_STEPS: Final = {
    "study_in_anki": 8,
    "study_in_terminal": 8,
    "pass_time": 3,
    "release": 1,
    "exchange": 4,
    "sync": 4,
}
_STEP_FUZZ_S: Final = 303
"""Anki makes a learning step longer by up to five minutes."""
_WITH_OPTIONS: Final = 2
"""Of three worlds, one has other options in Anki, which our side takes over."""
_EMPTIES: Final = 0.6
_LOOKS_FIRST: Final = 0.15
_MANY: Final = 200
_FEW_LAPSES: Final = 2
"""With more, a card may become a leech, which suspends it."""
_LOGGED: Final = {Act.ANSWER, Act.CRAM, Act.RESET}


def _name_act(row: LogEntry) -> tuple[str, int]:
    if row.ease:
        is_cram = row.type == 3 and row.factor == 0
        return str(Act.CRAM if is_cram else Act.ANSWER), row.ease
    return (str(Act.RESET) if row.type == 4 and row.factor == 0 else "", 0)


def _has_start(log: list[LogEntry]) -> bool:
    """Tell whether the log has a learning step since the last reset.

    Without one, Anki itself computes another memory than it holds.
    """
    for row in reversed(log):
        if row.ease and row.type == 0:
            return True
        if row.type == 4 and row.factor == 0:
            return False
    return False


def _is_close(memory: Memory, found: tuple[float, float] | None, tolerance: float) -> bool:
    if found is None:
        return False
    stability, difficulty = found
    return (
        abs(memory.stability - stability) <= tolerance * max(stability, 1)
        and abs(memory.difficulty - difficulty) <= tolerance * 10
    )


def _shorten(rows: list[Any]) -> str:
    return str(rows[-12:])


def _differ(before: Any, after: Any) -> Any:
    if isinstance(before, dict):
        before, after = list(before.items()), list(after.items())
    if not isinstance(before, list):
        return before, after
    one, other = ({str(row) for row in rows} for rows in (before, after))
    return sorted(one - other)[:3], sorted(other - one)[:3]


def check_collection(path: Path) -> None:
    """Check that a copy of a collection is sound."""
    copy = path.with_name("copy") / path.name
    copy.parent.mkdir()
    for suffix in ("", "-wal"):
        source = Path(f"{path}{suffix}")
        if source.exists():
            shutil.copy(source, f"{copy}{suffix}")
    with closing(Collection(str(copy))) as col:
        message, _ = col.fix_integrity()
    problems = [line for line in message.splitlines() if not line.startswith(_SOUND)]
    shutil.rmtree(copy.parent)
    if problems:
        raise BrokenWorldError(f"the collection is not sound: {message}")


def find_damage(store: Path) -> list[str]:
    """Return what SQLite finds wrong with a store."""
    with closing(sqlite3.connect(store)) as db:
        found = [row[0] for row in db.execute("pragma integrity_check")]
    return [] if found == ["ok"] else found


DOORS: Final[dict[str, type[Door]]] = {
    "server": ServerDoor,
    "closed": ClosedDoor,
    "connect": ConnectDoor,
}


def live(
    door: str, seed: int, folder: Path, runner: Runner, rounds: int, kills: int
) -> Counter[str]:
    """Let one world live; return what was done how often.

    Raises:
        BrokenWorldError: a promise was broken.

    """
    world = World(folder, seed, DOORS[door](folder), runner)
    try:
        world.live(rounds)
        for _ in range(kills * 2):
            if world.done["killed"] < kills:
                world.live_with_kill()
        world.check_collections()
    except Exception as error:
        error.add_note("\n".join(world.steps))
        raise
    finally:
        world.close()
    return world.done


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--door", choices=list(DOORS), default="server")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first world")
    parser.add_argument("--worlds", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=10, help="how many interleavings in each")
    parser.add_argument("--kills", type=int, default=0, help="how many killed syncs in each")
    given = parser.parse_args()
    runner = Runner()
    done: Counter[str] = Counter()
    broken = []
    start_s = time.monotonic()
    for seed in range(given.seed, given.seed + given.worlds):
        with tempfile.TemporaryDirectory() as folder:
            try:
                done += live(given.door, seed, Path(folder), runner, given.rounds, given.kills)
            except Exception as error:  # noqa: BLE001  (whatever goes wrong is a finding)
                lines = traceback.format_exception(error)
                broken.append(f"{given.door}, seed {seed}:\n{''.join(lines)}")
    runner.close()
    took_s = time.monotonic() - start_s
    print(json.dumps({"door": given.door, "done": done, "broken": broken, "took_s": took_s}))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
