"""The clock, the review store and the project that a command uses."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from cardwright.app import study as app_study
from cardwright.app.study import Study
from cardwright.cli.output import warn
from cardwright.history import Moment
from cardwright.study.journal import Journal
from cardwright.study.store import Store, open_store

_CLOCK: Final = "CARDS_NOW"
_STARTED_S: Final = time.monotonic()


def read_clock() -> Moment:
    """Return the current time; CARDS_NOW (ISO), if set, is the time at which the program started.

    Raises:
        UsageError: CARDS_NOW is not a valid time.

    """
    given = os.environ.get(_CLOCK)
    if not given:
        return Moment.from_datetime(datetime.now().astimezone())
    try:
        start = parse_time(given)
    except (ValueError, OverflowError):
        raise click.UsageError(f"CARDS_NOW is not a valid ISO time: {given}") from None
    return Moment(
        start.at_ms + int((time.monotonic() - _STARTED_S) * 1000), start.utc_offset_minutes
    )


def parse_time(text: str) -> Moment:
    """Parse an ISO time; without an offset it is local time.

    Raises:
        ValueError, OverflowError: it is not a time between 1970 and 6429.

    """
    at = datetime.fromisoformat(text)
    return Moment.from_datetime(at if at.tzinfo else at.astimezone())


def default_store_path() -> Path:
    """Return the default path of the review store, in the user's data folder."""
    import platformdirs  # noqa: PLC0415  (not needed when a path is given)

    return platformdirs.user_data_path("cardwright", appauthor=False) / "reviews.db"


@contextmanager
def open_user_store(db: Path | None) -> Iterator[Store]:
    """Open the review store at a path, or the default one."""
    today = read_clock().local.date().isoformat()
    with open_store(db or default_store_path(), today=today) as store:
        yield store


@contextmanager
def open_study(folder: Path, db: Path | None) -> Iterator[Study]:
    """Open the review store at a path, or the default one, with the project of a folder."""
    with app_study.open_study(folder, db or default_store_path(), read_clock()) as study:
        _warn_of_unused_parameters(study.journal)
        yield study


@contextmanager
def open_journal(folder: Path, db: Path | None) -> Iterator[Journal]:
    """Open the review store with the options of the project of a folder, if there is one."""
    with app_study.open_journal(folder, db or default_store_path(), read_clock()) as journal:
        _warn_of_unused_parameters(journal)
        yield journal


def _warn_of_unused_parameters(journal: Journal) -> None:
    for pack in journal.unused_fits:
        warn(
            f"note: the parameters of {pack} are of another memory model or not valid, so the "
            "defaults are used: run `cards optimize`"
        )
