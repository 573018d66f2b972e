"""HTML in Markdown: `<br>` breaks a line; other tags are text, and reported with what to write."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cardwright.diagnostic import TextProblem, cut_quote
from cardwright.markdown.characters import is_word

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline

_BREAK: Final = re.compile(r"<br[ ]*/?>[ \n]*", re.IGNORECASE)
_TAG: Final = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*)(?P<rest>[^>].*)?>", re.DOTALL
)
_ATTRIBUTE: Final = re.compile(
    r"""([A-Za-z_:][\w:.-]*)(\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?"""
)
_OTHER: Final = re.compile(r"<(?:!--|\?[a-z]|!\[CDATA|!doctype\b)", re.IGNORECASE)
_ELEMENTS: Final = """
    a abbr address article aside audio b base bdi bdo big blockquote body br button canvas
    caption center cite code col colgroup data datalist dd del details dfn dialog div dl dt em
    embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head
    header hgroup hr html i iframe img input ins kbd label legend li link main map mark marquee
    math menu meta meter nav noscript object ol optgroup option output p param picture pre
    progress q rb rp rt ruby s samp script search section select small source span strike strong
    style sub summary sup svg table tbody td template textarea tfoot th thead time title tr
    track tt u ul var video wbr
"""
_NAMES: Final = frozenset(_ELEMENTS.split())
_SINGLE: Final = frozenset({"a", "b", "i", "p", "q", "s", "u"})
"""Elements whose names may as well be types or variables: `List<A>`."""
_VALUELESS: Final = """
    allowfullscreen async autofocus autoplay checked controls default defer disabled hidden
    inert loop multiple muted nomodule novalidate open playsinline readonly required reversed
    selected
"""
_FLAGS: Final = frozenset(_VALUELESS.split())
"""Attributes without a value."""
_INSTEAD: Final = {
    **dict.fromkeys(("b", "strong", "mark", "font", "span", "big"), "**bold**"),
    **dict.fromkeys(("i", "em", "cite", "dfn", "var", "u", "ins", "small"), "*italic*"),
    **dict.fromkeys(("s", "del", "strike"), "~~struck~~"),
    "sub": "H~2~O",
    "sup": "10^-3^",
    **dict.fromkeys(("ruby", "rt", "rp", "rb"), "{漢字|かんじ}"),
    "img": "![what it shows](media/name.png)",
    **dict.fromkeys(("audio", "video"), "![](media/name.mp3)"),
    "a": "[text](https://…)",
    **dict.fromkeys(("p", "div"), "a blank line"),
    **dict.fromkeys(("ul", "li"), "- item"),
    "ol": "1. item",
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "# heading"),
    **dict.fromkeys(("table", "tr", "td", "th", "thead", "tbody"), "| cell | cell |"),
    "blockquote": "> quotation",
    "hr": "---",
}
_MAX_NAMED: Final = 5


def add_tags(parser: MarkdownIt) -> None:
    """Replace the inline HTML of a parser."""
    from markdown_it.rules_inline import html_inline  # noqa: PLC0415  (slow)

    def parse(state: StateInline, silent: bool) -> bool:
        if state.src[state.pos] != "<":
            return False
        line_break = _BREAK.match(state.src, state.pos, state.posMax)
        if line_break is not None:
            if not silent:
                state.pending = state.pending.rstrip(" ")
                state.push("hardbreak", "br", 0)
            state.pos = line_break.end()
            return True
        start = state.pos
        if not html_inline(state, True):  # noqa: FBT003  (markdown-it's signature)
            return False
        text = state.src[start : state.pos]
        if not _is_tag(state.src, start, text):
            state.pos = start
            return False
        if not silent:
            state.push("html_inline", "", 0).content = text
        return True

    parser.inline.ruler.at("html_inline", parse)


def _is_tag(source: str, start: int, text: str) -> bool:
    match = _TAG.fullmatch(text)
    if match is None:
        return _OTHER.match(text) is not None
    name, rest = match["name"], (match["rest"] or "").rstrip("/ \n")
    if name.lower() not in _NAMES:
        return False
    if not all(value or flag.lower() in _FLAGS for flag, value in _ATTRIBUTE.findall(rest)):
        return False
    may_be_type = name.lower() in _SINGLE and not rest and not match["close"]
    if may_be_type and (name.isupper() or is_word(source[start - 1 : start])):
        return _find_last_closer(source, name) > start
    return True


@lru_cache(maxsize=16)
def _find_last_closer(source: str, name: str) -> int:
    return source.rfind(f"</{name}>")


def report_tags(tags: Sequence[str]) -> TextProblem:
    """Report the tags of a text in one message, with the Markdown for them."""
    opening = [tag for tag in tags if not tag.startswith("</")]
    named = list(dict.fromkeys(map(cut_quote, opening or tags)))
    more = " …" if len(named) > _MAX_NAMED else ""
    names = (match["name"].lower() for tag in tags if (match := _TAG.fullmatch(tag)))
    instead = dict.fromkeys(_INSTEAD[name] for name in names if name in _INSTEAD)
    markdown = f"write `{', '.join(instead)}`" if instead else "use Markdown"
    return TextProblem(
        code="raw-html",
        message=f"`{' '.join(named[:_MAX_NAMED])}{more}` is shown as plain text: "
        "cards contain Markdown, not HTML",
        quote=cut_quote(tags[0]),
        help=f"{markdown}; put code, and HTML to be shown, in backticks",
    )
