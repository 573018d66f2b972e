"""The home screen in a window, on projects beside a store."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pty_driver import PtyProgram
from reviewing import NOW, store_of

_PROGRAM: Final = "from cardwright.cli.main import main; main()"


def open_home(
    folder: Path,
    *words: str,
    size: tuple[int, int] = (80, 24),
    environ: Mapping[str, str] | None = None,
    store: Path | None = None,
    program: str = _PROGRAM,
) -> PtyProgram:
    """Start `cards` alone in a window, at NOW, on the store beside the folder."""
    return PtyProgram(
        [sys.executable, "-c", program, "-C", str(folder), *words],
        columns=size[0],
        lines=size[1],
        environ={
            "CARDS_DB": str(store or store_of(folder)),
            "CARDS_NOW": NOW,
            "TZ": "UTC",
            **(environ or {}),
        },
    )
