"""The ledger: the published notes of a pack, and when each of them last changed.

A note has changed if its source has, or if its HTML has on purpose: by a rendering fix, or since its kind
writes its fields otherwise. `stamp` tells why its time matters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field, replace
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from cardwright.anki.json_lines import Ask, make_anew, read_json_line, report_conflicts
from cardwright.anki.stamp import MAX_TIME_S
from cardwright.diagnostic import Diagnostic, Span, diagnose
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.plain_file import read_plain_file
from cardwright.frozen import frozen
from cardwright.model import RESERVED_TAGS, CardHead, Withdrawn

if TYPE_CHECKING:
    from cardwright.anki.note import Note

LEDGER_FORMAT: Final = 1
LEDGER_NAME: Final = "ledger.jsonl"
UPDATE: Final = "update Cardwright"
"""The help on what a newer version wrote."""
_MAX_BYTES: Final = 2**28
"""A hundred thousand notes need half of it."""
_VERSION: Final = re.compile(r"(?:[0-9]{1,9}\.){2}[0-9]{1,9}")
_HEADER_KEYS: Final = frozenset(
    ("ledger", "pack", "namespace", "version", "released", "decks", "unfinished")
)
_NOTE_TYPE_KEYS: Final = frozenset(("note_type", "mod", "hash", "structure"))
_NOTE_KEYS: Final = frozenset(
    (
        *("note", "guid_ref", "guid", "kind", "mod", "hash", "matter", "rendering", "html", "deck"),
        *("markup", "shipped", "left_out", "former"),
    )
)
_FORMER_KEYS: Final = frozenset(("matter", "html"))
"""Every key that any version up to this one has written."""


@frozen
class Former:
    """What a note said before a release changed it: readers may have it still."""

    content: Mapping[str, Any]
    """The parts of its content that the release changed; of `fields`, only those fields. What the
    release added is None."""
    html_hash: str = ""
    """Digest of its fields as published; empty if it is not known."""


@frozen
class Published:
    """A note as it was last published."""

    id: str
    guid_ref: str
    """The key of its card, from which its guid is derived."""
    kind: str
    mod_s: int
    """Its modification time in Unix seconds."""
    hash: str
    packed: bytes = field(repr=False)
    """Its content, as `pack_content` returns it: a pack may have many notes."""
    rendering: int = 1
    """The version of the rendering it was last published with."""
    html_hash: str = ""
    """Digest of its fields as published; empty if an older version of the program published it."""
    markup: str = ""
    """What else decided its HTML, as `describe_markup` returns it; empty if it is not known."""
    deck: str = ""
    """The full name of the deck it was published in; empty if it is not known."""
    line: int = 0
    """Its line in the ledger's file; 0 if it was not read from one."""
    guid: str = ""
    """The guid that its card adopted; empty if it is derived from the key."""
    shipped: str = ""
    """If it is withdrawn: the hash of the content that people have, unless they have this one."""
    is_left_out: bool = False
    """Whether the last release left it out since no deck selected its card."""
    former: tuple[Former, ...] = ()
    """What it said in earlier releases, oldest first; older versions of the program kept nothing."""

    @property
    def content(self) -> dict[str, Any]:
        """The text as written, as JSON; see `describe_content`."""
        content: dict[str, Any] = msgspec.msgpack.decode(self.packed)
        return content

    @property
    def withdrawn(self) -> Withdrawn:
        """Whether, and how, it was left out of the package when it was last published."""
        return find_withdrawn(self.content.get("tags", ()))

    @property
    def shipped_hash(self) -> str:
        """The hash of the content that people have."""
        return self.shipped or self.hash

    def is_note(self, note: Note) -> bool:
        """Tell whether a note is as people have it from the last release."""
        return self.shipped_hash == note.hash and note.has_html_of(self)

    def list_contents(self) -> Iterator[Mapping[str, Any]]:
        """Yield its content in each release that is known, the last one first."""
        content: Mapping[str, Any] = self.content
        yield content
        for former in reversed(self.former):
            content = _restore(content, former.content)
            yield content

    def keep_former(self, content: Mapping[str, Any], html_hash: str) -> tuple[Former, ...]:
        """Return what it said before it gets other content, and what it said before that."""
        own = self.content
        if content == own and html_hash == self.html_hash:
            return self.former
        former = Former(content=_find_changed(content, own), html_hash=self.html_hash)
        return (*self.former, former)


