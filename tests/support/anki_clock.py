"""A clock that can be moved for every process of a program, Anki's own included; see anki_clock.c."""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

SECOND_NS: Final = 10**9
_SOURCE: Final = Path(__file__).with_suffix(".c")


def find_compiler() -> str | None:
    """Return the C compiler that builds the clock; None where it cannot be used."""
    return shutil.which("cc") if sys.platform == "linux" else None


def build_clock(folder: Path) -> Path:
    """Compile the library that programs are to preload."""
    compiler = find_compiler()
    assert compiler
    library = folder / "anki_clock.so"
    words = (compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(_SOURCE))
    subprocess.run(words, check=True)
    return library


def start_program(
    words: Sequence[str], folder: Path, start: datetime, zone: str = "Europe/Berlin"
) -> subprocess.Popen[str]:
    """Start a Python program in a folder of its own, on a clock that stands at `start`."""
    library = build_clock(folder)
    clock = folder / "clock"
    clock.write_bytes(struct.pack("=q", int(start.timestamp() * SECOND_NS)))
    environment = {
        **os.environ,
        "LD_PRELOAD": str(library),
        "ANKI_WORLD_CLOCK": str(clock),
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder / "data"),
        "TZ": zone,
        # Whoever asks for them waits a twentieth of a second for each.
        "RUST_BACKTRACE": "0",
    }
    for name in ("CARDS_DB", "CARDS_NOW", "SOURCE_DATE_EPOCH"):
        environment.pop(name, None)
    return subprocess.Popen(
        (sys.executable, *words), env=environment, text=True, stdout=subprocess.PIPE
    )


class Clock:
    """The clock of a program that `start_program` started."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)
        self._steps = ctypes.c_long.in_dll(self._library, "steps")
        self._fatal_step = ctypes.c_long.in_dll(self._library, "fatal_step")

    def move(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> None:
        """Let time pass, for all processes."""
        passed_s = (days * 24 + hours) * 3600 + seconds
        self._library.move_clock(ctypes.c_longlong(int(passed_s * SECOND_NS)))
        # Anki counts the first second of a study day to the day before.
        if time.strftime("%H:%M:%S") in {"03:59:59", "04:00:00"}:
            self._library.move_clock(ctypes.c_longlong(2 * SECOND_NS))

    def move_to(self, at_s: float) -> None:
        """Set the clock, also back."""
        self.move(seconds=at_s - time.time())

    @property
    def steps(self) -> int:
        """How many steps this process has taken."""
        return self._steps.value

    def die_after(self, steps: int) -> None:
        """Kill this process before the step after so many more."""
        self._fatal_step.value = self.steps + steps
