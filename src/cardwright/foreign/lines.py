"""Reading lines of text files that anybody may have written, with limits on time and memory."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

MAX_LINE: Final = 2**16
"""The most characters of a line that `read_lines` returns."""
_MAX_SKIPPED: Final = 2**24
"""The longest line that `read_lines` reads past."""
MAX_FILE: Final = 2**30
"""The most characters of a file that `read_lines` reads."""


def read_lines(path: Path, *, follow_link: bool = False) -> Iterator[str]:
    """Yield the lines of a text file with their line breaks, in little memory.

    Lines end after MAX_LINE characters at the latest. Invalid UTF-8 is replaced.

    Raises:
        OSError: the file cannot be read, is not a regular file, or it or a line is too large. Lines
        yielded before are good.

    """
    _check_regular(path.stat() if follow_link else path.lstat(), path)
    with _open_at_once(path, follow_link=follow_link) as file:
        total = 0
        for line in iter(partial(file.readline, MAX_LINE), ""):
            total += len(line)
            if len(line) == MAX_LINE and line[-1] not in "\r\n":
                total += _skip_line(file)
            if total > MAX_FILE:
                raise OSError(errno.EFBIG, "too large", str(path))
            yield line


def _skip_line(file: io.TextIOWrapper) -> int:
    """Read past the rest of a line; return its length."""
    skipped = 0
    for rest in iter(partial(file.readline, MAX_LINE), ""):
        skipped += len(rest)
        if rest[-1] in "\r\n":
            break
        if skipped > _MAX_SKIPPED:
            raise OSError(errno.EFBIG, "a line is too long", file.name)
    return skipped


def _open_at_once(path: Path, *, follow_link: bool) -> io.TextIOWrapper:
    """Open a file, even if in the meantime a pipe took its place, which might block forever."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not follow_link:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    handle = os.open(path, flags)
    file = os.fdopen(handle, encoding="utf-8", errors="replace", newline="")
    try:
        _check_regular(os.fstat(handle), path)
    except OSError:
        file.close()
        raise
    return file


def _check_regular(info: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(info.st_mode):
        what = "a link" if stat.S_ISLNK(info.st_mode) else "not a regular file"
        raise OSError(errno.EINVAL, what, str(path))
