"""Paths that a user names for output, which must not be what belongs to the user's studies."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click

from cardwright.cli.config_file import find_config_path
from cardwright.error import ProjectError
from cardwright.files import find_real
from cardwright.project.walk import find_project

_SOURCES: Final = ("cards", "decks", "kinds", "schemas")
"""The folders of a project that only authors, and the commands made for them, write to."""
_STORE_ENDINGS: Final = ("", "-wal", "-shm", "-journal")
_OWN_FOLDERS: Final = ("backups", "index")
"""Folders beside the store, whose files are not to be overwritten."""
_ENDS: Final = frozenset((os.sep, os.altsep or os.sep))
SYNCED: Final = re.compile(r"[0-9a-f]{8}\.(jsonl|aliases|settings|records|pairs)")
"""The names of the files that machines write into a sync folder."""
PAGE_START: Final = b"<!doctype html>"
"""How the pages that commands write start."""
_START_BYTES: Final = 64
_STREAMS: Final = ("/dev/std", "/dev/fd/", "/proc/")


class _OutputPath(click.Path):
    """A path to write to."""

    _is_link_followed = True
    _way_out = "give a name, such as ./- for one that is called so"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path, or what it is a link to, or fail if it is not for output."""
        given = os.fspath(value)
        if not given:
            self.fail("an empty name; `.` is the working folder.", param, ctx)
        if given == "-":
            self.fail(f"{given!r} is not standard output here: {self._way_out}.", param, ctx)
        try:
            fault = self._find_fault(given, ctx) or _find_link_fault(given, _find_root(ctx))
        except OSError as error:
            fault = f"cannot be used: {error.strerror}"
        if fault:
            self.fail(f"{given!r} {fault}.", param, ctx)
        super().convert(value, param, ctx)
        path = Path(given)
        return find_real(path) if self._is_link_followed and path.is_symlink() else path

    def _find_fault(self, given: str, ctx: click.Context | None) -> str:
        raise NotImplementedError


class OutputFile(_OutputPath):
    """A file to write."""

    def __init__(self, *starts: bytes, is_printed_otherwise: bool = False) -> None:
        """Accept what is no file yet, is empty, or starts as what the command writes."""
        super().__init__(path_type=Path, dir_okay=False)
        self._starts = starts
        if is_printed_otherwise:
            self._way_out = "without it, the command prints; a file called so is ./-"

    def _find_fault(self, given: str, ctx: click.Context | None) -> str:
        if fault := _find_file_fault(given):
            return fault
        real = find_real(given)
        return (
            _find_store_fault(real, _list_stores(ctx))
            or _find_source_fault(real, _find_root(ctx))
            or _find_other_fault(real)
            or self._find_content_fault(real)
        )

    def _find_content_fault(self, real: Path) -> str:
        """Explain that a file is of another kind than what would replace it."""
        start = _read_start(real)
        if not start or start.startswith(self._starts):
            return ""
        if _is_database(start):
            return "is a database, perhaps a review store"
        return "is a file that this command did not write: delete it first, or name another"


class OutputFolder(_OutputPath):
    """A folder to write files into."""

    def __init__(self, *, is_in_project: bool = False) -> None:
        """Accept folders, relative to the working folder or to that of the project."""
        super().__init__(path_type=Path, file_okay=False)
        self._is_in_project = is_in_project

    def _find_fault(self, given: str, ctx: click.Context | None) -> str:
        base = _find_folder(ctx) if self._is_in_project else Path()
        real = find_real(base / given)
        if real.exists() and not real.is_dir():
            return "is not a folder"
        for store in _list_stores(ctx):
            for name in _OWN_FOLDERS:
                if _is_same(real, store.parent / name):
                    return f"holds the {name} of the review store"
        return _find_source_fault(real, _find_root(ctx))


class StoreFile(_OutputPath):
    """The file of a review store, which is created if needed."""

    _is_link_followed = False  # its backups are beside the link

    def __init__(self) -> None:
        """Accept files."""
        super().__init__(path_type=Path)

    def _find_fault(self, given: str, ctx: click.Context | None) -> str:
        # Anything else in its place is explained with the way out, which `cards doctor` tells, too.
        is_stream = Path(given).exists() and _leads_to_stream(given)
        fault = _find_file_fault(given) if is_stream or given[-1] in _ENDS else ""
        real = find_real(given)
        return fault or _find_source_fault(real, _find_root(ctx)) or _find_other_fault(real)


def _find_folder(ctx: click.Context | None) -> Path:
    folder = ctx and ctx.find_root().obj
    return folder if isinstance(folder, Path) else Path()


def _find_root(ctx: click.Context | None) -> Path | None:
    try:
        return find_project(_find_folder(ctx))
    except ProjectError:
        return None


