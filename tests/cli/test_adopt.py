"""`cards adopt`: a deck made in Anki goes on as a project, and nobody who has it notices."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from anki_backend import Anki
from anki_deck_author import (
    DeckAuthor,
    Home,
    MakeReader,
    describe_notes,
    fill,
    list_schedules,
    read_files,
)
from cardwright.project.card import COMMON_KEYS
from project_files import Run, Write

LATER = 2_000_000_000


@pytest.mark.parametrize("is_legacy", [False, True])
def test_nobody_who_has_the_deck_notices(
    author: DeckAuthor,
    read: MakeReader,
    home: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    is_legacy: bool,
) -> None:
    fill(author)
    package = author.export(tmp_path / "land.apkg", deck="Länder", is_legacy=is_legacy)
    original = describe_notes(author)
    reader = read("reader")
    reader.import_package(package)
    reader.answer_all()
    (edited,) = reader.col.find_notes("Country:Chad")
    note = reader.col.get_note(edited)
    note["Note"] = "my own words"
    reader.col.update_note(note)
    before, schedules = describe_notes(reader), list_schedules(reader)
    types = reader.col.models.all_names_and_ids()

    run("adopt", str(package), folder=home)
    run("check", folder=home)
    assert "no changes" in run("diff", folder=home).output
    run("build", folder=home)

    (built,) = (home / "build").glob("*.apkg")
    result = reader.import_package(built)
    assert (result.new, result.updated, result.conflicting) == (set(), set(), set())
    assert describe_notes(reader) == before
    assert list_schedules(reader) == schedules
    assert list(reader.col.models.all_names_and_ids()) == list(types)
    newcomer = read("newcomer")
    newcomer.import_package(built)
    assert describe_notes(newcomer) == original
    media = Path(newcomer.col.media.dir())
    assert {path.name for path in media.iterdir()} == {"map of chad.png", "anthem.mp3", "_sea.png"}

    path = next(path for path in home.glob("cards/**/*.yaml") if "Nauru" in path.read_text("utf-8"))
    path.write_text(path.read_text("utf-8").replace("no capital", "never a capital"), "utf-8")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(LATER))
    assert "1 changed" in run("diff", folder=home).output
    run("build", folder=home)
    result = reader.import_package(built)
    assert (result.new, result.updated, result.conflicting) == (set(), {"Nauru"}, set())
    before[next(guid for guid, one in before.items() if one["fields"].get("Country") == "Nauru")][
        "fields"
    ]["Note"] = "never a capital at all"
    assert describe_notes(reader) == before
    assert list_schedules(reader) == schedules


def test_the_first_release_says_what_was_adopted(
    author: DeckAuthor, read: MakeReader, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    package = author.export(tmp_path / "land.apkg", deck="Länder")
    reader = read("reader")
    reader.import_package(package)
    run("adopt", str(package), folder=home)
    (pack,) = (path.name for path in (home / "decks").iterdir())

    run("release", pack, folder=home)

    changelog = (home / "decks" / pack / "CHANGELOG.md").read_text("utf-8")
    assert "The first release, with 6 cards, 6 of them adopted." in changelog
    result = reader.import_package(home / "build" / f"{pack}.apkg")
    assert (result.new, result.updated, result.conflicting) == (set(), set(), set())
    assert (
        "nothing has changed since 1.0.0" in run("release", pack, folder=home, exit_code=1).output
    )


def test_each_top_level_deck_is_a_pack(
    author: DeckAuthor, read: MakeReader, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    author.add_note("Land (basic)", "Städte", ["Bremen", "Bremen", "[sound:anthem.mp3]", ""])
    author.add_note("Land (basic)", "Default", ["Mali", "Bamako", "", ""])
    original = describe_notes(author)

    run("adopt", str(author.export(tmp_path / "all.apkg")), folder=home)

    checked = run("check", folder=home).output
    kinds = len(list((home / "kinds").glob("*.yaml")))
    assert kinds > 1
    assert checked.count("ship as they are") == 1
    assert f"{kinds} note types are adopted" in checked
    run("build", folder=home)
    names = sorted(path.stem for path in (home / "build").glob("*.apkg"))
    assert names == ["default", "lander", "stadte"]
    readme = (home / "README.md").read_text("utf-8")
    assert readme.startswith(f"# {home.name.capitalize()}\n")
    assert "build/PACK.apkg" in readme
    assert all(f"- `{name}`\n" in readme for name in names)
    newcomer = read("newcomer")
    for name in names:
        newcomer.import_package(home / "build" / f"{name}.apkg")
    assert describe_notes(newcomer) == original
    before = read_files(home)
    run("adopt", str(tmp_path / "all.apkg"), folder=home)
    assert read_files(home) == before


def test_a_deck_goes_into_a_pack_that_is_there(
    author: DeckAuthor, project: Path, write: Write, run: Run, tmp_path: Path
) -> None:
    fill(author)
    write({"cards/trees/wood.yaml": "kind: basic\ncards: [{id: oak, question: a?, answer: b}]\n"})
    manifest = (project / "decks" / "trees" / "deck.yaml").read_bytes()
    package = author.export(tmp_path / "land.apkg", deck="Länder")

    run("adopt", str(package), "--into", "trees")

    run("check")
    assert len(json.loads(run("list", "--json").stdout)) == 7
    assert (project / "decks" / "trees" / "deck.yaml").read_bytes() == manifest
    assert "lander: added oak" not in (output := run("diff").output)
    assert "added oak" in output
    assert "trees: 1 added" in output
    assert "nothing new" in run("adopt", str(package), "--into", "trees").output


def test_the_answers_in_the_file_come_along(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    answers = author.answer_all()
    package = author.export(tmp_path / "land.apkg", deck="Länder", with_scheduling=True)

    output = run("adopt", str(package), folder=home).output

    assert f"{answers} answers of {answers} prompts" in output
    assert run("export", folder=home).stdout.count('"answer"') == answers
    assert "nothing new" in run("adopt", str(package), folder=home).output
    other = tmp_path / "other"
    other.mkdir()
    assert "prompts" not in run("adopt", str(package), "--no-history", folder=other).output


def test_a_deck_that_was_built_here_comes_back_as_it_was(
    project: Path, write: Write, home: Path, run: Run
) -> None:
    cards = (
        "kind: term\ncards:\n"
        "  - {id: oak, term: Oak, definition: A **tree**., reverse: true, tags: [wood]}\n"
        "  - {id: elm, term: Elm, definition: Another tree., sources: ['https://example.com/elm']}\n"
    )
    write(
        {
            "cards/trees/wood.yaml": cards,
            "decks/trees/deck.yaml": "name: Trees\nnamespace: trees-k3v9\n",
        }
    )
    run("release", "trees")

    run("adopt", str(project / "build" / "trees.apkg"), folder=home)

    run("check", folder=home)
    text = Home(home).read()
    assert "guid" not in text
    assert "namespace: trees-k3v9" in (home / "decks/trees/deck.yaml").read_text("utf-8")
    ours, theirs = (
        [
            (c["ref"], c["kind"], c["prompts"], c["tags"])
            for c in json.loads(run("list", "--json", folder=f).stdout)
        ]
        for f in (project, home)
    )
    assert ours == theirs
    run("build", folder=home)
    notes = [
        describe_notes_of(f / "build" / "trees.apkg", home.parent / f.name) for f in (project, home)
    ]
    assert notes[0] == notes[1]


def describe_notes_of(package: Path, folder: Path) -> dict[str, dict[str, Any]]:
    anki = Anki(folder / "reading")
    try:
        anki.import_package(package)
        return describe_notes(anki)
    finally:
        anki.col.close()


def describe_files(folder: Path) -> dict[str, str]:
    """Return the files of a project without what is drawn by lot."""
    return {
        name: re.sub(
            rb"lander-[a-z0-9]{5}\b",
            b"lander-x",
            re.sub(rb'(deck.yaml", "hash": )".*"', rb"\1", data),
        ).decode("utf-8", "replace")
        for name, data in read_files(folder).items()
    }


def test_an_interrupted_run_is_finished_by_the_next_one(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(author)
    package = author.export(tmp_path / "land.apkg", deck="Länder")
    replaced, left = Path.replace, [1000]

    def replace(self: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device", str(target))
        return replaced(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    run("adopt", str(package), folder=home)
    whole, writes = describe_files(home), 1000 - left[0]

    for number in range(0, writes, 3):
        folder = tmp_path / f"interrupted-{number}"
        folder.mkdir()
        left[0] = number
        result = run("adopt", str(package), folder=folder, exit_code=1)
        assert "No space left on device" in result.stderr
        left[0] = 1000
        run("adopt", str(package), folder=folder)
        assert describe_files(folder) == whole, number


def test_columns_may_be_called_like_the_keys_of_every_card(home: Path, run: Run) -> None:
    names = ["Word", *(name.capitalize() for name in (*COMMON_KEYS, "cards"))]
    rows = [names, *([f"{name} {number}" for name in names] for number in range(3))]
    (home / "trees.csv").write_text("\n".join(map(",".join, rows)) + "\n", "utf-8")

    run("adopt", str(home / "trees.csv"), folder=home)

    assert "0 errors" in run("check", folder=home).output
    assert len(json.loads(run("list", "--json", folder=home).stdout)) == 3
