"""Why a stranger's file is not read."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cardwright.error import CardwrightError

_LONGEST_REASON: Final = 300


class ForeignFileError(CardwrightError):
    """A file is broken, not what it should be, or beyond a bound."""

    def __init__(self, file: Path, reason: str) -> None:
        """Tell which file, and what is wrong with it: a clause such as `it is no zip archive`."""
        # Libraries quote the file in their messages.
        self.reason = " ".join(reason[:_LONGEST_REASON].split())
        self.file = file
        super().__init__(f"{file} cannot be read: {self.reason}")
