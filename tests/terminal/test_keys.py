"""Key presses reach the program unchanged, and the terminal is restored."""

from __future__ import annotations

import signal
import sys
import termios
from collections.abc import Callable
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.terminal.keymap import _FIXED, _NAMED, _PRESETS, _SENT_AS, make_keymap
from cardwright.terminal.keys import _SEQUENCES, _WINDOWS_KEYS, PASTE, KeyDecoder, read_console
from pty_driver import PtyProgram

READ_KEYS = """
import sys
from cardwright.terminal import keys
keys._ESCAPE_S = float(sys.argv[1])
with keys.KeyReader(sys.stdin) as reader:
    print("ready", flush=True)
    while (key := reader.read()) not in {"q", "hangup"}:
        print(f"<{key}>", flush=True)
print("left at", key)
sys.exit(reader.exit_code)
"""
NEVER_S = "1000"


def read_keys(escape_s: str = NEVER_S) -> PtyProgram:
    """Start a program that shows every key; its patience with escapes does not run out."""
    return PtyProgram([sys.executable, "-c", READ_KEYS, escape_s])


def decode(text: str) -> list[str]:
    """Return the keys of a text after which nothing comes."""
    decoder = KeyDecoder()
    return [*decoder.decode(text), *decoder.decode("", done=True)]


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("a ?é日", ["a", " ", "?", "é", "日"]),
        ("\r\n\t\x7f\b", ["enter", "enter", "tab", "backspace", "backspace"]),
        ("\x01\x03\x04\x0c\x1a", ["ctrl-a", "ctrl-c", "ctrl-d", "ctrl-l", "ctrl-z"]),
        ("\x1b", ["escape"]),
        ("\x1b\x1b", ["escape", "escape"]),
        ("\x1b[A\x1b[B\x1b[C\x1b[D", ["up", "down", "right", "left"]),
        ("\x1bOA\x1bOB\x1bOC\x1bOD", ["up", "down", "right", "left"]),
        ("\x1b[H\x1bOH\x1b[1~\x1b[7~", ["home"] * 4),
        ("\x1b[F\x1bOF\x1b[4~\x1b[8~", ["end"] * 4),
        ("\x1b[3~\x1b[5~\x1b[6~", ["delete", "pageup", "pagedown"]),
        ("\x1bOP\x1b[P\x1b[11~\x1b[[A", ["f1"] * 4),
        ("1\x1b[A2", ["1", "up", "2"]),
        # Keys that we do not know, answers to questions that we did not ask.
        ("\x1b[1;5A\x1b[24~\x1b[?1;2c\x1b[[E\x1b[12;40R3", ["3"]),
        ("\x1b]11;rgb:0000/0000/0000\x07\x1b]0;t\x1b\\\x1bP1$r0m\x1b\\3", ["3"]),
        # What a terminal replies on its background: a light one asks for other colours.
        ("\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b]11;rgba:fF/fF/DD/ff\x07", ["light"] * 2),
        ("\x1b]11;rgb:f/f/f\x07\x1b]11;rgb:00/00/ff\x07\x1b]11;rgb:/x/\x073", ["light", "3"]),
        ("\x1bx\x1b3\x1bé4", ["4"]),
        ("\x1b[", []),
        ("\x1b[1;\x1b[A", ["up"]),
        ("\x00\x1c\x9b\u202e\u2066", []),
        # Pasted text presses no key, whatever it holds: it is one piece of one line.
        ("1\x1b[200~4\r4\r\x1b[A\x1b]\x031\x1b[201~2", ["1", "paste:4 4 [A]1", "2"]),
        ("\x1b[200~\x1b\x07\x1b[201~2", ["2"]),
        # Editing a line: xterm, rxvt, and Alt as a prefix.
        ("\x1b[1;5D\x1b[1;3D\x1b[5D\x1bOd", ["ctrl-left"] * 4),
        ("\x1b[1;5C\x1b[1;3C\x1b[5C\x1bOc", ["ctrl-right"] * 4),
        (
            "\x1bb\x1bf\x1bd\x1b\x7f\x1b[3;5~",
            ["alt-b", "alt-f", "ctrl-delete", "ctrl-w", "ctrl-delete"],
        ),
        # The mouse: the left button counts when it is pressed, without Shift, Alt or Ctrl.
        ("\x1b[<0;1;1M\x1b[<0;1;1m\x1b[<0;200;45M", ["click-0-0", "click-199-44"]),
        ("\x1b[<64;3;4M\x1b[<65;3;4M", ["wheel-up", "wheel-down"]),
        ("\x1b[<2;1;1M\x1b[<4;1;1M\x1b[<35;1;1M\x1b[<0;1M\x1b[<0;1;99999999M3", ["3"]),
        # A terminal that only knows the oldest reports sends raw characters, which are no keys.
        ("\x1b[M 1!q\x1b[M#44", ["q"]),
        ("\x1b[M 1", []),
        ("\x1b[200~4\x1b", []),
    ],
)
def test_what_is_typed_becomes_keys(typed: str, keys: list[str]) -> None:
    assert decode(typed) == keys


