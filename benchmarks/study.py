"""Time what reads a whole history: replays, `doctor --verify`, `stats`, and `exam status`."""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Final

import fsrs
from corpus import write_project
from table import Row, compare, print_rows

from cardwright.app.study import open_study
from cardwright.cli.environment import read_clock
from cardwright.history import Act, Rating, Review
from cardwright.model import DeckOptions
from cardwright.study.journal import Journal, make_journal
from cardwright.study.schedule import Schedule
from cardwright.study.store import open_store

PACKS: Final = tuple(f"pack-{letter}" for letter in "abcdefghij")
"""Rebuilt alternately with their floor, so that other load on the machine affects both."""
REVIEWS_PER_PROMPT: Final = 20
MAX_REPLAY: Final = 0.7
MAX_STATS_S: Final = 0.5
MAX_STATUS_S: Final = 0.25
_ROUNDS: Final = 5
_EXAM_ANSWERS: Final = 2_000
_REPOSITORY: Final = Path(__file__).parents[1]
_PROMISED_DAYS: Final = 10
_DAY_MS: Final = 86_400_000
_GAPS_MS: Final = (60_000, 600_000, 3 * _DAY_MS, 20 * _DAY_MS)
_LAST_MS: Final = max(_GAPS_MS) * REVIEWS_PER_PROMPT
_RATINGS: Final = (1, 2, 3, 3, 3, 4)
_START_UP: Final = """\
import os
from pathlib import Path
from cardwright.cli.main import main
from cardwright.cli.environment import open_study
from cardwright.cli.output import say
from cardwright.terminal.reports import draw_sections
with open_study(Path(), Path(os.environ["CARDS_DB"])):
    say(draw_sections({}))
"""
"""What every report on a project does: it opens the store and the project, and prints."""

Histories = Sequence[Sequence[tuple[int, int]]]
"""Ratings and times for each prompt."""


def make_histories(prompts: int) -> list[list[tuple[int, int]]]:
    """Return histories of the last year or so, with answers from minutes to weeks apart."""
    dice = random.Random(7)
    start_ms = read_clock().at_ms - _LAST_MS - _DAY_MS
    histories = []
    for number in range(prompts):
        at_ms = start_ms + number
        history = []
        for _ in range(REVIEWS_PER_PROMPT):
            at_ms += dice.choice(_GAPS_MS)
            history.append((dice.choice(_RATINGS), at_ms))
        histories.append(history)
    return histories


def name_prompt(number: int) -> str:
    """Return the key of a generated prompt."""
    return f"{PACKS[number % len(PACKS)]}:card-{number:06}/recall"


def make_reviews(
    keys: Sequence[str], histories: Histories, *, is_promised: bool = False
) -> Iterator[Review]:
    """Yield histories as reviews with unique ids, each of which may promise an interval."""
    schedule = Schedule(DeckOptions())
    for number, (key, history) in enumerate(zip(keys, histories, strict=True)):
        for place, (rating, at_ms) in enumerate(history, 1):
            yield Review(
                id=f"{at_ms:012x}-{number:08x}",
                key=key,
                act=Act.ANSWER,
                rating=Rating(rating),
                at_ms=at_ms,
                utc_offset_minutes=60,
                duration_ms=5000 + place * 100,
                undoes=None,
                interval_days=_PROMISED_DAYS if is_promised else None,
                interval_basis=schedule.make_basis(place) if is_promised else None,
            )


def fill_store(path: Path, histories: Histories, *, is_promised: bool = False) -> None:
    """Make a store with a history, as commands outside of any project would see it."""
    with open_store(path, "benchmark") as store, store.without_fsync():
        keys = list(map(name_prompt, range(len(histories))))
        journal = make_journal(store, {})
        journal.merge(make_reviews(keys, histories, is_promised=is_promised))
        journal.rebuild()


def time_rebuild(path: Path, histories: Histories, what: str) -> Row:
    """Replay all reviews of a store, against the `fsrs` package doing the same in memory."""
    schedule = Schedule(DeckOptions())
    with open_store(path, "benchmark") as store, store.without_fsync():
        journal = Journal(store, dict.fromkeys(PACKS, schedule), schedule)
        ours_s = floor_s = 0.0
        for number, pack in enumerate(PACKS):
            start = time.process_time()
            review_barely(histories[number :: len(PACKS)])
            between = time.process_time()
            journal.rebuild([pack])
            floor_s += between - start
            ours_s += time.process_time() - between
    return compare(what, ours_s, floor_s, "bare fsrs, CPU", MAX_REPLAY)


