"""One process at a time: builds and releases of a project wait for each other."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cardwright.cli.output import warn
from cardwright.error import ProjectError

if sys.platform != "win32":
    import fcntl

_WAIT_S: Final = 30.0
_STEP_S: Final = 0.05


@contextmanager
def hold_project(root: Path) -> Iterator[None]:
    """Keep other processes from building or releasing the project; what they hold is awaited.

    The system ends the hold with the process, however that ends.

    Raises:
        ProjectError: another process goes on for too long.

    """
    folder = root / "decks"
    if not folder.is_dir():
        yield
        return
    until_s = time.monotonic() + _WAIT_S
    told = False
    while (handle := _try_hold(folder)) is None:
        if time.monotonic() > until_s:
            raise ProjectError(
                "another `cards` is still building or releasing this project",
                help="wait for it, or end it",
            )
        if not told:
            warn("waiting for another `cards` that builds or releases this project")
            told = True
        time.sleep(_STEP_S)
    try:
        yield
    finally:
        os.close(handle)


def _try_hold(folder: Path) -> int | None:
    """Return what holds the folder, to be closed; None if another process holds it."""
    if sys.platform == "win32":
        # A folder cannot be locked there; this file is deleted with its last handle.
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_TEMPORARY
        try:
            return os.open(folder / ".building", flags)
        except (FileExistsError, PermissionError):
            return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:
        # Some file systems know no locks.
        return handle
    return handle
