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

Footnotes, Anki's `[latex]`, and HTML stay text, as `stray` and `html_inline` tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import reference
from markdown_it.rules_inline import image
from markdown_it.token import Token

from cardwright.markdown.emphasis import add_emphasis
from cardwright.markdown.maths import add_maths_blocks, parse_brackets, parse_dollars
from cardwright.markdown.scripts import parse_ruby, parse_script
from cardwright.markdown.stray import push_stray
from cardwright.markdown.tags import add_tags

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline

MAX_PIXELS: Final = 2000
_WIDTH: Final = re.compile(r"\{ *width *= *(?P<number>[0-9]{1,4})(?P<unit>px|%)? *\}")
_ATTRIBUTES: Final = re.compile(r"\{[^{}\n]{1,100}\}")
_FOOTNOTE: Final = re.compile(r"\[\^(?P<label>[^\]\[\s]{1,40})\](?!\()")
_ANKI_TAG: Final = re.compile(r"\[(?P<close>/?)(?P<name>latex|\$\$?)\]", re.IGNORECASE)
_TASK: Final = re.compile(r"\[(?P<mark>[ xX])\][ \t]+")


class _Parser(MarkdownIt):
    """Keeps addresses as written: the writer checks them, and names them as the author wrote them."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802  (markdown-it's name)
        return url

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802
        return True


def make_parser() -> MarkdownIt:
    """Make a parser; HTML is parsed only to report it and show it as text (`write.py`)."""
    parser = _Parser("commonmark").enable(["table", "strikethrough"])
    # Keep escaped dollars as separate tokens, so that they are not reported as unpaired.
    parser.disable(["html_block", "text_join"])
    parser.inline.ruler.before("escape", "cardwright", _parse_mark)
    add_maths_blocks(parser)
    add_emphasis(parser)
    add_tags(parser)
    parser.inline.ruler.at("image", _parse_image)
    parser.block.ruler.at("reference", _parse_reference)
    parser.core.ruler.after("inline", "tasks", _mark_tasks)
    return parser


def _parse_mark(state: StateInline, silent: bool) -> bool:
    parse = _RULES.get(state.src[state.pos])
    return parse is not None and parse(state, silent)


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
            f"`{braces[0]}` after an image is shown as it stands",
            f"write {{width=300}}, at most {MAX_PIXELS}, or {{width=50%}}",
        )
    return True


def _parse_bracket(state: StateInline, silent: bool) -> bool:
    """Report footnotes and Anki's tags for LaTeX."""
    note = _FOOTNOTE.match(state.src, state.pos, state.posMax)
    tag = _ANKI_TAG.match(state.src, state.pos, state.posMax) if note is None else None
    match = note or tag
    if match is None or (note and not _is_footnote(state, note)):
        return False
    if silent:
        state.pos = match.end()
    elif note:
        push_stray(
            state,
            note[0],
            f"footnotes are not supported, so `{note[0]}` is shown as it stands",
            "write the note in brackets where it belongs, or in `extra`",
        )
    elif match["close"]:
        state.push("text_special", "", 0).content = match[0]
        state.pos = match.end()
    else:
        instead = "$$…$$" if match["name"] == "$$" else "$…$"
        push_stray(
            state,
            match[0],
            f"Anki's `{match[0]}` is shown as it stands",
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


def _mark_tasks(state: StateCore) -> None:
    """Turn `[ ]` and `[x]` at the start of list items into a `task` token, and mark the items."""
    if "[" not in state.src:
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


_RULES: Final[dict[str, Callable[[StateInline, bool], bool]]] = {
    "$": parse_dollars,
    "\\": parse_brackets,
    "~": parse_script,
    "^": parse_script,
    "{": parse_ruby,
    "[": _parse_bracket,
}
"""Inline rules by the character at which they may apply."""
