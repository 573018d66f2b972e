"""A terminal that shows images: it replies to questions, and keeps what it is asked to draw."""

from __future__ import annotations

import base64
import re
import struct
import sys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pty_driver import PtyProgram
from reviewing import NOW, store_of

QUERY: Final = b"\x1b_Gi=1,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>q\x1b[c"
TMUX_QUERY: Final = b"\x1bPtmux;\x1b\x1b_Gi=1,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\x1b\\\x1b\\"
OK: Final = "\x1b_Gi=1;OK\x1b\\"
KITTY: Final = f"{OK}\x1bP>|kitty(0.35.2)\x1b\\\x1b[?62;c"
ITERM2: Final = "\x1bP>|iTerm2 3.5.4\x1b\\\x1b[?62;4c"
XTERM: Final = "\x1bP>|XTerm(390)\x1b\\\x1b[?64;1;2c"
CELL: Final = "\U0010eeee"
_COMMAND: Final = re.compile(rb"\x1b_G([^;\x1b]*);?([^\x1b]*)\x1b\\")
_FILE: Final = re.compile(rb"\x1b\[(\d+);(\d+)H\x1b\]1337;File=([^:]*):([^\x07]*)\x07")


def make_png(width: int, height: int, *, grey: int = 128) -> bytes:
    """Return a PNG of one shade of grey."""
    rows = (b"\0" + bytes([grey]) * width) * height
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            make_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
            make_chunk(b"IDAT", zlib.compress(rows)),
            make_chunk(b"IEND", b""),
        )
    )


def make_chunk(name: bytes, data: bytes) -> bytes:
    """Return a part of a PNG."""
    checksum = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + checksum


def insert_chunk(png: bytes, name: bytes, data: bytes) -> bytes:
    """Return a PNG with another part before its end."""
    return png[:-12] + make_chunk(name, data) + png[-12:]


class ImageTerminal(PtyProgram):
    """`cards` in a terminal that replies to the question about images once it is asked."""

    def __init__(
        self,
        project: Path,
        *words: str,
        reply: str = KITTY,
        size: tuple[int, int] = (80, 24),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Start it in a project."""
        self._reply = reply
        ours = {"CARDS_DB": str(store_of(project)), "CARDS_NOW": NOW, "TZ": "UTC"}
        none = dict.fromkeys(("TMUX", "STY", "KITTY_WINDOW_ID", "GHOSTTY_RESOURCES_DIR"), "")
        super().__init__(
            cards_command(project, *words),
            columns=size[0],
            lines=size[1],
            environ={**ours, **none, **(environ or {})},
        )

    @property
    def was_asked(self) -> bool:
        return QUERY in self.output or TMUX_QUERY in self.output

    def _take_output(self) -> bool:
        is_new = super()._take_output()
        if self._reply and self.was_asked:
            reply, self._reply = self._reply, ""
            self.type(reply)
        return is_new

    @property
    def image_rows(self) -> int:
        """How many rows of the window show a part of an image of kitty's."""
        return sum(CELL in line for line in self.lines)

    @property
    def sent(self) -> dict[int, tuple[int, int, bytes]]:
        """Columns, rows and content of the images that kitty keeps, by id."""
        found: dict[int, tuple[int, int, bytes]] = {}
        last, keys = 0, {}
        for about, data in _COMMAND.findall(self.output.replace(b"\x1b\x1b", b"\x1b")):
            given = dict(part.split("=") for part in about.decode().split(",") if part)
            if given.get("a") == "q":
                continue
            if given.get("a") == "d":
                del found[int(given["i"])]
                continue
            if "i" in given:
                last, keys = int(given["i"]), given
                assert (given["a"], given["U"], given["q"], given["f"]) == ("T", "1", "2", "100")
                found[last] = (int(keys["c"]), int(keys["r"]), b"")
            columns, rows, before = found[last]
            found[last] = (columns, rows, before + base64.b64decode(data))
        return found

    @property
    def files(self) -> list[tuple[int, int, str, bytes]]:
        """Row, column, keys and content of the files that iTerm2 was asked to draw."""
        return [
            (int(row), int(column), keys.decode(), base64.b64decode(data))
            for row, column, keys, data in _FILE.findall(self.output)
        ]


def cards_command(project: Path, *words: str) -> Sequence[str]:
    """Return the command that runs `cards` in a project."""
    program = "from cardwright.cli.main import main; main()"
    return [sys.executable, "-c", program, "-C", str(project), *words]
