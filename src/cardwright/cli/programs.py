"""Finding the user's programs, on PATH and nowhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from pathlib import Path

from cardwright.files import find_real


def find_program(name: str, *, outside: Collection[Path] = ()) -> str | None:
    """Return the path of a program, given by its full path or as a name on PATH; None if there is none.

    Names stand for nothing inside some folders. Windows, and `shutil.which` there, would search the
    current folder first, where a project could put a program of its own.
    """
    given = Path(os.path.expanduser(name))  # noqa: PTH111  (pathlib raises for an unknown user)
    if given.name != name:
        return str(given) if given.is_absolute() else None
    file = f"{name}.exe" if sys.platform == "win32" and not given.suffix else name
    for folder in _list_folders():
        path = Path(folder) / file
        # `Path.is_file` raises for a name that is too long.
        is_file = os.path.isfile(path)  # noqa: PTH113
        if not (is_file and os.access(path, os.X_OK)):
            continue
        if not any(_is_inside(path, find_real(root)) for root in outside):
            return str(path)
    return None


def make_environ() -> dict[str, str]:
    """Return the environment for a program, which finds none in the current folder either."""
    return {**os.environ, "PATH": os.pathsep.join(_list_folders())}


def _list_folders() -> list[str]:
    return [folder for folder in os.get_exec_path() if Path(folder).is_absolute()]


def _is_inside(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder) or find_real(path).is_relative_to(folder)
