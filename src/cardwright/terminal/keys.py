"""Key presses, read from the terminal one by one; signals are reported as keys too."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, Self, TextIO

if sys.platform == "win32":
    import msvcrt
else:
    import select
    import termios

Key = str
"""A printable character as it is, or a name: `enter`, `ctrl-d`, `pageup`, …

Some are not key presses: `resize` asks for a repaint, `suspend` asks to restore the terminal and
stop, `hangup` asks to exit; only hangups follow a hangup. `light` is the terminal's reply that its
background is light. `wheel-up` and `wheel-down` are the mouse's,
and `click-C-R` is a click on a column and a row of the window, from 0. What follows `PASTE` was pasted.
"""
PASTE: Final = "paste:"
_MAX_PASTE: Final = 2000
"""Characters of a paste that are kept."""

_ESCAPE_S: Final = 0.025
"""After a pause of this length a sequence is over: its escape was a key."""
_REPLY_S: Final = 5.0
"""For so long after a question the rest of a reply may still come, in pieces."""
_REPLY_ESCAPE_S: Final = 0.5
"""Meanwhile, a single escape waits longer for the rest."""
_LATE_REPLY_S: Final = 0.05
"""How long to wait for a reply before the terminal is given back, where it would be taken for keys."""
_MAX_REPLIES: Final = 16

_NAMED: Final = {
    "up": ("[A", "OA"),
    "down": ("[B", "OB"),
    "right": ("[C", "OC"),
    "left": ("[D", "OD"),
    "home": ("[H", "OH", "[1~", "[7~"),
    "end": ("[F", "OF", "[4~", "[8~"),
    "delete": ("[3~",),
    "pageup": ("[5~",),
    "pagedown": ("[6~",),
    "f1": ("OP", "[P", "[11~", "[[A"),
    "ctrl-left": ("[1;5D", "[1;3D", "[5D", "Od"),
    "ctrl-right": ("[1;5C", "[1;3C", "[5C", "Oc"),
    "ctrl-delete": ("[3;5~", "[3;3~", "d", "D"),
    "ctrl-w": ("\x7f", "\b"),
    "alt-b": ("b",),
    "alt-f": ("f",),
}
"""The rest of a sequence after its escape, as sent by xterm, rxvt, the Linux console and others.

A letter alone is Alt with that letter.
"""
_CLICK: Final = re.compile("\x1b\\[<([0-9]{1,4});([0-9]{1,5});([0-9]{1,5})M")
"""A report of a button pressed at a column and a row, from 1 (SGR 1006)."""
_BUTTONS: Final = {64: "wheel-up", 65: "wheel-down"}
_SEQUENCES: Final = {f"\x1b{ending}": key for key, endings in _NAMED.items() for ending in endings}
_CONTROL: Final = {
    "\r": "enter",
    "\n": "enter",
    "\t": "tab",
    "\b": "backspace",
    "\x7f": "backspace",
}
_PASTE_START: Final = "\x1b[200~"
_PASTE_END: Final = "\x1b[201~"

_SEQUENCE: Final = re.compile(
    "\x1b(?:"
    r"\[M(?:(?P<mouse>.{3})|.{0,2}\Z)"
    r"|\[\[?[0-?]*[ -/]*(?P<control>[@-Z\\-~])?"
    r"|O[0-9;]*(?P<shift>[@-~])?"
    "|[]P_^X][^\x07\x1b]*(?:(?P<string>\x07|\x1b\\\\)|\x1b\\Z)?"
    "|(?P<alt>[^\x1b])?"
    ")",
    re.DOTALL,
)
"""An escape sequence, after ECMA-48; it is complete if one of the groups matched."""

_REPLY: Final = re.compile(r"\x1b(?:_G|P>\||\[\?[0-9;]*c|\]11;)")
"""How the replies to what we ask begin: on graphics, the terminal's name, abilities and background."""
BACKGROUND: Final = re.compile(
    "\x1b\\]11;rgba?:([0-9a-f]{1,4})/([0-9a-f]{1,4})/([0-9a-f]{1,4})", re.IGNORECASE
)
"""The reply on the colour of the background: red, green and blue."""
_WEIGHTS: Final = (0.299, 0.587, 0.114)
"""How much red, green and blue add to how light a colour looks."""

