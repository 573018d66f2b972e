"""Somebody who has a deck in Anki, and imports what was built after adopting it."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest

from anki_backend import RATINGS
from shown import list_lines, read_words

_FIELD_KEYS: Final = (
    *("name", "ord", "font", "size", "rtl", "sticky", "collapsed", "plainText", "description"),
    *("excludeFromSearch", "tag", "preventDeletion"),
)
_TEMPLATE_KEYS: Final = ("name", "ord", "qfmt", "afmt", "bqfmt", "bafmt", "bfont", "bsize")
_TYPE_KEYS: Final = (
    *(
        "id",
        "name",
        "type",
        "sortf",
        "css",
        "latexPre",
        "latexPost",
        "latexsvg",
        "originalStockKind",
    ),
)


class Log(NamedTuple):
    """What Anki said of an import."""

    new: int
    updated: int
    duplicate: int
    conflicting: int


class Look(NamedTuple):
    """A note in a collection."""

    type: int
    fields: tuple[str, ...]
    tags: tuple[str, ...]
    cards: Mapping[int, str]
    """The names of the decks, by ordinal."""


class Difference(NamedTuple):
    """A field that shows something else."""

    guid: str
    field: str
    before: str
    after: str
    has_same_words: bool


class Subscriber:
    """A collection of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.path = folder / "collection.anki2"
        self.col = Collection(str(self.path))
        for number, made in enumerate(self.col.models.all()):
            # Otherwise Anki would give another name to a note type called like one of its own.
            made["name"] = f"Stock {number}"
            self.col.models.update_dict(made)

    def close(self) -> None:
        """Close the collection."""
        self.col.close()

    def take(self, package: Path, *, with_scheduling: bool = False) -> Log:
        """Import a package, or take the place of a whole collection."""
        if package.suffix == ".colpkg":
            self.col.close()
            folder = self.path.parent / "collection.media"
            folder.mkdir(exist_ok=True)
            self.col._backend.import_collection_package(
                col_path=str(self.path),
                backup_path=str(package),
                media_folder=str(folder),
                media_db=str(self.path.with_name("collection.media.db2")),
            )
            return self._reopen()
        if package.suffix == ".anki2":
            self.col.close()
            shutil.copy(package, self.path)
            return self._reopen()
        options = ImportAnkiPackageOptions(
            with_scheduling=with_scheduling, with_deck_configs=with_scheduling
        )
        request = ImportAnkiPackageRequest(package_path=str(package), options=options)
        log = self.col.import_anki_package(request).log
        self.col.models._clear_cache()
        return Log(*map(len, (log.new, log.updated, log.duplicate, log.conflicting)))

    def _reopen(self) -> Log:
        self.col.reopen()
        if self.col.sched_ver() == 1:
            self.col.upgrade_to_v2_scheduler()
        self.col.set_v3_scheduler(enabled=True)
        return Log(self.col.note_count(), 0, 0, 0)

    def list_looks(self) -> dict[str, Look]:
        """Return every note, by guid."""
        decks = {deck.id: deck.name for deck in self.col.decks.all_names_and_ids()}
        assert self.col.db
        cards: dict[int, dict[int, str]] = {}
        for note, ordinal, deck, home in self.col.db.execute(
            "select nid, ord, did, odid from cards"
        ):
            cards.setdefault(note, {})[ordinal] = decks[home or deck]
        return {
            guid: Look(
                mid,
                tuple(fields.split("\x1f")),
                tuple(sorted(set(tags.split()) - {"leech", "marked"})),
                cards.get(id, {}),
            )
            for id, guid, mid, tags, fields in self.col.db.execute(
                "select id, guid, mid, tags, flds from notes"
            )
        }

    def list_types(self) -> dict[int, dict[str, Any]]:
        """Return the note types that have notes, by id, with what an import can change."""
        assert self.col.db
        used = self.col.db.list("select distinct mid from notes")
        found = {}
        for id in used:
            model: Any = self.col.models.get(id)
            found[id] = {
                **{key: model.get(key) for key in _TYPE_KEYS},
                # Anki adds a sign if the name is taken.
                "name": model["name"].rstrip("+_"),
                "flds": [{key: field.get(key) for key in _FIELD_KEYS} for field in model["flds"]],
                "tmpls": [
                    {key: made.get(key) for key in _TEMPLATE_KEYS} for made in model["tmpls"]
                ],
            }
        return found

    def list_schedules(self) -> dict[tuple[str, int], tuple[Any, ...]]:
        """Return what Anki knows of every card, by guid and ordinal."""
        assert self.col.db
        return {
            (guid, ordinal): tuple(rest)
            for guid, ordinal, *rest in self.col.db.execute(
                "select n.guid, c.ord, c.id, c.did, c.type, c.queue, c.due, c.ivl, c.factor, c.reps,"
                " c.lapses, c.flags, c.data from cards c join notes n on n.id = c.nid"
            )
        }

    def count_answers(self) -> int:
        """Return the number of rows of the log."""
        assert self.col.db
        return int(self.col.db.scalar("select count() from revlog"))

    def study(self, answers: int, seed: int) -> int:
        """Answer cards, as far as there are any; return how many."""
        dice = random.Random(seed)
        scheduler: Any = self.col.sched
        done = 0
        for id in self.col.find_cards("-is:suspended")[:answers]:
            card = self.col.get_card(id)
            card.start_timer()
            states = self.col._backend.get_scheduling_states(id)
            rating = dice.choice(RATINGS)
            given = scheduler.build_answer(card=card, states=states, rating=rating)
            self.col._backend.answer_card(given)
            done += 1
        return done

    def edit(self, count: int, seed: int) -> dict[str, tuple[str, ...]]:
        """Change notes as their owner; return the fields that must stand, by guid."""
        dice = random.Random(seed)
        assert self.col.db
        # A package can hold several notes of one guid, of which we keep one.
        ids = self.col.db.list("select id from notes group by guid having count() = 1 order by id")
        edited = {}
        for id in dice.sample(ids, min(count, len(ids))):
            note = self.col.get_note(id)
            place = dice.randrange(len(note.fields))
            note.fields[place] += f" <b>mine {dice.randrange(100)}</b>"
            note.tags.append("mine")
            self.col.update_note(note)
            edited[note.guid] = tuple(self.col.get_note(id).fields)
        return edited

    def name_media(self, name: str) -> str:
        """Return what identifies the content of a file, whatever it is called."""
        from urllib.parse import unquote

        for spelled in (name, unquote(name)):
            path = self.path.parent / "collection.media" / spelled
            if spelled and path.is_file():
                return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        return f"missing {name}"

    def render(self, guid: str, ordinal: int) -> str:
        """Return a page with both sides of a card, as a browser shows it."""
        assert self.col.db
        id = self.col.db.scalar(
            "select c.id from cards c join notes n on n.id = c.nid where n.guid = ? and c.ord = ?",
            guid,
            ordinal,
        )
        shown = self.col.get_card(id).render_output()
        question, answer = (
            self.col.media.escape_media_filenames(side)
            for side in (shown.question_and_style(), shown.answer_text)
        )
        return f'<div class="card card{ordinal + 1}">{question}<hr>{answer}</div>'


