"""Elements that are read as a whole: images, code, formulas, players, readings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, Protocol
from urllib.parse import unquote

from cardwright.html.flow import Box, Item
from cardwright.html.parse import Element
from cardwright.html.scan import has_marks
from cardwright.html.style import CODE, LINK, PLAIN, Style, read_declarations

_LANGUAGE: Final = re.compile(
    r"(?:^|\s)(?:lang(?:uage)?-|brush:\s*|sourceCode\s+)([A-Za-z0-9_+#.-]{1,30})(?=\s|;|$)"
)
_PIXELS: Final = re.compile(r"\s*([0-9]{1,5}(?:\.[0-9]{0,12})?)\s*(px|%)?\s*")
_SCHEME: Final = re.compile(r"\s*(?:[a-zA-Z][a-zA-Z0-9+.-]*:|[/\\]{2})")
_DATA: Final = re.compile(r"\s*data:", re.IGNORECASE)
_WEB: Final = re.compile(r"https?://")
_FORMULA_SCRIPT: Final = re.compile(r"math/tex(?:\s*;\s*mode=(display))?", re.IGNORECASE)


class Builder(Protocol):
    """Builds the boxes of a text."""

    def lose(self, what: str, example: str = "") -> None:
        """Note what Markdown lacks."""

    def add(self, item: Item) -> None:
        """Add something to the line."""

    def add_text(self, text: str, style: Style, *, is_pre: bool = False) -> None:
        """Add text in which Anki's syntax is marked."""

    def add_formula(self, kind: str, latex: str, style: Style) -> None:
        """Add a formula, `inline` or `block`."""

    def add_box(self, box: Box) -> None:
        """Add a block after the lines that precede it."""

    def end_line(self) -> None:
        """End a line at the edge of a block."""

    def extend(self, element: Element, style: Style) -> Style:
        """Return the style of the text in an element."""

    def restore(self, text: str) -> str:
        """Return an attribute or code as it is in the note."""


NOT_SHOWN: Final = {
    "script": "script",
    "style": "stylesheet in a text",
    "template": "script",
    "noscript": "",
    "head": "",
    "title": "",
    "meta": "",
    "link": "stylesheet in a text",
    "base": "",
    "col": "",
    "colgroup": "",
    "rp": "",
    "param": "",
    "track": "",
    "wbr": "",
    "datalist": "",
    "input": "form",
    "iframe": "page within a page",
    "frame": "page within a page",
    "frameset": "page within a page",
    "object": "page within a page",
    "embed": "page within a page",
    "applet": "page within a page",
    "canvas": "drawing",
    "noembed": "",
    "noframes": "",
}
"""Elements whose content browsers do not show, and what is lost with them."""


_NOT_IN_CODE: Final = frozenset({"img", "image", "audio", "video", "svg"})


def read_code(builder: Builder, element: Element, style: Style) -> None:
    """Read a block of code as a whole."""
    builder.end_line()
    style = builder.extend(element, style)
    parts: list[str] = []
    waiting: list[tuple[Element | str, Style]] = [(element, PLAIN)]
    lacking: set[str] = set()
    while waiting:
        node, around = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
            if node.strip():
                lacking |= around - {CODE}
        elif node.name == "br":
            parts.append("\n")
        elif node.name in NOT_SHOWN or node.name in _NOT_IN_CODE:
            builder.lose(f"{node.name} in code", show_tag(node))
        else:
            if node.name in ("div", "p", "li", "tr") and parts and not parts[-1].endswith("\n"):
                parts.append("\n")
            inner_style = builder.extend(node, around) if node is not element else style
            waiting += ((child, inner_style) for child in reversed(node.children))
    code = builder.restore(drop_controls("".join(parts))).removesuffix("\n")
    if code.strip():
        text = code.replace("\xa0", " ")
        builder.add_box(Box("pre", text=text, info=_find_language(element)))
        for mark in sorted(lacking):
            what = mark[1:].partition("\t")[0] if mark[0] == "!" else "emphasis"
            builder.lose(f"{what} in code", code)


def _find_language(element: Element) -> str:
    """Return the language that a class in a block of code names, or ""."""
    for inner in element.walk():
        found = _LANGUAGE.search(inner.attributes.get("class", ""))
        if found:
            return found[1]
    return ""


def _read_image(builder: Builder, element: Element, style: Style) -> None:
    given = element.attributes
    source = builder.restore(given.get("src", "")).strip()
    style = builder.extend(Element("span", {"class": given.get("class", "")}), style)
    if not source:
        builder.add_text(given.get("alt", ""), style)
    elif _SCHEME.match(source):
        what = "image within the text" if _DATA.match(source) else "image from the web"
        builder.lose(what, source)
        _add_remote(builder, source, given.get("alt", ""), style)
    else:
        width, lacking = _read_width(given)
        for what in lacking:
            style |= {f"!{what}\t"}
        alt = " ".join(builder.restore(given.get("alt", "")).split())
        title = " ".join(builder.restore(given.get("title", "")).split())
        builder.add(Item("image", source, style, (alt, width, title)))


def _add_remote(builder: Builder, source: str, alt: str, style: Style) -> None:
    """Write a link instead of an image that is not in the file."""
    if _WEB.match(source):
        outer = any(mark.startswith(LINK) for mark in style)
        style = style if outer else style | {f"{LINK}{source}"}
        builder.add_text(alt.strip() or source, style)
    else:
        builder.add_text(alt, style)


