"""A card, drawn in the terminal: every prompt with its question and answer."""

from __future__ import annotations

import re
from typing import Final

from rich.console import Console
from rich.markdown import Markdown
from rich.rule import Rule
from rich.text import Text

from cardwright.kinds import list_asked, list_prompts
from cardwright.markdown import reveal_deletions
from cardwright.model import Card, Collection, Kind, Option, Prompt, Value

_MAX_WIDTH: Final = 88
_CODE_OR_MATHS: Final = re.compile(
    r"(?ms)^(?:```|~~~).*?^(?:```|~~~)|`[^`]*`|(?P<maths>(?<!\\)\$[^\s$][^$\n]*\$)"
)


def print_card(collection: Collection, card: Card) -> None:
    """Print a card's prompts, then its sources and where it stands."""
    console = Console(highlight=False)
    if console.width > _MAX_WIDTH:
        console = Console(highlight=False, width=_MAX_WIDTH)
    kind = collection.kinds[card.kind]
    lesson = collection.lesson_of(card)
    for prompt in list_prompts(card, kind):
        console.print(Rule(Text(prompt.ref, style="bold"), align="left"))
        console.print(_draw(make_question(prompt, kind)))
        console.print(Rule(style="dim"))
        console.print(_draw(make_answer(prompt, kind)))
        console.print()
    if card.retired is not None:
        console.print(Text(f"Retired: {card.retired}", style="bold"))
    for source in card.sources:
        console.print(Text(f"Source: {source.title or source.url}", style="dim"))
    console.print(Text(f"{kind.title} · {lesson or 'no lesson'} · {card.span}", style="dim"))


def _draw(markdown: str) -> Markdown:
    """Draw Markdown; its formulas stay as written, for rich would read them as Markdown."""

    def keep(match: re.Match[str]) -> str:
        return f"`{match[0]}`" if match["maths"] else match[0]

    return Markdown(_CODE_OR_MATHS.sub(keep, markdown), hyperlinks=False)


def make_question(prompt: Prompt, kind: Kind) -> str:
    """Return a prompt's question as Markdown."""
    card = prompt.card
    if kind.cloze:
        return reveal_deletions(card.text(kind.cloze), hidden=prompt.ordinal + 1)
    question = prompt.side.ask
    for name in list_asked(prompt.side):
        text = _as_markdown(card.fields.get(name), revealed=False)
        question = question.replace(f"{{{{{name}}}}}", text)
    return question


def make_answer(prompt: Prompt, kind: Kind) -> str:
    """Return a prompt's answer as Markdown."""
    card = prompt.card
    parts = []
    for number, name in enumerate(prompt.side.show):
        text = _as_markdown(card.fields.get(name), revealed=True)
        if name == kind.cloze:
            text = reveal_deletions(text)
        if text and number:
            text = f"**{kind.field(name).label}**\n\n{text}"
        parts.append(text)
    return "\n\n".join(part for part in (*parts, card.extra) if part)


def _as_markdown(value: Value | None, *, revealed: bool) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return value
    return "\n".join(_as_item(item, revealed=revealed) for item in value)


def _as_item(item: str | Option, *, revealed: bool) -> str:
    if isinstance(item, str):
        return f"- {item}"
    if not revealed:
        return f"- {item.text}"
    return f"- {'✓' if item.right else '✗'} {item.text}  \n  *{item.reason}*"
