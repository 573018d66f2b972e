"""What the commands of study work on: a project's prompts, and a store under its schedules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cardwright.cli.choosing import Choice
from cardwright.cli.garbage import uncollected
from cardwright.cli.say import fail
from cardwright.history import Memory, Moment, make_date, make_time
from cardwright.item import Item
from cardwright.model import Card, Kind
from cardwright.project.index import SourceIndex, open_index
from cardwright.project.walk import ProjectError, find_project
from cardwright.study.error import StoreError
from cardwright.study.journal import Journal, make_journal
from cardwright.study.queue import Queue, SessionOptions
from cardwright.study.schedule import Schedule
from cardwright.study.store import Store, open_store


@dataclass(slots=True)
class Study:
    """An open store, and what a project asks."""

    root: Path
    store: Store
    journal: Journal
    index: SourceIndex
    moment: Moment
    """When the command began."""

    @property
    def items(self) -> list[Item]:
        """All prompts, in the order in which they are to be learned."""
        return self.index.items

    @property
    def today(self) -> int:
        """The study day on which the command began."""
        return self.moment.study_day(self.journal.rollover_hour)

    def read_memories(self) -> dict[str, Memory]:
        """Return the memory of every prompt that was ever acted upon, by key."""
        return self.journal.read_memories(self.moment)

    def reread(self, now_ms: int) -> None:
        """Read again what was edited."""
        self.index = open_index(self.root, find_index(self.store.path, self.root), now_ms * 10**6)

    def load_card(self, ref: str) -> Card | None:
        """Return a card by its key."""
        return self.index.load_card(ref)

    def find_kind(self, name: str) -> Kind:
        """Return a kind by its name."""
        return self.index.kinds[name]

    def find_item(self, ref: str) -> Item:
        """Return the prompt of this key, or ends: `pack:id/side`, of which the ends may be left out."""
        card, _, key = ref.partition("/")
        found = [
            item
            for item in self.items
            if (
                card in {item.card_ref, item.card_ref.partition(":")[2], item.key.partition("/")[0]}
            )
            and key in {"", item.side_name}
        ]
        if not found:
            import difflib

            refs = [item.card_ref.partition(":")[2] for item in self.items]
            close = difflib.get_close_matches(card, refs, n=3)
            fail(f"there is no prompt `{ref}`{'; close: ' + ', '.join(close) if close else ''}")
        if len(found) > 1:
            fail(f"`{ref}` asks several things: {', '.join(item.ref for item in found)}")
        return found[0]


def default_store_path() -> Path:
    """Return where the store lies when nobody says: in the user's data folder."""
    import platformdirs

    return platformdirs.user_data_path("cardwright", appauthor=False) / "reviews.db"


def find_index(store_path: Path, root: Path) -> Path:
    """Return where the index of a project's sources lies: beside the store, safe to delete."""
    from zlib import crc32

    return store_path.parent / "index" / f"{root.name}-{crc32(str(root).encode()):08x}.db"


@contextmanager
def open_user_store(db: Path | None, moment: Moment) -> Iterator[Store]:
    """Open the user's store; what goes wrong with it ends the command with a message."""
    try:
        today = moment.local.date().isoformat()
        store = open_store(db or default_store_path(), today=today)
        try:
            yield store
        finally:
            store.close()
    except StoreError as error:
        fail(str(error))


@contextmanager
def open_study(folder: Path, db: Path | None, moment: Moment) -> Iterator[Study]:
    """Open the store and the project, with memories that meet the project's options."""
    try:
        root = find_project(folder)
    except ProjectError as error:
        fail(str(error))
    with open_user_store(db, moment) as store:
        with uncollected():
            try:
                index = open_index(root, find_index(store.path, root), moment.at_ms * 10**6)
            except ProjectError as error:
                fail(str(error))
            journal = make_journal(store, index.decks)
        for pack in journal.unused_fits:
            note = (
                "do not fit the memory model of this version and are not used: see `cards optimize`"
            )
            click.echo(f"note: the parameters of {pack} {note}", err=True)
        yield Study(root, store, journal, index, moment)


@contextmanager
def open_journal(folder: Path, db: Path | None, moment: Moment) -> Iterator[Journal]:
    """Open the store under the options of the project, if there is one here."""
    try:
        find_project(folder)
    except ProjectError:
        with open_user_store(db, moment) as store:
            yield make_journal(store, {})
        return
    with open_study(folder, db, moment) as study:
        yield study.journal


def describe_memory(
    name: str, memory: Memory, schedule: Schedule, study_day: int
) -> dict[str, Any]:
    """Return what programs may want to know of a memory, as JSON."""
    is_new = memory.last_day is None
    return {
        "prompt": name,
        "state": str(memory.state),
        "stability": None if is_new else memory.stability,
        "difficulty": None if is_new else memory.difficulty,
        "retrievability": None if is_new else schedule.retrievability(memory, study_day),
        "due_at": None if memory.due_at_ms is None else make_time(memory.due_at_ms).isoformat(),
        "due_on": None if memory.due_day is None else make_date(memory.due_day).isoformat(),
        "interval_days": memory.interval_days,
        "step": memory.step,
        "reps": memory.reps,
        "lapses": memory.lapses,
        "suspended": memory.is_suspended,
        "buried": memory.buried_day == study_day,
        "flagged": memory.is_flagged,
        "leech": memory.is_leech,
    }


def select_items(study: Study, choice: Choice, memories: Mapping[str, Memory]) -> list[Item]:
    """Return the prompts that are meant, as far as sources and history tell."""
    return [
        item for item in choice.choose(study.items) if choice.takes(item, memories.get(item.key))
    ]


def make_queue(study: Study, choice: Choice, memories: Mapping[str, Memory]) -> Queue:
    """Return what `cards review` would ask today of the prompts that are meant, exam or not."""
    from cardwright.cli.course import find_course

    items = select_items(study, choice, memories)
    is_usual = choice.is_flagged or choice.is_leech
    course = None if is_usual else find_course(study, items, None)
    return Queue(
        items,
        memories,
        study.journal.options,
        SessionOptions(),
        study.moment,
        study.today,
        arrange=course.arrange if course else None,
    )


def select_deck(items: Sequence[Item], names: Sequence[str]) -> list[Item]:
    """Return the prompts of packs and sub-decks, in their order; ends when a name fits none."""
    if not names:
        return list(items)
    wanted = {name: name.casefold() for name in names}
    fits = {
        deck: [name for name in names if _fits(deck, wanted[name])]
        for deck in {(item.pack, item.deck) for item in items}
    }
    missed = set(names) - {name for found in fits.values() for name in found}
    if missed:
        decks = sorted({item.deck for item in items})
        shown = "".join(f"\n  {deck}" for deck in decks)
        fail(f"no deck is called `{min(missed)}`; there are:{shown}")
    return [item for item in items if fits[item.pack, item.deck]]


def _fits(deck: tuple[str, str], wanted: str) -> bool:
    pack, name = deck
    name = name.casefold()
    parts = name.split("::")
    return (
        wanted == pack
        or f"{name}::".startswith(f"{wanted}::")
        or any(part == wanted or part.startswith(f"{wanted} ") for part in parts)
    )
