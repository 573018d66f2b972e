"""Time a Cardwright command in a separate interpreter: `python ours.py build FOLDER`."""

from __future__ import annotations

import sys
import time

# The commands import this when called; import it now so that loading is not timed.
import cardwright.anki.package
import cardwright.app.project  # noqa: F401
from cardwright.cli.main import cards

if __name__ == "__main__":
    command, folder = sys.argv[1:]
    start = time.perf_counter()
    cards(["-C", folder, command], standalone_mode=False)
    print(time.perf_counter() - start)
