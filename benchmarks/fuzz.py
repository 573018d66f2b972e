"""Thousands of mutated files, projects and packages: no crash, no hang, nothing read or run elsewhere.

    python benchmarks/fuzz.py --count 10000 --seed 1
    python benchmarks/fuzz.py --count 1 --seed 4711 --keep FOLDER

What is found is printed with its seed, which makes it again; `--keep` keeps its files. What the trials
are, and what must hold, is in `tests/support/trials.py`. It needs Linux. As root, run it without the
right to read everything: `setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-all`.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
sys.dont_write_bytecode = True

from trials import FILES, TRIALS, Finding, Garden, release  # noqa: E402

MAX_MEMORY = 1_500 * 2**20
OFTEN = ("text", "text", "text", "ledger", "tree", "package")
"""Trials that are made more often than others."""


def plant_gardens(base: Path) -> Iterator[tuple[Garden, list[str]]]:
    """Yield sound projects to copy, each with what is reported of its canary."""
    ours = sorted((ROOT / "cards" / "mlpro").rglob("*.yaml"), key=lambda path: path.stat().st_size)
    decks = ROOT / "decks" / "mlpro"
    projects: list[dict[str, str | bytes]] = [
        {},
        {
            "decks/mlpro/deck.yaml": (decks / "deck.yaml").read_bytes().split(b"\ndecks:")[0],
            "decks/mlpro/blueprint.yaml": (decks / "blueprint.yaml").read_bytes(),
        },
    ]
    projects.extend({f"cards/mlpro/{path.name}": path.read_bytes()} for path in ours[2::6])
    for number, files in enumerate(projects):
        garden = Garden(base / str(number))
        garden.plant({**FILES, **files})
        yield garden, release(garden)


def main() -> int:
    """Run the trials; return 1 if something was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=TRIALS)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    found: Counter[str] = Counter()
    start_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as folder:
        gardens = list(plant_gardens(Path(folder) / "seeds"))
        for seed in range(options.seed, options.seed + options.count):
            dice = Random(seed)
            name = options.only or dice.choice([*TRIALS, *OFTEN])
            sound, canary = dice.choice([gardens[0], dice.choice(gardens)])
            work = Path(folder) / "work"
            if work.exists():
                # It may be too deep for `rmtree`, and not readable.
                subprocess.run(
                    ["chmod", "-R", "u+rwx", work], check=False, stderr=subprocess.DEVNULL
                )
                subprocess.run(["rm", "-rf", work], check=True)
            try:
                TRIALS[name](dice, sound.copy(work), canary)
            except Finding as finding:
                cause = finding.__cause__
                where = traceback.extract_tb(cause.__traceback__)[-1] if cause else None
                key = f"{name}: {where.filename}:{where.lineno}" if where else f"{finding}"[:90]
                found[key] += 1
                if found[key] <= 3:
                    print(f"seed {seed}, {name}: {str(finding)[:800]}\n    {where}", flush=True)
                if options.keep:
                    if cause:
                        traceback.print_exception(cause)
                    shutil.copytree(work, options.keep, symlinks=True, dirs_exist_ok=True)
    for key, number in found.most_common():
        print(f"{number:>6}  {key}")
    took_s = time.monotonic() - start_s
    print(
        f"{options.count:,} trials in {took_s:.0f} s: {found.total():,} findings of {len(found)} kinds"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
