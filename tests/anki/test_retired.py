"""Retired cards: nobody new gets them, and those who have them keep them, and can find them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anki_backend import Anki
from project_files import Release, Run, Write

YEARS = (1_700_000_000, 1_800_000_000, 1_900_000_000)
CARDS = """\
kind: basic
sources: [https://example.com/trees]
cards:
  - {id: oak, question: What is an oak?, answer: A tree with acorns.}
  - {id: elm, question: What is an elm?, answer: A tree with winged seeds.}
  - {id: ash, question: What is an ash?, answer: '![](media/buds.png)'}
"""
RETIRED = CARDS.replace("winged seeds.", "winged seeds., retired: They died.").replace(
    "buds.png)'", "buds.png)', retired: Blurred."
)
KIND = """\
title: Tune
fields:
  name: {type: inline, required: true}
  key: {type: inline, required: true}
sides:
  key: {ask: 'In which key is {{name}}?', show: [key]}
"""
ADOPTED: dict[str, Any] = {
    "sources": "optional",
    "anki": {"id": 4711, "name": "Mine", "css": ""},
    "fields": {"front": {"type": "inline", "required": True}, "back": {"type": "inline"}},
    "sides": {
        "card": {
            "ask": "{{front}}",
            "show": ["back"],
            "anki": {"name": "Card 1", "front": "{{Front}}", "back": "{{Back}}"},
        }
    },
}


@pytest.fixture(autouse=True)
def _picture(project: Path) -> None:
    (project / "cards/trees/media").mkdir()
    (project / "cards/trees/media/buds.png").write_bytes(b"\x89PNG\r\n\x1a\nbuds")


def read_search(text: str) -> str:
    (search,) = re.findall(r"search for `(.+?)` in Anki's browser", text)
    return str(search)


def description(anki: Anki) -> str:
    deck = anki.col.decks.by_name("Trees")
    assert deck
    return str(deck["desc"])


def found(anki: Anki, search: str) -> set[str]:
    notes = {note.id: note_id for note_id, note in anki.notes().items()}
    return {notes[note_id] for note_id in anki.col.find_notes(search)}


def test_a_retired_card_reaches_nobody_new(
    write: Write, release: Release, anki: Anki, run: Run, project: Path
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    release("v1", YEARS[0])
    write({"cards/trees/trees.yaml": RETIRED})
    second = release("v2", YEARS[1])
    run("build")
    assert (project / "build/trees.apkg").read_bytes() == second.read_bytes()

    result = anki.import_package(second)

    assert result.new == {"What is an oak?"}
    assert set(anki.notes()) == {"trees:oak"}
    assert anki.col.card_count() == 1
    assert not list(Path(anki.col.media.dir()).iterdir())
    message, sound = anki.col.fix_integrity()
    assert (message, sound) == ("Database rebuilt and optimized.", True)
    assert anki.col.note_count() == anki.col.card_count() == 1


def test_those_who_have_it_keep_note_and_progress_until_it_returns_to_all(
    write: Write, release: Release, reader: Callable[[str], Anki]
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    first = release("v1", YEARS[0])
    old, fresh = reader("old"), reader("fresh")
    old.import_package(first)
    old.answer_all()
    elm = old.notes()["trees:elm"]
    elm["Answer"], elm.tags = "My own words.", ["mine"]
    old.col.update_note(elm)
    scheduling, before = old.scheduling(), old.notes()["trees:elm"]

    write({"cards/trees/trees.yaml": RETIRED})
    second = release("v2", YEARS[1])
    fresh.import_package(second)
    result = old.import_package(second)

    assert (result.new, result.updated, result.conflicting) == (set(), set(), set())
    after = old.notes()["trees:elm"]
    assert (after.fields, after.tags, after.mod) == (before.fields, ["mine"], before.mod)
    assert old.scheduling() == scheduling

    write({"cards/trees/trees.yaml": CARDS.replace("winged seeds", "flat seeds")})
    third = release("v3", YEARS[2])
    fresh.import_package(third)
    old.import_package(third)

    for anki in (old, fresh):
        assert set(anki.notes()) == {"trees:oak", "trees:elm", "trees:ash"}
        assert "flat seeds" in anki.notes()["trees:elm"]["Answer"]
        assert "retired" not in description(anki)
    assert old.scheduling() == scheduling


def test_a_search_in_description_and_changelog_finds_exactly_the_retired_cards(
    write: Write, release: Release, anki: Anki, project: Path
) -> None:
    ids = {
        "a.b": True,
        "a-b": True,
        "axb": False,
        "a": True,
        "a.b-c": False,
        "c": False,
        "d.1": True,
    }
    rows = [f"{{id: {id}, question: '{id}?', answer: 'trees:a.b'}}" for id in ids]
    tunes = ["{id: reel, name: Reel, key: D}", "{id: jig, name: Jig, key: G}"]

    def write_cards(*, retired: bool) -> None:
        more = ", retired: Wrong" if retired else ""
        basic = "\n".join(
            f"- {row[:-1]}{more if away else ''}}}"
            for row, away in zip(rows, ids.values(), strict=True)
        )
        write(
            {
                "kinds/tune.yaml": KIND,
                "cards/trees/a.yaml": f"kind: basic\nsources: [A book]\ncards:\n{basic}\n",
                "cards/trees/b.yaml": "kind: tune\nsources: [A book]\ncards:\n"
                f"- {tunes[0][:-1]}{more}}}\n- {tunes[1]}\n",
            }
        )

    write_cards(retired=False)
    anki.import_package(release("v1", YEARS[0]))
    write_cards(retired=True)
    anki.import_package(release("v2", YEARS[1]))

    expected = {"trees:a", "trees:a.b", "trees:a-b", "trees:d.1", "trees:reel"}
    changelog = (project / "decks/trees/CHANGELOG.md").read_text("utf-8")
    for text in (description(anki), changelog):
        assert found(anki, read_search(text)) == expected
    shown = anki.col.render_markdown(description(anki))
    assert (
        f"<code>{read_search(shown.replace('<code>', '`').replace('</code>', '`'))}</code>" in shown
    )
    assert "5 cards are retired. They stay as they are in your collection" in description(anki)


@pytest.mark.parametrize(
    ("field", "is_found"), [(None, False), ("Nr_ \\ä", True), ("tag", False), ("a`b", False)]
)
def test_an_adopted_note_type_is_searched_by_the_field_that_holds_the_id(
    write: Write, release: Release, anki: Anki, project: Path, field: str | None, is_found: bool
) -> None:
    held = {"type": "inline", "label": field, "holds": "id"}
    kind = {**ADOPTED, "fields": {**ADOPTED["fields"], **({"key": held} if field else {})}}
    rows = "\n".join(f"- {{id: land-{n}, guid: land{n}, front: Land {n}%s}}" for n in range(3))
    for time_s, ending in ((YEARS[0], ""), (YEARS[1], ", retired: Gone")):
        text = rows % ("", ending, ending)
        write(
            {
                "kinds/land.yaml": json.dumps(kind),
                "cards/trees/land.yaml": f"kind: land\ncards:\n{text}\n",
            }
        )
        anki.import_package(release("v", time_s))

    changelog = (project / "decks/trees/CHANGELOG.md").read_text("utf-8")
    assert "- `land-1`: Land 1\n- `land-2`: Land 2\n\nThey stay as they are" in changelog
    for text in (description(anki), changelog):
        if is_found:
            notes = [anki.col.get_note(id) for id in anki.col.find_notes(read_search(text))]
            assert {note["Front"] for note in notes} == {"Land 1", "Land 2"}
        else:
            assert "search for" not in text


def test_a_long_list_of_retired_cards_does_not_swell_the_description(
    write: Write, release: Release, anki: Anki
) -> None:
    rows = [f"  - {{id: tree-{n}, question: 'Tree {n}?', answer: A tree" for n in range(400)]
    start = "kind: basic\nsources: [A book]\ncards:\n"
    write({"cards/trees/trees.yaml": start + "}\n".join(rows) + "}\n"})
    anki.import_package(release("v1", YEARS[0]))
    write({"cards/trees/trees.yaml": start + ", retired: Cut}\n".join(rows) + "}\n"})
    anki.import_package(release("v2", YEARS[1]))

    text = description(anki)
    assert "399 cards are retired." in text
    (number,) = re.findall(r"To find ([0-9]+) of them, search for", text)
    assert len(found(anki, read_search(text))) == int(number) > 50
    assert len(text) < 1_500


def test_a_pack_whose_cards_are_all_retired_is_not_built(
    write: Write, release: Release, run: Run, project: Path
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    path = release("v1", YEARS[0])
    write({"cards/trees/trees.yaml": RETIRED.replace("acorns.", "acorns., retired: Felled.")})

    for words in (("build",), ("release", "trees")):
        assert "selects no cards" in run(*words, exit_code=1).stderr
    assert (project / "build/trees.apkg").read_bytes() == path.read_bytes()