def _list_stores(ctx: click.Context | None) -> list[Path]:
    """Return the paths of the store that the command uses, and of those that others use."""
    from cardwright.cli.user_folders import default_store_path  # noqa: PLC0415  (rarely needed)

    given = (ctx.params.get("db") if ctx else None, os.environ.get("CARDS_DB"))
    named = (Path(path) for path in given if isinstance(path, str | Path))
    return [*(path for path in named if path.name), default_store_path()]


def _find_file_fault(given: str) -> str:
    if given[-1] in _ENDS:
        return "is a folder"
    try:
        mode = Path(given).stat().st_mode
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"cannot be used: {error.strerror}"
    if stat.S_ISDIR(mode):
        return "is a folder"
    is_file = stat.S_ISREG(mode) and not _leads_to_stream(given)
    return "" if is_file else "is not a regular file"


def _leads_to_stream(given: str) -> bool:
    """Tell whether a path is that of an open stream, such as /dev/stdout, which may be a file."""
    path = os.path.abspath(given)  # noqa: PTH100  (a link is to be followed step by step)
    while not path.startswith(_STREAMS):
        if not os.path.islink(path):  # noqa: PTH114
            return False
        path = os.path.join(os.path.dirname(path), os.readlink(path))  # noqa: PTH115, PTH118, PTH120
        path = os.path.normpath(path)
    return True


def _find_store_fault(real: Path, stores: Iterable[Path]) -> str:
    """Explain that a path is a review store or belongs to one."""
    for store in stores:
        for path in dict.fromkeys((store, find_real(store))):
            for ending in _STORE_ENDINGS:
                if _is_same(real, path.with_name(path.name + ending)):
                    return "is the review store" if not ending else "belongs to the review store"
            for name in _OWN_FOLDERS:
                if real.exists() and _is_same(real.parent, path.parent / name):
                    return f"is among the {name} of the review store"
    return ""


def _find_link_fault(given: str, root: Path | None) -> str:
    """Explain that a path in a project leads out of it, as a stranger's project may have it."""
    if root is None:
        return ""
    real_root = find_real(root)
    path = Path(os.path.abspath(given))  # noqa: PTH100  (follows no links)
    is_inside = path.is_relative_to(real_root) or path.is_relative_to(root.absolute())
    if is_inside and not find_real(given).is_relative_to(real_root):
        return "leads out of the project through a link"
    return ""


def _find_source_fault(real: Path, root: Path | None) -> str:
    """Explain that a path is a source of a project, the user's or any other."""
    for folder in (real, *real.parents):
        if folder.name.casefold() == ".git":
            return "belongs to git"
        if folder.name.casefold() in _SOURCES and _is_project(folder.parent):
            return f"is in {folder.name}/, which holds sources of a project"
        for name in _SOURCES if root else ():
            if root and folder != folder.parent and _is_same(folder, root / name):
                return f"is in {name}/, which holds sources of the project"
    if root and _is_linked_source(real, root):
        return "is a source of the project under another name"
    return ""


def _is_project(folder: Path) -> bool:
    return (folder / "cards").is_dir() and (folder / "decks").is_dir()


def _is_same(path: Path, other: Path) -> bool:
    """Tell whether two paths are the same file or folder, which need not exist."""
    with suppress(OSError):
        if path.samefile(other):
            return True
    if path.name.casefold() != other.name.casefold():
        return False
    with suppress(OSError):
        return path.parent.samefile(other.parent)
    return path == other


def _find_other_fault(real: Path) -> str:
    """Explain that a path belongs to any database, or is the config file or a machine's in a sync folder."""
    for ending in _STORE_ENDINGS[1:]:
        if real.name.endswith(ending) and _is_database(_read_start(_cut(real, ending))):
            return "belongs to a database, perhaps a review store"
    if _is_same(real, find_config_path()):
        return "is the config file"
    return "belongs to a sync folder" if SYNCED.fullmatch(real.name) and real.exists() else ""


def _is_database(start: bytes) -> bool:
    from cardwright.foreign.database import MAGIC  # noqa: PLC0415  (loads sqlite3)

    return start.startswith(MAGIC)


def _cut(path: Path, ending: str) -> Path:
    return path.with_name(path.name.removesuffix(ending))


def _read_start(path: Path) -> bytes:
    """Return how a file starts; nothing if there is none, or no plain one."""
    from cardwright.foreign.plain_file import open_plain_file  # noqa: PLC0415  (rarely needed)

    if not path.is_file():
        return b""
    with open_plain_file(path, follow_link=True) as file:
        return file.read(_START_BYTES)


def _is_linked_source(path: Path, root: Path) -> bool:
    """Tell whether a file has another name (a hard link) among the sources of a project."""
    try:
        info = path.stat()
    except OSError:
        return False
    if not stat.S_ISREG(info.st_mode) or info.st_nlink == 1:
        return False
    return any(os.path.samestat(info, other) for other in _stat_sources(root))


def _stat_sources(root: Path) -> Iterator[os.stat_result]:
    for name in _SOURCES:
        for parent, _, files in os.walk(root / name):
            for file in files:
                with suppress(OSError):
                    yield (Path(parent) / file).lstat()
