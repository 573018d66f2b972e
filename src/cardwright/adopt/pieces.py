"""Markdown, cut into the pieces that a conversion must keep apart: code, formulas, tags, links, …"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
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
_BLOCK: Final = r"""
    (?P<block> ^<(?P<element>table|ul|ol|dl|blockquote|pre)\b[^<>]*>[\s\S]*?</(?P=element)>[ \t]*(?=\n|\Z) )
"""
_NEXT: Final = r"(?![ \t]*(?:\n|[-*+>|][ \t]|\#{1,6}[ \t]|[0-9]{1,9}[.)][ \t]|`{3}|~{3}))"
"""A line that goes on with the paragraph."""
_INLINE: Final = rf"""
      (?P<code> (?<!`)(?P<ticks>`+)(?!`)
          (?: [^`\n]++ | \n{_NEXT} | (?!(?P=ticks)(?!`))`+ )*+ (?P=ticks)(?!`) )
    | (?P<maths> \$\$ (?: [^\\$]++ | \\. | \$(?!\$) )++ \$\$
          | \$(?![\s$]) (?: [^\\$\n]++ | \\. | \n{_NEXT} )++ (?<!\s)\$(?![0-9]) BRACKETS )
    | (?P<escape> \\[!-/:-@\[-`{{-~] )
    | (?P<comment> <!--[\s\S]*?(?:-->|\Z) )
    | (?P<tag> </?[A-Za-z][A-Za-z0-9]*(?:\s(?:[^<>"']++|"[^"]*"|'[^']*')*+)?/?> )
    | (?P<image> !\[(?P<alt>{_LABEL})\] {_ADDRESS.format("src")} )
    | (?P<link> \[(?P<label>{_LABEL})\] {_ADDRESS.format("to")} )
    | (?P<script> (?<!~)~(?!~)[\w+−–()-]{{1,20}}~(?!~) | \^[\w+−–()-]{{1,20}}\^ )
    | (?P<ruby> (?<!\{{)\{{(?!\{{)[^{{}}|\n]{{1,60}}\|[^{{}}\n]{{1,200}}\}} )
"""
_BRACKETS: Final = r"""
    | \\\( (?: [^\\]++ | \\(?![()])[\s\S] )++ \\\)
    | \\\[ (?: [^\\]++ | \\(?![\[\]])[\s\S] )++ \\\] (?!\()
"""
"""Formulas of some programs; in CommonMark, these are brackets."""
_SPECIAL: Final = re.compile(r"[`~$\\<!\[^{\t]|    ")
"""A sign with which a piece begins."""
_ITEM: Final = re.compile(r"^[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]", re.MULTILINE)
_KINDS: Final = (
    *("fence", "indented", "block", "code", "maths", "escape", "comment", "tag", "image", "link"),
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


def cut(text: str, *, has_brackets: bool = False) -> Iterator[Piece]:
    r"""Yield the pieces of a text; together they are the text.

    `has_brackets` tells whether `\(…\)` and `\[…\]` are formulas.
    """
    if not _SPECIAL.search(text):
        if text:
            yield Piece("text", text)
        return
    position = 0
    pattern = _compile(has_brackets=has_brackets, is_list=_ITEM.search(text) is not None)
    for match in pattern.finditer(text):
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


@cache
def _compile(*, has_brackets: bool, is_list: bool) -> re.Pattern[str]:
    # In lists, an indented paragraph is text.
    indented = r"(?P<indented>(?!))" if is_list else _INDENTED
    inline = _INLINE.replace("BRACKETS", _BRACKETS if has_brackets else "")
    source = f"{_FENCE} | {indented} | {_BLOCK} | {inline}"
    return re.compile(source, re.VERBOSE | re.MULTILINE)
