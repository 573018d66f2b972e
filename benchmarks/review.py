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
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final, TextIO

from corpus import write_project
from table import Row, compare, print_rows

from cardwright.app.garbage import gc_paused
from cardwright.app.study import open_study
from cardwright.cli.environment import read_clock
from cardwright.cli.opening import Opener
from cardwright.history import Act, Moment, Rating, Review
from cardwright.study.queue import SessionOptions
from cardwright.study.session import Session
from cardwright.terminal.keymap import make_keymap
from cardwright.terminal.review import ReviewActs, Reviewer
from cardwright.terminal.review_state import ReviewState
from cardwright.terminal.screen import Screen

FIRST_CARD_RATIO: Final = 1.6
LARGE_RATIO: Final = 2.2
ANSWER_MS: Final = 0.6
"""Beyond a bare commit."""
PAINT_MS: Final = 1.6
CARDS: Final = 100_000
REVIEWS: Final = 1_000_000
NEW_SHARE: Final = 0.02
"""Of the prompts of the large collection."""
_REPOSITORY: Final = Path(__file__).parents[1]
_FLOOR: Final = "import click, sqlite3, fsrs, rich.console"
_OURS: Final = "from cardwright.cli.main import main; main()"
_SHOWN: Final = b"\x1b[?2026l"
"""Ends a screen update."""
_SIZE: Final = struct.pack("HHHH", 24, 80, 0, 0)
_WARM_UP: Final = 20
"""Answers that are not measured."""


def time_floor() -> float:
    """Return the seconds to start an interpreter with the imports that such a program needs."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", _FLOOR], check=True)
    return time.perf_counter() - start


def time_first_screen(root: Path, store: Path, command: str = "review") -> float:
    """Return the seconds from the start of a command to its first screen."""
    master, slave = pty.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, _SIZE)
    environ = {**os.environ, "CARDS_DB": str(store), "TERM": "xterm-256color"}
    start = time.perf_counter()
    words = [sys.executable, "-c", _OURS, "-C", str(root), command]
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
    """Write a history of answers spread over 300 days, in bulk but through the journal.

    The last prompts stay new. Whoever failed a card learned it again ten minutes later, as the
    program asks for.
    """
    now = read_clock()
    dice = random.Random(1)
    day_ms = 86_400_000
    with open_study(root, store_path, now) as study, study.store.without_fsync():
        keys = [item.key for item in study.items]
        keys = keys[: len(keys) - round(len(keys) * NEW_SHARE)]

        def make() -> Iterator[Review]:
            for number in range(reviews * 10 // 11):
                at_ms = now.at_ms - 300 * day_ms + number * 290 * day_ms * 11 // (reviews * 10)
                rating = Rating(dice.choice((1, *9 * (3,), 4)))
                yield make_answer(number, keys[number % len(keys)], rating, at_ms)
                if rating is Rating.AGAIN:
                    later_ms = at_ms + 10 * 60_000
                    yield make_answer(number, keys[number % len(keys)], Rating.GOOD, later_ms)

        study.journal.merge(make())


def make_answer(number: int, key: str, rating: Rating, at_ms: int) -> Review:
    """Return an answer."""
    return Review(
        id=f"{at_ms:012x}-bench{number:06x}",
        key=key,
        act=Act.ANSWER,
        rating=rating,
        at_ms=at_ms,
        utc_offset_minutes=0,
        duration_ms=8000,
        undoes=None,
    )


class BareStore:
    """A database in which one durable row after another is written, in the simplest way."""

    def __init__(self, path: Path) -> None:
        """Make it."""
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.execute("create table rows (id text primary key, what text)")
        self._count = 0

    def time_commit(self) -> float:
        """Return the seconds that the commit of a row takes."""
        self._count += 1
        start = time.perf_counter()
        self._db.execute("begin immediate")
        row = f"{self._count:020}", "a row as long as a review"
        self._db.execute("insert into rows values (?, ?)", row)
        self._db.execute("commit")
        return time.perf_counter() - start


def time_answers(root: Path, folder: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Return the seconds to record each answer and choose the next card, and of bare commits between."""
    now = read_clock()
    bare = BareStore(folder / "bare-answers.db")
    ours, floor = [], []
    with open_study(root, folder / "answers" / "reviews.db", now) as study:
        options = SessionOptions(max_new=rounds + 50)
        # As in `cards review`.
        with gc_paused():
            session = Session(study.journal, study.items, now, name="benchmark", options=options)
        for number in range(rounds + _WARM_UP):
            moment = Moment(now.at_ms + number * 5000, now.utc_offset_minutes)
            # As the program does before each key press.
            session.rest()
            session.look_ahead(moment)
            floor.append(bare.time_commit())
            start = time.perf_counter()
            session.answer(Rating.GOOD, moment, 5000)
            ours.append(time.perf_counter() - start)
    return ours[_WARM_UP:], floor[_WARM_UP:]


