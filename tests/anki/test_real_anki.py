"""What an import changes for users, tested with Anki's own backend and default options."""

from __future__ import annotations

from pathlib import Path

import pytest

from anki_backend import Anki
from cardwright.anki import notetype
from project_files import Release, Run, Write

CARDS = """\
kind: basic
sources: [https://example.com/trees]
cards:
  - {id: oak, question: What is an oak?, answer: A tree with acorns.}
  - {id: elm, question: What is an elm?, answer: A tree with winged seeds.}
  - {id: ash, question: What is an ash?, answer: A tree with black buds.}
  - {id: yew, question: What is a yew?, answer: A tree with red arils.}
"""
MORE = """\
kind: term
sources: [https://example.com/wood]
cards:
  - id: ring
    term: Tree ring
    definition: The wood of one year.
    reverse: true
  - id: gaps
    kind: cloze
    text: "The {{c1::cambium}} makes {{c2::wood}}."
  - id: pick
    kind: choice
    question: Which tree bears acorns?
    options:
      - {right: An oak, reason: Acorns are its fruit.}
      - {wrong: An elm, reason: It has winged seeds.}
"""


def test_an_update_changes_what_we_changed_and_nothing_else(
    write: Write, release: Release, anki: Anki
) -> None:
    write({"cards/trees/trees.yaml": CARDS, "cards/trees/wood.yaml": MORE})
    first = anki.import_package(release("v1", 1_700_000_000))
    assert (len(first.new), first.updated, first.conflicting) == (7, set(), set())
    assert anki.answer_all() == 9
    before = anki.scheduling()

    elm, yew = anki.notes()["trees:elm"], anki.notes()["trees:yew"]
    elm["Answer"] = "My own words."
    elm.tags.append("mine")
    yew.tags.append("hard")
    anki.col.update_notes([elm, yew])

    changed = CARDS.replace("A tree with acorns.", "A tree that bears **acorns**.")
    changed = changed.replace("black buds.}", "black buds., retired: It is dying out.}")
    changed = changed.replace("id: yew", "id: taxus, formerly: [yew]")
    changed += "  - {id: fir, question: What is a fir?, answer: A tree with upright cones.}\n"
    ring, rest = MORE.split("  - id: gaps")
    write(
        {
            "cards/trees/trees.yaml": changed,
            "cards/trees/wood.yaml": ring,
            "cards/trees/deep/moved.yaml": f"sources: [https://example.com/wood]\ncards:\n"
            f"  - id: gaps{rest}",
        }
    )
    second = anki.import_package(release("v2", 1_800_000_000))

    assert second.new == {"What is a fir?"}
    assert second.updated == {"What is an oak?"}
    assert second.conflicting == set()
    assert len(second.duplicate) == 5
    assert {key: value for key, value in anki.scheduling().items() if key in before} == before
    notes = anki.notes()
    assert notes["trees:oak"]["Answer"] == "<p>A tree that bears <strong>acorns</strong>.</p>\n"
    assert notes["trees:elm"]["Answer"] == "My own words."
    assert "mine" in notes["trees:elm"].tags
    assert "hard" in notes["trees:yew"].tags
    assert notes["trees:ash"].tags == ["kind::basic"]
    assert len(notes) == 8
    assert len(anki.col.models.all_names_and_ids()) == len(
        {model.name.rstrip("+") for model in anki.col.models.all_names_and_ids()}
    )
    assert not [n for n in anki.col.models.all_names_and_ids() if n.name.endswith("+")]


def test_a_new_stylesheet_reaches_everybody_without_touching_notes(
    write: Write, release: Release, anki: Anki, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"cards/trees/trees.yaml": CARDS, "cards/trees/wood.yaml": MORE})
    anki.import_package(release("v1", 1_700_000_000))
    anki.answer_all()
    before = anki.scheduling()
    extend_stylesheet(monkeypatch)

    result = anki.import_package(release("v2", 1_800_000_000))

    assert (result.new, result.updated, result.conflicting) == (set(), set(), set())
    assert anki.scheduling() == before
    assert len(styles_of(anki)) == 4
    assert all(".new {}" in css for css in styles_of(anki))


@pytest.mark.parametrize("behind_s", [0, 1, 200_000_000])
def test_a_release_reaches_people_even_if_the_clock_is_behind(
    write: Write,
    release: Release,
    anki: Anki,
    monkeypatch: pytest.MonkeyPatch,
    behind_s: int,
) -> None:
    write({"cards/trees/trees.yaml": CARDS, "cards/trees/wood.yaml": MORE})
    anki.import_package(release("v1", 1_800_000_000))
    before = anki.scheduling()
    write({"cards/trees/trees.yaml": CARDS.replace("winged seeds", "flat seeds")})
    extend_stylesheet(monkeypatch)

    result = anki.import_package(release("v2", 1_800_000_000 - behind_s))

    assert (result.new, result.updated, result.conflicting) == (set(), {"What is an elm?"}, set())
    assert "flat seeds" in anki.notes()["trees:elm"]["Answer"]
    assert anki.scheduling() == before
    assert all(".new {}" in css for css in styles_of(anki))
    assert len(styles_of(anki)) == 4
    # What is released next must be later again.
    write({"cards/trees/trees.yaml": CARDS.replace("winged seeds", "round seeds")})
    result = anki.import_package(release("v3", 1_800_000_000 - behind_s))
    assert result.updated == {"What is an elm?"}
    deck = anki.col.decks.by_name("Trees")
    assert deck is not None
    assert "Version 1.0.2" in deck["desc"]


