"""Who is who in Anki: packs of two authors, and kinds of a project's own, with Anki's own backend."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from anki.collection import ImportAnkiPackageOptions, ImportAnkiPackageRequest
from anki.decks import DeckId
from click.testing import CliRunner

from anki_backend import Anki
from cardwright.anki import notetype
from cardwright.cli.main import cards
from cardwright.model import make_anki_id
from project_files import Release, Run, Write

KIND = """\
title: Vocab
fields:
  word: {type: inline, required: true}
  meaning: {type: inline, required: true}
sides:
  there: {ask: '{{word}}', show: [meaning]}
"""


def build_pack(root: Path, author: str, kind: str, time_s: int) -> Path:
    """Build a pack `python` of one card `list`, in a project of its author's."""
    own = "vocab" if kind == "vocab" else ""
    card = {
        "basic": f"question: Of {author}?, answer: Yes",
        "term": f"term: Of {author}?, definition: Yes",
        "vocab": f"word: Of {author}?, meaning: Yes",
    }[kind]
    files = {
        "cards/python/a.yaml": f"kind: {kind}\ncards:\n- {{id: list, {card}, sources: [A book]}}\n",
        "decks/python/deck.yaml": f"name: Python by {author}\nnamespace: python-{author}\n",
        **({f"kinds/{own}.yaml": KIND} if own else {}),
    }
    for name, text in files.items():
        path = root / author / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    done = CliRunner().invoke(
        cards, ["-C", str(root / author), "build"], env={"SOURCE_DATE_EPOCH": str(time_s)}
    )
    assert done.exit_code == 0, done.output
    return root / author / "build" / "python.apkg"


@pytest.mark.parametrize("kinds", [("basic", "basic"), ("basic", "term"), ("vocab", "vocab")])
@pytest.mark.parametrize("newer_first", [False, True])
def test_packs_of_the_same_name_by_two_authors_live_side_by_side(
    tmp_path: Path, anki: Anki, kinds: tuple[str, str], newer_first: bool
) -> None:
    built = [
        build_pack(tmp_path, author, kind, time_s)
        for author, kind, time_s in zip(
            ("ada", "bob"), kinds, (1_700_000_000, 1_800_000_000), strict=True
        )
    ]

    for path in reversed(built) if newer_first else built:
        result = anki.import_package(path)
        assert len(result.new) == 1
        assert not result.conflicting | result.duplicate | result.updated

    notes = anki.notes()
    assert set(notes) == {"python-ada:list", "python-bob:list"}
    for author in ("ada", "bob"):
        assert anki.col.find_notes(f'"deck:Python by {author}"') == [
            notes[f"python-{author}:list"].id
        ]
    # A second import of either changes nothing.
    for path in built:
        assert len(anki.import_package(path).duplicate) == 1


def test_a_released_kind_keeps_its_ids_wherever_they_came_from(
    write: Write, release: Release, anki: Anki
) -> None:
    # Ids were once derived from the structure.
    once = make_anki_id("note type", "vocab", "word", "meaning", "sides", "there")
    card = "{id: oak, word: Eiche, meaning: oak}"
    write(
        {
            "kinds/vocab.yaml": f"anki: {{id: {once}}}\n{KIND}",
            "cards/trees/a.yaml": f"kind: vocab\nsources: [A book]\ncards: [{card}]\n",
        }
    )
    anki.import_package(release("v1", 1_700_000_000))
    (before,) = models_of(anki)
    write({"kinds/vocab.yaml": KIND.replace("title: Vocab", "title: Words")})

    result = anki.import_package(release("v2", 1_800_000_000))

    assert len(result.duplicate) == 1
    (after,) = models_of(anki)
    assert (before["id"], before["name"]) == (once, "Cardwright Vocab")
    assert (after["id"], after["name"]) == (once, "Cardwright Words")


def models_of(anki: Anki) -> list[dict[str, Any]]:
    found = [anki.col.models.by_name(model.name) for model in anki.col.models.all_names_and_ids()]
    return [model for model in found if model and str(model["name"]).startswith("Cardwright")]


