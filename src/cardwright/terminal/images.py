"""Images in the terminal: what kitty's and iTerm2's protocols write, and on which cells.

Kitty's images are made of characters that name a part of an image, so that they scroll, are cut off and
disappear with their rows, also in tmux. iTerm2's are drawn over blank cells, whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.cells import cell_len

from cardwright.terminal.cells import MARK

if TYPE_CHECKING:
    from cardwright.foreign.picture import Picture

CLEAR: Final = "\x1b[2J"
REPLY_S: Final = 0.05
"""How long to wait for the reply of a terminal that may support images."""
_MAX_ITERM2_BYTES: Final = 780_000
"""iTerm2 ignores sequences of more than a mebibyte, and the content is a third longer in base64."""
_STYLE: Final = re.compile("\x1b\\[[0-9;:]*m")
_KITTY_QUERY: Final = "\x1b_Gi=1,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
"""Offers an image of one pixel. Source: https://sw.kovidgoyal.net/kitty/graphics-protocol/."""
_NAME_QUERY: Final = "\x1b[>q"
_END_QUERY: Final = "\x1b[c"
"""Every terminal answers it, after what came before."""
_KITTY_REPLY: Final = re.compile("\x1b_Gi=1;OK\x1b\\\\")
_NAME_REPLY: Final = re.compile("\x1bP>\\|([^\x1b\x07]*)")
_END_REPLY: Final = re.compile("\x1b\\[\\?[0-9;]*c")
_KITTY_NAME: Final = re.compile(r"ghostty |kitty\((?!0\.(?:1?[0-9]|2[0-7])\.)")
"""Those that know the characters, as kitty does from 0.28 on; others know its protocol without them."""
_ITERM2_NAMES: Final = ("iTerm2 ", "WezTerm ", "Konsole ", "mintty ")
_KITTY_VARIABLES: Final = ("KITTY_WINDOW_ID", "GHOSTTY_RESOURCES_DIR")
"""What is left of the terminal's name inside tmux."""
_CHUNK: Final = 4096
_CELL: Final = "\U0010eeee"
_RANGES: Final = (
    "305 30d-30e 310 312 33d-33f 346 34a-34c 350-352 357 35b 363-36f 483-487 592-595 597-599 "
    "59c-5a1 5a8-5a9 5ab-5ac 5af 5c4 610-617 657-65b 65d-65e 6d6-6dc 6df-6e2 6e4 6e7-6e8 "
    "6eb-6ec 730 732-733 735-736 73a 73d 73f-741 743 745 747 749-74a 7eb-7f1 7f3 816-819 "
    "81b-823 825-827 829-82d"
)
_NUMERALS: Final = "".join(
    chr(code)
    for part in _RANGES.split()
    for first, _, last in [part.partition("-")]
    for code in range(int(first, 16), int(last or first, 16) + 1)
)
"""The marks above a cell that number its row and column, from 0, in kitty's order."""
_FIRST_COLOUR, _COLOURS = 16, 240
"""The colour of a cell is the end of the image's id."""


class Protocol(StrEnum):
    """How images are sent to the terminal."""

    KITTY = "kitty"
    ITERM2 = "iterm2"


class _Shown(NamedTuple):
    """An image at a size, in cells."""

    path: Path
    columns: int
    rows: int


def make_query(*, in_tmux: bool) -> tuple[str, re.Pattern[str]]:
    """Return what to ask a terminal, and the last reply to it."""
    if in_tmux:
        # tmux answers the other questions itself, and hands nothing on unless it is allowed to.
        return pass_through(_KITTY_QUERY), _KITTY_REPLY
    return f"{_KITTY_QUERY}{_NAME_QUERY}{_END_QUERY}", _END_REPLY


def read_replies(
    replies: Collection[str], environ: Mapping[str, str], *, in_tmux: bool
) -> Protocol | None:
    """Return the protocol that a terminal supports, by its replies."""
    knows_kitty = any(map(_KITTY_REPLY.fullmatch, replies))
    if in_tmux:
        is_kitty = any(environ.get(name) for name in _KITTY_VARIABLES)
        return Protocol.KITTY if knows_kitty and is_kitty else None
    name = next((found[1] for found in map(_NAME_REPLY.match, replies) if found), "")
    if knows_kitty and _KITTY_NAME.match(name):
        return Protocol.KITTY
    return Protocol.ITERM2 if name.startswith(_ITERM2_NAMES) else None


def pass_through(sequence: str) -> str:
    """Wrap a sequence so that tmux hands it on to the terminal, with `allow-passthrough`."""
    doubled = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{doubled}\x1b\\"


