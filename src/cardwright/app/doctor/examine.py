"""The areas that are examined, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from cardwright.app.doctor.anki import examine_anki
from cardwright.app.doctor.backups import examine_backups
from cardwright.app.doctor.case import Case
from cardwright.app.doctor.finding import Examine, Report, examine_areas
from cardwright.app.doctor.index import examine_index
from cardwright.app.doctor.project import examine_project
from cardwright.app.doctor.store import examine_store
from cardwright.app.doctor.sync import examine_sync

AREAS: Final[dict[str, Callable[[Case, Report], None]]] = {
    "store": examine_store,
    "backups": examine_backups,
    "index": examine_index,
    "project": examine_project,
    "sync": examine_sync,
    "anki": examine_anki,
}


def examine(
    case: Case, before: Iterable[tuple[str, Examine]], after: Iterable[tuple[str, Examine]]
) -> Iterator[Report]:
    """Yield a report of each area; `before` and `after` are areas of the front end's own."""
    own = ((area, partial(function, case)) for area, function in AREAS.items())
    yield from examine_areas((*before, *own, *after))