_WINDOWS_KEYS: Final = {
    ";": "\x1bOP",
    "G": "\x1b[H",
    "H": "\x1b[A",
    "I": "\x1b[5~",
    "K": "\x1b[D",
    "M": "\x1b[C",
    "O": "\x1b[F",
    "P": "\x1b[B",
    "Q": "\x1b[6~",
    "S": "\x1b[3~",
    "s": "\x1b[1;5D",
    "t": "\x1b[1;5C",
    "\x93": "\x1b[3;5~",
    # Alt with an arrow, Backspace, B, D and F.
    "\x9b": "\x1b[1;3D",
    "\x9d": "\x1b[1;3C",
    "\x0e": "\x1b\x7f",
    "0": "\x1bb",
    " ": "\x1bd",
    "!": "\x1bf",
}
"""The character after the prefix of a special key → the sequence that other terminals send.

Source: https://learn.microsoft.com/cpp/c-runtime-library/reference/getch-getwch.
"""
_CODES_AFTER_E0: Final = "GHIKMOPQRSstuvw"
"""The printable ones after one of the two prefixes, `à`: others after it are typed."""


class KeyDecoder:
    """Decodes the input from a terminal, in pieces of any size, into keys."""

    def __init__(self) -> None:
        """Start with no input."""
        self._rest = ""
        self._pasting = False
        self._pasted = ""
        self.replies: list[str] = []
        """Replies of the terminal, the latest last."""

    @property
    def is_single_escape(self) -> bool:
        """Whether nothing but an escape was read so far."""
        return self._rest == "\x1b"

    @property
    def is_pasting(self) -> bool:
        """Whether what comes next belongs to a paste."""
        return self._pasting

    @property
    def is_waiting(self) -> bool:
        """Whether an escape was read that may be a key or the start of a sequence."""
        return bool(self._rest) and not self._pasting

    def decode(self, text: str, *, done: bool = False) -> list[Key]:
        """Return the keys decoded so far; with `done`, an incomplete sequence is not continued."""
        self._rest += text
        keys = []
        while self._rest:
            if self._pasting:
                if not self._take_paste():
                    break
                keys += [PASTE + self._pasted] if self._pasted else []
                self._pasted = ""
                continue
            found = _SEQUENCE.match(self._rest)
            if found is None:
                key = _name_character(self._rest[0])
                self._rest = self._rest[1:]
            elif not done and found.lastgroup is None and found.end() == len(self._rest):
                break
            else:
                sequence = found[0]
                key = "escape" if sequence == "\x1b" else _name_sequence(sequence)
                if _REPLY.match(sequence):
                    self.replies = [*self.replies, sequence][-_MAX_REPLIES:]
                self._pasting = sequence == _PASTE_START
                self._rest = self._rest[found.end() :]
            if key is not None:
                keys.append(key)
        return keys

    def _take_paste(self) -> bool:
        """Take pasted text, and return whether its end was reached."""
        text, end, after = self._rest.partition(_PASTE_END)
        if not end:
            # The rest may be the start of its end.
            after = text[-len(_PASTE_END) + 1 :]
            text = text[: len(text) - len(after)]
        self._rest = after
        blank = "".join(" " if character in "\r\n\t" else character for character in text)
        self._pasted += "".join(filter(str.isprintable, blank))
        self._pasted = self._pasted[:_MAX_PASTE]
        self._pasting = not end
        return bool(end)


def _name_sequence(sequence: str) -> Key | None:
    """Return the key of a sequence, or None if it has none."""
    if clicked := _CLICK.fullmatch(sequence):
        button, column, row = map(int, clicked.groups())
        return _BUTTONS.get(button, None if button else f"click-{column - 1}-{row - 1}")
    if (found := BACKGROUND.match(sequence)) and _measure_light(found.groups()) > 0.5:  # noqa: PLR2004
        return "light"
    return _SEQUENCES.get(sequence)


def _measure_light(colour: Iterable[str]) -> float:
    """Return how light a colour looks, from 0 to 1; its parts are hexadecimal, of any length."""
    shares = (int(part, 16) / int("f" * len(part), 16) for part in colour)
    return sum(weight * share for weight, share in zip(_WEIGHTS, shares, strict=True))


def _name_character(character: str) -> Key | None:
    """Return the key of a character, or None if it has none."""
    if character in _CONTROL:
        return _CONTROL[character]
    if "\x01" <= character <= "\x1a":
        return f"ctrl-{chr(ord(character) + ord('a') - 1)}"
    return character if character.isprintable() else None