class Canvas:
    """Draws images into the rows of a window, and removes them with their rows."""

    def __init__(self, protocol: Protocol, *, in_tmux: bool, seed: int) -> None:
        """Draw no image yet; the seed keeps two programs in one tmux apart."""
        self.protocol = protocol
        self._in_tmux = in_tmux
        self._high = seed % (len(_NUMERALS) - 1) + 1
        self._images: dict[int, _Shown] = {}
        self._ids: dict[_Shown, int] = {}
        self._count = 0
        """Images so far."""
        self._sent: set[int] = set()
        """Images that kitty knows."""
        self._wanted: list[tuple[int, int, int]] = []
        """Row, column and id of the images that are whole in the window, for iTerm2."""
        self._placed: list[tuple[int, int, int]] = []

    def can_show(self, picture: Picture) -> bool:
        """Return whether the protocol takes such a file."""
        if self.protocol is Protocol.KITTY:
            return picture.is_png
        return len(picture.data) <= _MAX_ITERM2_BYTES

    def add(self, path: Path, columns: int, rows: int) -> int:
        """Return the id of an image at a size; of the latest few hundred, each has another one."""
        image = _Shown(path, columns, rows)
        if image not in self._ids:
            id = self._high << 24 | _FIRST_COLOUR + self._count % _COLOURS
            self._count += 1
            self._ids.pop(self._images.get(id, image), None)
            self._ids[image], self._images[id] = id, image
        return self._ids[image]

    def arrange(self, rows: Mapping[int, str]) -> dict[int, str]:
        """Return the rows as they can be drawn: without the images of which iTerm2 lacks a part."""
        arranged = dict(rows)
        if self.protocol is Protocol.ITERM2:
            parts = {number: _read_mark(row) for number, row in rows.items()}
            self._wanted = list(self._find_whole(rows, parts))
            whole = {
                number + k for number, _, id in self._wanted for k in range(self._images[id].rows)
            }
            before = None
            for number, part in parts.items():
                if part and number not in whole:
                    text = "" if part[0] == before else "[image]"
                    arranged[number] = MARK.sub(text, rows[number])
                before = part[0] if part else None
        return arranged

    def _find_whole(
        self, rows: Mapping[int, str], parts: Mapping[int, tuple[int, int] | None]
    ) -> Iterator[tuple[int, int, int]]:
        for number, part in parts.items():
            if part and part[1] == 0:
                count = self._images[part[0]].rows
                if all(parts.get(number + k) == (part[0], k) for k in range(count)):
                    start = rows[number].partition("\x1b_")[0]
                    yield number, cell_len(_STYLE.sub("", start)), part[0]

    def draw_cells(self, id: int, row: int, columns: int) -> str:
        """Return the characters of cells."""
        if self.protocol is Protocol.ITERM2:
            return " " * columns
        high = _NUMERALS[id >> 24]
        cells = (f"{_CELL}{_NUMERALS[row]}{_NUMERALS[n]}{high}" for n in range(columns))
        return f"\x1b[38;5;{id & 0xFF}m{''.join(cells)}\x1b[39m"

    def complete(self, rows: Mapping[int, str], changed: Collection[int], drawn: str) -> str:
        """Return what draws the changed rows, with what their images need before and after."""
        if self.protocol is Protocol.ITERM2:
            changed = set(changed)
            kept = [
                place
                for place in self._placed
                if changed.isdisjoint(range(place[0], place[0] + self._images[place[2]].rows))
            ]
            new = [place for place in self._wanted if place not in kept]
            self._placed = self._wanted
            return drawn + "".join(self._place(*place) for place in new)
        marks = filter(None, map(_read_mark, rows.values()))
        wanted = {id for id, _ in marks}
        sent = "".join(map(self._send, sorted(wanted - self._sent)))
        gone = "".join(map(self._delete, sorted(self._sent - wanted)))
        self._sent = wanted
        return f"{sent}{drawn}{gone}"

    def has_stale(self) -> bool:
        """Return whether the window has an image that the rows arranged last lack.

        Konsole keeps those of iTerm2 under whatever is written over them: only an empty window has none.
        """
        return any(place not in self._wanted for place in self._placed)

    def clear(self) -> str:
        """Return what removes all images."""
        gone = "".join(map(self._delete, sorted(self._sent))) + CLEAR * bool(self._placed)
        self._sent, self._placed = set(), []
        return gone

    def _place(self, row: int, column: int, id: int) -> str:
        image, data = self._images[id], self._read(id)
        if not data:
            return ""
        size = f"width={image.columns};height={image.rows};preserveAspectRatio=1"
        return f"\x1b[{row + 1};{column + 1}H\x1b]1337;File=inline=1;size={len(data)};{size}:{_encode(data)}\x07"

    def _send(self, id: int) -> str:
        image, content = self._images[id], _encode(self._read(id))
        if not content:
            return ""
        keys = f"a=T,U=1,q=2,f=100,i={id},c={image.columns},r={image.rows},"
        chunks = [content[start : start + _CHUNK] for start in range(0, len(content), _CHUNK)]
        sequences = []
        for number, chunk in enumerate(chunks, 1):
            sequences.append(f"\x1b_G{keys}m={int(number < len(chunks))};{chunk}\x1b\\")
            keys = "q=2,"
        return self._join(sequences)

    def _delete(self, id: int) -> str:
        return self._join([f"\x1b_Ga=d,d=I,q=2,i={id}\x1b\\"])

    def _join(self, sequences: Iterable[str]) -> str:
        return "".join(map(pass_through, sequences) if self._in_tmux else sequences)

    def _read(self, id: int) -> bytes:
        """Return the content of an image; nothing if the file is not what it was."""
        from cardwright.foreign.picture import read_picture  # noqa: PLC0415  (few cards have images)

        picture = read_picture(self._images[id].path)
        return picture.data if picture and self.can_show(picture) else b""


def _read_mark(row: str) -> tuple[int, int] | None:
    """Return id and row of the image in a painted row."""
    found = MARK.search(row)
    return (int(found[1]), int(found[2])) if found else None


def _encode(data: bytes) -> str:
    import base64  # noqa: PLC0415  (few cards have images)

    return base64.b64encode(data).decode()
