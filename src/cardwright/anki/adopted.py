"""What a pack was adopted from, kept with it: `decks/PACK/adopted.jsonl`, written by `cards adopt` only.

A field ships the HTML it was adopted with until its text changes, so that people's notes stay as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from cardwright.anki.json_lines import Ask, make_anew, read_json_line, report_conflicts
from cardwright.anki.stamp import MAX_TIME_S
from cardwright.diagnostic import Diagnostic, Span, diagnose
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.plain_file import read_plain_file
from cardwright.model import Value

ADOPTED_NAME: Final = "adopted.jsonl"
_T = TypeVar("_T")
_FORMAT: Final = 1
_MAX_BYTES: Final = 2**29
_MAX_FILE_NAME: Final = 240
_UNSAFE: Final = re.compile(r"[/\0-\x1f\x7f]|(?:^|\\)(?:\.*\\|\.+$)|^[a-zA-Z]:\\")
"""Anki allows a backslash in the name of a file; it must not lead out of the folder on Windows."""
_DIGEST: Final = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedField:
    """A field of a note."""

    value: Value
    """What was written into the card for it; "" if nothing was."""
    html: str
    """What the note had; "" if that is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedNote:
    """A note as it was last adopted."""

    guid: str
    """That of the card made of it, even if the format it comes from has none."""
    mod_s: int
    deck: str
    """The full name of its deck."""
    tags: tuple[str, ...]
    fields: Mapping[str, AdoptedField]
    """By key on the card: the field's name, or what it `holds`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedPack:
    """Everything that a pack was adopted from; empty if it was not adopted."""

    notes: Mapping[str, AdoptedNote] = field(default_factory=dict)
    """By guid."""
    media: Mapping[str, str] = field(default_factory=dict)
    """Digests of the files' contents (`PackedFile.hash`), by their names in Anki."""
    type_times_s: Mapping[str, int] = field(default_factory=dict)
    """The modification times of the note types, by kind."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Digests of other files as they were written, by path in the project: manifest, kinds, media."""
    digest: str = field(default="", compare=False)
    """That of the file it was read from; empty if there is none."""


