"""Sessions in separate processes, which report what they did.

    python answering.py answer STORE NAME COUNT    one session with COUNT answers
    python answering.py killed FOLDER KILLS SEED   sessions that are killed at random moments

An answer is reported (`safe ID PROMPT`) when the next prompt may be shown.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import BinaryIO, Final, NoReturn

from cardwright.history import Rating
from cardwright.model import DeckOptions
from cardwright.study import opening
from patience import PATIENCE_S
from studying import MORNING, later, make_items, open_journal, sit

KILLS_PER_STORE: Final = 10
_MOST_ANSWERS: Final = 3
"""Told of before the kill; more may be given by then."""
_OPENING: Final = 5
"""So many times as long as an answer takes the beginning, more or less."""


def answer(
    path: Path, name: str, most: int, start_minutes: float = 0, fatal: int | None = None
) -> None:
    """Answer prompts while there are any, an answer every five seconds of a made-up time.

    It dies when it has told of the `fatal` one.
    """
    journal = open_journal(path, DeckOptions(new_per_day=9999), is_durable=True)
    moment = later(MORNING, minutes=start_minutes)
    session = sit(journal, make_items(1000), moment, name=name)
    for number in range(1, most + 1):
        item = session.current
        if item is None:
            break
        say(f"asked {item.key}")
        moment = later(moment, minutes=1 / 12)
        done = session.answer(Rating(1 + (number - 1) % 4), moment, 1000)
        say(f"safe {done.review.id} {item.key}")
        if number == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
    say("leaving")
    sys.stdin.readline()
    session.close()
    say("left")
    sys.stdin.readline()


def kill_sittings(folder: Path, kills: int, seed: int) -> None:
    """Begin sittings in children, kill each at a random moment, and tell what the next one finds.

    Forked, for speed: what is imported once serves all of them.
    """
    dice = random.Random(seed)
    took_s = 0.0
    for number in range(kills):
        path = folder / f"{number // KILLS_PER_STORE}.db"
        answers = dice.randint(0, _MOST_ANSWERS)
        told, tell = os.pipe()
        lifeline, hold = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(hold)
            os.dup2(tell, 1)
            # Every other one at the very moment at which its answer must be safe.
            _answer_until_killed(path, number, lifeline, answers if number % 2 else None)
        os.close(tell)
        os.close(lifeline)
        with os.fdopen(told, "rb") as lines:
            took_s = _relay(lines, answers) or took_s
            # The others anywhere in what comes next, however fast this machine is.
            time.sleep(dice.uniform(0, took_s if answers else took_s * _OPENING))
            os.kill(child, signal.SIGKILL)
            _relay(lines)
        os.close(hold)
        _, status = os.waitpid(child, 0)
        journal = open_journal(path, DeckOptions(new_per_day=9999))
        damage = journal.store.find_damage() or "no"
        differences = len(journal.find_differences())
        say(f"killed by {os.waitstatus_to_exitcode(status)}: {damage} damage, {differences} differ")
        journal.store.close()


def _answer_until_killed(path: Path, number: int, lifeline: int, fatal: int | None) -> NoReturn:
    """Answer all there is, and wait for the kill, or for the end of who was to kill."""
    try:
        answer(path, f"sitting-{number}", sys.maxsize, 2 * number, fatal)
        os.read(lifeline, 1)
    finally:
        os._exit(1)


def _relay(lines: BinaryIO, answers: int = sys.maxsize) -> float:
    """Pass on what a child tells, up to so many safe answers; return how long the last one took."""
    took_s, since_s = 0.0, time.monotonic()
    while answers and (line := lines.readline()):
        os.write(1, line)
        now_s = time.monotonic()
        if line.startswith(b"safe"):
            answers -= 1
            took_s = now_s - since_s
        since_s = now_s
    return took_s


def say(line: str) -> None:
    """Write a line at once, since a process that is killed writes nothing more."""
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    # A lock may be held for as long as a busy machine likes.
    opening.LOCK_TIMEOUT_S = PATIENCE_S  # type: ignore[attr-defined]
    if sys.argv[1] == "answer":
        answer(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        kill_sittings(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