def _read_player(builder: Builder, element: Element, style: Style) -> None:
    """Read `<audio>` or `<video>`."""
    sources = [
        builder.restore(inner.attributes["src"]).strip()
        for inner in element.walk()
        if inner.attributes.get("src") and inner.name in ("audio", "video", "source")
    ]
    if not sources:
        return
    builder.lose("player of a sound or video", show_tag(element))
    if _SCHEME.match(sources[0]):
        _add_remote(builder, sources[0], "", style)
    else:
        builder.add(Item("sound", unquote(sources[0]), style))


def _read_ruby(builder: Builder, element: Element, style: Style) -> None:
    """Read a base with its reading, or several."""
    base = ""
    style = builder.extend(element, style)
    for child in element.children:
        if isinstance(child, Element) and child.name in ("rt", "rtc"):
            reading = " ".join(child.text().split())
            if has_marks(base + reading):
                builder.lose("reading", reading)
                builder.add_text(f"{base}({reading})", style)
            elif base.strip():
                builder.add(Item("ruby", base.strip(), style, (reading,)))
            elif reading:
                builder.add_text(f"({reading})", style)
            base = ""
        elif isinstance(child, Element):
            base += child.text() if child.name != "rp" else ""
        else:
            base += child
    if base.strip():
        builder.add_text(base, style)


def _read_break(builder: Builder, _element: Element, _style: Style) -> None:
    builder.add(Item("break", "\n"))


def _read_rule(builder: Builder, element: Element, _style: Style) -> None:
    builder.end_line()
    builder.add_box(Box("hr"))
    if element.name == "hr" and element.attributes.get("width", "100%") != "100%":
        builder.lose("width of a line", show_tag(element))


def _read_mathjax(builder: Builder, element: Element, style: Style) -> None:
    """Read `<anki-mathjax>`, as Anki's editor shows formulas."""
    kind = "block" if element.attributes.get("block", "false") == "true" else "inline"
    latex = "".join(_list_text(element))
    builder.add_formula(kind, latex, style)


def _read_math(builder: Builder, element: Element, style: Style) -> None:
    """Read MathML with its LaTeX, or else its text."""
    latex = find_formula(element)
    if latex:
        kind = "block" if element.attributes.get("display") == "block" else "inline"
        builder.add_formula(kind, latex, style)
    else:
        builder.lose("MathML", element.text())
        builder.add_text(element.text(), style)


def _read_drawing(builder: Builder, element: Element, style: Style) -> None:
    builder.lose("drawing", show_tag(element))
    shown = [inner.text() for inner in element.walk() if inner.name == "text"]
    builder.add_text(" ".join(shown), style)


def _list_text(element: Element) -> Iterator[str]:
    for child in element.children:
        if isinstance(child, str):
            yield child
        else:
            yield "\n" if child.name == "br" else child.text()


def find_formula(element: Element) -> str:
    """Return the LaTeX that a formula of a web page carries, or ""."""
    for inner in element.walk():
        if inner.name == "annotation" and "tex" in inner.attributes.get("encoding", "").lower():
            return inner.text().strip()
        if inner.name == "script" and _FORMULA_SCRIPT.match(inner.attributes.get("type", "")):
            return inner.text().strip()
    return ""


def _read_width(given: dict[str, str]) -> tuple[str, list[str]]:
    """Return the width of an image as Markdown has it, and what else its size says."""
    sizes = {name: given[name].strip() for name in ("width", "height") if given.get(name)}
    lacking = []
    for name, value in read_declarations(given.get("style", "")):
        if name in ("width", "height"):
            sizes[name] = value
        elif name in (
            "float",
            "max-width",
            "max-height",
            "min-width",
            "border",
            "margin",
            "position",
        ):
            if value not in ("none", "100%", "0", "0px", "auto"):
                lacking.append("layout of an image")
        elif name == "display" and value != "inline":
            lacking.append("layout of an image")
    if given.get("align") or given.get("border", "0") not in ("0", ""):
        lacking.append("layout of an image")
    width = ""
    for name, value in sizes.items():
        match = _PIXELS.fullmatch(value)
        if value == "auto":
            continue
        number = round(float(match[1])) if match else 0
        limit = 100 if match and match[2] == "%" else 2000
        if name == "width" and match and 1 <= number <= limit:
            width = f"{number}{'%' if match[2] == '%' else ''}"
        else:
            lacking.append(f"{name} of an image")
    return width, lacking


def show_tag(element: Element) -> str:
    """Return the start tag of an element."""
    attributes = "".join(f' {name}="{value}"' for name, value in element.attributes.items())
    return f"<{element.name}{attributes}>"


_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x91\x97-\x99\x9c-\x9f\u202a-\u202e]")


def drop_controls(text: str) -> str:
    """Remove control characters that stood as entities."""
    return _CONTROLS.sub("", text) if _CONTROLS.search(text) else text


def read_script(builder: Builder, element: Element, style: Style) -> None:
    """Leave out an element that browsers do not show, but for a formula in it."""
    match = _FORMULA_SCRIPT.match(element.attributes.get("type", ""))
    if element.name == "script" and match:
        builder.add_formula("block" if match[1] else "inline", element.text(), style)
    else:
        builder.lose(NOT_SHOWN[element.name], show_tag(element))


SPECIAL: Final[dict[str, Callable[[Builder, Element, Style], None]]] = {
    **dict.fromkeys(NOT_SHOWN, read_script),
    "pre": read_code,
    "img": _read_image,
    "image": _read_image,
    "audio": _read_player,
    "video": _read_player,
    "ruby": _read_ruby,
    "br": _read_break,
    "hr": _read_rule,
    "anki-mathjax": _read_mathjax,
    "math": _read_math,
    "svg": _read_drawing,
}
"""Elements whose children are not read one by one."""
