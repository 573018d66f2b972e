"""Markdown of other programs → ours.

Both are CommonMark with tables and formulas; so most texts stay as they are. Other programs show
HTML in Markdown: the usual tags become marks, and of others the text is kept. What is a mark in our
Markdown only is escaped.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final
from urllib.parse import unquote

from cardwright.adopt.latex import expand_macros
from cardwright.adopt.pieces import VERBATIM, Piece, cut
from cardwright.adopt.tags import join_tags
from cardwright.incoming import LossCounter
from cardwright.markdown import HAN, KANA, is_web_address

_READS_KANJI: Final = re.compile(f"[{HAN}{KANA}]")
_SIZED: Final = re.compile(r"(?:(?P<alt>.*)\|)?(?P<width>[0-9]{1,4})(?:x[0-9]{1,4})?", re.DOTALL)
_MAX_WIDTH: Final = 2000
_EMPTY_LINES: Final = re.compile(r"\n(?:[ \t]*\n){2,}")
_MARKS: Final = re.compile(r"([\\`*_\[\]~^$<{|#])")
_UNSAFE: Final = re.compile(r"[\s()<>]")

FindMedia = Callable[[str], str | None]
"""Returns the name of a media file by its address in a text; None if there is no such file."""


@dataclass(slots=True)
class Dialect:
    """Adapts the texts of one file."""

    losses: LossCounter
    find_media: FindMedia
    has_strikes: bool = True
    """Whether `~~…~~` is struck out in the other program, too."""
    macros: Mapping[str, str] = field(default_factory=dict)
    """The user's commands of LaTeX."""

    def adapt(self, text: str, place: str) -> str:
        """Return a text as our Markdown; `place` says where it is, for losses."""
        pieces = [self._adapt(piece, text, place) for piece in cut(text)]
        joined = join_tags(pieces, self.losses, place, self.show_media)
        parts: list[str] = []
        for is_verbatim, group in groupby(joined, key=lambda piece: piece.kind in VERBATIM):
            part = "".join(piece.text for piece in group)
            parts.append(part if is_verbatim else _EMPTY_LINES.sub("\n\n", part))
        return "".join(parts).strip("\n").rstrip()

    def show_media(self, address: str, alt: str, width: str, place: str) -> str:
        """Return the Markdown for an image, a sound or a video."""
        name = self.find_media(address) or self.find_media(unquote(address))
        if name is not None:
            size = f"{{width={int(width)}}}" if width and 0 < int(width) <= _MAX_WIDTH else ""
            return f"![{alt}]({write_path(name)}){size}"
        if is_web_address(address):
            self.losses.add("media on the web, which became links", place, address)
            return f"[{alt or escape(address)}](<{address}>)"
        self.losses.add("media that are not there", place, address)
        return alt or escape(unquote(address).rpartition("/")[2])

    def _adapt(self, piece: Piece, text: str, place: str) -> Piece:
        kind = piece.kind
        if kind == "maths":
            return Piece(kind, expand_macros(piece.text, self.macros))
        adapted = piece.text
        if kind == "text" and not self.has_strikes:
            adapted = adapted.replace("~~", "\\~~")
        elif kind == "escape":
            adapted = _adapt_escape(adapted, text)
        elif kind == "comment":
            self.losses.add("hidden comments", place, adapted)
            adapted = ""
        elif kind == "image":
            adapted = self._show_image(piece, place)
        elif kind == "link":
            adapted = self._show_link(piece, place)
        elif kind == "script":
            adapted = f"\\{adapted[0]}{self.adapt(adapted[1:-1], place)}\\{adapted[0]}"
        elif kind == "ruby" and _READS_KANJI.search(adapted.partition("|")[0]):
            adapted = f"\\{adapted}"
        elif kind != "text":
            return piece
        return Piece("text", adapted)

    def _show_image(self, piece: Piece, place: str) -> str:
        sized = _SIZED.fullmatch(piece.label)
        alt, width = (sized["alt"] or "", sized["width"]) if sized else (piece.label, "")
        return self.show_media(html.unescape(piece.address), alt, width, place)

    def _show_link(self, piece: Piece, place: str) -> str:
        label = self.adapt(piece.label, place)
        if is_web_address(piece.address):
            return f"[{label}]{piece.text[len(piece.label) + 2 :]}"
        self.losses.add("links to other notes or files", place, piece.address)
        return label


def _adapt_escape(escape: str, text: str) -> str:
    """Return an escaped character; in ours, a backslash before a bracket belongs to a formula."""
    if escape[1] not in "()[]":
        return escape
    makes_link = "](" in text if escape[1] in "[]" else "]" in text
    return f"&#{ord(escape[1])};" if makes_link else escape[1]


def write_path(name: str) -> str:
    """Return a path as the address of an image."""
    return f"<{name}>" if _UNSAFE.search(name) else name


def escape(text: str) -> str:
    """Return a text in which nothing is a mark."""
    return _MARKS.sub(r"\\\1", text)
