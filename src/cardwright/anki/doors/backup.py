"""Backups of collections, in the form of Anki's own: it restores them, and deletes old ones by its rules."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Final

from cardwright.anki.error import AnkiError
from cardwright.files import find_free, make_private_folder, write_file
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.live_database import copy_database
from cardwright.foreign.plain_file import read_plain_file
from cardwright.foreign.zstd import compress

_MAX_BYTES: Final = 2 * 2**30
_META: Final = b"\x08\x03"
"""The version of the format, as Protocol Buffers have it: field 1 is 3."""
_CHUNK: Final = 2**20
_MAX_MARKER: Final = 100


def write_backup(collection: Path, folder: Path, now: datetime) -> Path:
    """Write a backup of a collection, which Anki may have open, into a folder; return its path.

    Raises:
        AnkiError: it cannot be read or written.

    """
    packed = io.BytesIO()
    try:
        with tempfile.TemporaryDirectory(prefix="cards-", ignore_cleanup_errors=True) as temporary:
            copy = Path(temporary) / collection.name
            copy_database(collection, copy, max_bytes=_MAX_BYTES)
            # Its content is compressed already.
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
                archive.writestr("meta", _META)
                _compress(copy, archive, "collection.anki21b")
                _compress(None, archive, "media")
        path = find_free(folder / f"backup-{now:%Y-%m-%d-%H.%M.%S}.colpkg")
        write_file(path, packed.getvalue())
    except ForeignFileError as error:
        raise AnkiError(f"{collection} cannot be backed up: {error.reason}") from error
    except OSError as error:
        raise AnkiError(f"{folder} does not take a backup: {error.strerror or error}") from error
    return path


def back_up_daily(
    place: str, folders: Sequence[Path], today: date, own: Path, make: Callable[[Path], Path | None]
) -> Path | None:
    """Back a collection up into the first folder that takes it, unless this was done today.

    `place` names the collection, and `own` is our folder for what belongs to it; `make` writes a backup
    into a folder and returns its path, or None if there is none.

    Raises:
        AnkiError: no folder takes one.

    """
    marker = own / "backed-up"
    with suppress(FileNotFoundError, ForeignFileError):
        if read_plain_file(marker, _MAX_MARKER) == today.isoformat().encode():
            return None
    reason = ""
    for folder in (*folders, own / "backups"):
        try:
            made = make(folder)
        except OSError as error:
            reason = str(error)
        except AnkiError as error:
            reason = error.message
        else:
            if made:
                with suppress(OSError):
                    make_private_folder(own)
                    write_file(marker, today.isoformat())
                return made
    raise AnkiError(f"{place} cannot be backed up, so nothing was written: {reason}")


def _compress(source: Path | None, archive: zipfile.ZipFile, name: str) -> None:
    with archive.open(name, "w", force_zip64=True) as member:
        for chunk in compress(() if source is None else _read(source)):
            member.write(chunk)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
