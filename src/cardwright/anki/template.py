"""Note type and fields → question and answer, as Anki renders them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cardwright.anki.notetype import NoteType
from cardwright.kinds.template import Node, Reference, TemplateError, is_empty, parse_template
from cardwright.markdown.escape import escape_html

_CLOZE_PART: Final = re.compile(r"\{\{c([\d,]+)::|\}\}|::")
_MATHS: Final = re.compile(r"\\[(\[].*?\\[)\]]", re.DOTALL)
_TAG: Final = re.compile(r"<[^>]*>")


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
    template = note_type.templates[0 if note_type.is_cloze else ordinal]
    number = ordinal + 1
    values = {**(details or {}), "Card": template.name, f"c{number}": "1", **values}
    front = _render_face(template.front, _Face(values, number, is_back=False))
    values = {"FrontSide": front, **values}
    return front, _render_face(template.back, _Face(values, number, is_back=True))


def _render_face(template: str, face: _Face) -> str:
    try:
        return face.render(parse_template(template))
    except TemplateError as error:
        return escape_html(f"{error}")


class _Face:
    """Renders one side of a card."""

    def __init__(self, values: Mapping[str, str], number: int, *, is_back: bool) -> None:
        self._values = values
        self._number = number
        self._is_back = is_back

    def render(self, nodes: Sequence[Node]) -> str:
        return "".join(self._render(nodes))

    def _render(self, nodes: Sequence[Node]) -> Iterator[str]:
        for node in nodes:
            if isinstance(node, str):
                yield node
            elif isinstance(node, Reference):
                yield self._show(node)
            elif is_empty(self._values.get(node.name, "")) == node.is_negated:
                yield from self._render(node.children)

    def _show(self, reference: Reference) -> str:
        text = self._values.get(reference.name, "")
        if "type" in reference.filters:
            return self._show_typed(text, is_cloze="cloze" in reference.filters)
        for name in reversed(reference.filters):
            if name == "cloze":
                text = _render_cloze(text, self._number, revealed=self._is_back)
            elif name == "text":
                text = _TAG.sub("", text)
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
        return "" if is_cloze else f'<code id="typeans">{_TAG.sub("", text)}</code>'


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
    return _MATHS.sub(lambda match: _TAG.sub("", match[0]), "".join(stack[0][1]))


def _show_deletion(numbers: set[int], inner: str, hint: str, number: int, revealed: bool) -> str:
    ordinals = ",".join(str(n) for n in sorted(numbers))
    if number not in numbers:
        return f'<span class="cloze-inactive" data-ordinal="{ordinals}">{inner}</span>'
    if revealed:
        return f'<span class="cloze" data-ordinal="{ordinals}">{inner}</span>'
    return f'<span class="cloze" data-ordinal="{ordinals}">[{hint or "..."}]</span>'
