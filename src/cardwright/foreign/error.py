"""The error of untrusted files that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cardwright.error import CardwrightError

_MAX_REASON: Final = 300


class ForeignFileError(CardwrightError):
    """A file is damaged, has an unexpected format, or exceeds a limit."""

    def __init__(self, file: Path, reason: str) -> None:
        """`reason` is a clause such as `it is not a zip archive`."""
        # Libraries quote the file in their messages.
        self.reason = " ".join(reason[:_MAX_REASON].split())
        self.file = file
        super().__init__(f"{file} cannot be read: {self.reason}")
