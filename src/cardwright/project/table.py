"""Tables of the keys of a mapping: how each value is read, and its JSON Schema.

A table lists every key of a file or of a part of one. `read_record` reads a mapping by its table and
reports problems; `make_schema` describes the same rules to editors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import yaml

from cardwright.diagnostic import Related, Span
from cardwright.project.document import Node
from cardwright.project.entry import Entry
from cardwright.text import parse_number

_TEXT: Final = {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a mapping."""

    read: Callable[[Entry, str], Any]
    """Reads the value of a key that is present; reports a wrong value and returns None."""
    schema: Mapping[str, Any]
    default: Any = None
    """The value of a key that is absent or wrong."""
    missing: str = ""
    """The help shown when the key is absent; empty if it is optional."""
    bounds: tuple[float, float] | None = None
    """The minimum and maximum of a number."""


Table = Mapping[str, Key]


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping read by its table."""

    entry: Entry
    values: Mapping[str, Any]
    """Values of all keys of the table."""

    def __getitem__(self, key: str) -> Any:
        """Return the value of a key, or its default."""
        return self.values[key]


def read_record(entry: Entry, table: Table) -> Record:
    """Read all keys of a mapping; report unknown and missing ones."""
    entry.refuse_unknown(table)
    found = read_present(entry, table)
    for name, key in table.items():
        if key.missing and name not in entry:
            entry.require(name, help=key.missing)
    return Record(entry, {name: found.get(name, key.default) for name, key in table.items()})


def read_present(entry: Entry, table: Table) -> dict[str, Any]:
    """Read the keys of a table that are present in a mapping; report and omit wrong values."""
    found = {}
    for name in entry.values:
        key = table.get(name)
        if key is not None and (value := key.read(entry, name)) is not None:
            found[name] = value
    return found


def make_schema(table: Table, about: str = "") -> dict[str, Any]:
    """Return the JSON Schema of a mapping with only the keys of a table."""
    required = [name for name, key in table.items() if key.missing]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: dict(key.schema) for name, key in table.items()},
        **({"required": required} if required else {}),
        **({"description": about} if about else {}),
    }


def text(about: str = "", *, missing: str = "") -> Key:
    """Return a key for a text; "" if absent."""
    return Key(
        read=lambda entry, name: entry.text(name) or None,
        schema=_describe(_TEXT, about),
        default="",
        missing=missing,
    )


def exact(about: str = "", *, missing: str = "") -> Key:
    """Return a key for a text that is kept to the byte, even if it is empty; None if absent."""
    return Key(
        read=lambda entry, name: entry.exact_text(name),
        schema=_describe({"type": "string"}, about),
        missing=missing,
    )


def identifier(about: str = "") -> Key:
    """Return a key for a whole number of 64 bits, which may be negative; None if absent."""

    def read(entry: Entry, name: str) -> int | None:
        word = entry.text(name)
        if re.fullmatch(r"-?[0-9]{1,19}", word) and -(2**63) <= int(word) < 2**63:
            return int(word)
        if word:
            help = "write it as Anki's database has it"
            entry.report("bad-value", f"`{name}` must be a whole number", name, help=help)
        return None

    return Key(read=read, schema=_describe({"type": "integer"}, about))


def prose(about: str = "", *, missing: str = "") -> Key:
    """Return a key for a text that people read, where ` #` may be meant; "" if absent."""
    key = text(about, missing=missing)
    return replace(key, read=lambda entry, name: entry.text(name, is_prose=True) or None)


def texts(
    about: str = "", *, missing: str = "", may_be_empty: bool = False, is_prose: bool = False
) -> Key:
    """Return a key for a list of texts; () if absent."""

    def read(entry: Entry, name: str) -> tuple[str, ...]:
        value = entry.values[name]
        if may_be_empty and isinstance(value, yaml.SequenceNode) and not value.value:
            return ()
        return entry.texts(name, is_prose=is_prose)

    schema = _list_of(_TEXT, about)
    if may_be_empty:
        del schema["minItems"]
    return Key(read=read, schema=schema, default=(), missing=missing)


def one_or_more(about: str = "") -> Key:
    """Return a key for a text or a list of texts; () if absent."""

    def read(entry: Entry, name: str) -> tuple[str, ...]:
        if isinstance(entry.values[name], yaml.ScalarNode):
            return (entry.text(name),)
        return entry.texts(name)

    return Key(
        read=read,
        schema=_describe({"anyOf": [_TEXT, _list_of(_TEXT)]}, about),
        default=(),
    )


def flag(about: str = "", *, default: bool = False, missing: str = "") -> Key:
    """Return a key for `true` or `false`."""

    def read(entry: Entry, name: str) -> bool | None:
        word = entry.text(name)
        if word not in {"", "true", "false"}:
            help = "write true or false"
            entry.report("wrong-type", f"`{name}` must be true or false", name, help=help)
            return None
        return word == "true" if word else None

    schema = {"type": "boolean", **({"default": True} if default else {})}
    return Key(read=read, schema=_describe(schema, about), default=default, missing=missing)


def parse_within(word: str, low: float, high: float, *, whole: bool) -> float | None:
    """Parse a number within bounds, a whole one as an int; return None if it is not one."""
    value = parse_number(word)
    if value is None or not low <= value <= high or (whole and value % 1):
        return None
    return int(value) if whole else value


def number(
    low: float,
    high: float,
    about: str = "",
    *,
    default: float | None = None,
    whole: bool = False,
    missing: str = "",
) -> Key:
    """Return a key for a number within bounds; whole numbers become ints."""
    noun = "whole number" if whole else "number"

    def read(entry: Entry, name: str) -> float | None:
        word = entry.text(name)
        value = parse_within(word, low, high, whole=whole)
        if value is None and word:
            help = (
                f"use a {noun} in this range" if default is None else f"the default is {default:g}"
            )
            message = f"`{name}` must be a {noun} from {low:g} to {high:g}"
            entry.report("bad-value", message, name, help=help)
        return value

    schema = {
        "type": "integer" if whole else "number",
        "minimum": low,
        "maximum": high,
        **({} if default is None else {"default": default}),
    }
    return Key(
        read=read,
        schema=_describe(schema, about),
        default=default,
        missing=missing,
        bounds=(low, high),
    )


def choice(values: Iterable[str], about: str = "", *, default: str | None = None) -> Key:
    """Return a key for one of several words."""
    words = [str(value) for value in values]

    def read(entry: Entry, name: str) -> str | None:
        word = entry.text(name)
        if word and word not in words:
            named = " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
            message = f"`{name}` must be {named}"
            which = "one of them" if words[1:] else f"`{name}: {words[0]}`"
            entry.report("bad-value", message, name, help=f"write {which}, or remove the line")
            return None
        return word or None

    return Key(read=read, schema=_describe({"enum": words}, about), default=default)


def record(
    table: Table,
    about: str = "",
    *,
    make: Callable[[Record], Any] = lambda found: found,
    default: Any = None,
) -> Key:
    """Return a key for a mapping, read as a Record or as what `make` returns for it."""

    def read(entry: Entry, name: str) -> Any:
        item = entry.entry(name)
        return make(read_record(item, table)) if item else None

    return Key(read=read, schema=make_schema(table, about), default=default)


def records(
    table: Table | Callable[[], Table],
    about: str = "",
    *,
    missing: str = "",
    schema: Mapping[str, Any] | None = None,
) -> Key:
    """Return a key for a list of mappings, read as a tuple of Records.

    A recursive table is given as a function, together with the schema of an item.
    """

    def read(entry: Entry, name: str) -> tuple[Record, ...]:
        known = table() if callable(table) else table
        return tuple(read_record(item, known) for item in entry.entries(name))

    item = schema or make_schema(table() if callable(table) else table)
    return Key(read=read, schema=_list_of(item, about), default=(), missing=missing)


def named_records(table: Table, *, missing: str) -> Key:
    """Return a key for a mapping from names, chosen by the author, to mappings.

    It is read as a Record whose values are Records.
    """

    def read(entry: Entry, name: str) -> Record | None:
        named = entry.entry(name)
        if named is None:
            return None
        if not named.values:
            help = "declare at least one"
            entry.report("empty-field", f"`{name}` is empty", name, help=help)
        items = {key: named.entry(key) for key in named.values}
        return Record(named, {key: read_record(i, table) for key, i in items.items() if i})

    item = make_schema(table)
    schema = {"type": "object", "additionalProperties": item, "minProperties": 1}
    return Key(read=read, schema=schema, missing=missing)


def listed(
    parse: Callable[[Entry, Node, str], Any],
    about: str = "",
    *,
    item: Mapping[str, Any] = _TEXT,
) -> Key:
    """Return a key for a list whose nodes are parsed individually; None is left out."""

    def read(entry: Entry, name: str) -> tuple[Any, ...]:
        found = (parse(entry, node, name) for node in entry.items(name))
        return tuple(value for value in found if value is not None)

    return Key(read=read, schema=_list_of(item, about), default=())


def _list_of(item: Mapping[str, Any], about: str = "") -> dict[str, Any]:
    # An empty list is reported like any empty value.
    return _describe({"type": "array", "items": item, "minItems": 1}, about)


def _describe(schema: Mapping[str, Any], about: str) -> dict[str, Any]:
    return {**schema, "description": about} if about else dict(schema)


def report_used_name(entry: Entry, key: str, name: str, first: Span) -> None:
    """Report a name that is already used in the file."""
    entry.report(
        "duplicate-id",
        f"`{name}` is already used",
        key,
        help="choose another",
        related=(Related(message="first used", span=first),),
    )
