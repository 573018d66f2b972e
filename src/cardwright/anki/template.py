"""Note type and fields → question and answer, as Anki renders them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cardwright.anki.notetype import NoteType
from cardwright.kinds.template import Node, Reference, TemplateError, is_empty, parse_template
from cardwright.markdown.escape import drop_tags, escape_html

_CLOZE_PART: Final = re.compile(r"\{\{c([0-9,]{1,200})::|\}\}|::")
_MATHS_EDGE: Final = re.compile(r"\\[()\[\]]")
_MAX_DEPTH: Final = 10
"""Anki ignores the marks of deletions that are nested deeper."""
_MIN_WORK: Final = 1_000_000
_MAX_GROWTH: Final = 20
"""How often a side may show all of its template and fields: `{{Field}}` can be repeated without end."""


def render_card(
    note_type: NoteType,
    fields: Sequence[str],
    ordinal: int,
    details: Mapping[str, str] | None = None,
) -> tuple[str, str]:
    """Return question and answer as HTML; `ordinal` is Anki's number of the card, from 0.

    `details` holds what Anki knows of a card besides its fields, such as `Deck` and `Tags`.
    """
    values = {field.name: text for field, text in zip(note_type.fields, fields, strict=True)}
    given = sum(map(len, fields))
    template = note_type.templates[0 if note_type.is_cloze else ordinal]
    number = ordinal + 1
    values = {**(details or {}), "Card": template.name, f"c{number}": "1", **values}
    front = _render_face(template.front, values, number, given, is_back=False)
    values = {"FrontSide": front, **values}
    return front, _render_face(template.back, values, number, given + len(front), is_back=True)


def _render_face(
    template: str, values: Mapping[str, str], number: int, given: int, *, is_back: bool
) -> str:
    most = _MIN_WORK + _MAX_GROWTH * (len(template) + given)
    try:
        return _Face(values, number, most, is_back=is_back).render(parse_template(template))
    except TemplateError as error:
        return escape_html(f"{error}")


class _Face:
    """Renders one side of a card."""

    def __init__(self, values: Mapping[str, str], number: int, most: int, *, is_back: bool) -> None:
        """`most` is how many characters may be written, and read from fields."""
        self._values = values
        self._number = number
        self._left = most
        self._is_back = is_back
        self._empty: dict[str, bool] = {}

    def render(self, nodes: Sequence[Node]) -> str:
        return "".join(self._render(nodes))

    def _render(self, nodes: Sequence[Node]) -> Iterator[str]:
        for node in nodes:
            if isinstance(node, str):
                yield node
            elif isinstance(node, Reference):
                shown = self._show(node)
                self._spend(len(shown))
                yield shown
            elif self._is_empty(node.name) == node.is_negated:
                yield from self._render(node.children)

    def _is_empty(self, name: str) -> bool:
        if name not in self._empty:
            self._empty[name] = is_empty(self._values.get(name, ""))
        return self._empty[name]

    def _spend(self, length: int) -> None:
        self._left -= length
        if self._left < 0:
            raise TemplateError("this side of the card is too long to show")

    def _show(self, reference: Reference) -> str:
        text = self._values.get(reference.name, "")
        self._spend(len(text) * (1 + len(reference.filters)))
        if "type" in reference.filters:
            return self._show_typed(text, is_cloze="cloze" in reference.filters)
        for name in reversed(reference.filters):
            if name == "cloze":
                text = _render_cloze(text, self._number, revealed=self._is_back)
            elif name == "text":
                text = drop_tags(text)
            elif name == "hint" and text:
                title = escape_html(reference.name)
                text = f"<details><summary>{title}</summary>{text}</details>"
        return text

    def _show_typed(self, text: str, *, is_cloze: bool) -> str:
        """Show where an answer is typed; on the back, the answer, since nobody typed one."""
        if is_empty(text):
            return ""
        if not self._is_back:
            return '<input id="typeans" disabled>'
        return "" if is_cloze else f'<code id="typeans">{drop_tags(text)}</code>'


def _render_cloze(text: str, number: int, *, revealed: bool) -> str:
    """Render deletions as Anki does: those of `number` hidden or marked, the others shown.

    Source: anki rslib/src/cloze.rs.
    """
    # A stack of open deletions: the numbers, the text so far and the hint of each.
    stack: list[tuple[set[int], list[str], list[str]]] = [(set(), [], [])]
    position = 0
    for match in _CLOZE_PART.finditer(text):
        _, text_so_far, hint = stack[-1]
        (hint or text_so_far).append(text[position : match.start()])
        position = match.end()
        if match[1]:
            if len(stack) > _MAX_DEPTH:
                continue
            stack.append(({int(part) for part in match[1].split(",") if part}, [], []))
        elif match[0] == "::":
            if len(stack) > 1 and not hint:
                hint.append("")
            else:
                (hint or text_so_far).append("::")
        elif len(stack) > 1:
            numbers, inner, inner_hint = stack.pop()
            stack[-1][1].append(
                _show_deletion(numbers, "".join(inner), "".join(inner_hint), number, revealed)
            )
        else:
            text_so_far.append("}}")
    stack[0][1].append(text[position:])
    # Within a formula, MathJax would show the tags of a deletion as text.
    return "".join(_clean_maths("".join(stack[0][1])))


def _clean_maths(html: str) -> Iterator[str]:
    """Yield the parts of a text, formulas without their tags."""
    place, opened = 0, None
    for match in _MATHS_EDGE.finditer(html):
        is_opening = match[0][1] in "(["
        if opened is None and is_opening:
            opened = match.start()
        elif opened is not None and not is_opening:
            yield html[place:opened]
            yield drop_tags(html[opened : match.end()])
            place, opened = match.end(), None
    yield html[place:]


def _show_deletion(numbers: set[int], inner: str, hint: str, number: int, revealed: bool) -> str:
    ordinals = ",".join(str(n) for n in sorted(numbers))
    if number not in numbers:
        return f'<span class="cloze-inactive" data-ordinal="{ordinals}">{inner}</span>'
    if revealed:
        return f'<span class="cloze" data-ordinal="{ordinals}">{inner}</span>'
    return f'<span class="cloze" data-ordinal="{ordinals}">[{hint or "..."}]</span>'
