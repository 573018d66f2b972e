"""A stock Anki on a phone or desktop, whose user does at random what users do, and its sync server."""

from __future__ import annotations

import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest
from anki.errors import FilteredDeckError, UndoEmpty
from anki.scheduler.v3 import Scheduler
from anki.sync_pb2 import SyncAuth, SyncCollectionResponse

from anki_backend import RATINGS

USER: Final = ("reader", "secret")
_NOT_OURS: Final = "from notes where guid not in (select value from json_each(?))"
_CARD: Final = (
    "c.id, c.nid, c.did, c.ord, c.mod, c.usn, c.type, c.queue, c.due, c.ivl, c.factor, c.reps,"
    " c.lapses, c.left, c.odue, c.odid, c.flags, c.data"
)
_VOLATILE: Final = ("lastUnburied", "curDeck", "activeDecks", "nextPos")
"""What Anki changes on its own, or takes over from whichever device wrote last."""


class CardState(NamedTuple):
    """A row of the table of cards."""

    id: int
    nid: int
    did: int
    ord: int
    mod: int
    usn: int
    type: int
    queue: int
    due: int
    ivl: int
    factor: int
    reps: int
    lapses: int
    left: int
    odue: int
    odid: int
    flags: int
    data: str

    @property
    def is_suspended(self) -> bool:
        return self.queue == -1

    @property
    def memory(self) -> tuple[float, float] | None:
        data = json.loads(self.data or "{}")
        return (data["s"], data["d"]) if "s" in data else None


class LogEntry(NamedTuple):
    """A row of the review log."""

    id: int
    ease: int
    ivl: int
    factor: int
    time: int
    type: int


