"""Markdown → tokens for front ends other than HTML, from the same parser and by the same rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

from cardwright.frozen import frozen
from cardwright.markdown.cloze import Place, replace_spans, scan_deletions
from cardwright.markdown.escape import CLOSE, HINT, OPEN, PLAIN, drop_control
from cardwright.markdown.highlight import read_language
from cardwright.markdown.links import is_followable, is_project_path, is_web_address

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token as ParserToken

GAP_HIDDEN: Final = f"{HINT},"
GAP_REVEALED: Final = f"{OPEN},"
GAP_CLOSE: Final = f",{CLOSE}"
"""These enclose the gap that a cloze asks for, in texts, code and formulas. They cannot be forged, and
to Markdown they are punctuation on the inside and a letter on the outside (`marks.py`)."""
_PLAIN: Final = re.compile(f"{PLAIN},|,{PLAIN}")

_WORD: Final = r"(?:[^\\`*_\[\]$~^=<&{\s]|[ ](?=\S))"
"""A character that means nothing to Markdown, or a space before another character."""
_PIECES: Final = {
    "strong": rf"(?<![^ \n])\*\*[^\W_](?:{_WORD}*[^\W_])?\*\*(?=[ \n.,;:!?]|\Z)",
    "code": r"`[^`\s](?:[^`\s]|[ ](?!`))*+`(?!`)",
    "softbreak": r"\n(?=\S)",
    "text": f"{_WORD}++",
}
"""What is read without the parser, which takes long to load: most questions consist of it."""
_PIECE: Final = re.compile("|".join(f"(?P<{name}>{piece})" for name, piece in _PIECES.items()))
_LINE: Final = re.compile(f"(?:{'|'.join(_PIECES.values())})++")
_BLOCK: Final = r"(?:[#$+\-:<=>\[\\_|~\s]|\*(?!\*[^\s*])|```|[0-9]+[.)])"
"""With this, a line may begin another block than a paragraph, or end one."""
_PARAGRAPH: Final = re.compile(rf"(?!{_BLOCK})(?!(?s:.*)\n{_BLOCK}){_LINE.pattern}")


@frozen
class Token:
    """One event in a text: an element opens or closes, or some content."""

    name: str
    """markdown-it's name, such as `strong_open`; its synonyms are merged."""
    text: str = ""
    """The content of a `text`, `code`, `code_block`, `maths`, `image`, `sub` or `sup`."""
    detail: str = ""
    """The level of a heading, marker of a list item, alignment of a cell, language of code, dollars of
    maths, address of a link, or path of an image; `tight` for a paragraph in a tight list."""


def read_block(text: str) -> tuple[Token, ...]:
    """Read a text with paragraphs, lists, tables and code."""
    source = drop_control(text)
    if not source:
        return ()
    paragraphs = source.strip("\n").split("\n\n")
    if all(map(_PARAGRAPH.fullmatch, paragraphs)):
        found: list[Token] = []
        for paragraph in paragraphs:
            found += (Token(name="paragraph_open"), *_read_evident(paragraph))
            found.append(Token(name="paragraph_close"))
        return tuple(found)
    return tuple(_Reader().read(_find_parser().parse(source)))


def read_inline(text: str) -> tuple[Token, ...]:
    """Read a line; block syntax is plain text."""
    source = drop_control(text).strip()
    if _LINE.fullmatch(source):
        return tuple(_read_evident(source))
    return tuple(_Reader().read(_find_parser().parseInline(source)))


def _read_evident(text: str) -> Iterator[Token]:
    """Read a text that `_LINE` matches."""
    for piece in _PIECE.finditer(text):
        match piece.lastgroup:
            case "strong":
                yield Token(name="strong_open")
                yield Token(name="text", text=piece[0].strip("*"))
                yield Token(name="strong_close")
            case "code":
                yield Token(name="code", text=piece[0].strip("`"))
            case "softbreak":
                yield Token(name="softbreak")
            case _:
                yield Token(name="text", text=piece[0])


def read_cloze(text: str, number: int, *, revealed: bool) -> tuple[Token, ...]:
    """Read a text with deletions; those with this number become `[…]` or `[hint]`, or are revealed.

    A hidden answer is removed before the text is parsed, so it cannot leak.
    """
    source = drop_control(text)
    spans: list[tuple[int, int, str]] = []
    for place in scan_deletions(source)[0]:
        is_asked = number in place.numbers
        if is_asked and not revealed:
            gap = f"{GAP_HIDDEN}[{_read_hint(source, place) or '…'}]{GAP_CLOSE}"
            spans.append((place.start, place.end, gap))
        else:
            answer_end = place.close if place.hint is None else place.hint
            # Unmarked, `un**{{c1::d}}**able` would read differently from the HTML.
            before, after = (GAP_REVEALED, GAP_CLOSE) if is_asked else (f"{PLAIN},", f",{PLAIN}")
            spans += ((place.start, place.answer, before), (answer_end, place.end, after))
    marked = replace_spans(source, spans)
    return tuple(map(_drop_plain, _Reader().read(_find_parser().parse(marked))))


