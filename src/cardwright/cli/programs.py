"""Finding the user's programs, on PATH and nowhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from pathlib import Path

from cardwright.files import find_real


def find_program(name: str, *, outside: Collection[Path] = ()) -> str | None:
    """Return the path of a program on PATH that is inside none of some folders, or None.

    Windows, and `shutil.which` there, would search the current folder first, where a project could
    put a program of its own.
    """
    file = f"{name}.exe" if sys.platform == "win32" and not Path(name).suffix else name
    for folder in os.get_exec_path():
        path = Path(folder) / file
        # `Path.is_file` raises for a name that is too long.
        is_file = os.path.isfile(path)  # noqa: PTH113
        if not (is_file and Path(folder).is_absolute() and os.access(path, os.X_OK)):
            continue
        if not any(_is_inside(path, find_real(root)) for root in outside):
            return str(path)
    return None


def _is_inside(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder) or find_real(path).is_relative_to(folder)
