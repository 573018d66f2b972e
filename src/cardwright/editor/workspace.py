"""The open files and their projects: unsaved texts stand for the files on the disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from cardwright.app.project import Project, check_project
from cardwright.diagnostic import Span
from cardwright.editor.buffer import Buffer, Range
from cardwright.editor.outline import Outline
from cardwright.editor.session_cache import SessionCache
from cardwright.error import CardwrightError, ProjectError
from cardwright.files import find_real, read_below
from cardwright.foreign.plain_file import open_plain_file
from cardwright.model import Card, CardHead, Kind
from cardwright.project.media import MediaLibrary
from cardwright.project.walk import is_project, is_source_name, read_source, walk_sources

Sort = Literal["cards", "deck", "blueprint", "kind", ""]
"""What a file holds; empty if it is no source."""


class OpenFile:
    """A file in an editor."""

    def __init__(self, uri: str, buffer: Buffer) -> None:
        """Keep its address as the editor writes it."""
        self.uri = uri
        self.buffer = buffer
        self.root: Path | None = None
        self.name = ""
        """Its name within its project."""
        self.is_dirty = False
        """Whether it may differ from the file on the disk."""
        self._outline: Outline | None = None

    @property
    def sort(self) -> Sort:
        """What it holds."""
        return _find_sort(self.name) if self.root else ""

    @property
    def pack(self) -> str:
        """Its pack; empty for a kind."""
        return self.name.split("/")[1] if self.sort in {"cards", "deck", "blueprint"} else ""

    @property
    def outline(self) -> Outline:
        """Its lines, as far as they can be understood."""
        if self._outline is None or self._outline.buffer is not self.buffer:
            self._outline = Outline(self.buffer)
        return self._outline


class CheckedProject:
    """A project as it is with what is unsaved; it is checked again after a change."""

    def __init__(self, root: Path, cache_folder: Path | None) -> None:
        """Check it at the first use."""
        self.root = root
        self.problem = ""
        """Why it could not be read at all."""
        self.is_stale = True
        self.is_unshown = False
        """Whether problems were found that the editor does not show yet."""
        self._cache = SessionCache(cache_folder)
        self._media: MediaLibrary | None = None
        self.last: Project | None = None
        """As it was last checked."""
        self._early_kinds: Mapping[str, Kind] | None = None

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """Its kinds as it was last checked; before that, as they are on the disk."""
        if self.last is not None:
            return self.last.collection.kinds
        if self._early_kinds is None:
            from cardwright.project.read import read_kinds  # noqa: PLC0415  (seldom needed)

            self._early_kinds, _ = read_kinds(walk_sources(self.root).kinds, read_source, [])
        return self._early_kinds

    def forget_media(self) -> None:
        """Look at media files again."""
        self._media = None

    def check(self, files: dict[str, OpenFile]) -> Project | None:
        """Return the project with open files, by name; None if it cannot be read."""
        if self.is_stale:
            self.is_stale = False
            unsaved = {name: file.buffer.raw for name, file in files.items() if file.is_dirty}
            self._cache.begin(is_saved=not unsaved)
            self._media = self._media or MediaLibrary(self.root)
            try:
                self.last = check_project(
                    self.root,
                    self._cache,
                    highlights=False,
                    unsaved=unsaved,
                    earlier=self.last.files if self.last else (),
                    media=self._media,
                )
                self.problem = ""
            except (CardwrightError, OSError) as error:
                self.last, self.problem = None, str(error)
        return self.last


class Workspace:
    """All open files, and the projects that they belong to."""

    def __init__(self, cache_folder: Path | None) -> None:
        """Keep what is found out about files in a folder."""
        self.files: dict[str, OpenFile] = {}
        """By the address that the editor uses."""
        self.projects: dict[Path, CheckedProject] = {}
        self._cache_folder = cache_folder

    def open(self, uri: str, buffer: Buffer) -> OpenFile:
        """Add a file, and its project if it is in one."""
        file = self.files[uri] = OpenFile(uri, buffer)
        path = to_path(uri)
        file.is_dirty = path is None or not _is_content(path, buffer.raw)
        self._place(file)
        return file

    def place_strays(self) -> None:
        """Find the projects of open files that were in none: folders may have been made since."""
        for file in self.files.values():
            if file.root is None:
                self._place(file)

    def _place(self, file: OpenFile) -> None:
        path = to_path(file.uri)
        root = find_root(path) if path else None
        if path is not None and root is not None:
            self.add_project(root)
            file.root, file.name = root, path.relative_to(root).as_posix()

    def add_project(self, root: Path) -> None:
        """Add a project, unless it is known."""
        if root not in self.projects:
            self.projects[root] = CheckedProject(root, self._cache_folder)

    def remove_project(self, root: Path) -> bool:
        """Remove a project, unless a file of it is open; tell whether it is gone."""
        if any(file.root == root for file in self.files.values()):
            return False
        return self.projects.pop(root, None) is not None

    def find_project(self, file: OpenFile) -> Project | None:
        """Return the project of a file as it is now; None without any, or if it cannot be read."""
        return self.check(self.projects[file.root]) if file.root and file.sort else None

    def check(self, checked: CheckedProject) -> Project | None:
        """Return a project as it is now."""
        return checked.check(self.list_files(checked.root))

    def list_files(self, root: Path) -> dict[str, OpenFile]:
        """Return the open files of a project, by name."""
        return {file.name: file for file in self.files.values() if file.root == root and file.sort}

    def find_uri(self, root: Path, name: str) -> str:
        """Return the address of a file of a project, as the editor writes it if it is open."""
        opened = self._find_open(root, name)
        return opened.uri if opened else (root / name).as_uri()

    def read(self, project: Project, name: str) -> Buffer:
        """Return the text of a file of a project as it is now.

        Raises:
            ProjectError: it cannot be edited.

        """
        opened = self._find_open(project.root, name)
        if opened is not None:
            return opened.buffer
        raw = read_below(project.root, name) or b""
        try:
            return Buffer(raw.decode("utf-8"))
        except UnicodeDecodeError:
            raise ProjectError(f"{name} is not UTF-8 text") from None

    def locate(self, project: Project, span: Span) -> dict[str, Any]:
        """Return the location of a place."""
        return {
            "uri": self.find_uri(project.root, span.path),
            "range": self.range_of(project, span),
        }

    def range_of(self, project: Project, span: Span) -> Range:
        """Return the range of a place of a file, which may be open."""
        opened = self._find_open(project.root, span.path)
        if opened is not None:
            return opened.buffer.range_of(span)
        text = Buffer(project.texts.line(span) or "")
        found = text.range(0, span.column - 1, span.column - 1 + span.length)
        return {end: {**found[end], "line": span.line - 1} for end in ("start", "end")}

    def _find_open(self, root: Path, name: str) -> OpenFile | None:
        found = (file for file in self.files.values() if file.root == root and file.name == name)
        return next(found, None)


def find_card_at(file: OpenFile, project: Project, line: int) -> Card | None:
    """Return the card of a file that a line belongs to."""
    item = file.outline.find_card(line) if file.sort == "cards" else None
    if item is None:
        return None
    heads = find_heads(file, project)
    here = next((head for head in heads if item.start < head.span.line <= item.end), None)
    return project.collection.load(here) if here else None


def find_heads(file: OpenFile, project: Project) -> Sequence[CardHead]:
    """Return the cards of a file as the project was checked."""
    return next((known.heads for known in project.files if known.name == file.name), ())


def to_path(uri: str) -> Path | None:
    """Return the path of a file of this machine with all links to its folder followed; None for others."""
    try:
        parts = urlsplit(uri)
        if parts.scheme != "file" or parts.netloc not in {"", "localhost"}:
            return None
        path = unquote(parts.path)
        # On Windows, a drive follows the first slash.
        path = path[1:] if path[2:3] == ":" else path
        found = Path(path)
        return find_real(found.parent) / found.name if found.is_absolute() and found.name else None
    except (OSError, ValueError):
        return None


def find_root(path: Path) -> Path | None:
    """Return the folder of the project that a path is in."""
    try:
        return next((folder for folder in (path, *path.parents) if is_project(folder)), None)
    except (OSError, ValueError):
        return None


def _is_content(path: Path, raw: bytes) -> bool:
    """Tell whether a file holds just this."""
    try:
        with open_plain_file(path, follow_link=True) as file:
            return file.read(len(raw) + 1) == raw
    except (OSError, ValueError):
        return False


def _find_sort(name: str) -> Sort:
    *folders, last = PurePosixPath(name).parts
    if not folders or not is_source_name(last):
        return ""
    folder, *between = folders
    if folder == "cards" and between:
        return "cards"
    if folder == "kinds" and not between:
        return "kind"
    if folder == "decks" and len(between) == 1:
        if last == "deck.yaml":
            return "deck"
        return "blueprint" if last == "blueprint.yaml" else ""
    return ""
