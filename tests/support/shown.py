"""What a field's HTML shows, found with Python's own parser: a second opinion beside `cardwright.html`.

A field becomes lines. Each line has the elements around it and its pieces, each with what distinguishes
them from plain text. Whatever looks the same comes out the same; whatever may look different does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Final, NamedTuple
from urllib.parse import unquote

_STYLES: Final = {
    **dict.fromkeys(("b", "strong"), "b"),
    **dict.fromkeys(("i", "em", "cite", "dfn", "var", "address"), "i"),
    **dict.fromkeys(("u", "ins"), "u"),
    **dict.fromkeys(("s", "del", "strike"), "s"),
    **dict.fromkeys(("code", "tt", "samp", "kbd"), "code"),
    **{name: name for name in ("sub", "sup", "mark", "small", "big", "rt", "rp", "q", "ruby")},
}
_BLOCKS: Final = {
    *("div", "p", "ul", "ol", "li", "table", "tr", "td", "th", "blockquote", "pre", "hr", "dl"),
    *("dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "header", "footer"),
    *("main", "nav", "aside", "figure", "figcaption", "center", "form", "details", "summary"),
    *("address", "tbody", "thead", "tfoot", "caption"),
}
_ROOMY: Final = {"p", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "dl"}
"""Blocks with a margin."""
_SHOWN_AROUND: Final = {
    *("ul", "ol", "table", "tr", "td", "th", "blockquote", "pre", "dl", "dt", "dd", "center"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "details", "summary", "caption"),
}
_VOID: Final = {"br", "img", "hr", "input", "wbr", "source", "col", "meta", "link", "area", "embed"}
_HIDDEN: Final = {"script", "style", "template", "noscript", "title"}
_CLOSES: Final = {
    "li": {"li"},
    "tr": {"tr", "td", "th"},
    "td": {"td", "th"},
    "th": {"td", "th"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
}
_SPACE: Final = re.compile(r"[ \t\n\r\f]+")
_BLACK: Final = re.compile(
    r"black|#000(?:000)?|rgba?\(0,0,0(?:,1(?:\.0)?)?\)|inherit|initial|unset|windowtext|currentcolor|var\(.*"
)
_CLEAR: Final = re.compile(
    r"none|transparent|white|#fff(?:fff)?|rgba?\(255,255,255(?:,[\d.]+)?\)|rgba\(0,0,0,0(?:\.0)?\)"
    r"|inherit|initial|unset|var\(.*"
)
_MATHS: Final = (
    (re.compile(r"\[\$\$\](.*?)\[/\$\$\]", re.DOTALL), r"\\[\1\\]"),
    (re.compile(r"\[\$\](.*?)\[/\$\]", re.DOTALL), r"\\(\1\\)"),
    (
        re.compile(r"<anki-mathjax[^>]*block=\"true\"[^>]*>(.*?)</anki-mathjax>", re.DOTALL),
        r"\\[\1\\]",
    ),
    (re.compile(r"<anki-mathjax[^>]*>(.*?)</anki-mathjax>", re.DOTALL), r"\\(\1\\)"),
)
_FORMULA: Final = re.compile(r"\\\((.*?)\\\)|\\\[(.*?)\\\]", re.DOTALL)
_MEDIA: Final = re.compile(r"\[sound:(.*?)\]")
_HEAVY: Final = 600
"""The CSS weight from which letters are bold."""


class Line(NamedTuple):
    """A line as it is shown."""

    around: tuple[str, ...]
    pieces: tuple[tuple[str, tuple[str, ...]], ...]


def list_lines(html: str, name_media: Callable[[str], str] = unquote) -> list[Line]:
    """Return the lines that a field shows; `name_media` identifies the file of a name."""
    for pattern, plain in _MATHS:
        html = pattern.sub(plain, html)
    parser = _Parser(name_media)
    parser.feed(_FORMULA.sub(_tidy, html))
    parser.close()
    return parser.finish()


def read_words(html: str) -> str:
    """Return the text that a field shows, without any layout."""
    return " ".join("".join(text for line in list_lines(html) for text, _ in line.pieces).split())


def _tidy(match: re.Match[str]) -> str:
    """Return a formula as MathJax gets it: the text of its HTML."""
    text = re.sub(r"<br ?/?>|</?(?:div|p)[^>]*>|\s+|&nbsp;|\u00a0", " ", match[1] or match[2] or "")
    text = " ".join(re.sub(r"<[^>]+>", "", text).split())
    return f"\\({text}\\)" if match[1] is not None else f"\\[{text}\\]"


class _Parser(HTMLParser):
    def __init__(self, name_media: Callable[[str], str]) -> None:
        super().__init__(convert_charrefs=True)
        self._name_media = name_media
        self._open: list[tuple[str, frozenset[str], frozenset[str]]] = []
        """Open elements, each with the styles that it adds and those that it takes away."""
        self._lines: list[Line | None] = []
        """None is the margin between two blocks."""
        self._pieces: list[tuple[str, tuple[str, ...]]] = []
        self._counters: list[int] = []
        self._hidden = 0
        self._item = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self._hidden += tag in _HIDDEN
        if tag in _BLOCKS:
            self._end_line(is_roomy=tag in _ROOMY)
        for other in _CLOSES.get(tag, ()):
            self._close_within(other, tag)
        if tag == "br":
            self._lines.append(self._make_line())
        elif tag == "hr":
            self._lines.append(Line(("hr",), ()))
        elif tag in ("img", "audio", "video"):
            size = [f" {name}={found[name]}" for name in ("width", "height") if name in found]
            self._add(f"⟦{tag} {self._name_media(found.get('src', ''))}{''.join(size)}⟧")
        if tag in ("ul", "ol"):
            start = found.get("start", "1")
            self._counters.append(int(start) if start.isdigit() else 1)
        elif tag == "li":
            self._number_item()
        if tag not in _VOID:
            self._open.append((tag, *_find_styles(tag, found)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # In HTML, the slash at the end means nothing.
        self.handle_starttag(tag, attrs)

    def _number_item(self) -> None:
        lists = [name for name, *_ in self._open if name in ("ul", "ol")]
        self._item = "•"
        if lists and self._counters:
            self._item = f"{self._counters[-1]}." if lists[-1] == "ol" else "•"
            self._counters[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "br":
            # So browsers have it.
            self._lines.append(self._make_line())
        if tag in _HIDDEN and self._hidden:
            self._hidden -= 1
        if tag in _BLOCKS:
            self._end_line(is_roomy=tag in _ROOMY)
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                # Formatting goes on after a block that was closed over it, as browsers have it.
                kept = [part for part in self._open[place + 1 :] if part[0] in _STYLES]
                self._open[place:] = kept if tag in _STYLES else []
                break
        if tag in ("ul", "ol") and self._counters:
            self._counters.pop()

    def _close_within(self, other: str, tag: str) -> None:
        """Close an element whose end tag may be left out."""
        limits = {"li": {"ul", "ol"}, "dt": {"dl"}, "dd": {"dl"}}.get(tag, {"table"})
        for place in range(len(self._open) - 1, -1, -1):
            name = self._open[place][0]
            if name in limits:
                return
            if name == other:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        for place, part in enumerate(_MEDIA.split(data)):
            self._add(f"⟦sound {self._name_media(part)}⟧" if place % 2 else part)

    def _styles(self) -> frozenset[str]:
        styles: frozenset[str] = frozenset()
        for _, added, removed in self._open:
            styles = (styles - removed) | added
        if any(name == "pre" for name, *_ in self._open):
            styles -= {"code"}
        return styles

    def _add(self, text: str) -> None:
        if not text:
            return
        names = [name for name, *_ in self._open]
        if "pre" in names:
            first, *others = text.replace("\r\n", "\n").split("\n")
            self._put(first)
            for line in others:
                self._lines.append(self._make_line())
                self._put(line)
        else:
            self._put(_SPACE.sub(" ", text))

    def _put(self, text: str) -> None:
        styles = self._styles()
        for part in re.split(r"([ \u00a0]+)", text):
            if part:
                # The weight and slant of a space cannot be seen.
                seen = styles - {"b", "i", "small", "big"} if part.isspace() else styles
                seen = frozenset(s for s in seen if not (part.isspace() and s.startswith("color")))
                self._pieces.append((part, tuple(sorted(seen))))

    def _around(self) -> tuple[str, ...]:
        return tuple(
            name
            if "dir" not in "".join(added)
            else f"{name} {''.join(sorted(s for s in added if 'dir' in s))}"
            for name, added, _ in self._open
            if name in _SHOWN_AROUND or any("dir" in style or "align" in style for style in added)
        )

    def _make_line(self) -> Line:
        pieces: list[tuple[str, tuple[str, ...]]] = []
        in_pre = any(name == "pre" for name, *_ in self._open)
        for text, styles in self._pieces:
            if not in_pre and text.startswith(" ") and (not pieces or pieces[-1][0].endswith(" ")):
                text = text[1:]  # noqa: PLW2901
            if not text:
                continue
            if pieces and pieces[-1][1] == styles:
                pieces[-1] = (pieces[-1][0] + text, styles)
            else:
                pieces.append((text, styles))
        while not in_pre and pieces and pieces[-1][0].endswith((" ", "\u00a0")):
            # Even a no-break space cannot be seen at the end of a line.
            text, styles = pieces.pop()
            if text := text.rstrip(" \u00a0"):
                pieces.append((text, styles))
        self._pieces = []
        around = self._around()
        if self._item:
            around, self._item = (*around, self._item), ""
        return Line(around, tuple(pieces))

    def _end_line(self, *, is_roomy: bool) -> None:
        names = [name for name, *_ in self._open]
        line = self._make_line() if self._pieces else None
        if line and (line.pieces or "pre" in names):
            self._lines.append(line)
        if is_roomy and self._lines and self._lines[-1] is not None:
            self._lines.append(None)

    def finish(self) -> list[Line]:
        self._end_line(is_roomy=False)
        lines = [line or Line(("margin",), ()) for line in self._lines]
        while lines and not lines[0].pieces and lines[0].around in ((), ("margin",)):
            del lines[0]
        while lines and not lines[-1].pieces and lines[-1].around in ((), ("margin",)):
            del lines[-1]
        return [
            Line(line.around, tuple(_join_pieces(line.pieces)))
            for place, line in enumerate(lines)
            # Margins beside lists and code are theirs.
            if line.around != ("margin",)
            or not (lines[place - 1].around and lines[place + 1].around)
        ]


def _join_pieces(
    pieces: tuple[tuple[str, tuple[str, ...]], ...],
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield pieces with spaces joined to a neighbour that has the other styles."""
    joined: list[tuple[str, tuple[str, ...]]] = []
    for text, styles in pieces:
        if joined and joined[-1][1] == styles:
            joined[-1] = (joined[-1][0] + text, styles)
        else:
            joined.append((text, styles))
    yield from joined