@contextmanager
def subscribed(folder: Path) -> Iterator[Subscriber]:
    """Open a new collection in a folder that does not exist yet."""
    reader = Subscriber(folder)
    try:
        yield reader
    finally:
        reader.close()


def compare(before: Subscriber, after: Subscriber) -> tuple[Counter[str], list[Difference]]:
    """Compare all notes of two collections: what is equal, and which fields show something else."""
    told: Counter[str] = Counter()
    differences: list[Difference] = []
    left, right = before.list_looks(), after.list_looks()
    ours, theirs = before.list_types(), after.list_types()
    told["notes lost"] = len(left.keys() - right.keys())
    told["notes added"] = len(right.keys() - left.keys())
    for guid in sorted(left.keys() & right.keys()):
        was, now = left[guid], right[guid]
        told["notes"] += 1
        looks: tuple[tuple[str, object, object], ...] = (
            ("note type", was.type, now.type),
            ("tags", was.tags, now.tags),
            ("cards", sorted(was.cards), sorted(now.cards)),
            ("decks", sorted(was.cards.items()), sorted(now.cards.items())),
        )
        for what, one, other in looks:
            if one != other:
                told[f"other {what}"] += 1
                shown = (str(one), str(other))
                differences.append(Difference(guid, what, *shown, has_same_words=False))
        names = [field["name"] for field in ours[was.type]["flds"]]
        for name, old, new in zip(names, was.fields, now.fields, strict=False):
            told["fields"] += 1
            if old == new:
                told["fields identical"] += 1
            elif list_lines(old, before.name_media) == list_lines(new, after.name_media):
                told["fields equal"] += 1
            else:
                is_layout = read_words(old) == read_words(new)
                told["fields other" if is_layout else "fields with other words"] += 1
                differences.append(Difference(guid, name, old, new, has_same_words=is_layout))
    for id, made in ours.items():
        if id not in theirs:
            told["note types lost"] += 1
        elif made != theirs[id]:
            told["note types changed"] += 1
            shown = _show_change(made, theirs[id])
            differences.append(Difference(str(id), "note type", *shown, has_same_words=False))
    return told, differences


def _show_change(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, str]:
    """Return what differs of two note types."""
    left, right = {}, {}
    for key, value in before.items():
        if value == after[key]:
            continue
        left[key], right[key] = value, after[key]
        if isinstance(value, list) and len(value) == len(after[key]):
            pairs = enumerate(zip(left.pop(key), right.pop(key), strict=True))
            changes = [
                (f"{key}[{n}].{name}", a[name], b[name])
                for n, (a, b) in pairs
                for name in a
                if a[name] != b[name]
            ]
            left |= {name: old for name, old, _ in changes}
            right |= {name: new for name, _, new in changes}
    return json.dumps(left, ensure_ascii=False)[:600], json.dumps(right, ensure_ascii=False)[:600]
