"""The paths of media, as written in cards → files of the project."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from cardwright.diagnostic import TextProblem, cut_quote
from cardwright.files import find_real
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.media import MAX_MEDIA_BYTES, MediaFile, MediaKind, name_kind, read_media
from cardwright.foreign.plain_file import open_plain_file
from cardwright.model import CardHead, Kind
from cardwright.text import Hint, to_nfc

_QUERY: Final = re.compile(r"[?#].*")
_VERBS: Final = {MediaKind.IMAGE: "see", MediaKind.AUDIO: "hear", MediaKind.VIDEO: "see"}
_MISSING_HELP: Final = "write the path relative to the folder of the card's file"


class MediaLibrary:
    """Finds the media of a project. Each folder is listed once, and each file looked at once.

    A name in a card and one on the disk are the same if they are in NFC: macOS and some archives
    write names in NFD. Case must match, or the card would work on some systems only.
    """

    def __init__(self, root: Path) -> None:
        """Find files below `root`."""
        self._root = root
        self._real_root = find_real(root)
        self._real_folders: dict[str, Path | None] = {}
        self._walked: dict[tuple[Path, str], Path | None] = {}
        self._folders: dict[Path, dict[str, str]] = {}
        self._folded: dict[Path, dict[str, str]] = {}
        self._files: dict[Path, MediaFile | TextProblem] = {}

    def find(self, card: CardHead, written: str) -> MediaFile | None:
        """Return a media file that a card names; None if it does not exist or is not media."""
        found = self.look_up(card.span.path, written)
        return found if isinstance(found, MediaFile) else None

    def look_up(self, source: str, written: str) -> MediaFile | TextProblem:
        """Return a media file that a source file names, relative to that file, or its problem."""
        folder = self._find_folder(source)
        if folder is None:
            return _explain_outside(written)
        path = self._find_path(folder, written)
        if path is None:
            return self._explain_missing(folder, written)
        if not path.is_relative_to(self._real_root):
            return _explain_outside(written)
        if path not in self._files:
            self._files[path] = _read(path, written)
        found = self._files[path]
        return found if isinstance(found, MediaFile) else replace(found, quote=cut_quote(written))

    def _find_folder(self, name: str) -> Path | None:
        """Return the real folder of a source file; None if that cannot be told."""
        parent = name.rpartition("/")[0]
        if parent not in self._real_folders:
            folder = None
            with suppress(OSError):
                folder = find_real(self._root / parent)
            self._real_folders[parent] = folder
        return self._real_folders[parent]

    def _find_path(self, folder: Path, written: str) -> Path | None:
        if (folder, written) not in self._walked:
            self._walked[folder, written] = self._walk(folder, written)
        return self._walked[folder, written]

    def find_of_kind(self, kind: Kind, written: str) -> Path | None:
        """Return a file of any content that the templates of a kind name; None if there is none."""
        found = self.look_up_of_kind(kind, written)
        return found if isinstance(found, Path) else None

    def look_up_of_kind(self, kind: Kind, written: str) -> Path | TextProblem:
        """Return a file that a kind names, relative to the kind's file, or its problem."""
        folder = self._real_root / "kinds"
        path = self._walk(folder, written)
        if path is None:
            help = "write the path relative to the folder of the kind's file"
            return replace(self._explain_missing(folder, written), help=help)
        # Any content is allowed, so it must not be a file that is there for another reason.
        if not path.is_relative_to(folder) or kind.is_built_in:
            return replace(_explain_outside(written), help="move the file into kinds/media/")
        try:
            with open_plain_file(path) as file:
                size = os.fstat(file.fileno()).st_size
        except OSError as error:
            return _explain_unreadable(written, error)
        return _explain_size(written, size) or path

    def _walk(self, folder: Path, written: str) -> Path | None:
        """Return the real path of a file or folder, maybe outside; None if there is none."""
        here = folder
        for part in written.split("/"):
            if part == "..":
                here = find_real(here).parent
                if not here.is_relative_to(self._real_root):
                    return here
            elif part not in ("", "."):
                name = self._match(here, part)
                if name is None:
                    return None
                here /= name
        try:
            return find_real(here, strict=True)
        except (OSError, ValueError):
            return None

    def _match(self, folder: Path, part: str) -> str | None:
        """Return the name of an entry as the file system spells it."""
        names = self._list(folder)
        # A name may contain a percent sign, but most percent signs stand for a space.
        for wanted in (part, unquote(part)) if "%" in part else (part,):
            found = names.get(wanted) or names.get(to_nfc(wanted))
            if found:
                return found
        return None

    def _list(self, folder: Path) -> dict[str, str]:
        """Return the names in a folder of the project, by themselves and by their NFC forms."""
        if folder not in self._folders:
            names: list[str] = []
            with suppress(OSError, ValueError):
                if find_real(folder, strict=True).is_relative_to(self._real_root):
                    names = os.listdir(folder)  # noqa: PTH208  (names, without paths)
            composed = {to_nfc(name): name for name in names}
            self._folders[folder] = composed | {name: name for name in names}
        return self._folders[folder]

    def _fold(self, folder: Path) -> dict[str, str]:
        """Return the names in a folder of the project, by their forms without case."""
        if folder not in self._folded:
            self._folded[folder] = {name.casefold(): name for name in self._list(folder)}
        return self._folded[folder]

    def _explain_missing(self, folder: Path, written: str) -> TextProblem:
        """Explain that a file is missing; the help names the one that was probably meant."""
        meant = self._guess(folder, written)
        return TextProblem(
            code="media-missing",
            message=f"there is no file `{written}`",
            quote=cut_quote(written),
            help=Hint.make(f"write `{meant}`", meant) if meant else _MISSING_HELP,
        )

    def _guess(self, folder: Path, written: str) -> str:
        """Return the path of a file that differs in case, separators, spaces, or a query."""
        path = _QUERY.sub("", written).replace("\\", "/").strip()
        here, spelled = folder, []
        for part in path.split("/"):
            if part in ("", "."):
                continue
            name = ".." if part == ".." else self._match(here, part)
            if name is None:
                name = self._fold(here).get(unquote(part).strip().casefold())
            if name is None:
                return ""
            here = find_real(here).parent if name == ".." else here / name
            spelled.append(name)
        return "/".join(spelled)


