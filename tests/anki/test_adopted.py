"""Decks that started elsewhere are built here, and update in place, with Anki's own backend."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adopting import describe_kind, make_note_type
from anki_backend import Anki
from project_files import Run, Write

LATER = 2_000_000_000
"""After the notes were made, which is when the test runs."""
NOTES = [
    {"fields": ["1", "France", "Paris", "", "map", "note"], "tags": ["geo", "eu::west"]},
    {"fields": ["2", "Japan", "Tokyo", "once Edo", "", ""], "tags": []},
    {"fields": ["3", "Peru", "Lima", "", "", "x"], "tags": ["geo"]},
]


@pytest.fixture
def reader(anki: Anki) -> list[dict[str, Any]]:
    """Let somebody have studied the notes; return each with its guid."""
    model = make_note_type(anki.col)
    deck = anki.col.decks.id("Länder")
    assert deck
    made = []
    for row in NOTES:
        note = anki.col.new_note(model)
        note.fields, note.tags = list(row["fields"]), list(row["tags"])
        anki.col.add_note(note, deck)
        made.append({**row, "guid": note.guid})
    anki.answer_all()
    return made


def write_deck(write: Write, kind: str, notes: list[dict[str, Any]]) -> None:
    cards = [
        {
            "id": f"land-{number}",
            "guid": note["guid"],
            "tags": note["tags"] or ["none"],
            **{f"f{n}": text for n, text in enumerate(note["fields"]) if text},
        }
        for number, note in enumerate(notes)
    ]
    write(
        {
            "kinds/land.yaml": kind,
            "decks/trees/deck.yaml": "name: Länder\nnamespace: land-k3v9\n",
            "cards/trees/land.yaml": json.dumps({"kind": "land", "cards": cards}),
        }
    )


def by_guid(anki: Anki) -> dict[str, list[str]]:
    notes = [anki.col.get_note(note_id) for note_id in anki.col.find_notes("")]
    return {note.guid: note.fields for note in notes}


def scheduling(anki: Anki) -> list[Any]:
    columns = "id, nid, did, ord, type, queue, due, ivl, factor, reps, lapses, left, data"
    return anki.col.db.all(f"select {columns} from cards order by id") if anki.col.db else []


def kept(model: dict[str, Any]) -> dict[str, Any]:
    """Return what an update must leave alone in a note type."""
    unset = {"mod", "usn", "did", "vers", "tags", "originalId"}
    fields = [{k: v for k, v in field.items() if k != "media"} for field in model["flds"]]
    return {key: value for key, value in model.items() if key not in unset} | {"flds": fields}


@pytest.mark.parametrize("with_ids", [True, False])
def test_an_adopted_deck_updates_in_place(
    anki: Anki,
    reader: list[dict[str, Any]],
    write: Write,
    run: Run,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    with_ids: bool,
) -> None:
    model = anki.col.models.by_name("Länder & Städte")
    assert model
    reader[0]["fields"][2] = "Paris (on the Seine)"
    reader.append({"fields": ["4", "Chad", "N'Djamena", "", "", ""], "tags": [], "guid": "my guid"})
    write_deck(write, describe_kind(model, with_ids=with_ids), reader)
    before, known = scheduling(anki), set(by_guid(anki))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(LATER))
    run("build", "trees")

    result = anki.import_package(project / "build" / "trees.apkg")

    assert (result.new, result.conflicting) == ({"4"}, set())
    assert result.updated == {"1", "2", "3"}
    assert set(by_guid(anki)) == {*known, "my guid"}
    for note in reader:
        assert by_guid(anki)[note["guid"]] == note["fields"]
    assert scheduling(anki)[: len(before)] == before
    names = [entry.name for entry in anki.col.models.all_names_and_ids()]
    assert [name for name in names if name.startswith("Länder")] == ["Länder & Städte"]
    after = anki.col.models.by_name("Länder & Städte")
    assert after
    if with_ids:
        assert kept(after) == kept(model)
    assert after["css"] == model["css"]
    assert [(t["qfmt"], t["afmt"]) for t in after["tmpls"]] == [
        (t["qfmt"], t["afmt"]) for t in model["tmpls"]
    ]
    (note_id,) = anki.col.find_notes("Nr.:1")
    assert anki.col.get_note(note_id).tags == ["eu::west", "geo"]


def test_what_is_not_written_down_is_anki_s_default(
    anki: Anki, write: Write, run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_plain_type(anki)
    kind = json.loads(describe_kind(model))
    kind["anki"] = {key: kind["anki"][key] for key in ("id", "name", "css", "stock")}
    for field in kind["fields"].values():
        del field["anki"]
    for side in kind["sides"].values():
        side |= {"ask": "{{f0}}", "show": ["f1"]}
        side["anki"] = {key: side["anki"][key] for key in ("name", "id", "front", "back")}
    note = anki.col.new_note(model)
    note.fields = ["oak", "a tree"]
    anki.col.add_note(note, 1)  # type: ignore[arg-type]
    write_deck(write, json.dumps(kind), [{"fields": ["oak", "?"], "tags": [], "guid": note.guid}])
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(LATER))
    run("build", "trees")

    result = anki.import_package(project / "build" / "trees.apkg")

    after = anki.col.models.by_name("Plain")
    assert after
    assert (result.conflicting, len(result.updated)) == (set(), 1)
    assert kept(after) == kept(model)


def make_plain_type(anki: Anki) -> dict[str, Any]:
    """Add a note type of which only names, templates and the stylesheet are our own."""
    made = anki.col.models.new("Plain")
    for name in ("Front", "Back"):
        anki.col.models.add_field(made, anki.col.models.new_field(name))
    template = anki.col.models.new_template("Card 1")
    template |= {"qfmt": "{{Front}}", "afmt": "{{FrontSide}}<hr id=answer>{{Back}}"}
    anki.col.models.add_template(made, template)
    anki.col.models.add(made)
    found = anki.col.models.by_name("Plain")
    assert found
    return found


def test_every_note_gets_the_cards_that_its_templates_make(
    anki: Anki, reader: list[dict[str, Any]], write: Write, run: Run, project: Path, tmp_path: Path
) -> None:
    model = anki.col.models.by_name("Länder & Städte")
    assert model
    write_deck(write, describe_kind(model), reader)
    listed = json.loads(run("list", "--json").stdout)
    run("build", "trees")
    newcomer = Anki(tmp_path / "other")
    newcomer.import_package(project / "build" / "trees.apkg")

    for card, note in zip(listed, reader, strict=True):
        for col in (anki.col, newcomer.col):
            assert col.db
            found = col.db.list(
                "select ord from cards c join notes n on n.id = c.nid where guid = ? order by ord",
                note["guid"],
            )
            assert [f"side-{number}" for number in found] == card["prompts"]
    newcomer.col.close()


CLOZE = """\
sources: optional
cloze: text
anki: {id: ID, name: Gaps, css: ".cloze {}", stock: 5}
fields:
  title: {type: inline, label: Title}
  text: {type: block, required: true, label: Text}
  more: {type: inline, label: Back Extra}
