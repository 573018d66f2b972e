"""Files: written atomically, and within a project without following links."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from cardwright.error import ProjectError

_TEMPORARY: Final = ".cardwright-tmp"
"""Ends the names of files that are being written."""
_MAX_NAME: Final = 40
"""How much of a file's name its temporary file carries, in characters."""
_MAX_READ_BYTES: Final = 64 * 2**20
_ABANDONED_S: Final = 3600
"""After this time, a temporary file was left behind by a process that was killed."""


def write_file(path: Path, data: bytes | str) -> None:
    """Write a file atomically: to a temporary file beside it, which is then renamed.

    An existing file keeps its permissions; a link is replaced, not followed.

    Raises:
        OSError: it cannot be written, with its path; an existing file is unchanged.

    """
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
    stream_file(path, lambda file: file.write(raw))


def stream_file(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file as `write_file` does, by what `write` puts into it: it need not fit into memory.

    Raises:
        OSError: it cannot be written, with its path; an existing file is unchanged.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = _find_mode(path)
        temporary = make_temporary(path)
        try:
            # The process's umask applies: most files are meant to be shared.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            with os.fdopen(os.open(temporary, flags, 0o666), "wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            if mode is not None:
                temporary.chmod(mode)
            remove_abandoned(temporary)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def make_temporary(path: Path) -> Path:
    """Return a new path beside a file, from which it is to be renamed once it is complete."""
    return path.with_name(f".{path.name[:_MAX_NAME]}.{os.urandom(4).hex()}{_TEMPORARY}")


def write_below(root: Path, name: str, data: bytes | str) -> None:
    """Write a file of a project, by its path relative to the project's folder.

    Raises:
        ProjectError: a link, a pipe or a device is in its way.
        OSError: it cannot be written.

    """
    write_file(find_below(root, name), data)


def stream_below(root: Path, name: str, write: Callable[[BinaryIO], object]) -> None:
    """Write a file of a project as `write_below` does, by what `write` puts into it.

    Raises:
        ProjectError: a link, a pipe or a device is in its way.
        OSError: it cannot be written.

    """
    stream_file(find_below(root, name), write)


def read_below(root: Path, name: str) -> bytes | None:
    """Return the content of a file that will be changed, or None if there is none.

    Raises:
        ProjectError: a link, a pipe or a device is in its way, or it is too large.
        OSError: it cannot be read.

    """
    path = find_below(root, name)
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_READ_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(data) > _MAX_READ_BYTES:
        raise ProjectError(f"{path} has more than {_MAX_READ_BYTES >> 20} MiB")
    return data


def find_below(root: Path, name: str) -> Path:
    """Return the path of a file that may be written, by its path relative to the project's folder.

    Raises:
        ProjectError: a link, which may lead anywhere, a pipe or a device is in its way, or a file in that of
            its folder.

    """
    path = root
    parts = name.split("/")
    for number, part in enumerate(parts, 1):
        path /= part
        try:
            info = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        is_link = stat.S_ISLNK(info.st_mode) or bool(getattr(info, "st_reparse_tag", 0))
        if is_link:
            message = f"{path} is a link, so nothing was written there"
            raise ProjectError(message, help="put the file or folder itself there")
        if not (stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode)):
            raise ProjectError(f"{path} is not a regular file", help="put the file itself there")
        if number < len(parts) and not stat.S_ISDIR(info.st_mode):
            raise ProjectError(f"{path} is not a folder", help="move it away")
    return path


def is_on_network(path: str) -> bool:
    """Tell whether a path names another computer, to which Windows would identify the user."""
    return path.startswith(("\\\\", "//"))


def find_real(path: Path | str, *, strict: bool = False) -> Path:
    """Return the absolute path that all links lead to; unless `strict`, it need not exist.

    Unlike `Path.resolve`, it never raises a `RuntimeError` for links that lead to each other.

    Raises:
        OSError: `strict`, and it does not exist, or cannot be found out.

    """
    return Path(os.path.realpath(path, strict=strict))


def find_free(path: Path) -> Path:
    """Return a path where nothing is yet, adding a number to the name if needed."""
    number, free = 1, path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def _find_mode(path: Path) -> int | None:
    """Return the permissions of the file that will be replaced; None if there is none.

    Raises:
        OSError: it is not a regular file, or may not be changed.

    """
    try:
        info = path.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(info.st_mode):
        return None
    if stat.S_ISDIR(info.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(info.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return stat.S_IMODE(info.st_mode) & 0o777


def remove_abandoned(temporary: Path) -> None:
    """Remove what killed processes left of writing files in the same folder."""
    with contextlib.suppress(OSError):
        now_s = temporary.stat().st_mtime
        with os.scandir(temporary.parent) as entries:
            for entry in entries:
                if (
                    entry.name.startswith(".")
                    and entry.name.endswith(_TEMPORARY)
                    and entry.is_file(follow_symlinks=False)
                    and now_s - entry.stat(follow_symlinks=False).st_mtime > _ABANDONED_S
                ):
                    os.unlink(entry.path)  # noqa: PTH108  (scandir gives strings)


def make_private_folder(path: Path) -> None:
    """Create a folder, and those above it, that only their owner can open; existing ones stay.

    Raises:
        OSError: it cannot be created.

    """
    for folder in (*reversed(path.parents), path):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