def test_a_build_between_releases_reaches_people_even_if_the_clock_is_behind(
    write: Write,
    release: Release,
    run: Run,
    anki: Anki,
    monkeypatch: pytest.MonkeyPatch,
    project: Path,
) -> None:
    write({"cards/trees/trees.yaml": CARDS, "cards/trees/wood.yaml": MORE})
    anki.import_package(release("v1", 1_800_000_000))
    write({"cards/trees/trees.yaml": CARDS.replace("winged seeds", "flat seeds")})
    extend_stylesheet(monkeypatch)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    run("build")

    result = anki.import_package(project / "build" / "trees.apkg")

    assert (result.new, result.updated, result.conflicting) == (set(), {"What is an elm?"}, set())
    assert "flat seeds" in anki.notes()["trees:elm"]["Answer"]
    assert all(".new {}" in css for css in styles_of(anki))


def test_an_older_build_changes_nothing(write: Write, release: Release, anki: Anki) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    old = release("v1", 1_700_000_000)
    write({"cards/trees/trees.yaml": CARDS.replace("winged seeds", "flat seeds")})
    anki.import_package(release("v2", 1_800_000_000))
    before = anki.notes()["trees:elm"].fields

    result = anki.import_package(old)

    assert (result.new, result.updated, result.conflicting) == (set(), set(), set())
    assert anki.notes()["trees:elm"].fields == before
    assert "flat seeds" in before[1]