class SyncServer:
    """Anki's own sync server on loopback."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"
        environment = {
            **os.environ,
            "SYNC_USER1": ":".join(USER),
            "SYNC_HOST": "127.0.0.1",
            "SYNC_PORT": str(port),
            "SYNC_BASE": str(folder),
            "RUST_LOG": "anki=error",
        }
        words = (sys.executable, "-c", "from anki._backend import RustBackend as R; R.syncserver()")
        self.process = subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL)
        self._wait()

    def _wait(self) -> None:
        end_s = time.monotonic() + 60
        while time.monotonic() < end_s:
            with suppress(OSError), urllib.request.urlopen(f"{self.url}health", timeout=5):
                return
            time.sleep(0.02)
        raise TimeoutError("the sync server does not answer")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


class Phone:
    """A collection in a stock Anki, and what its user does with it."""

    def __init__(self, path: Path, dice: random.Random, wait: Callable[[float], None]) -> None:
        """`wait` lets so many seconds pass."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.dice = dice
        self.wait = wait
        self.col = Collection(str(path))
        self.auth: SyncAuth | None = None
        self.keys: dict[str, str] = {}
        """The key of each card of the project by the guid of its note."""
        self.sides: dict[str, str] = {}
        """The kind of each by key."""
        self.touched: list[str] = []
        """The prompts that the last act was about."""

    # The collection.

    def open(self) -> None:
        self.col = Collection(str(self.path))

    def close(self) -> None:
        self.col.close()

    def all(self, sql: str, *values: Any) -> list[Any]:
        assert self.col.db
        return list(self.col.db.all(sql, *values))

    def value(self, sql: str, *values: Any) -> Any:
        assert self.col.db
        return self.col.db.scalar(sql, *values)

    def prepare(self, *, is_fsrs: bool = True) -> None:
        """Switch FSRS on, and make decks of other note types, which our sync must not touch."""
        col = self.col
        col.set_config("fsrs", val=is_fsrs)
        basic, cloze = col.models.by_name("Basic (and reversed card)"), col.models.by_name("Cloze")
        assert basic
        assert cloze
        birds = col.decks.id("Birds")
        assert birds
        for number in range(3):
            note = col.new_note(basic)
            note["Front"], note["Back"] = f"Which bird is {number}?", "A wren"
            col.add_note(note, birds)
        note = col.new_note(cloze)
        note["Text"] = "A {{c1::wren}} is {{c2::small}}"
        col.add_note(note, birds)
        for card_id in col.find_cards("deck:Birds")[:5]:
            self.wait(3)
            self._answer(card_id)

    def set_options(self) -> None:
        """Change what memories depend on in the options of all decks."""
        config = self.col.decks.get_config(1)  # type: ignore[arg-type]
        assert config
        config["new"]["delays"] = self.dice.choice(([], [1, 10, 90], [15], [1, 10, 600]))
        config["lapse"]["delays"] = self.dice.choice(([], [10, 40], [5]))
        config["lapse"]["leechFails"] = self.dice.choice((3, 8))
        config["lapse"]["leechAction"] = self.dice.randrange(2)
        config["desiredRetention"] = self.dice.choice((0.8, 0.9, 0.95))
        config["rev"]["maxIvl"] = self.dice.choice((30, 36_500))
        config["new"]["bury"] = config["rev"]["bury"] = self.dice.random() < 0.5
        self.col.decks.update_config(config)

    def import_package(self, path: Path) -> None:
        options = ImportAnkiPackageOptions()
        self.col.import_anki_package(
            ImportAnkiPackageRequest(package_path=str(path), options=options)
        )
        self.col.models._clear_cache()

    # Sync with the server.

    def log_in(self, url: str) -> None:
        self.auth = self.col.sync_login(*USER, url)

    def sync(self) -> None:
        """Sync normally; anything else fails."""
        assert self.auth
        output = self.col.sync_collection(self.auth, sync_media=False)
        wanted = (SyncCollectionResponse.NO_CHANGES, SyncCollectionResponse.NORMAL_SYNC)
        assert output.required in wanted, f"Anki wants a full sync: {output.required}"
        self.col.models._clear_cache()

    def upload(self) -> None:
        """Put the whole collection on the server, as its user does at first."""
        assert self.auth
        output = self.col.sync_collection(self.auth, sync_media=False)
        assert output.required == SyncCollectionResponse.FULL_UPLOAD, output.required
        self.col.close_for_full_sync()
        self.col.full_upload_or_download(
            auth=self.auth, server_usn=output.server_media_usn, upload=True
        )
        self.col.reopen(after_full_sync=True)

    # What is in it.

    def name_prompt(self, guid: str, ordinal: int) -> str | None:
        """Return the key of a card's prompt; None if it is not one of the project."""
        key = self.keys.get(guid)
        if key is None:
            return None
        kind = self.sides[key]
        return (
            f"{key}/c{ordinal + 1}"
            if kind == "cloze"
            else f"{key}/{('recall', 'reverse')[ordinal]}"
        )

    def read_cards(self, other: Path | None = None) -> dict[str, CardState]:
        """Return the cards of the project by the key of their prompt, perhaps of another file."""
        found = {}
        sql = f"select n.guid, {_CARD} from cards c join notes n on n.id = nid"
        for guid, *row in self.all(sql) if other is None else _read_file(other, sql):
            card = CardState(*row)
            if key := self.name_prompt(guid, card.ord):
                assert key not in found, f"{key} has two cards"
                found[key] = card
        return found

    def read_log(self) -> dict[str, list[LogEntry]]:
        """Return the log of each card of the project, by the key of its prompt."""
        keys = {card.id: key for key, card in self.read_cards().items()}
        found: dict[str, list[LogEntry]] = {key: [] for key in keys.values()}
        for card_id, *row in self.all(
            "select cid, id, ease, ivl, factor, time, type from revlog order by id"
        ):
            if card_id in keys:
                found[keys[card_id]].append(LogEntry(*row))
        return found

    def read_others(self) -> dict[str, Any]:
        """Return everything that our sync must leave as it is."""
        # On a new day, Anki shows again what was buried.
        self.col.sched.deck_due_tree()
        ours = json.dumps(list(self.keys))
        notes = f"(select id {_NOT_OURS})"
        of_cards = f"(select id from cards where nid in {notes})"
        configs = self.all("select key, val from config order by key")
        return {
            "notes": self.all("select id, guid, mid, mod, tags, flds, sfld, csum from notes"),
            "cards": self.all(
                f"select {_CARD.replace('c.usn, ', '')} from cards c where nid in {notes}", ours
            ),
            "log": self.all(
                "select id, cid, ease, ivl, lastIvl, factor, time, type from revlog"
                f" where cid in {of_cards}",
                ours,
            ),
            "homes": self.all(
                "select id, nid, ord, case odid when 0 then did else odid end from cards"
            ),
            "note types": self.all("select id, name, mtime_secs, config from notetypes"),
            "fields": self.all("select ntid, ord, name, config from fields"),
            "templates": self.all("select ntid, ord, name, mtime_secs, config from templates"),
            "decks": self.all("select id, name, mtime_secs, common, kind from decks"),
            "presets": self.all("select id, name, mtime_secs, config from deck_config"),
            "tags": self.all("select tag, collapsed from tags"),
            "config": [row for row in configs if row[0] not in _VOLATILE],
            "schema": self.value("select scm from col"),
        }

    def compute_memory(self, card_id: int) -> tuple[float, float] | None:
        """Return the stability and difficulty that Anki computes from its log."""
        computed = self.col._backend.compute_memory_state(card_id)
        if not computed.HasField("state"):
            return None
        return computed.state.stability, computed.state.difficulty

    @property
    def first_day(self) -> int:
        """The study day, in days since 1970, from which cards count their days."""
        timing = self.col._backend.sched_timing_today()
        today = int((time.time() - time.timezone + _find_summer_s() - 4 * 3600) // 86_400)
        return today - timing.days_elapsed

    # What its user does.

    def act(self) -> str:
        """Do one thing at random; return what."""
        name = self.dice.choices(list(_ACTS), list(_ACTS.values()))[0]
        self.touched = []
        getattr(self, name)()
        return f"{name}: {' '.join(self.touched)}"

    def choose(self, where: str = "") -> list[int]:
        """Return some of the project's cards."""
        cards = {card.id: key for key, card in self.read_cards().items()}
        wanted = set(self.all_ids(where)) if where else cards.keys()
        ids = [id for id in cards if id in wanted]
        chosen = self.dice.sample(ids, min(len(ids), self.dice.choice((1, 1, 2, 3))))
        self.touched += [cards[id] for id in chosen]
        return chosen

    def all_ids(self, where: str) -> list[int]:
        return [row[0] for row in self.all(f"select id from cards where {where}")]

    def _answer(self, card_id: int) -> None:
        self.rate(card_id, self.dice.choices((1, 2, 3, 4), (3, 1, 6, 1))[0])

    def rate(self, card_id: int, rating: int) -> None:
        """Answer a card, from 1 (Again) to 4 (Easy)."""
        card = self.col.get_card(card_id)  # type: ignore[arg-type]
        card.start_timer()
        states = self.col._backend.get_scheduling_states(card.id)
        scheduler = self.col.sched
        assert isinstance(scheduler, Scheduler)
        answer = scheduler.build_answer(card=card, states=states, rating=RATINGS[rating - 1])
        answer.milliseconds_taken = self.dice.randrange(1, 90_000)
        scheduler.answer_card(answer)

    def answer(self) -> None:
        """Answer cards that Anki would ask now."""
        today, now = self.col.sched.today, int(time.time()) + 1200
        due = f"queue = 0 or queue = 1 and due <= {now} or queue in (2, 3) and due <= {today} or queue = 4"
        for card_id in self.choose(due):
            self.wait(self.dice.randrange(1, 60))
            self._answer(card_id)

    def grade_now(self) -> None:
        """Rate cards in the browser, due or not."""
        ids = self.choose("queue >= 0 and odid = 0")
        if ids:
            self.col._backend.grade_now(card_ids=ids, rating=self.dice.choice(RATINGS))

    def answer_and_undo(self) -> None:
        for card_id in self.choose("queue in (0, 2)")[:1]:
            self.wait(2)
            self._answer(card_id)
            self.wait(2)
            with suppress(UndoEmpty):
                self.col.undo()

    def suspend(self) -> None:
        self.col.sched.suspend_cards(self.choose())  # type: ignore[arg-type]

    def unsuspend(self) -> None:
        self.col.sched.unsuspend_cards(self.choose("queue = -1"))  # type: ignore[arg-type]

    def flag(self) -> None:
        if ids := self.choose():
            self.col.set_user_flag_for_cards(self.dice.randrange(8), ids)  # type: ignore[arg-type]

    def bury(self) -> None:
        self.col.sched.bury_cards(self.choose("queue >= 0"))  # type: ignore[arg-type]

    def unbury(self) -> None:
        self.col.sched.unbury_cards(self.choose("queue < -1"))  # type: ignore[arg-type]

    def reset(self) -> None:
        self.col.sched.schedule_cards_as_new(
            self.choose("type > 0"),  # type: ignore[arg-type]
            restore_position=self.dice.random() < 0.5,
            reset_counts=self.dice.random() < 0.5,
        )

    def set_due(self) -> None:
        where = "type in (2, 3)" if self.dice.random() < 0.8 else ""
        if ids := self.choose(where):
            days = self.dice.choice(("0", "1", "3-7", "20", "5!"))
            self.col.sched.set_due_date(ids, days)  # type: ignore[arg-type]

    def move(self) -> None:
        deck = self.col.decks.id(self.dice.choice(("Mine", "Mine::Own", "Trees", "Birds")))
        if (ids := self.choose("odid = 0")) and deck:
            self.col.set_deck(ids, deck)  # type: ignore[arg-type]

    def rename_deck(self) -> None:
        names = [deck for deck in self.col.decks.all_names_and_ids() if deck.id != 1]
        deck = self.dice.choice(names)
        self.col.decks.rename(deck.id, f"Deck {self.dice.randrange(100)}")  # type: ignore[arg-type]

    def filter(self) -> None:
        """Gather cards in a filtered deck, with or without an effect on their schedule."""
        search = self.dice.choice(("is:due", "-is:suspended", "-is:new", "is:learn"))
        with suppress(FilteredDeckError):
            self.gather(search, self.dice.randrange(1, 8), is_rescheduled=self.dice.random() < 0.6)

    def gather(self, search: str, limit: int = 99, *, is_rescheduled: bool) -> None:
        """Gather the cards of a search in a filtered deck."""
        made = self.col.sched.get_or_create_filtered_deck(0)  # type: ignore[arg-type]
        made.name = f"Cram {time.time_ns()}"
        made.config.reschedule = is_rescheduled
        term = made.config.search_terms[0]
        term.search, term.limit = search, limit
        self.col.sched.add_or_update_filtered_deck(made)

    def answer_filtered(self) -> None:
        """Answer cards of filtered decks, due or not."""
        for card_id in self.choose("odid <> 0 and queue >= 0"):
            self.wait(self.dice.randrange(1, 60))
            self._answer(card_id)

    def empty(self) -> None:
        """Empty a filtered deck, or delete it."""
        decks = [deck for deck in self.col.decks.all() if deck["dyn"]]
        if decks:
            deck = self.dice.choice(decks)
            if self.dice.random() < 0.5:
                self.col.sched.empty_filtered_deck(deck["id"])
            else:
                self.col.decks.remove([deck["id"]])

    def empty_all(self) -> None:
        """Let every card return to its deck."""
        for deck in self.col.decks.all():
            if deck["dyn"]:
                self.col.sched.empty_filtered_deck(deck["id"])

    def edit(self) -> None:
        """Edit a note of the project, and tag it."""
        for card_id in self.choose()[:1]:
            note = self.col.get_card(card_id).note()  # type: ignore[arg-type]
            note.fields[1] += " (mine)"
            note.tags.append("mine")
            self.col.update_note(note)

    def study_others(self) -> None:
        ours = {card.id for card in self.read_cards().values()}
        ids = [id for id in self.all_ids("queue >= 0") if id not in ours]
        for card_id in self.dice.sample(ids, min(len(ids), 2)):
            self.wait(self.dice.randrange(1, 60))
            self._answer(card_id)

    def add_other(self) -> None:
        """Add a note of another type to any deck."""
        basic = self.col.models.by_name("Basic")
        assert basic
        note = self.col.new_note(basic)
        note["Front"] = f"Mine {self.dice.random()}"
        decks = [deck["id"] for deck in self.col.decks.all() if not deck["dyn"]]
        self.col.add_note(note, self.dice.choice(decks))

    def undo_last(self) -> None:
        """Take back the last thing done, as far as Anki can."""
        with suppress(UndoEmpty):
            self.col.undo()

    def copy(self) -> None:
        """Copy a note of the project, which gets a guid of its own."""
        for card_id in self.choose()[:1]:
            note = self.col.get_card(card_id).note()  # type: ignore[arg-type]
            note_type = note.note_type()
            assert note_type
            made = self.col.new_note(note_type)
            made.fields = list(note.fields)
            deck = self.col.decks.id("Mine")
            assert deck
            self.col.add_note(made, deck)

    def delete(self) -> None:
        """Delete a note of the project."""
        for card_id in self.choose()[:1]:
            self.col.remove_notes([self.col.get_card(card_id).nid])  # type: ignore[arg-type]


_ACTS: Final[Mapping[str, int]] = {
    "answer": 40,
    "grade_now": 4,
    "answer_and_undo": 4,
    "suspend": 5,
    "unsuspend": 4,
    "flag": 6,
    "bury": 4,
    "unbury": 2,
    "reset": 4,
    "set_due": 4,
    "move": 5,
    "rename_deck": 2,
    "filter": 5,
    "answer_filtered": 8,
    "empty": 4,
    "edit": 3,
    "study_others": 4,
    "add_other": 2,
    "undo_last": 2,
    "delete": 1,
    "copy": 1,
}


def _find_summer_s() -> int:
    return 3600 if time.localtime().tm_isdst else 0


def _read_file(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()
