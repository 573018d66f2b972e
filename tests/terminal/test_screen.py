"""The window shows what was painted and is always restored."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import sys
import termios
from collections.abc import Callable

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import set_cell_size

from cardwright.terminal.screen import Screen, can_draw
from pty_driver import PtyProgram

TAKEN, GIVEN_BACK = b"\x1b[?1049h", b"\x1b[?1049l"
COLOUR_CODES = re.compile("\x1b\\[[0-9;]*m")

SHOW = """
import os, signal, subprocess, sys
from cardwright.terminal.screen import Screen

EDIT = '''
import signal, sys, termios
flags = termios.tcgetattr(0)[3]
heeds = signal.getsignal(signal.SIGINT) is signal.default_int_handler
# Python would hear it only after the next line, when it comes just before that is waited for.
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("editing", bool(flags & termios.ICANON), bool(flags & termios.ECHO), heeds, flush=True)
print("saved", input(), flush=True)
input()
'''
key = None
with Screen(sys.stdin, sys.stdout) as screen:
    while key not in {"q", "hangup"}:
        width, height = screen.size
        title = f"{width}x{height} {key}"
        # Every cell is filled, the one at the bottom right too.
        screen.paint([title] + ["#" * width] * (height - 2) + ["." * width][: height - 1])
        key = screen.read()
        if key == "x":
            raise RuntimeError("broken")
        if key == "s":
            os.kill(os.getpid(), signal.SIGSTOP)
        if key == "e":
            with screen.released():
                subprocess.run([sys.executable, "-c", EDIT], stderr=subprocess.DEVNULL)
sys.exit(screen.exit_code)
"""


def show(columns: int = 20, lines: int = 5) -> PtyProgram:
    """Start a program that shows the size of its window and the last key."""
    return PtyProgram([sys.executable, "-c", SHOW], columns=columns, lines=lines)


def expect_given_back(program: PtyProgram) -> None:
    """The terminal is as it was before the program."""
    assert program.attributes == program.first_attributes
    end = program.output[program.output.rindex(GIVEN_BACK) :]
    assert TAKEN not in end
    for on, off in ((b"?25l", b"?25h"), (b"?7l", b"?7h"), (b"?2004h", b"?2004l")):
        assert program.output.rindex(off) > program.output.rindex(on)
    assert not program.cursor_is_hidden


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (200, 60), (20, 5), (9, 2), (1, 1)])
def test_every_cell_is_drawn_and_nothing_scrolls(size: tuple[int, int]) -> None:
    columns, lines = size
    with show(columns, lines) as program:
        for key in ("None", "k", "up"):
            title = f"{columns}x{lines} {key}"[:columns]
            full = [title, *["#" * columns] * (lines - 2), *["." * columns] * (lines > 1)]
            program.wait_until(lambda full=full: program.lines == full, title)  # type: ignore[misc]
            assert program.cursor_is_hidden
            program.type({"None": "k", "k": "\x1b[A", "up": "q"}[key])

        assert program.wait_for_exit() == 0
        assert b"\x1b]" not in program.output, "the title is not ours"
        expect_given_back(program)


def test_a_window_of_another_size_is_drawn_anew() -> None:
    with show(80, 24) as program:
        program.wait_for("80x24 None")
        for columns, lines in ((20, 5), (100, 30), (1, 1), (40, 12)):
            program.resize(columns, lines)
            first = f"{columns}x{lines} resize"[:columns]
            full = [first, *["#" * columns] * (lines - 2), *["." * columns] * (lines > 1)]
            program.wait_until(lambda full=full: program.lines == full, first)  # type: ignore[misc]


def test_only_what_changed_is_written() -> None:
    def draw(key: str, name: str) -> bytes:
        """Press a key, and return what was written for it."""
        before = len(program.output)
        program.type(key)
        program.wait_for(f"80x24 {name}")
        return program.output[before:]

    with show(80, 24) as program:
        assert draw("", "None").count(b"\x1b[K") == 24
        assert draw("k", "k").count(b"\x1b[K") == 1
        assert draw("\x0c", "resize").count(b"\x1b[K") == 24, "Ctrl-L draws everything"


ENDINGS: dict[str, tuple[Callable[[PtyProgram], None], int]] = {
    "quit": (lambda program: program.type("q"), 0),
    "exception": (lambda program: program.type("x"), 1),
    "SIGTERM": (lambda program: program.send_signal(signal.SIGTERM), 143),
    "SIGHUP": (lambda program: program.send_signal(signal.SIGHUP), 129),
    "SIGQUIT": (lambda program: program.type("\x1c"), 131),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_the_terminal_is_given_back_at_the_end(name: str) -> None:
    end, code = ENDINGS[name]
    with show() as program:
        program.wait_for("None")
        # Ctrl-C is a key like others: what it does is the program's business.
        program.type("\x03")
        program.wait_for("ctrl-c")
        end(program)

        assert program.wait_for_exit() == code
        expect_given_back(program)


def test_a_window_that_is_closed_ends_the_program_quietly() -> None:
    with show() as program:
        program.wait_for("None")
        program.hang_up()

        assert program.wait_for_exit() == 129


# What a shell with job control does, and tells how it finds the terminal.
SHELL = """
import os, signal, sys, termios
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
before = termios.tcgetattr(0)
child = os.fork()
if not child:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
while True:
    _, status = os.waitpid(child, os.WUNTRACED)
    os.tcsetpgrp(0, os.getpgrp())
    if not os.WIFSTOPPED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
    found = "as it was" if termios.tcgetattr(0) == before else "in our hands"
    termios.tcsetattr(0, termios.TCSANOW, before)
    print("\\rstopped,", found, flush=True)
    sys.stdin.readline()
    os.tcsetpgrp(0, child)
    os.killpg(child, signal.SIGCONT)
