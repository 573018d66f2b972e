"""A profile of Anki with a project's cards, a sync server, and a stock client of it."""

from __future__ import annotations

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

from anki.collection import Collection

from cardwright.anki.identity import NoteIdentity, find_identities
from cardwright.anki.rows import AnkiView, CardKind, CardQueue, CardWrite, LogKind, LogRow, Push
from cardwright.app.project import load_collection

TODAY = date(2026, 11, 28)
USER, PASSWORD = "anna", "secret"
_START_S = 20


def write_cards(numbers: range) -> str:
    """Return a file of basic cards."""
    rows = [
        f"- {{id: card-{n}, question: What is {n}?, answer: It is {n}, sources: [A book]}}\n"
        for n in numbers
    ]
    return f"kind: basic\ncards:\n{''.join(rows)}"


def identify(root: Path) -> Mapping[str, NoteIdentity]:
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


def dump(path: Path) -> dict[str, list[list[object]]]:
    """Return everything in a collection that a user would miss."""
    tables = ("col", "notes", "cards", "revlog", "graves", "config", "deck_config", "decks")
    tables += ("notetypes", "fields", "templates", "tags")
    with open_anki(path) as collection:
        assert collection.db
        return {name: collection.db.all(f"select * from {name} order by 1") for name in tables}


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


class Server:
    """Anki's own sync server on loopback, with one user."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"
        environment = {
            **os.environ,
            "SYNC_USER1": f"{USER}:{PASSWORD}",
            "SYNC_HOST": "127.0.0.1",
            "SYNC_PORT": str(port),
            "SYNC_BASE": str(folder),
            "RUST_LOG": "off",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "anki.syncserver"],
            env=environment,
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

    def __init__(self, path: Path, server: Server) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.col = Collection(str(path))
        self._auth = self.col.sync_login(USER, PASSWORD, server.url)

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
