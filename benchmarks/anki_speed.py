"""Time `cards anki sync` and `cards import` with a large collection, as whole processes.

Needs the development install.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from anki_large import Large, Took, time_import

DOORS: Final = ("closed", "server")
ANSWERS: Final = 200
MAX_SYNC_S: Final = 2.0
"""For 200 answers over 10,000 cards and 200,000 reviews, besides importing the library."""
_ROW: Final = "{:10}{:28}{:>8}{:>8}{:>8}"


def main() -> None:
    """Print a table; exit with status 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=10_000)
    parser.add_argument("--reviews", type=int, default=200_000)
    parser.add_argument("--others", type=int, default=300_000, help="reviews of other cards")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--door", choices=DOORS, action="append")
    options = parser.parse_args()
    library_s = median(time_import().wall_s for _ in range(options.rounds))
    print(_ROW.format("door", "seconds", "wall", "cpu", "target"))
    print(_ROW.format("", "import anki", f"{library_s:.2f}", "", ""))
    missed = False

    def show(door: str, what: str, took: list[Took], target_s: float | None = None) -> None:
        nonlocal missed
        wall_s, cpu_s = (median(values) for values in zip(*took, strict=True))
        missed |= target_s is not None and wall_s > target_s
        target = "" if target_s is None else f"{target_s:.2f}"
        print(_ROW.format(door, what, f"{wall_s:.2f}", f"{cpu_s:.2f}", target), flush=True)

    for door in options.door or DOORS:
        with tempfile.TemporaryDirectory() as folder:
            large = Large(Path(folder), door, options.cards, options.reviews, options.others)
            try:
                show(door, "first sync", [large.sync()])
                idle = [large.sync() for _ in range(options.rounds)]
                busy = []
                for number in range(options.rounds):
                    large.answer(ANSWERS, seed=number)
                    busy.append(large.sync())
                limit_s = MAX_SYNC_S + library_s
                show(door, f"{ANSWERS} answers to Anki", busy, limit_s)
                show(door, "nothing to do", idle, limit_s - library_s)
                from_anki = []
                for _ in range(options.rounds):
                    large.answer_in_anki(ANSWERS)
                    from_anki.append(large.sync())
                show(door, f"{ANSWERS} answers from Anki", from_anki, limit_s)
            finally:
                large.close()
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