def time_next_cards(root: Path, folder: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Return the seconds from a rating key to the next card on screen, and of bare commits between."""
    now = read_clock()
    bare = BareStore(folder / "bare-cards.db")
    ours, floor = [], []
    with (
        open_terminal() as terminal,
        open_study(root, folder / "cards" / "reviews.db", now) as study,
    ):
        options = SessionOptions(max_new=rounds + 50)
        # As in `cards review`.
        with gc_paused():
            session = Session(study.journal, study.items, now, name="benchmark", options=options)
        state = ReviewState(session, study, read_clock)
        environ = {"TERM": "xterm-256color"}
        acts = ReviewActs(edit=str, play=str, follow=str, of_card=Opener(study))
        reviewer = Reviewer(
            state, Screen(terminal, terminal), environ, acts=acts, keymap=make_keymap({})
        )
        for _ in range(rounds + _WARM_UP):
            for key in (" ", "a", " ", " ") if state.attempt and state.attempt.point_count else " ":
                if not (state.attempt and state.attempt.can_rate):
                    reviewer.press(key)
            # Work ahead, as the program does between a user's key presses.
            reviewer.prepare()
            floor.append(bare.time_commit())
            start = time.perf_counter()
            reviewer.press("4")
            ours.append(time.perf_counter() - start)
    return ours[_WARM_UP:], floor[_WARM_UP:]


@contextlib.contextmanager
def open_terminal() -> Iterator[TextIO]:
    """Open a terminal that another process reads, as a window does."""
    master, slave = pty.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, _SIZE)
    reader = subprocess.Popen(
        ["cat"], stdin=master, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(master)
    try:
        with os.fdopen(slave, "w") as terminal:
            yield terminal
    finally:
        reader.wait()


def pick_p99(passed: list[float]) -> float:
    """Return the 99th percentile."""
    return sorted(passed)[int(len(passed) * 0.99)]


def measure_first_cards(folder: Path, rounds: int, cards: int, reviews: int) -> Iterator[Row]:
    """Yield the rows of the first card."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(_REPOSITORY / "src", quiet=1)
    large = folder / "large"
    # No maths: a formula on the first card would add the import of its library.
    write_project(large, cards, has_maths=False)
    stores = {
        root: folder / name / "reviews.db" for root, name in ((_REPOSITORY, "s"), (large, "l"))
    }
    fill_store(large, stores[large], reviews)
    floor: list[float] = []
    small_s: list[float] = []
    large_s: list[float] = []
    home_s: list[float] = []
    for number in range(rounds + 1):
        shown = (time_first_screen(root, store) for root, store in stores.items())
        passed = time_floor(), *shown, time_first_screen(large, stores[large], "home")
        # The first round warms up the index.
        if number:
            for column, passed_s in zip((floor, small_s, large_s, home_s), passed, strict=True):
                column.append(passed_s)
    size = f"{cards:,} prompts, {reviews:,} reviews"
    for name, ours, ratio in (
        ("first card, ML-PRO", small_s, FIRST_CARD_RATIO),
        (f"first card, {size}", large_s, LARGE_RATIO),
        (f"home screen, {size}", home_s, LARGE_RATIO),
    ):
        yield compare(name, median(ours), median(floor), "bare imports", ratio)


def measure_answers(folder: Path, answers: int) -> Iterator[Row]:
    """Yield the rows of answering."""
    for what, measure, allowed_ms in (
        ("answer recorded and next card chosen, p99", time_answers, ANSWER_MS),
        ("key press to next card painted, p99", time_next_cards, PAINT_MS),
    ):
        ours, floor = (pick_p99(passed) * 1000 for passed in measure(_REPOSITORY, folder, answers))
        target = f"floor + {allowed_ms} ms"
        yield Row(what, ours, "ms", floor, "a bare commit", floor + allowed_ms, target)


def measure_reviews(rounds: int, answers: int, cards: int, reviews: int) -> Iterator[Row]:
    """Yield all rows."""
    with tempfile.TemporaryDirectory() as name:
        yield from measure_answers(Path(name), answers)
        yield from measure_first_cards(Path(name), rounds, cards, reviews)


def main() -> None:
    """Print a table; exit with status 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--answers", type=int, default=1000)
    parser.add_argument("--cards", type=int, default=CARDS)
    parser.add_argument("--reviews", type=int, default=REVIEWS)
    parser.add_argument("--quick", action="store_true", help="A tenth of everything.")
    given = parser.parse_args()
    sizes = (given.rounds, given.answers, given.cards, given.reviews)
    print_rows(measure_reviews(*(size // 10 if given.quick else size for size in sizes)))


if __name__ == "__main__":
    main()
