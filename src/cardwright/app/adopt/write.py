"""Writing adopted cards, kinds and media into a project. Nothing that was not adopted is overwritten."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final

from cardwright.adopt.draft import DraftCard
from cardwright.adopt.media import make_file_name
from cardwright.error import ProjectError
from cardwright.files import find_below, read_below, write_below
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.media import read_media
from cardwright.foreign.plain_file import open_plain_file
from cardwright.incoming import Incoming
from cardwright.model import Kind
from cardwright.progress import track
from cardwright.project.compose import compose
from cardwright.project.edit import Edited, edit_cards
from cardwright.project.write import append_filled_cards, make_modeline

_STAGE: Final = "build/adopting"
_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,10}")
_CHUNK_BYTES: Final = 2**20


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A media file of an incoming deck."""

    digest: str
    """As of `PackedFile.hash`."""
    is_media: bool
    """Whether it is an image, a sound or a video."""


class Stage:
    """The media files of an incoming deck, on their way into the project.

    What has the content that it had when it was last adopted is only read.
    """

    def __init__(self, folder: Path, incoming: Incoming, last: Mapping[str, str]) -> None:
        """Put files into a folder; `last` holds the digests of adopted media, by name in the deck."""
        self._folder = folder
        self._incoming = incoming
        self._last = last
        self._paths: dict[str, Path] = {}
        self.files: dict[str, StagedFile] = {}
        """By name in the deck."""
        self.refused: dict[str, str] = {}
        """Why files cannot be read, by name."""

    def add(self, name: str) -> None:
        """Read a file."""
        try:
            if name in self._last and self._hash(name) == self._last[name]:
                self.files[name] = StagedFile(self._last[name], is_media=True)
            else:
                path = self.fetch(name)
                self.files[name] = StagedFile(hash_file(path) or "", is_media=_is_media(path))
        except ForeignFileError as error:
            self.refused[name] = error.reason

    def fetch(self, name: str) -> Path:
        """Return the path of the content of a file."""
        if name not in self._paths:
            ending = _ENDING.fullmatch(PurePosixPath(name).suffix)
            path = self._folder / f"{len(self._paths)}{ending[0] if ending else ''}"
            self._folder.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                self._write(name, file)
            self._paths[name] = path
        return self._paths[name]

    def _hash(self, name: str) -> str:
        hashing = _Hashing()
        self._write(name, hashing)
        return hashing.hash.hexdigest()[:16]

    def _write(self, name: str, file: BinaryIO) -> None:
        if self._incoming.write_media:
            self._incoming.write_media(name, file)

    def list_names(self) -> set[tuple[str, str]]:
        """Return the names under which files go into the project, with their digests."""
        return {(make_file_name(name), file.digest) for name, file in self.files.items()}


class _Hashing(BytesIO):
    """Hashes what is written, and keeps nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.hash = hashlib.sha256()

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return len(data)

    def writelines(self, lines: Iterable[Any]) -> None:
        for line in lines:
            self.hash.update(line)


def _is_media(path: Path) -> bool:
    try:
        read_media(path)
    except ForeignFileError:
        return False
    return True


@contextmanager
def stage_media(root: Path, incoming: Incoming, last: Mapping[str, str]) -> Iterator[Stage]:
    """Read the media of an incoming deck into a folder of the project that is removed at the end.

    Raises:
        ProjectError: a link is in the way.
        OSError: a file cannot be written.

    """
    folder = find_below(root, _STAGE)
    shutil.rmtree(folder, ignore_errors=True)
    stage = Stage(folder, incoming, last)
    try:
        for name in track(incoming.media if incoming.write_media else (), "Reading media"):
            stage.add(name)
        yield stage
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            folder.parent.rmdir()


def place_file(root: Path, shown: str, stage: Stage, name: str, *, last: str | None) -> bool:
    """Put a staged file into the project; tell whether it is there now.

    A file that is there already is replaced only if it is the one that was adopted `last`.

    Raises:
        ProjectError: a link is in the way, or the path leads out of the project.
        OSError: the file cannot be written.

    """
    _refuse_unsafe(shown)
    target = find_below(root, shown)
    found = hash_file(target)
    if found == stage.files[name].digest:
        return True
    if found is not None and found != last:
        return False
    source = stage.fetch(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = source.with_name(f"{source.name}.copy")
    shutil.copyfile(source, temporary)
    temporary.replace(target)
    return True


def _refuse_unsafe(shown: str) -> None:
    if any(part in {"", ".", ".."} or "\\" in part for part in shown.split("/")):
        raise ProjectError(f"`{shown}` is not a path in the project")


def hash_file(path: Path) -> str | None:
    """Return the digest of a file's content; None if there is no such file."""
    hash = hashlib.sha256()
    try:
        with open_plain_file(path) as file:
            while data := file.read(_CHUNK_BYTES):
                hash.update(data)
    except FileNotFoundError:
        return None
    except OSError:
        return ""
    return hash.hexdigest()[:16]


