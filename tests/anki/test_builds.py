"""Builds between releases, with Anki's own backend: what they ship, and what the next release undoes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from anki_backend import Anki
from project_files import Release, Run, Write

DAY = 86_400
FIRST = 1_700_000_000
SECOND = FIRST + 40 * DAY
CARDS = """\
kind: basic
sources: [https://example.com/trees]
cards:
  - {id: oak, question: What is an oak?, answer: A tree with acorns.}
  - {id: elm, question: What is an elm?, answer: A tree with seeds.}
"""
FLAT = CARDS.replace("with seeds", "with flat seeds")
ROUND = CARDS.replace("with seeds", "with round seeds")
KIND = """\
title: Tune
css: "b {{ color: {colour} }}"
fields:
  name: {{type: inline, required: true}}
  key: {{type: inline}}
sides:
  key: {{ask: 'In which key is {{{{name}}}}?', show: [key]}}
"""

Build = Callable[[str, int], Path]


@pytest.fixture
def build(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Build the pack at a time, and return a copy of its package."""

    def build_pack(name: str, time_s: int) -> Path:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(time_s))
        run("build", "trees")
        return Path(shutil.copy(project / "build" / "trees.apkg", project / f"{name}.apkg"))

    return build_pack


def edit(anki: Anki, at_s: int, id: str = "elm") -> None:
    """Let a reader edit a note at a time."""
    note = anki.notes()[f"trees:{id}"]
    note["Answer"] = "My own words."
    anki.col.update_note(note)
    assert anki.col.db
    anki.col.db.execute("update notes set mod = ? where id = ?", at_s, note.id)


def answer(anki: Anki, id: str = "elm") -> str:
    return anki.notes()[f"trees:{id}"]["Answer"]


def change_oak(text: str) -> str:
    """Return the cards with another change, which makes a release possible."""
    return text.replace("acorns", "many acorns")


def test_what_a_build_shipped_and_the_release_lacks_is_taken_back(
    write: Write, release: Release, build: Build, reader: Callable[[str], Anki]
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    first = release("v1", FIRST)
    tester, editor, bystander = (reader(name) for name in ("tester", "editor", "bystander"))
    for anki in (tester, editor, bystander):
        anki.import_package(first)
    # In the first ten minutes after the release.
    edit(bystander, FIRST + 600)
    write({"cards/trees/trees.yaml": FLAT})
    built = build("b1", FIRST + 30 * DAY)
    for anki in (tester, editor):
        assert anki.import_package(built).updated == {"What is an elm?"}
    edit(editor, FIRST + 31 * DAY)

    write({"cards/trees/trees.yaml": change_oak(CARDS)})
    second = release("v2", SECOND)

    assert tester.import_package(second).updated == {"What is an oak?", "What is an elm?"}
    assert answer(tester) == "<p>A tree with seeds.</p>\n"
    for anki in (editor, bystander):
        assert anki.import_package(second).updated == {"What is an oak?"}
        assert answer(anki) == "My own words."


def test_a_change_counts_from_the_build_that_shipped_it_and_not_from_its_commit(
    write: Write,
    run: Run,
    project: Path,
    release: Release,
    reader: Callable[[str], Anki],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    before, after = reader("before"), reader("after")
    first = release("v1", FIRST)
    for anki in (before, after):
        anki.import_package(first)
    write({"cards/trees/trees.yaml": FLAT, ".gitignore": "*.apkg\nbuild/\n"})
    monkeypatch.setenv("GIT_COMMITTER_DATE", f"{FIRST + 10 * DAY} +0000")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "cards"]):
        subprocess.run([*git, *words], cwd=project, check=True)
    edit(before, FIRST + 20 * DAY)

    with monkeypatch.context() as patch:
        patch.delenv("SOURCE_DATE_EPOCH")
        patch.setattr("time.time", lambda: float(FIRST + 30 * DAY))
        run("build", "trees")
    after.import_package(project / "build" / "trees.apkg")
    edit(after, FIRST + 31 * DAY)
    second = release("v2", SECOND)

    assert before.import_package(second).updated == {"What is an elm?"}
    assert answer(before) == "<p>A tree with flat seeds.</p>\n"
    assert after.import_package(second).updated == set()
    assert answer(after) == "My own words."


