"""Asking git about a folder without trusting that folder.

A repository's configuration can name programs that git runs: fsmonitor, filters, hooks, pagers,
signers. So git never runs in the repository itself. It runs in an empty temporary one that borrows
the objects, and only with commands that read objects.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import IO, Final

from cardwright.cli.programs import find_program
from cardwright.foreign.plain_file import open_plain_file

MAX_S: Final = 2.0
"""Time limit for one git command."""
_MAX_OUTPUT: Final = 64 * 2**20
_MAX_FILE: Final = 16 * 2**20
"""Size limit of a file of references: enough for more than a hundred thousand branches."""
_MAX_LINKS: Final = 5
"""How many references to references to follow, the same as in git."""
_ID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REF: Final = re.compile(r"refs(?:/(?!\.)[^\x00-\x20\x7f/\\:?*\[~^]+)+")
_REVISION: Final = re.compile(r"([^\x00-\x20\x7f\\:?*\[~^]+)((?:[~^][0-9]{0,9}){0,20})")
_ABBREVIATED: Final = re.compile(r"[0-9a-f]{4,64}")
_SHORT_FOR: Final = ("", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/")
"""What a name of a revision may leave out, in the order of git."""
_SETTINGS: Final = {
    "GIT_ALLOC_LIMIT": "256m",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """The objects of a repository, and the commit that is checked out."""

    top: Path
    """The folder that holds `.git`."""
    objects: Path
    head: str
    """The id of a commit."""
    refs: tuple[Path, ...]
    """The folders with its references: its own, and the one it shares with other working trees."""
    shallow: tuple[str, ...]
    """The commits whose parents were not fetched."""

    def measure(self) -> int:
        """Return how many bytes the files of the objects have."""
        return sum(
            (Path(folder) / name).lstat().st_size
            for folder, _, names in os.walk(self.objects)
            for name in names
        )


def find_repository(root: Path) -> Repository | None:
    """Return the repository of the nearest `.git` in or above a folder.

    Folders that look like bare repositories are ignored: anyone can commit such files.
    """
    for top in (root, *root.parents):
        git_dir = _find_git_dir(top / ".git")
        found = git_dir and _read_repository(top, git_dir)
        if found:
            return found
    return None


def explain_unread(root: Path) -> str:
    """Return why `find_repository` finds none."""
    for top in (root, *root.parents):
        dot_git = top / ".git"
        if not os.path.lexists(dot_git):
            continue
        git_dir = _find_git_dir(dot_git)
        if git_dir is None:
            return f"{dot_git} is not a repository"
        shared = _read_path(git_dir / "commondir") or git_dir
        # pathlib may raise, here and below.
        if not os.path.isdir(shared / "objects"):  # noqa: PTH112
            return f"{dot_git} has no objects"
        if os.path.lexists(shared / "objects" / "info" / "alternates"):
            return f"{dot_git} borrows objects from another repository (alternates)"
        if os.path.lexists(shared / "reftable"):
            return f"{dot_git} keeps its references as a reftable"
        return f"{dot_git} has no commit, or its HEAD cannot be read"
    return "the project is not in a git repository"


def explain_silence(root: Path, repository: Repository) -> str:
    """Return why git reads nothing of a repository that was found; "" if it reads its last commit.

    Raises:
        TimeoutError: git took too long.

    """
    if find_program("git", outside=[root]) is None:
        return "git is not installed"
    if ask_git(root, repository, "cat-file", "-e", f"{repository.head}^{{tree}}") is None:
        return f"git cannot read the last commit, {repository.head[:10]}"
    return ""


def find_commit(root: Path, repository: Repository, revision: str) -> str | None:
    """Return the id of a commit by its id, a branch, a tag or `HEAD`, and perhaps `~2` or `^1`.

    Raises:
        TimeoutError: git took too long.

    """
    found = _REVISION.fullmatch(revision)
    if found is None:
        return None
    name, steps = found.groups()
    id = repository.head if name in ("HEAD", "@") else None
    for start in _SHORT_FOR:
        if id is None and _REF.fullmatch(start + name):
            id = _read_ref(repository.refs, start + name)
    if id is None and _ABBREVIATED.fullmatch(name):
        id = name
    if id is None:
        return None
    printed = ask_git(root, repository, "rev-parse", "--verify", f"{id}{steps}^{{commit}}")
    return os.fsdecode(printed).strip() if printed else None


def ask_git(root: Path, repository: Repository, *words: str, given: bytes = b"") -> bytes | None:
    """Return the output of a git command that reads objects; None if it fails or git is missing.

    Nothing else runs git. What is `given` is its input.

    Raises:
        TimeoutError: git took too long.

    """
    program = find_program("git", outside=[root])
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="cards-git-") as name:
        folder = Path(name)
        _make_git_dir(folder, repository)
        private = {
            "GIT_DIR": name,
            "GIT_OBJECT_DIRECTORY": str(repository.objects),
            # Older versions of git do not know GIT_CONFIG_GLOBAL.
            "HOME": name,
            "XDG_CONFIG_HOME": name,
        }
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        # A file never keeps git waiting, as a pipe does whose other end waits for git.
        with tempfile.TemporaryFile() as file:
            file.write(given)
            file.seek(0)
            return _run(
                [program, "--no-pager", *words],
                cwd=folder,
                env={**kept, **_SETTINGS, **private},
                given=file,
            )


def _run(words: list[str], *, cwd: Path, env: dict[str, str], given: IO[bytes]) -> bytes | None:
    late = False
    try:
        process = subprocess.Popen(  # noqa: S603  (git itself, with our own arguments)
            words,
            cwd=cwd,
            env=env,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None

    def stop() -> None:
        nonlocal late
        late = True
        process.kill()

    timer = Timer(MAX_S, stop)
    timer.start()
    try:
        with process:
            printed = process.stdout.read(_MAX_OUTPUT + 1) if process.stdout else b""
            is_whole = len(printed) <= _MAX_OUTPUT
            if not is_whole:
                process.kill()
    finally:
        timer.cancel()
    if late:
        raise TimeoutError(f"git did not answer within {MAX_S:g} seconds")
    return printed if is_whole and process.returncode == 0 else None


def _make_git_dir(folder: Path, repository: Repository) -> None:
    is_sha256 = len(repository.head) == 64  # noqa: PLR2004  (hexadecimal digits)
    config = f"[core]\n\trepositoryformatversion = {int(is_sha256)}\n\tbare = true\n"
    if is_sha256:
        config += "[extensions]\n\tobjectFormat = sha256\n"
    (folder / "refs").mkdir()
    (folder / "config").write_text(config, "ascii")
    (folder / "HEAD").write_text(f"{repository.head}\n", "ascii")
    if repository.shallow:
        (folder / "shallow").write_text("".join(f"{id}\n" for id in repository.shallow), "ascii")


def _find_git_dir(dot_git: Path) -> Path | None:
    if os.path.isdir(dot_git):  # noqa: PTH112  (pathlib may raise)
        return dot_git
    return _read_path(dot_git, "gitdir: ")


def _read_repository(top: Path, git_dir: Path) -> Repository | None:
    shared = _read_path(git_dir / "commondir") or git_dir
    objects = shared / "objects"
    # Alternates can point anywhere, on Windows even to other people's servers.
    has_alternates = os.path.lexists(objects / "info" / "alternates")
    if has_alternates or not os.path.isdir(objects):  # noqa: PTH112  (as above)
        return None
    refs = tuple(dict.fromkeys((git_dir, shared)))
    head = _read_ref(refs, "HEAD")
    if head is None:
        return None
    shallow = tuple(
        line for line in (_read_text(shared / "shallow") or "").split() if _ID.fullmatch(line)
    )
    return Repository(top=top, objects=objects.absolute(), head=head, refs=refs, shallow=shallow)


def _read_ref(folders: Sequence[Path], name: str) -> str | None:
    """Return the id that a reference leads to; the last of the folders has those that are packed."""
    for _ in range(_MAX_LINKS):
        texts = (_read_text(folder / name) for folder in folders)
        text = next((text for text in texts if text is not None), None)
        if text is None:
            return dict(_read_packed(folders[-1])).get(name)
        text = text.strip()
        if _ID.fullmatch(text):
            return text
        name = text.removeprefix("ref:").strip()
        if not _REF.fullmatch(name):
            return None
    return None


def _read_packed(shared: Path) -> Iterator[tuple[str, str]]:
    for line in (_read_text(shared / "packed-refs") or "").splitlines():
        id, _, name = line.partition(" ")
        if _ID.fullmatch(id):
            yield name, id


def _read_path(file: Path, prefix: str = "") -> Path | None:
    """Return the folder that a one-line file names, resolved against the file's own folder."""
    text = _read_text(file)
    if text is None or not text.startswith(prefix):
        return None
    named = text.removeprefix(prefix).rstrip("\r\n")
    # On Windows, opening a network path would identify the user to an unknown server.
    if not named or "\0" in named or named.replace("\\", "/").startswith("//"):
        return None
    return file.parent / named


def _read_text(path: Path) -> str | None:
    """Return the text of a regular file of reasonable size; None if it is not one."""
    try:
        with open_plain_file(path, follow_link=True) as file:
            data = file.read(_MAX_FILE + 1)
    except (OSError, ValueError):
        return None
    return None if len(data) > _MAX_FILE else os.fsdecode(data)
