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

from cardwright.adopt.gaps import escape_gaps
from cardwright.adopt.latex import expand_macros
from cardwright.adopt.pieces import VERBATIM, Piece, cut
from cardwright.adopt.tags import join_tags
from cardwright.html import Layout, TooLargeError, convert_html
from cardwright.incoming import LossCounter
from cardwright.markdown.characters import HAN, KANA
from cardwright.markdown.links import is_web_address
from cardwright.text import make_plain

_READS_KANJI: Final = re.compile(f"[{HAN}{KANA}]")
_DONE: Final = VERBATIM | {"link"}
"""The kinds of pieces that are finished."""
_GAP: Final = Piece("text", "\n\n")
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
    has_brackets: bool = False
    r"""Whether `\(…\)` and `\[…\]` are formulas there, and not just brackets."""
    macros: Mapping[str, str] = field(default_factory=dict)
    """The user's commands of LaTeX."""

    def adapt(self, text: str, place: str, *, has_gaps: bool = False) -> str:
        """Return a text as our Markdown; `place` says where it is, for losses.

        `has_gaps` tells whether gaps in it are gaps; else they are shown as they are written.
        """
        pieces: list[Piece] = []
        for piece in cut(text, has_brackets=self.has_brackets):
            if piece.kind == "block":
                converted = self._convert_block(piece.text, place, has_gaps=has_gaps)
                pieces += [_GAP, Piece("link", converted), _GAP]
            else:
                pieces.append(self._adapt(piece, place))
        joined = join_tags(pieces, self.losses, place, self.show_media)
        parts: list[str] = []
        for is_done, group in groupby(joined, key=lambda piece: piece.kind in _DONE):
            part = "".join(piece.text for piece in group)
            if not is_done:
                # No link, since those are pieces of their own
                part = _EMPTY_LINES.sub("\n\n", part).replace("](", "]&#40;")
                part = part if has_gaps else escape_gaps(part)
            parts.append(part)
        adapted = "".join(parts).strip("\n").rstrip()
        return adapted if adapted.isascii() or make_plain(adapted).strip() else ""

    def show_media(self, address: str, alt: str, width: str, place: str) -> str:
        """Return the Markdown for an image, a sound or a video."""
        name = self.find_media(address) or self.find_media(unquote(address))
        if name is not None:
            size = f"{{width={int(width)}}}" if width and 0 < int(width) <= _MAX_WIDTH else ""
            return f"![{alt}]({write_path(name)}){size}"
        if is_web_address(address):
            self.losses.add("media on the web, which became links", place, address)
            return f"[{alt}](<{address}>)" if alt else f"<{address}>"
        self.losses.add("media that are not there", place, address)
        return alt or escape(unquote(address).rpartition("/")[2])

    def _adapt(self, piece: Piece, place: str) -> Piece:
        kind, written = piece.kind, piece.text
        if kind == "maths":
            return Piece(kind, expand_macros(written, self.macros))
        if kind == "image":
            return Piece("link", self._show_image(piece, place))
        if kind == "link":
            return Piece("link", self._show_link(piece, place))
        adapted = written
        if kind == "text" and not self.has_strikes:
            adapted = written.replace("~~", "\\~~")
        elif kind == "escape":
            # In ours, a backslash before a bracket belongs to a formula.
            adapted = written[1] if written[1] in "()[]" else written
        elif kind == "comment":
            self.losses.add("hidden comments", place, written)
            adapted = ""
        elif kind == "script":
            adapted = f"\\{written[0]}{self.adapt(written[1:-1], place)}\\{written[0]}"
        elif kind == "ruby" and _READS_KANJI.search(written.partition("|")[0]):
            adapted = f"\\{written}"
        elif kind != "text":
            return piece
        return Piece("text", adapted)

    def _convert_block(self, html: str, place: str, *, has_gaps: bool) -> str:
        """Return a list or a table in HTML as Markdown."""

        def find(name: str) -> str | None:
            return self.find_media(name) or self.find_media(unquote(name))

        try:
            made = convert_html(html, Layout.BLOCK, is_cloze=has_gaps, find_media=find)
        except TooLargeError:
            self.losses.add("lists or tables that are too large", place)
            return ""
        for loss in made.losses:
            self.losses.add(loss.what, place, loss.example)
        return made.markdown

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


def write_path(name: str) -> str:
    """Return a path as the address of an image."""
    return f"<{name}>" if _UNSAFE.search(name) else name


def escape(text: str) -> str:
    """Return a text in which nothing is a mark."""
    return _MARKS.sub(r"\\\1", text)