def _find_styles(tag: str, attributes: dict[str, str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the styles that an element adds, and those that it takes away."""
    added = {_STYLES[tag]} if tag in _STYLES else set()
    if tag == "th":
        added.add("b")
    if tag == "a" and attributes.get("href"):
        added.add(f"link {attributes['href']}")
    if attributes.get("dir", "").lower() == "rtl":
        added.add("dir rtl")
    if "hidden" in attributes:
        added.add("hidden")
    written = [part.partition(":") for part in attributes.get("style", "").split(";")]
    pairs = [(name, value) for name, _, value in written]
    pairs += [
        (name, attributes[name]) for name in ("color",) if tag == "font" and name in attributes
    ]
    if tag not in ("table", "img") and "align" in attributes:
        pairs.append(("text-align", attributes["align"]))
    removed: set[str] = set()
    for name, value in pairs:
        plain = re.sub(r"\s*!important|\s+", "", value.lower())
        for style in _read_rule(name.strip().lower(), plain):
            if style.startswith("no "):
                removed.add(style[3:])
                added.discard(style[3:])
            else:
                added.add(style)
    return frozenset(added), frozenset(removed)


def _read_rule(name: str, value: str) -> Iterator[str]:
    """Yield the styles of a CSS declaration, as far as they can be seen; `no …` takes one away."""
    is_heavy = value in ("bold", "bolder") or (value.isdigit() and int(value) >= _HEAVY)
    for names, style, is_meant in (
        (("font-weight",), "b" if is_heavy else "no b", True),
        (("font-style",), "i" if value in ("italic", "oblique") else "no i", True),
        (("text-decoration", "text-decoration-line"), "u", "underline" in value),
        (("text-decoration", "text-decoration-line"), "s", "line-through" in value),
        (("vertical-align",), "sub", value == "sub"),
        (("vertical-align",), "sup", value == "super"),
        (("color",), f"color {value}", value and not _BLACK.fullmatch(value)),
        (
            ("background", "background-color"),
            f"ground {value}",
            value and not _CLEAR.fullmatch(value),
        ),
        (("text-align",), f"align {value}", value in ("center", "right")),
        (("direction",), "dir rtl", value == "rtl"),
        (("display",), "hidden", value == "none"),
    ):
        if name in names and is_meant:
            yield style