def _read(path: Path, written: str) -> MediaFile | TextProblem:
    try:
        found = read_media(path)
        size = path.stat().st_size
    except ForeignFileError as error:
        return TextProblem(
            code="not-media",
            message=f"`{written}` is not an image, a sound or a video: {error.reason}",
            quote="",
            help="put the right file in its place",
        )
    except OSError as error:
        return _explain_unreadable(written, error)
    return _explain_size(written, size) or found


def _explain_unreadable(written: str, error: OSError) -> TextProblem:
    return TextProblem(
        code="not-media",
        message=f"`{written}` cannot be read: {error.strerror}",
        quote="",
        help="let this user read it",
    )


def _explain_size(written: str, size: int) -> TextProblem | None:
    if size <= MAX_MEDIA_BYTES:
        return None
    return TextProblem(
        code="media-too-large",
        message=f"`{written}` has {size // 10**6} MB",
        quote="",
        help=f"make it smaller: AnkiWeb accepts {MAX_MEDIA_BYTES // 10**6} MB a file",
    )


def explain_format(file: MediaFile, written: str) -> TextProblem | None:
    """Explain what readers may not see or hear of a file, if anything."""
    found = file.format
    if not found.is_common:
        target = {"image": "PNG", "audio": "MP3", "video": "MP4"}[found.kind]
        return TextProblem(
            code="media-format",
            message=f"not everyone can {_VERBS[found.kind]} `{written}`, which is {found.name}",
            quote=cut_quote(written),
            help=f"convert it to {target}",
        )
    if name_kind(written) is not name_kind(f"x{file.ending}"):
        right = f"{Path(written).stem}{file.format.endings[0]}"
        return TextProblem(
            code="media-format",
            message=f"`{written}` is {found.name}, although its name says otherwise",
            quote=cut_quote(written),
            help=f"rename it to `{right}`",
        )
    return None


def _explain_outside(written: str) -> TextProblem:
    return TextProblem(
        code="media-outside-project",
        message=f"`{written}` is outside the project",
        quote=cut_quote(written),
        help="move the file into a media/ folder of the project",
    )
