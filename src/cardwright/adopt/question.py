"""Anki's templates → questions in Markdown and the fields of answers, for where there is no Anki."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from cardwright.adopt.clean import clean_text
from cardwright.html import Layout, convert_html
from cardwright.incoming import IncomingTemplate
from cardwright.kinds.template import (
    Node,
    Reference,
    TemplateError,
    find_needed_fields,
    parse_template,
)
from cardwright.markdown.escape import drop_tags
from cardwright.markdown.render import Renderer

_UNSEEN: Final = re.compile(
    r"<!--|<(script|style|svg|button|select|canvas|textarea|noscript|iframe|object)\b",
    re.IGNORECASE,
)
"""Begins what of a template is no text."""
_TO_THE_END: Final = frozenset({"script", "style"})
"""Without their end, all that follows belongs to them."""
_BREAK: Final = re.compile(
    r"</?(?:br|hr|div|p|ul|ol|li|table|t[rdh]|h[1-6]|section|article|header|footer|main|center|pre"
    r"|blockquote|details|summary|figure|dl|dt|dd|nav|form|fieldset|body|html)\b[^>]*>",
    re.IGNORECASE,
)
_ANSWER: Final = re.compile(r"\bid\s*=\s*[\"']?answer\b", re.IGNORECASE)
_FIRST_MARK: Final = 0xE000
_MARK: Final = re.compile("[\ue000-\uf8ff]")
"""Stands for a field in the text of a template."""
_MAX_FIELDS: Final = 0xF8FF - _FIRST_MARK
_MAX_TEXT: Final = 200
"""With more text around its fields than this, a template is more than a question."""
_MAX_MARKS: Final = 50
"""Likewise, with fields in more places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a side of a card asks and shows, by the names of its fields in Anki."""

    asked: tuple[str, ...]
    shown: tuple[str, ...]
    """With the answer, and not with the question."""
    typed: str
    """The field to type, or ""."""
    is_spoken: bool
    """Whether Anki reads a text aloud."""
    paragraphs: tuple[str, ...]
    """The question in Markdown; `{{}}` with a name in Anki stands for a field."""


@dataclass(slots=True)
class _Found:
    """The fields in a template."""

    fields: dict[str, None]
    hidden: dict[str, None]
    """Those that only a click shows."""
    spoken: dict[str, None]
    typed: str = ""


def read_sides(template: IncomingTemplate, fields: Sequence[str]) -> Shown:
    """Read the templates of a card; `fields` are the names of all fields in Anki."""
    front, back = _parse(template.front), _parse(template.back)
    asked, answered = _find(_walk(front), fields), _find(_order_answer(back), fields)
    shown_first = dict.fromkeys((*asked.fields, *(() if asked.fields else asked.spoken)))
    later = (*answered.fields, *answered.hidden, *asked.hidden, *answered.spoken)
    shown = dict.fromkeys(name for name in later if name not in shown_first)
    if asked.typed and asked.typed not in shown_first:
        shown = dict.fromkeys((asked.typed, *shown))
    return Shown(
        asked=tuple(shown_first),
        shown=tuple(shown),
        typed=asked.typed,
        is_spoken=bool(asked.spoken or answered.spoken),
        paragraphs=tuple(_write_paragraphs(template.front, front, fields)),
    )


def find_gapped(template: IncomingTemplate, fields: Collection[str]) -> tuple[str, ...]:
    """Return the fields of which a template shows the gaps."""
    found = (
        node.name
        for node in _walk(_parse(template.front))
        if "cloze" in node.filters and node.name in fields
    )
    return tuple(dict.fromkeys(found))


def find_needed(templates: Iterable[IncomingTemplate], fields: Sequence[str]) -> set[str]:
    """Return the fields without which a note has no card."""
    needed = set(fields)
    for template in templates:
        if _parse(template.front):
            needed &= find_needed_fields(template.front, fields)
    return needed


def _parse(template: str) -> Sequence[Node]:
    try:
        return parse_template(template)
    except TemplateError:
        return ()


def _walk(nodes: Iterable[Node]) -> Iterator[Reference]:
    for node in nodes:
        if isinstance(node, Reference):
            yield node
        elif not isinstance(node, str):
            yield from _walk(node.children)


def _order_answer(back: Iterable[Node]) -> list[Reference]:
    """Return what a back template shows, from where it says that the answer begins."""
    before: list[Reference] = []
    after: list[Reference] = []
    _divide(back, before, after)
    return [*after, *before]


def _divide(nodes: Iterable[Node], before: list[Reference], after: list[Reference]) -> None:
    found = before
    for node in nodes:
        if isinstance(node, Reference):
            found.append(node)
        elif not isinstance(node, str):
            _divide(node.children, before if found is before else after, after)
        if found is before and (after or (isinstance(node, str) and _ANSWER.search(node))):
            found = after


def _find(references: Iterable[Reference], fields: Collection[str]) -> _Found:
    found = _Found({}, {}, {})
    for node in references:
        if node.name not in fields:
            continue
        if "type" in node.filters:
            found.typed = found.typed or node.name
            if "cloze" in node.filters:
                found.fields[node.name] = None
        elif "hint" in node.filters:
            found.hidden[node.name] = None
        elif any(name.partition(" ")[0] in {"tts", "tts-voices"} for name in node.filters):
            found.spoken[node.name] = None
        else:
            found.fields[node.name] = None
    return found


def _write_paragraphs(front: str, nodes: Sequence[Node], fields: Sequence[str]) -> Iterator[str]:
    """Yield the paragraphs of a question, with a mark for each field."""
    numbers = {name: chr(_FIRST_MARK + place) for place, name in enumerate(fields[:_MAX_FIELDS])}
    needed = find_needed_fields(front, numbers) if nodes else frozenset()
    text = _drop_unseen("".join(_write(nodes, numbers, needed, is_sure=True)))
    # A tag that does not end would be looked for again and again.
    head, end, tail = text.rpartition(">")
    parts = _BREAK.split(head + end)
    parts[-1] += tail
    shown: set[str] = set()
    for part in parts:
        words = " ".join(drop_tags(part).split())
        marks = _MARK.findall(words)
        if marks and shown.issuperset(marks):
            continue
        shown.update(marks)
        if marks or any(map(str.isalnum, words)):
            yield words


def _drop_unseen(text: str) -> str:
    """Return the text of a template without what is no text."""
    parts: list[str] = []
    place = start = 0
    unended: set[str] = set()
    while opened := _UNSEEN.search(text, start):
        name = (opened[1] or "").lower()
        closed = None if name in unended else _find_end(name).search(text, opened.end())
        if closed is None and name not in _TO_THE_END:
            unended.add(name)
            start = opened.end()
            continue
        parts += text[place : opened.start()], " "
        place = start = closed.end() if closed else len(text)
    return "".join((*parts, text[place:]))


@cache
def _find_end(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}\s*>" if name else "-->", re.IGNORECASE)


def _write(
    nodes: Iterable[Node], numbers: Mapping[str, str], needed: Collection[str], *, is_sure: bool
) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            words = _MARK.sub("", node)
            yield words if is_sure else "".join(_BREAK.findall(words)) or " "
        elif isinstance(node, Reference):
            yield _write_reference(node, numbers)
        elif not node.is_negated:
            # What is only shown with some cards is left out, so that its words never stand alone.
            is_always = is_sure and (node.name not in numbers or node.name in needed)
            around = ("", "") if is_always else ("<br>", "<br>")
            yield around[0]
            yield from _write(node.children, numbers, needed, is_sure=is_always)
            yield around[1]


def _write_reference(node: Reference, numbers: Mapping[str, str]) -> str:
    is_hidden = any(
        name in {"hint", "type"} or name.partition(" ")[0] in {"tts", "tts-voices"}
        for name in node.filters
    )
    if node.name not in numbers or (is_hidden and "cloze" not in node.filters):
        return ""
    return numbers[node.name]


def write_question(
    shown: Shown, fields: Sequence[str], keys: Mapping[str, str], inline: Collection[str]
) -> str:
    """Return the question of a side as Markdown with `{{key}}` for each field.

    `keys` are those of the fields by their names in Anki, and `inline` the keys that fit into a line.
    """
    marks = {
        chr(_FIRST_MARK + place): keys[name] for place, name in enumerate(fields) if name in keys
    }
    length = sum(len(_MARK.sub("", text)) for text in shown.paragraphs)
    marked = sum(len(_MARK.findall(text)) for text in shown.paragraphs)
    if length <= _MAX_TEXT and marked <= _MAX_MARKS:
        paragraphs = [
            part for text in shown.paragraphs for part in _write_paragraph(text, marks, inline)
        ]
        question = clean_text("\n\n".join(paragraphs))
        if "{{" in question and _is_fine(question):
            return question
    asked = [keys[name] for name in shown.asked if name in keys] or list(keys.values())[:1]
    return "\n\n".join(f"{{{{{key}}}}}" for key in asked)


def _write_paragraph(text: str, marks: Mapping[str, str], inline: Collection[str]) -> Iterator[str]:
    """Yield a paragraph; a field that does not fit into a line is one of its own."""
    line: list[str] = []
    for part in re.split(f"({_MARK.pattern})", text):
        key = marks.get(part)
        if key is None:
            line.append(_escape(part))
        elif key in inline:
            line.append(f"{{{{{key}}}}}")
        else:
            yield from _finish(line)
            line.clear()
            yield f"{{{{{key}}}}}"
    yield from _finish(line)


def _finish(line: Iterable[str]) -> Iterator[str]:
    words = "".join(line).strip()
    if "{{" in words or any(map(str.isalnum, words)):
        yield words


def _escape(text: str) -> str:
    """Return the text of a template, which is HTML without tags, as Markdown."""
    words = text.strip()
    if not words:
        return " " if text else ""
    made = convert_html(words, Layout.INLINE, find_media=lambda _: None).markdown
    before = " " if text[0] == " " else ""
    return f"{before}{made}{' ' if text[-1] == ' ' else ''}"


def _is_fine(question: str) -> bool:
    text = re.sub(r"\{\{\w+\}\}", "x", question)
    return not Renderer(highlights=False).render_block(text).problems
