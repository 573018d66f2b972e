"""The modification time that a build gives to unreleased notes."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from cardwright.anki.stamp import MAX_TIME_S
from cardwright.cli.git import Repository, ask_git, explain_unread, find_repository
from cardwright.cli.output import warn
from cardwright.error import ProjectError
from cardwright.project.walk import is_too_deep
from cardwright.text import to_nfc

_SOURCES: Final = ("cards", "decks", "kinds")
_BUILT: Final = frozenset(
    {".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".tif", ".tiff", ".webp"}
    | {".yaml", ".yml"}
)
"""Extensions of the files that a build reads; others need not be committed."""
_MAX_BYTES: Final = 100 * 2**20
"""Larger files are not compared; hosts of repositories do not accept them."""
_LINK: Final = "120000"


def find_build_time_s(root: Path) -> int:
    """Return SOURCE_DATE_EPOCH, or the commit time of committed sources, or now; in Unix seconds.

    Source of the variable: reproducible-builds.org, "SOURCE_DATE_EPOCH specification".
    """
    if given_s := read_source_date_s():
        return given_s
    commit = _find_commit(root)
    return commit.time_s if commit else int(time.time())


def describe_build_time(root: Path) -> str:
    """Return in a sentence what dates unreleased notes.

    Raises:
        ProjectError: SOURCE_DATE_EPOCH is not a valid time.

    """
    if read_source_date_s():
        return "SOURCE_DATE_EPOCH dates unreleased notes"
    if commit := _find_commit(root):
        at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(commit.time_s))
        if commit.is_cut:
            return f"the oldest commit of this shallow clone dates unreleased notes: {at}"
        return f"the last commit dates unreleased notes: {at}"
    reason = (
        explain_unread(root)
        if find_repository(root) is None
        else "the sources differ from the last commit"
    )
    return f"unreleased notes get the current time: {reason}"


def find_time_s() -> int:
    """Return SOURCE_DATE_EPOCH, or else the current time, in Unix seconds."""
    return read_source_date_s() or int(time.time())


def read_source_date_s() -> int | None:
    """Return SOURCE_DATE_EPOCH in Unix seconds, if it is set.

    Raises:
        ProjectError: it is not a valid time.

    """
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if not given:
        return None
    time_s = _read_seconds(given)
    if time_s is None:
        raise ProjectError(f"SOURCE_DATE_EPOCH must be a number of seconds, not {given!r}")
    return time_s


def _read_seconds(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_TIME_S))):
        return None
    return int(text) if 0 < int(text) <= MAX_TIME_S else None


class _Commit(NamedTuple):
    """The last commit that changed the sources, as far as the repository tells."""

    time_s: int
    is_cut: bool
    """Whether a shallow clone ends with it: an earlier one may have changed them last."""


def _find_commit(root: Path) -> _Commit | None:
    """Return the last commit of the sources, if they are as it left them."""
    repository = find_repository(root)
    if repository is None:
        return None
    within = root.relative_to(repository.top)
    folders = [(within / name).as_posix() for name in _SOURCES]
    try:
        if not _is_committed(root, repository, folders):
            return None
        words = ("rev-list", "--max-count=1", "--timestamp", repository.head, "--", *folders)
        printed = ask_git(root, repository, *words)
    except TimeoutError as error:
        help = "unreleased notes get the current time; set SOURCE_DATE_EPOCH to use another one"
        warn(f"warning: {error}: {help}")
        return None
    text, _, id = os.fsdecode(printed or b"").strip().partition(" ")
    time_s = _read_seconds(text)
    return _Commit(time_s, is_cut=id in repository.shallow) if time_s else None


def _is_committed(root: Path, repository: Repository, folders: list[str]) -> bool:
    """Return whether the sources on disk match the last commit.

    `git status` could tell too, but it runs the filters that a repository configures.
    """
    words = ("ls-tree", "-r", "-z", "--full-tree", repository.head, "--", *folders)
    listed = ask_git(root, repository, *words)
    if not listed:
        return False
    committed = {}
    for line in os.fsdecode(listed).removesuffix("\0").split("\0"):
        about, _, name = line.partition("\t")
        mode, kind, id = about.split()
        if kind == "blob":
            # macOS may spell a name on disk differently from the commit.
            committed[to_nfc(name)] = mode, id
    # Only files found on disk are opened: a path in a commit may point anywhere.
    for path in _list_files(root):
        name = path.relative_to(repository.top).as_posix()
        if (known := committed.pop(to_nfc(name), None)) is not None:
            if not _is_same(path, *known):
                return False
        elif _is_built(path.relative_to(root)):
            return False
    return not committed


def _is_built(name: Path) -> bool:
    return name.suffix.lower() in _BUILT and not any(part[0] == "." for part in name.parts)


def _list_files(root: Path) -> Iterator[Path]:
    for source in _SOURCES:
        if (root / source).is_symlink():
            yield root / source
            continue
        for parent, names, files in os.walk(root / source):
            here = Path(parent)
            if is_too_deep(root / source, parent):
                names.clear()
            links = [name for name in names if (here / name).is_symlink()]
            names[:] = [name for name in names if name != ".git" and name not in links]
            yield from (here / name for name in (*files, *links))


def _is_same(path: Path, mode: str, id: str) -> bool:
    """Return whether a file is a checkout of the blob with this id."""
    try:
        data = _read(path)
    except OSError:
        return False
    if data is None or (path.is_symlink() and mode != _LINK):
        return False
    name = "sha1" if len(id) == 40 else "sha256"  # noqa: PLR2004  (hexadecimal digits)
    return any(
        hashlib.new(name, b"blob %d\0" % len(form) + form, usedforsecurity=False).hexdigest() == id
        for form in _list_forms(data)
    )


def _read(path: Path) -> bytes | None:
    info = path.lstat()
    if stat.S_ISLNK(info.st_mode):
        return os.fsencode(os.readlink(path))  # noqa: PTH115  (pathlib would normalize it)
    if not stat.S_ISREG(info.st_mode) or info.st_size > _MAX_BYTES:
        return None
    with path.open("rb") as file:
        return file.read(_MAX_BYTES)


def _list_forms(data: bytes) -> Iterator[bytes]:
    """Yield possible blobs of a file: its bytes, its text with LF line endings, an LFS pointer."""
    yield data
    if b"\r\n" in data:
        yield data.replace(b"\r\n", b"\n")
    digest = hashlib.sha256(data).hexdigest()
    yield (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(data)}\n"
    ).encode()