def _read_hint(source: str, place: Place) -> str:
    return "" if place.hint is None else source[place.hint + len("::") : place.close].strip()


def _drop_plain(token: Token) -> Token:
    if PLAIN not in token.text + token.detail:
        return token
    return replace(token, text=_PLAIN.sub("", token.text), detail=_PLAIN.sub("", token.detail))


@cache
def _find_parser() -> MarkdownIt:
    from cardwright.markdown.parser import make_parser  # noqa: PLC0415  (slow)

    return make_parser()


class _Reader:
    """Converts markdown-it's tokens."""

    def __init__(self) -> None:
        from markdown_it.common.normalize_url import normalizeLink  # noqa: PLC0415  (slow)

        self._normalize_link: Callable[[str], str] = normalizeLink
        self._links: list[bool] = []
        """For each open link, whether it was kept."""
        self._numbers: list[int | None] = []
        """For each open list, the number of its next item; None for a bullet list."""

    def read(self, tokens: Iterable[ParserToken]) -> Iterator[Token]:
        for token in tokens:
            kind = token.type
            if kind == "inline":
                yield from self.read(token.children or ())
            elif kind in _TEXTS:
                yield Token(name="text", text=token.content)
            elif kind in ("link_open", "link_close"):
                yield from self._read_link(token)
            elif kind == "image":
                yield _read_image(token)
            elif kind == "task":
                continue  # the marker of its item
            elif kind == "ruby":
                readings = "".join(reading for _, reading in token.meta["parts"])
                yield Token(name="text", text=f"{token.content}({readings})")
            elif kind == "maths_block":
                yield Token(name="paragraph_open")
                yield Token(name="maths", text=token.content, detail=token.markup)
                yield Token(name="paragraph_close")
            else:
                name, text = _NAMES.get(kind, kind), token.content
                yield Token(name=name, text=text, detail=self._read_detail(token))

    def _read_detail(self, token: ParserToken) -> str:
        detail = ""
        match token.type:
            case "paragraph_open" | "paragraph_close" if token.hidden:
                detail = "tight"
            case "heading_open":
                detail = token.tag.removeprefix("h")
            case "bullet_list_open":
                self._numbers.append(None)
            case "ordered_list_open":
                self._numbers.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
            case "list_item_open":
                detail = self._number_item(token.meta.get("task", ""))
            case "th_open" | "td_open":
                detail = str(token.attrs.get("style", "")).removeprefix("text-align:")
            case "fence":
                detail = read_language(token.info)
            case "maths":
                detail = token.markup
        return detail

    def _number_item(self, task: str) -> str:
        number = self._numbers[-1]
        if number is None:
            return task or "•"
        self._numbers[-1] = number + 1
        return f"{number}. {task}".rstrip()

    def _read_link(self, token: ParserToken) -> Iterator[Token]:
        if token.nesting < 0:
            if self._links.pop():
                yield Token(name="link_close")
            return
        raw = _drop_gaps(str(token.attrs["href"]))
        href = self._normalize_link(raw)
        self._links.append(is_web_address(href) and is_followable(raw))
        if self._links[-1]:
            yield Token(name="link_open", detail=href)


def _read_image(token: ParserToken) -> Token:
    alt = read_plain_text(token.children or ())
    path = _drop_gaps(str(token.attrs["src"]))
    if is_project_path(path):
        return Token(name="image", text=alt, detail=path)
    return Token(name="text", text=alt)


def read_plain_text(tokens: Iterable[ParserToken]) -> str:
    """Return the text of inline tokens without markup, such as for an image's `alt`."""
    parts = []
    for token in tokens:
        if token.children:
            parts.append(read_plain_text(token.children))
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        else:
            parts.append(token.content)
    return "".join(parts)


def _drop_gaps(text: str) -> str:
    for mark in (GAP_HIDDEN, GAP_REVEALED, GAP_CLOSE):
        text = text.replace(mark, "")
    return _PLAIN.sub("", text)


_TEXTS: Final = frozenset({"text", "text_special", "html_inline", "stray"})
_NAMES: Final = {
    "code_inline": "code",
    "fence": "code_block",
    "bullet_list_open": "list_open",
    "bullet_list_close": "list_close",
    "ordered_list_open": "list_open",
    "ordered_list_close": "list_close",
    "th_open": "cell_open",
    "th_close": "cell_close",
    "td_open": "cell_open",
    "td_close": "cell_close",
}