def format_adopted(pack: AdoptedPack) -> str:
    """Return what a pack was adopted from as JSON lines: a header, note types, files and notes."""
    rows: list[dict[str, Any]] = [
        {"adopted": _FORMAT},
        *({"note_type": kind, "mod": mod_s} for kind, mod_s in sorted(pack.type_times_s.items())),
        *({"written": path, "hash": digest} for path, digest in sorted(pack.files.items())),
        *({"file": name, "hash": digest} for name, digest in sorted(pack.media.items())),
        *(_format_note(note) for _, note in sorted(pack.notes.items())),
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _format_note(note: AdoptedNote) -> dict[str, Any]:
    return {
        "note": note.guid,
        "mod": note.mod_s,
        "deck": note.deck,
        "tags": list(note.tags),
        "fields": {name: _format_field(found) for name, found in note.fields.items()},
    }


def _format_field(found: AdoptedField) -> Any:
    if found.value == found.html:
        return found.html
    value = list(found.value) if isinstance(found.value, tuple) else found.value
    return {"value": value, "html": found.html}


class _Read(NamedTuple):
    """What was read."""

    pack: AdoptedPack
    problems: list[Diagnostic]


def read_adopted(
    path: Path, shown_path: str, ask: Ask = make_anew
) -> tuple[AdoptedPack, list[Diagnostic]]:
    """Read what a pack was adopted from; a missing file is empty, and every damaged line is reported."""
    try:
        raw = read_plain_file(path, _MAX_BYTES)
        text = raw.decode("utf-8")
    except FileNotFoundError:
        return AdoptedPack(), []
    except ForeignFileError as error:
        return AdoptedPack(), [_damage(shown_path, 1, error.reason.replace("it ", "this ", 1))]
    except UnicodeDecodeError:
        return AdoptedPack(), [_damage(shown_path, 1, "this is not UTF-8 text")]
    digest = blake2b(raw, digest_size=16)
    del raw
    key = digest.digest() + json.dumps(["adopted", shown_path]).encode()
    pack, problems = ask(key, _Read, lambda: _read_lines(text, shown_path))
    return replace(pack, digest=digest.hexdigest()), problems


def _read_lines(text: str, shown_path: str) -> _Read:
    if conflicts := list(report_conflicts(text, shown_path)):
        return _Read(AdoptedPack(), conflicts)
    reading = _Reading(shown_path)
    # Not `splitlines`: texts may contain characters that it treats as line ends.
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        reading.read_line(number, line)
    return _Read(reading.pack, reading.problems)


class _Reading:
    """Reads a file line by line."""

    def __init__(self, shown_path: str) -> None:
        self._shown_path = shown_path
        self._notes: dict[str, AdoptedNote] = {}
        self._media: dict[str, str] = {}
        self._types: dict[str, int] = {}
        self._files: dict[str, str] = {}
        self.problems: list[Diagnostic] = []

    @property
    def pack(self) -> AdoptedPack:
        return AdoptedPack(
            notes=self._notes, media=self._media, type_times_s=self._types, files=self._files
        )

    def read_line(self, number: int, line: str) -> None:
        try:
            row = read_json_line(line)
            if number == 1:
                _check_header(row)
            elif "note" in row:
                note = _read_note(row)
                _add(self._notes, note.guid, note)
            elif "file" in row:
                _add(self._media, _read_name(row), _read_digest(row))
            elif "written" in row:
                _add(self._files, _read_text(row, "written"), _read_digest(row))
            else:
                _add(self._types, _read_text(row, "note_type"), _read_time(row))
        except KeyError as error:
            self._report(number, f"this line lacks `{error.args[0]}`")
        except (ValueError, TypeError, RecursionError) as error:
            self._report(number, f"this line cannot be read: {error}")

    def _report(self, number: int, message: str) -> None:
        self.problems.append(_damage(self._shown_path, number, message))


def _add(found: dict[str, _T], name: str, value: _T) -> None:
    if name in found:
        raise ValueError(f"`{name}` appears twice")
    found[name] = value


def _check_header(row: dict[str, Any]) -> None:
    if row["adopted"] != _FORMAT:
        raise ValueError(f"format {row['adopted']} is not known; update Cardwright")


def _read_note(row: dict[str, Any]) -> AdoptedNote:
    fields = row["fields"]
    if not isinstance(fields, dict):
        raise TypeError("`fields` is not a JSON object")
    return AdoptedNote(
        guid=_read_text(row, "note"),
        mod_s=_read_time(row),
        deck=_read_text(row, "deck"),
        tags=_read_texts(row["tags"], "tags"),
        fields={name: _read_field(found, name) for name, found in fields.items()},
    )


def _read_field(found: object, name: str) -> AdoptedField:
    if isinstance(found, str):
        return AdoptedField(value=found, html=found)
    if not isinstance(found, dict):
        raise TypeError(f"`{name}` is not a text or a JSON object")
    value = found["value"]
    if isinstance(value, list):
        value = _read_texts(value, name)
    elif not isinstance(value, (str, bool)):
        raise TypeError(f"the value of `{name}` is of the wrong type")
    return AdoptedField(value=value, html=_read_text(found, "html"))


def _read_text(row: dict[str, Any], key: str) -> str:
    value = row[key]
    if not isinstance(value, str):
        raise TypeError(f"`{key}` is not a text")
    return value


def _read_texts(value: object, key: str) -> tuple[str, ...]:
    if not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        raise TypeError(f"`{key}` is not a list of texts")
    return tuple(value)


def _read_time(row: dict[str, Any]) -> int:
    value = row["mod"]
    if type(value) is not int or not 0 <= value <= MAX_TIME_S:
        raise ValueError("`mod` is not a time in seconds")
    return value


def _read_name(row: dict[str, Any]) -> str:
    name = _read_text(row, "file")
    if not name or name in {".", ".."} or len(name) > _MAX_FILE_NAME or _UNSAFE.search(name):
        raise ValueError("`file` is not the name of a file")
    return name


def _read_digest(row: dict[str, Any]) -> str:
    digest = _read_text(row, "hash")
    if not _DIGEST.fullmatch(digest):
        raise ValueError("`hash` is not a digest")
    return digest


def _damage(path: str, line: int, message: str) -> Diagnostic:
    return diagnose(
        "adopted-damaged",
        message,
        Span(path=path, line=line, column=1),
        help="restore it from version control; only `cards adopt` writes it",
    )