def test_a_build_without_the_ledger_costs_nobody_an_edit(
    write: Write,
    project: Path,
    release: Release,
    build: Build,
    reader: Callable[[str], Anki],
) -> None:
    """As after a checkout of a commit before the first release."""
    write({"cards/trees/trees.yaml": CARDS})
    editor = reader("editor")
    editor.import_package(release("v1", FIRST))
    edit(editor, FIRST + 20 * DAY)
    files = [project / "decks" / "trees" / name for name in ("ledger.jsonl", "CHANGELOG.md")]
    texts = [path.read_bytes() for path in files]
    for path in files:
        path.unlink()
    build("old", FIRST + 30 * DAY)
    for path, text in zip(files, texts, strict=True):
        path.write_bytes(text)

    write({"cards/trees/trees.yaml": change_oak(CARDS)})

    assert editor.import_package(build("b", SECOND)).updated == {"What is an oak?"}
    assert editor.import_package(release("v2", SECOND + DAY)).updated == {"What is an oak?"}
    assert answer(editor) == "My own words."


def test_an_edit_to_what_is_released_as_it_was_built_stands(
    write: Write, release: Release, build: Build, reader: Callable[[str], Anki]
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    first = release("v1", FIRST)
    editor, tester, bystander = (reader(name) for name in ("editor", "tester", "bystander"))
    for anki in (tester, editor, bystander):
        anki.import_package(first)
    write({"cards/trees/trees.yaml": FLAT})
    built = build("b1", FIRST + 30 * DAY)
    editor.import_package(built)
    edit(editor, FIRST + 30 * DAY + 1)
    # Another build in between makes no difference.
    write({"cards/trees/trees.yaml": ROUND})
    tester.import_package(build("b2", FIRST + 31 * DAY))
    assert "round" in answer(tester)

    write({"cards/trees/trees.yaml": FLAT})
    second = release("v2", SECOND)

    for anki in (editor, tester, bystander):
        anki.import_package(second)
    assert answer(editor) == "My own words."
    assert answer(tester) == answer(bystander) == "<p>A tree with flat seeds.</p>\n"


def test_builds_follow_each_other_and_never_overwrite_a_reader(
    write: Write, release: Release, build: Build, reader: Callable[[str], Anki]
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    first = release("v1", FIRST)
    tester, editor = reader("tester"), reader("editor")
    for anki in (tester, editor):
        anki.import_package(first)
    edit(editor, FIRST + 3600)
    # The clock stands still, jumps back and goes on.
    for number, (text, time_s) in enumerate(
        [
            (FLAT, FIRST + DAY),
            (ROUND, FIRST + DAY),
            (FLAT, FIRST - 9 * DAY),
            (CARDS, FIRST + 2 * DAY),
        ]
    ):
        write({"cards/trees/trees.yaml": text})
        built = build(f"b{number}", time_s)
        assert tester.import_package(built).updated == {"What is an elm?"}
        assert editor.import_package(built).updated == set()
        assert build("again", time_s + DAY).read_bytes() == built.read_bytes()
        assert tester.import_package(built).updated == set()
    assert answer(tester) == "<p>A tree with seeds.</p>\n"


def test_a_lost_record_costs_no_reader_of_releases_anything(
    write: Write, release: Release, build: Build, reader: Callable[[str], Anki], project: Path
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    first = release("v1", FIRST)
    tester, editor = reader("tester"), reader("editor")
    for anki in (tester, editor):
        anki.import_package(first)
    edit(editor, FIRST + 3600)
    write({"cards/trees/trees.yaml": FLAT})
    tester.import_package(build("b1", FIRST + DAY))
    shutil.rmtree(project / "build")
    write({"cards/trees/trees.yaml": ROUND})

    assert tester.import_package(build("b2", FIRST + 2 * DAY)).updated == {"What is an elm?"}
    second = release("v2", SECOND)
    for anki in (tester, editor):
        anki.import_package(second)
        assert "round" in answer(anki)


def test_a_pack_that_is_only_ever_built_updates_what_changes(
    write: Write, build: Build, anki: Anki
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    anki.import_package(build("b1", FIRST))
    edit(anki, FIRST + 5, "oak")
    for number, (text, time_s) in enumerate([(FLAT, FIRST + DAY), (CARDS, FIRST - DAY)]):
        write({"cards/trees/trees.yaml": text})
        assert anki.import_package(build(f"b{number}", time_s)).updated == {"What is an elm?"}
    assert answer(anki, "oak") == "My own words."
    assert answer(anki) == "<p>A tree with seeds.</p>\n"


def test_the_look_of_an_own_kind_is_taken_back_too(
    write: Write, release: Release, build: Build, reader: Callable[[str], Anki]
) -> None:
    def write_all(colour: str, key: str) -> None:
        write(
            {
                "kinds/tune.yaml": KIND.format(colour=colour),
                "cards/trees/a.yaml": "kind: tune\nsources: [A book]\ncards:\n"
                f"  - {{id: reel, name: Reel, key: {key}}}\n",
            }
        )

    def colour_of(anki: Anki) -> str:
        (css,) = [m["css"] for m in anki.col.models.all() if m["name"] == "Cardwright Tune"]
        return str(css).rsplit("color: ", 1)[1].split()[0]

    tester, bystander = reader("tester"), reader("bystander")
    write_all("red", "D")
    first = release("v1", FIRST)
    for anki in (tester, bystander):
        anki.import_package(first)
    model = bystander.col.models.by_name("Cardwright Tune")
    assert model
    model["css"] += "b { color: mine }"
    bystander.col.models.update_dict(model)
    assert bystander.col.db
    bystander.col.db.execute("update notetypes set mtime_secs = ?", FIRST + 900)
    write_all("blue", "D")
    tester.import_package(build("b1", FIRST + DAY))
    assert colour_of(tester) == "blue"
    write_all("red", "G")
    second = release("v2", SECOND)
    for anki in (tester, bystander):
        anki.import_package(second)
    assert (colour_of(tester), colour_of(bystander)) == ("red", "mine")

    write_all("green", "G")
    third = release("v3", SECOND + DAY)
    for anki in (tester, bystander):
        anki.import_package(third)
    assert colour_of(tester) == colour_of(bystander) == "green"


def test_another_type_of_a_field_updates_the_notes_that_it_writes_differently(
    write: Write, release: Release, build: Build, reader: Callable[[str], Anki], project: Path
) -> None:
    def write_all(key_type: str, retired: str = "") -> None:
        kind = KIND.format(colour="red").replace(
            "key: {type: inline}", f"key: {{type: {key_type}}}"
        )
        write(
            {
                "kinds/tune.yaml": kind,
                "cards/trees/a.yaml": "kind: tune\nsources: [A book]\ncards:\n"
                "  - {id: reel, name: Reel, key: D}\n  - {id: jig, name: Jig}\n"
                f"  - {{id: air, name: Air, key: G{retired}}}\n",
            }
        )

    def keys(anki: Anki) -> dict[str, str]:
        return {id.removeprefix("trees:"): note["Key"] for id, note in anki.notes().items()}

    early, tester, editor = (reader(name) for name in ("early", "tester", "editor"))
    write_all("inline")
    first = release("v1", FIRST)
    for anki in (early, tester, editor):
        anki.import_package(first)
    write_all("block", ", retired: Hoarse")

    assert tester.import_package(build("b1", FIRST + DAY)).updated == {"Reel"}
    write_all("inline")
    assert tester.import_package(build("b2", FIRST + 2 * DAY)).updated == {"Reel"}
    assert keys(tester) == {"reel": "D", "jig": "", "air": "G"}
    write_all("block", ", retired: Hoarse")
    second = release("v2", SECOND)
    assert "The rendering of 1 card has changed" in (
        project / "decks/trees/CHANGELOG.md"
    ).read_text("utf-8")
    note = editor.notes()["trees:jig"]
    note["Key"] = "My own"
    editor.col.update_note(note)
    for anki in (early, tester):
        assert anki.import_package(second).updated == {"Reel"}
    # What was retired meanwhile is written otherwise when it returns.
    write_all("block")
    third = release("v3", SECOND + DAY)
    for anki in (early, tester, editor):
        anki.import_package(third)
    expected = {"reel": "<p>D</p>\n", "jig": "", "air": "<p>G</p>\n"}
    assert keys(early) == keys(tester) == expected
    assert keys(editor) == {**expected, "jig": "My own"}


def test_a_card_that_is_retired_and_comes_back_unchanged_keeps_what_readers_wrote(
    write: Write, release: Release, build: Build, reader: Callable[[str], Anki]
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    first = release("v1", FIRST)
    editor, tester, fresh = (reader(name) for name in ("editor", "tester", "fresh"))
    for anki in (editor, tester):
        anki.import_package(first)
    edit(editor, FIRST + 600)
    write({"cards/trees/trees.yaml": FLAT})
    tester.import_package(build("b1", FIRST + DAY))
    write({"cards/trees/trees.yaml": CARDS.replace("seeds.}", "seeds., retired: They died.}")})
    fresh.import_package(release("v2", SECOND))
    assert set(fresh.notes()) == {"trees:oak"}

    write({"cards/trees/trees.yaml": CARDS})
    third = release("v3", SECOND + DAY)

    for anki in (editor, tester, fresh):
        anki.import_package(third)
    assert answer(editor) == "My own words."
    assert answer(tester) == answer(fresh) == "<p>A tree with seeds.</p>\n"


def test_a_build_says_what_is_not_released(
    write: Write, run: Run, release: Release, project: Path
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    told = run("build")
    assert "build/trees.apkg: 2 notes, 2 cards" in told.stdout
    assert "trees is not released yet" in told.stderr
    assert json.loads(run("build", "--json").stdout)[0]["unreleased"] == {"added": 2}

    released = release("v1", FIRST)
    told = run("build")
    assert told.stderr == ""
    assert (project / "build/trees.apkg").read_bytes() == released.read_bytes()
    assert not (project / "build/trees.builds.jsonl").exists()

    more = "  - {id: ash, question: What is an ash?, answer: A tree with buds.}\n"
    write({"cards/trees/trees.yaml": FLAT + more})
    told = run("build")
    assert told.stderr == (
        "trees has changed since 1.0.0: 1 changed, 1 added; "
        "this package is for trying out, `cards release trees` publishes\n"
    )
    (row,) = json.loads(run("build", "--json").stdout)
    assert (row["version"], row["unreleased"]) == ("1.0.0", {"changed": 1, "added": 1})

    write({"cards/trees/trees.yaml": CARDS})
    assert "1 reverted; this package" in run("build").stderr


def describe_record(*editions: str, note: str = '"trees:elm"') -> str:
    return f'{{"builds": 1}}\n{{"note": {note}, "shipped": [{", ".join(editions)}]}}\n'


DIGEST = f'"{32 * "a"}", "", 2'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]\n",
        "\xff",
        '{"builds": 2}\n',
        '{"builds": ' + 100_000 * "[",
        describe_record(),
        describe_record(f"[{DIGEST}, 5, 5]", note="5"),
        describe_record(f"[{DIGEST}, 5, 5]").replace("[[", "7, [["),
        describe_record('["x", "", 2, 5, 5]'),
        describe_record(f"[{DIGEST}, true, 5]"),
        describe_record(f"[{DIGEST}, 5, 1e3]"),
        describe_record(f"[{DIGEST}, 0, 5]"),
        describe_record(f"[{DIGEST}, 5, -1]"),
        describe_record(f"[{DIGEST}, 5, {30 * '9'}]"),
        describe_record(f"[{DIGEST}, 5, {9_999 * '9'}]"),
        describe_record(f"[{DIGEST}, 5, 6]", f"[{DIGEST}, 5, 6]"),
        describe_record(f"[{DIGEST}, 5, 5]") + describe_record(f"[{DIGEST}, 5, 5]").split("\n")[1],
    ],
)
def test_a_record_that_is_damaged_is_ignored(
    write: Write, run: Run, release: Release, project: Path, text: str
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    release("v1", FIRST)
    write({"cards/trees/trees.yaml": FLAT})
    run("build")
    clean = (project / "build/trees.apkg").read_bytes()
    path = project / "build/trees.builds.jsonl"
    good = path.read_bytes()
    path.write_bytes(text.encode("latin-1"))

    told = run("build").stderr

    assert "trees.builds.jsonl is ignored, since it cannot be read" in told
    assert (project / "build/trees.apkg").read_bytes() == clean
    assert path.read_bytes() == good


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes and links")
def test_a_record_that_is_not_a_file_holds_nothing_up(
    write: Write, run: Run, project: Path, tmp_path: Path
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    run("build")
    path = project / "build/trees.builds.jsonl"
    path.unlink()
    os.mkfifo(path)
    assert "is ignored" in run("build").stderr
    path.unlink()
    (tmp_path / "mine").write_text("mine", "utf-8")
    path.symlink_to(tmp_path / "mine")
    assert "is ignored" in run("build").stderr
    assert (tmp_path / "mine").read_text("utf-8") == "mine"
    assert not path.is_symlink()
