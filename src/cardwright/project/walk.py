"""A project's folder → its source files. This runs at every start, so it does not import YAML."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from cardwright.diagnostic import Diagnostic, Span, diagnose
from cardwright.error import ProjectError
from cardwright.files import find_real

_MAX_DEPTH: Final = 50
"""The deepest nesting of folders that is read."""
_PACK: Final = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_ENDINGS: Final = (".yaml", ".yml")
_MISTAKEN_ENDINGS: Final = (
    *(f"{ending}.txt" for ending in _ENDINGS),
    ".ymal",
    ".yalm",
)
"""Endings of files that were probably meant to be read."""
_DECK_FILES: Final = ("deck.yaml", "blueprint.yaml")
MAX_READ_BYTES: Final = 6_000_000
"""More than a file may have (`document.MAX_BYTES`), so that a larger file is still reported."""


class SourceFile(NamedTuple):
    """A file to read."""

    location: str
    """Its path: of thousands of files, few are read."""
    name: str
    """Relative to the project, with forward slashes."""
    pack: str
    """The pack; empty for a kind."""
    stamp: str
    """Changes with the content, as far as the file system shows; empty if it must not be read."""
    changed_at_ns: int
    """The Unix time of the last change of its content or path."""

    @property
    def path(self) -> Path:
        """Its path."""
        return Path(self.location)


Read = Callable[[SourceFile], bytes | None]
"""Returns the content of a file, or None if it must not be read. It may raise OSError."""


Unsaved = Mapping[str, bytes]
"""The contents of files that are open in an editor, by name; they stand for those on the disk."""
NOTHING_UNSAVED: Final[Unsaved] = {}


class SourceFiles(NamedTuple):
    """The files of a project in order of precedence, and their problems."""

    kinds: list[SourceFile]
    decks: list[SourceFile]
    """Each pack's manifest, then its blueprint."""
    cards: list[SourceFile]
    problems: list[Diagnostic]


def find_project(start: Path) -> Path:
    """Return the nearest folder, from `start` upwards, that contains `cards` and `decks`.

    Raises:
        ProjectError: there is no such folder.

    """
    try:
        start = find_real(start)
    except OSError as error:
        raise ProjectError(
            "the working folder no longer exists", help="go to another one with `cd`"
        ) from error
    for folder in (start, *start.parents):
        if is_project(folder):
            return folder
    raise ProjectError(
        f"no project here: neither {start} nor a parent folder contains `cards` and `decks`",
        help="start one with `cards init NAME`, or name its folder with `cards -C FOLDER`",
    )


def is_project(folder: Path) -> bool:
    """Tell whether a folder is a project: it contains `cards` and `decks`."""
    return (folder / "cards").is_dir() and (folder / "decks").is_dir()


def walk_sources(root: Path) -> SourceFiles:
    """List the files of the project at `root`; what cannot be read is among the problems."""
    return _Walk(root).walk()


def add_unsaved(root: Path, files: SourceFiles, unsaved: Unsaved) -> None:
    """Add the unsaved files that are not on the disk yet."""
    known = {file.name for file in (*files.kinds, *files.decks, *files.cards)}
    for name in sorted(unsaved.keys() - known):
        folder, *between, last = name.split("/")
        if not is_source_name(last):
            continue
        pack = between[0] if between else ""
        made = SourceFile(str(root / name), name, pack, "unsaved", 0)
        if folder == "kinds" and not between:
            files.kinds.append(made)
        elif folder == "cards" and _PACK.fullmatch(pack):
            files.cards.append(made)
            files.cards.sort(key=lambda file: file.name.split("/"))
        elif folder == "decks" and last in _DECK_FILES and between == [pack]:
            files.decks.append(made)
            files.decks.sort(key=lambda file: (file.pack, _DECK_FILES.index(file.path.name)))


def is_source_name(name: str) -> bool:
    """Tell whether a file has the name of a source: it ends with .yaml or .yml in any case."""
    return name.lower().endswith(_ENDINGS) and name[0] != "."


def is_too_deep(folder: Path, parent: str) -> bool:
    """Tell whether a folder below another is nested too deeply to be read."""
    return parent.count(os.sep) - str(folder).count(os.sep) >= _MAX_DEPTH


