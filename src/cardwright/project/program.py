"""The program: what distinguishes the code that runs from every other version of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

import cardwright

_CODE: Final = (".py", ".yaml", ".so", ".pyd", ".css", ".js", ".html")


@cache
def describe_program(layers: tuple[str, ...] = ()) -> str:
    """Return what identifies the code that reads sources: Cardwright's, PyYAML's and Python's.

    `layers` are the folders of Cardwright that matter besides its foundation; all, if none is named.
    It is computed once per process, since code that is edited later does not run in it.
    """
    own = Path(cardwright.__file__).parent
    folders = {own: not layers, **{own / layer: True for layer in layers}}
    yaml = PathFinder.find_spec("yaml")
    if yaml and yaml.origin:
        folders[Path(yaml.origin).parent] = True
    words = [sys.version, sys.byteorder, cardwright.__version__]
    words += sorted(
        line for folder, deep in folders.items() for line in describe_folder(folder, deep=deep)
    )
    return "\n".join(words)


def describe_folder(folder: Path, *, deep: bool = True) -> Iterator[str]:
    """Yield values that change when the code in a folder changes."""
    for parent, folders, names in os.walk(folder):
        if not deep:
            folders.clear()
        for name in names:
            if name.endswith(_CODE):
                path = os.path.join(parent, name)  # noqa: PTH118  (at every start)
                info = os.stat(path)  # noqa: PTH116
                yield f"{path} {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}"
