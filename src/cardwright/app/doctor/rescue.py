"""Saving what is readable of a damaged store into a new file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

from cardwright.files import write_file
from cardwright.study.error import StoreError
from cardwright.study.journal import make_journal
from cardwright.study.rescue import rescue_rest, rescue_reviews
from cardwright.study.store import open_store
from cardwright.study.transfer import write_json_lines

STORE_ENDING: Final = ".db"


class Saved(NamedTuple):
    """What a rescue saved, and what it could not."""

    reviews: int
    unreadable: list[str]
    """A line for each row that is lost."""


def rescue(path: Path, target: Path, machine: str) -> Saved:
    """Write every readable review of a store to a new file.

    A target that ends in .db becomes a store, with the settings and all else that is readable; any
    other is written as JSON Lines.

    Raises:
        StoreError: nothing is readable, or the target exists or cannot be written.

    """
    if os.path.lexists(target):
        raise StoreError(f"{target} exists already", help="name a new file")
    found = rescue_reviews(path)
    lost = list(map(str, found.unreadable))
    if target.suffix != STORE_ENDING:
        write_file(target, "".join(write_json_lines(found.reviews)))
        return Saved(len(found.reviews), lost)
    rest = rescue_rest(path)
    lost += map(str, rest.unreadable)
    temporary = target.with_name(f".{target.stem}.{os.getpid()}")
    try:
        with open_store(temporary, machine) as store:
            store.put_settings(rest.settings)
            with store.transaction():
                for record in rest.records:
                    store.put_record(*record)
        with open_store(temporary, machine) as store:
            make_journal(store, {}).merge(found.reviews)
            store.copy_to(target)
    finally:
        for suffix in ("", "-wal", "-shm"):
            temporary.with_name(temporary.name + suffix).unlink(missing_ok=True)
    return Saved(len(found.reviews), lost)
