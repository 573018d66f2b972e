"""Files of a stranger's folder that must be regular ones, of limited size, and not links."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from cardwright.foreign.error import ForeignFileError

_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOFOLLOW", 0)
)
"""To follow no link, and not to wait for the other end of a pipe."""


def read_plain_file(path: Path, max_bytes: int) -> bytes:
    """Return the content of a file.

    Raises:
        FileNotFoundError: there is none.
        ForeignFileError: it is a link, not a regular file, too large, or cannot be read.

    """
    try:
        if path.is_symlink():
            raise ForeignFileError(path, "it is a link")
        with os.fdopen(os.open(path, _FLAGS), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ForeignFileError(path, "it is not a regular file")
            data = file.read(max_bytes + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(str(path)) from error
    except IsADirectoryError as error:
        raise ForeignFileError(path, "it is not a regular file") from error
    except OSError as error:
        raise ForeignFileError(path, error.strerror or "it cannot be opened") from error
    if len(data) > max_bytes:
        raise ForeignFileError(path, f"it has more than {max_bytes >> 20:,} MiB")
    return data
