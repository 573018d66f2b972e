r"""Maths in Markdown: `$…$` or `\(…\)` inline, `$$…$$` or `\[…\]` on display.

This replaces the dollarmath plugin of mdit-py-plugins. Dollars of prices and of shells are text:
`from $5 to 10$`, `US$5`, `$HOME/bin:$PATH`, `${a}${b}`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cardwright.diagnostic import cut_quote
from cardwright.markdown.characters import is_word
from cardwright.markdown.stray import push_stray

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

# Pandoc's rule: no space just inside the dollars and no digit outside, so prices are not maths.
_DOLLARS: Final = re.compile(
    r"""
    \$\$ (?!\s*\$) (?P<display> (?: [^\\$] | \\. | \$(?!\$) )++ ) \$\$
    | \$ (?![\s$]) (?P<inline> [^\\$]*+ (?: \\. [^\\$]*+ )*+ ) (?<!\s) \$ (?![0-9])
    """,
    re.DOTALL | re.VERBOSE,
)
_ANKI: Final = re.compile(
    r"""
    \\\( (?P<inline> [^\\]*+ (?: \\ [^()\[\]] [^\\]*+ )*+ ) \\\)
    | \\\[ (?P<display> [^\\]*+ (?: \\ [^()\[\]] [^\\]*+ )*+ ) \\\] (?!\()
    """,
    re.DOTALL | re.VERBOSE,
)
_ESCAPED: Final = re.compile(r"\\.", re.DOTALL)
_NUMBER: Final = re.compile(r"\s*[0-9]+\s*")
_VARIABLE: Final = re.compile(r"[A-Za-z_]\w")
_WORDS: Final = re.compile(r"[0-9.,]*[A-Za-z]*[\s,](?:.*[\s(])?[A-Za-z]{2,}+(?!\()", re.DOTALL)
"""Words with spaces between them, perhaps after an amount."""
_AMOUNTS: Final = re.compile(r"[0-9.]+(?:\s[0-9.]+)+|[0-9.,]+[kKMB][,\s][0-9.,kKMB\s]+")
_SYMBOL: Final = re.compile(r"[\\^_{}=<>+*|\x80-\x9f]| [/-] ")
_PATTERN: Final = re.compile(r"=~|\.[*+?](?![\w{])|\A\|\^|\[\^[^\\{\]]|\A[;,:|]\Z")
"""Part of a regular expression or of a program around one."""
_NO_END: Final = frozenset("([{\"'@:;,/.!?&_^")
"""Before a `$` and a letter, these belong to text."""
_GLUED: Final = re.compile(r"(?!.*[A-Za-z]{2})[^:;,.\s]*[\w)}\]'|]", re.DOTALL)
_LONE_DOLLAR: Final = re.compile(
    r"""
    \$\$
    | (?<![^\W_]) \$ (?= [({|-]* (?: [A-Za-z](?!\w) | \\ ) ) (?!\{\w+\})
    | (?<=[^\W_]) \$ (?= [A-Za-z](?!\w) | \\ )
    | (?<!\S) \$ (?= [ ] [^$\n]{1,80} [ ] \$ (?!\w) )
    """,
    re.VERBOSE,
)
_COMMAND: Final = re.compile(r"[({|-]*\\[A-Za-z]{2,}(?![\w\\])")
UNPAIRED: Final = "this `$` has no closing `$`"
UNPAIRED_HELP: Final = (
    r"close the formula, with no space just inside the dollars, or write \$ for a dollar sign"
)
_GROUPING: Final = re.compile(
    r"\\(?P<end>begin|end)\s*\{(?P<name>[^{}]*)\}|\\(?:left|right)(?![a-zA-Z])|\\.|[{}]", re.DOTALL
)
_REACHING: Final = re.compile(
    r"""
    \\ (?: [^A-Za-z]
    | (?P<page> href|class|style|cssId|data|bbox|mmlToken|require|csname|setOptions
        | unicode(?=\s*\[) ) (?![A-Za-z])
    | (?P<cards> [gex]?def|let|(?:re)?new(?:command|environment|tagform|cases)|providecommand|label
        | usetagform|mathtoolsset|definecolor|Newextarrow|Declare[A-Z][A-Za-z]* ) (?![A-Za-z])
    )
    """,
    re.VERBOSE,
)
"""Commands of MathJax that reach outside a formula: to the page, or to the formulas of all cards."""
_CLOSERS: Final = {"{": "}", r"\left": r"\right"}
_FOREIGN: Final = frozenset({r"\(", r"\)", r"\[", r"\]"})
_OPENING: Final = ("$$", r"\[")
_CLOSING: Final = {"$$": "$$", r"\[": r"\]"}


def add_maths_blocks(parser: MarkdownIt) -> None:
    """Add formulas in blocks of their own to a parser, as the token `maths_block`."""
    may_interrupt = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.before("fence", "maths_block", _parse_block, may_interrupt)  # type: ignore[arg-type]


def parse_dollars(state: StateInline, silent: bool) -> bool:
    """Parse `$…$` and `$$…$$`, as the token `maths`."""
    start = state.pos
    match = _DOLLARS.match(state.src, start, state.posMax)
    if match is None:
        return not silent and _report_open_dollar(state)
    content = match["inline"]
    if content is not None:
        before = state.src[start - 1 : start]
        after = state.src[match.end() : min(match.end() + 2, state.posMax)]
        if is_word(before) or _is_shell(content, after):
            return False
        if is_word(after[:1]) and content[-1] in _NO_END:
            return False
        if is_prose(content) or (is_word(after[:1]) and not _is_glued(content, after)):
            if not silent:
                shown = cut_quote(match[0])
                push_stray(
                    state,
                    "$",
                    f"`{shown}` looks like text, so it is not read as a formula",
                    r"write \$ for a dollar sign, and words in a formula as \text{…}",
                    quote=match[0],
                )
            else:
                state.pos += 1
            return True
    if not silent:
        _push_maths(state, "$" if content else "$$", content or match["display"])
    state.pos = match.end()
    return True


def _report_open_dollar(state: StateInline) -> bool:
    """Report a `$` before a command of LaTeX that no `$` closes."""
    if not _COMMAND.match(state.src, state.pos + 1, state.posMax):
        return False
    push_stray(
        state, "$", UNPAIRED, UNPAIRED_HELP, code="unbalanced-maths", quote=state.src[state.pos :]
    )
    return True


def _push_maths(state: StateInline, markup: str, content: str) -> None:
    token = state.push("maths", "", 0)
    token.markup = markup
    token.content = content


def _is_shell(content: str, after: str) -> bool:
    """Tell whether dollars stand before names or brackets, as in shells."""
    if _VARIABLE.match(content):
        return after[:1] in ("{", "_", "(") or bool(_VARIABLE.match(after))
    return content[0] in "{(" and after[:1] == content[0]


def is_prose(content: str) -> bool:
    """Tell whether dollars stand around words, amounts or a pattern."""
    if _PATTERN.search(content):
        return True
    if content.isalnum() or _SYMBOL.search(content):
        return False
    return bool(_WORDS.match(content) or _AMOUNTS.fullmatch(content))


def _is_glued(content: str, after: str) -> bool:
    """Tell whether a formula is right before the rest of a word: `$n$th`."""
    is_variable = len(content) == 1 and not (is_word(after[1:]) or after[:1] == "s")
    return not is_variable and (_GLUED.fullmatch(content) is not None or "\\" in content)


def parse_brackets(state: StateInline, silent: bool) -> bool:
    r"""Parse `\(…\)` and `\[…\]`; escaped brackets around text are just brackets."""
    start = state.pos
    if state.src[start + 1 : start + 2] not in ("(", "[") or start + 1 >= state.posMax:
        return False
    match = _ANKI.match(state.src, start, state.posMax)
    if match is None:
        return _report_open(state, silent=silent)
    content = (match["inline"] or match["display"] or "").strip()
    if not content or is_prose(content):
        return False
    is_index = match["display"] and is_word(state.src[start - 1 : start])
    if is_index or (match["display"] and _NUMBER.fullmatch(content)):
        return False
    if not silent:
        _push_maths(state, "$$" if match["display"] else "$", content)
    state.pos = match.end()
    return True


def _report_open(state: StateInline, *, silent: bool) -> bool:
    r"""Report a `\(` that nothing closes, unless it escapes a bracket of Markdown."""
    start = state.pos
    opener = state.src[start : start + 2]
    if opener == r"\(":
        is_escape = state.src[start - 1 : start] == "]"
    else:
        is_alone = state.src[start + 2 : min(start + 3, state.posMax)] in ("", "\n")
        is_escape = not is_alone and _find_last(state.src, "]") > start
    if is_escape:
        return False
    if silent:
        state.pos += len(opener)
        return True
    closer = opener.replace("(", ")").replace("[", "]")
    push_stray(
        state,
        opener,
        f"this `{opener}` has no closing `{closer}`",
        "close the formula within its paragraph; for a plain bracket, leave out the backslash",
        code="unbalanced-maths",
        quote=state.src[start : state.posMax],
    )
    return True


def _holds(text: str, mark: str) -> bool:
    """Tell whether a text holds dollars, or a bracket whose backslash is not escaped itself."""
    if mark not in text or mark[0] == "$":
        return mark in text
    return any(match[0] == mark for match in _ESCAPED.finditer(text))


@lru_cache(maxsize=4)
def _find_last(text: str, character: str) -> int:
    return text.rfind(character)


def _parse_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    opening = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith(_OPENING, opening) or state.is_code_block(start):
        return False
    opener = state.src[opening : opening + 2]
    closer = _CLOSING[opener]
    line = start
    text = state.src[opening + 2 : state.eMarks[start]]
    while not _holds(text, closer):
        line += 1
        if line >= end or state.isEmpty(line) or state.sCount[line] < state.blkIndent:
            return False
        text = state.src[state.bMarks[line] : state.eMarks[line]]
        if opener != closer and _holds(text, opener):
            return False
    content = state.getLines(start, line + 1, state.blkIndent, False).strip()[2:-2].strip()  # noqa: FBT003
    if not text.rstrip().endswith(closer) or _holds(content, closer) or not content:
        return False
    if opener == r"\[" and (is_prose(content) or _NUMBER.fullmatch(content)):
        return False
    if not silent:
        state.line = line + 1
        token = state.push("maths_block", "", 0)
        token.markup = "$$"
        token.content = content
        token.map = [start, line + 1]
    return True


def find_lone_dollar(text: str) -> int:
    """Return the index of a dollar in running text that may have been meant for a formula, or -1."""
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


def find_reaching_command(latex: str) -> tuple[str, str, str] | None:
    """Return a command that acts outside its formula, a message and help; None if there is none."""
    for match in _REACHING.finditer(latex):
        if match["page"]:
            why = "could load a file, run a script or change the rest of the card"
            return match[0], f"`{match[0]}` {why}", "remove it; put a link outside the formula"
        if match["cards"]:
            why = "would affect all formulas that Anki shows later, even on other cards"
            return match[0], f"`{match[0]}` {why}", "write out its definition, or remove it"
    return None
