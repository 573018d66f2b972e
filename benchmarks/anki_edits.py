"""Random edits of the ML-PRO deck in the real Anki: each comes back as the right change.

python benchmarks/anki_edits.py                 # 200 edits, seed 1
python benchmarks/anki_edits.py --count 600 --seed 7 --rounds 5
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from anki_backend import Anki  # noqa: E402
from anki_editing import edit_notes, take_over  # noqa: E402
from cardwright.app.build import build_packs  # noqa: E402
from cardwright.app.project import open_project  # noqa: E402


def main() -> int:
    """Print what went wrong, and return 1 if anything did."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="edits in each round")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    faults = 0
    for seed in range(options.seed, options.seed + options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            faults += _run(Path(folder), options.count, seed)
    return 1 if faults else 0


def _run(folder: Path, count: int, seed: int) -> int:
    root = folder / "project"
    for name in ("cards", "decks"):
        shutil.copytree(ROOT / name, root / name)
    project = open_project(root)
    [package] = build_packs(
        project, ["mlpro"], times_s=(1_700_000_000,) * 2, target=None, warn_of=lambda *_: None
    )
    anki = Anki(folder / "anki")
    try:
        anki.import_package(package.path)
        made = edit_notes(anki.col, project.collection.kinds, count, random.Random(seed))
    finally:
        anki.col.close()
    begun = time.perf_counter()
    verdict = take_over(root, folder / "anki" / "collection.anki2", made)
    spent_s = time.perf_counter() - begun
    for fault in verdict.faults:
        print(fault)
    sorts = ", ".join(f"{number} {name}" for name, number in Counter(m.name for m in made).items())
    print(
        f"seed {seed}: {len(made)} edits ({sorts}): {len(verdict.faults)} faults, {spent_s:.1f} s",
        flush=True,
    )
    return len(verdict.faults)


if __name__ == "__main__":
    sys.exit(main())
