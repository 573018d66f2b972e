r"""The Markdown parser: CommonMark with tables, strikethrough, and the rules of this package.

Marks that are consumed, besides CommonMark's own and those of tables:

| construct | module |
|---|---|
| `~~struck~~` | markdown-it |
| `*…*`, `**…**`, `_…_`, `__…__` by rules of our own | `emphasis` |
| `$…$`, `$$…$$`, `\(…\)`, `\[…\]` | `maths` |
| `~…~`, `^…^`, `{base|reading}` | `scripts` |
| `<br>` | `tags` |
| `{width=…}` after an image, `[ ]` and `[x]` at the start of a list item | here |

Footnotes, Anki's `[latex]` and `[sound:…]`, and HTML stay text, as `stray` and `html_inline` tokens.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

from markdown_it import MarkdownIt
from markdown_it.helpers import parseLinkDestination, parseLinkTitle
from markdown_it.rules_block import reference, table
from markdown_it.rules_inline import (
    backtick,
    entity,
    escape,
    fragments_join,
    image,
    link,
    link_pairs,
    newline,
    strikethrough,
)
from markdown_it.token import Token

from cardwright.diagnostic import cut_quote
from cardwright.markdown.emphasis import link_runs, parse_run
from cardwright.markdown.maths import add_maths_blocks, parse_brackets, parse_dollars
from cardwright.markdown.scripts import parse_ruby, parse_script
from cardwright.markdown.stray import push_stray
from cardwright.markdown.tags import parse_address, parse_tag

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline

MAX_PIXELS: Final = 2000
_WIDTH: Final = re.compile(r"\{ *width *= *(?P<number>[0-9]{1,4})(?P<unit>px|%)? *\}")
_ATTRIBUTES: Final = re.compile(r"\{[^{}\n]{1,100}\}")
_FOOTNOTE: Final = re.compile(r"\[\^(?P<label>[^\]\[\s]{1,40})\](?!\()")
_ANKI_TAG: Final = re.compile(r"\[(?P<close>/?)(?P<name>latex|\$\$?)\]", re.IGNORECASE)
_ANKI_SOUND: Final = re.compile(r"\[(?:sound:(?P<file>[^][\n]*)|anki:[^][\n]*)\]", re.IGNORECASE)
_BRACKET: Final = re.compile(r"\[(?:\^|/?(?:latex|\$)|sound:|anki:)", re.IGNORECASE)
"""The start of any of these."""
_HIGHLIGHT: Final = re.compile(r"==(?![\s=])[^=\n]{0,199}[^\s=]==(?=[\s.,;:!?)\u3000-\u303f]|\Z)")
_INLINE_NOTE: Final = re.compile(r"\^\[[^\]\[\n]{0,199}[^\W\d_]{2} [^\]\[\n]{1,199}\]")
_OUTSIDE: Final = frozenset({"", *" \n\t("})
"""What stands before a mark that does not follow a word."""
_ENVIRONMENT: Final = re.compile(r"\\begin\{(?P<name>[a-zA-Z]{1,20}\*?)\}")
_MAX_ENVIRONMENT: Final = 5_000
_TASK: Final = re.compile(r"\[(?P<mark>[ xX])\][ \t]+")
_CODE_INDENT: Final = 4
_MAX_MISSING_CELLS: Final = 1_000
_BLOCK_MARKS: Final = frozenset("#$*+-:<=>[\\_`|~0123456789")
"""Characters with which a line may be another block than a paragraph, or end one."""


class _Parser(MarkdownIt):
    """Keeps addresses as written: the writer checks them, and names them as the author wrote them."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802  (markdown-it's name)
        return url

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802
        return True


class _Helpers:
    """markdown-it's own, but for one that goes through the rest of a text at each bracket."""

    parseLinkDestination = staticmethod(parseLinkDestination)  # noqa: N815
    parseLinkTitle = staticmethod(parseLinkTitle)  # noqa: N815

    @staticmethod
    def parseLinkLabel(state: StateInline, start: int, disableNested: bool = False) -> int:  # noqa: FBT002, N802, N803
        """Return where a label ends, -1 if nowhere: too few brackets that close are left."""
        closers = _find_closers(state.src)
        stop = bisect_left(closers, state.posMax)
        before, state.pos = state.pos, start + 1
        end, depth = -1, 1
        can_end = bisect_left(closers, state.pos) < stop
        while can_end and state.pos < state.posMax:
            place = state.pos
            sign = state.src[place]
            if sign == "]":
                depth -= 1
                if depth == 0:
                    end = place
                    break
            state.md.inline.skipToken(state)
            if sign == "[" and state.pos == place + 1:
                depth += 1
                can_end = stop - bisect_left(closers, state.pos) >= depth
            elif sign == "[" and disableNested:
                break
        state.pos = before
        return end


@lru_cache(maxsize=8)
def _find_closers(text: str) -> list[int]:
    return [match.start() for match in re.finditer(r"\]", text)]


