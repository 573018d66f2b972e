"""Two texts of HTML show the same if they are equal in normal form."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from cardwright.html.build import read_flow
from cardwright.html.flow import GAPS, SOUNDS, Box, Item, Line
from cardwright.html.parse import TooLargeError
from cardwright.html.style import LINK, SUB, SUP, Style


def normalize_html(html: str, *, is_cloze: bool = False, as_paragraphs: bool = False) -> str:
    """Return HTML in a normal form: spaces, `b` and `strong`, order of attributes, line breaks.

    With `as_paragraphs`, lines beside blocks count as paragraphs: where text is written in paragraphs,
    they look alike. HTML that is too large to be parsed is returned as it is.
    """
    try:
        flow = read_flow(html, is_cloze=is_cloze)
    except TooLargeError:
        return html
    if as_paragraphs:
        flow.root.children = list(_gather_paragraphs(flow.root))
    losses = "".join(f"<lost {what}>" for what, _ in flow.losses)
    return write_normal(flow.root) + losses


def write_normal(box: Box) -> str:
    """Return what a box shows in a normal form."""
    return "".join(_write_children(box))


def _write_children(box: Box) -> Iterator[str]:
    before: object = None
    for child in box.children:
        if isinstance(child, Box):
            yield from _write_box(child)
        else:
            if isinstance(before, tuple):
                yield "<br>"
            yield write_line(child) or ("<br>" if not isinstance(before, tuple) else "")
        before = child


def _gather_paragraphs(box: Box) -> Iterator[Line | Box]:
    """Yield the blocks of a box; lines beside them are gathered into paragraphs."""
    paragraph = Box("p")
    for child in (*box.children, ()):
        if isinstance(child, tuple) and child:
            paragraph.children.append(child)
            continue
        if paragraph.children:
            yield paragraph
            paragraph = Box("p")
        # An empty paragraph at the end, as the editor leaves it, takes no place that would be seen.
        if isinstance(child, Box) and (child.kind != "p" or any(child.children)):
            yield child


def _write_box(box: Box) -> Iterator[str]:
    marks = "".join(f" {mark}" for mark in (box.text, box.info) if mark and box.kind != "pre")
    yield f"<{box.kind}{marks}>"
    if box.kind == "pre":
        yield _escape(box.text)
    else:
        yield from _write_children(box)
    yield f"</{box.kind}>"


def write_line(line: Line) -> str:
    """Return what a line shows in a normal form."""
    return "".join(map(_write_item, line))


def _write_item(item: Item) -> str:
    # Whether the brackets of a gap are raised or lowered makes no difference.
    style = _write_style(item.style - {SUB, SUP} if item.kind in GAPS else item.style)
    match item.kind:
        case "text":
            text = _escape(item.text)
        case "image" | "sound":
            text = _write_media(item)
        case "ruby":
            text = f"<ruby>{_escape(item.text)}<rt>{_escape(item.data[0])}</rt>"
        case "maths":
            text = f"<{item.data[0]} maths>{_escape(item.text.removeprefix('{}'))}</maths>"
        case "open":
            text = f"<gap {item.text}>"
        case "hint":
            text = "<hint>"
        case _:
            text = "</gap>"
    return f"<{style}>{text}</>" if style else text


def _write_media(item: Item) -> str:
    source = unquote(item.text)
    if item.kind == "sound" or source.rpartition(".")[2].lower() in SOUNDS:
        return f"<media {_escape(source)}>"
    alt, width, title = item.data
    return f"<img {_escape(source)} {_escape(alt)} {width} {_escape(title)}>"


def _write_style(style: Style) -> str:
    if not style:
        return ""
    return ",".join(
        sorted(unquote(mark).rstrip("/") if mark.startswith(LINK) else mark for mark in style)
    )


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