PIECES = st.lists(
    st.sampled_from(
        [
            "\x1b",
            "[",
            "O",
            "]",
            "A",
            "~",
            "200",
            "\x1b[200~",
            "\x1b[201~",
            "\x1b[A",
            "\x07",
            "q",
            "é",
        ]
    )
    | st.text(max_size=3)
).map("".join)


@given(PIECES, st.data())
def test_it_does_not_matter_how_a_sequence_is_cut(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)))))
    decoder = KeyDecoder()
    keys = []
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        keys += decoder.decode(text[start:end])
    keys += decoder.decode("", done=True)

    assert keys == decode(text)


@given(PIECES)
def test_a_key_is_a_printable_character_or_a_name(text: str) -> None:
    for key in decode(text):
        assert key.isprintable()
        assert len(key) == 1 or key.startswith(PASTE) or key.replace("-", "").isalnum()


ASK = """
import re, sys
from cardwright.terminal import keys
keys._ESCAPE_S = 0.0
keys._REPLY_S = keys._REPLY_ESCAPE_S = 1000.0
with keys.KeyReader(sys.stdin) as reader:
    print("asked", flush=True)
    reader.await_reply(re.compile("\\x1b\\\\[\\\\?[0-9;]*c"), float(sys.argv[1]))
    print("waited", flush=True)
    while (key := reader.read()) not in {"q", "hangup"}:
        print(f"<{key}>", flush=True)
print("replies", reader.replies)
"""
REPLIES = ["\x1b_Gi=1;OK\x1b\\", "\x1bP>|kitty(0.35.2)\x1b\\", "\x1b[?62;c"]


@pytest.mark.parametrize("limit_s", ["0", "1000"])
def test_replies_are_no_keys_however_late_and_in_whatever_pieces(limit_s: str) -> None:
    with PtyProgram([sys.executable, "-c", ASK, limit_s]) as program:
        program.wait_for("asked" if limit_s != "0" else "waited")
        program.type("a")
        # Each character is read on its own.
        for character in "".join(REPLIES):
            program.type(character)
            program.wait_until_taken()
        program.type("b\x1b")
        # It is a key again, at once.
        program.wait_for("<escape>")
        program.type("q")
        program.wait_for_exit()
        assert [line for line in program.lines if line.startswith("<")] == [
            "<a>",
            "<b>",
            "<escape>",
        ]
        assert f"replies {REPLIES}" in program.text.replace("\n", "")


@given(PIECES.filter(lambda text: "\x1b[201~" not in text))
def test_pasted_text_presses_no_key(text: str) -> None:
    decoder = KeyDecoder()

    assert decoder.decode(f"\x1b[200~{text}") == []
    # However long the rest of it takes.
    assert not decoder.is_waiting
    *pasted, key = decoder.decode("\x1b[201~q")
    assert key == "q"
    assert all(one.startswith(PASTE) for one in pasted)


def test_every_key_that_may_be_given_to_an_act_comes() -> None:
    inputs = (*_SEQUENCES, *map(chr, range(32)), "\x7f")
    come = {key for text in inputs for key in decode(text)}

    assert _NAMED - {"space", *_FIXED, *_SENT_AS} <= come


def read_from_console(typed: str) -> list[str]:
    """Return the keys of what the console of Windows hands out, one character at a time."""
    left, decoder, keys = [*typed], KeyDecoder(), []
    while left:
        text = read_console(lambda: left.pop(0), lambda: bool(left), is_pasting=decoder.is_pasting)
        keys += decoder.decode(text)
    return [*keys, *decoder.decode("", done=True)]


@pytest.mark.parametrize("code", _WINDOWS_KEYS)
def test_special_keys_of_windows_have_names(code: str) -> None:
    (name,) = read_from_console(f"\x00{code}")

    assert len(name) > 1


@pytest.mark.parametrize("preset", _PRESETS)
def test_every_act_has_a_key_on_windows(preset: str) -> None:
    special = {read_from_console(f"\x00{code}")[0]: f"\x00{code}" for code in _WINDOWS_KEYS}
    special |= {"space": " ", "enter": "\r", "tab": "\t", "backspace": "\b"}
    special |= {f"ctrl-{letter}": chr(ord(letter) - 96) for letter in "bf"}
    for act, keys in make_keymap({"preset": preset}).keys.items():
        for key in keys:
            (read,) = read_from_console(special.get(key, key))
            assert read == (" " if key == "space" else key), act
    # Those that a user may give to an act come too.
    letters = {f"ctrl-{letter}" for letter in ascii_lowercase}
    assert _NAMED - letters <= special.keys()


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        # AltGr and dead keys send the character itself; Ctrl-Backspace what Backspace sends elsewhere.
        ("@{~1é", ["@", "{", "~", "1", "é"]),
        ("\b\x7f\x17", ["backspace", "ctrl-w", "ctrl-w"]),
        ("\xe0H\xe0K\xe0\x93", ["up", "left", "ctrl-delete"]),
        # `à` is a letter and a prefix.
        ("\xe0", ["à"]),
        ("\xe0 la \xe0\xe9!", ["à", " ", "l", "a", " ", "à", "é", "!"]),
        ("\x1b[200~voil\xe0Hq\x7f\x1b[201~q", ["paste:voilàHq", "q"]),
        # Keys that we do not know: Insert, F12, Alt-F1.
        ("\xe0R\xe0\x86\x00h1", ["1"]),
    ],
)
def test_what_is_typed_on_windows_becomes_keys(typed: str, keys: list[str]) -> None:
    assert read_from_console(typed) == keys