def test_building_again_changes_nothing_even_much_later(
    write: Write,
    release: Release,
    run: Run,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write({"cards/trees/trees.yaml": CARDS, "cards/trees/wood.yaml": MORE})
    released = release("v1", 1_700_000_000)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1900000000")
    run("build")

    assert (project / "build" / "trees.apkg").read_bytes() == released.read_bytes()


def test_two_packs_live_side_by_side(write: Write, release: Release, anki: Anki, run: Run) -> None:
    root = write(
        {
            "cards/trees/trees.yaml": CARDS,
            "cards/birds/birds.yaml": CARDS.replace("an oak?", "a wren?"),
            "decks/birds/deck.yaml": "name: Birds\n",
        }
    )
    anki.import_package(release("v1", 1_700_000_000))
    anki.answer_all()
    before = anki.scheduling()
    run("build", "birds")

    result = anki.import_package(root / "build" / "birds.apkg")

    assert (len(result.new), result.updated, result.duplicate) == (4, set(), set())
    assert {key: value for key, value in anki.scheduling().items() if key in before} == before
    assert {name for _, name in decks_of(anki)} == {"Birds", "Default", "Trees"}


def test_new_cards_come_in_teaching_order_in_their_decks(
    write: Write, release: Release, anki: Anki
) -> None:
    write(
        {
            "cards/trees/trees.yaml": CARDS,
            "cards/trees/wood.yaml": MORE,
            "decks/trees/deck.yaml": "name: Trees\norder: [term, cloze]\ndecks:\n"
            "  - {name: Words, select: {kind: [cloze, term]}}\n  - {name: Rest}\n",
        }
    )
    anki.import_package(release("v1", 1_700_000_000))

    cards = sorted(
        (anki.col.get_card(card_id) for card_id in anki.col.find_cards("")),
        key=lambda card: (card.due, card.ord),
    )
    names = dict(decks_of(anki))
    assert [(names[card.did], card.note()["Id"], card.ord) for card in cards] == [
        ("Trees::Words", "trees:ring", 0),
        ("Trees::Words", "trees:ring", 1),
        ("Trees::Words", "trees:gaps", 0),
        ("Trees::Words", "trees:gaps", 1),
        ("Trees::Rest", "trees:oak", 0),
        ("Trees::Rest", "trees:elm", 0),
        ("Trees::Rest", "trees:ash", 0),
        ("Trees::Rest", "trees:yew", 0),
        ("Trees::Rest", "trees:pick", 0),
    ]


def test_a_kind_of_the_projects_own_goes_all_the_way(
    write: Write, release: Release, anki: Anki
) -> None:
    write(
        {
            "kinds/tune.yaml": "title: Tune\nfields:\n"
            "  name: {type: inline, required: true}\n  key: {type: inline}\n"
            "  backwards: {type: flag}\n"
            "sides:\n"
            "  key: {ask: 'In which key is *{{name}}*?', show: [key]}\n"
            "  name: {when: backwards, ask: 'Which tune is in {{key}}?', show: [name]}\n",
            "cards/trees/tunes.yaml": "kind: tune\nsources: [https://example.com]\ncards:\n"
            "  - {id: reel, name: The Oak Tree, key: D, backwards: true}\n"
            "  - {id: jig, name: The Ash Grove, key: G}\n",
        }
    )
    result = anki.import_package(release("v1", 1_700_000_000))

    assert result.new == {"The Oak Tree", "The Ash Grove"}
    (first, second), (only,) = anki.faces("trees:reel"), anki.faces("trees:jig")
    assert "In which key is <em>The Oak Tree</em>?" in first[0]
    assert "Which tune is in D?" in second[0]
    assert "The Oak Tree" in second[1]
    assert "<p>G</p>" in only[1]
    assert (anki.notes()["trees:jig"].note_type() or {})["name"] == "Cardwright Tune"


def test_options_and_description_travel(write: Write, release: Release, anki: Anki) -> None:
    write(
        {
            "cards/trees/trees.yaml": CARDS,
            "decks/trees/deck.yaml": "name: Trees\ndescription: About **trees** & <b>.\n"
            "options: {new_per_day: 7, desired_retention: 0.93,\n"
            "  learning_steps_minutes: [], relearning_steps_minutes: none}\n",
        }
    )
    path = release("v1", 1_700_000_000)
    from anki.collection import ImportAnkiPackageOptions, ImportAnkiPackageRequest

    options = ImportAnkiPackageOptions(with_deck_configs=True)
    anki.col.import_anki_package(ImportAnkiPackageRequest(package_path=str(path), options=options))

    deck = anki.col.decks.by_name("Trees")
    assert deck is not None
    assert deck["md"] is True
    assert "About **trees** & &lt;b>." in deck["desc"]
    preset = anki.col.decks.config_dict_for_deck_id(deck["id"])
    assert preset["name"] == "Trees"
    assert preset["new"]["perDay"] == 7
    assert preset["desiredRetention"] == pytest.approx(0.93)
    assert preset["new"]["delays"] == preset["lapse"]["delays"] == []
    anki.col.set_config("fsrs", val=True)
    anki.col.decks.select(deck["id"])
    card = anki.col.sched.getCard()
    assert card is not None
    anki.col.sched.answerCard(card, 3)
    assert anki.col.get_card(card.id).ivl >= 1


def test_images_travel_under_names_of_their_own(
    write: Write, release: Release, anki: Anki, project: Path
) -> None:
    write(
        {
            "cards/trees/a/one.yaml": "kind: basic\nsources: [https://example.com]\ncards:\n"
            "  - {id: one, question: '![leaf](media/x.png)', answer: An oak}\n",
            "cards/trees/b/two.yaml": "kind: basic\nsources: [https://example.com]\ncards:\n"
            "  - {id: two, question: '![bark](media/x.png)', answer: An elm}\n",
        }
    )
    leaf, bark = b"\x89PNG\r\n\x1a\nleaf", b"\x89PNG\r\n\x1a\nbark"
    for folder, data in (("a", leaf), ("b", bark)):
        (project / "cards" / "trees" / folder / "media").mkdir()
        (project / "cards" / "trees" / folder / "media" / "x.png").write_bytes(data)
    anki.import_package(release("v1", 1_700_000_000))

    from anki.media import media_paths_from_col_path

    media = Path(media_paths_from_col_path(anki.col.path)[0])
    held = {path.name: path.read_bytes() for path in media.iterdir()}
    assert sorted(held.values()) == [bark, leaf]
    for note in anki.notes().values():
        assert any(f'src="{name}"' in note["Question"] for name in held)


def test_the_database_check_finds_nothing_to_mend(
    write: Write, release: Release, anki: Anki
) -> None:
    write({"cards/trees/trees.yaml": CARDS, "cards/trees/wood.yaml": MORE})
    anki.import_package(release("v1", 1_700_000_000))
    before = anki.col.card_count()

    message, sound = anki.col.fix_integrity()

    assert sound
    assert anki.col.card_count() == before == 9
    assert message == "Database rebuilt and optimized."


def extend_stylesheet(monkeypatch: pytest.MonkeyPatch) -> None:
    read = notetype.read_asset
    monkeypatch.setattr(
        notetype, "read_asset", lambda n: read(n) + (".new {}" if n == "card.css" else "")
    )


def styles_of(anki: Anki) -> list[str]:
    models = anki.col.models.all()
    return [model["css"] for model in models if model["name"].startswith("Cardwright")]


def decks_of(anki: Anki) -> list[tuple[int, str]]:
    return [(deck.id, deck.name) for deck in anki.col.decks.all_names_and_ids()]
