"""A card as Markdown that an editor shows beside it: its questions and answers, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cardwright.app.project import Project
from cardwright.kinds import list_prompts
from cardwright.markdown.cloze import reveal_deletions
from cardwright.model import Card, FieldType, Kind, Prompt
from cardwright.text import count, escape_controls

_MAX_PROMPTS: Final = 3
_MAX_CHARS: Final = 3_000
"""The length at which a text is cut."""
_IMAGE: Final = re.compile(r"!+(?=\[)")
_LIVE: Final = re.compile(
    r"(?<=<)(?=[a-z/!?])|(?<=\])(?=[(:])(?!\((?:https?://|mailto:))", re.IGNORECASE
)
"""The places in HTML and in links, other than those to the web, that keep them from being such."""
_SELECTOR: Final = "\ufe0e"
"""Invisible, also in code, where a backslash would be seen."""
_FIELD: Final = re.compile(r"\{\{(\w+)\}\}")


def describe_card(card: Card, project: Project) -> str:
    """Return a card as Markdown: its prompts, and what is known about it."""
    kind = project.collection.kinds[card.kind]
    prompts = list_prompts(card, kind)
    parts = [f"**{card.ref}** · {make_safe(kind.title)}", *_describe_state(card, project)]
    for prompt in prompts[:_MAX_PROMPTS]:
        question, answer = _show_sides(card, kind, prompt)
        name = f"\n\n*{prompt.side_name}*" if len(prompts) > 1 else ""
        parts.append(f"---{name}\n\n{question or '…'}\n\n---\n\n{answer or '…'}")
    if card.extra:
        parts.append(make_safe(card.extra))
    if left := len(prompts) - _MAX_PROMPTS:
        parts += [f"*… and {count(left, 'prompt')} more*"] if left > 0 else []
    return "\n\n".join(parts)


def make_safe(text: str) -> str:
    """Return Markdown of an author that loads nothing and runs no command, cut if it is long."""
    text = text if len(text) <= _MAX_CHARS else f"{text[:_MAX_CHARS]}…"
    # Editors fetch images from anywhere, and some take HTML, or commands of theirs as links.
    return _LIVE.sub(_SELECTOR, _IMAGE.sub("", escape_controls(text)))


def _describe_state(card: Card, project: Project) -> Iterator[str]:
    words = []
    if card.retired is not None:
        words.append(f"retired: {card.retired}")
    if card.reserved is not None:
        words.append(f"reserved for {card.reserved}")
    ledger = project.ledgers.get(card.pack)
    published = ledger.find(card) if ledger else None
    if published is None:
        words.append("not published yet")
    elif published.id != card.id:
        words.append(f"published as {published.id}")
    lesson = project.collection.lesson_of(card)
    words += [f"lesson {lesson}"] if lesson else []
    words += [f"#{tag}" for tag in card.tags]
    yield make_safe(" · ".join(words))


def _show_sides(card: Card, kind: Kind, prompt: Prompt) -> tuple[str, str]:
    side = prompt.side
    if kind.cloze is not None:
        text = card.text(kind.cloze)
        hidden = reveal_deletions(text, hidden=prompt.ordinal + 1)
        return make_safe(hidden), make_safe(reveal_deletions(text))
    if side.template is not None:
        shown = [_show_field(card, kind, field.name) for field in kind.fields]
        first, *rest = [text for text in shown if text] or [""]
        return first, "\n\n".join(rest)
    question = _FIELD.sub(lambda match: _show_field(card, kind, match[1]), side.ask)
    answers = [_show_field(card, kind, name, is_answer=True) for name in side.show]
    return question.strip(), "\n\n".join(filter(None, answers))


def _show_field(card: Card, kind: Kind, name: str, *, is_answer: bool = False) -> str:
    if not any(field.name == name for field in kind.fields):
        return ""
    if kind.field(name).type is FieldType.OPTIONS:
        return "\n".join(
            f"- {make_safe(option.text)}"
            + (f" {'✓' if option.right else '✗'} {make_safe(option.reason)}" if is_answer else "")
            for option in card.options
        )
    value = card.fields.get(name, "")
    if isinstance(value, str):
        return make_safe(value)
    return "\n".join(f"- {make_safe(item)}" for item in value) if isinstance(value, tuple) else ""
