"""Which HTML can be shipped as it is: it runs nothing and loads nothing.

This reads the text itself, not a tree: if each tag in it is written plainly and is on the lists below, no
way in which a browser mends the rest can make another element.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from cardwright.markdown.links import is_followable, is_web_address
from cardwright.markdown.maths import find_reaching_command

_REFUSED_TEXT: Final = """
    applet area base basefont bgsound body button canvas command content dialog embed
    fencedframe fieldset form frame frameset geolocation head html iframe image input isindex
    keygen legend link listing map marquee math menuitem meta meter model multicol nextid
    noembed noframes noscript object optgroup option output param picture plaintext portal
    progress script search select selectedcontent shadow slot spacer style svg template
    textarea title track webview xmp
"""
_REFUSED: Final = frozenset(_REFUSED_TEXT.split())
"""Elements that run or load something, or change how what follows is read. Others can have only the
attributes below; if HTML does not define them, they are like a `span` that the stylesheet of a note type
gives a look, as in `<hl>`."""
_WITH_COLON: Final = "o:p"
"""What Word puts around paragraphs."""
_ATTRIBUTES_TEXT: Final = """
    abbr align alt bgcolor block border cellpadding cellspacing char charoff cite clear
    color cols colspan compact controls datetime dir draggable face frame headers height
    hspace lang noshade nowrap open preload reversed role rows rowspan rules scope size span
    spellcheck start summary target title translate type valign value vspace width class
    style rel
