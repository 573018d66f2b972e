"""Card → Prompts: what a card asks."""

from __future__ import annotations

import re
from typing import Final

from cardwright.markdown import cloze_numbers
from cardwright.model import Card, Kind, Prompt, Side

_FIELD_REF: Final = re.compile(r"\{\{(\w+)\}\}")


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


def list_asked(side: Side) -> tuple[str, ...]:
    """Return the fields that a side's question shows, in order."""
    return tuple(_FIELD_REF.findall(side.ask))


def is_alone(ask: str, field: str) -> bool:
    """Tell whether a field stands alone in a paragraph of a question."""
    return bool(re.search(r"(?:^|\n\n)\{\{" + field + r"\}\}(?:\n\n|$)", ask.strip()))
