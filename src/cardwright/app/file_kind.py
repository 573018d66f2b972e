"""What kind of file the user has named."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cardwright.foreign.database import MAGIC
from cardwright.foreign.plain_file import open_plain_file
from cardwright.study.opening import APPLICATION_ID

_ZIP: Final = b"PK\x03\x04"
_APPLICATION_ID: Final = slice(68, 72)
"""Where the header of an SQLite database says which program made it."""


def is_anki_file(path: Path) -> bool:
    """Tell whether a file may be a package or a collection of Anki, by its beginning."""
    try:
        with open_plain_file(path, follow_link=True) as file:
            start = file.read(_APPLICATION_ID.stop)
    except (OSError, ValueError):
        return False
    if start.startswith(MAGIC):
        return start[_APPLICATION_ID] != APPLICATION_ID.to_bytes(4, "big")
    return start.startswith(_ZIP)