sides:
  gap:
    ask: "{{text}}"
    show: [text, more]
    anki: {name: Cloze, front: "{{cloze:Text}}", back: "{{cloze:Text}}<br>{{Back Extra}}"}
"""


def test_a_cloze_type_and_notes_without_a_first_field_update_too(
    anki: Anki, write: Write, run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = anki.col.models.new("Gaps") | {"type": 1, "css": ".cloze {}", "originalStockKind": 5}
    for name in ("Title", "Text", "Back Extra"):
        anki.col.models.add_field(made, anki.col.models.new_field(name))
    template = anki.col.models.new_template("Cloze")
    template |= {"qfmt": "{{cloze:Text}}", "afmt": "{{cloze:Text}}<br>{{Back Extra}}"}
    anki.col.models.add_template(made, template)
    anki.col.models.add(made)
    model = anki.col.models.by_name("Gaps")
    assert model
    note = anki.col.new_note(model)
    note.fields = ["", "The {{c1::cambium}} makes {{c2::wood}}.", ""]
    anki.col.add_note(note, 1)  # type: ignore[arg-type]
    anki.answer_all()
    before = scheduling(anki)
    text = json.dumps(note.fields[1].replace("makes", "**makes**"))
    card = f"{{id: a, guid: {json.dumps(note.guid)}, text: {text}, more: x}}"
    write(
        {
            "kinds/gaps.yaml": CLOZE.replace("ID", str(model["id"])),
            "decks/trees/deck.yaml": "name: Trees\nnamespace: trees-k3v9\n",
            "cards/trees/a.yaml": f"kind: gaps\ncards: [{card}]\n",
        }
    )
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(LATER))
    run("build", "trees")

    result = anki.import_package(project / "build" / "trees.apkg")

    assert (result.new, result.conflicting, len(result.updated)) == (set(), set(), 1)
    html = "<p>The {{c1::cambium}} <strong>makes</strong> {{c2::wood}}.</p>\n"
    assert by_guid(anki) == {note.guid: ["", html, "x"]}
    assert scheduling(anki) == before
    assert sum(entry.name.startswith("Gaps") for entry in anki.col.models.all_names_and_ids()) == 1


def test_a_new_card_of_an_adopted_kind_has_its_fields_alone(
    anki: Anki, write: Write, run: Run, project: Path
) -> None:
    held = json.loads(describe_kind(make_note_type(anki.col)))
    held["fields"]["f5"] |= {"holds": "extra"}
    write_deck(write, json.dumps(held), [])
    path = project / "cards" / "trees" / "new.yaml"
    run("new", "land", str(path), "--id", "peru")
    text = path.read_text("utf-8")
    assert ("f4:" in text, "guid:" in text, "f5:" in text, "sources:" in text) == (
        True,
        True,
        False,
        False,
    )


def test_check_lists_what_ships_as_it_is_and_reports_what_would_be_lost(
    anki: Anki, reader: list[dict[str, Any]], write: Write, run: Run
) -> None:
    model = anki.col.models.by_name("Länder & Städte")
    assert model
    write_deck(write, describe_kind(model), reader)
    clean = run("check")
    assert (
        "note type Länder & Städte of kinds/land.yaml is adopted: "
        "its templates and stylesheet ship as they are" in clean.output
    )
    write({"cards/trees/more.yaml": MORE})
    assert run("check").output.count("warning[no-place]") == 3
    held = json.loads(describe_kind(model))
    held["fields"]["f5"] |= {"holds": "extra"}
    held["fields"]["f3"] |= {"holds": "sources"}
    held["fields"]["f4"] |= {"holds": "lesson"}
    for note in reader:
        note["fields"][3:] = ["", "", ""]
    write_deck(write, json.dumps(held), reader)
    assert "no-place" not in run("check").output


@pytest.mark.parametrize(
    ("front", "runs"),
    [
        ("{{Country}}<script>1</script>", True),
        ("{{Country}}<SCRIPT src=x>", True),
        ("<img src=x\nonerror = '1'>{{Country}}", True),
        ("<svg/onload=1>{{Country}}", True),
        ("<a href='java&#115;cript:1'>{{Country}}</a>", True),
        ("<a href=JavaScript:1>{{Country}}</a>", True),
        ("<iframe srcdoc='x'></iframe>{{Country}}", True),
        (
            "<a href='https://example.com/?a=1&amp;b=2'>{{Country}}</a> It&#39;s on.",
            False,
        ),
    ],
)
def test_a_build_says_which_templates_run_scripts(
    write: Write, run: Run, front: str, *, runs: bool
) -> None:
    kind = {
        "sources": "optional",
        "anki": {"id": 1342697561419, "name": "Country"},
        "fields": {"land": {"type": "inline", "label": "Country", "required": True}},
        "sides": {
            "one": {
                "ask": "{{land}}",
                "show": ["land"],
                "anki": {"name": "Card 1", "front": front, "back": "{{Country}}"},
            }
        },
    }
    cards = "cards: [{id: fr, kind: land, land: France}]\n"
    write({"kinds/land.yaml": json.dumps(kind), "cards/trees/a.yaml": cards})
    for command in ("check", "build"):
        output = run(command).output
        assert "note type Country of kinds/land.yaml is adopted" in output
        assert ("scripts that run in Anki" in output) is runs, command


MORE = """\
kind: land
sources: [https://example.com]
lesson: "1"
cards:
  - {id: chad, f0: "4", f1: Chad, f2: "N'Djamena", extra: In the south.}
"""
