"""The line on a terminal that shows how far work has come that takes more than a second."""

from __future__ import annotations

import os
import sys
import time
from typing import IO, Final

import click

from cardwright.progress import show_progress

_DELAY_S: Final = 1.0
_PAUSE_S: Final = 0.1
"""Between two looks of the line."""
_USUAL_WIDTH: Final = 80
_line: ProgressLine | None = None


class ProgressLine:
    """A line that is written over and over; there is nothing to see of it before a second has passed.

    It needs no escape sequences, and nothing else may be written before it is erased.
    """

    def __init__(self, stream: IO[str]) -> None:
        """Write to a terminal."""
        self._stream = stream
        self._next_s = time.monotonic() + _DELAY_S
        self._shown = ""

    def show(self, what: str, done: int, total: int | None) -> None:
        """Show what is being done, and how much of it is."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + _PAUSE_S
        amount = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        self.announce(f"{what}: {amount}")

    def announce(self, what: str) -> None:
        """Show a text at once."""
        if _is_for_a_person():
            self._write(what[: self._find_width() - 1])

    def erase(self) -> None:
        """Take the line away."""
        if self._shown:
            self._write("")

    def _find_width(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or _USUAL_WIDTH
        except OSError:
            return _USUAL_WIDTH

    def _write(self, text: str) -> None:
        blanks = " " * (len(self._shown) - len(text))
        self._shown = text
        try:
            self._stream.write(f"\r{text}{blanks}" if text else f"\r{blanks}\r")
            self._stream.flush()
        except OSError:
            # The terminal has gone; the work goes on.
            self._next_s = float("inf")


def begin_progress() -> None:
    """Show progress from now on, if a person looks at a terminal."""
    global _line  # noqa: PLW0603  (one process has one terminal)
    is_shown = sys.stderr.isatty() and sys.stdout.isatty()
    if is_shown and not os.environ.get("CI") and os.environ.get("TERM") != "dumb":
        _line = ProgressLine(sys.stderr)
        show_progress(_line)


def erase_progress() -> None:
    """Take the line away, if there is one: something else is to be written."""
    if _line is not None:
        _line.erase()


def _is_for_a_person() -> bool:
    context = click.get_current_context(silent=True)
    options = context.params if context else {}
    return not options.get("as_json") and options.get("layout") in {None, "text"}
