r"""Markdown → HTML without the parser, for texts whose marks can be read in one way only.

Most texts consist of such marks: words, `code`, *emphasis* between spaces, [links](https://…),
$maths$, lists and blocks of code. Whatever else is in a text, and whatever would not be shown as it is
written, is left to the parser, which takes ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from cardwright.markdown.escape import escape_code, escape_text
from cardwright.markdown.links import is_followable
from cardwright.markdown.maths import find_fault, find_reaching_command, is_prose
from cardwright.markdown.write import USUAL, format_maths

if TYPE_CHECKING:
    from cardwright.markdown.write import Page

_LETTER: Final = "A-Za-z0-9À-ÖØ-öø-ʯΑ-ωЀ-ҁ"
"""Digits, and letters of scripts with spaces between words."""
_PIECE: Final = re.compile(
    rf"""
    (?P<text> [^\\`*_\[\]$~^=<&{{]++ | [&<](?=\ ) | (?<!=)=(?!=) | (?<=[A-Za-z0-9])_(?=[A-Za-z0-9])
        | \^(?=[A-Za-z0-9][^^]*\Z) )
  | `(?P<code> [^`\s] (?: [^`]* [^`\s] )? ) `(?!`)
  | (?P<opener> (?<![^ \n])\*\*?(?=[^\s*./]) | (?<=\()(?<![^ \n]\()\*\*?(?=[A-Za-z0-9]) )
  | (?P<closer> (?<=[^\s*/-])\*\*?(?=[ \n]|\Z) | (?<=[{_LETTER}])\*\*?(?=[.,;:!?)])
        | (?<=[`$%)])\*\*?(?=[.,;:!?](?:[ \n]|\Z)) )
  | (?<!!)\[(?P<label> (?!(?i:latex)\]) [^\W_] (?: [^\W_] | [ ,'’.-] )*+ )
    \]\((?P<address> https?://[^\s()<>\\\[\]`|"'&]++ )\)
  | (?<![^\s("'—–:,])\$(?P<maths> (?![\s$]) (?: [^\\$`\n%|] | \\[^\n] )++ )(?<![\s\\])\$(?=[\s.,;:!?)%]|\Z)
  | (?<![:¯])\\(?P<dollar> \$ )
  | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_LINE: Final = r"""
    (?= [^\s\#$*+\-:<=>\[\\_`|~\d] | \d(?!\d*[.)](?:\s|\Z)) | \*\*?[^\s*] | `(?!``) | \[ | \$(?!\$) )
    [^\n]++ (?<!\s)
"""
"""A line that can only belong to a paragraph."""
_NEXT_LINE: Final = rf"(?: {_LINE} | (?=[2-9][0-9]*[.)]\ ) [^\n]++ (?<!\s) )"
"""A line below one of a paragraph: a list that interrupts one starts with 1."""
_BLOCK: Final = re.compile(
    rf"""
    (?: (?P<paragraph> {_LINE} (?: \n {_NEXT_LINE} )*+ )
      | (?P<bullets> -\ {_LINE} (?: \n(?:-\ |\ \ ) {_LINE} )*+ )
      | (?P<numbers> 1\.\ {_LINE} (?: \n(?:[2-9]\.\ |\ \ \ ) {_LINE} )*+ )
      | (?P<quote> >\ [^\W\d_]{{2}}[^\n>]++(?<!\s) (?: \n>\ {_LINE} )*+ )
      | (?P<table> \|\ [^\n]*\ \|\n \|(?:\ -++\ \|)++ (?:\n\|\ [^\n]*\ \|)++ )
      | ```(?P<language> [A-Za-z0-9_+\#.-]{{0,30}} )\n (?P<code> (?: (?!\ *```)[^\n]*\n )*+ )```
    )
    (?: \n++ | \Z )
    """,
    re.VERBOSE,
)
_LISTS: Final = frozenset({"bullets", "numbers"})
_OPEN_ENDED: Final = _LISTS | {"quote", "table"}
"""Blocks to which a line of text below them would belong."""
_NUMBER: Final = re.compile(r"\n([2-9])\. ")
_BLANK_AT_BREAK: Final = re.compile(r"\s\n|\n\s")
_BRACKET: Final = re.compile(r"[()\[\]{}]")
_BRACKETED: Final = re.compile(r"\([^()\[\]{}]*\)")


class _DoubtError(Exception):
    """A text is for the parser."""


def write_evident_block(page: Page, source: str) -> bool:
    """Write a text with paragraphs, lists and code; return False if it is for the parser."""
    if "\r" in source:
        return False
    try:
        page.parts += list(_format_blocks(page, source))
    except _DoubtError:
        return False
    return True


def write_evident_line(page: Page, source: str) -> bool:
    """Write a text without block syntax; return False if it is for the parser."""
    if "\r" in source or _BLANK_AT_BREAK.search(source):
        return False
    try:
        page.parts.append(_format_line(page, source))
    except _DoubtError:
        return False
    return True


def _format_blocks(page: Page, source: str) -> Iterator[str]:
    place = len(source) - len(source.lstrip("\n"))
    before: str | None = None
    while place < len(source):
        block = _BLOCK.match(source, place)
        if block is None:
            raise _DoubtError
        kind = block.lastgroup
        touches = before is not None and not source.startswith("\n\n", place - 2)
        if touches and (kind == "table" or (before in _OPEN_ENDED and kind != "code")):
            raise _DoubtError
        # Two lists may be one with gaps. If there is but one line, its dash may be a minus.
        if kind in _LISTS and (before in _LISTS or "\n" not in source.strip("\n")):
            raise _DoubtError
        if before == kind == "paragraph":
            yield (page.layout or USUAL).fixed.get("gap", "")
        yield from _format_block(page, block)
        before = kind
        place = block.end()


def _format_block(page: Page, block: re.Match[str]) -> Iterator[str]:
    layout = page.layout or USUAL
    fixed = layout.fixed
    if block.lastgroup == "code":
        yield layout.format_code(page, block["code"], block["language"])
    elif block.lastgroup == "paragraph":
        line = _format_line(page, block["paragraph"])
        yield fixed["paragraph_open"] + line + fixed["paragraph_close"]
    elif block.lastgroup == "quote":
        line = _format_line(page, block["quote"][2:].replace("\n> ", "\n"))
        yield fixed["blockquote_open"] + fixed["paragraph_open"] + line
        yield fixed["paragraph_close"] + fixed["blockquote_close"]
    elif block.lastgroup == "table":
        yield from _format_table(page, block["table"])
    else:
        yield from _format_list(page, block[0].rstrip("\n"))


def _format_list(page: Page, text: str) -> Iterator[str]:
    if text[0] == "-":
        name, items = "bullet_list", text[2:].replace("\n  ", "\n").split("\n- ")
    else:
        pieces = _NUMBER.split(text[3:].replace("\n   ", "\n"))
        name, items = "ordered_list", pieces[::2]
        if "".join(pieces[1::2]) != "23456789"[: len(items) - 1]:
            raise _DoubtError
    fixed = (page.layout or USUAL).fixed
    yield fixed[f"{name}_open"]
    for item in items:
        yield f"<li>{_format_line(page, item)}{fixed['list_item_close']}"
    yield fixed[f"{name}_close"]


def _format_table(page: Page, text: str) -> Iterator[str]:
    fixed = (page.layout or USUAL).fixed
    head, divider, *body = (
        [cell.strip(" ") for cell in row[1:-1].split("|")] for row in text.split("\n")
    )
    if not any(head) or any(len(row) != len(head) for row in (divider, *body)):
        raise _DoubtError
    yield fixed["table_open"] + fixed["thead_open"]
    yield _format_row(page, "th", head)
    yield fixed["thead_close"] + fixed["tbody_open"]
    for row in body:
        yield _format_row(page, "td", row)
    yield fixed["tbody_close"] + fixed["table_close"]


def _format_row(page: Page, tag: str, cells: Iterable[str]) -> str:
    fixed = (page.layout or USUAL).fixed
    row = "".join(f"<{tag}>{_format_line(page, cell)}{fixed[f'{tag}_close']}" for cell in cells)
    return f"{fixed['tr_open']}{row}{fixed['tr_close']}"


def _format_line(page: Page, text: str) -> str:
    """Return the HTML of the text of a paragraph."""
    fixed = (page.layout or USUAL).fixed
    parts = []
    open_mark = ""
    # Near other backslashes, that of a dollar may belong to a path or a pattern.
    has_other_escapes = text.count("\\") > text.count("\\$")
    for piece in _PIECE.finditer(text):
        match piece.lastgroup:
            case "text" if not (open_mark and _has_bracket(piece[0])):
                html = escape_text(piece[0]).replace("\n", fixed["softbreak"])
            case "code":
                code = piece["code"].replace("\n", " ")
                html = f"<code>{escape_code(code)}</code>"
            case "dollar" if not has_other_escapes:
                html = "$"
            case "opener" if not open_mark:
                open_mark = piece[0]
                html = fixed["strong_open" if open_mark == "**" else "em_open"]
            case "closer" if piece[0] == open_mark:
                open_mark = ""
                html = fixed["strong_close" if piece[0] == "**" else "em_close"]
            case "address" if is_followable(piece["address"]):
                href = escape_code(page.normalize_link(piece["address"]))
                html = f'<a href="{href}">{escape_text(piece["label"])}</a>'
            case "maths" if _is_formula(piece["maths"]):
                html = format_maths(piece["maths"], "$")
            case _:
                raise _DoubtError
        parts.append(html)
    if open_mark:
        raise _DoubtError
    return "".join(parts)


def _has_bracket(text: str) -> bool:
    """Tell whether a text has a bracket without the other, between which emphasis might end."""
    return (
        _BRACKET.search(text) is not None and _BRACKET.search(_BRACKETED.sub("", text)) is not None
    )


def _is_formula(latex: str) -> bool:
    """Tell whether what stands between dollars is certainly a formula, and a right one."""
    return not (is_prose(latex) or find_fault(latex) or find_reaching_command(latex))
