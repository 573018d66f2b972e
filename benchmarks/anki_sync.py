"""Let readers study in Anki and in the terminal at random, with syncs, kills and releases; time syncs.

Needs Linux, a C compiler and the development install.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from anki_large import Large

from anki_clock import start_program
from anki_world import DOORS, START, ZONE

ROUNDS: Final = 10
"""Interleavings in each world, and killed syncs."""
MAX_SYNC_S: Final = 2.0
"""For 200 answers over 10,000 cards and 200,000 reviews, besides the import of Anki's library."""
_WORLD: Final = Path(__file__).parents[1] / "tests" / "support" / "anki_world.py"


def run_worlds(door: str, seed: int, count: int, kills: int) -> dict[str, Any]:
    """Let so many interleavings and kills happen behind a door."""
    worlds = max(1, -(-max(count, kills) // ROUNDS))
    words = [str(_WORLD), "--door", door, "--seed", str(seed), "--worlds", str(worlds)]
    words += ["--rounds", str(-(-count // worlds)), "--kills", str(-(-kills // worlds))]
    with tempfile.TemporaryDirectory() as folder:
        process = start_program(words, Path(folder), START, ZONE)
        output, _ = process.communicate()
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def time_import() -> float:
    """Return the seconds that an interpreter takes to start and import Anki's library."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import anki.collection"], check=True)
    return time.perf_counter() - start


def time_syncs(door: str, notes: int, reviews: int, rounds: int) -> bool:
    """Time the syncs of a large collection; return whether they are as fast as they must be."""
    imports, busy, idle = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        large = Large(Path(folder), door, notes, reviews)
        first_s, said = large.sync()
        print(f"{door}: first sync {first_s:.2f} s: {said}", flush=True)
        for number in range(rounds):
            large.answer(200, number)
            imports.append(time_import())
            passed_s, said = large.sync()
            busy.append(passed_s)
            idle.append(large.sync()[0])
        large.close()
    net_s = median(busy) - median(imports)
    print(
        f"{door}: 200 answers {median(busy):.2f} s, of which {median(imports):.2f} s to import Anki's"
        f" library ({said}); nothing new {median(idle):.2f} s",
        flush=True,
    )
    return net_s <= MAX_SYNC_S


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="how many interleavings")
    parser.add_argument("--kills", type=int, default=300, help="how many killed syncs")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first world")
    parser.add_argument("--doors", nargs="+", choices=list(DOORS), default=list(DOORS))
    parser.add_argument("--notes", type=int, default=10_000, help="0 to time nothing")
    parser.add_argument("--rounds", type=int, default=5, help="how often each sync is timed")
    given = parser.parse_args()
    is_met = True
    done: Counter[str] = Counter()
    each = [-(-number // len(given.doors)) for number in (given.count, given.kills)]
    for door in given.doors if given.count or given.kills else ():
        found = run_worlds(door, given.seed, *each)
        done += Counter(found["done"])
        is_met &= not found["broken"]
        print(
            f"{door}: {found['done'].get('interleavings', 0)} interleavings,"
            f" {found['done'].get('killed', 0)} kills, {found['took_s']:.0f} s:"
            f" {len(found['broken'])} worlds broken",
            flush=True,
        )
        print("\n".join(found["broken"]), end="", flush=True)
    print(", ".join(f"{number} {name}" for name, number in sorted(done.items())))
    for door in given.doors if given.notes else ():
        is_met &= time_syncs(door, given.notes, given.notes * 20, given.rounds)
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
