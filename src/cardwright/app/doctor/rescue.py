"""Saving what is readable of a damaged store."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Final, NamedTuple

from cardwright.history import Review
from cardwright.study.error import StoreError
from cardwright.study.journal import make_journal
from cardwright.study.mirror import Mirror
from cardwright.study.rescue import Rest, rescue_rest, rescue_reviews
from cardwright.study.settings import STORE
from cardwright.study.settings_table import SYNCED
from cardwright.study.snapshot import open_empty
from cardwright.study.store import Store

STORE_ENDING: Final = ".db"


class Saved(NamedTuple):
    """What a rescue saved, and what it could not."""

    reviews: list[Review]
    unreadable: list[str]
    """A line for each row that is lost."""


def rescue_log(path: Path, target: Path) -> Saved:
    """Return every readable review of a store, for a new file at `target`.

    Raises:
        StoreError: nothing is readable, or the target exists.

    """
    if os.path.lexists(target):
        raise StoreError(f"{target} exists already", help="name a new file")
    found = rescue_reviews(path)
    return Saved(found.reviews, _list_lines(found.unreadable))


def rescue_store(path: Path, target: Path) -> Saved:
    """Write a new store with every review, setting and record that is readable of another one.

    Raises:
        StoreError: nothing is readable, or the target exists or cannot be written.

    """
    saved = rescue_log(path, target)
    rest = rescue_rest(path)
    with open_empty(target) as store:
        with store.transaction():
            for setting in rest.settings:
                # What may be lost here is taken from the sync folder again.
                if (setting.deck, setting.name) != (STORE, SYNCED):
                    store.settings.write(setting)
            for record in rest.records:
                store.records.write(record)
            _remember_mirrors(store, rest, {review.id for review in saved.reviews})
        make_journal(store, {}).merge(saved.reviews)
        store.copy_to(target)
    return saved._replace(unreadable=[*saved.unreadable, *_list_lines(rest.unreadable)])


def _remember_mirrors(store: Store, rest: Rest, saved: Container[str]) -> None:
    for place, row_id, row in rest.mirror_rows:
        # What is lost here and is still there is read from there again.
        if row.review_id in saved:
            Mirror(store, place).put_rows({row_id: row})
    for place, key, card in rest.mirror_cards:
        Mirror(store, place).put_cards({key: card})
    for place, name, value in rest.mirror_facts:
        Mirror(store, place).put_fact(name, value)


def _list_lines(unreadable: Iterable[object]) -> list[str]:
    return list(map(str, unreadable))
