"""Note type and fields → question and answer, as Anki renders them.

Templates may use the syntax of our own: `{{Field}}`, `{{#Field}}…{{/Field}}` and `{{cloze:Field}}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from cardwright.anki.notetype import NoteType

_SECTION: Final = re.compile(r"\{\{#([^}]+)\}\}(.*?)\{\{/\1\}\}", re.DOTALL)
_REFERENCE: Final = re.compile(r"\{\{(cloze:)?([^}]+)\}\}")
_CLOZE_PART: Final = re.compile(r"\{\{c([\d,]+)::|\}\}|::")
_MATHS: Final = re.compile(r"\\[(\[].*?\\[)\]]", re.DOTALL)
_TAG: Final = re.compile(r"<[^>]*>")


def render_card(note_type: NoteType, fields: Sequence[str], ordinal: int) -> tuple[str, str]:
    """Return question and answer as HTML; `ordinal` is Anki's number of the card, from 0."""
    values = {field.name: text for field, text in zip(note_type.fields, fields, strict=True)}
    template = note_type.templates[0 if note_type.is_cloze else ordinal]
    number = ordinal + 1
    return (
        _fill(template.front, values, number, revealed=False),
        _fill(template.back, values, number, revealed=True),
    )


def _fill(template: str, values: Mapping[str, str], number: int, *, revealed: bool) -> str:
    def fill_section(match: re.Match[str]) -> str:
        return match[2] if values.get(match[1], "").strip() else ""

    def fill_reference(match: re.Match[str]) -> str:
        text = values.get(match[2], "")
        return _render_cloze(text, number, revealed=revealed) if match[1] else text

    before = ""
    while before != template:
        before, template = template, _SECTION.sub(fill_section, template)
    return _REFERENCE.sub(fill_reference, template)


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
