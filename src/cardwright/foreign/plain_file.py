"""Regular files that anybody may have put there: opening one waits for nothing, and reading is limited."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cardwright.foreign.error import ForeignFileError

_FLAGS: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)


class NotPlainError(OSError):
    """A file is a link, a folder, a pipe or a device; `strerror` says so."""


def open_plain_file(path: Path, *, follow_link: bool = False) -> io.BufferedReader:
    """Open a regular file to read it.

    Raises:
        NotPlainError: it is not a regular file.
        OSError: it cannot be opened.

    """
    _check_plain(path.stat() if follow_link else path.lstat(), path)
    handle = os.open(path, _FLAGS if follow_link else _FLAGS | _NO_LINK)
    try:
        # A pipe may have taken its place.
        _check_plain(os.fstat(handle), path)
    except OSError:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")


def read_plain_file(path: Path, max_bytes: int, *, follow_link: bool = False) -> bytes:
    """Return the content of a file of limited size.

    Raises:
        FileNotFoundError: there is none.
        ForeignFileError: it is a link, unless those are followed, or not a regular file, too large, or
            cannot be read.

    """
    with explain_errors(path):
        try:
            with open_plain_file(path, follow_link=follow_link) as file:
                # At once, Python would ask for as much memory as the file may have, not as it has.
                size = min(os.fstat(file.fileno()).st_size, max_bytes)
                data = file.read(size + 1)
                if len(data) > size:
                    data += file.read(max_bytes - size)
        except (FileNotFoundError, NotADirectoryError):
            data = None
    if data is None:
        raise FileNotFoundError(str(path))
    if len(data) > max_bytes:
        raise ForeignFileError(path, f"it has more than {max_bytes >> 20:,} MiB")
    return data


@contextmanager
def explain_errors(path: Path) -> Iterator[None]:
    """Turn what opening or reading a file raises into a ForeignFileError that names it."""
    try:
        yield
    except NotPlainError as error:
        raise ForeignFileError(path, f"it is {error.strerror}") from error
    except OSError as error:
        raise ForeignFileError(path, error.strerror or "it cannot be opened") from error
    except ValueError as error:
        raise ForeignFileError(path, "that is not a valid file name") from error


def _check_plain(info: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(info.st_mode):
        what = "a link" if stat.S_ISLNK(info.st_mode) else "not a regular file"
        raise NotPlainError(errno.EINVAL, what, str(path))
