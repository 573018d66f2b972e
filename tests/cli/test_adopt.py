"""`cards adopt`: a deck made in Anki goes on as a project, and nobody who has it notices."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anki_backend import Anki
from anki_deck_author import DeckAuthor, describe_notes, list_schedules
from media_files import MP3, PNG
from project_files import Run, Write

LATER = 2_000_000_000
MakeReader = Callable[[str], Anki]


@pytest.fixture
def author(tmp_path: Path) -> Any:
    made = DeckAuthor(tmp_path / "author")
    yield made
    made.col.close()


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Make collections of people who import packages.

    They are made after the deck, so that no note type of it has the id of one that is theirs.
    """
    made: list[Anki] = []

    def make(name: str) -> Anki:
        made.append(Anki(tmp_path / name))
        return made[-1]

    yield make
    for anki in made:
        anki.col.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def fill(author: DeckAuthor) -> None:
    """Make a deck with several note types, sub-decks, media and odd texts."""
    author.add_type(
        "Land (basic)",
        ["Country", "Capital", "Note", "Map"],
        [
            (
                "{{Country}}<br>{{Map}}",
                "{{FrontSide}}<hr id=answer>{{Capital}} {{#Note}}({{Note}}){{/Note}}",
            ),
            ("{{#Capital}}{{Capital}}{{/Capital}}", "{{FrontSide}}<hr>{{Country}}"),
        ],
        css=".card { font: 20px arial; background: url('_sea.png') }",
    )
    author.add_type(
        "Lücken",
        ["Text", "Extra"],
        [("{{cloze:Text}}", "{{cloze:Text}}<br>{{Extra}}")],
        is_cloze=True,
    )
    author.add_media("map of chad.png", PNG)
    author.add_media("anthem.mp3", MP3)
    author.add_media("_sea.png", PNG + b"sea")
    author.add_note(
        "Land (basic)",
        "Länder::Europa",
        ["France", "Paris", "on the <i>Seine</i>", ""],
        ["geo", "eu::west"],
    )
    author.add_note(
        "Land (basic)", "Länder::Africa", ["Chad", "N'Djamena", "", '<img src="map of chad.png">']
    )
    author.add_note("Land (basic)", "Länder", ["Nauru", "&nbsp;", "no capital at all", ""], ["geo"])
    author.add_note("Land (basic)", "Länder::Europa", ["日本", "東京", "[sound:anthem.mp3]", ""])
    author.add_note(
        "Lücken", "Länder::Europa", ["{{c1::Rome}} is in {{c2::Italy}}", "*not* Markdown"]
    )
    author.add_note("Lücken", "Länder::Europa", ["<div>a <b>{{c1::b}}</b></div><div>c</div>", ""])


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