def read_console(read: Callable[[], str], has_more: Callable[[], bool], *, is_pasting: bool) -> str:
    """Return the next input of the console of Windows, as other terminals send it.

    `read` and `has_more` are `getwch` and `kbhit`. Within a paste, nothing is a special key.
    """
    character = read()
    if is_pasting or character not in "\x00\xe0" or not has_more():
        # Ctrl-Backspace sends what Backspace sends elsewhere.
        return "\x1b\x7f" if character == "\x7f" and not is_pasting else character
    code = read()
    if character == "\xe0" and code.isprintable() and code not in _CODES_AFTER_E0:
        return character + code
    return _WINDOWS_KEYS.get(code, "")


if sys.platform == "win32":
    _ENCODING: Final = "utf-16-le"
    _POLL_S: Final = 0.02
    _ENDING: Final = (signal.SIGBREAK, signal.SIGTERM)
    _NOTICED: Final[dict[int, Key]] = {signal.SIGINT: "ctrl-c"}
else:
    _ENCODING: Final = "utf-8"
    _ENDING: Final = (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM)
    _NOTICED: Final[dict[int, Key]] = {
        signal.SIGCONT: "resize",
        signal.SIGINT: "ctrl-c",
        signal.SIGTSTP: "suspend",
        signal.SIGWINCH: "resize",
    }


