"""Reserved cards: the deck's package leaves them out, and a package of their own has them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from anki_backend import Anki
from project_files import Release, Run, Write

YEARS = (1_700_000_000, 1_800_000_000, 1_900_000_000)
CARDS = """\
kind: choice
sources: [https://example.com/trees]
lesson: "1"
cards:
  - id: oak
    question: Which tree has acorns?
    options: [{right: The oak, reason: So it is.}, {wrong: The elm, reason: It has none.}]
  - id: elm
    question: Which tree has winged seeds?
    options: [{right: The elm, reason: So it is.}, {wrong: The oak, reason: It has acorns.}]
  - id: ash
    question: "Which tree has these? ![](media/buds.png)"
    options: [{right: The ash, reason: So it is.}, {wrong: The oak, reason: It has others.}]
"""
RESERVED = CARDS.replace("  - id: elm\n", "  - id: elm\n    reserved: mock\n").replace(
    "  - id: ash\n", "  - id: ash\n    reserved: mock\n"
)
MANIFEST = """\
name: Trees
namespace: trees
checks: {few-questions: off}
decks:
  - {name: Ash, select: {id: ash}}
  - {name: Others, select: {}}
"""
EXAM = """\
name: Exam
questions: 1
domains: [{id: trees, weight: 100, lessons: [{id: "1", title: Trees}]}]
"""


@pytest.fixture(autouse=True)
def _exam(write: Write) -> None:
    root = write({"decks/trees/deck.yaml": MANIFEST, "decks/trees/blueprint.yaml": EXAM})
    (root / "cards/trees/media").mkdir()
    (root / "cards/trees/media/buds.png").write_bytes(b"\x89PNG\r\n\x1a\nbuds")


@pytest.fixture
def build_reserved(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, int], Path]:
    """Build the package of the reserved cards at a time, and return a copy of it."""

    def build(name: str, time_s: int) -> Path:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(time_s))
        run("build", "--reserved")
        path = project / "build" / "trees.reserved.apkg"
        return Path(shutil.copy(path, project / f"{name}.apkg"))

    return build


def tags(anki: Anki, id: str) -> set[str]:
    return set(anki.notes()[id].tags)


def test_they_come_in_a_package_of_their_own_into_the_same_decks(
    write: Write,
    release: Release,
    build_reserved: Callable[[str, int], Path],
    anki: Anki,
    run: Run,
    project: Path,
) -> None:
    write({"cards/trees/trees.yaml": RESERVED})
    first = release("v1", YEARS[0])
    assert "1 card" in (project / "decks/trees/CHANGELOG.md").read_text("utf-8")
    run("build")
    assert (project / "build/trees.apkg").read_bytes() == first.read_bytes()

    assert anki.import_package(first).new == {"Which tree has acorns?"}
    assert not list(Path(anki.col.media.dir()).iterdir())
    before = anki.scheduling()
    beside = anki.import_package(build_reserved("reserved", YEARS[0]))

    assert (len(beside.new), beside.updated, beside.conflicting) == (2, set(), set())
    assert before.items() <= anki.scheduling().items()
    decks = {id: anki.col.decks.name(note.cards()[0].did) for id, note in anki.notes().items()}
    assert decks == {
        "trees:oak": "Trees::Others",
        "trees:elm": "Trees::Others",
        "trees:ash": "Trees::Ash",
    }
    assert [tags(anki, f"trees:{id}") & {"reserved::mock"} for id in ("oak", "elm", "ash")] == [
        set(),
        {"reserved::mock"},
        {"reserved::mock"},
    ]
    assert len(list(Path(anki.col.media.dir()).iterdir())) == 1
    assert len(anki.col.models.all_names_and_ids()) == len(
        {model.name for model in anki.col.models.all_names_and_ids()}
    )
    assert anki.col.fix_integrity()[1]
    assert anki.col.note_count() == 3

    # Nothing has changed: neither the ledger nor a package that is built again.
    again = anki.import_package(build_reserved("again", YEARS[2]))
    assert (again.new, again.updated) == (set(), set())
    assert "nothing has changed" in run("release", "trees", exit_code=1).stderr
    assert json.loads(run("diff", "--json").stdout) == []


def test_a_published_card_that_is_reserved_stays_with_those_who_have_it(
    write: Write,
    release: Release,
    build_reserved: Callable[[str, int], Path],
    reader: Callable[[str], Anki],
    run: Run,
    project: Path,
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    first = release("v1", YEARS[0])
    old, fresh = reader("old"), reader("fresh")
    old.import_package(first)
    old.answer_all()
    scheduling, before = old.scheduling(), old.notes()["trees:elm"]

    write({"cards/trees/trees.yaml": RESERVED})
    changes = json.loads(run("diff", "--json").stdout)
    assert [(change["what"], change["id"]) for change in changes] == [
        ("reserved", "elm"),
        ("reserved", "ash"),
    ]
    second = release("v2", YEARS[1])
    entry = (project / "decks/trees/CHANGELOG.md").read_text("utf-8").split("\n## ")[1]
    assert entry.startswith("1.1.0")
    assert "### Reserved\n\n- `elm`: Which tree has winged seeds?" in entry
    assert "They stay as they are in your collection, with your progress." in entry
    assert json.loads(run("check", "--json").stdout) == []
    assert json.loads(run("diff", "--json").stdout) == []
    # Those who have it would look in vain for the deck that it goes to some day.
    moved = MANIFEST.replace("decks:\n", "decks:\n  - {name: Elm, select: {id: elm}}\n")
    write({"decks/trees/deck.yaml": moved})
    assert json.loads(run("check", "--json").stdout) == []
    write({"decks/trees/deck.yaml": MANIFEST})

    assert fresh.import_package(second).new == {"Which tree has acorns?"}
    result = old.import_package(second)
    assert (result.new, result.updated, result.conflicting) == (set(), set(), set())
    after = old.notes()["trees:elm"]
    assert (after.fields, after.tags, after.mod) == (before.fields, before.tags, before.mod)
    assert old.scheduling() == scheduling

    reserved = build_reserved("reserved", YEARS[1])
    assert len(old.import_package(reserved).updated) == 2
    assert len(fresh.import_package(reserved).new) == 2
    for anki in (old, fresh):
        assert "reserved::mock" in tags(anki, "trees:elm")
    assert old.scheduling() == scheduling

    # A release in between leaves them alone; one that returns them takes the tag back.
    write({"cards/trees/trees.yaml": RESERVED.replace("acorns?", "acorns in fall?")})
    third = release("v3", YEARS[1] + 1_000_000)
    assert old.import_package(third).updated == {"Which tree has acorns in fall?"}
    assert old.import_package(build_reserved("same", YEARS[1] + 1_000_000)).updated == set()
    write({"cards/trees/trees.yaml": CARDS})
    changes = json.loads(run("diff", "--json").stdout)
    assert sorted((change["what"], change["id"]) for change in changes) == [
        ("changed", "oak"),
        ("revived", "ash"),
        ("revived", "elm"),
    ]
    fourth = release("v4", YEARS[2])
    for anki in (old, fresh):
        assert not anki.import_package(fourth).new
        assert "reserved::mock" not in tags(anki, "trees:elm")
        assert len(anki.notes()) == 3
    assert old.scheduling() == scheduling
    unseen = reader("unseen")
    assert len(unseen.import_package(fourth).new) == 3


def test_a_card_that_was_never_published_moves_into_the_deck_without_a_double(
    write: Write,
    release: Release,
    build_reserved: Callable[[str, int], Path],
    anki: Anki,
    run: Run,
) -> None:
    write({"cards/trees/trees.yaml": RESERVED})
    anki.import_package(build_reserved("reserved", YEARS[0]))
    anki.answer_all()
    scheduling = anki.scheduling()
    anki.import_package(release("v1", YEARS[0]))
    # A release must not forget what a build of reserved cards has shipped.
    assert anki.import_package(build_reserved("again", YEARS[1])).updated == set()

    write({"cards/trees/trees.yaml": CARDS})
    changes = json.loads(run("diff", "--json").stdout)
    assert {(change["what"], change["id"]) for change in changes} == {
        ("added", "elm"),
        ("added", "ash"),
    }
    result = anki.import_package(release("v2", YEARS[2]))

    assert (len(result.new), len(result.updated)) == (0, 2)
    assert scheduling.items() <= anki.scheduling().items()
    assert not any("reserved::mock" in note.tags for note in anki.notes().values())
    assert "selects no reserved cards" in run("build", "--reserved", exit_code=1).stderr


def test_an_answer_given_in_anki_is_known_here(
    write: Write,
    build_reserved: Callable[[str, int], Path],
    anki: Anki,
    run: Run,
    project: Path,
) -> None:
    write({"cards/trees/trees.yaml": RESERVED})
    anki.import_package(build_reserved("reserved", YEARS[0]))
    anki.answer_all()
    backup = project / "backup.colpkg"
    anki.col.export_collection_package(str(backup), include_media=False, legacy=True)
    anki.col.reopen(after_full_sync=False)

    before = json.loads(run("exam", "release", "--json").stdout)
    run("import", str(backup))
    after = json.loads(run("exam", "release", "--json").stdout)

    assert (before["unseen_mocks"], after["unseen_mocks"]) == (3, 1)
    seen = json.loads(run("history", "trees:elm", "--json").stdout)
    assert [row["act"] for row in seen["reviews"]] == ["answer"]


def test_what_a_reader_edits_in_a_reserved_card_comes_back(
    write: Write,
    build_reserved: Callable[[str, int], Path],
    anki: Anki,
    run: Run,
    project: Path,
) -> None:
    write({"cards/trees/trees.yaml": RESERVED})
    anki.import_package(build_reserved("reserved", YEARS[0]))
    note = anki.notes()["trees:elm"]
    note["Question"] = "Which tree has seeds with wings?"
    note.remove_tag("reserved::mock")
    anki.col.update_note(note)
    backup = project / "backup.colpkg"
    anki.col.export_collection_package(str(backup), include_media=False, legacy=True)
    anki.col.reopen(after_full_sync=False)

    edits = json.loads(run("anki", "edits", str(backup), "--json").stdout)

    (pack,) = edits
    assert [(edit["card"], edit["key"]) for edit in pack["edits"]] == [("trees:elm", "question")]