@frozen
class PublishedType:
    """A note type as it was last published."""

    kind: str
    mod_s: int
    hash: str
    structure: dict[str, Any]
    line: int = field(default=0, compare=False)
    """Its line in the ledger's file; 0 if it was not read from one."""


@frozen
class Ledger:
    """Everything published of a pack; empty before its first release.

    An adopted pack has notes and note types before that, as published elsewhere, but no version.
    """

    pack: str
    namespace: str = ""
    """The namespace it was published with; empty before the first release."""
    version: str = ""
    """The last release; empty before the first one."""
    released_s: int = 0
    unfinished: str = ""
    """The changelog's entry of the last release, until changelog and package are written."""
    deck_names: tuple[str, ...] = ()
    notes: Mapping[str, Published] = field(default_factory=dict)
    """By id of the card."""
    note_types: Mapping[str, PublishedType] = field(default_factory=dict)
    """By kind."""

    def find(self, card: CardHead) -> Published | None:
        """Return a card as published, under its current or an earlier id."""
        for card_id in (card.id, *reversed(card.formerly)):
            if card_id in self.notes:
                return self.notes[card_id]
        return None

    def list_note_type_ids(self) -> dict[str, int]:
        """Return the ids of the published note types, by kind."""
        found = {kind: made.structure.get("id") for kind, made in self.note_types.items()}
        return {kind: id for kind, id in found.items() if isinstance(id, int)}

    def is_rerendered(self, note: Note) -> bool:
        """Tell whether the HTML of a published note has changed on purpose."""
        published = self.find(note.card)
        return published is not None and not note.has_html_of(published)


def find_withdrawn(tags: Collection[str]) -> Withdrawn:
    """Return whether, and how, the package of its deck leaves out a note with these tags."""
    if "retired" in tags:
        return "retired"
    return "reserved" if any(tag in tags for tag in RESERVED_TAGS) else ""


def pack_content(content: Mapping[str, Any]) -> bytes:
    """Return the content of a note as it is kept in memory.

    Raises:
        ValueError: it has a number that is too large.

    """
    try:
        return msgspec.msgpack.encode(content)
    except OverflowError:
        raise ValueError("a number in it is too large") from None


