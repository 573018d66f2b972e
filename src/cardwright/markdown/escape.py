"""Text → HTML in which browsers, MathJax and Anki find nothing to execute.

While HTML is assembled, C1 control characters mark what must not be confused with an author's text.
They cannot be forged: `drop_control` removes them from sources, and CommonMark reads an entity for
one as U+FFFD.
"""

from __future__ import annotations

import re
from typing import Final

from cardwright.text import BIDI_OVERRIDES, CONTROLS, compile_late

_BACKSLASH: Final = "\x8e"
"""A backslash in running text, unlike one in maths."""
MATHS_START: Final = "\x90"
MATHS_END: Final = "\x91"
OPEN: Final = "\x92"
HINT: Final = "\x93"
CLOSE: Final = "\x94"
"""The three marks of a cloze deletion."""
PLAIN: Final = "\x95"
"""Encloses a deletion that is shown as ordinary text."""

_CONTROL: Final = f"[{CONTROLS}{BIDI_OVERRIDES}]"
_SPECIAL: Final = re.compile(r'[&<>"\\\f\r]')
_HTML: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\f": None, "\r": None}
_TEXT_TABLE: Final = str.maketrans({**_HTML, "\\": _BACKSLASH})
_CODE_TABLE: Final = str.maketrans(_HTML)
_FOREIGN_MATHS: Final = re.compile(rf"{_BACKSLASH}(?=[(\[])")
_TAG: Final = re.compile(r"<[^>]*>")
_ANKI_TAG: Final = re.compile(r"\[(?=sound:|anki:|latex\]|\$\$?\]|\[type:)", re.IGNORECASE)


def drop_tags(html: str) -> str:
    """Return HTML without its tags, in which entities stay."""
    # One that does not end would be looked for again and again.
    head, end, tail = html.rpartition(">")
    return _TAG.sub("", head + end) + tail


def drop_control(text: str) -> str:
    """Remove control characters (except line breaks and tabs), bidi overrides and lone surrogates.

    In sources this prevents forged marks; in HTML it removes marks that are left over.
    """
    # Python takes none of these for printable.
    if text.replace("\n", "").isprintable():
        return text
    return compile_late(_CONTROL).sub("", text)


def escape_text(text: str) -> str:
    """Escape running text; `neutralise` must follow once the HTML is complete."""
    return text.translate(_TEXT_TABLE) if _SPECIAL.search(text) else text


def escape_code(text: str) -> str:
    r"""Escape text in code or in an attribute.

    MathJax reads neither, but Anki's cloze filter and editor look for `\(` in the HTML itself,
    where an entity is enough to hide it.
    """
    if not _SPECIAL.search(text):
        return text
    return text.translate(_CODE_TABLE).replace("\\(", "&#92;(").replace("\\[", "&#92;[")


def escape_maths(text: str) -> str:
    """Escape LaTeX, which MathJax reads from the page with entities resolved."""
    return text.translate(_CODE_TABLE) if _SPECIAL.search(text) else text


def neutralise(html: str) -> str:
    r"""Turn anything that looks like Anki's own syntax into plain text, in complete HTML.

    It needs the complete HTML, since two harmless parts may together form `{{` or `[sound:`.
    MathJax reads the page with entities resolved, so `\(` in text must be split by a tag.
    """
    if _BACKSLASH in html:
        html = _FOREIGN_MATHS.sub(r"<span>\\</span>", html).replace(_BACKSLASH, "\\")
    if "[" in html:
        html = _ANKI_TAG.sub("&#91;", html)
    return html.replace("{{", "&#123;&#123;").replace("}}", "&#125;&#125;")


def escape_html(text: str) -> str:
    """Escape plain text for HTML, between tags or in an attribute."""
    return neutralise(escape_code(drop_control(text)))
