"""A program in a pseudo-terminal: type keys, wait for output, inspect the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

import pyte

from patience import PATIENCE_S

_QUIET_S: Final = 0.01
"""How long to wait for output before looking again whether the program has ended."""
# A new session has no terminal yet; done here, for Python warns of forks among threads.
# A script's background jobs ignore Ctrl-C, and hand that down; nothing in a terminal does.
_TAKE_TERMINAL: Final = (
    "import fcntl, os, signal, sys, termios;"
    "[signal.signal(n, signal.SIG_DFL) for n in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)];"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)
_STRINGS: Final = re.compile(
    rb"\x1bPtmux;(?:[^\x1b]|\x1b\x1b)*\x1b\\|\x1b[P_](?!tmux;)[^\x1b]*\x1b\\"
)
"""Sequences that a terminal heeds or drops, but pyte would print."""
_BROKEN_STRING: Final = re.compile(rb"\x1b(?:[P_](?:[^\x1b]|\x1b\x1b|\x1b(?!\\))*+)?\Z")
_DARK: Final = {"COLORFGBG": "15;0"}
"""What is known needs no question, for whose reply an escape would wait."""
_PICTURE: Final = b"\x1b[?2026h"
_PICTURE_END: Final = b"\x1b[?2026l"
_MARK: Final = b"\x1b[?9999h"
"""A mode that no terminal has."""


class PtyProgram:
    """A program that believes it runs in a terminal; killed on leaving if it still runs."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        lines: int = 24,
        environ: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        """Start it with a window of this size; `environ` comes on top of ours."""
        self.output = b""
        """Everything the program wrote."""
        self._unfed = b""
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._master, self._slave = pty.openpty()
        self._set_size(columns, lines)
        self.first_attributes = self.attributes
        """The terminal's settings before the program came."""
        unwanted = {"NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR", "TTY_COMPATIBLE"}
        ours = {name: value for name, value in os.environ.items() if name not in unwanted}
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _TAKE_TERMINAL, *command],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            cwd=folder,
            env={**ours, "TERM": "xterm-256color", **_DARK, **(environ or {})},
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.hang_up()
        os.close(self._slave)

    @property
    def lines(self) -> list[str]:
        """What the window shows, without blanks at the ends of lines."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """What the window shows, as one text."""
        return "\n".join(self.lines)

    @property
    def rows(self) -> list[list[Any]]:
        """The characters of the window with their styles, as pyte has them."""
        buffer, screen = self._screen.buffer, self._screen
        return [[buffer[y][x] for x in range(screen.columns)] for y in range(screen.lines)]

    @property
    def cursor_is_hidden(self) -> bool:
        return self._screen.cursor.hidden

    @property
    def attributes(self) -> list[Any]:
        """The terminal's settings, as `termios` tells them."""
        return termios.tcgetattr(self._slave)

    @property
    def is_typed_ahead(self) -> bool:
        """Whether something was typed that no program has read."""
        return bool(select.select([self._slave], [], [], 0)[0])

    def type(self, keys: str | bytes) -> None:
        """Send what these keys send."""
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    def wait_until_taken(self) -> None:
        """Wait until the program has read all that was typed, not more."""
        self.wait_until(lambda: not self.is_typed_ahead, "reading")

    def resize(self, columns: int, lines: int) -> None:
        """Give the window another size; the program gets SIGWINCH, as in life."""
        self._screen.resize(lines, columns)
        self._set_size(columns, lines)

    def send_signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Take the terminal away, as when its window is closed."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def wait_for(self, text: str) -> None:
        """Wait until the window shows a text."""
        self.wait_until(lambda: text in self.text, repr(text))

    def wait_until(self, happened: Callable[[], bool], what: str) -> None:
        """Wait until something is true, taking in what the program writes, in whole pictures."""
        end = time.monotonic() + PATIENCE_S
        while self._is_half_drawn or not happened():
            if self.process.poll() is not None:
                self._take_rest()
                assert happened(), f"ended without {what}:\n{self.text}"
                return
            assert time.monotonic() < end, f"no {what} in time:\n{self.text}"
            self._take_output()

    def wait_for_exit(self) -> int:
        """Wait until the program has ended; return its exit code, negative: the signal."""
        if self._master < 0:
            return self.process.wait(PATIENCE_S)
        self.wait_until(lambda: self.process.poll() is not None, "the end")
        self._take_rest()
        return self.process.returncode

    @property
    def _is_half_drawn(self) -> bool:
        """Whether a picture has begun that a terminal would not show yet."""
        return self.output.rfind(_PICTURE) > self.output.rfind(_PICTURE_END)

    def _take_rest(self) -> None:
        """Take in all that an ended program wrote: it comes before what we write now."""
        while self._take_output():
            pass
        os.write(self._slave, _MARK)
        while _MARK not in self.output:
            self._take_output()
        self.output = self.output.replace(_MARK, b"")

    def _take_output(self) -> bool:
        """Take in what the program has written, and tell whether that was anything."""
        if not select.select([self._master], [], [], _QUIET_S)[0]:
            return False
        data = os.read(self._master, 65536)
        self.output += data
        rest = _STRINGS.sub(b"", self._unfed + data)
        broken = _BROKEN_STRING.search(rest)
        end = broken.start() if broken else len(rest)
        self._unfed = rest[end:]
        self._stream.feed(rest[:end])
        return True

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