def _find_changed(new: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of an old content that differ in a new one."""
    changed: dict[str, Any] = {}
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) == new.get(name):
            continue
        if name == "fields":
            changed[name] = _find_changed(new.get(name, {}), old.get(name, {}))
        else:
            changed[name] = old.get(name)
    return changed


def _restore(new: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """Return an old content, from a new one and what differs in it."""
    old = {**new, **changed}
    if isinstance(changed.get("fields"), Mapping):
        old["fields"] = {**new.get("fields", {}), **changed["fields"]}
        old["fields"] = {name: value for name, value in old["fields"].items() if value is not None}
    return {name: value for name, value in old.items() if value is not None}


def format_ledger(ledger: Ledger) -> Iterator[str]:
    """Yield a ledger as JSON lines: a header, then note types and notes, each sorted by name."""
    header = {
        "ledger": LEDGER_FORMAT,
        "pack": ledger.pack,
        "namespace": ledger.namespace,
        "version": ledger.version,
        "released": ledger.released_s,
        "decks": list(ledger.deck_names),
        **({"unfinished": ledger.unfinished} if ledger.unfinished else {}),
    }
    note_types = (
        {"note_type": t.kind, "mod": t.mod_s, "hash": t.hash, "structure": t.structure}
        for _, t in sorted(ledger.note_types.items())
    )
    notes = (
        {
            "note": note.id,
            "guid_ref": note.guid_ref,
            **({"guid": note.guid} if note.guid else {}),
            "kind": note.kind,
            "mod": note.mod_s,
            "hash": note.hash,
            "matter": note.content,
            "rendering": note.rendering,
            "html": note.html_hash,
            **({"markup": note.markup} if note.markup else {}),
            "deck": note.deck,
            **({"shipped": note.shipped} if note.shipped else {}),
            **({"left_out": True} if note.is_left_out else {}),
            **({"former": [_format_former(one) for one in note.former]} if note.former else {}),
        }
        for _, note in sorted(ledger.notes.items())
    )
    encode = json.JSONEncoder(ensure_ascii=False).encode
    for row in chain((header,), note_types, notes):
        yield f"{encode(row)}\n"


def _format_former(former: Former) -> dict[str, Any]:
    html = {"html": former.html_hash} if former.html_hash else {}
    return {"matter": former.content, **html}


class _Read(NamedTuple):
    """What was read."""

    ledger: Ledger
    problems: list[Diagnostic]


def read_ledger(
    path: Path, pack: str, shown_path: str, ask: Ask = make_anew
) -> tuple[Ledger, list[Diagnostic]]:
    """Read a pack's ledger; a missing one is empty, and every damaged line is reported."""
    try:
        raw = read_plain_file(path, _MAX_BYTES)
        text, digest = raw.decode("utf-8"), blake2b(raw, digest_size=16).digest()
    except FileNotFoundError:
        return Ledger(pack=pack), []
    except ForeignFileError as error:
        return Ledger(pack=pack), [_damage(shown_path, 1, error.reason.replace("it ", "this ", 1))]
    except UnicodeDecodeError:
        return Ledger(pack=pack), [_damage(shown_path, 1, "this is not UTF-8 text")]
    del raw
    names = json.dumps(["ledger", pack, shown_path]).encode()
    return ask(digest + names, _Read, lambda: _read_text_of(text, pack, shown_path))


def _read_text_of(text: str, pack: str, shown_path: str) -> _Read:
    if conflicts := list(report_conflicts(text, shown_path)):
        return _Read(Ledger(pack=pack), conflicts)
    try:
        return _Read(*_read_lines(text, pack, shown_path))
    except _NewerError as error:
        newer = diagnose(
            "ledger-mismatch",
            f"this was written by a newer version of Cardwright: {error}",
            Span(path=shown_path, line=1, column=1),
            help=UPDATE,
        )
        return _Read(Ledger(pack=pack), [newer])


def _read_lines(text: str, pack: str, shown_path: str) -> tuple[Ledger, list[Diagnostic]]:
    problems: list[Diagnostic] = []
    ledger: Ledger | None = None
    notes: dict[str, Published] = {}
    note_types: dict[str, PublishedType] = {}
    for number, line in enumerate(_split_lines(text), 1):
        try:
            row = read_json_line(line)
            if number == 1:
                ledger = _read_header(row, pack)
            elif "note_type" in row:
                note_type = _read_note_type(row, number)
                if note_type.kind in note_types:
                    problems.append(
                        _damage(shown_path, number, f"`{note_type.kind}` appears twice")
                    )
                note_types[note_type.kind] = note_type
            else:
                note = _read_note(row, number)
                problems += _check_note(note, notes, shown_path)
                notes[note.id] = note
        except KeyError as error:
            problems.append(_damage(shown_path, number, f"this line lacks `{error.args[0]}`"))
        except (ValueError, TypeError, RecursionError) as error:
            problems.append(_damage(shown_path, number, f"this line cannot be read: {error}"))
    if ledger is None:
        # Without its header, the notes cannot be compared with anything.
        return Ledger(pack=pack), problems
    return replace(ledger, notes=notes, note_types=note_types), problems


def _split_lines(text: str) -> Iterator[str]:
    """Yield the lines of a text, one at a time."""
    # Not `splitlines`: texts may contain characters that it treats as line ends.
    start, end = 0, text.find("\n")
    while end >= 0:
        yield text[start:end]
        start, end = end + 1, text.find("\n", end + 1)
    if start < len(text) or not text:
        yield text[start:]


class _NewerError(Exception):
    """A newer version of the program wrote the ledger; the message says how it is known."""


def _refuse_unknown(row: dict[str, Any], known: frozenset[str]) -> None:
    """Refuse keys that this version would lose when it writes the ledger."""
    if unknown := sorted(row.keys() - known):
        raise _NewerError(f"`{unknown[0]}` is not known")


def _read_header(row: dict[str, Any], pack: str) -> Ledger:
    if row["ledger"] != LEDGER_FORMAT:
        if isinstance(row["ledger"], int) and row["ledger"] > LEDGER_FORMAT:
            raise _NewerError(f"it has format {row['ledger']}")
        raise ValueError(f"ledger format {row['ledger']} is not known")
    header = Ledger(
        # The folder may have another name since: what counts is the namespace.
        pack=pack,
        # Until packs had namespaces, their names were used.
        namespace=_read_text(row, "namespace" if "namespace" in row else "pack"),
        version=_read_version(row, "version"),
        released_s=_read_time(row, "released"),
        deck_names=_read_deck_names(row["decks"]),
        unfinished=_read_text(row, "unfinished", ""),
    )
    _refuse_unknown(row, _HEADER_KEYS)
    return header


def _read_note_type(row: dict[str, Any], number: int) -> PublishedType:
    note_type = PublishedType(
        kind=_read_text(row, "note_type"),
        mod_s=_read_time(row, "mod"),
        hash=_read_text(row, "hash"),
        structure=_read_structure(row["structure"]),
        line=number,
    )
    _refuse_unknown(row, _NOTE_TYPE_KEYS)
    return note_type


def _read_note(row: dict[str, Any], number: int) -> Published:
    rendering = row.get("rendering", 1)
    if not isinstance(rendering, int):
        raise TypeError("`rendering` is not a number")
    is_left_out = row.get("left_out", False)
    if not isinstance(is_left_out, bool):
        raise TypeError("`left_out` is neither true nor false")
    from cardwright.anki.note import RENDERING_VERSION  # noqa: PLC0415  (start-up of `cards check`)

    if rendering > RENDERING_VERSION:
        raise _NewerError(f"it has rendering {rendering}")
    note = Published(
        id=_read_text(row, "note"),
        guid_ref=_read_text(row, "guid_ref"),
        guid=_read_text(row, "guid", ""),
        kind=_read_text(row, "kind"),
        mod_s=_read_time(row, "mod"),
        hash=_read_text(row, "hash"),
        packed=pack_content(_read_content(row["matter"])),
        rendering=rendering,
        html_hash=_read_text(row, "html", ""),
        markup=_read_text(row, "markup", ""),
        deck=_read_text(row, "deck", ""),
        shipped=_read_text(row, "shipped", ""),
        is_left_out=is_left_out,
        former=tuple(_read_former(row.get("former", []))),
        line=number,
    )
    _refuse_unknown(row, _NOTE_KEYS)
    return note


def _read_text(row: dict[str, Any], key: str, default: str | None = None) -> str:
    value = row[key] if default is None else row.get(key, default)
    if not isinstance(value, str):
        raise TypeError(f"`{key}` is not a text")
    return value


def _read_version(row: dict[str, Any], key: str) -> str:
    version = _read_text(row, key)
    # It is empty if the first release was interrupted.
    if version and not _VERSION.fullmatch(version):
        raise ValueError(f"`{key}` is not three numbers")
    return version


def _read_time(row: dict[str, Any], key: str) -> int:
    value = row[key]
    if type(value) is not int or not 0 <= value <= MAX_TIME_S:
        raise ValueError(f"`{key}` is not a time in seconds")
    return value


def _read_deck_names(names: object) -> tuple[str, ...]:
    if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise TypeError("`decks` is not a list of texts")
    return tuple(names)


def _read_structure(structure: object) -> dict[str, Any]:
    if not isinstance(structure, dict):
        raise TypeError("`structure` is not a JSON object")
    return structure


def _read_former(rows: object) -> Iterator[Former]:
    if not isinstance(rows, list):
        raise TypeError("`former` is not a list")
    for row in rows:
        if not isinstance(row, dict):
            raise TypeError("`former` contains something else than JSON objects")
        _refuse_unknown(row, _FORMER_KEYS)
        yield Former(
            content=_read_content(row["matter"], is_partial=True),
            html_hash=_read_text(row, "html", ""),
        )


def _read_content(matter: object, *, is_partial: bool = False) -> dict[str, Any]:
    if not isinstance(matter, dict):
        raise TypeError("`matter` is not a JSON object")
    parts = ((matter.get("fields", {}), dict), (matter.get("tags", []), list))
    if not all(isinstance(part, made) or (is_partial and part is None) for part, made in parts):
        raise TypeError("`fields` or `tags` of `matter` are of the wrong type")
    return matter


def _check_note(
    note: Published, notes: Mapping[str, Published], shown_path: str
) -> Iterator[Diagnostic]:
    if note.id in notes:
        yield _damage(shown_path, note.line, f"`{note.id}` appears twice")
    from cardwright.anki.note import hash_content  # noqa: PLC0415  (start-up of `cards check`)

    if hash_content(note.content) != note.hash:
        yield _damage(shown_path, note.line, f"`{note.id}` does not match its hash")


def _damage(path: str, line: int, message: str) -> Diagnostic:
    return diagnose(
        "ledger-mismatch",
        message,
        Span(path=path, line=line, column=1),
        help="restore the ledger from version control; only `cards release` writes it",
    )
