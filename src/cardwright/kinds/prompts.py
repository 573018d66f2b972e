"""Card → Prompts: what a card asks."""

from __future__ import annotations

from cardwright.markdown import cloze_numbers
from cardwright.model import Card, Kind, Prompt


def list_prompts(card: Card, kind: Kind) -> tuple[Prompt, ...]:
    """Return what a card asks, in Anki's order; retired cards still have their prompts."""
    if kind.cloze is not None:
        (side,) = kind.sides
        return tuple(
            Prompt(card=card, side=side, key=f"c{number}", ordinal=number - 1)
            for number in cloze_numbers(card.text(kind.cloze))
        )
    return tuple(
        Prompt(card=card, side=side, key=side.name, ordinal=ordinal)
        for ordinal, side in enumerate(kind.sides)
        if side.when is None or card.fields.get(side.when)
    )
