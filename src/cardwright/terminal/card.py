"""A card, drawn in the terminal: every prompt with its question and answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from cardwright.kinds import list_prompts
from cardwright.model import Card, Collection
from cardwright.terminal.face import draw_answer, draw_question
from cardwright.text import make_plain

_MAX_WIDTH: Final = 88


def print_card(collection: Collection, card: Card) -> None:
    """Print a card's prompts, then what it is and where it stands."""
    console = Console(highlight=False)
    console.width = min(console.width, _MAX_WIDTH)
    console.print(draw_card(collection, card))


def draw_card(collection: Collection, card: Card) -> Group:
    """Draw a card's prompts, then what it is and where it stands."""
    return Group(*_draw_parts(collection, card))


def _draw_parts(collection: Collection, card: Card) -> Iterator[RenderableType]:
    kind = collection.kinds[card.kind]
    for prompt in list_prompts(card, kind):
        yield Rule(Text(make_plain(prompt.ref), style="bold"), align="left")
        yield draw_question(prompt, kind)
        yield Rule(style="dim")
        yield draw_answer(prompt, kind)
        yield ""
    if card.retired is not None:
        yield Text(make_plain(f"Retired: {card.retired}"), style="bold")
    lesson = collection.lesson_of(card) or "no lesson"
    yield Text(make_plain(f"{kind.title} · {lesson} · {card.span}"), style="dim")