def hash_text(text: str) -> str:
    """Return the digest of a file with this text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_text(root: Path, shown: str, text: str, *, last: str | None) -> bool:
    """Write a file; tell whether it has this text now. See `place_file`."""
    _refuse_unsafe(shown)
    found = hash_file(find_below(root, shown))
    if found != hash_text(text):
        if found is not None and found != last:
            return False
        write_below(root, shown, text)
    return True


def make_kind_text(name: str, data: Mapping[str, Any]) -> str:
    """Return the text of the file of a kind."""
    return make_modeline(PurePosixPath("kinds", f"{name}.yaml"), "kind") + compose(data, exact=True)


def make_manifest_text(pack: str, data: Mapping[str, Any], namespace: str) -> str:
    """Return the text of the manifest of a pack."""
    name, rest = data["name"], {key: value for key, value in data.items() if key != "name"}
    shown = PurePosixPath("decks", pack, "deck.yaml")
    return make_modeline(shown, "deck") + compose({"name": name, "namespace": namespace, **rest})


def make_cards_text(shown: str, cards: Sequence[DraftCard]) -> str:
    """Return the text of a new file of cards, with their kind at its top if it is the same."""
    kinds = {card.kind for card in cards}
    is_same = len(kinds) == 1
    data = {
        **({"kind": cards[0].kind} if is_same else {}),
        "cards": [
            {"id": card.id, **({} if is_same else {"kind": card.kind}), **card.values}
            for card in cards
        ],
    }
    return make_modeline(PurePosixPath(shown)) + compose(data)


def add_cards(
    root: Path, pack: str, cards: Sequence[DraftCard], kinds: Mapping[str, Kind]
) -> Iterator[str]:
    """Write new cards into their files, at the end of those that exist; yield the files' paths.

    Raises:
        WriteError: a file has errors, or a card cannot be written.
        ProjectError: a link is in the way.
        OSError: a file cannot be read or written.

    """
    by_file: dict[str, list[DraftCard]] = {}
    for card in cards:
        by_file.setdefault(f"cards/{pack}/{card.file}", []).append(card)
    for shown, found in by_file.items():
        _refuse_unsafe(shown)
        path = find_below(root, shown)
        if os.path.lexists(path):
            written = [(kinds[card.kind], card.id, card.values) for card in found]
            raw = append_filled_cards(path, PurePosixPath(shown), written)
            write_below(root, shown, raw)
        else:
            write_below(root, shown, make_cards_text(shown, found))
        yield shown


def edit_file(root: Path, shown: str, edits: Mapping[str, Mapping[str, Edited | None]]) -> None:
    """Change values of cards in a file.

    Raises:
        WriteError: the file has errors, or a value cannot be written.
        ProjectError: a link is in the way.
        OSError: the file cannot be read or written.

    """
    raw = read_below(root, shown) or b""
    write_below(root, shown, edit_cards(raw, shown, edits))
