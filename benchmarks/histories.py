"""Let random authors and readers live: builds, releases, kills and lost files, against the real Anki."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from readers import live


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=270, help="how many histories (default: 270)")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first one")
    given = parser.parse_args()
    done: Counter[str] = Counter()
    broken = 0
    start_s = time.monotonic()
    for seed in range(given.seed, given.seed + given.count):
        with tempfile.TemporaryDirectory() as folder:
            try:
                done += live(seed, Path(folder))
            except Exception as error:  # noqa: BLE001  (whatever goes wrong is a finding)
                broken += 1
                print(f"seed {seed}: {type(error).__name__}: {error}")
                print("\n".join(getattr(error, "__notes__", ())))
    imports = sum(number for name, number in done.items() if name.startswith("import"))
    took_s = time.monotonic() - start_s
    print(f"{given.count} histories, {imports:,} imports, {took_s:.0f} s: {broken} broken")
    print(", ".join(f"{number} {name}" for name, number in sorted(done.items())))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