def read_files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_package_again_writes_nothing(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    package = author.export(tmp_path / "land.apkg", deck="Länder")
    run("adopt", str(package), folder=home)
    before = read_files(home)

    output = run("adopt", str(package), folder=home).output

    assert "nothing new" in output
    assert read_files(home) == before


def change(author: DeckAuthor, search: str, **fields: str) -> None:
    (note_id,) = author.col.find_notes(search)
    note = author.col.get_note(note_id)
    for name, text in fields.items():
        note[name] = text
    author.col.update_note(note)


class Home:
    """A project of adopted cards."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def edit(self, old: str, new: str) -> None:
        """Change a text in the only file that has it."""
        (path,) = (p for p in self.folder.glob("cards/**/*.yaml") if old in p.read_text("utf-8"))
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")

    def read(self) -> str:
        return "\n".join(p.read_text("utf-8") for p in sorted(self.folder.glob("cards/**/*.yaml")))


def test_a_newer_package_is_merged_with_what_changed_here(
    author: DeckAuthor, read: MakeReader, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    author.add_note("Land (basic)", "Länder", ["Fiji", "Suva", "one two three four", ""])
    first = author.export(tmp_path / "first.apkg", deck="Länder")
    run("adopt", str(first), folder=home)
    ours = Home(home)
    ours.edit("capital: Suva", "capital: Suva # the largest city")
    ours.edit("one two three four", "1 two three four")
    ours.edit("no capital at all", "no capital here")
    change(author, "Country:Fiji", Note="one two three 4", Capital="<b>Suva</b>")
    change(author, "Country:Nauru", Note="no capital there")
    change(author, "Country:France", Capital="Paris (75)")
    author.add_note("Land (basic)", "Länder::Africa", ["Togo", "Lomé", "", ""], ["new"])
    author.col.remove_notes(author.col.find_notes("Capital:東京"))
    (chad,) = author.col.find_notes("Country:Chad")
    author.col.tags.bulk_add([chad], "sahel")
    second = author.export(tmp_path / "second.apkg", deck="Länder")

    output = run("adopt", str(second), folder=home).output

    text = ours.read()
    assert "1 added, 3 changed, 1 in conflict" in output
    assert (
        'capital: "**Suva**" # the largest city' in text
        or "capital: '**Suva**' # the largest city" in text
    )
    assert "1 two three 4" in text
    assert "no capital here" in text
    assert "yours: no capital here\n  deck:  no capital there" in output
    assert "capital: Paris (75)" in text
    assert "country: Togo" in text
    assert "country: 日本" in text
    assert "is no longer in the deck" in output
    assert "tags: [sahel]" in text
    run("check", folder=home)
    assert "2 changed" in run("diff", folder=home).output
    before = read_files(home)
    assert "nothing new" in run("adopt", str(second), folder=home).output
    assert read_files(home) == before

    reader = read("reader")
    reader.import_package(second)
    run("build", folder=home)
    (built,) = (home / "build").glob("*.apkg")
    result = reader.import_package(built)
    assert (result.new, result.updated, result.conflicting) == ({"日本"}, {"Fiji", "Nauru"}, set())


def test_what_was_deleted_here_is_not_added_again(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    package = author.export(tmp_path / "land.apkg", deck="Länder")
    run("adopt", str(package), folder=home)
    (path,) = (p for p in home.glob("cards/**/*.yaml") if "Nauru" in p.read_text("utf-8"))
    path.unlink()

    output = run("adopt", str(package), folder=home).output

    assert "1 card that you deleted here: not added again" in output
    assert not path.exists()


def test_a_note_type_that_changed_there_changes_here_unless_it_was_changed_here(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    run("adopt", str(author.export(tmp_path / "first.apkg", deck="Länder")), folder=home)
    for name in ("Land (basic)", "Lücken"):
        model = author.col.models.by_name(name)
        assert model
        model["css"] += " .new { color: red }"
        model["tmpls"][0]["afmt"] += "<hr>"
        author.col.models.save(model)
    gaps = home / "kinds" / "lucken.yaml"
    gaps.write_text(gaps.read_text("utf-8") + "# mine\n", "utf-8")
    second = author.export(tmp_path / "second.apkg", deck="Länder")

    output = run("adopt", str(second), folder=home).output

    assert "kinds/land-basic.yaml replaced" in output
    assert "kinds/lucken.yaml: it was changed here and in the deck; yours stays" in output
    assert ".new { color: red }" in (home / "kinds" / "land-basic.yaml").read_text("utf-8")
    assert ".new" not in gaps.read_text("utf-8")
    run("check", folder=home)
    assert "nothing new" in run("adopt", str(second), folder=home).output


def test_each_top_level_deck_is_a_pack(
    author: DeckAuthor, read: MakeReader, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    author.add_note("Land (basic)", "Städte", ["Bremen", "Bremen", "[sound:anthem.mp3]", ""])
    author.add_note("Land (basic)", "Default", ["Mali", "Bamako", "", ""])
    original = describe_notes(author)

    run("adopt", str(author.export(tmp_path / "all.apkg")), folder=home)

    run("check", folder=home)
    run("build", folder=home)
    names = sorted(path.stem for path in (home / "build").glob("*.apkg"))
    assert names == ["default", "lander", "stadte"]
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
