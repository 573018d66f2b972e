"""Markdown, cut into the pieces that a conversion must keep apart: code, formulas, tags, links, …"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_ADDRESS: Final = (
    r"\([ \t]*(?:<(?P<{0}_a>[^<>\n]{{0,2000}})>|(?P<{0}_b>(?:[^\s()\\]|\\.|\([^\s()]*\)){{0,2000}}+))"
    r"(?:[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'))?[ \t]*\)"
)
_LABEL: Final = r"(?:[^\[\]\\\n`]|\\.|\[[^\[\]\n]*\]|`[^`\n]*`){0,1000}+"
_FENCE: Final = r"""
    (?P<fence> ^[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)? (?P<marks>(?P<mark>[`~])(?P=mark){2,})
        (?: [^\n`]* | (?<=~)[^\n]* )(?=\n|\Z)
        (?: \n(?![ \t>]*(?P=marks)(?P=mark)*[ \t]*(?:\n|\Z))[^\n]* )*+
        (?: \n[ \t>]*(?P=marks)(?P=mark)*[ \t]*(?=\n|\Z) )? )
"""
_INDENTED: Final = r"(?: (?:\A|(?<=\n\n))(?P<indented> (?:[ ]{4}|[ ]{0,3}\t)[^\n]*(?:\n(?:[ ]{4}|[ ]{0,3}\t|[ \t]*$)[^\n]*)*+ ) )"
_INLINE: Final = rf"""
      (?P<code> (?<!`)(?P<ticks>`+)(?!`)
          (?: [^`\n]++ | \n(?![ \t]*\n) | (?!(?P=ticks)(?!`))`+ )*+ (?P=ticks)(?!`) )
    | (?P<maths> \$\$ (?: [^\\$]++ | \\. | \$(?!\$) )++ \$\$
          | \$(?![\s$]) (?: [^\\$\n]++ | \\. | \n(?![ \t]*\n) )++ (?<!\s)\$(?![0-9])
          | \\\( (?: [^\\]++ | \\(?![()])[\s\S] )++ \\\)
          | \\\[ (?: [^\\]++ | \\(?![\[\]])[\s\S] )++ \\\] (?!\() )
    | (?P<escape> \\[!-/:-@\[-`{{-~] )
    | (?P<comment> <!--[\s\S]*?(?:-->|\Z) )
    | (?P<tag> </?[A-Za-z][A-Za-z0-9]*(?:\s(?:[^<>"']++|"[^"]*"|'[^']*')*+)?/?> )
    | (?P<image> !\[(?P<alt>{_LABEL})\] {_ADDRESS.format("src")} )
    | (?P<link> \[(?P<label>{_LABEL})\] {_ADDRESS.format("to")} )
    | (?P<script> (?<!~)~(?!~)[\w+−–()-]{{1,20}}~(?!~) | \^[\w+−–()-]{{1,20}}\^ )
    | (?P<ruby> (?<!\{{)\{{(?!\{{)[^{{}}|\n]{{1,60}}\|[^{{}}\n]{{1,200}}\}} )
"""
_FLAGS: Final = re.VERBOSE | re.MULTILINE
_PIECE: Final = re.compile(f"{_FENCE} | {_INDENTED} | {_INLINE}", _FLAGS)
_IN_LIST: Final = re.compile(f"{_FENCE} | (?P<indented>(?!)) | {_INLINE}", _FLAGS)
"""In lists, an indented paragraph is text."""
_SPECIAL: Final = re.compile(r"[`~$\\<!\[^{\t]|    ")
"""A sign with which a piece begins."""
_ITEM: Final = re.compile(r"^[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]", re.MULTILINE)
_KINDS: Final = (
    *("fence", "indented", "code", "maths", "escape", "comment", "tag", "image", "link"),
    *("script", "ruby"),
)
VERBATIM: Final = frozenset({"fence", "indented", "code", "maths"})
"""The kinds of pieces in which Markdown has no marks."""


class Piece(NamedTuple):
    """A part of a text."""

    kind: str
    """One of the kinds above, or `text`."""
    text: str
    label: str = ""
    """The text in the brackets of a link or an image."""
    address: str = ""
    """Of a link or an image."""


def cut(text: str) -> Iterator[Piece]:
    """Yield the pieces of a text; together they are the text."""
    if not _SPECIAL.search(text):
        if text:
            yield Piece("text", text)
        return
    position = 0
    for match in (_IN_LIST if _ITEM.search(text) else _PIECE).finditer(text):
        if match.start() > position:
            yield Piece("text", text[position : match.start()])
        position = match.end()
        kind = next(kind for kind in _KINDS if match[kind] is not None)
        if kind == "image":
            yield Piece(kind, match[0], match["alt"], match["src_a"] or match["src_b"] or "")
        elif kind == "link":
            yield Piece(kind, match[0], match["label"], match["to_a"] or match["to_b"] or "")
        else:
            yield Piece(kind, match[0])
    if position < len(text):
        yield Piece("text", text[position:])