"""


def run_as_job() -> PtyProgram:
    """Start the program under a shell: only a job can be stopped."""
    return PtyProgram([sys.executable, "-c", SHELL, SHOW], columns=40, lines=5)


def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() -> None:
    with run_as_job() as program:
        program.wait_for("None")
        drawn = program.attributes
        for _ in range(2):
            program.type("\x1a")
            program.wait_for("stopped, as it was")
            expect_given_back(program)
            program.type("\n")
            program.wait_for("40x5 resize")
            assert program.lines == ["40x5 resize", *["#" * 40] * 3, "." * 40]
            assert program.cursor_is_hidden
            assert program.attributes == drawn
        program.type("q")

        assert program.wait_for_exit() == 0
        expect_given_back(program)


def test_a_program_stopped_by_force_goes_on_where_it_was() -> None:
    with run_as_job() as program:
        program.wait_for("None")
        drawn = program.attributes
        program.type("s")
        program.wait_for("stopped, in our hands")
        program.type("\n")
        program.wait_for("40x5 resize")
        assert program.lines == ["40x5 resize", *["#" * 40] * 3, "." * 40]
        assert program.attributes == drawn
        program.type("q")

        assert program.wait_for_exit() == 0
        expect_given_back(program)


def test_an_editor_gets_the_terminal_and_gives_it_back() -> None:
    with show(40, 12) as program:
        program.wait_for("None")
        drawn = program.attributes
        program.type("e")
        program.wait_for("editing True True True")
        expect_given_back(program)
        assert "#" not in program.text
        program.type("words\n")
        program.wait_for("saved words")
        program.type("\n")
        program.wait_for("40x12 e")
        assert program.lines == ["40x12 e", *["#" * 40] * 10, "." * 40]
        assert program.attributes == drawn

        # Ctrl-C ends the editor alone.
        program.type("e")
        program.wait_for("editing")
        program.type("\x03")
        program.wait_for("40x12 e")
        program.type("q")
        assert program.wait_for_exit() == 0
        expect_given_back(program)


class Window:
    """A window in which a screen paints, and what it shows."""

    def __init__(self, columns: int, lines: int) -> None:
        self.master, self.slave = pty.openpty()
        termios.tcsetwinsize(self.slave, (lines, columns))
        self.shown = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.shown)
        self.file = os.fdopen(self.slave, "w", encoding="utf-8")
        self.screen = Screen(self.file, self.file)

    def close(self) -> None:
        self.file.close()
        os.close(self.master)

    def paint(self, lines: list[str]) -> bytes:
        """Paint, and return what was written."""
        self.screen.paint(lines)
        # A mode that no terminal has marks the end: output comes in pieces of any size.
        end = "\x1b[?9999h"
        self.file.write(end)
        self.file.flush()
        data = b""
        while not data.endswith(end.encode()):
            data += os.read(self.master, 65536)
        self.stream.feed(data)
        return data


LINES = st.lists(
    st.text(st.sampled_from("ab é日本🌲"), max_size=30)
    | st.text(st.sampled_from("ab日"), max_size=30).map(lambda text: f"\x1b[1;31m{text}\x1b[0m"),
    max_size=8,
)


@given(st.integers(1, 20), st.integers(1, 6), st.lists(LINES, min_size=1, max_size=5))
def test_nothing_of_an_earlier_picture_stays(
    columns: int, lines: int, pictures: list[list[str]]
) -> None:
    window = Window(columns, lines)
    try:
        for picture in pictures:
            window.paint(picture)
            rows = [COLOUR_CODES.sub("", line) for line in picture] + [""] * lines
            cut = [set_cell_size(row, columns).rstrip() for row in rows[:lines]]
            assert [row.rstrip() for row in window.shown.display] == cut
        again = window.paint(pictures[-1])
        assert b"\x1b[K" not in again, "what stands there is not written again"
    finally:
        window.close()


def test_the_last_character_of_a_full_line_is_not_erased() -> None:
    """After it the cursor of a real terminal stays on it; that of pyte goes on."""
    window = Window(4, 1)
    try:
        assert b"\x1b[Kfull" in window.paint(["full"])
        assert b"fu\x1b[0m\x1b[K" in window.paint(["fu"])
    finally:
        window.close()


def test_nothing_but_colours_gets_through() -> None:
    window = Window(60, 3)
    try:
        hostile = "\x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m\r\n\x9b2J\u202eback\x00"
        data = window.paint([hostile])
    finally:
        window.close()

    assert window.shown.display[0].rstrip() == "�]0;title��[2Jred �2Jback�"
    assert window.shown.title == ""
    assert data.count(b"\x1b[31m") == 1


def test_a_window_can_be_drawn_on_a_terminal_that_obeys() -> None:
    window = Window(80, 24)
    tty, pipe = window.file, io.StringIO()
    try:
        assert can_draw(tty, tty, {"TERM": "xterm"})
        for term in ({}, {"TERM": ""}, {"TERM": "dumb"}, {"TERM": "unknown"}):
            assert not can_draw(tty, tty, term)
        for stdin, stdout in ((tty, pipe), (pipe, tty), (None, tty), (tty, None)):
            assert not can_draw(stdin, stdout, {"TERM": "xterm"})
    finally:
        window.close()
