"""HTML tags in Markdown → marks, where there are some."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from typing import Final

from cardwright.adopt.pieces import Piece
from cardwright.incoming import LossCounter
from cardwright.markdown.links import is_web_address
from cardwright.markdown.render import Renderer

_PAIRS: Final = {
    **dict.fromkeys(("b", "strong"), "**"),
    **dict.fromkeys(("i", "em", "cite", "var", "dfn"), "*"),
    **dict.fromkeys(("s", "del", "strike"), "~~"),
    "sub": "~",
    "sup": "^",
    **dict.fromkeys(("code", "kbd", "samp", "tt"), "`"),
}
_SINGLE: Final = {"br": "<br>", "hr": "\n\n---\n\n", "wbr": ""}
_SPACERS: Final = frozenset({"p", "div", "center", "details", "summary", "section", "article"})
"""Elements that show nothing but space around their content."""
_MEDIA: Final = frozenset({"img", "audio", "video", "source"})
_BLOCKS: Final = frozenset(
    {
        "ul",
        "ol",
        "li",
        "table",
        "tr",
        "blockquote",
        "dl",
        "dt",
        "dd",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    }
)
_OTHERS: Final = _BLOCKS | frozenset(
    {
        *("a", "abbr", "big", "caption", "font", "iframe", "ins", "mark", "q", "rp", "rt", "ruby"),
        *("script", "small", "span", "style", "svg", "tbody", "td", "tfoot", "th", "thead", "u"),
    }
)
_SCRIPT: Final = re.compile(r"[A-Za-z0-9\u0370-\u03ff+−–-]{1,12}")
_NAME: Final = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)")
_ATTRIBUTE: Final = re.compile(
    r"""([A-Za-z_:][\w:.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))"""
)
_PIXELS: Final = re.compile(r"([0-9]{1,4})(?:px)?")

ShowMedia = Callable[[str, str, str, str], str]
"""Takes the address, the alternative text, the width and the place of a file."""


def join_tags(
    pieces: Sequence[Piece], losses: LossCounter, place: str, show_media: ShowMedia
) -> list[Piece]:
    """Return pieces without those that are tags of HTML."""
    if not any(piece.kind == "tag" for piece in pieces):
        return list(pieces)
    joiner = _Joiner(losses, place, show_media)
    for piece in pieces:
        joiner.add(piece)
    return joiner.finish()


class _Joiner:
    """Puts pieces together; elements need both of their tags."""

    def __init__(self, losses: LossCounter, place: str, show_media: ShowMedia) -> None:
        self._losses = losses
        self._place = place
        self._show_media = show_media
        self._renderer = Renderer(highlights=False)
        self._done: list[Piece] = []
        self._opened: list[tuple[str, int]] = []
        """The elements that are open, and where their tags are."""

    def add(self, piece: Piece) -> None:
        match = _NAME.match(piece.text) if piece.kind == "tag" else None
        if match is None:
            self._done.append(piece)
            return
        name, tag = match[1].lower(), piece.text
        if name in _SINGLE:
            self._write(_SINGLE[name])
        elif name in _SPACERS:
            self._write("\n\n")
        elif name in _MEDIA:
            self._done.append(Piece("link", self._show(tag)))
        elif name not in _PAIRS and name not in _OTHERS:
            # A type or a placeholder, as in `List<int>`
            self._write(tag)
        elif not tag.startswith("</"):
            self._opened.append((name, len(self._done)))
            self._done.append(piece)
        elif any(known == name for known, _ in self._opened):
            self._close(name)

    def finish(self) -> list[Piece]:
        while self._opened:
            self._drop(*self._opened.pop())
        for index, piece in enumerate(self._done):
            if piece.kind == "script":
                before = "".join(one.text for one in self._done[max(index - 3, 0) : index])
                after = "".join(one.text for one in self._done[index + 1 : index + 4])
                self._done[index] = self._check_script(before[-1:], piece.text, after[:1])
        return self._done

    def _check_script(self, before: str, script: str, after: str) -> Piece:
        """Keep sub- and superscripts where our Markdown reads them as such."""
        name = "sub" if script[0] == "~" else "sup"
        if f"<{name}>" in self._renderer.render_inline(f"{before}{script}{after}").html:
            return Piece("text", script)
        self._losses.add(f"HTML element `{name}`", self._place, f"<{name}>{script[1:-1]}</{name}>")
        return Piece("text", script[1:-1])

    def _write(self, text: str) -> None:
        self._done.append(Piece("text", text))

    def _close(self, name: str) -> None:
        known, start = self._opened.pop()
        while known != name:
            self._drop(known, start)
            known, start = self._opened.pop()
        marked = _mark(name, self._done[start].text, self._done[start + 1 :])
        if marked is None:
            self._drop(name, start)
            self._done.append(self._done[start])
        else:
            self._done[start:] = marked

    def _drop(self, name: str, index: int) -> None:
        self._losses.add(f"HTML element `{name}`", self._place, self._done[index].text)
        self._done[index] = Piece("text", "\n\n" if name in _BLOCKS else "")

    def _show(self, tag: str) -> str:
        attributes = read_attributes(tag)
        if "src" not in attributes:
            return ""
        width = _PIXELS.fullmatch(attributes.get("width", ""))
        alt = attributes.get("alt", "")
        return self._show_media(attributes["src"], alt, width[1] if width else "", self._place)


def read_attributes(tag: str) -> dict[str, str]:
    """Return the attributes of a tag."""
    found = _ATTRIBUTE.findall(tag)
    return {name.lower(): html.unescape(a or b or c) for name, a, b, c in found}


def _mark(name: str, tag: str, inner: list[Piece]) -> list[Piece] | None:
    """Return the content of an element with marks around it; None if there are none for it."""
    text = "".join(piece.text for piece in inner)
    if not text.strip():
        return inner
    start = end = _PAIRS.get(name, "")
    if name == "a" and is_web_address(address := read_attributes(tag).get("href", "")):
        start, end = "[", f"](<{address}>)"
    if not start or "\n\n" in text or (start in "~^" and not _SCRIPT.fullmatch(text)):
        return None
    if start in "~^":
        return [Piece("script", f"{start}{text}{end}")]
    if start == "`":
        return None if "`" in text else [Piece("code", f"`{html.unescape(text)}`")]
    kind = "link" if start == "[" else "text"
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    if before or after:
        # Marks stand next to the text.
        return [Piece(kind, f"{before}{start}{text.strip()}{end}{after}")]
    return [Piece(kind, start), *inner, Piece(kind, end)]
