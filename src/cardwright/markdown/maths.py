"""Maths in Markdown: `$…$` inline, `$$…$$` on display.

This replaces the dollarmath plugin of mdit-py-plugins: with `allow_digits=False`, it treats the last
character of the text as the one before the first, so that `$x$ is 5` is not maths.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

# Pandoc's rule: no space just inside the dollars and no digit outside, so prices are not maths.
_INLINE: Final = re.compile(
    r"""
    \$\$ (?!\s*\$) (?P<display> (?: [^\\$] | \\. | \$(?!\$) )++ ) \$\$
    | (?<![0-9]) \$ (?![\s$]) (?P<inline> [^\\$]*+ (?: \\. [^\\$]*+ )*+ ) (?<!\s) \$ (?![0-9])
    """,
    re.DOTALL | re.VERBOSE,
)
_LONE_DOLLAR: Final = re.compile(r"\$\$|\$(?![0-9])")
_GROUPING: Final = re.compile(
    r"\\(?P<end>begin|end)\s*\{(?P<name>[^{}]*)\}|\\(?:left|right)(?![a-zA-Z])|\\.|[{}]", re.DOTALL
)
_CLOSERS: Final = {"{": "}", r"\left": r"\right"}
_FOREIGN: Final = frozenset({r"\(", r"\)", r"\[", r"\]"})


def add_maths(parser: MarkdownIt) -> None:
    """Add maths to a parser, as the tokens `maths` and `maths_block`."""
    parser.inline.ruler.before("escape", "maths", _parse_inline)
    may_interrupt = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.before("fence", "maths_block", _parse_block, may_interrupt)  # type: ignore[arg-type]


def _parse_inline(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "$":
        return False
    match = _INLINE.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        token = state.push("maths", "", 0)
        token.markup = "$" if match["inline"] else "$$"
        token.content = match["inline"] or match["display"]
    state.pos = match.end()
    return True


def _parse_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    opening = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith("$$", opening) or state.is_code_block(start):
        return False
    line = start
    text = state.src[opening + 2 : state.eMarks[start]]
    while "$$" not in text:
        line += 1
        if line >= end or state.isEmpty(line) or state.sCount[line] < state.blkIndent:
            return False
        text = state.src[state.bMarks[line] : state.eMarks[line]]
    content = state.getLines(start, line + 1, state.blkIndent, False).strip()[2:-2].strip()  # noqa: FBT003
    if not text.rstrip().endswith("$$") or "$$" in content or not content:
        return False
    if not silent:
        state.line = line + 1
        token = state.push("maths_block", "", 0)
        token.markup = "$$"
        token.content = content
    return True


def find_lone_dollar(text: str) -> int:
    """Return the index of a dollar in running text that is not a price, or -1."""
    match = _LONE_DOLLAR.search(text)
    return match.start() if match else -1


def find_fault(latex: str) -> str | None:
    """Return what is wrong with the grouping of a formula, or None."""
    open_groups: list[tuple[str, str]] = []
    for match in _GROUPING.finditer(latex):
        piece = match[0]
        if match["end"] == "begin":
            open_groups.append((piece, rf"\end{{{match['name']}}}"))
        elif piece in _CLOSERS:
            open_groups.append((piece, _CLOSERS[piece]))
        elif piece in _FOREIGN:
            return f"`{piece}` cannot stand inside maths"
        elif match["end"] == "end" or piece in ("}", r"\right"):
            closer = rf"\end{{{match['name']}}}" if match["end"] else piece
            if not open_groups:
                return f"`{closer}` closes nothing"
            opener, wanted = open_groups.pop()
            if closer != wanted:
                return f"`{opener}` is closed by `{closer}`"
    return f"`{open_groups[-1][0]}` is never closed" if open_groups else None
