"""How elements and their CSS change the look of the text in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

Style = frozenset[str]
"""What a text looks like: `b`, `i`, `s`, `code`, `sub`, `sup`, `a` with an address, and what Markdown
lacks, as `!coloured text` with a tab and its value."""
PLAIN: Final[Style] = frozenset()
BOLD: Final = "b"
ITALIC: Final = "i"
STRUCK: Final = "s"
CODE: Final = "code"
SUB: Final = "sub"
SUP: Final = "sup"
LINK: Final = "a\t"
"""Followed by the address, and a tab and the title if there is one."""
LACKING: Final = "!"
"""Begins what Markdown lacks."""

_SIMPLE: Final = {
    **dict.fromkeys(("b", "strong"), BOLD),
    **dict.fromkeys(("i", "em", "cite", "dfn", "var", "address"), ITALIC),
    **dict.fromkeys(("s", "del", "strike"), STRUCK),
    **dict.fromkeys(("code", "tt", "kbd", "samp"), CODE),
    **dict.fromkeys(("u", "ins"), "!underlined text\t"),
    "sub": SUB,
    "sup": SUP,
    "mark": "!highlighted text\tmark",
    "small": "!size of text\tsmall",
    "big": "!size of text\tbig",
    "center": "!alignment of text\tcenter",
    "figcaption": "!caption\t",
    "caption": "!caption\t",
    "dt": "!list of definitions\tdt",
    "dd": "!list of definitions\tdd",
    "summary": "!text to unfold\tsummary",
    "details": "!text to unfold\t",
    **dict.fromkeys(
        ("button", "input", "select", "textarea", "form", "fieldset", "legend", "option"),
        "!form\t",
    ),
    **dict.fromkeys(("marquee", "blink"), "!moving text\t"),
}
_NOTHING_TEXT: Final = """
    inherit initial unset revert normal none auto 0 0px 0pt 0em 0in 0cm medium start
    baseline currentcolor transparent static visible inline
"""
_NOTHING: Final = frozenset(_NOTHING_TEXT.split())
"""Values that are those of text without any style."""
_BLACK_TEXT: Final = """
    black #000 #000000 rgb(0,0,0) rgba(0,0,0,1) windowtext canvastext text inherit initial
    unset currentcolor
"""
_BLACK: Final = frozenset(_BLACK_TEXT.split())
_WHITE_TEXT: Final = """
    white #fff #ffffff rgb(255,255,255) rgba(255,255,255,1) rgba(0,0,0,0)
    rgba(255,255,255,0) window canvas transparent none inherit initial unset 0% 0%0%
