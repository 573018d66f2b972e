"""Lines of text files that anybody may have written, with limits on time and memory."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from cardwright.foreign.plain_file import open_plain_file

MAX_LINE: Final = 2**16
"""The most characters of a line that `read_lines` returns, unless told otherwise."""
_MAX_SKIPPED: Final = 2**24
"""The longest line that `read_lines` reads past."""
MAX_FILE: Final = 2**30
"""The most characters of a file that `read_lines` reads."""


def read_lines(
    path: Path,
    *,
    follow_link: bool = False,
    longest: int = MAX_LINE,
    watch: Callable[[bytes], object] | None = None,
) -> Iterator[str]:
    """Yield the lines of a text file with their line breaks, in little memory.

    Lines end after `longest` characters. Invalid UTF-8 is replaced. `watch` gets all bytes that are
    read.

    Raises:
        OSError: the file cannot be read, is not a regular file, or it or a line is too large. Lines
        yielded before are good.

    """
    with (
        open_plain_file(path, follow_link=follow_link) as raw,
        io.TextIOWrapper(
            _Watched(raw, watch) if watch else raw,
            encoding="utf-8",
            errors="replace",
            newline="",
        ) as file,
    ):
        total = 0
        for line in iter(partial(file.readline, longest), ""):
            total += len(line)
            if len(line) == longest and line[-1] not in "\r\n":
                total += _skip_line(path, file)
            if total > MAX_FILE:
                raise OSError(errno.EFBIG, "too large", str(path))
            yield line


class _Watched(io.BufferedReader):
    """A file whose bytes are shown to somebody else as they are read."""

    def __init__(self, file: io.BufferedReader, watch: Callable[[bytes], object]) -> None:
        super().__init__(file.raw)
        self._watch = watch

    def read1(self, size: int = -1, /) -> bytes:
        """Read some bytes: all that a TextIOWrapper does."""
        found = super().read1(size)
        self._watch(found)
        return found


def _skip_line(path: Path, file: io.TextIOWrapper) -> int:
    """Read past the rest of a line; return its length."""
    skipped = 0
    for rest in iter(partial(file.readline, MAX_LINE), ""):
        skipped += len(rest)
        if rest[-1] in "\r\n":
            break
        if skipped > _MAX_SKIPPED:
            raise OSError(errno.EFBIG, "a line is too long", str(path))
    return skipped
