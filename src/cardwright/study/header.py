"""The header of a store's file, a hundred bytes without which SQLite reads nothing of it."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cardwright.foreign.database import MAGIC
from cardwright.study.opening import APPLICATION_ID, holds_store

_PAGE_BYTES: Final = 4096
_PAGE_SIZES: Final = frozenset(2**exponent for exponent in range(9, 16)) | {1}
"""As they are written: 1 stands for 65,536."""
_FRACTIONS: Final = bytes((64, 32, 32))
_ID: Final = struct.Struct(">68xI28x")


@contextmanager
def copy_mended(path: Path) -> Iterator[Path | None]:
    """Copy a store and its log with a header that SQLite accepts; None if it seems to be none."""
    with path.open("rb") as file:
        header = bytearray(file.read(_ID.size))
    is_store = len(header) == _ID.size and (
        _ID.unpack(header)[0] == APPLICATION_ID or holds_store(path)
    )
    if not is_store:
        yield None
        return
    log = path.with_name(f"{path.name}-wal")
    has_log = log.is_file() and log.stat().st_size > 0
    _mend(header, path.stat().st_size, has_log=has_log)
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "store.db"
        shutil.copyfile(path, copy)
        if has_log:
            shutil.copyfile(log, f"{copy}-wal")
        with copy.open("r+b") as file:
            file.write(header)
        yield copy


def _mend(header: bytearray, size: int, *, has_log: bool) -> None:
    header[:16] = MAGIC
    (page_bytes,) = struct.unpack_from(">H", header, 16)
    if page_bytes not in _PAGE_SIZES:
        struct.pack_into(">H", header, 16, _PAGE_BYTES)
        page_bytes = _PAGE_BYTES
    header[18:20] = bytes((1 + has_log,) * 2)
    header[20] = 0
    header[21:24] = _FRACTIONS
    page_bytes = 65_536 if page_bytes == 1 else page_bytes
    struct.pack_into(">I", header, 28, size // page_bytes)
    # No free pages, the newest format of the schema, and UTF-8.
    struct.pack_into(">II", header, 32, 0, 0)
    struct.pack_into(">I", header, 44, 4)
    struct.pack_into(">I", header, 52, 0)
    struct.pack_into(">I", header, 56, 1)
    struct.pack_into(">I", header, 68, APPLICATION_ID)
    header[92:96] = header[24:28]
