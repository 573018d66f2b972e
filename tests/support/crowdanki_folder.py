"""The add-on CrowdAnki: what its export writes for a deck of a collection."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from anki.collection import Collection as Anki

_LEFT_OUT = {"mod", "usn", "id", "newToday", "revToday", "timeToday", "lrnToday", "conf"}
_NOT_OF_A_DECK = {"collapsed", "browserCollapsed"}


def make_uuid(name: str) -> str:
    """Return what stands for the UUID that the add-on gives to something."""
    return f"uuid-of-{name}"


def export_folder(anki: Anki, deck_name: str, folder: Path, *, file: str = "deck.json") -> Path:
    """Write a deck with its sub-decks, and all media."""
    types: dict[str, Any] = {}
    presets: dict[str, Any] = {}
    deck = _describe_deck(anki, deck_name, types, presets)
    deck["name"] = deck_name
    deck |= {"note_models": list(types.values()), "deck_configurations": list(presets.values())}
    folder.mkdir()
    (folder / file).write_text(json.dumps(deck, indent=4, ensure_ascii=False), "utf-8")
    shutil.copytree(anki.media.dir(), folder / "media")
    return folder


def _describe_deck(
    anki: Anki, name: str, types: dict[str, Any], presets: dict[str, Any]
) -> dict[str, Any]:
    deck = anki.decks.by_name(name)
    assert deck
    preset = anki.decks.config_dict_for_deck_id(deck["id"])
    presets[preset["name"]] = _leave_out(preset) | {
        "__type__": "DeckConfig",
        "crowdanki_uuid": make_uuid(preset["name"]),
    }
    below = [child for child, _ in anki.decks.children(deck["id"])]
    return {
        **_leave_out(deck),
        "__type__": "Deck",
        "name": name.rsplit("::", maxsplit=1)[-1],
        "crowdanki_uuid": make_uuid(name),
        "deck_config_uuid": make_uuid(preset["name"]),
        "children": [
            _describe_deck(anki, child, types, presets)
            for child in below
            if child.count("::") == name.count("::") + 1
        ],
        "media_files": [],
        "notes": [
            _describe_note(anki, note_id, types)
            for note_id in sorted(
                {anki.get_card(id).nid for id in anki.decks.cids(deck["id"], children=False)}
            )
        ],
    }


def _describe_note(anki: Anki, note_id: Any, types: dict[str, Any]) -> dict[str, Any]:
    note = anki.get_note(note_id)
    model = note.note_type()
    assert model
    uuid = make_uuid(model["name"])
    made = {key: value for key, value in model.items() if key not in {"mod", "usn", "id", "did"}}
    types[uuid] = made | {"__type__": "NoteModel", "crowdanki_uuid": uuid}
    return {
        "__type__": "Note",
        "data": "",
        "fields": note.fields,
        "flags": 0,
        "guid": note.guid,
        "note_model_uuid": uuid,
        "tags": note.tags,
    }


def _leave_out(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key not in {*_LEFT_OUT, *_NOT_OF_A_DECK}}
