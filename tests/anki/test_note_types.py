"""The note types of the built-in kinds are frozen, since users have them in their collections."""

from __future__ import annotations

import json
from pathlib import Path

from cardwright.anki.notetype import SPARE_FIELDS, make_note_type
from cardwright.markdown.render import Renderer
from cardwright.project.kind import read_built_in_kinds

GOLDEN = Path(__file__).parents[1] / "cases" / "note_types.json"
HASHES = Path(__file__).parents[1] / "cases" / "note_type_hashes.json"
RELEASED = Path(__file__).parents[1] / "cases" / "note_types_released.json"
"""The note types of the last release of the program, with the times of their last change."""


def test_structure_and_ids_are_what_was_published() -> None:
    renderer = Renderer()
    note_types = [make_note_type(kind, renderer) for kind in read_built_in_kinds().values()]

    structures = {note_type.name: note_type.structure for note_type in note_types}
    assert structures == json.loads(GOLDEN.read_text("utf-8"))


def test_a_change_that_reaches_every_reader_is_made_on_purpose() -> None:
    """Even the help of a field is part of a note type, which the next release would then update."""
    renderer = Renderer()
    note_types = [make_note_type(kind, renderer) for kind in read_built_in_kinds().values()]

    hashes = {note_type.name: note_type.hash for note_type in note_types}
    assert hashes == json.loads(HASHES.read_text("utf-8"))


def test_a_changed_note_type_has_a_later_time_than_the_released_one() -> None:
    renderer = Renderer()
    released = json.loads(RELEASED.read_text("utf-8"))

    for kind in read_built_in_kinds().values():
        note_type = make_note_type(kind, renderer)
        before = released.get(note_type.name, {"hash": "", "changed_s": 0})
        assert note_type.changed_s is not None
        assert note_type.changed_s >= before["changed_s"]
        assert note_type.changed_s > before["changed_s"] or note_type.hash == before["hash"], (
            f"{note_type.name} has changed: raise its time in `_CHANGED_S`"
        )


def test_ids_are_unique_and_every_note_type_has_room_to_grow() -> None:
    renderer = Renderer()
    note_types = [make_note_type(kind, renderer) for kind in read_built_in_kinds().values()]
    ids = [
        anki_id
        for note_type in note_types
        for anki_id in (
            note_type.anki_id,
            *(field.anki_id for field in note_type.fields),
            *(template.anki_id for template in note_type.templates),
        )
    ]

    assert len(set(ids)) == len(ids)
    for note_type in note_types:
        names = [field.name for field in note_type.fields]
        assert names[-6:] == ["Extra", "Sources", "Lesson", "Id", *SPARE_FIELDS]