def test_each_sub_deck_has_its_own_options_or_those_of_the_deck_above(
    write: Write, run: Run, anki: Anki, project: Path
) -> None:
    ids = ["oak", "elm", "ash", "yew"]
    texts = "".join(f"- {{id: {id}, question: '{id}?', answer: A tree}}\n" for id in ids)
    write(
        {
            "cards/trees/trees.yaml": f"kind: basic\nsources: [A book]\ncards:\n{texts}",
            "decks/trees/deck.yaml": (
                "name: Trees\nnamespace: trees-k3v9\n"
                "options: {new_per_day: 5, desired_retention: 0.8}\ndecks:\n"
                "- name: A\n  options: {new_per_day: 7}\n  select: {id: oak}\n  decks:\n"
                "  - {name: B, select: {id: elm}}\n"
                "  - {name: C, options: {leech_lapses: 3}, select: {id: ash}}\n"
                "- {name: D, select: {id: yew}}\n"
            ),
        }
    )
    run("build")
    options = ImportAnkiPackageOptions(with_deck_configs=True)
    path = str(project / "build" / "trees.apkg")
    anki.col.import_anki_package(ImportAnkiPackageRequest(package_path=path, options=options))

    found = {}
    for deck in anki.col.decks.all_names_and_ids():
        preset = anki.col.decks.config_dict_for_deck_id(DeckId(deck.id))
        values = preset["new"]["perDay"], preset["lapse"]["leechFails"]
        found[deck.name] = (preset["name"], *values, round(preset["desiredRetention"], 2))
    del found["Default"]
    assert found == {
        "Trees": ("Trees", 5, 8, 0.8),
        "Trees::A": ("Trees::A", 7, 8, 0.8),
        "Trees::A::B": ("Trees::A", 7, 8, 0.8),
        "Trees::A::C": ("Trees::A::C", 7, 3, 0.8),
        "Trees::D": ("Trees", 5, 8, 0.8),
    }


@pytest.mark.parametrize("newer_first", [False, True])
def test_of_a_built_in_note_type_the_newer_design_wins_in_either_order(
    tmp_path: Path, anki: Anki, monkeypatch: pytest.MonkeyPatch, newer_first: bool
) -> None:
    # Ada has an older version of the program, and builds later.
    built = [build_pack(tmp_path, "ada", "basic", 1_950_000_000)]
    newer = {name: time_s + 1 for name, time_s in notetype._CHANGED_S.items()}
    monkeypatch.setattr(notetype, "_CHANGED_S", newer)
    sheet = f"{notetype.read_asset('card.css')}.new {{}}\n"
    asset = notetype.read_asset
    monkeypatch.setattr(
        notetype, "read_asset", lambda name: sheet if name == "card.css" else asset(name)
    )
    built.append(build_pack(tmp_path, "bob", "basic", 1_700_000_000))

    for path in reversed(built) if newer_first else built:
        result = anki.import_package(path)
        assert (len(result.new), result.conflicting) == (1, set())

    (basic,) = models_of(anki)
    assert ".new {}" in basic["css"]


def test_a_fixed_rendering_spares_the_edits_of_notes_whose_html_is_the_same(
    write: Write, release: Release, anki: Anki, project: Path
) -> None:
    texts = "".join(f"- {{id: {id}, question: '{id}?', answer: A tree}}\n" for id in ("oak", "elm"))
    write({"cards/trees/trees.yaml": f"kind: basic\nsources: [A book]\ncards:\n{texts}"})
    anki.import_package(release("v1", 1_700_000_000))
    anki.answer_all()
    before = anki.scheduling()
    notes = anki.notes()
    for note in notes.values():
        note["Answer"] = "My own words."
        note.tags.append("mine")
    anki.col.update_notes(list(notes.values()))
    # As if both had been released with an earlier rendering, which made something else of the oak.
    ledger = project / "decks/trees/ledger.jsonl"
    lines = (
        ledger.read_text("utf-8")
        .replace('"rendering": 2', '"rendering": 1')
        .splitlines(keepends=True)
    )
    lines = [
        re.sub('"html": "[^"]*"', '"html": "x"', line) if '"note": "oak"' in line else line
        for line in lines
    ]
    ledger.write_text("".join(lines), "utf-8")

    result = anki.import_package(release("v2", 1_800_000_000))

    assert (result.new, result.conflicting) == (set(), set())
    assert {name.strip("<p>/") for name in result.updated} == {"oak?"}
    assert "A tree" in anki.notes()["trees:oak"]["Answer"]
    assert anki.notes()["trees:elm"]["Answer"] == "My own words."
    assert "mine" in anki.notes()["trees:elm"].tags
    assert anki.scheduling() == before


def test_cards_that_moved_stay_and_the_changelog_finds_them(
    write: Write, release: Release, anki: Anki, project: Path
) -> None:
    ids = ["oak", "oak.red", "elm", "elm-2", "yew"]
    texts = "".join(f"- {{id: {id}, question: '{id}?', answer: A tree}}\n" for id in ids)
    deck = (
        "name: Trees\nnamespace: trees-k3v9\ndecks:\n"
        "- {name: Park, select: {id: [oak, oak.red, elm, elm-2]}}\n- {name: Yard}\n"
    )
    write(
        {
            "cards/trees/trees.yaml": f"kind: basic\nsources: [A book]\ncards:\n{texts}",
            "decks/trees/deck.yaml": deck,
        }
    )
    anki.import_package(release("v1", 1_700_000_000))
    write({"decks/trees/deck.yaml": deck.replace("oak.red, elm, elm-2", "elm")})
    anki.import_package(release("v2", 1_800_000_000))

    assert decks_of(anki, "oak.red", "elm-2") == {"Trees::Park"}
    text = (project / "decks/trees/CHANGELOG.md").read_text("utf-8")
    assert "- 2 cards are now in `Trees::Yard`. To move yours, search for" in text
    search = re.findall(r"`([^`]*Id:[^`]*)`", text)[0]
    found = [anki.col.get_card(id).note()["Id"] for id in anki.col.find_cards(search)]
    assert sorted(found) == ["trees-k3v9:elm-2", "trees-k3v9:oak.red"]


