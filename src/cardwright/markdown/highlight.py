"""Code → HTML with the classes of Pygments' standard formatter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from cardwright.markdown.escape import CLOSE, HINT, OPEN, escape_code
from cardwright.markdown.languages import PART_SIZES

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

_MAX_PARTS: Final = 10
"""Code of more parts is not highlighted: no card needs it."""
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9_+#.-]{1,30}(?=\s|$)")

_MARK: Final = re.compile(
    f"({OPEN}.,|(?:,{HINT}.,[^{OPEN}{CLOSE}]*)?,{CLOSE}.)",
    re.DOTALL,
)
"""A cloze mark (`marks.py`). A hint is not code, so it is part of the mark."""


def read_language(info: str) -> str:
    """Return the language named by a fence's info string, or ""."""
    match = _LANGUAGE.match(info.strip())
    return match[0] if match else ""


@lru_cache(maxsize=1024)
def highlight(code: str, language: str) -> str:
    """Highlight code, keeping its cloze marks in place; plain if the language is unknown."""
    texts_and_marks = [*_MARK.split(code), ""]
    texts, marks = texts_and_marks[::2], texts_and_marks[1::2]
    pieces = cut_code("".join(texts), language)[::-1]
    parts = []
    for text, mark in zip(texts, marks, strict=True):
        length = len(text)
        while length:
            css_class, piece = pieces.pop()
            parts.append(_write_span(css_class, piece[:length]))
            if len(piece) > length:
                pieces.append((css_class, piece[length:]))
            length -= min(length, len(piece))
        parts.append(escape_code(mark))
    return "".join(parts)


def _write_span(css_class: str, text: str) -> str:
    html = escape_code(text)
    return f'<span class="{css_class}">{html}</span>' if css_class and html else html


def cut_code(code: str, language: str) -> list[tuple[str, str]]:
    """Split code into pieces, each with one CSS class."""
    lexer = _find_lexer(language) if language else None
    size = PART_SIZES[lexer.aliases[0]] if lexer else 0
    if lexer is None or len(code) > _MAX_PARTS * size:
        return [("", code)]
    tokens = [token for part in _cut_parts(code, size) for token in _list_tokens(part, lexer)]
    return [
        (css_class, "".join(text for _, text in group))
        for css_class, group in groupby(tokens, key=itemgetter(0))
    ]


def _cut_parts(code: str, size: int) -> Iterator[str]:
    """Cut code at ends of lines into parts of at most `size` characters."""
    start = 0
    while len(code) - start > size:
        end = code.rfind("\n", start, start + size) + 1 or start + size
        yield code[start:end]
        start = end
    yield code[start:]


def _list_tokens(code: str, lexer: Lexer) -> list[tuple[str, str]]:
    tokens = [
        ("" if text.isspace() else _name_class(kind), text) for kind, text in lexer.get_tokens(code)
    ]
    # If a lexer changed the text (by dropping a byte order mark, say), discard its result.
    return tokens if "".join(text for _, text in tokens) == code else [("", code)]


@lru_cache(maxsize=64)
def _find_lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415  (slow, and few cards hold code)
    from pygments.util import ClassNotFound  # noqa: PLC0415

    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
    return lexer if lexer.aliases[0] in PART_SIZES else None


@cache
def _name_class(kind: _TokenType) -> str:
    from pygments.token import STANDARD_TYPES  # noqa: PLC0415

    known: _TokenType | None = kind
    while known is not None and known not in STANDARD_TYPES:
        known = known.parent
    return STANDARD_TYPES[known] if known else ""
