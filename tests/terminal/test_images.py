"""The sequences of images, byte by byte, and the room that images take."""

from __future__ import annotations

import base64
import struct
import unicodedata
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.terminal.cells import mark_cells
from cardwright.terminal.gallery import MAX_CELLS, fit_image
from cardwright.terminal.images import (
    Canvas,
    Protocol,
    make_query,
    pass_through,
    read_replies,
)
from image_terminal import ITERM2, KITTY, OK, QUERY, TMUX_QUERY, XTERM, make_png

KITTY_ID = (7 + 1) << 24 | 16
"""The first id of a program with the number 7."""
NUMERALS = [
    chr(code)
    for code in range(0x300, 0x82E)
    if unicodedata.category(chr(code)) == "Mn"
    and unicodedata.combining(chr(code)) == 230
    and unicodedata.bidirectional(chr(code)) == "NSM"
    and not unicodedata.decomposition(chr(code))
    and code
    not in {
        *range(0x300, 0x305),
        *range(0x306, 0x30D),
        0x30F,
        0x311,
        0x313,
        0x314,
        0x342,
        0x653,
        0x654,
    }
]
"""The first of them, as kitty derives them from Unicode's data."""


@pytest.fixture
def png(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    path.write_bytes(make_png(24, 32))
    return path


def make_canvas(protocol: Protocol, *, in_tmux: bool = False) -> Canvas:
    return Canvas(protocol, in_tmux=in_tmux, seed=7)


def list_replies(text: str) -> list[str]:
    """Return the replies in what a terminal sent."""
    parts = text.replace("\x1b\\", "\0").split("\x1b")[1:]
    return [f"\x1b{part}".replace("\0", "\x1b\\") for part in parts]


def test_the_question_ends_with_one_that_every_terminal_answers() -> None:
    assert make_query(in_tmux=False)[0].encode() == QUERY
    assert make_query(in_tmux=True)[0].encode() == TMUX_QUERY


@pytest.mark.parametrize(
    ("replies", "environ", "in_tmux", "protocol"),
    [
        (KITTY, {}, False, "kitty"),
        (KITTY.replace("kitty(0.35.2)", "ghostty 1.1.3"), {}, False, "kitty"),
        (KITTY.replace("OK", "EINVAL:no"), {}, False, None),
        (KITTY.replace("0.35.2", "0.28.0"), {}, False, "kitty"),
        (KITTY.replace("0.35.2", "1.0.0"), {}, False, "kitty"),
        (KITTY.replace("0.35.2", "0.26.5"), {}, False, None),
        (KITTY.replace("0.35.2", "0.9.1"), {}, False, None),
        # It knows the protocol, but not the characters.
        (KITTY.replace("kitty(0.35.2)", "WezTerm 20240203"), {}, False, "iterm2"),
        (ITERM2, {}, False, "iterm2"),
        (ITERM2.replace("iTerm2 3.5.4", "Konsole 24.02"), {}, False, "iterm2"),
        (XTERM, {}, False, None),
        ("\x1b[?62;4c", {"KITTY_WINDOW_ID": "1"}, False, None),
        ("", {}, False, None),
        (OK, {"KITTY_WINDOW_ID": "1"}, True, "kitty"),
        (OK, {"GHOSTTY_RESOURCES_DIR": "/usr/share/ghostty"}, True, "kitty"),
        (OK, {}, True, None),
        ("\x1b[?1;2;4c", {"KITTY_WINDOW_ID": "1"}, True, None),
    ],
)
def test_the_replies_tell_the_protocol(
    replies: str, environ: dict[str, str], in_tmux: bool, protocol: str | None
) -> None:
    assert read_replies(list_replies(replies), environ, in_tmux=in_tmux) == protocol


def test_kitty_gets_the_file_and_characters_that_name_its_parts(png: Path) -> None:
    canvas = make_canvas(Protocol.KITTY)
    assert canvas.add(png, 3, 2) == KITTY_ID
    rows = {0: "title", 1: f" {mark_cells(KITTY_ID, 0, 3)}", 2: f" {mark_cells(KITTY_ID, 1, 3)}"}

    assert canvas.arrange(rows) == rows
    content = base64.b64encode(png.read_bytes()).decode()
    assert canvas.complete(rows, [0, 1, 2], "ROWS") == (
        f"\x1b_Ga=T,U=1,q=2,f=100,i={KITTY_ID},c=3,r=2,m=0;{content}\x1b\\ROWS"
    )
    high = NUMERALS[8]
    cells = "".join(f"\U0010eeee{NUMERALS[1]}{NUMERALS[n]}{high}" for n in range(3))
    assert canvas.draw_cells(KITTY_ID, 1, 3) == f"\x1b[38;5;16m{cells}\x1b[39m"
    # It is sent once, and removed with its last row.
    assert canvas.complete(rows, [0], "ROWS") == "ROWS"
    assert canvas.complete({0: rows[2]}, [0, 1, 2], "ROWS") == "ROWS"
    gone = f"\x1b_Ga=d,d=I,q=2,i={KITTY_ID}\x1b\\"
    assert canvas.complete({0: "title"}, [0], "ROWS") == f"ROWS{gone}"
    assert canvas.clear() == ""
    canvas.complete(rows, [1, 2], "")
    assert canvas.clear() == gone


def test_the_largest_image_has_a_numeral_for_each_row_and_column() -> None:
    canvas = make_canvas(Protocol.KITTY)
    drawn = canvas.draw_cells(KITTY_ID, MAX_CELLS - 1, MAX_CELLS)
    assert drawn.endswith(f"{NUMERALS[MAX_CELLS - 1] * 2}{NUMERALS[8]}\x1b[39m")


def test_a_large_file_is_sent_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    data = make_png(1, 1)
    junk = bytes(range(256)) * 16
    text = (
        struct.pack(">I", len(junk))
        + b"tEXt"
        + junk
        + struct.pack(">I", zlib.crc32(b"tEXt" + junk))
    )
    path.write_bytes(data[:-12] + text + data[-12:])
    canvas = make_canvas(Protocol.KITTY)
    id = canvas.add(path, 1, 1)
    content = base64.b64encode(path.read_bytes()).decode()
    assert 4096 < len(content) < 8192

    assert canvas.complete({0: mark_cells(id, 0, 1)}, [0], "") == (
        f"\x1b_Ga=T,U=1,q=2,f=100,i={id},c=1,r=1,m=1;{content[:4096]}\x1b\\"
        f"\x1b_Gq=2,m=0;{content[4096:]}\x1b\\"
    )


def test_in_tmux_the_file_is_passed_through_and_the_characters_are_not(png: Path) -> None:
    canvas = make_canvas(Protocol.KITTY, in_tmux=True)
    id = canvas.add(png, 3, 1)
    drawn = canvas.complete({0: mark_cells(id, 0, 3)}, [0], "ROWS")

    assert drawn.startswith(f"\x1bPtmux;\x1b\x1b_Ga=T,U=1,q=2,f=100,i={id},c=3,r=1,m=0;")
    assert drawn.endswith("\x1b\x1b\\\x1b\\ROWS")
    assert canvas.clear() == f"\x1bPtmux;\x1b\x1b_Ga=d,d=I,q=2,i={id}\x1b\x1b\\\x1b\\"
    assert pass_through("\x1b_G\x1b\\") == "\x1bPtmux;\x1b\x1b_G\x1b\x1b\\\x1b\\"


def test_iterm2_gets_the_file_over_blank_cells(png: Path) -> None:
    canvas = make_canvas(Protocol.ITERM2)
    id = canvas.add(png, 3, 2)
    rows = {
        0: "title",
        1: f"\x1b[1m  \x1b[0m{mark_cells(id, 0, 3)}",
        2: f"  {mark_cells(id, 1, 3)}",
        3: "",
    }
    data = png.read_bytes()
    file = (
        f"\x1b[2;3H\x1b]1337;File=inline=1;size={len(data)};width=3;height=2;preserveAspectRatio=1:"
        f"{base64.b64encode(data).decode()}\x07"
    )

    assert canvas.arrange(rows) == rows
    assert canvas.complete(rows, [0, 1, 2, 3], "ROWS") == f"ROWS{file}"
    assert canvas.draw_cells(id, 0, 3) == "   "
    # Other rows leave it alone; it is drawn again with its own, and where it moves to.
    canvas.arrange(rows)
    assert canvas.complete(rows, [0], "ROWS") == "ROWS"
    canvas.arrange(rows)
    assert canvas.complete(rows, [2], "ROWS") == f"ROWS{file}"
    assert not canvas.has_stale()
    # Before it moves or goes, the window is cleared.
    moved = {0: rows[1], 1: rows[2], 2: ""}
    canvas.arrange(moved)
    assert canvas.has_stale()
    assert canvas.clear() == "\x1b[2J"
    assert not canvas.has_stale()
    assert canvas.complete(moved, [0, 1, 2], "") == file.replace("[2;3H", "[1;3H")
    canvas.arrange({0: "title", 1: ""})
    assert canvas.has_stale()
    assert canvas.clear() == "\x1b[2J"
    assert canvas.clear() == ""


@pytest.mark.parametrize("cut", ["above", "below"])
def test_iterm2_gets_the_name_of_an_image_of_which_a_part_is_cut_off(png: Path, cut: str) -> None:
    canvas = make_canvas(Protocol.ITERM2)
    id = canvas.add(png, 4, 3)
    parts = [1, 2] if cut == "above" else [0, 1]
    rows = {n: f" {mark_cells(id, part, 4)}" for n, part in enumerate(parts)}

    assert canvas.arrange(rows) == {0: " [image]", 1: " "}
    assert canvas.complete(rows, [0, 1], "ROWS") == "ROWS"


def test_a_file_that_is_no_picture_any_more_is_not_sent(png: Path) -> None:
    canvases = [make_canvas(protocol) for protocol in Protocol]
    rows = [{0: mark_cells(canvas.add(png, 3, 1), 0, 3)} for canvas in canvases]
    png.write_text("\x1b]0;title\x07")

    for canvas, lines in zip(canvases, rows, strict=True):
        canvas.arrange(lines)
        assert canvas.complete(lines, [0], "ROWS") == "ROWS"


def test_ids_come_back_after_hundreds_of_images(png: Path) -> None:
    canvas = make_canvas(Protocol.KITTY)
    first = canvas.add(png, 1, 1)
    ids = [first, *(canvas.add(png, 2, number) for number in range(239))]
    assert len({*ids}) == 240
    assert {id & 0xFF for id in ids} == {*range(16, 256)}
    assert canvas.add(png, 3, 3) == first
    assert canvas.add(png, 1, 1) != first


@given(
    size=st.tuples(st.integers(1, 16_384), st.integers(1, 16_384)),
    wanted=st.one_of(
        st.just(""), st.integers(1, 2000).map(str), st.integers(1, 100).map("{}%".format)
    ),
    room=st.tuples(st.integers(1, MAX_CELLS), st.integers(3, MAX_CELLS)),
    ratio=st.floats(1, 3),
)
def test_an_image_is_never_larger_than_its_room(
    size: tuple[int, int], wanted: str, room: tuple[int, int], ratio: float
) -> None:
    columns, rows = fit_image(size, wanted, room, ratio)

    assert 1 <= columns <= room[0]
    assert 1 <= rows <= room[1]
    if min(columns, rows) > 1:
        width, height = columns, rows * ratio
        # Rounding moves each side by half a cell at most.
        assert (width - 0.51) * size[1] <= (height + 0.51 * ratio) * size[0]
        assert (width + 0.51) * size[1] >= (height - 0.51 * ratio) * size[0]


@pytest.mark.parametrize(
    ("size", "wanted", "cells"),
    [
        ((320, 160), "", (40, 10)),
        ((1600, 800), "", (60, 15)),
        ((100, 1600), "", (2, 15)),
        ((320, 160), "160", (20, 5)),
        ((1600, 800), "50%", (39, 10)),
        ((16, 16), "", (2, 1)),
        ((1, 1), "", (1, 1)),
    ],
)
def test_an_image_keeps_its_proportions(
    size: tuple[int, int], wanted: str, cells: tuple[int, int]
) -> None:
    assert fit_image(size, wanted, (78, 15), 2.0) == cells
