"""Markdown tokens → HTML, limited to the elements and attributes written in this module."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from cardwright.diagnostic import TextProblem, cut_quote
from cardwright.markdown.escape import (
    MATHS_END,
    MATHS_START,
    escape_code,
    escape_maths,
    escape_text,
)
from cardwright.markdown.highlight import read_language
from cardwright.markdown.links import (
    explain_image,
    explain_link,
    is_followable,
    is_project_path,
    is_web_address,
)
from cardwright.markdown.maths import (
    UNPAIRED,
    UNPAIRED_HELP,
    find_fault,
    find_lone_dollar,
    find_reaching_command,
)
from cardwright.markdown.tokens import read_plain_text

if TYPE_CHECKING:
    from markdown_it.token import Token

_MATHS_HELP: Final = r"close each `{`, `\left` and `\begin` within the formula"
_FIXED: Final = {
    "paragraph_open": "<p>",
    "paragraph_close": "</p>\n",
    "em_open": "<em>",
    "em_close": "</em>",
    "strong_open": "<strong>",
    "strong_close": "</strong>",
    "s_open": "<s>",
    "s_close": "</s>",
    "softbreak": "\n",
    "hardbreak": "<br>",
    "bullet_list_open": "<ul>\n",
    "bullet_list_close": "</ul>\n",
    "ordered_list_open": "<ol>\n",
    "ordered_list_close": "</ol>\n",
    "list_item_close": "</li>\n",
    "blockquote_open": "<blockquote>\n",
    "blockquote_close": "</blockquote>\n",
    "hr": "<hr>\n",
    "table_open": "<table>\n",
    "table_close": "</table>\n",
    "thead_open": "<thead>\n",
    "thead_close": "</thead>\n",
    "tbody_open": "<tbody>\n",
    "tbody_close": "</tbody>\n",
    "tr_open": "<tr>",
    "tr_close": "</tr>\n",
    "th_close": "</th>\n",
    "td_close": "</td>\n",
}


class Layout(NamedTuple):
    """The HTML of each token: fixed, or from a function."""

    fixed: Mapping[str, str]
    writers: Mapping[str, Callable[[Page, Token], None]]
    format_code: Callable[[Page, str, str], str]
    """Returns the HTML of a block of code in a language."""


@dataclass(slots=True)
class Page:
    """HTML under construction, and the media and problems found."""

    normalize_link: Callable[[str], str]
    restore: Callable[[str], str]
    """Returns a piece of text as its author wrote it."""
    highlight: Callable[[str, str], str]
    """Returns the HTML of code in a language."""
    parts: list[str] = field(default_factory=list)
    problems: list[TextProblem] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    """HTML tags in the text."""
    links: list[bool] = field(default_factory=list)
    """For each open link, whether it was kept."""
    layout: Layout | None = None
    """Other than the usual one."""

    def report(self, code: str, message: str, quote: str, help: str) -> None:
        """Record a problem."""
        self.problems.append(TextProblem(code=code, message=message, quote=quote, help=help))


def write_tokens(page: Page, tokens: Iterable[Token]) -> None:
    """Write tokens and their children."""
    parts = page.parts
    layout = page.layout or USUAL
    fixed, writers = layout.fixed, layout.writers
    for token in tokens:
        kind = token.type
        if kind == "text":
            parts.append(escape_text(token.content))
            if "$" in token.content:
                _check_dollar(page, token.content)
        elif kind == "inline":
            write_tokens(page, token.children or ())
        elif kind not in fixed or token.attrs:
            writers[kind](page, token)
        elif not token.hidden:
            parts.append(fixed[kind])


def _check_dollar(page: Page, text: str) -> None:
    start = find_lone_dollar(text)
    if start >= 0:
        quote = cut_quote(page.restore(text[start:]))
        page.report(
            "unbalanced-maths",
            UNPAIRED,
            quote,
            UNPAIRED_HELP,
        )


def _write_special(page: Page, token: Token) -> None:
    """Write an escaped character or an entity. A dollar here is not reported as unpaired."""
    page.parts.append(escape_text(token.content))


def _write_stray(page: Page, token: Token) -> None:
    """Write literal text that may have been meant as markup, and report it."""
    page.parts.append(escape_text(token.content))
    problem: TextProblem = token.meta["problem"]
    page.report(
        problem.code, page.restore(problem.message), page.restore(problem.quote), problem.help
    )


def _write_script(page: Page, token: Token) -> None:
    page.parts.append(f"<{token.type}>{escape_text(token.content)}</{token.type}>")


def _write_ruby(page: Page, token: Token) -> None:
    page.parts.append("<ruby>")
    for base, reading in token.meta["parts"]:
        page.parts.append(f"{escape_text(base)}<rt>{escape_text(reading)}</rt>")
    page.parts.append("</ruby>")


def _write_list_item(page: Page, token: Token) -> None:
    page.parts.append('<li class="task">' if token.meta else "<li>")


def _write_task(page: Page, token: Token) -> None:
    page.parts.append(f"{token.content} ")


def _write_heading(page: Page, token: Token) -> None:
    page.parts.append(f"<{token.tag}>" if token.nesting > 0 else f"</{token.tag}>\n")


def _write_ordered_list(page: Page, token: Token) -> None:
    page.parts.append(f'<ol start="{token.attrs["start"]}">\n')


def _write_cell(page: Page, token: Token) -> None:
    align = str(token.attrs.get("style", "")).removeprefix("text-align:")
    page.parts.append(f'<{token.tag} class="{align}">' if align else f"<{token.tag}>")


def _write_code(page: Page, token: Token) -> None:
    page.parts.append(f"<code>{escape_code(token.content)}</code>")


def _write_code_block(page: Page, token: Token) -> None:
    format_code = (page.layout or USUAL).format_code
    page.parts.append(format_code(page, token.content, read_language(token.info)))


def _format_code(page: Page, code: str, language: str) -> str:
    attribute = f' class="language-{language}"' if language else ""
    return f'<pre class="code"><code{attribute}>{page.highlight(code, language)}</code></pre>\n'


def _write_maths(page: Page, token: Token) -> None:
    fault = find_fault(token.content)
    if fault is not None:
        quote = cut_quote(page.restore(token.content.lstrip()))
        page.report("unbalanced-maths", fault, quote, _MATHS_HELP)
    reaching = find_reaching_command(token.content)
    if reaching is not None:
        page.report("unsafe-maths", reaching[1], page.restore(reaching[0]), reaching[2])
    page.parts.append(format_maths(token.content, token.markup))


def format_maths(latex: str, markup: str) -> str:
    """Return the HTML of a formula in one or two dollars."""
    start, end = ("\\(", "\\)") if markup == "$" else ("\\[", "\\]")
    return f"{MATHS_START}{start}{escape_maths(latex)}{end}{MATHS_END}"


def _write_maths_block(page: Page, token: Token) -> None:
    page.parts.append("<p>")
    _write_maths(page, token)
    page.parts.append("</p>\n")


def _write_link_open(page: Page, token: Token) -> None:
    raw = str(token.attrs["href"])
    href = page.normalize_link(raw)
    allowed = is_web_address(href) and is_followable(raw)
    page.links.append(allowed)
    if allowed:
        page.parts.append(f'<a href="{escape_code(href)}"{_write_title(token)}>')
    else:
        page.problems.append(explain_link(page.restore(raw)))


def _write_link_close(page: Page, _token: Token) -> None:
    if page.links.pop():
        page.parts.append("</a>")


def _write_image(page: Page, token: Token) -> None:
    path = str(token.attrs["src"])
    alt = read_plain_text(token.children or ())
    if is_project_path(path):
        page.media.append(path)
        source, alt = escape_code(path), escape_code(alt)
        width = f' width="{token.attrs["width"]}"' if "width" in token.attrs else ""
        page.parts.append(f'<img src="{source}" alt="{alt}"{width}{_write_title(token)}>')
    else:
        page.problems.append(explain_image(page.restore(path)))
        page.parts.append(escape_text(alt))


def _write_html(page: Page, token: Token) -> None:
    page.parts.append(escape_text(token.content))
    page.tags.append(page.restore(token.content))


def _write_title(token: Token) -> str:
    title = token.attrs.get("title")
    return f' title="{escape_code(str(title))}"' if title else ""


_WRITERS: Final[dict[str, Callable[[Page, Token], None]]] = {
    "text_special": _write_special,
    "stray": _write_stray,
    "sub": _write_script,
    "sup": _write_script,
    "ruby": _write_ruby,
    "list_item_open": _write_list_item,
    "task": _write_task,
    "heading_open": _write_heading,
    "heading_close": _write_heading,
    "ordered_list_open": _write_ordered_list,
    "th_open": _write_cell,
    "td_open": _write_cell,
    "code_inline": _write_code,
    "code_block": _write_code_block,
    "fence": _write_code_block,
    "maths": _write_maths,
    "maths_block": _write_maths_block,
    "link_open": _write_link_open,
    "link_close": _write_link_close,
    "image": _write_image,
    "html_inline": _write_html,
}
USUAL: Final = Layout(_FIXED, _WRITERS, _format_code)
"""Paragraphs are `<p>`; elements of blocks stand on lines of their own."""
