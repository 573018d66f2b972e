"""How decks are studied in Anki → the options of a deck here, and what has no place in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cardwright.anki.definitions import AnkiDeck
from cardwright.anki.rows import Preset
from cardwright.model import DeckOptions

_MAX_PER_DAY: Final = 9_999
"""As in Anki."""
_DAY_MINUTES: Final = 24 * 60


def make_options(preset: Preset, deck: AnkiDeck) -> DeckOptions:
    """Return the options of a deck; those out of bounds are the nearest within."""
    new_per_day = preset.new_per_day if deck.new_per_day is None else deck.new_per_day
    reviews = preset.reviews_per_day if deck.reviews_per_day is None else deck.reviews_per_day
    retention = deck.desired_retention or preset.desired_retention
    return DeckOptions(
        new_per_day=min(new_per_day, _MAX_PER_DAY),
        reviews_per_day=min(reviews, _MAX_PER_DAY),
        desired_retention=min(max(retention, 0.7), 0.99),
        maximum_interval_days=preset.maximum_interval_days,
        learning_steps_minutes=tuple(filter(_is_step, preset.learning_steps_minutes)),
        relearning_steps_minutes=tuple(filter(_is_step, preset.relearning_steps_minutes)),
        leech_lapses=preset.leech_lapses,
        bury_siblings=preset.buries_new or preset.buries_reviews,
    )


def list_lost(preset: Preset) -> Iterator[str]:
    """Yield what the options made from a preset lack."""
    yield from preset.settings
    steps = (*preset.learning_steps_minutes, *preset.relearning_steps_minutes)
    if not all(map(_is_step, steps)):
        yield "learning steps of a day or more"
    if preset.buries_new != preset.buries_reviews:
        yield "burying of some siblings only"
    if preset.suspends_leeches:
        yield "suspending of leeches"
    if preset.parameters:
        yield "parameters of FSRS"


def _is_step(minutes: float) -> bool:
    return 0 < minutes < _DAY_MINUTES
