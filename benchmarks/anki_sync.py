"""Let readers study in Anki and in the terminal at random, with syncs, kills and releases.

Needs Linux, a C compiler and the development install.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from anki_clock import start_program
from anki_world import DOORS, START, ZONE

ROUNDS: Final = 10
"""Interleavings in each world, and killed syncs."""
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="how many interleavings")
    parser.add_argument("--kills", type=int, default=300, help="how many killed syncs")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first world")
    parser.add_argument("--doors", nargs="+", choices=list(DOORS), default=list(DOORS))
    given = parser.parse_args()
    is_met = True
    done: Counter[str] = Counter()
    each = [-(-number // len(given.doors)) for number in (given.count, given.kills)]
    for door in given.doors:
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
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
