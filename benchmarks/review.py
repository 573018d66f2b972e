"""Time `cards review`: to the first card, also with a large collection, and to the next card."""

from __future__ import annotations

import argparse
import compileall
import contextlib
import fcntl
import os
import pty
import random
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path
from statistics import median
from typing import Final

from corpus import write_project

from cardwright.app.garbage import gc_paused
from cardwright.app.study import open_study
from cardwright.cli.environment import read_clock
from cardwright.history import Act, Rating, Review
from cardwright.study.queue import SessionOptions
from cardwright.study.session import Session
from cardwright.terminal.review import CardActs, Reviewer
from cardwright.terminal.review_state import ReviewState
from cardwright.terminal.screen import Screen

FIRST_CARD_RATIO: Final = 2.5
LARGE_RATIO: Final = 1.5
NEXT_CARD_RATIO: Final = 3.0
_REPOSITORY: Final = Path(__file__).parents[1]
_FLOOR: Final = "import click, sqlite3, fsrs, rich.console"
_OURS: Final = "from cardwright.cli.main import main; main()"
_SHOWN: Final = b"\x1b[?2026l"
"""Ends a screen update."""
_CARDS: Final = 10_000
_REVIEWS: Final = 200_000
_SIZE: Final = struct.pack("HHHH", 24, 80, 0, 0)


def time_floor() -> float:
    """Return the seconds to start an interpreter with the imports that such a program needs."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", _FLOOR], check=True)
    return time.perf_counter() - start


def time_first_card(root: Path, store: Path) -> float:
    """Return the seconds from the start of `cards review` to its first screen."""
    master, slave = pty.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, _SIZE)
    environ = {**os.environ, "CARDS_DB": str(store), "TERM": "xterm-256color"}
    start = time.perf_counter()
    words = [sys.executable, "-c", _OURS, "-C", str(root), "review"]
    process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env=environ)
    os.close(slave)
    shown = b""
    while _SHOWN not in shown:
        shown += os.read(master, 65536)
    passed = time.perf_counter() - start
    os.write(master, b"q")
    while process.poll() is None:
        drain_once(master)
    os.close(master)
    return passed


def drain_once(master: int) -> None:
    """Read pending output. On Linux, reading from a closed terminal raises an error."""
    try:
        os.read(master, 65536)
    except OSError:
        time.sleep(0.001)


def fill_store(root: Path, store_path: Path, reviews: int) -> None:
    """Write a history of answers spread over 300 days, in bulk but through the journal."""
    now = read_clock()
    dice = random.Random(1)
    day_ms = 86_400_000
    with open_study(root, store_path, now) as study:
        refs = [item.key for item in study.items]

        def make(number: int) -> Review:
            at_ms = now.at_ms - 300 * day_ms + number * 290 * day_ms // reviews
            return Review(
                id=f"{at_ms:012x}-bench{number:06x}",
                key=refs[number % len(refs)],
                act=Act.ANSWER,
                rating=Rating(dice.choice((1, 3, 3, 3, 3, 3, 3, 4))),
                at_ms=at_ms,
                utc_offset_minutes=0,
                duration_ms=8000,
                undoes=None,
            )

        study.journal.merge(map(make, range(reviews)))


def time_commits(folder: Path, rounds: int) -> list[float]:
    """Return the seconds taken by bare durable commits of one row."""
    db = sqlite3.connect(folder / "floor.db", isolation_level=None)
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = full")
    db.execute("create table rows (id text primary key, what text)")
    passed = []
    for number in range(rounds):
        start = time.perf_counter()
        db.execute("begin immediate")
        db.execute("insert into rows values (?, ?)", (f"{number:020}", "a row as long as a review"))
        db.execute("commit")
        passed.append(time.perf_counter() - start)
    db.close()
    return passed


def time_next_cards(root: Path, store_path: Path, rounds: int) -> list[float]:
    """Return the seconds from a rating key to the next card on screen, warm."""
    master, slave = pty.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, _SIZE)
    threading.Thread(target=_drain, args=(master,), daemon=True).start()
    now = read_clock()
    passed = []
    with open_study(root, store_path, now) as study, os.fdopen(slave, "w") as terminal:
        options = SessionOptions(max_new=rounds + 50)
        # As in `cards review`.
        with gc_paused():
            session = Session(study.journal, study.items, now, name="benchmark", options=options)
        state = ReviewState(session, study, read_clock)
        environ = {"TERM": "xterm-256color"}
        acts = CardActs(edit=str, open_media=str, play=str, follow=str)
        reviewer = Reviewer(state, Screen(terminal, terminal), environ, acts=acts)
        for number in range(rounds + 20):
            for key in (" ", "a", " ", " ") if state.attempt and state.attempt.point_count else " ":
                if not (state.attempt and state.attempt.can_rate):
                    reviewer.press(key)
            # Work ahead, as the program does between a user's key presses.
            reviewer.prepare()
            start = time.perf_counter()
            reviewer.press("4")
            if number >= 20:
                passed.append(time.perf_counter() - start)
    return passed


def _drain(master: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(master, 65536):
            pass


def pick_p99(passed: list[float]) -> float:
    """Return the 99th percentile."""
    return sorted(passed)[int(len(passed) * 0.99)]


def main() -> None:
    """Print a table; exit with status 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--answers", type=int, default=300)
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(_REPOSITORY / "src", quiet=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large = folder / "large"
        # No maths: a formula on the first card would add the import of its library.
        write_project(large, _CARDS, has_maths=False)
        stores = {
            root: folder / name / "reviews.db" for root, name in ((_REPOSITORY, "s"), (large, "l"))
        }
        fill_store(large, stores[large], _REVIEWS)
        floor: list[float] = []
        small_s: list[float] = []
        large_s: list[float] = []
        for number in range(options.rounds + 1):
            rows = time_floor(), *(time_first_card(root, store) for root, store in stores.items())
            # The first round warms up the index.
            if number:
                for column, passed in zip((floor, small_s, large_s), rows, strict=True):
                    column.append(passed)
        ours = time_next_cards(_REPOSITORY, folder / "n" / "reviews.db", options.answers)
        commits = time_commits(folder, options.answers)
    table = (
        ("first card", median(small_s), median(floor), FIRST_CARD_RATIO),
        (f"{_CARDS:,} cards, {_REVIEWS:,} reviews", median(large_s), median(small_s), LARGE_RATIO),
        ("next card, p99", pick_p99(ours), pick_p99(commits), NEXT_CARD_RATIO),
    )
    print(f"{'':32}{'ms':>8}{'floor ms':>10}{'ratio':>8}{'target':>8}")
    for what, passed, least, target in table:
        print(
            f"{what:32}{passed * 1000:8.1f}{least * 1000:10.1f}{passed / least:8.2f}{target:8.2f}"
        )
    print(
        f"next card, median {median(ours) * 1000:.1f} ms; a commit {median(commits) * 1000:.1f} ms"
    )
    sys.exit(1 if any(passed > target * least for _, passed, least, target in table) else 0)


if __name__ == "__main__":
    main()
