"""A large collection in Anki, and its reader at the terminal, to time syncs."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from anki.deck_config_pb2 import UpdateDeckConfigsRequest
from click.testing import CliRunner
from corpus import write_project

from anki_connect import serve_anki_connect
from anki_phone import USER, Phone, SyncServer
from cardwright.app.study import open_study
from cardwright.cli.environment import read_clock
from cardwright.cli.main import cards as cli
from cardwright.history import Act, Rating

_DAY_S: Final = 86_400
_DAYS: Final = 400
_OURS: Final = "from cardwright.cli.main import main; main()"


class Large:
    """A collection of any size behind a door, with the same history on both sides."""

    def __init__(self, folder: Path, door: str, notes: int, reviews: int, others: int = 0) -> None:
        """`others` is the number of log rows of other cards in the collection."""
        self._stack = ExitStack()
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
        self.words: tuple[str, ...] = ("--profile", "User 1")
        self.environment = {
            **os.environ,
            "ANKI_BASE": str(folder / "Anki2"),
            "XDG_DATA_HOME": str(folder / "data"),
            "CARDS_DB": str(self.store),
        }
        if door == "server":
            server = SyncServer(folder / "server")
            self._stack.callback(server.close)
            self.phone.log_in(server.url)
            self.phone.upload()
            self.words = ("--server", server.url.replace("//", f"//{USER[0]}@"))
        if door == "connect":
            running = self._stack.enter_context(serve_anki_connect(self.phone.col))
            self.environment["ANKICONNECT_URL"] = running.url
        else:
            self.phone.close()

    def _fill(self, reviews: int, others: int) -> None:
        """Give every card of the project a history of reviews, and other cards one, too."""
        col = self.phone.col
        assert col.db
        dice = random.Random(2)
        col.db.execute("update col set crt = crt - ?", _DAYS * _DAY_S)
        ids = self.phone.all_ids("true")
        each = reviews // len(ids)
        start_ms = int(time.time() * 1000) - (_DAYS - 10) * _DAY_S * 1000
        rows, states = [], []
        for number, card_id in enumerate(ids):
            at_ms = start_ms + number * 997
            for index in range(each):
                ivl = dice.randrange(1, 2 * (_DAYS - 30) // each)
                rating = dice.choice((2, 3, 3, 3, 4)) if index else 4
                rows.append((at_ms, card_id, rating, ivl, 500, 8000, int(index > 0)))
                at_ms += ivl * _DAY_S * 1000 + dice.randrange(1, 500)
            last_ms, ivl = rows[-1][0], rows[-1][3]
            due = (last_ms // 1000 - int(self.phone.value("select crt from col"))) // _DAY_S + ivl
            states.append((due, ivl, each, card_id))
        other_start = rows[0][0] - 10**9
        rows += [(other_start - n, 1, 3, 10, 500, 8000, 1) for n in range(others)]
        col.db.executemany(
            "insert or ignore into revlog (id, cid, usn, ease, ivl, lastIvl, factor, time, type)"
            " values (?1, ?2, -1, ?3, ?4, 0, ?5, ?6, ?7)",
            rows,
        )
        col.db.executemany(
            "update cards set type = 2, queue = 2, due = ?, ivl = ?, reps = ?, factor = 2500,"
            " usn = -1, mod = mod where id = ?",
            states,
        )
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

    def sync(self) -> tuple[float, str]:
        """Return the seconds that a whole process takes to sync, and what it says."""
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", _OURS, "-C", str(self.root), "anki", "sync", *self.words],
            input=f"{USER[1]}\n",
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        passed_s = time.perf_counter() - start
        assert done.returncode == 0, done.stdout + done.stderr
        return passed_s, done.stdout.strip()

    def close(self) -> None:
        """End what was started."""
        self._stack.close()
