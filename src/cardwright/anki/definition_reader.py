"""The definitions of a collection: note types, decks, presets and settings, of every schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NoReturn, Protocol, TypeVar

from cardwright.anki.definitions import (
    DEFAULT_PRESET,
    AnkiDeck,
    Field,
    NoteType,
    Template,
    decode_deck,
    decode_field,
    decode_note_type,
    decode_preset,
    decode_template,
    parse_deck,
    parse_note_type,
    parse_preset,
    read_number,
)
from cardwright.anki.rows import Preset
from cardwright.anki.stamp import read_foreign_time
from cardwright.foreign.json_text import parse_json
from cardwright.foreign.protobuf import Budget, Message

MAX_DEFINITIONS: Final = 50_000
"""Note types, fields, templates, decks and presets, of each."""
MAX_DEFINITION_BYTES: Final = 128 * 2**20
"""Of all of them; note types can hold fonts and pictures."""
MAX_PRESET_LENGTH: Final = 2**16
"""Of a preset in JSON."""
_HAS_TABLES: Final = 15
"""The first schema with a table of note types and one of decks."""
_HAS_CONFIG: Final = 14
_Parsed = TypeVar("_Parsed")


class _Read(Protocol):
    def __call__(
        self, table: str, query: str, *, max_rows: int | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query of a table."""


class DefinitionReader:
    """Reads definitions, within bounds for all of them together."""

    def __init__(self, schema: int, read: _Read, refuse: Callable[[str], NoReturn]) -> None:
        """`refuse` raises that the collection cannot be read, for a reason."""
        self._schema = schema
        self._read = read
        self._refuse = refuse
        self._budget = Budget()
        self._bytes_left = MAX_DEFINITION_BYTES

    def read_note_types(self) -> Mapping[int, NoteType]:
        """Return the note types by id."""
        if self._schema < _HAS_TABLES:
            return {
                found.id: found for found in self._parse("models", parse_note_type, "note types")
            }
        fields: dict[int, list[Field]] = {}
        query = "SELECT ntid, name, config FROM main.fields ORDER BY ntid, ord"
        for type_id, name, config in self._read_definitions("fields", query):
            field = self._decode(decode_field, config, name)
            fields.setdefault(type_id, []).append(field)
        templates: dict[int, list[Template]] = {}
        query = "SELECT ntid, name, config FROM main.templates ORDER BY ntid, ord"
        for type_id, name, config in self._read_definitions("templates", query):
            template = self._decode(decode_template, config, name)
            templates.setdefault(type_id, []).append(template)
        # Fields and templates may be left of note types that are gone.
        query = "SELECT id, name, config FROM main.notetypes"
        found = {
            id: self._decode(
                decode_note_type,
                config,
                id,
                name,
                tuple(fields.get(id, ())),
                tuple(templates.get(id, ())),
            )
            for id, name, config in self._read_definitions("notetypes", query)
        }
        query = "SELECT id, ifnull(CAST(mtime_secs AS INTEGER), 0) FROM main.notetypes"
        for id, mod_s in self._read("notetypes", query):
            found[id] = replace(found[id], mod_s=read_foreign_time(mod_s))
        return found

    def read_decks(self) -> Mapping[int, AnkiDeck]:
        """Return the decks by id."""
        if self._schema < _HAS_TABLES:
            return {found.id: found for found in self._parse("decks", parse_deck, "decks")}
        query = "SELECT id, name, kind FROM main.decks"
        return {
            id: self._decode(decode_deck, kind, id, name)
            for id, name, kind in self._read_definitions("decks", query)
        }

    def read_presets(self) -> Mapping[int, Preset]:
        """Return the presets by id; 1 is always there. No two have the same name."""
        presets = {**self._read_presets()}
        presets.setdefault(1, DEFAULT_PRESET)
        names: set[str] = set()
        for id, preset in sorted(presets.items()):
            name = preset.name
            while name in names:
                name = f"{name} ({id})"
            names.add(name)
            presets[id] = replace(preset, name=name)
        return presets

    def read_config(self) -> Mapping[str, Any]:
        """Return the settings that matter here."""
        if self._schema < _HAS_CONFIG:
            return self._parse_column("conf", "settings")
        query = (
            "SELECT key, CAST(val AS TEXT) FROM main.config"
            " WHERE key IN ('creationOffset', 'fsrs', 'localOffset', 'rollover', 'schedVer')"
        )
        found = {}
        for key, text in self._read("config", query):
            try:
                found[key] = parse_json(text)
            except (TypeError, ValueError):
                continue  # as Anki does
        return found

    def _read_presets(self) -> dict[int, Preset]:
        if self._schema < _HAS_CONFIG:
            found = self._parse_column("dconf", "presets")
            ids = map(read_number, found)
            return {
                id: self._parse_one(parse_preset, value)
                for id, value in zip(ids, found.values(), strict=True)
                if id is not None
            }
        query = "SELECT id, name, config FROM main.deck_config"
        rows = self._read_definitions("deck_config", query)
        if self._schema < _HAS_TABLES:
            return {id: self._parse_one(_parse_short, config) for id, _, config in rows}
        return {id: self._decode(decode_preset, config, name) for id, name, config in rows}

    def _read_definitions(self, table: str, query: str) -> Iterator[tuple[Any, ...]]:
        """Yield rows that begin with an id and a name."""
        for row in self._read(table, query, max_rows=MAX_DEFINITIONS):
            id, name, *data = row
            if not isinstance(id, int) or not isinstance(name, str):
                self._refuse(f"a row of its table {table} is not valid")
            if not all(isinstance(value, bytes) for value in data):
                self._refuse(f"a row of its table {table} is not valid")
            self._bytes_left -= len(name) + sum(map(len, data))
            if self._bytes_left < 0:
                self._refuse(f"its note types have more than {MAX_DEFINITION_BYTES >> 20} MiB")
            yield row

    def _decode(self, decode: Callable[..., _Parsed], data: bytes, *values: object) -> _Parsed:
        try:
            return decode(Message(data, self._budget), *values)
        except ValueError as error:
            self._refuse(f"one of its definitions is damaged: {error}")

    def _parse(self, column: str, parse: Callable[[Any], _Parsed], what: str) -> Iterator[_Parsed]:
        return (
            self._parse_one(parse, found) for found in self._parse_column(column, what).values()
        )

    def _parse_one(self, parse: Callable[[Any], _Parsed], found: object) -> _Parsed:
        try:
            return parse(found)
        except ValueError as error:
            self._refuse(str(error))

    def _parse_column(self, column: str, what: str) -> dict[str, Any]:
        """Return an object of JSON that the only row of `col` holds."""
        text = next(self._read("col", f"SELECT {column} FROM main.col"))[0]  # noqa: S608
        if not isinstance(text, str):
            self._refuse(f"its {what} are not valid")
        try:
            found = parse_json(text)
        except ValueError as error:
            self._refuse(f"its {what} {error}")
        if not isinstance(found, dict):
            self._refuse(f"its {what} are not valid")
        return found


def _parse_short(data: bytes) -> Preset:
    if len(data) > MAX_PRESET_LENGTH:
        raise ValueError("one of its presets is too long")
    return parse_preset(parse_json(data.decode()))
