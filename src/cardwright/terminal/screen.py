"""The full-screen terminal, drawn without flicker and always restored."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Self, TextIO

from rich.cells import cell_len, set_cell_size

from cardwright.terminal.cells import MARK
from cardwright.terminal.keys import BACKGROUND, Key, KeyReader
from cardwright.text import make_plain

if TYPE_CHECKING:
    from cardwright.terminal.images import Canvas

_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h"
"""Alternate screen, no cursor, no wrapping at the right edge, bracketed paste."""
_LEAVE: Final = "\x1b[0m\x1b[H\x1b[J\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l"
"""The screen is cleared first, for terminals without an alternate screen."""
RESET: Final = "\x1b[r\x1b[4l\x1b[?6l\x1b[?1l\x1b(B\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l"
"""Ends what a killed editor leaves behind: a scroll region, insertion, other keys and characters,
and reports of the mouse, which would be read as keys."""
_MOUSE_ON: Final = "\x1b[?1000h\x1b[?1006h"
_MOUSE_OFF: Final = "\x1b[?1006l\x1b[?1000l"
"""Reports of buttons and the wheel, with numbers for columns and rows."""
_BACKGROUND_QUERY: Final = "\x1b]11;?\x1b\\"
_MAX_COPIED: Final = 50_000
"""Bytes; terminals drop longer texts."""
_FRAME: Final = "\x1b[?2026h{}\x1b[?2026l"
"""Synchronised output: shown at once by terminals that support it, ignored by others."""
_STYLE: Final = re.compile("\x1b\\[[0-9;:]*m")
_CODES: Final = re.compile(f"({_STYLE.pattern}|\x1b_[0-9;]*\x1b\\\\)")
_DEFAULT_SIZE: Final = os.terminal_size((80, 24))
_DEFAULT_RATIO: Final = 2.0


def can_draw(stdin: TextIO | None, stdout: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Return whether these are a terminal that can show a full screen."""
    if stdin is None or stdout is None or not (stdin.isatty() and stdout.isatty()):
        return False
    if sys.platform == "win32":
        return _allow_sequences(stdout)
    else:  # noqa: RET505  (for mypy on Windows, where the rest would be unreachable)
        return environ.get("TERM", "") not in {"", "dumb", "unknown"}