class KeyReader:
    """Reads keys while entered: no echo, no waiting for Enter, and signals are held until read.

    If Ctrl-C or a terminating signal comes again before it was read, SystemExit is raised: a
    program that hangs can still be ended cleanly.
    """

    exit_code = 0
    """128 plus the signal's number after a `hangup`; at the end of input, SIGHUP's."""

    def __init__(self, stdin: TextIO) -> None:
        """Leave the terminal as it is until entered."""
        self._in = stdin.fileno()
        self._attributes: list[Any] | None = None
        """The terminal's settings before it was first taken."""
        self._keys: deque[Key] = deque()
        self._caught: list[int] = []
        self._replies: list[str] = []
        """Those from before the terminal was last taken."""
        self._reply_end: re.Pattern[str] | None = None
        """The last reply to what was asked; None if it has come, or nothing was asked."""
        self._reply_until = 0.0

    def __enter__(self) -> Self:
        self._keys.clear()
        self._decoder = KeyDecoder()
        self._text = codecs.getincrementaldecoder(_ENCODING)("ignore")
        self._open()
        self._handlers = {
            number: signal.signal(number, self._catch) for number in (*_NOTICED, *_ENDING)
        }
        # After the handlers: nothing may end the program between here and `__exit__`.
        self._disable_echo()
        return self

    def __exit__(self, *_: object) -> None:
        if self._awaits_reply and not self.exit_code:
            self._receive_reply(_LATE_REPLY_S)
        self._replies, self._decoder.replies = self.replies, []
        self._restore()
        for number, handler in self._handlers.items():
            # A repeated or late signal must not interrupt the exit.
            if not (self.exit_code and number in _ENDING):
                signal.signal(number, handler)
        self._close()

    def _catch(self, number: int, _frame: object) -> None:
        if number in self._caught and number in (signal.SIGINT, *_ENDING):
            raise SystemExit(128 + number)
        self._caught.append(number)

    def read(self, timeout_s: float | None = None) -> Key | None:
        """Return the next key, or None if none came in time."""
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            self._handle_signals()
            if self.exit_code:
                return "hangup"
            if self._keys:
                return self._keys.popleft()
            left_s = None if end is None else max(end - time.monotonic(), 0.0)
            text = self._receive(self._pause_s if self._decoder.is_waiting else left_s)
            if text or self._decoder.is_waiting:
                done = not text and not self._caught
                self._keys.extend(self._decoder.decode(text, done=done))
            elif left_s == 0:
                return None

    @property
    def replies(self) -> list[str]:
        """What the terminal has replied so far."""
        return [*self._replies, *self._decoder.replies]

    def await_reply(self, end: re.Pattern[str], limit_s: float) -> None:
        """Wait for the last reply of the terminal to what it was asked; keys are kept for `read`.

        It may also come later: it is never a key press.
        """
        self._reply_end, self._reply_until = end, time.monotonic() + _REPLY_S
        self._receive_reply(limit_s)

    def _receive_reply(self, limit_s: float) -> None:
        end = time.monotonic() + limit_s
        while self._awaits_reply and not (self._caught or self.exit_code):
            left_s = end - time.monotonic()
            if left_s <= 0:
                break
            self._keys.extend(self._decoder.decode(self._receive(left_s)))

    @property
    def _awaits_reply(self) -> bool:
        if self._reply_end and (
            time.monotonic() > self._reply_until or any(map(self._reply_end.match, self.replies))
        ):
            self._reply_end = None
        return self._reply_end is not None

    @property
    def _pause_s(self) -> float:
        """After a pause of which length an incomplete sequence is over."""
        if not self._awaits_reply:
            return _ESCAPE_S
        if self._decoder.is_single_escape:
            return _REPLY_ESCAPE_S
        return max(self._reply_until - time.monotonic(), _ESCAPE_S)

    def _handle_signals(self) -> None:
        while self._caught:
            number = self._caught.pop(0)
            if number in _ENDING:
                self.exit_code = 128 + number
                return
            if _NOTICED[number] not in self._keys:
                self._keys.append(_NOTICED[number])
            if sys.platform != "win32" and number == signal.SIGCONT:
                # After SIGSTOP, which cannot be caught, the shell has reset the terminal.
                self._disable_echo()

    if sys.platform == "win32":

        def _open(self) -> None:
            self._size = os.get_terminal_size()

        def _disable_echo(self) -> None: ...

        def _restore(self) -> None: ...

        def _close(self) -> None: ...

        def _receive(self, wait_s: float | None) -> str:
            """Return the input, or "" after a wait that may be shorter than requested."""
            if not msvcrt.kbhit():
                time.sleep(_POLL_S if wait_s is None else min(wait_s, _POLL_S))
                if self._size != (size := os.get_terminal_size()):
                    self._size = size
                    self._keys.append("resize")
                return ""
            text = read_console(msvcrt.getwch, msvcrt.kbhit, is_pasting=self._decoder.is_pasting)
            return self._text.decode(text.encode(_ENCODING, "surrogatepass"))

    else:

        def _open(self) -> None:
            self._woken, self._wake = os.pipe()
            for end in (self._woken, self._wake):
                os.set_blocking(end, False)
            self._former_wake = signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
            if self._attributes is None:
                # Only once: an editor that was killed leaves its own settings. If the terminal is
                # gone, the first read reports it.
                with contextlib.suppress(termios.error):
                    self._attributes = termios.tcgetattr(self._in)

        def _disable_echo(self) -> None:
            if self._attributes is None:
                return
            attributes = [*self._attributes]
            # Ctrl-S must not freeze the window, and typed line feeds must not scroll it.
            attributes[0] &= ~termios.IXON
            attributes[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
            attributes[6] = [*attributes[6]]
            attributes[6][termios.VMIN], attributes[6][termios.VTIME] = 1, 0
            # This fails in the background, and succeeds after the SIGCONT from `fg`.
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._in, termios.TCSANOW, attributes)

        def _restore(self) -> None:
            if self._attributes is None:
                return
            with contextlib.suppress(termios.error):
                # Keys that were meant for a card, or half a paste, must not reach the shell.
                termios.tcflush(self._in, termios.TCIFLUSH)
                termios.tcsetattr(self._in, termios.TCSANOW, self._attributes)

        def _close(self) -> None:
            signal.set_wakeup_fd(self._former_wake)
            os.close(self._woken)
            os.close(self._wake)

        def _receive(self, wait_s: float | None) -> str:
            """Return the input, or "" when time is up or a signal came."""
            ready, _, _ = select.select([self._in, self._woken], [], [], wait_s)
            if self._woken in ready:
                os.read(self._woken, 4096)
            if self._in not in ready:
                return ""
            try:
                data = os.read(self._in, 4096)
            except OSError:
                data = b""
            if not data:
                self.exit_code = 128 + signal.SIGHUP
            return self._text.decode(data)


def drop_typed(stdin: TextIO) -> None:
    """Drop keys that were typed after the last one was read: they must not reach the shell."""
    if sys.platform == "win32":
        while msvcrt.kbhit():
            msvcrt.getwch()
    else:
        with contextlib.suppress(termios.error, OSError):
            termios.tcflush(stdin.fileno(), termios.TCIFLUSH)