def make_parser() -> MarkdownIt:
    """Make a parser; HTML is parsed only to report it and show it as text (`write.py`)."""
    parser = _Parser("commonmark").enable(["table", "strikethrough"])
    parser.helpers = cast("Any", _Helpers)
    # Keep escaped dollars as separate tokens, so that they are not reported as unpaired.
    parser.disable(["html_block", "text_join"])
    parser.inline.ruler.at("text", _parse_inline)
    parser.inline.ruler.enableOnly(["text"])
    parser.inline.ruler2.at("balance_pairs", _pair_marks)
    parser.inline.ruler2.at("fragments_join", join_texts)
    parser.inline.ruler2.enableOnly(["balance_pairs", "fragments_join"])
    parser.block.ruler.before("table", "lines", _parse_lines)
    parser.block.ruler.at("reference", _parse_reference)
    parser.block.ruler.at("table", _parse_table, {"alt": ["paragraph", "reference"]})
    add_maths_blocks(parser)
    parser.core.ruler.at("normalize", _join_line_ends)
    parser.core.ruler.after("inline", "tasks", _mark_tasks)
    return parser


def _join_line_ends(state: StateCore) -> None:
    r"""Write all line ends as `\n`; no source contains U+0000, the other character to replace."""
    if "\r" in state.src:
        state.src = state.src.replace("\r\n", "\n").replace("\r", "\n")


def _parse_lines(state: StateBlock, start: int, _end: int, _silent: bool) -> bool:
    """Parse a paragraph that consists of text only, quickly: its lines start with no mark."""
    if state.sCount[start] - state.blkIndent >= _CODE_INDENT:
        return False
    line = start
    while line < state.lineMax:
        first = state.bMarks[line] + state.tShift[line]
        if first >= state.eMarks[line]:
            break
        if state.src[first] in _BLOCK_MARKS:
            return False
        line += 1
    state.line = line
    state.push("paragraph_open", "p", 1).map = [start, line]
    token = state.push("inline", "", 0)
    token.content = state.getLines(start, line, state.blkIndent, False).strip()  # noqa: FBT003
    token.map = [start, line]
    token.children = []
    state.push("paragraph_close", "p", -1)
    return True


def _parse_inline(state: StateInline, silent: bool) -> bool:
    """Parse text up to the next mark, and then the mark by the rules for its character only."""
    source, start = state.src, state.pos
    if source[start] not in _RULES:
        mark = _MARK.search(source, start, state.posMax)
        stop = state.pos = mark.start() if mark else state.posMax
        if silent:
            return True
        state.pending += source[start:stop]
        if stop == state.posMax:
            return True
    for rule in _RULES[source[state.pos]]:
        if rule(state, silent):
            return True
    return state.pos > start


def _pair_marks(state: StateInline) -> None:
    """Turn paired delimiters into emphasis and strikethrough."""
    if state.delimiters or any(state.tokens_meta):
        link_pairs(state)
        if "~~" in state.src:
            strikethrough.postProcess(state)
        link_runs(state)


def join_texts(state: StateInline) -> None:
    """Join the texts that marks have left beside one another."""
    if state.delimiters or any(state.tokens_meta):
        fragments_join(state)


def _parse_image(state: StateInline, silent: bool) -> bool:
    if not image(state, silent):
        return False
    if state.src[state.pos : state.pos + 1] != "{" or state.pos >= state.posMax:
        return True
    token = None if silent else state.tokens[-1]
    match = _WIDTH.match(state.src, state.pos, state.posMax)
    limit = 100 if match is not None and match["unit"] == "%" else MAX_PIXELS
    if match is not None and 1 <= int(match["number"]) <= limit:
        if token is not None:
            unit = "%" if match["unit"] == "%" else ""
            token.attrSet("width", f"{int(match['number'])}{unit}")
        state.pos = match.end()
    elif (braces := _ATTRIBUTES.match(state.src, state.pos, state.posMax)) and not silent:
        push_stray(
            state,
            braces[0],
            f"`{braces[0]}` after an image is shown as plain text",
            f"write {{width=300}}, at most {MAX_PIXELS}, or {{width=50%}}",
        )
    return True


def _parse_bracket(state: StateInline, silent: bool) -> bool:
    """Report footnotes, and Anki's tags for LaTeX and sounds."""
    if not _BRACKET.match(state.src, state.pos, state.posMax):
        return False
    note = _FOOTNOTE.match(state.src, state.pos, state.posMax)
    tag = _ANKI_TAG.match(state.src, state.pos, state.posMax) if note is None else None
    sound = _ANKI_SOUND.match(state.src, state.pos, state.posMax)
    match = note or tag or sound
    if match is None or (note and not _is_footnote(state, note)):
        return False
    if silent:
        state.pos = match.end()
    elif note:
        push_stray(
            state,
            note[0],
            f"footnotes are not supported, so `{note[0]}` is shown as plain text",
            "write the note in brackets where it belongs, or in `extra`",
        )
    elif sound:
        file = (sound["file"] or "").strip() or "name.mp3"
        path = f"<media/{file}>" if " " in file else f"media/{file}"
        push_stray(
            state,
            sound[0],
            f"Anki's `{cut_quote(sound[0])}` is shown as plain text",
            f"write ![]({path}) for a sound or a video",
        )
    elif match["close"]:
        state.push("text_special", "", 0).content = match[0]
        state.pos = match.end()
    else:
        instead = "$$…$$" if match["name"] == "$$" else "$…$"
        push_stray(
            state,
            match[0],
            f"Anki's `{match[0]}` is shown as plain text",
            f"write {instead} for a formula",
        )
    return True