def read_source(file: SourceFile) -> bytes | None:
    """Return a file's content (the start of a huge one), or None if it must not be read.

    Raises:
        OSError: it cannot be read, or no longer exists.

    """
    if not file.stamp:
        return None
    with file.path.open("rb") as stream:
        return stream.read(MAX_READ_BYTES)


def digest_content(raw: bytes) -> bytes:
    """Return a digest of a file's content."""
    from hashlib import blake2b  # noqa: PLC0415  (OpenSSL loads slowly, and studying does without)

    return blake2b(raw, digest_size=16).digest()


def diagnose_unreadable(name: str, error: OSError) -> Diagnostic:
    """Make the diagnostic for a file or folder that the system does not let us read."""
    span = Span(path=name, line=1, column=1)
    message = f"this cannot be read: {error.strerror or error}"
    return diagnose("outside-project", message, span, help="let this user read it")


class _Walk:
    """One walk through a project."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._real_root = find_real(root)
        self._start = len(str(root / "x")) - 1
        """The index in a path at which the name relative to the project starts."""
        self._problems: list[Diagnostic] = []
        self._refused: set[Path] = set()
        """Folders that were reported."""

    def walk(self) -> SourceFiles:
        for name in ("kinds", "decks", "cards"):
            folder = self._root / name
            is_other = os.path.lexists(folder) and not self._is_folder(folder)
            if (is_other or folder.is_symlink()) and self._leads_out(folder):
                self._refused.add(folder)
        kinds = [self._stat(path) for path in self._list_files(self._root / "kinds")]
        for path in self._list_unread_folders(self._root / "kinds"):
            self._report_unread(Path(path), "move it into kinds/ itself")
        decks = [
            self._stat(str(path), folder.name)
            for folder in self._list_packs(self._root / "decks")
            for path in self._list_deck_files(folder)
        ]
        for path in self._list_files(self._root / "decks"):
            self._report_unread(Path(path), "move it into a folder: decks/PACK/deck.yaml")
        for path in self._list_files(self._root / "cards"):
            message = f"{self._name(path)} does not belong to a pack"
            help = "move it into a folder: the first folder below cards/ is the pack"
            self._report("outside-pack", message, Path(path), help)
        cards = [
            self._stat(path, folder.name)
            for folder in self._list_packs(self._root / "cards")
            for path in self._list_files(folder, deep=True)
        ]
        return SourceFiles(kinds, decks, cards, self._problems)

    def _list_packs(self, parent: Path) -> Iterator[Path]:
        for path in self._list(parent):
            if path.name.startswith("."):
                continue
            if not self._is_folder(path):
                self._report_odd(path)
                continue
            if self._leads_out(path):
                continue
            if _PACK.fullmatch(path.name):
                yield path
            else:
                message = f"`{path.name}` is not a valid name for a pack"
                self._report("bad-id", message, path, "use a-z, 0-9, - and _")

    def _list_deck_files(self, folder: Path) -> list[Path]:
        """Return the manifest and the blueprint of a pack; report other YAML files."""
        paths = [folder / name for name in _DECK_FILES]
        listed = list(map(Path, self._list_files(folder)))
        # In a folder that may be listed but not entered, no file seems to exist.
        found = [path for path in paths if path in listed or os.path.lexists(path)]
        for path in listed:
            # Where case does not matter, `Deck.yaml` is `deck.yaml`.
            if path not in found and not any(_is_same(path, known) for known in found):
                self._report_unread(path, f"rename it: only {' and '.join(_DECK_FILES)} are read")
        return found

    def _list_unread_folders(self, folder: Path) -> Iterator[str]:
        """Yield the YAML files in the folders below a folder that has none."""
        for path in self._list(folder):
            if path.name[0] != "." and not path.is_symlink() and self._is_folder(path):
                yield from self._list_files(path, deep=True)

    def _list_files(self, folder: Path, *, deep: bool = False) -> list[str]:
        """Return the paths of the YAML files of a folder, sorted by name, without hidden ones."""
        if not self._is_folder(folder):
            return []
        found: list[str] = []
        for parent, names, files in os.walk(folder, onerror=self._report_error):
            here = Path(parent)
            if is_too_deep(folder, parent):
                message = f"folders are nested more than {_MAX_DEPTH} levels deep"
                self._report("nesting-too-deep", message, here, "move its files further up")
                names.clear()
                continue
            names[:] = [
                name
                for name in names
                if deep
                and name[0] != "."
                and (_stat_plain(here / name) or not self._leads_out(here / name))
            ]
            found += [os.path.join(parent, name) for name in files if is_source_name(name)]  # noqa: PTH118
            for name in files:
                if deep and "." not in name:
                    self._report_odd(here / name)
                if name.lower().endswith(_MISTAKEN_ENDINGS) and name[0] != ".":
                    self._report_unread(here / name, "rename it: its name must end with .yaml")
        return sorted(found, key=lambda path: self._name(path).split("/"))

    def _report_odd(self, path: Path) -> None:
        """Report a link to nowhere, a pipe or a device in whose place there may have been a folder."""
        info = self._stat_target(path)
        if (info is None or not stat.S_ISREG(info.st_mode)) and not is_source_name(path.name):
            self._leads_out(path)

    def _stat(self, path: str, pack: str = "") -> SourceFile:
        stamp, changed_at_ns = "", 0
        info = _stat_plain(path)
        if info is None or not stat.S_ISREG(info.st_mode):
            target = Path(path)
            info = None if self._leads_out(target, to_folder=False) else self._stat_target(target)
        if info is not None:
            stamp = f"{info.st_size} {info.st_mtime_ns} {info.st_ctime_ns} {info.st_ino}"
            changed_at_ns = max(info.st_mtime_ns, info.st_ctime_ns)
        return SourceFile(path, self._name(path), pack, stamp, changed_at_ns)

    def _leads_out(self, path: Path, *, to_folder: bool = True) -> bool:
        """Report a path that is a link out of the project, or of the wrong type."""
        try:
            real = find_real(path, strict=True)
            mode = real.stat().st_mode
        except PermissionError as error:
            self._report_error(error, path)
            return True
        except OSError:
            message = "this link is broken"
        else:
            if not real.is_relative_to(self._real_root):
                message = "this link points outside the project"
            elif not (stat.S_ISDIR(mode) if to_folder else stat.S_ISREG(mode)):
                message = "this is not a folder" if to_folder else "this is not a regular file"
            else:
                return False
        self._report("outside-project", message, path, "put the file itself into the project")
        return True

    def _list(self, folder: Path) -> list[Path]:
        """Return what is in a folder, sorted by name; nothing if there is no such folder."""
        if not self._is_folder(folder):
            return []
        try:
            return sorted(folder.iterdir())
        except OSError as error:
            self._report_error(error, folder)
            return []

    def _is_folder(self, path: Path) -> bool:
        """Tell whether a path is a folder, or a link to one, that may be read."""
        if path in self._refused:
            return False
        info = self._stat_target(path)
        return info is not None and stat.S_ISDIR(info.st_mode)

    def _stat_target(self, path: Path) -> os.stat_result | None:
        """Return the state of a path, maybe of the target of a link; None if there is none."""
        try:
            return path.stat()
        except PermissionError as error:
            self._report_error(error, path)
        except OSError:
            pass
        return None

    def _report_error(self, error: OSError, path: Path | None = None) -> None:
        path = path or Path(error.filename)
        if path not in self._refused:
            self._refused.add(path)
            self._problems.append(diagnose_unreadable(self._name(path), error))

    def _report_unread(self, path: Path, help: str) -> None:
        self._report("unread-file", "this file is not read", path, help)

    def _report(self, code: str, message: str, path: Path, help: str) -> None:
        span = Span(path=self._name(path), line=1, column=1)
        self._problems.append(diagnose(code, message, span, help=help))

    def _name(self, path: Path | str) -> str:
        # Cut the string: pathlib would cost more than the rest of the walk.
        name = str(path)[self._start :].replace(os.sep, "/")
        if name.isascii():
            return name
        # Bytes that are not UTF-8 could be neither stored nor shown.
        return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.name.casefold() == other.name.casefold() and path.samefile(other)
    except OSError:
        return False


def _stat_plain(path: Path | str) -> os.stat_result | None:
    """Return the state of a path itself, or None for a link or a Windows junction."""
    try:
        info = os.lstat(path)
    except OSError:
        return None
    is_link = stat.S_ISLNK(info.st_mode) or getattr(info, "st_reparse_tag", None)
    return None if is_link else info
