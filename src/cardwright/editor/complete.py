"""What may be written at a place: keys with their help, names of the project, media files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from cardwright.app.project import Project
from cardwright.editor.buffer import Position
from cardwright.editor.flow import QUOTES
from cardwright.editor.outline import Cursor
from cardwright.editor.schemas import Schemas
from cardwright.editor.workspace import OpenFile
from cardwright.files import find_real
from cardwright.foreign.media import has_media_name
from cardwright.model import FieldType
from cardwright.text import escape_controls

MAX_ITEMS: Final = 200
"""So many are offered at once; typing on narrows them down."""
_MAX_ENTRIES: Final = 5_000
"""So many entries of a folder are looked at."""
_PROPERTY, _KEYWORD, _FILE, _REFERENCE, _FOLDER, _ENUM, _CONSTANT = 10, 14, 17, 18, 19, 20, 21
"""What the protocol calls kinds of items."""
_MEDIA: Final = re.compile(r"!\[[^\]]*\]\(<?([^()<>]*)$")
_PLAIN: Final = re.compile(r"[A-Za-z_][\w:./+-]*(?<!:)")
"""What needs no quotes, and is no number in any other program."""


class Name(NamedTuple):
    """Something that may be written."""

    label: str
    detail: str
    kind: int
    about: str = ""
    text: str = ""
    """What it may be looked for by, besides its label."""


def complete_key(file: OpenFile, schemas: Schemas, position: Position) -> dict[str, Any] | None:
    """Return the list of completions of a key at a position; None if something else is there."""
    place = file.buffer.locate(position)
    cursor = file.outline.find(*place)
    if cursor.is_text or _MEDIA.search(cursor.before):
        return None
    keys = schemas.find_keys(file, cursor.path, cursor.line)
    if cursor.is_key or (cursor.key is None and keys):
        return _complete_key(file, schemas, cursor, place.column)
    return None


def complete(
    file: OpenFile, project: Project, schemas: Schemas, position: Position
) -> dict[str, Any]:
    """Return the list of completions at a position, other than of a key."""
    place = file.buffer.locate(position)
    cursor = file.outline.find(*place)
    if media := _MEDIA.search(cursor.before):
        return _make_list(
            file, cursor, place.column, _list_media(file, project, media[1]), media[1]
        )
    if cursor.is_text:
        return _make_list(file, cursor, place.column, [])
    names = list_names_at(file, project, schemas, cursor)
    return _make_list(file, cursor, place.column, names)


def _complete_key(file: OpenFile, schemas: Schemas, cursor: Cursor, column: int) -> dict[str, Any]:
    keys = schemas.find_keys(file, cursor.path, cursor.line)
    required = schemas.list_required(file, cursor.path, cursor.line)
    left = {name: schema for name, schema in keys.items() if name not in cursor.siblings}
    order = sorted(left, key=lambda name: name not in required)
    has_colon = file.buffer.line(cursor.line)[cursor.end :].lstrip().startswith(":")
    names = [
        Name(
            name,
            "required" if name in required else "",
            _PROPERTY,
            left[name].get("description", ""),
        )
        for name in order
    ]
    return _make_list(file, cursor, column, names, ending="" if has_colon else ": ")


def list_names_at(file: OpenFile, project: Project, schemas: Schemas, cursor: Cursor) -> list[Name]:
    """Return the names that may be the value at a place."""
    words = cursor.names
    found: dict[str, Name] = {}
    for schema in schemas.find(file, cursor.value_path, cursor.line):
        values = ["true", "false"] if schema.get("type") == "boolean" else schema.get("enum", ())
        kinds = project.collection.kinds
        for value in values:
            about = kinds[value].about if words[-1:] == ["kind"] and value in kinds else ""
            found[value] = Name(value, "", _ENUM, about)
    for name in _list_names(file, project, words):
        found.setdefault(name.label, name)
    return list(found.values())


def find_source(file: OpenFile, project: Project, words: list[str]) -> str:
    """Return what is named at a place, such as `lesson`; empty if it is nothing of the project."""
    last = words[-1] if words else ""
    if file.sort == "cards":
        objectives = {
            field.name
            for kind in project.collection.kinds.values()
            for field in kind.fields
            if field.type is FieldType.OBJECTIVE
        }
        sources = {"lesson": "lesson", "kind": "kind", "objectives": "objective", "tags": "tag"}
        sources |= {"formerly": "former", "twins": "twins", "id": "id"}
        return "objective" if last in objectives else sources.get(last, "")
    if file.sort == "deck":
        if words == ["order"]:
            return "kind"
        sources = {name: name for name in ("lesson", "kind", "tag", "id", "file")}
        return sources.get(last, "") if "select" in words else ""
    if file.sort == "blueprint":
        if "measure" in words:
            sources = {
                "lessons": "lesson",
                "objectives": "objective",
                "kinds": "kind",
                "tags": "tag",
            }
        else:
            sources = {"lesson": "lesson", "lessons": "lesson", "domain": "domain"}
        return sources.get(last, "") if len(words) > 1 else ""
    if file.sort == "kind" and last in {"show", "when", "type", "accept"} and "sides" in words:
        return "field"
    return ""


def _list_names(file: OpenFile, project: Project, words: list[str]) -> Iterable[Name]:
    lister = _LISTERS.get(find_source(file, project, words))
    return lister(file, project) if lister else ()


def _list_lessons(file: OpenFile, project: Project) -> Iterator[Name]:
    blueprint = project.collection.blueprints.get(file.pack)
    for lesson in blueprint.lessons.values() if blueprint else ():
        yield Name(lesson.id, lesson.title, _CONSTANT)


def _list_domains(file: OpenFile, project: Project) -> Iterator[Name]:
    blueprint = project.collection.blueprints.get(file.pack)
    for domain in blueprint.domains.values() if blueprint else ():
        yield Name(domain.id, domain.name, _CONSTANT)


def _list_objectives(file: OpenFile, project: Project) -> Iterator[Name]:
    blueprint = project.collection.blueprints.get(file.pack)
    objectives = blueprint.objectives.values() if blueprint else ()
    own = file.outline.top.value("lesson")
    for objective in sorted(objectives, key=lambda objective: objective.lesson != own):
        about = objective.about
        yield Name(objective.id, about, _CONSTANT, text=about)


def _list_kinds(_file: OpenFile, project: Project) -> Iterator[Name]:
    for kind in project.collection.kinds.values():
        yield Name(kind.name, kind.title, _ENUM, kind.about)


def _list_tags(file: OpenFile, project: Project) -> Iterator[Name]:
    heads = project.collection.heads_of(file.pack)
    for tag in dict.fromkeys(tag for head in heads for tag in head.tags):
        yield Name(tag, "", _KEYWORD)


def _list_ids(file: OpenFile, project: Project) -> Iterator[Name]:
    for head in project.collection.heads_of(file.pack):
        yield Name(head.id, head.kind, _REFERENCE)


def _list_twins(file: OpenFile, project: Project) -> Iterator[Name]:
    heads = project.collection.heads_of(file.pack)
    for twins in dict.fromkeys(head.twins for head in heads if head.twins):
        yield Name(twins, "", _KEYWORD)


def list_vanished(pack: str, project: Project) -> list[str]:
    """Return the published ids that no card has any more."""
    ledger = project.ledgers.get(pack)
    if ledger is None or not ledger.notes:
        return []
    heads = project.collection.heads_of(pack)
    known = {name for head in heads for name in (head.id, *head.formerly)}
    return [name for name in ledger.notes if name not in known]


def _list_vanished(file: OpenFile, project: Project) -> Iterator[Name]:
    for name in list_vanished(file.pack, project):
        yield Name(name, "published, and gone since", _REFERENCE)


def _list_files(file: OpenFile, project: Project) -> Iterator[Name]:
    prefix = f"cards/{file.pack}/"
    for known in project.files:
        if known.name.startswith(prefix):
            yield Name(known.name[len(prefix) :], "", _FILE)


def _list_fields(file: OpenFile, _project: Project) -> Iterator[Name]:
    for name in file.outline.list_keys("fields"):
        yield Name(name, "", _REFERENCE)


_LISTERS: Final[dict[str, Callable[[OpenFile, Project], Iterable[Name]]]] = {
    "lesson": _list_lessons,
    "domain": _list_domains,
    "objective": _list_objectives,
    "kind": _list_kinds,
    "tag": _list_tags,
    "id": _list_ids,
    "twins": _list_twins,
    "former": _list_vanished,
    "file": _list_files,
    "field": _list_fields,
}


def _list_media(file: OpenFile, project: Project, written: str) -> list[Name]:
    """Return the media files and folders below a path as it is written so far."""
    folder = (project.root / file.name).parent / written.rpartition("/")[0]
    found = []
    try:
        here = find_real(folder)
        if not here.is_relative_to(project.root):
            return []
        with os.scandir(here) as entries:
            for _, entry in zip(range(_MAX_ENTRIES), entries, strict=False):
                if entry.name.startswith(".") or not entry.name.isprintable():
                    continue
                if entry.is_dir():
                    found.append(Name(f"{entry.name}/", "", _FOLDER))
                elif has_media_name(entry.name):
                    found.append(Name(entry.name, "", _FILE))
    except (OSError, ValueError):
        return []
    return sorted(found)


def _make_list(
    file: OpenFile,
    cursor: Cursor,
    column: int,
    names: list[Name],
    media: str | None = None,
    *,
    ending: str = "",
) -> dict[str, Any]:
    """Return what the protocol calls a completion list: of the names that fit what is written."""
    if media is None:
        start, end, typed = cursor.start, cursor.end, cursor.before
        text = file.buffer.line(cursor.line)[start:end]
        quote = text[:1] if text[:1] in QUOTES and not ending else ""
        is_closed = len(text) > 1 and text.endswith(quote)
        # Editors compare names with what is written from the start of the edit: without a quote.
        start, end = start + len(quote), end - len(quote) * is_closed
    else:
        typed, quote, is_closed = media.rpartition("/")[2], "", True
        start, end = column - len(typed), column
    fitting = [
        name
        for name in names
        if _fits(name.label, typed) or typed.casefold() in name.text.casefold()
    ]
    edit_range = file.buffer.range(cursor.line, start, end)
    items = []
    for number, name in enumerate(fitting[:MAX_ITEMS]):
        written = name.label
        if media is None and not ending:
            closing = "" if is_closed else quote
            written = f"{written}{closing}" if quote else write_plain(written)
        item: dict[str, Any] = {
            "label": escape_controls(name.label),
            "kind": name.kind,
            "sortText": f"{number:04}",
            "textEdit": {"range": edit_range, "newText": f"{written}{ending}"},
        }
        if not _fits(name.label, typed):
            # Only there: with it, Neovim replaces no more than the last word.
            item["filterText"] = escape_controls(name.text)
        if name.detail:
            item["detail"] = escape_controls(name.detail)
        if name.about:
            item["documentation"] = escape_controls(name.about)
        items.append(item)
    is_incomplete = len(fitting) > MAX_ITEMS or any(name.text for name in names)
    return {"isIncomplete": is_incomplete, "items": items}


def write_plain(word: str) -> str:
    """Return a word as a YAML value, in quotes if other programs would read it as something else."""
    if _PLAIN.fullmatch(word):
        return word
    if "'" not in word and word.isprintable():
        return f'"{word}"' if not set(word) & {'"', "\\"} else f"'{word}'"
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _fits(label: str, typed: str) -> bool:
    """Tell whether the letters typed occur in a label, in order: editors do the rest."""
    rest = iter(label.casefold())
    return all(letter in rest for letter in typed.casefold())
