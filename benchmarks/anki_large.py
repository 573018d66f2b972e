"""A large collection in Anki, and its reader at the terminal, to time syncs."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

from anki.deck_config_pb2 import UpdateDeckConfigsRequest
from click.testing import CliRunner
from corpus import write_project

from anki_backend import RATINGS
from anki_phone import USER, Phone, SyncServer
from cardwright.app.study import open_study
from cardwright.cli.environment import read_clock
from cardwright.cli.main import cards as cli
from cardwright.history import Act, Rating

_DAY_S: Final = 86_400
_DAYS: Final = 400
_OURS: Final = """
from cardwright.anki.doors import anki_connect
anki_connect.DEFAULT_URL = "http://127.0.0.1:9"
from cardwright.cli.main import main
main()
"""
"""Looks for no Anki that happens to run on this computer."""


class Took(NamedTuple):
    """What a process took, and all that it waited for."""

    wall_s: float
    cpu_s: float


class Large:
    """A collection of any size behind a door, with the same history on both sides."""

    def __init__(self, folder: Path, door: str, notes: int, reviews: int, others: int) -> None:
        """`others` is the number of log rows of other cards in the collection."""
        self.root = folder / "project"
        self.store = folder / "reviews.db"
        self.folder = folder
        write_project(self.root, notes, has_maths=False)
        done = CliRunner().invoke(cli, ["-C", str(self.root), "build"])
        assert done.exit_code == 0, done.output
        self.phone = Phone(
            folder / "Anki2" / "User 1" / "collection.anki2", random.Random(1), lambda _: None
        )
        self.phone.col.set_config("fsrs", val=True)
        self.phone.import_package(self.root / "build" / "big.apkg")
        self._fill(reviews, others)
        self.server: SyncServer | None = None
        self.words: tuple[str, ...] = ("--profile", "User 1")
        if door == "server":
            self.server = SyncServer(folder / "server")
            self.phone.log_in(self.server.url)
            self.phone.upload()
            self.words = ("--server", self.server.url.replace("//", f"//{USER[0]}@"))
        self.phone.close()

    def _fill(self, reviews: int, others: int) -> None:
        """Give every card of the project a history of reviews, and other cards one, too."""
        db = self.phone.col.db
        assert db
        dice = random.Random(2)
        db.execute("update col set crt = crt - ?", _DAYS * _DAY_S)
        ids = self.phone.all_ids("true")
        each = reviews // len(ids)
        start_ms = int(time.time() * 1000) - (_DAYS - 10) * _DAY_S * 1000
        created = int(self.phone.value("select crt from col"))
        rows, states = [], []
        for number, card_id in enumerate(ids):
            at_ms = start_ms + number * 997
            for index in range(each):
                ivl = dice.randrange(1, 2 * (_DAYS - 30) // each)
                rating = dice.choice((2, 3, 3, 3, 4)) if index else 4
                rows.append((at_ms, card_id, rating, ivl, 500, 8000, int(index > 0)))
                at_ms += ivl * _DAY_S * 1000 + dice.randrange(1, 500)
            last_ms, ivl = rows[-1][0], rows[-1][3]
            due = (last_ms // 1000 - created) // _DAY_S + ivl
            states.append((due, ivl, each, card_id))
        other_start = rows[0][0] - 10**9
        rows += [(other_start - n, 1, 3, 10, 500, 8000, 1) for n in range(others)]

        def write() -> None:
            db.executemany(
                "insert or ignore into revlog (id, cid, usn, ease, ivl, lastIvl, factor, time, type)"
                " values (?1, ?2, -1, ?3, ?4, 0, ?5, ?6, ?7)",
                rows,
            )
            db.executemany(
                "update cards set type = 2, queue = 2, due = ?, ivl = ?, reps = ?, factor = 2500,"
                " usn = -1, mod = mod where id = ?",
                states,
            )

        # Otherwise each row would be a transaction.
        db.transact(write)
        self._compute_memories()

    def _compute_memories(self) -> None:
        """Let Anki compute the memory state of every card."""
        col = self.phone.col
        col.set_config("fsrs", val=False)
        deck = col.decks.id("Big")
        assert deck
        now = col.decks.get_deck_configs_for_update(deck)
        col.decks.update_deck_configs(
            UpdateDeckConfigsRequest(
                target_deck_id=deck,
                configs=[now.all_config[0].config],
                limits=now.current_deck.limits,
                fsrs=True,
            )
        )

    def answer(self, number: int, seed: int) -> None:
        """Answer so many cards in the terminal."""
        dice = random.Random(seed)
        with open_study(self.root, self.store, read_clock()) as study:
            items = dice.sample(list(study.items), number)
            with study.store.transaction():
                for item in items:
                    rating = Rating(dice.choice((1, 3, 3, 4)))
                    study.journal.record(item.key, Act.ANSWER, read_clock(), rating=rating)

    def answer_in_anki(self, number: int) -> None:
        """Answer so many cards in Anki."""
        self.phone.open()
        for card_id in self.phone.all_ids(f"queue = 2 order by random() limit {number}"):
            self.phone.col._backend.grade_now(card_ids=[card_id], rating=RATINGS[2])  # noqa: SLF001
        if self.server:
            self.phone.sync()
        self.phone.close()

    def sync(self) -> Took:
        """Return what a whole process takes to sync."""
        return time_process(
            *(_OURS, "-C", str(self.root), "anki", "sync", *self.words),
            answer=f"{USER[1]}\n",
            ANKI_BASE=str(self.folder / "Anki2"),
            XDG_DATA_HOME=str(self.folder / "data"),
            CARDS_DB=str(self.store),
        )

    def close(self) -> None:
        """Stop the server."""
        if self.server:
            self.server.close()


def time_import() -> Took:
    """Return what an interpreter takes to start and import the library."""
    return time_process("import anki.collection")


def time_process(code: str, *words: str, answer: str = "", **environment: str) -> Took:
    """Run Python code in a process of its own."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        input=answer,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    wall_s, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout + done.stderr
    return Took(wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
