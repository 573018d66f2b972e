"""Marks in painted rows, where an image goes."""

from __future__ import annotations

import re
from typing import Final

MARK: Final = re.compile("\x1b_([0-9]+);([0-9]+);([0-9]+)\x1b\\\\")
"""Cells of an image: its id, which of its rows, how many columns. Only `Canvas` writes anything in
their place; no text of a card can contain an escape."""


def mark_cells(id: int, row: int, columns: int) -> str:
    """Return the mark for cells of an image."""
    return f"\x1b_{id};{row};{columns}\x1b\\"
