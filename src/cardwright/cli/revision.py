"""Revisions of a project: what a commit has of its sources, read without trusting its repository."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from cardwright.cli.git import (
    Repository,
    ask_git,
    explain_silence,
    explain_unread,
    find_commit,
    find_repository,
)
from cardwright.cli.output import warn
from cardwright.error import ProjectError
from cardwright.files import find_real
from cardwright.foreign.archive import MAX_RATIO
from cardwright.text import count

_SOURCES: Final = ("cards", "decks", "kinds")
_MAX_FILE: Final = 32 * 2**20
"""A larger file, in bytes, is left out."""
_MAX_AT_ONCE: Final = 8 * 2**20
"""How many bytes of smaller files are read at once: git has little time for one command."""
_MAX_TOTAL: Final = 4 * 2**30
"""A commit with more, in bytes, is not written."""
_RATIO_COUNTS_FROM: Final = 32 * 2**20
_BLOCK: Final = 2**12
"""What the smallest file takes on a disk, in bytes."""
_MAX_PATH: Final = 900
_MAX_NAME: Final = 255
"""A file with a longer path or name, in bytes, is left out: some systems cannot write it."""
_FILE_MODES: Final = ("100644", "100755")
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')
"""What names of files cannot have everywhere, or what would lead elsewhere."""
_RESERVED: Final = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")


class Revisions(NamedTuple):
    """What is compared: folders with the sources before and after."""

    before: Path
    after: Path


class _Blob(NamedTuple):
    """A file of a commit."""

    path: str
    id: str
    size: int


def open_revisions(root: Path, given: str, stack: ExitStack) -> Revisions:
    """Return the sources of what `OLD`, `OLD..NEW` or `OLD...NEW` name.

    Without `NEW`, they are compared with the working tree; with three dots, from where both parted.

    Raises:
        ProjectError: there is no such revision, or it cannot be read.

    """
    repository = find_repository(root)
    if repository is None:
        raise ProjectError(f"revisions need git: {explain_unread(root)}")
    dots = next((dots for dots in ("...", "..") if dots in given), "")
    old, _, new = given.partition(dots) if dots else (given, "", "")
    try:
        before = _find(root, repository, old or "HEAD")
        after = _find(root, repository, new) if new else None
        if dots == "...":
            words = ("merge-base", before, after or repository.head)
            before = (ask_git(root, repository, *words) or b"").decode("ascii").strip()
            if not before:
                raise ProjectError(
                    f"{given!r} have no common history here", help="fetch more of it"
                )
        return Revisions(
            before=_write_sources(root, repository, before, stack),
            after=_write_sources(root, repository, after, stack) if after else root,
        )
    except TimeoutError as error:
        raise ProjectError(f"the revision cannot be read: {error}") from error


def _find(root: Path, repository: Repository, name: str) -> str:
    commit = find_commit(root, repository, name)
    if commit is None:
        if silence := explain_silence(root, repository):
            raise ProjectError(f"no revision can be read: {silence}")
        help = (
            "the clone is shallow: fetch more history (`fetch-depth: 2` of actions/checkout)"
            if repository.shallow
            else "name a commit, a branch, a tag, or HEAD~1"
        )
        raise ProjectError(f"there is no revision {name!r}", help=help)
    return commit


def _write_sources(root: Path, repository: Repository, commit: str, stack: ExitStack) -> Path:
    """Write the sources that a commit has into a temporary folder, and return it."""
    made = tempfile.TemporaryDirectory(prefix="cards-revision-", ignore_cleanup_errors=True)
    folder = find_real(stack.enter_context(made))
    for name in ("cards", "decks"):
        (folder / name).mkdir()
    left_out = 0
    waiting: list[_Blob] = []
    waiting_bytes = 0
    blobs = list(_list_blobs(root, repository, commit))
    if sum(blob.size for blob in blobs) > _MAX_TOTAL:
        raise ProjectError(
            f"commit {commit[:10]} has more than {_MAX_TOTAL / 2**30:g} GiB of files"
        )
    # A small repository can hold the same file a million times.
    total = sum(max(blob.size, _BLOCK) for blob in blobs)
    if total > _RATIO_COUNTS_FROM and total > MAX_RATIO * repository.measure():
        raise ProjectError(
            f"commit {commit[:10]} has {total / 2**20:,.0f} MiB of files,"
            f" over {MAX_RATIO} times as much as its repository"
        )
    for blob in blobs:
        if blob.size > _MAX_FILE or not _is_safe(blob.path):
            left_out += 1
            continue
        if waiting_bytes + blob.size > _MAX_AT_ONCE:
            _write_blobs(root, repository, waiting, folder)
            waiting.clear()
            waiting_bytes = 0
        waiting.append(blob)
        waiting_bytes += blob.size
    _write_blobs(root, repository, waiting, folder)
    if left_out:
        warn(f"{count(left_out, 'file')} of {commit[:10]} left out: too large, or an unusable name")
    return folder


def _list_blobs(root: Path, repository: Repository, commit: str) -> Iterator[_Blob]:
    within = root.relative_to(repository.top)
    folders = [(within / name).as_posix() for name in _SOURCES]
    words = ("ls-tree", "-r", "-z", "-l", "--full-tree", commit, "--", *folders)
    listed = ask_git(root, repository, *words)
    if listed is None:
        raise _make_unread_error(commit)
    for line in listed.decode("utf-8", "surrogateescape").split("\0"):
        about, _, name = line.partition("\t")
        mode, _, rest = about.partition(" ")
        if mode in _FILE_MODES:
            _, id, size = rest.split()
            if not size.isdigit():
                raise _make_unread_error(commit)
            yield _Blob(Path(name).relative_to(within).as_posix(), id, int(size))


def _make_unread_error(commit: str) -> ProjectError:
    help = "fetch its files: git reads nothing from other machines here"
    return ProjectError(f"commit {commit[:10]} cannot be read", help=help)


def _is_safe(path: str) -> bool:
    """Tell whether a path stays where it is written: a commit may have any."""
    return len(os.fsencode(path)) <= _MAX_PATH and not any(
        part in ("", ".", "..")
        or len(os.fsencode(part)) > _MAX_NAME
        or part.casefold() == ".git"
        or part[-1] in ". "
        or _UNSAFE.search(part)
        or _RESERVED.fullmatch(part)
        or not part.isprintable()
        for part in path.split("/")
    )


def _write_blobs(root: Path, repository: Repository, blobs: list[_Blob], folder: Path) -> None:
    if not blobs:
        return
    ids = "".join(f"{blob.id}\n" for blob in blobs).encode("ascii")
    printed = ask_git(root, repository, "cat-file", "--batch", given=ids)
    if printed is None:
        raise ProjectError("files of a revision cannot be read from the repository")
    at = 0
    for blob in blobs:
        start = printed.index(b"\n", at) + 1
        at = start + blob.size + 1
        if not printed.endswith(b" blob %d" % blob.size, 0, start - 1):
            raise ProjectError(f"{blob.path} of a revision is missing in the repository")
        path = folder / blob.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(printed[start : at - 1])
        except OSError as error:
            message = f"{blob.path} of a revision cannot be written: {error.strerror}"
            raise ProjectError(message) from error