def decks_of(anki: Anki, *ids: str) -> set[str]:
    notes = anki.notes()
    return {anki.col.decks.name(c.did) for id in ids for c in notes[f"trees-k3v9:{id}"].cards()}


def test_renaming_a_deck_as_the_changelog_says_keeps_its_cards_together(
    write: Write, release: Release, anki: Anki, project: Path
) -> None:
    ids = ["oak", "elm"]
    texts = "".join(f"- {{id: {id}, question: '{id}?', answer: A tree}}\n" for id in ids)
    deck = (
        "name: Trees\nnamespace: trees-k3v9\ndecks:\n- {name: A, select: {id: oak}}\n- {name: B}\n"
    )
    write(
        {
            "cards/trees/trees.yaml": f"kind: basic\nsources: [A book]\ncards:\n{texts}",
            "decks/trees/deck.yaml": deck,
        }
    )
    anki.import_package(release("v1", 1_700_000_000))
    write({"decks/trees/deck.yaml": deck.replace("name: Trees", "name: Wood")})
    path = release("v2", 1_800_000_000)

    text = (project / "decks/trees/CHANGELOG.md").read_text("utf-8")
    assert "- The deck `Trees` is now `Wood`. Rename yours before you import this version." in text
    assert "To move yours" not in text
    trees = anki.col.decks.by_name("Trees")
    assert trees
    anki.col.decks.rename(trees, "Wood")
    anki.import_package(path)
    assert decks_of(anki, *ids) == {"Wood::A", "Wood::B"}
    assert {deck.name for deck in anki.col.decks.all_names_and_ids()} == {
        "Default",
        "Wood",
        "Wood::A",
        "Wood::B",
    }


def test_a_released_kind_grows_by_a_spare_field(write: Write, release: Release, anki: Anki) -> None:
    cards = "kind: vocab\nsources: [A book]\ncards:\n{}"
    oak, elm = "{id: oak, word: Eiche, meaning: oak}", "{id: elm, word: Ulme, meaning: elm}"
    write({"kinds/vocab.yaml": KIND, "cards/trees/a.yaml": cards.format(f"- {oak}\n- {elm}\n")})
    anki.import_package(release("v1", 1_700_000_000))
    anki.answer_all()
    before, (old,) = anki.scheduling(), models_of(anki)
    grown = KIND.replace(
        "sides:\n", "  hint: {type: inline, spare: 2, label: A hint, help: A nudge.}\nsides:\n"
    )
    grown = grown.replace("ask: '{{word}}'", "ask: '{{word}} {{hint}}'")
    oak = oak.replace("oak}", "oak, hint: It has *acorns*}")
    write({"kinds/vocab.yaml": grown, "cards/trees/a.yaml": cards.format(f"- {oak}\n- {elm}\n")})

    result = anki.import_package(release("v2", 1_800_000_000))

    assert (result.new, result.updated, result.conflicting) == (set(), {"Eiche"}, set())
    assert result.duplicate == {"Ulme"}
    assert anki.scheduling() == before
    assert anki.notes()["trees:oak"]["Spare 2"] == "It has <em>acorns</em>"
    (new,) = models_of(anki)
    assert [(f["name"], f["id"]) for f in new["flds"]] == [
        (f["name"], f["id"]) for f in old["flds"]
    ]
    fields = {field["name"]: field for field in new["flds"]}
    assert {name for name, field in fields.items() if field["collapsed"]} == {
        "Lesson",
        "Id",
        "Spare 1",
    }
    assert fields["Spare 2"]["description"] == "A hint – A nudge."
    ((question, answer),) = anki.faces("trees:oak")
    assert "Eiche It has <em>acorns</em>" in question
    assert "Eiche It has <em>acorns</em>" in answer
    # On a back, the field is shown under its label.
    write({"kinds/vocab.yaml": grown.replace("show: [meaning]", "show: [meaning, hint]")})
    anki.import_package(release("v3", 1_900_000_000))
    assert "A hint</h2>" in anki.faces("trees:oak")[0][1]
    assert "A hint</h2>" not in anki.faces("trees:elm")[0][1]
    assert anki.scheduling() == before
