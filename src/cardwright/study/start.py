"""From a project's decks and a store to a journal and a sitting."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from cardwright.history import Moment
from cardwright.kinds import list_items
from cardwright.model import Collection, Deck, DeckOptions
from cardwright.study.journal import Journal
from cardwright.study.maths import DEFAULT_PARAMETERS, MODEL
from cardwright.study.queue import Wishes
from cardwright.study.schedule import Schedule
from cardwright.study.session import Session
from cardwright.study.store import Store

_USUAL_ROLLOVER_HOUR: Final = 4


def make_journal(store: Store, decks: Mapping[str, Deck]) -> Journal:
    """Put a store under the options of decks, by pack, and under what the user set otherwise.

    Memories that were computed under other rules are made anew.
    """
    settings = store.read_settings()
    rollover_hour = settings.get(("", "rollover_hour"), _USUAL_ROLLOVER_HOUR)

    def make_schedule(pack: str, options: DeckOptions) -> Schedule:
        own = {
            field.name: _as_tuple(settings[pack, field.name])
            for field in dataclasses.fields(DeckOptions)
            if (pack, field.name) in settings
        }
        fitted = settings.get((pack, "parameters"), {})
        # Of another model they mean something else.
        is_ours = fitted.get("model") == MODEL
        parameters = fitted["parameters"] if is_ours else DEFAULT_PARAMETERS
        return Schedule(dataclasses.replace(options, **own), parameters, rollover_hour)

    schedules = {pack: make_schedule(pack, deck.options) for pack, deck in decks.items()}
    journal = Journal(store, schedules, make_schedule("", DeckOptions()))
    journal.foreign_fits = [
        pack
        for (pack, name), value in settings.items()
        if name == "parameters" and value.get("model") != MODEL
    ]
    if outdated := journal.list_outdated():
        journal.rebuild(outdated)
    return journal


def start_session(
    collection: Collection, store: Store, moment: Moment, wishes: Wishes | None = None
) -> Session:
    """Begin a sitting over all prompts of a collection.

    Raises:
        StoreError: the store cannot be read or written.

    """
    items = list_items(collection)
    journal = make_journal(store, collection.decks)
    return Session(journal, items, moment, name=uuid4().hex, wishes=wishes)


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
