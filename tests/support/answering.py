"""Sittings as processes of their own, which tell what they did.

    python answering.py answer STORE NAME COUNT    one sitting of so many answers
    python answering.py killed FOLDER KILLS SEED   sittings that are killed at random moments

An answer is told of (`safe ID PROMPT`) when the next prompt may be shown.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Final

from cardwright.history import Rating
from cardwright.model import DeckOptions
from studying import MORNING, later, make_items, open_journal, sit

KILLS_PER_STORE: Final = 10
_LONGEST_LIFE_S: Final = 0.06


def answer(path: Path, name: str, most: int, start_minutes: float = 0) -> None:
    """Answer prompts until there are no more, an answer every five seconds of a made-up time."""
    journal = open_journal(path, DeckOptions(new_per_day=9999), is_durable=True)
    moment = later(MORNING, minutes=start_minutes)
    session = sit(journal, make_items(1000), moment, name=name)
    for number in range(most):
        item = session.current
        if item is None:
            break
        say(f"asked {item.key}")
        moment = later(moment, minutes=1 / 12)
        done = session.answer(Rating(1 + number % 4), moment, 1000)
        say(f"safe {done.review.id} {item.key}")
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
    for number in range(kills):
        path = folder / f"{number // KILLS_PER_STORE}.db"
        child = os.fork()
        if child == 0:
            try:
                answer(path, f"sitting-{number}", 10_000, start_minutes=2 * number)
                time.sleep(1)
            finally:
                os._exit(1)
        time.sleep(dice.uniform(0, _LONGEST_LIFE_S))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        journal = open_journal(path, DeckOptions(new_per_day=9999))
        damage = journal.store.find_damage() or "no"
        differences = len(journal.find_differences())
        say(f"killed by {os.waitstatus_to_exitcode(status)}: {damage} damage, {differences} differ")
        journal.store.close()


def say(line: str) -> None:
    """Write a line at once, since a process that is killed writes nothing more."""
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    if sys.argv[1] == "answer":
        answer(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        kill_sittings(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
