"""Anki: when each collection was synced with last, and what waits to be written there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

from cardwright.anki.doors.door import describe_place
from cardwright.app.anki.plan import is_derived
from cardwright.app.doctor.case import Case
from cardwright.app.doctor.finding import Finding, Report
from cardwright.history import Moment, namespace_of
from cardwright.study.mirror import Mirror, MirrorCard, list_places
from cardwright.study.mirror_log import list_missing
from cardwright.study.store import Store
from cardwright.text import count

_PROFILE: Final = "profile "
_SERVER: Final = "server "


def examine_anki(case: Case, report: Report) -> None:
    """Report on the collections of Anki that the store was synced with."""
    store = case.store
    if store is None:
        report.summary = (
            "not synced with yet" if case.is_missing else "unknown, as the store cannot be read"
        )
        return
    places = list_places(store)
    if not places:
        report.summary = (
            "not synced with yet: `cards anki sync` makes it one memory with the terminal"
        )
        return
    times = {place: Mirror(store, place).read_sync_time() or 0 for place in places}
    summaries = []
    for place in sorted(places, key=lambda place: -times[place]):
        cards = Mirror(store, place).read_cards()
        when = _describe_time(times[place], case.moment)
        summaries.append(f"{describe_place(place)}: {when}, {count(len(cards), 'card')}")
        # Anki may have synced the other places itself since then.
        waiting = 0 if len(summaries) > 1 else _count_waiting(store, place, cards)
        report.findings += _check_pending(case, store, place, cards, waiting)
    report.summary = "; ".join(summaries)


def _count_waiting(store: Store, place: str, cards: Mapping[str, MirrorCard]) -> int:
    """Return how many answers of the cards at a place are not known to be there."""
    unite = store.aliases.unite_key
    keys = {unite(key) for key in cards}
    missing = list_missing(store, place, {namespace_of(key) for key in keys})
    return sum(entry.key in keys and not is_derived(entry.id) for entry in missing)


def _check_pending(
    case: Case, store: Store, place: str, cards: Mapping[str, MirrorCard], waiting: int
) -> list[Finding]:
    planned = sum(not row.is_seen for row in Mirror(store, place).read_rows().values())
    pending = sum(card.is_pending for card in cards.values())
    found = []
    if planned:
        found.append(f"{count(planned, 'answer')} of an interrupted sync")
    if waiting:
        found.append(count(waiting, "answer"))
    if pending:
        found.append(f"the state of {count(pending, 'card')}")
    if not found:
        return []
    return [
        Finding(
            code="anki-pending",
            severity="note",
            message=f"to be written to {describe_place(place)}: {' and '.join(found)}",
            harm="nothing is lost",
            help="sync; cards in filtered decks are written once they are back in their own"
            if pending
            else "sync",
            commands=(case.commands.on_store("anki", "sync", *_name(place)),),
        )
    ]


def _describe_time(at_ms: int, now: Moment) -> str:
    if not at_ms:
        return "synced"
    zone = timedelta(minutes=now.utc_offset_minutes)
    local = datetime.fromtimestamp(at_ms / 1000, UTC) + zone
    return f"last synced on {local:%Y-%m-%d at %H:%M}"


def _name(place: str) -> tuple[str, ...]:
    """Return the option that names a place on a command line."""
    if place.startswith(_SERVER):
        url, _, user = place.removeprefix(_SERVER).partition(" ")
        return "--server", url.replace("://", f"://{quote(user, safe='')}@", 1)
    return "--profile", place.removeprefix(_PROFILE)