"""
_ATTRIBUTES: Final = frozenset(_ATTRIBUTES_TEXT.split())
_NAMED: Final = re.compile(r"(?:data|aria)-[a-z0-9_-]{1,60}")
_COPIED_ID: Final = re.compile(r"(?:docs-internal-guid|user-content)-[0-9a-zA-Z_-]{1,200}")
"""What text copied from Google Docs or GitHub has. Other ids could be taken for those of a template."""
_WITHIN: Final = re.compile(r"#[\w-]*")
"""A link within the page."""
_WITH_FILE: Final = frozenset({"img", "audio", "video", "source"})
_TAG: Final = re.compile(
    r"""
    < (?P<close> /? ) (?P<name> [a-zA-Z][a-zA-Z0-9:-]*+ )
    (?P<attributes> (?: \s++ [a-zA-Z][a-zA-Z0-9:_-]*+ (?: \s*+ = \s*+
        (?: "[^"<>]*+" | '[^'<>]*+' | [^\s"'<>=`]++ ) )?+ )*+ )
    \s*+ /? >
    | <!-- (?![->]) [^<>-]*+ (?: -[^<>-]++ )*+ -->
    """,
    re.VERBOSE,
)
"""A tag, or a comment."""
_ATTRIBUTE: Final = re.compile(
    r"""([a-zA-Z][a-zA-Z0-9:_-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>=`]+)))?"""
)
_START: Final = re.compile(r"<[a-zA-Z/!?]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FILE: Final = re.compile(r"(?![/\\.])[^/\\:\x00-\x1f\x7f\"<>|?*&#]{1,255}")
_PROPERTY: Final = re.compile(
    r"""
    color | opacity | float | clear | direction | unicode-bidi | orphans
    | widows | caret-color | width | height | (?:min|max)-(?:width|height) | display | white-space
    | visibility | vertical-align | line-height | letter-spacing | word-spacing | word-break
    | word-wrap | hyphens | quotes | tab-size | box-sizing | page | size | zoom | resize | order
    | gap | top | right | bottom | left
    | (?:background|font|text|list-style|border|margin|padding|outline|overflow|column|columns
        |page-break|break|ruby|mso|tab|layout|punctuation|table|caption|empty|flex|align|justify)
        (?:-[a-z]+)*
    | -(?:webkit|moz|ms|o)-(?:text|font|hyphens|tap-highlight|user-select|margin|padding|border|box
        |print|flex|align)(?:-[a-z]+)*
    """,
    re.VERBOSE,
)
_POSITION: Final = re.compile(r"\s*position\s*:\s*(?:static|relative)\s*", re.IGNORECASE)
"""Other positions could cover what is not the field's."""
_NOT_IN_VALUE: Final = re.compile(r"[\\@{}<>:]|/\*")
_FUNCTION: Final = re.compile(r"([a-z-]*)\(")
_FUNCTIONS: Final = frozenset({"rgb", "rgba", "hsl", "hsla", "calc", "var"})
_STYLESHEET: Final = re.compile(
    r"<style(?: type=[\"']?text/css[\"']?)?>([^<]*)</style>", re.IGNORECASE
)
"""As dictionaries put them into fields."""
_NOT_IN_STYLESHEET: Final = re.compile(
    r"\\|@(?!media\b|supports\b)|position\s*:(?!\s*(?:static|relative)\b)|behaviou?r|binding|expression"
    r"|javascript|/\*(?!(?:[^*]|\*(?!/))*\*/)",
    re.IGNORECASE,
)
_IN_STYLESHEET_TEXT: Final = """
    and has is lang not where max min clamp supports media nth-child nth-last-child nth-of-type
    nth-last-of-type hwb lab lch oklab oklch color color-mix circle ellipse inset polygon
    linear-gradient radial-gradient conic-gradient repeat minmax counter translate rotate scale
"""
_IN_STYLESHEET: Final = frozenset({"", *_IN_STYLESHEET_TEXT.split()})
"""What else has parentheses in a stylesheet, and loads nothing."""
_ANKI: Final = re.compile(r"\[anki:|\[\[type:", re.IGNORECASE)
_SOUND: Final = re.compile(r"\[sound:([^\]]*)\]?", re.IGNORECASE)
_LATEX: Final = re.compile(r"\[latex\]|\[\$|\\\(|\\\[|anki-mathjax", re.IGNORECASE)
_WRITES: Final = re.compile(
    r"\\(?:write|input|include|openin|openout|read|immediate|catcode|loop|repeat|shipout|special"
    r"|usepackage|documentclass|verbatiminput|lstinputlisting|csname|everyeof|toks)"
)
"""Commands with which LaTeX on a reader's computer could reach files."""


def is_inert(html: str) -> bool:
    """Tell whether a field's HTML has only elements and attributes that cannot run or load anything.

    Media files beside it, named without a folder, are allowed.
    """
    if _CONTROL.search(html) or not _has_harmless_text(html):
        return False
    if "<style" in html.lower():
        if not all(map(_is_harmless_stylesheet, _STYLESHEET.findall(html))):
            return False
        # Where it is not an element, as within an attribute, the tag in its place is out of place too.
        html = _STYLESHEET.sub("<b>", html)
    tags = 0
    for match in _TAG.finditer(html) if "<" in html else ():
        tags += 1
        name = (match["name"] or "").lower()
        if name in _REFUSED or (":" in name and name != _WITH_COLON):
            return False
        if match["close"] and match["attributes"]:
            return False
        if not _has_harmless_attributes(name, match["attributes"] or ""):
            return False
    return tags == sum(1 for _ in _START.finditer(html))


def _has_harmless_text(html: str) -> bool:
    """Tell whether there is nothing in a text that Anki or MathJax should not read."""
    if "[" not in html and "\\" not in html and "&" not in html:
        return True
    # Anki reads its tags before a browser reads entities, and MathJax does after it.
    if _ANKI.search(html) or not _has_harmless_formulas(unescape(html)):
        return False
    return all(is_local_file(unescape(name)) for name in _SOUND.findall(html))


def _has_harmless_formulas(text: str) -> bool:
    if not _LATEX.search(text):
        return True
    return not _WRITES.search(text) and find_reaching_command(text) is None


def _has_harmless_attributes(element: str, attributes: str) -> bool:
    return all(
        _is_harmless(element, match[1].lower(), unescape(match[2] or match[3] or match[4] or ""))
        for match in _ATTRIBUTE.finditer(attributes)
    )


def _is_harmless(element: str, name: str, value: str) -> bool:
    match name:
        case "src":
            return element in _WITH_FILE and is_local_file(value)
        case "href":
            is_web = is_web_address(value) and is_followable(value)
            return element == "a" and (is_web or _WITHIN.fullmatch(value) is not None)
        case "style":
            return _is_harmless_style(value)
        case "id":
            return _COPIED_ID.fullmatch(value) is not None
    return name in _ATTRIBUTES or _NAMED.fullmatch(name) is not None


def is_local_file(name: str) -> bool:
    """Tell whether an address is the name of a file in Anki's folder of media."""
    from urllib.parse import unquote  # noqa: PLC0415  (slow to load)

    return all(_FILE.fullmatch(form) is not None for form in (name, unquote(name)))


def _is_harmless_style(style: str) -> bool:
    for declaration in style.split(";"):
        if not declaration.strip() or _POSITION.fullmatch(declaration):
            continue
        name, colon, value = declaration.partition(":")
        if not colon or not _PROPERTY.fullmatch(name.strip().lower()):
            return False
        if _NOT_IN_VALUE.search(value) or not _FUNCTIONS.issuperset(
            _FUNCTION.findall(value.lower())
        ):
            return False
    return True


def _is_harmless_stylesheet(text: str) -> bool:
    functions = _FUNCTION.findall(text.lower())
    return not _NOT_IN_STYLESHEET.search(text) and (_FUNCTIONS | _IN_STYLESHEET).issuperset(
        functions
    )