def test_keys_come_one_by_one_and_the_terminal_comes_back() -> None:
    with read_keys() as program:
        program.wait_for("ready")
        reading = program.attributes[3]
        assert not reading & (termios.ECHO | termios.ICANON)
        assert reading & termios.ISIG

        program.type("1é\x1b[A \x13日")
        program.wait_for("<日>")
        assert program.lines[:7] == ["ready", "<1>", "<é>", "<up>", "< >", "<ctrl-s>", "<日>"]
        program.type("q")

        assert program.wait_for_exit() == 0
        assert program.attributes == program.first_attributes


def test_a_key_that_comes_in_pieces_is_one_key() -> None:
    with read_keys() as program:
        program.wait_for("ready")
        for piece in (*"\x1b[5~", *"\x1b[200~q\x1b[201~", *(bytes([b]) for b in "日🌲".encode())):
            program.type(piece)
            program.wait_until_taken()
        program.wait_for("<🌲>")

        assert program.lines[:4] == ["ready", "<pageup>", "<paste:q>", "<日>"]


def test_escape_alone_is_a_key_after_a_moment() -> None:
    with read_keys("0.025") as program:
        program.wait_for("ready")
        program.type("\x1b")
        program.wait_for("<escape>")


def test_signals_that_do_not_end_are_keys() -> None:
    with read_keys() as program:
        program.wait_for("ready")
        program.resize(60, 20)
        program.wait_for("<resize>")
        program.type("\x03")
        program.wait_for("<ctrl-c>")
        program.send_signal(signal.SIGINT)
        program.wait_until(lambda: program.text.count("<ctrl-c>") == 2, "second Ctrl-C")
        program.type("\x1a")
        program.wait_for("<suspend>")


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (lambda program: program.send_signal(signal.SIGTERM), 128 + signal.SIGTERM),
        (lambda program: program.send_signal(signal.SIGHUP), 128 + signal.SIGHUP),
        (lambda program: program.type("\x1c"), 128 + signal.SIGQUIT),
    ],
    ids=["SIGTERM", "SIGHUP", "SIGQUIT"],
)
def test_signals_that_end_do_so_in_order(end: Callable[[PtyProgram], None], code: int) -> None:
    with read_keys() as program:
        program.wait_for("ready")
        end(program)

        assert program.wait_for_exit() == code
        assert "left at hangup" in program.text
        assert program.attributes == program.first_attributes


WAIT_FOR_THE_END = """
import os, signal, sys
from cardwright.terminal.keys import KeyReader
with KeyReader(sys.stdin) as reader:
    if sys.argv[1] == "deaf":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # One write: another might come when the terminal has gone already.
    os.write(1, b"ready")
    while reader.read() != "hangup":
        pass
    assert reader.read(1000) == "hangup"
sys.exit(reader.exit_code)
"""


@pytest.mark.parametrize("hears", ["deaf", "hears"])
def test_a_terminal_that_goes_away_ends_the_program(hears: str) -> None:
    """It tells by a signal, which may not come to us, and by the end of input."""
    with PtyProgram([sys.executable, "-c", WAIT_FOR_THE_END, hears]) as program:
        program.wait_for("ready")
        program.hang_up()

        assert program.wait_for_exit() == 128 + signal.SIGHUP


READ_IN_TIME = """
import select, signal, sys
from cardwright.terminal.keys import KeyReader
with KeyReader(sys.stdin) as reader:
    assert reader.read(0) is None
    assert reader.read(0.01) is None
    print("ready", flush=True)
    assert reader.read(1000) == "1"
    assert reader.read(1000) == "2"
    assert reader.read(0) is None
    signal.raise_signal(signal.SIGWINCH)
    assert reader.read(1000) == "resize"
    assert reader.read(0) is None
    assert not select.select([reader._woken], [], [], 0)[0], "it would not wait again"
"""


def test_it_waits_as_long_as_asked() -> None:
    with PtyProgram([sys.executable, "-c", READ_IN_TIME]) as program:
        program.wait_for("ready")
        program.type("12")

        assert program.wait_for_exit() == 0, program.text


HANG = """
import sys
from cardwright.terminal.keys import KeyReader
with KeyReader(sys.stdin) as reader:
    print("ready", flush=True)
    while not reader._caught:
        pass
    print("caught", flush=True)
    while True:
        pass
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_program_that_hangs_can_be_ended_in_order(number: signal.Signals) -> None:
    with PtyProgram([sys.executable, "-c", HANG]) as program:
        program.wait_for("ready")
        program.send_signal(number)
        program.wait_for("caught")
        program.send_signal(number)

        assert program.wait_for_exit() == 128 + number
        assert program.attributes == program.first_attributes
