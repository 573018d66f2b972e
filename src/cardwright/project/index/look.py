"""Whether something changed: by what the file system knows, else by content."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final, NamedTuple

import cardwright
from cardwright.project.walk import SourceFile, read_source

_RACY_NS: Final = 2_000_000_000
"""Clocks of file systems tick as slowly as every 2 s (FAT): a change within one is not seen."""
_CODE: Final = (".py", ".yaml", ".so", ".pyd")


class Look(NamedTuple):
    """What is known of a file's content."""

    stamp: str
    """That of the file when it was read; empty when it may have changed unseen since."""
    digest: str
    """Empty when it is not to be read."""
    raw: bytes | None
    """Its content; None when it was not read now."""


def look_at(file: SourceFile, known: Sequence[str] | None, now_ns: int) -> Look:
    """Look at a file whose stamp and digest were `known`, and read it where these may be old.

    `now_ns` is Unix time, from before the file was found.
    """
    if known is not None and file.stamp and file.stamp == known[0]:
        return Look(file.stamp, known[1], None)
    raw = read_source(file)
    if raw is None:
        return Look("", "", None)
    from hashlib import blake2b  # noqa: PLC0415  (slow to load, and mostly nothing changed)

    is_settled = file.changed_at_ns < now_ns - _RACY_NS
    return Look(file.stamp if is_settled else "", blake2b(raw, digest_size=16).hexdigest(), raw)


@cache
def describe_program() -> bytes:
    """Return what changes with the code that reads sources: ours, PyYAML's and Python's.

    Once in a process: code that is edited later is not what runs.
    """
    yaml = PathFinder.find_spec("yaml")
    folders = [Path(cardwright.__file__).parent]
    if yaml and yaml.origin:
        folders.append(Path(yaml.origin).parent)
    words = [sys.version, cardwright.__version__]
    for folder in folders:
        words += describe_folder(folder)
    return "\n".join(words).encode("utf-8", "surrogatepass")


def describe_folder(folder: Path) -> list[str]:
    """Return what changes with the code in a folder."""
    found = []
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.endswith(_CODE):
                path = os.path.join(parent, name)  # noqa: PTH118  (at every start)
                info = os.stat(path)  # noqa: PTH116
                found.append(f"{path} {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}")
    return sorted(found)