def _is_footnote(state: StateInline, match: re.Match[str]) -> bool:
    """Tell a footnote from a set of characters in a regular expression."""
    is_definition = state.src.startswith(":", match.end()) and (
        match.start() == 0 or state.src[match.start() - 1] == "\n"
    )
    label = match["label"]
    return label.isdigit() or is_definition or label in state.env.get("footnotes", ())


def _parse_reference(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse the address of a link by reference; a footnote stays text."""
    opening = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith("[", opening):
        return False
    note = _FOOTNOTE.match(state.src, opening, state.eMarks[start])
    if note is None:
        return reference(state, start, end, silent)
    if state.src.startswith(":", note.end()):
        state.env.setdefault("footnotes", set()).add(note["label"])
    return False


def _parse_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a table, unless filling in its missing cells would take long."""
    is_refused = start < state.env.get("table_refused_before", 0)
    if is_refused or not table(state, start, end, True):  # noqa: FBT003
        return False
    columns = _count_pipes(state, start + 1)
    missing = 0
    for line in range(start + 2, end) if columns * (end - start) > _MAX_MISSING_CELLS else ():
        if state.isEmpty(line):
            break
        missing += max(columns - 1 - _count_pipes(state, line), 0)
        if missing > _MAX_MISSING_CELLS:
            # Its rows are not looked at again.
            state.env["table_refused_before"] = line
            return False
    return silent or table(state, start, end, False)  # noqa: FBT003


def _count_pipes(state: StateBlock, line: int) -> int:
    return state.src.count("|", state.bMarks[line], state.eMarks[line])


def _mark_tasks(state: StateCore) -> None:
    """Turn `[ ]` and `[x]` at the start of list items into a `task` token, and mark the items."""
    if not _TASK.search(state.src):
        return
    tokens = state.tokens
    for item, paragraph, line in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if item.type != "list_item_open" or paragraph.type != "paragraph_open":
            continue
        first = line.children[0] if line.children else None
        match = _TASK.match(first.content) if first and first.type == "text" else None
        if match is None or first is None or line.children is None:
            continue
        if match.end() < len(first.content) or len(line.children) > 1:
            box = "☐" if match["mark"] == " " else "☑"
            item.meta = {"task": box}
            first.content = first.content[match.end() :]
            line.children.insert(0, Token("task", "", 0, content=box))


def _report_highlight(state: StateInline, silent: bool) -> bool:
    """Report `==highlighted==` text."""
    match = _HIGHLIGHT.match(state.src, state.pos, state.posMax)
    if match is None or state.src[state.pos - 1 : state.pos] not in _OUTSIDE:
        return False
    if silent:
        state.pos = match.end()
    else:
        shown = cut_quote(match[0])
        message = f"`{shown}` is shown as it stands"
        push_stray(state, "==", message, "write `**…**` for bold type", quote=match[0])
    return True


def _report_note(state: StateInline, silent: bool) -> bool:
    """Report a note in the text: `oak^[a tree with acorns]`."""
    note = _INLINE_NOTE.match(state.src, state.pos, state.posMax)
    if note is None or state.src[state.pos - 1 : state.pos] in _OUTSIDE:
        return False
    if silent:
        state.pos = note.end()
    else:
        message = f"footnotes are not supported, so `{cut_quote(note[0])}` is shown as it stands"
        help = "write the note in brackets, or in `extra`"
        push_stray(state, "^[", message, help, quote=note[0])
    return True


def _report_environment(state: StateInline, silent: bool) -> bool:
    """Report an environment of LaTeX that is in no formula."""
    match = _ENVIRONMENT.match(state.src, state.pos, state.posMax)
    end = f"\\end{{{match['name']}}}" if match else ""
    if match is None or end not in state.src[match.end() : match.end() + _MAX_ENVIRONMENT]:
        return False
    if silent:
        state.pos = match.end()
    else:
        message = f"`{match[0]}` is outside a formula, so it is shown as it stands"
        push_stray(state, match[0], message, "write `$$` before it and after its `\\end`")
    return True


_RULES: Final[dict[str, tuple[Callable[[StateInline, bool], bool], ...]]] = {
    "\n": (newline,),
    "\\": (_report_environment, parse_brackets, escape),
    "`": (backtick,),
    "*": (parse_run,),
    "_": (parse_run,),
    "[": (_parse_bracket, link),
    "]": (),  # ends the text of a link
    "!": (_parse_image,),
    "$": (parse_dollars,),
    "~": (parse_script, strikethrough.tokenize),
    "^": (_report_note, parse_script),
    "=": (_report_highlight,),
    "{": (parse_ruby,),
    "<": (parse_address, parse_tag),
    "&": (entity,),
}
"""Inline rules by the character at which they may apply."""
_MARK: Final = re.compile(f"[{re.escape(''.join(_RULES))}]")