"""
_WHITE: Final = frozenset(_WHITE_TEXT.split())
_FULL_SIZE: Final = frozenset(["medium", "inherit", "initial", "unset", "100%", "1em", "1rem"])
_NUMBER: Final = re.compile(r"-?(?:[0-9]{1,6}(?:\.[0-9]{0,8})?|\.[0-9]{1,8})")
_ZERO: Final = re.compile(r"[-+]?0*\.?0+(?:px|pt|em|rem|in|cm|mm|%)?")
_BOLD_WEIGHT: Final = 600
_DECLARATION: Final = re.compile(r"\s*([-a-zA-Z]{1,60})\s*:([^;]{0,5000})")
_MAX_DECLARATIONS: Final = 200
_SORTS: Final = {
    "font-family": "font",
    "font-variant": "small capitals",
    "font-variant-caps": "small capitals",
    "letter-spacing": "spacing of letters",
    "word-spacing": "spacing of letters",
    "line-height": "height of lines",
    "text-transform": "capitals by style",
    "text-indent": "indentation of text",
    "text-shadow": "shadow of text",
    "opacity": "transparent text",
    "list-style-type": "marks of a list",
    "list-style": "marks of a list",
    "float": "layout",
    "position": "layout",
    "columns": "layout",
    "column-count": "layout",
    "transform": "layout",
    "writing-mode": "layout",
}
"""Properties that show, and what they are called; the others are below, or show nothing."""
_BOXED: Final = re.compile(
    r"(?:margin|padding|border|width|height|min-width|min-height|max-width)\b"
)
_DIRECTION: Final = "text direction"
_COLOR: Final = "coloured text"
_BACKGROUND: Final = "coloured background"
_SIZE: Final = "size of text"
_ALIGNMENT: Final = "alignment of text"
_HIDDEN: Final = "hidden text"


def read_declarations(style: str) -> list[tuple[str, str]]:
    """Return the properties and values of a `style` attribute, in lower case, in order."""
    found = []
    for match in _DECLARATION.finditer(style):
        value = match[2].strip().removesuffix("!important").strip()
        found.append(
            (match[1].lower(), value if match[1].lower() == "font-family" else value.lower())
        )
        if len(found) >= _MAX_DECLARATIONS:
            break
    return found


@lru_cache(maxsize=4096)
def extend_style(style: Style, name: str, attributes: tuple[tuple[str, str], ...]) -> Style:
    """Return the style of the text in an element, from that around it."""
    marks = set(style)
    simple = _SIMPLE.get(name)
    if simple is not None:
        marks.add(simple)
    given = dict(attributes)
    if name == "a":
        _read_link(marks, given)
    elif name == "font":
        _replace(marks, _COLOR, given.get("color", ""), _BLACK)
        _replace(marks, "font", given.get("face", ""), _NOTHING)
        _replace(marks, _SIZE, given.get("size", ""), frozenset({"3", "+0", ""}))
    elif name == "abbr" and given.get("title"):
        _replace(marks, "text of a tooltip", given["title"], frozenset())
    if align := given.get("align", ""):
        _replace(marks, _ALIGNMENT, align.lower(), _NOTHING)
    if "hidden" in given:
        marks.add(f"!{_HIDDEN}\t")
    if direction := given.get("dir", "").lower():
        _replace(marks, _DIRECTION, direction, frozenset({"ltr", "auto"}))
    _replace(marks, _BACKGROUND, given.get("bgcolor", "").lower(), _WHITE)
    for property_name, value in read_declarations(given.get("style", "")):
        _apply(marks, name, property_name, value)
    return frozenset(marks)


def _read_link(marks: set[str], given: dict[str, str]) -> None:
    href = given.get("href")
    if href is None:
        return
    for mark in [mark for mark in marks if mark.startswith(LINK)]:
        marks.discard(mark)
    title = given.get("title", "")
    # Spaces around an address, and line breaks in it, do not count.
    href = re.sub(r"[\t\n\r]", "", href.strip())
    marks.add(f"{LINK}{href}\t{title}" if title else f"{LINK}{href}")


def _replace(marks: set[str], sort: str, value: str, nothing: frozenset[str]) -> None:
    """Replace what a text has of a sort; a value that shows nothing removes it."""
    if not value:
        return
    start = f"!{sort}\t"
    for mark in [mark for mark in marks if mark.startswith(start)]:
        marks.discard(mark)
    if (
        value not in nothing
        and value.replace(" ", "") not in nothing
        and not _ZERO.fullmatch(value)
    ):
        marks.add(f"{start}{value}")


def _apply(marks: set[str], name: str, property_name: str, value: str) -> None:
    """Apply a declaration of CSS."""
    known = _PROPERTIES.get(property_name)
    if known is not None:
        known(marks, name, value)
    elif property_name in _SORTS:
        _replace(marks, _SORTS[property_name], value, _NOTHING)
    elif _BOXED.match(property_name) and name not in ("td", "th", "table", "tr", "img", "col"):
        _apply_box(marks, name, property_name, value)


def _apply_box(marks: set[str], name: str, property_name: str, value: str) -> None:
    if property_name.startswith("border"):
        if property_name.endswith(("collapse", "spacing", "image", "color", "radius")):
            return
        shows_none = any(
            word in ("none", "hidden") or _ZERO.fullmatch(word) for word in value.split()
        )
        if not shows_none and set(value.split()) - _NOTHING:
            _replace(marks, "border", value, _NOTHING)
    elif property_name.startswith(("margin", "padding")):
        is_side = property_name.endswith(("-top", "-bottom"))
        if (
            name == "p"
            and property_name.startswith("margin")
            and not _is_indent(property_name, value)
        ):
            return
        if not all(word in _NOTHING or _ZERO.fullmatch(word) for word in value.split()):
            what = "space around text" if is_side else "indentation of text"
            _replace(marks, what, f"{property_name}: {value}", _NOTHING)
    elif (
        name not in ("span", "b", "i", "u", "font", "a")
        and value not in _NOTHING
        and value != "100%"
    ):
        _replace(marks, "size of a box", f"{property_name}: {value}", _NOTHING)


def _is_indent(property_name: str, value: str) -> bool:
    """Tell whether the margin of a paragraph moves it to the side."""
    words = value.split()
    sides = words[1::2] if property_name == "margin" else words
    is_side = property_name in ("margin", "margin-left", "margin-right")
    return is_side and not all(word in _NOTHING or _ZERO.fullmatch(word) for word in sides)


def _apply_weight(marks: set[str], _name: str, value: str) -> None:
    if value in ("inherit", "unset"):
        return
    number = _NUMBER.fullmatch(value)
    is_bold = float(number[0]) >= _BOLD_WEIGHT if number else value in ("bold", "bolder")
    (marks.add if is_bold else marks.discard)(BOLD)


def _apply_slant(marks: set[str], _name: str, value: str) -> None:
    if value not in ("inherit", "unset"):
        (marks.add if value.startswith(("italic", "oblique")) else marks.discard)(ITALIC)


def _apply_decoration(marks: set[str], name: str, value: str) -> None:
    if "line-through" in value:
        marks.add(STRUCK)
    if "underline" in value and name != "a":
        marks.add("!underlined text\t")
    if "overline" in value:
        marks.add("!line above text\t")
    if "none" in value.split() and name in ("u", "ins"):
        marks.discard("!underlined text\t")
    if "none" in value.split() and name in ("s", "del", "strike"):
        marks.discard(STRUCK)


def _apply_position(marks: set[str], name: str, value: str) -> None:
    if value in ("sub", "super"):
        marks.add(SUB if value == "sub" else SUP)
    elif value == "baseline":
        marks.discard(SUB)
        marks.discard(SUP)
    elif name in ("span", "font", "b", "i", "u", "a"):
        _replace(marks, "position of text", value, _NOTHING)


def _apply_font(marks: set[str], _name: str, value: str) -> None:
    words = value.split()
    for word in words:
        if word in ("bold", "bolder", "600", "700", "800", "900"):
            marks.add(BOLD)
        elif word in ("italic", "oblique"):
            marks.add(ITALIC)
    if value not in _NOTHING and set(words) - {"bold", "italic"}:
        _replace(marks, "font", value, _NOTHING)


def _replacer(sort: str, nothing: frozenset[str]) -> Callable[[set[str], str, str], None]:
    return lambda marks, _name, value: _replace(marks, sort, value, nothing)


def _apply_background(marks: set[str], _name: str, value: str) -> None:
    color = value.replace(", ", ",").split()
    if not color or color[0] in _WHITE or value.replace(" ", "") in _WHITE:
        _replace(marks, _BACKGROUND, "none", _WHITE)
    else:
        _replace(marks, _BACKGROUND, value, _WHITE)


def _apply_display(marks: set[str], _name: str, value: str) -> None:
    if value == "none":
        marks.add(f"!{_HIDDEN}\t")
    elif value in ("flex", "grid", "inline-block", "inline-flex", "table", "table-cell"):
        _replace(marks, "layout", value, _NOTHING)


def _apply_visibility(marks: set[str], _name: str, value: str) -> None:
    if value in ("hidden", "collapse"):
        marks.add(f"!{_HIDDEN}\t")


_PROPERTIES: Final[dict[str, Callable[[set[str], str, str], None]]] = {
    "font-weight": _apply_weight,
    "font-style": _apply_slant,
    "text-decoration": _apply_decoration,
    "text-decoration-line": _apply_decoration,
    "vertical-align": _apply_position,
    "font": _apply_font,
    "color": _replacer(_COLOR, _BLACK),
    "background-color": _replacer(_BACKGROUND, _WHITE),
    "background": _apply_background,
    "font-size": _replacer(_SIZE, _FULL_SIZE),
    "text-align": _replacer(_ALIGNMENT, _NOTHING),
    "direction": _replacer(_DIRECTION, frozenset({"ltr", *_NOTHING})),
    "display": _apply_display,
    "visibility": _apply_visibility,
}


def has_margins(attributes: dict[str, str]) -> bool:
    """Tell whether a paragraph has an empty line's space around it, as usual."""
    edges = {"top": True, "bottom": True}
    for name, value in read_declarations(attributes.get("style", "")):
        words = value.split() or [""]
        if name == "margin":
            edges = {"top": not _ZERO.fullmatch(words[0]), "bottom": not _ZERO.fullmatch(words[0])}
        elif name in ("margin-top", "margin-bottom"):
            edges[name.removeprefix("margin-")] = not _ZERO.fullmatch(words[0])
    return edges["top"] or edges["bottom"]


def list_lacking(style: Style) -> Iterator[tuple[str, str]]:
    """Yield what Markdown lacks of a style: what it is, and its value."""
    for mark in sorted(style):
        if mark.startswith(LACKING):
            what, _, value = mark[1:].partition("\t")
            yield what, value
