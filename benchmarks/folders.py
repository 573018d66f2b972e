"""Sync shared folders whose files are damaged or tampered with, and import such files.

    python benchmarks/folders.py --count 2000 --seed 1

What must hold of each is in `tests/support/tampering.py`. What is found is printed with its seed.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Final

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
sys.dont_write_bytecode = True

from studying import close_stores  # noqa: E402
from tampering import make_folder, try_import, try_sync  # noqa: E402

MAX_S: Final = 2.0
"""All nine syncs of a trial together."""
MAX_BYTES: Final = 500_000_000


def main() -> int:
    """Run the trials; return 1 if something was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    found = 0
    slowest_s = 0.0
    with tempfile.TemporaryDirectory() as name:
        kept = Path(name) / "kept"
        kept.mkdir()
        make_folder(kept)
        close_stores()
        for seed in range(given.seed, given.seed + given.count):
            place = Path(name) / "place"
            shutil.copytree(kept, place)
            start_s = time.process_time()
            fault = try_sync(place, Random(seed)) or try_import(place, Random(seed))
            close_stores()
            took_s = time.process_time() - start_s
            slowest_s = max(slowest_s, took_s)
            if took_s > MAX_S:
                fault = fault or f"took {took_s:.1f} s"
            if fault:
                found += 1
                print(f"seed {seed}: {fault}", flush=True)
            shutil.rmtree(place)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"{given.count} trials, {found} faults, slowest {slowest_s:.2f} s, {used / 1e6:.0f} MB")
    return int(bool(found) or used > MAX_BYTES)


if __name__ == "__main__":
    sys.exit(main())
