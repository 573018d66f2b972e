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
_MARKED: Final = rf"[^\W_](?:{_WORD}*[^\W_])?"
_BEFORE, _AFTER = r"(?<![^ \n])", r"(?=[ \n.,;:!?]|\Z)"
_PIECE: Final = re.compile(
    rf"(?P<strong>{_BEFORE}\*\*{_MARKED}\*\*{_AFTER})"
    rf"|(?P<em>{_BEFORE}\*{_MARKED}\*{_AFTER})"
    r"|(?P<code>`[^`\s](?:[^`\s]|[ ](?!`))*+`(?!`))"
    r"|(?P<link>(?<!!)\[(?!(?i:latex)\])[^\W_](?:[^\W_]|[ ,'’.-])*+\]"
    r"\(https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*+(?:/[A-Za-z0-9._/-]*+)?\))"
    rf"|(?P<softbreak>\n(?=\S))|(?P<text>{_WORD}++)|(?P<other>(?s:.))"
)
"""What is read without the parser, which takes long to load: most questions consist of it."""
_BLOCK: Final = re.compile(
    r"[#$+\-:<=>\\_|~\s]|\*(?!\*?[^\s*])|```|[0-9]+[.)]|\[(?![^\]\n]*\]\()|\Z"
)
"""With this, a line may begin another block than a paragraph, or end one."""


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
    width: str = ""
    """Of an image, as its card has it: pixels, or percent with a sign."""


def read_block(text: str) -> tuple[Token, ...]:
    """Read a text with paragraphs, lists, tables and code."""
    source = drop_control(text)
    found = _read_evident_block(source)
    if found is not None:
        return tuple(found)
    return tuple(_Reader().read(_find_parser().parse(source)))


def read_inline(text: str) -> tuple[Token, ...]:
    """Read a line; block syntax is plain text."""
    source = drop_control(text).strip()
    found = _read_evident(source)
    if found is not None:
        return tuple(found)
    return tuple(_Reader().read(_find_parser().parseInline(source)))


def _read_evident_block(source: str) -> list[Token] | None:
    """Read paragraphs and plain lists; return None for the parser to read anything else."""
    found: list[Token] = []
    was_list = False
    for block in source.strip("\n").split("\n\n") if source else ():
        rows = block.split("\n")
        is_list = all(row.startswith("- ") for row in rows)
        if is_list:
            rows = [row[2:] for row in rows]
        # Two lists beside one another are one.
        if any(map(_BLOCK.match, rows)) or (is_list and was_list):
            return None
        texts = list(map(_read_evident, rows if is_list else [block]))
        if None in texts:
            return None
        found += _wrap_items(texts) if is_list else _wrap("paragraph", "", texts[0] or ())
        was_list = is_list
    return found


def _wrap_items(texts: Iterable[list[Token] | None]) -> Iterator[Token]:
    yield Token(name="list_open")
    for text in texts:
        yield Token(name="list_item_open", detail="•")
        yield from _wrap("paragraph", "tight", text or ())
        yield Token(name="list_item_close")
    yield Token(name="list_close")


def _wrap(name: str, detail: str, tokens: Iterable[Token]) -> Iterator[Token]:
    yield Token(name=f"{name}_open", detail=detail)
    yield from tokens
    yield Token(name=f"{name}_close", detail=detail)


def _read_evident(text: str) -> list[Token] | None:
    """Read a line, or the lines of a paragraph; return None if it is for the parser."""
    found: list[Token] = []
    for piece in _PIECE.finditer(text):
        match piece.lastgroup:
            case "strong" | "em" as name:
                marked = Token(name="text", text=piece[0].strip("*"))
                found += _wrap(name, "", [marked])
            case "code":
                found.append(Token(name="code", text=piece[0].strip("`")))
            case "link":
                label, _, address = piece[0][1:-1].partition("](")
                found.append(Token(name="link_open", detail=address))
                found += (Token(name="text", text=label), Token(name="link_close"))
            case "softbreak":
                found.append(Token(name="softbreak"))
            case "text":
                found.append(Token(name="text", text=piece[0]))
            case _:
                return None
    return found


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
        return Token(name="image", text=alt, detail=path, width=str(token.attrs.get("width", "")))
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
