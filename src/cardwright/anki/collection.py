"""Anki's collections, read without Anki: packages, backups, and the file that Anki works on.

Whatever the format, nothing is trusted, and nothing is written except into a temporary folder. What is
read is what Anki's importer makes of it (rslib/src/storage, rslib/src/import_export).
"""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Collection as Some
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, NoReturn

from cardwright.anki.definition_reader import DefinitionReader
from cardwright.anki.definitions import AnkiDeck, NoteType, read_timing
from cardwright.anki.error import AnkiError
from cardwright.anki.identity import NoteIdentity
from cardwright.anki.package_members import NEWEST, FolderMedia, PackageMedia, choose_collection
from cardwright.anki.rows import (
    AnkiCard,
    AnkiView,
    CardRow,
    LogRow,
    Preset,
    Timing,
)
from cardwright.anki.stamp import read_foreign_time
from cardwright.foreign.archive import open_archive
from cardwright.foreign.database import (
    MAGIC,
    MAX_CHOSEN,
    ForeignDatabase,
    is_database,
    open_database,
)
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.live_database import copy_database

MAX_DATABASE_BYTES: Final = 2 * 2**30
MAX_NOTES: Final = 500_000
MAX_CARDS: Final = 2_000_000
MAX_FIELDS: Final = 1_000
"""Fields of one note."""
MAX_TAGS_LENGTH: Final = 100_000
MAX_GUID_LENGTH: Final = 128
_MAX_CARD_DATA: Final = 2_000
"""What Anki allows an add-on to keep in a card is a hundred characters."""
_FEW: Final = 500
"""The rows of more cards, or notes, are found faster by reading the whole table."""
_AT_ONCE: Final = 256
_SCHEMAS: Final = frozenset({11, *range(14, 19)})
"""As Anki has it: 12 and 13 were never released."""
_TAG_SEPARATORS: Final = re.compile("[ \u3000]+")
_TABLES: Final = {
    "col": ("crt", "mod", "ver", "conf", "models", "decks", "dconf"),
    "notes": ("id", "guid", "mid", "mod", "tags", "flds"),
    "cards": (
        *("id", "nid", "did", "ord", "mod", "type", "queue", "due", "ivl", "factor", "reps"),
        *("lapses", "left", "odue", "odid", "flags", "data"),
    ),
    "revlog": ("id", "cid", "ease", "ivl", "lastIvl", "factor", "time", "type"),
    "config": ("key", "val"),
    "deck_config": ("id", "name", "config"),
    "notetypes": ("id", "name", "config", "mtime_secs"),
    "fields": ("ntid", "ord", "name", "config"),
    "templates": ("ntid", "ord", "name", "config"),
    "decks": ("id", "name", "kind"),
}
_NOTE: Final = "SELECT id, guid, mid, CAST(mod AS INTEGER), flds, tags FROM main.notes"
_MAKE_LOG: Final[Callable[[tuple[Any, ...]], LogRow]] = partial(tuple.__new__, LogRow)
_MAKE_CARD: Final[Callable[[tuple[Any, ...]], CardRow]] = partial(tuple.__new__, CardRow)
"""Faster than `_make`, and there are many."""


class PackageError(AnkiError):
    """An Anki package or collection cannot be read."""


class NoteRow(NamedTuple):
    """A note."""

    id: int
    guid: str
    type_id: int
    mod_s: int
    fields: tuple[str, ...]
    """There may be more or fewer than the note type has."""
    tags: tuple[str, ...]
    """Sorted, each once, as Anki keeps them when it imports them."""


