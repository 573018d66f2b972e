"""Backups of collections, in the form of Anki's own: it restores them, and deletes old ones by its rules."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from cardwright.anki.error import AnkiError
from cardwright.files import find_free, write_file
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.live_database import copy_database
from cardwright.foreign.zstd import compress

_MAX_BYTES: Final = 2 * 2**30
_META: Final = b"\x08\x03"
"""The version of the format, as Protocol Buffers have it: field 1 is 3."""
_CHUNK: Final = 2**20


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


def _compress(source: Path | None, archive: zipfile.ZipFile, name: str) -> None:
    with archive.open(name, "w", force_zip64=True) as member:
        for chunk in compress(() if source is None else _read(source)):
            member.write(chunk)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
