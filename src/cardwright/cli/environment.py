"""The clock, the review store and the project that a command uses."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cardwright.app import study as app_study
from cardwright.app.study import Study
from cardwright.cli.output import warn
from cardwright.cli.user_folders import default_store_path
from cardwright.error import ProjectError
from cardwright.history import END_MS, Moment
from cardwright.study.journal import Journal
from cardwright.study.store import Store, open_store
from cardwright.text import list_names

if TYPE_CHECKING:
    from cardwright.app.histories import Claim

CLOCK: Final = "CARDS_NOW"
_STARTED_S: Final = time.monotonic()


def read_clock() -> Moment:
    """Return the current time; CARDS_NOW (ISO), if set, is the time at which the program started.

    Raises:
        UsageError: CARDS_NOW is not a valid time.

    """
    given = os.environ.get(CLOCK)
    if not given:
        try:
            return Moment.from_datetime(datetime.now().astimezone())
        except (ValueError, OverflowError, OSError):
            message = (
                "set the clock of this machine to a year from 1970 to 6429, and TZ to a time zone"
            )
            raise click.UsageError(message) from None
    try:
        start = parse_time(given)
    except (ValueError, OverflowError):
        raise click.UsageError(f"CARDS_NOW is not a valid ISO time: {given}") from None
    now_ms = start.at_ms + int((time.monotonic() - _STARTED_S) * 1000)
    return Moment(min(now_ms, END_MS - 1), start.utc_offset_minutes)


def find_clock() -> Moment:
    """Return the current time; an invalid CARDS_NOW or time zone is ignored."""
    try:
        return read_clock()
    except click.UsageError:
        pass
    try:
        return Moment.from_datetime(datetime.now().astimezone())
    except (ValueError, OverflowError, OSError):
        # The year or the time zone is none.
        return Moment(min(max(int(time.time() * 1000), 0), END_MS - 1), 0)


def parse_time(text: str) -> Moment:
    """Parse an ISO time; without an offset it is local time.

    Raises:
        ValueError, OverflowError: it is not a time between 1970 and 6429.

    """
    at = datetime.fromisoformat(text)
    return Moment.from_datetime(at if at.tzinfo else at.astimezone())


@contextmanager
def open_user_store(db: Path | None) -> Iterator[Store]:
    """Open the review store at a path, or the default one."""
    today = read_clock().local.date().isoformat()
    with open_store(db or default_store_path(), today=today) as store, _warning(store):
        yield store


@contextmanager
def open_study(
    folder: Path,
    db: Path | None,
    *,
    is_writing: bool = False,
    wanted: Mapping[str, bool] | None = None,
) -> Iterator[Study]:
    """Open the review store at a path, or the default one, with the project of a folder.

    A command that is_writing reviews settles which history each pack continues; `wanted` is the
    user's wish by pack.
    """
    path, moment = db or default_store_path(), read_clock()
    decide = _ask if is_writing else None
    with (
        app_study.open_study(folder, path, moment, decide, wanted) as study,
        _warning(study.store),
    ):
        for note in study.notes:
            warn(f"note: {note}")
        _warn_of_unused_parameters(study.journal, study.sources.pack_of)
        yield study


@contextmanager
def open_joint_study(folder: Path, db: Path | None, *, is_writing: bool = False) -> Iterator[Study]:
    """Open the review store at a path, or the default one, with all projects that it knows.

    `is_writing` is that of `open_study`.

    Raises:
        ProjectError: it knows none.

    """
    from cardwright.app.projects import open_joint_study  # noqa: PLC0415  (most open one project)

    path, decide = db or default_store_path(), _ask if is_writing else None
    with (
        open_joint_study(folder, path, read_clock(), decide) as study,
        _warning(study.store),
    ):
        for note in study.notes:
            warn(f"note: {note}")
        if not study.parts:
            raise ProjectError(
                "this store knows no project yet", help="run `cards` once in the folder of each"
            )
        _warn_of_unused_parameters(study.journal, study.sources.pack_of)
        yield study


@contextmanager
def open_bare_study(db: Path | None) -> Iterator[Study]:
    """Open the review store at a path, or the default one, without a project."""
    path = db or default_store_path()
    with app_study.open_bare_study(path, read_clock()) as study, _warning(study.store):
        yield study


@contextmanager
def open_journal(folder: Path, db: Path | None) -> Iterator[tuple[Journal, Callable[[], None]]]:
    """Open the review store with the options of the project of a folder, if there is one.

    See `app.study.open_journal` for the second value.
    """
    with app_study.open_journal(folder, db or default_store_path(), read_clock()) as opened:
        _warn_of_unused_parameters(opened[0], str)
        with _warning(opened[0].store):
            yield opened


@contextmanager
def _warning(store: Store) -> Iterator[None]:
    """Warn of what could not be read, at the end, when all of it is known."""
    try:
        yield
    finally:
        for what in store.left_out:
            warn(f"warning: {store.path}: {what} is damaged and was left out: see `cards doctor`")


def _ask(claim: Claim) -> bool | None:
    """Ask the user whether a pack continues a history."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        from cardwright.app.histories import refuse_undecided  # noqa: PLC0415  (rarely needed)

        return refuse_undecided(claim)
    warn(f"note: {claim.describe()}")
    return click.confirm(f"Do these reviews belong to this project ({claim.namespace})?", err=True)


def _warn_of_unused_parameters(journal: Journal, name_pack: Callable[[str], str]) -> None:
    # Any machine that shares its settings may have any number of them.
    packs = dict.fromkeys(map(name_pack, journal.unused_fits))
    if packs:
        warn(
            f"note: the parameters of {list_names(packs)} are of another memory model or not valid, so"
            " the defaults are used: run `cards optimize`"
        )
