"""Markdown tokens → HTML as Anki's editor writes it, for note types whose templates expect that.

There is no `<p>`: an empty line divides paragraphs. No line break stands between elements, since a
stylesheet may say that they are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from cardwright.markdown.escape import escape_code
from cardwright.markdown.write import USUAL, Layout, Page

if TYPE_CHECKING:
    from markdown_it.token import Token

_PARAGRAPHS: Final = frozenset({"paragraph_close", "maths_block"})
_GAP: Final = "<br><br>"


def space_paragraphs(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield the tokens of a text, with one for the gap between paragraphs, without empty heads."""
    before = ""
    last_line = 0
    skipped_to = 0
    for index, token in enumerate(tokens):
        if index < skipped_to:
            continue
        if token.type == "thead_open" and (end := _find_empty_head(tokens, index)):
            skipped_to = end + 1
            continue
        if token.map and token.type in ("paragraph_open", "maths_block"):
            if before in _PARAGRAPHS:
                is_apart = token.map[0] > last_line or before == token.type == "maths_block"
                yield _make_token("gap", token) if is_apart else _make_token("softbreak", token)
            last_line = token.map[1]
        yield token
        before = token.type


def _make_token(kind: str, token: Token) -> Token:
    made: Token = token.copy(type=kind, tag="", children=None, content="", hidden=False)
    return made


def _find_empty_head(tokens: Sequence[Token], start: int) -> int:
    """Return the index at which a table's head without any text ends; 0 if there is text."""
    for index in range(start, len(tokens)):
        if tokens[index].type == "thead_close":
            return index
        if tokens[index].type == "inline" and tokens[index].content:
            return 0
    return 0


def _write_heading(page: Page, token: Token) -> None:
    page.parts.append(f"<{token.tag}>" if token.nesting > 0 else f"</{token.tag}>")


def _write_ordered_list(page: Page, token: Token) -> None:
    page.parts.append(f'<ol start="{token.attrs["start"]}">')


def _write_cell(page: Page, token: Token) -> None:
    align = str(token.attrs.get("style", "")).removeprefix("text-align:")
    style = f' style="text-align: {align};"' if align else ""
    page.parts.append(f"<{token.tag}{style}>")


def _format_code(_page: Page, code: str, language: str) -> str:
    attribute = f' class="language-{language}"' if language else ""
    html = escape_code(code.removesuffix("\n"))
    return f"<pre><code{attribute}>{html}</code></pre>"


def _write_maths_block(page: Page, token: Token) -> None:
    USUAL.writers["maths"](page, token)


def _write_image(page: Page, token: Token) -> None:
    USUAL.writers["image"](page, token)
    page.parts[-1] = page.parts[-1].replace(' alt=""', "", 1)


BARE: Final = Layout(
    {
        **USUAL.fixed,
        "paragraph_open": "",
        "paragraph_close": "",
        "gap": _GAP,
        "em_open": "<i>",
        "em_close": "</i>",
        "strong_open": "<b>",
        "strong_close": "</b>",
        "softbreak": " ",
        "bullet_list_open": "<ul>",
        "bullet_list_close": "</ul>",
        "ordered_list_open": "<ol>",
        "ordered_list_close": "</ol>",
        "list_item_open": "<li>",
        "list_item_close": "</li>",
        "blockquote_open": "<blockquote>",
        "blockquote_close": "</blockquote>",
        "hr": "<hr>",
        "table_open": "<table>",
        "table_close": "</table>",
        "thead_open": "<thead>",
        "thead_close": "</thead>",
        "tbody_open": "<tbody>",
        "tbody_close": "</tbody>",
        "tr_close": "</tr>",
        "th_close": "</th>",
        "td_close": "</td>",
    },
    {
        **USUAL.writers,
        "heading_open": _write_heading,
        "heading_close": _write_heading,
        "ordered_list_open": _write_ordered_list,
        "th_open": _write_cell,
        "td_open": _write_cell,
        "maths_block": _write_maths_block,
        "image": _write_image,
    },
    _format_code,
)
"""As Anki's editor writes it."""
