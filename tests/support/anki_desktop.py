"""A profile of Anki with a project's cards, a sync server, and a stock client of it."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest
from anki.scheduler.v3 import CardAnswer, Scheduler
from click.testing import CliRunner

from cardwright.anki.doors.door import Push
from cardwright.anki.identity import NoteIdentity, find_identities
from cardwright.anki.rows import (
    AnkiView,
    CardKind,
    CardQueue,
    CardWrite,
    LogKind,
    LogRow,
)
from cardwright.app.project import load_collection
from cardwright.cli.main import cards as command_line

if TYPE_CHECKING:
    from anki.cards import CardId  # cannot be imported before anki.collection

Identities = Mapping[str, NoteIdentity]
TODAY = date(2026, 11, 28)
USER, PASSWORD = "anna", "secret"
_USERS = 40
_START_S = 20


def write_cards(numbers: range) -> str:
    """Return a file of basic cards."""
    rows = [
        f"- {{id: card-{n}, question: What is {n}?, answer: It is {n}, sources: [A book]}}\n"
        for n in numbers
    ]
    return f"kind: basic\ncards:\n{''.join(rows)}"


def build_package(root: Path, cards: str, time_s: int = 1_700_000_000) -> Path:
    """Build a pack of these cards in a project, which is made if needed."""
    for name, text in {
        "cards/trees/a.yaml": cards,
        "decks/trees/deck.yaml": "name: Trees\nnamespace: trees\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    done = CliRunner().invoke(
        command_line, ["-C", str(root), "build"], env={"SOURCE_DATE_EPOCH": str(time_s)}
    )
    assert done.exit_code == 0, done.output
    return root / "build" / "trees.apkg"


def import_into(col: Collection, package: Path) -> None:
    """Import a package as a user does, with FSRS."""
    col.set_config("fsrs", val=True)
    request = ImportAnkiPackageRequest(
        package_path=str(package), options=ImportAnkiPackageOptions()
    )
    assert col.import_anki_package(request).log.found_notes


def identify(root: Path) -> Identities:
    """Return who is who in a project."""
    _, collection, _ = load_collection(root)
    return find_identities(collection.cards, collection.kinds, str)


@contextmanager
def open_anki(path: Path) -> Iterator[Collection]:
    """Open a collection as Anki does."""
    collection = Collection(str(path))
    try:
        yield collection
    finally:
        collection.close()


def dump(path: Path) -> dict[str, list[list[Any]]]:
    """Return everything in a collection that a user would miss."""
    tables = (
        *("col", "notes", "cards", "revlog", "graves", "config", "deck_config", "decks"),
        *("notetypes", "fields", "templates", "tags"),
    )
    with open_anki(path) as collection:
        assert collection.db
        return {
            name: [list(row) for row in collection.db.all(f"select * from {name} order by 1")]
            for name in tables
        }


def list_card_ids(col: Collection) -> list[CardId]:
    """Return the cards of the project, which are in the order of their prompts."""
    assert col.db
    found: list[CardId] = col.db.list("select id from cards order by id")
    return found


def answer(col: Collection, id: CardId) -> None:
    """Answer a card in Anki: Good."""
    scheduler = col.sched
    assert isinstance(scheduler, Scheduler)
    card = col.get_card(id)
    card.start_timer()
    states = col._backend.get_scheduling_states(id)
    rating = CardAnswer.GOOD
    scheduler.answer_card(scheduler.build_answer(card=card, states=states, rating=rating))


def make_push(view: AnkiView, keys: list[str], at_ms: int) -> Push:
    """Return an answer to each prompt, the first at a time, which makes it a review card."""
    log, cards = [], []
    for number, key in enumerate(keys):
        row = view.cards[key].row
        id, kind = at_ms + number, LogKind.LEARNING
        log.append(LogRow(id, row.id, 3, 5, -60, 211, 4000, kind))
        cards.append(
            CardWrite(
                card_id=row.id,
                kind=CardKind.REVIEW,
                queue=CardQueue.REVIEW,
                due=9,
                interval_days=5,
                factor=2500,
                reps=row.reps + 1,
                lapses=0,
                left=0,
                flag=row.flag,
                stability=3.173456,
                difficulty=5.28241,
                last_review_s=id // 1000,
            )
        )
    return Push(log=log, cards=cards)


def _hash(password: str) -> str:
    """Return a password as the server stores it, but quick to check."""
    salt, rounds = b"salt" * 4, 1000
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds, 32)
    texts = (base64.b64encode(data).rstrip(b"=").decode() for data in (salt, digest))
    return "$".join(("", "pbkdf2-sha256", f"i={rounds},l=32", *texts))


class Server:
    """Anki's own sync server on loopback: `anna0` and so on have a collection each."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"
        self.folder = folder
        """Holds a folder for each user."""
        self._environment = {
            **os.environ,
            # Hashing passwords at start, and checking them, takes longer than all else.
            "PASSWORDS_HASHED": "1",
            **{f"SYNC_USER{n + 1}": f"{USER}{n}:{_hash(PASSWORD)}" for n in range(_USERS)},
            "SYNC_HOST": "127.0.0.1",
            "SYNC_PORT": str(port),
            "SYNC_BASE": str(folder),
            "RUST_LOG": "off",
        }
        self.start()

    def start(self) -> None:
        """Start it, again if it was stopped."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "anki.syncserver"],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + _START_S
        while time.monotonic() < until and self._process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{self.url}health"):
                return
        self.stop()
        raise AssertionError("the sync server did not start")

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


class Client:
    """A stock client: Anki on another device."""

    def __init__(self, path: Path, server: Server, user: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.col = Collection(str(path))
        self._auth = self.col.sync_login(user, PASSWORD, server.url)

    def sync(self) -> int:
        """Sync; return what Anki says is required."""
        return int(self.col.sync_collection(self._auth, sync_media=False).required)

    def upload(self) -> None:
        """Replace what is on the server, as the user chose."""
        self.col.close_for_full_sync()
        self.col.full_upload_or_download(auth=self._auth, server_usn=None, upload=True)
        self.col.reopen(after_full_sync=True)

    def close(self) -> None:
        """Close its collection."""
        self.col.close()