class Collection:
    """An open collection. Every method reads the file again; nothing large is kept."""

    def __init__(
        self, path: Path, database: ForeignDatabase, media: PackageMedia | FolderMedia
    ) -> None:
        """Read what there is of everything but notes, cards and answers.

        Raises:
            PackageError: it is not a collection, or not one that this program knows.

        """
        self.path = path
        self._database = database
        self._media = media
        row = next(self._read("col", "SELECT crt, mod, ver FROM main.col"), None)
        if row is None:
            self.refuse("it contains no collection")
        if not all(isinstance(value, int) for value in row):
            self.refuse("its collection is not valid")
        created_s, self.mod_ms, self.schema = row
        if self.schema not in _SCHEMAS:
            newer = (
                "is newer than this program knows"
                if self.schema > max(_SCHEMAS)
                else "is not supported"
            )
            self.refuse(f"its schema {self.schema} {newer}")
        self._definitions = DefinitionReader(self.schema, self._read, self.refuse)
        config = self._definitions.read_config()
        self.is_fsrs: bool = config.get("fsrs") is True
        """Whether FSRS is switched on; packages do not say."""
        self.timing: Timing = read_timing(created_s, config)
        self._scheduler = config.get("schedVer")

    @cached_property
    def note_types(self) -> Mapping[int, NoteType]:
        """The note types by id."""
        return self._definitions.read_note_types()

    @cached_property
    def decks(self) -> Mapping[int, AnkiDeck]:
        """The decks by id."""
        return self._definitions.read_decks()

    @cached_property
    def presets(self) -> Mapping[int, Preset]:
        """The presets by id; 1 is always there. No two have the same name."""
        return self._definitions.read_presets()

    @cached_property
    def media(self) -> Mapping[str, str]:
        """The names of the media files, by the names of the members of a package."""
        with _explained():
            return self._media.list_names()

    def measure_media(self, member: str) -> int | None:
        """Return the size of a media file as it is declared; None if it is missing."""
        return self._media.measure(member)

    def fingerprint_media(self, member: str) -> object:
        """Return what is equal for files of the same content, as far as it is declared."""
        return self._media.fingerprint(member)

    def write_media(self, member: str, target: BinaryIO) -> None:
        """Write the content of a media file.

        Raises:
            ForeignFileError: it is missing, damaged, or too large.

        """
        self._media.write(member, target)

    @property
    def has_log(self) -> bool:
        """Whether anything was ever answered, as far as it is told."""
        return any(self._read("revlog", "SELECT 1 FROM main.revlog LIMIT 1"))

    def find_preset(self, deck_id: int) -> tuple[Preset, float | None]:
        """Return the preset of a deck, and the desired retention if the deck has its own."""
        deck = self.decks.get(deck_id)
        preset_id = deck.preset_id if deck else None
        preset = self.presets.get(1 if preset_id is None else preset_id) or self.presets[1]
        return preset, deck.desired_retention if deck else None

    def read_notes(self) -> Iterator[NoteRow]:
        """Yield the notes one at a time, in the order of their ids.

        Raises:
            PackageError: one is not valid.

        """
        yield from map(self._make_note, self._read("notes", f"{_NOTE} NOT INDEXED ORDER BY id"))

    def read_note(self, id: int) -> NoteRow | None:
        """Read a note."""
        row = next(self._read("notes", f"{_NOTE} WHERE id = ?", (id,)), None)
        return None if row is None else self._make_note(row)

    def read_cards(self, note_ids: Some[int] | None = None) -> Iterator[CardRow]:
        """Yield the cards of some notes, or all, in the order of their ids."""
        columns = [_read_integer(name) for name in _TABLES["cards"]]
        # Anki takes these for 0 if they are not integers.
        for name in ("due", "odue"):
            columns[_TABLES["cards"].index(name)] = (
                f"CASE typeof({name}) WHEN 'integer' THEN {name} ELSE 0 END"
            )
        if self._is_first_scheduler:
            # It did not tell cards that are learned again from others.
            columns[_TABLES["cards"].index("type")] = (
                f"CASE WHEN type = 2 AND queue IN (1, 3) THEN 3 ELSE {_read_integer('type')} END"
            )
        columns[-1] = (
            f"CASE WHEN typeof(data) = 'text' AND length(data) <= {_MAX_CARD_DATA} THEN data ELSE '' END"
        )
        rows = self._choose("cards", columns, "nid", note_ids, MAX_CARDS)
        return map(_MAKE_CARD, rows)

    def read_homes(self) -> Iterator[tuple[int, int, int]]:
        """Yield the note, the ordinal and the deck of all cards, in the order of notes and ordinals.

        The deck of a card in a filtered deck is the one to which it returns.
        """
        query = (
            "SELECT ifnull(CAST(nid AS INTEGER), 0), ifnull(CAST(ord AS INTEGER), 0), ifnull(CAST("
            "CASE WHEN typeof(odid) = 'integer' AND odid != 0 THEN odid ELSE did END AS INTEGER), 0)"
            " FROM main.cards ORDER BY 1, 2"
        )
        yield from self._read("cards", query, max_rows=MAX_CARDS, at_once=_AT_ONCE)

    def find_shared_guids(self) -> set[str]:
        """Return the guids that several notes have."""
        query = "SELECT guid FROM main.notes GROUP BY guid HAVING count(*) > 1"
        return {row[0] for row in self._read("notes", query, max_rows=MAX_NOTES)}

    def read_log(self, card_ids: Some[int] | None = None) -> Iterator[LogRow]:
        """Yield the rows of the review log of some cards, or all, in the order of their ids."""
        columns = [_read_integer(name) for name in _TABLES["revlog"]]
        if self._is_first_scheduler:
            # Its buttons had other numbers while a card was learned.
            columns[2] = (
                "CASE WHEN ease IN (2, 3) AND type IN (0, 2) THEN ease + 1"
                f" ELSE {_read_integer('ease')} END"
            )
        last = None
        for row in map(_MAKE_LOG, self._choose("revlog", columns, "cid", card_ids, None)):
            if last is not None and row[0] <= last:
                self.refuse("its review log is damaged")
            last = row[0]
            yield row

    def find_taken(self, ids: Iterable[int]) -> set[int]:
        """Return which ids of rows of the review log are taken."""
        wanted = set(ids)
        rows = self._choose("revlog", ["CAST(id AS INTEGER)"], "id", wanted, None)
        return {row[0] for row in rows} & wanted

    def count_answers(self) -> dict[int, int]:
        """Return how many answers the review log has of each card, even of deleted ones."""
        query = (
            "SELECT CAST(cid AS INTEGER), COUNT(*) FROM main.revlog"
            " WHERE CAST(ease AS INTEGER) > 0 GROUP BY 1"
        )
        return dict(self._read("revlog", query, at_once=_AT_ONCE))

    def view(self, identities: Mapping[str, NoteIdentity]) -> AnkiView:
        """Return what there is about the cards of a project, whose notes are given by guid.

        If no note has one of these guids, notes are found by the field that shows the card's id.
        """
        notes = self._match_notes(identities)
        cards: dict[str, AnkiCard] = {}
        keys: dict[int, str] = {}
        for row in self.read_cards(notes):
            identity, guid = notes[row.note_id]
            key = identity.name_prompt(row.ordinal)
            if key is None or key in cards:
                continue
            preset, retention = self.find_preset(row.original_deck_id or row.deck_id)
            cards[key] = AnkiCard(key, guid, row, preset.name, retention)
            keys[row.id] = key
        log: dict[str, list[LogRow]] = {key: [] for key in cards}
        for answer in self.read_log(keys):
            log[keys[answer.card_id]].append(answer)
        return AnkiView(
            timing=self.timing,
            is_fsrs=self.is_fsrs,
            cards=cards,
            log=log,
            presets={preset.name: preset for preset in self.presets.values()},
        )

    def check_inert(self) -> None:
        """Check that nothing in it runs when Anki opens it to write.

        Raises:
            PackageError: something might.

        """
        with _explained():
            self._database.check_inert()

    def refuse(self, reason: str) -> NoReturn:
        """Raise that it cannot be read; `reason` is a clause such as `it is not valid`."""
        raise _explain(ForeignFileError(self.path, reason))

    @cached_property
    def _is_first_scheduler(self) -> bool:
        """Whether cards and answers are those of Anki's first scheduler, which Anki converts."""
        return self._scheduler != 2 and any(  # noqa: PLR2004
            self._read("cards", "SELECT 1 FROM main.cards WHERE queue != 0 LIMIT 1")
        )

    def _match_notes(
        self, identities: Mapping[str, NoteIdentity]
    ) -> dict[int, tuple[NoteIdentity, str]]:
        """Return the identity and the guid of notes by note id."""
        found = {id: (identities[guid], guid) for id, guid in self._find_ids(identities)}
        if found or not identities:
            return found
        by_label: dict[str, dict[str, NoteIdentity]] = {}
        for identity in identities.values():
            if identity.id_field:
                by_label.setdefault(identity.id_field, {})[identity.id] = identity
        places = {
            note_type.id: [
                (number, by_label[field.name])
                for number, field in enumerate(note_type.fields)
                if field.name in by_label
            ]
            for note_type in self.note_types.values()
        }
        if not any(places.values()):
            return {}
        for note in self.read_notes():
            for number, by_id in places[note.type_id]:
                text = note.fields[number].strip() if number < len(note.fields) else ""
                if text in by_id:
                    found[note.id] = (by_id[text], note.guid)
        return found

    def _find_ids(self, guids: Some[str]) -> Iterator[tuple[int, str]]:
        """Yield the ids and guids of the notes with one of some guids."""
        query = "SELECT CAST(id AS INTEGER), CAST(guid AS BLOB) FROM main.notes NOT INDEXED"
        # Bytes are faster than the function that decodes text.
        wanted = {guid.encode("utf-8", "replace"): guid for guid in guids}
        for id, guid in self._read("notes", query, max_rows=MAX_NOTES, at_once=_AT_ONCE):
            if guid in wanted:
                yield id, wanted[guid]

    def _choose(
        self,
        table: str,
        columns: list[str],
        column: str,
        ids: Some[int] | None,
        max_rows: int | None,
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table whose `column` is among ids."""
        select = f"SELECT {', '.join(columns)} FROM main.{table}"  # noqa: S608  (our own names)
        read = partial(self._read, table, max_rows=max_rows, at_once=_AT_ONCE)
        if ids is None or len(ids) > MAX_CHOSEN:
            place = _TABLES[table].index(column)
            for row in read(f"{select} NOT INDEXED ORDER BY id"):
                if ids is None or row[place] in ids:
                    yield row
            return
        among = f"{column} IN ({', '.join('?' * len(ids))})"
        how = "" if len(ids) <= _FEW else " NOT INDEXED"
        yield from read(f"{select}{how} WHERE {among} ORDER BY id", tuple(ids))

    def _read(
        self,
        table: str,
        query: str,
        values: tuple[int, ...] = (),
        *,
        max_rows: int | None = None,
        at_once: int = 1,
    ) -> Iterator[tuple[Any, ...]]:
        with _explained():
            # To check the pages of a long log takes as long as to read it.
            self._database.check({table: _TABLES[table]}, is_quick=table == "revlog")
            yield from self._database.read(query, values, max_rows=max_rows, at_once=at_once)

    def _make_note(self, row: tuple[Any, ...]) -> NoteRow:
        id, guid, type_id, mod_s, flds, tags = row
        if not isinstance(id, int):
            self.refuse("one of its notes has no id")
        if not isinstance(guid, str) or len(guid) > MAX_GUID_LENGTH:
            self.refuse(f"the guid of note {id} is not valid")
        if type_id not in self.note_types:
            self.refuse(f"the note type of note {id} is missing")
        if not isinstance(flds, str) or flds.count("\x1f") >= MAX_FIELDS:
            self.refuse(f"the fields of note {id} are not valid")
        if not isinstance(tags, str) or len(tags) > MAX_TAGS_LENGTH:
            self.refuse(f"the tags of note {id} are not valid")
        return NoteRow(
            id,
            guid,
            type_id,
            read_foreign_time(mod_s),
            tuple(_normalize(flds).split("\x1f")),
            arrange_tags(_normalize(tags)),
        )


@contextmanager
def open_collection(path: Path) -> Iterator[Collection]:
    """Open a package, a backup or a collection, also one that Anki has open.

    Of a package, only what is asked for is unpacked; its media stay packed.

    Raises:
        PackageError: the file is not one of these, is damaged, or exceeds a limit.

    """
    with tempfile.TemporaryDirectory(prefix="cards-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "collection"
        with _explained():
            if is_database(path):
                copy_database(path, file, max_bytes=MAX_DATABASE_BYTES)
                with open_database(file, {}, shown_as=path) as database:
                    yield Collection(
                        path, database, FolderMedia(path.with_suffix(".media"), follow_link=True)
                    )
                return
            with open_archive(path) as archive:
                member = choose_collection(path, archive)
                is_zstd = member == NEWEST
                archive.unpack(
                    member, file, max_bytes=MAX_DATABASE_BYTES, start=MAGIC, is_zstd=is_zstd
                )
                with open_database(file, {}, shown_as=path) as database:
                    media = PackageMedia(path, archive, is_zstd=is_zstd)
                    yield Collection(path, database, media)


def _read_integer(column: str) -> str:
    """Return SQL for a column that is an integer unless somebody tampered with it."""
    return f"ifnull(CAST({column} AS INTEGER), 0)"


def _normalize(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def arrange_tags(text: str) -> tuple[str, ...]:
    """Return the tags in a text as Anki keeps them: sorted, each once."""
    words: dict[str, str] = {}
    for word in filter(None, _TAG_SEPARATORS.split(text)):
        words.setdefault(word.casefold(), word)
    return tuple(words[key] for key in sorted(words))


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except ForeignFileError as error:
        raise _explain(error) from error


def _explain(error: ForeignFileError) -> PackageError:
    what = "package" if error.file.suffix in {".apkg", ".colpkg"} else "collection"
    return PackageError(f"{error.file} is not a readable Anki {what}: {error.reason}")
