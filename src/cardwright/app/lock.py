"""The lock of a project: one process at a time builds or releases its packs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cardwright.error import ProjectError

if sys.platform != "win32":
    import fcntl

_WAIT_S: Final = 30.0
_STEP_S: Final = 0.05


@contextmanager
def lock_project(root: Path, tell_waiting: Callable[[], None]) -> Iterator[None]:
    """Keep other processes from building or releasing the project; first wait for the one that does.

    The system releases the lock when the process ends, in whatever way. `tell_waiting` is called once
    if another process has the lock.

    Raises:
        ProjectError: another process keeps it for too long.

    """
    folder = root / "decks"
    if not folder.is_dir():
        yield
        return
    until_s = time.monotonic() + _WAIT_S
    is_told = False
    while (handle := _try_lock(folder)) is None:
        if time.monotonic() > until_s:
            raise ProjectError(
                "another `cards` is still building or releasing this project",
                help="wait for it, or end it",
            )
        if not is_told:
            tell_waiting()
            is_told = True
        time.sleep(_STEP_S)
    try:
        yield
    finally:
        os.close(handle)


def _try_lock(folder: Path) -> int | None:
    """Lock the folder; return the handle to close, or None if another process has the lock."""
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