class Screen:
    """The terminal and its keys, taken over while entered, and restored whatever happens.

    ```python
    with Screen(sys.stdin, sys.stdout) as screen:
        while (key := screen.read()) not in {"q", "hangup"}:
            screen.paint([...])
    sys.exit(screen.exit_code)
    ```
    """

    def __init__(
        self,
        stdin: TextIO,
        stdout: TextIO,
        *,
        has_mouse: bool = False,
        on_light: Callable[[], None] | None = None,
    ) -> None:
        """Leave the terminal as it is until entered; `has_mouse` asks it for clicks and the wheel.

        `on_light` is called before it is to be painted again, since its background is light.
        """
        # The console of Windows would send no sequences.
        self._has_mouse = has_mouse and sys.platform != "win32"
        self._on_light = on_light
        self._has_asked = False
        self._keys = KeyReader(stdin)
        self._stdout = stdout
        self._shown: dict[int, str] = {}
        self._shown_size = _DEFAULT_SIZE
        self.canvas: Canvas | None = None
        """Draws the images of rows; None if there are none."""

    def __enter__(self) -> Self:
        self._enter()
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    @property
    def exit_code(self) -> int:
        """The exit status of the program: 0, or 128 plus the signal's number after `hangup`."""
        return self._keys.exit_code

    @property
    def size(self) -> os.terminal_size:
        """Columns and lines of the window."""
        try:
            size = os.get_terminal_size(self._stdout.fileno())
        except OSError:
            return _DEFAULT_SIZE
        return size if size.columns and size.lines else _DEFAULT_SIZE

    @property
    def cell_ratio(self) -> float:
        """The height of a character of the window, divided by its width."""
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415  (few cards have images)
            import struct  # noqa: PLC0415  (as above)
            import termios  # noqa: PLC0415  (as above)

            with contextlib.suppress(OSError):
                data = fcntl.ioctl(self._stdout.fileno(), termios.TIOCGWINSZ, bytes(8))
                lines, columns, width, height = struct.unpack("HHHH", data)
                if lines and columns and width and height:
                    return float(height / lines / (width / columns))
        return _DEFAULT_RATIO

    @property
    def replies(self) -> Sequence[str]:
        """What the terminal has replied so far."""
        return self._keys.replies

    def ask(self, query: str, end: re.Pattern[str], limit_s: float) -> None:
        """Ask the terminal something, and wait a little for the last reply, which may come later."""
        self._write(query)
        self._keys.await_reply(end, limit_s)
        # A terminal that does not understand the question may have shown it.
        shown, self._shown = self._shown, {}
        if shown:
            self.paint([shown[number] for number in sorted(shown)])

    def read(self, timeout_s: float | None = None) -> Key | None:
        """Return the next key, or None if none came in time; paint after any key.

        `resize` is also returned after a suspension and for Ctrl-L; `suspend` is never returned.
        """
        key = self._keys.read(timeout_s)
        if sys.platform != "win32" and key == "suspend":
            with self.released():
                signal.raise_signal(signal.SIGTSTP)
            return "resize"
        if key == "light":
            if self._on_light:
                self._on_light()
            return "resize"
        if key in {"resize", "ctrl-l"}:
            self._shown = {}
            if key == "ctrl-l" and self.canvas:
                # The terminal may have lost them.
                self._write(self.canvas.clear())
            return "resize"
        return key

    def paint(self, lines: Sequence[str], cursor: tuple[int, int] | None = None) -> None:
        """Show rows of `paint_rows`, from the top; parts that do not fit the window are cut off.

        The cursor stays hidden, but input methods open their windows at its row and column.
        """
        size = self.size
        if size != self._shown_size:
            self._shown = {}
        rows = {
            number: lines[number] if number < len(lines) else "" for number in range(size.lines)
        }
        canvas, start = self.canvas, ""
        if canvas:
            rows = canvas.arrange(rows)
            if canvas.has_stale():
                self._shown, start = {}, canvas.clear()
        changed = [number for number, row in rows.items() if self._shown.get(number) != row]
        place = f"\x1b[{cursor[0] + 1};{cursor[1] + 1}H" if cursor else ""
        if changed or place:
            drawn = start + "".join(
                f"\x1b[{number + 1}H{_draw_row(rows[number], size.columns, canvas)}"
                for number in changed
            )
            drawn = canvas.complete(rows, changed, drawn) if canvas else drawn
            self._write(_FRAME.format(drawn + place))
        self._shown, self._shown_size = rows, size

    def copy(self, text: str, environ: Mapping[str, str]) -> None:
        """Ask the terminal to put a text on the clipboard (OSC 52), which not all of them do."""
        import base64  # noqa: PLC0415  (only when its key is pressed)

        data = text.encode("utf-8")[:_MAX_COPIED].decode("utf-8", "ignore").encode("utf-8")
        request = f"\x1b]52;c;{base64.b64encode(data).decode('ascii')}\x07"
        self._write(request)
        if environ.get("TMUX"):
            # By default, tmux takes no such request itself, but may pass it through.
            self._write("\x1bPtmux;{}\x1b\\".format(request.replace("\x1b", "\x1b\x1b")))

    def prepare(self, lines: Iterable[str]) -> None:
        """Get rows ready that will probably be painted next."""
        columns = self.size.columns
        for line in lines:
            _draw_row(line, columns, self.canvas)

    @contextlib.contextmanager
    def released(self) -> Iterator[None]:
        """Lend the terminal to another program, such as an editor, then repaint."""
        self._leave()
        try:
            # Ctrl-C is meant for the other program: it ends, and we go on.
            former = signal.signal(signal.SIGINT, lambda *_: None)
            try:
                yield
            finally:
                signal.signal(signal.SIGINT, former)
        finally:
            self._enter()

    def _enter(self) -> None:
        self._shown = {}
        with contextlib.suppress(OSError):
            self._stdout.flush()
        # First: in the background this stops us, before anything is written over the shell.
        self._keys.__enter__()
        self._write(_ENTER + RESET + _MOUSE_ON * self._has_mouse)
        if self._on_light and not self._has_asked:
            self._has_asked = True
            self._write(_BACKGROUND_QUERY)
            self._keys.await_reply(BACKGROUND, 0)

    def _leave(self) -> None:
        try:
            gone = self.canvas.clear() if self.canvas else ""
            self._write(gone + _MOUSE_OFF * self._has_mouse + _LEAVE)
        finally:
            self._keys.__exit__()

    def _write(self, text: str) -> None:
        """Write unbuffered, in one piece, so that nothing is left to be written at exit."""
        data = text.encode("utf-8")
        # Writing to a terminal that is gone fails; the next key reports it.
        with (
            contextlib.suppress(OSError),
            open(self._stdout.fileno(), "wb", buffering=0, closefd=False) as file,
        ):
            while data:
                data = data[file.write(data) or 0 :]


@lru_cache(maxsize=256)
def _draw_row(line: str, width: int, canvas: Canvas | None) -> str:
    """Return the codes that draw a line over a row; only styles and images pass through."""
    parts = []
    left = width
    for part in _CODES.split(line):
        if _STYLE.fullmatch(part):
            parts.append(part)
            continue
        if canvas and (cells := MARK.fullmatch(part)):
            columns = min(int(cells[3]), left)
            parts.append(canvas.draw_cells(int(cells[1]), int(cells[2]), columns))
            left -= columns
            continue
        text = make_plain(part).replace("\n", " ")
        if cell_len(text) > left:
            text = set_cell_size(text, left)
        left -= cell_len(text)
        parts.append(text)
    colours, erase = "".join(parts), "\x1b[0m\x1b[K"
    # At the right edge the cursor is on the last character, and would erase it.
    return f"{colours}{erase}" if left else f"{erase}{colours}\x1b[0m"


if sys.platform == "win32":

    def _allow_sequences(stdout: TextIO) -> bool:
        """Enable escape codes in the console, and return whether that succeeded.

        Source: https://learn.microsoft.com/windows/console/setconsolemode.
        """
        import ctypes  # noqa: PLC0415
        import msvcrt  # noqa: PLC0415
        from ctypes import wintypes  # noqa: PLC0415

        console = wintypes.HANDLE(msvcrt.get_osfhandle(stdout.fileno()))
        mode = wintypes.DWORD()
        kernel = ctypes.windll.kernel32
        return bool(
            kernel.GetConsoleMode(console, ctypes.byref(mode))
            and kernel.SetConsoleMode(console, mode.value | 0x0004)
        )
