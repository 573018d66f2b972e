"""Time a command of ours in an interpreter of its own: `python ours.py build FOLDER`."""

from __future__ import annotations

import sys
import time

# What the commands import inside their bodies: its loading is not the work that is timed here.
import cardwright.anki.package
import cardwright.app.project  # noqa: F401
from cardwright.cli.main import cards

if __name__ == "__main__":
    command, folder = sys.argv[1:]
    start = time.perf_counter()
    cards(["-C", folder, command], standalone_mode=False)
    print(time.perf_counter() - start)