def review_barely(histories: Iterable[Iterable[tuple[int, int]]]) -> None:
    """Review with the `fsrs` package alone."""
    scheduler = fsrs.Scheduler()
    ratings = {int(rating): rating for rating in fsrs.Rating}
    for number, history in enumerate(histories):
        card = fsrs.Card(card_id=number)
        for rating, at_ms in history:
            at = datetime.fromtimestamp(at_ms / 1000, UTC)
            card, _ = scheduler.review_card(card, ratings[rating], at)


def time_verify(path: Path, histories: Histories) -> Row:
    """Run `doctor --verify` outside of any project.

    The floor checks the file with SQLite, reads all rows, and reviews with the `fsrs` package.
    """
    half = len(histories) // 2
    start = time.process_time()
    review_barely(histories[:half])
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("pragma integrity_check").fetchall() == [("ok",)]
        for _ in db.execute("select * from reviews"):
            pass
    floor_s = time.process_time() - start
    ours_s = measure_cpu(path, path.parent, "doctor", "--verify")
    start = time.process_time()
    review_barely(histories[half:])
    floor_s += time.process_time() - start
    what = f"doctor --verify outside a project, {len(histories) * REVIEWS_PER_PROMPT:,} reviews"
    return Row(what, ours_s, "s", floor_s, "SQLite's check + rows + bare fsrs, CPU")


def time_stats(folder: Path, answers: int) -> Row:
    """Run `stats` on a project with a history that it has seen before."""
    root, path = folder / "project", folder / "stats" / "reviews.db"
    histories = make_histories(answers // REVIEWS_PER_PROMPT)
    write_project(root, len(histories), has_maths=False)
    with open_study(root, path, read_clock()) as study:
        keys = [item.key for item in study.items]
        study.journal.merge(make_reviews(keys, histories))
    times = []
    for _ in range(_ROUNDS + 1):
        start = time.perf_counter()
        run(path, root, "stats")
        times.append(time.perf_counter() - start)
    what = f"stats, {answers:,} answers"
    return Row(what, median(times[1:]), "s", 0, "", MAX_STATS_S, f"{MAX_STATS_S:g} s")


def time_status(folder: Path) -> Row:
    """Run `exam status` on ML-PRO, some of which was answered, two months before the exam."""
    path, now = folder / "exam" / "reviews.db", read_clock()
    with open_study(_REPOSITORY, path, now) as study:
        keys = [item.key for item in study.items if item.pack == "mlpro"]
        histories = make_histories(_EXAM_ANSWERS // REVIEWS_PER_PROMPT * 5)
        some = [history[-4:] for history in histories]
        study.journal.merge(make_reviews(keys[: len(some)], some))
    exam_on = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
    run(path, _REPOSITORY, "exam", "set", "mlpro", "--date", exam_on, "--minutes", "30")
    run(path, _REPOSITORY, "exam", "status")
    times = []
    for _ in range(_ROUNDS):
        floor_s = measure_cpu(path, _REPOSITORY, code=_START_UP)
        times.append((measure_cpu(path, _REPOSITORY, "exam", "status") - floor_s, floor_s))
    ours_s, floor_s = sorted(times)[_ROUNDS // 2]
    what, target = "exam status on ML-PRO, beyond start-up", f"{MAX_STATUS_S:g} s CPU"
    return Row(what, ours_s, "s", 0, f"start-up: {floor_s:.2f} s CPU", MAX_STATUS_S, target)


def run(path: Path, folder: Path, *words: str, code: str = "") -> None:
    """Run a command on a store in a folder, or code."""
    what = ["-c", code] if code else ["-m", "cardwright", *words]
    environ = {**os.environ, "CARDS_DB": str(path)}
    # Whoever uses the program has its modules compiled.
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(
        [sys.executable, *what], check=True, cwd=folder, env=environ, stdout=subprocess.DEVNULL
    )


def measure_cpu(path: Path, folder: Path, *words: str, code: str = "") -> float:
    """Return the seconds of CPU that `run` takes."""
    before = os.times()
    run(path, folder, *words, code=code)
    after = os.times()
    return (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


def measure(share: int = 1) -> Iterator[Row]:
    """Yield all rows, each of a part of the full size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        histories = make_histories(50_000 // share)
        for is_promised, what in (
            (False, "replay of doctor --verify"),
            (True, "the same with promised intervals"),
        ):
            path = folder / f"replay-{is_promised}" / "reviews.db"
            path.parent.mkdir(exist_ok=True)
            fill_store(path, histories, is_promised=is_promised)
            if not is_promised:
                yield time_verify(path, histories)
            number = len(histories) * REVIEWS_PER_PROMPT
            yield time_rebuild(path, histories, f"{what}, {number:,} reviews")
        yield time_stats(folder, 200_000 // share)
        yield time_status(folder)


def main() -> None:
    """Print a table; exit with status 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="A tenth of everything.")
    print_rows(measure(10 if parser.parse_args().quick else 1))


if __name__ == "__main__":
    main()
