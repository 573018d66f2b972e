"""Let random readers study in Anki and in the terminal, with syncs, kills and releases; and time a sync.

Needs Linux, a C compiler and the development install.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from anki_clock import start_program

DOORS: Final = ("server", "closed", "connect")
ROUNDS: Final = 10
"""Interleavings in each world."""
MAX_SYNC_S: Final = 2.0
"""For 200 answers over 10,000 cards and 200,000 reviews, besides importing the library."""
_SUPPORT: Final = Path(__file__).parents[1] / "tests" / "support"
_START: Final = datetime(2026, 9, 7, 4, 30, tzinfo=UTC)


def run_worlds(
    doors: list[str], seed: int, count: int, kills: int
) -> tuple[Counter[str], list[str]]:
    """Let so many interleavings and kills happen behind each door."""
    done: Counter[str] = Counter()
    broken: list[str] = []
    worlds = max(-(-count // ROUNDS), -(-kills // ROUNDS))
    for door in doors:
        with tempfile.TemporaryDirectory() as folder:
            words = [str(_SUPPORT / "anki_world.py"), "--door", door, "--seed", str(seed)]
            words += ["--worlds", str(worlds), "--rounds", str(-(-count // max(worlds, 1)))]
            words += ["--kills", str(-(-kills // max(worlds, 1)))]
            process = start_program(words, Path(folder), _START, "Asia/Kolkata")
            output, _ = process.communicate()
        found = json.loads(output.splitlines()[-1])
        done += Counter(found["done"])
        broken += found["broken"]
        print(
            f"{door:8}{found['done'].get('interleavings', 0):6} interleavings"
            f"{found['done'].get('killed', 0):6} killed{len(found['broken']):4} broken"
            f"{found['took_s']:8.0f} s",
            flush=True,
        )
    return done, broken


def time_syncs(doors: list[str], cards: int, reviews: int, rounds: int) -> list[dict[str, Any]]:
    """Time syncs of a large collection."""
    found = []
    for door in doors:
        with tempfile.TemporaryDirectory() as folder:
            words = [str(_SUPPORT / "anki_large.py"), door, folder]
            words += [str(cards), str(reviews), str(rounds)]
            process = start_program(words, Path(folder), _START, "Asia/Kolkata")
            output, _ = process.communicate()
        found.append(json.loads(output.splitlines()[-1]))
    return found
