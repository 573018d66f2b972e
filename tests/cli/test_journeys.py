"""Commands used as in practice, on real files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from project_files import Run, Write

CARDS = """\
kind: basic
sources: [https://example.com/trees]
cards:
  - {id: oak, question: What is an oak?, answer: A tree with acorns.}
  - {id: elm, question: What is an elm?, answer: A tree with winged seeds.}
"""


@pytest.mark.parametrize(
    "kind", ["term", "instinct", "objective", "basic", "cloze", "choice", "route", "vocabulary"]
)
def test_new_appends_a_card_that_only_wants_filling_in(
    write: Write, run: Run, project: Path, kind: str
) -> None:
    write({"cards/trees/trees.yaml": CARDS})

    place = run("new", kind, str(project / "cards/trees/trees.yaml"), "--id", "ash").stdout.strip()

    path, line = place.split(":")
    text = (project / path).read_text("utf-8")
    assert text.startswith(CARDS)
    assert text.splitlines()[int(line) - 1] == "  - id: ash"
    codes = {row["code"] for row in json.loads(run("check", "--json", exit_code=1).stdout)}
    assert codes <= {"empty-field", "missing-field", "no-right-option"}


def test_new_starts_a_file_with_the_schema_for_editors(run: Run, project: Path) -> None:
    run("new", "term", str(project / "cards/trees/wood/rings.yaml"))

    text = (project / "cards/trees/wood/rings.yaml").read_text("utf-8")
    assert text.startswith(
        "# yaml-language-server: $schema=../../../schemas/cards.schema.json\n"
        "kind: term\ncards:\n  - id: new-card\n    term: "
    )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("new", "tern", "cards/trees/trees.yaml"), "there is no kind `tern`"),
        (("new", "term", "../trees.yaml"), "is outside the project"),
        (("new", "term", "cards/trees.yaml"), "cards/PACK/"),
        (("new", "term", "cards/trees/trees.yaml", "--id", "oak"), "`oak` is already used"),
        (("new", "term", "cards/trees/trees.yaml", "--id", "Oak!"), "`Oak!` is not a valid id"),
        (("new", "term", "cards/trees/flow.yaml"), "is not a list of cards"),
        (("new", "term", "cards/trees/broken.yaml"), "fix them first"),
        (("new", "term", "cards/trees/first.yaml"), "to the end of the file"),
    ],
)
def test_new_leaves_the_file_alone_when_it_cannot(
    write: Write,
    run: Run,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    reason: str,
) -> None:
    files = {
        "cards/trees/trees.yaml": CARDS,
        "cards/trees/flow.yaml": "cards: [{id: yew, kind: basic, question: q, answer: a}]\n",
        "cards/trees/broken.yaml": "cards: [\n",
        "cards/trees/first.yaml": "cards:\n- {id: fir, question: q, answer: a}\nkind: basic\n",
    }
    write(files)
    monkeypatch.chdir(project)

    assert reason in run(*words, exit_code=1).stderr
    assert {name: (project / name).read_text("utf-8") for name in files} == files


def test_list_tells_programs_all_about_each_card(write: Write, run: Run) -> None:
    write(
        {
            "decks/trees/blueprint.yaml": "name: Exam\ndomains:\n  - id: wood\n    weight: 100\n"
            '    lessons: [{id: "1.1", title: Rings}]\n'
            'objectives: [{id: "7", lesson: "1.1", about: Count}]\n',
            "cards/trees/wood.yaml": "cards:\n"
            "  - id: ring\n    kind: term\n    term: Ring\n    definition: A year of wood\n"
            '    reverse: true\n    lesson: "1.1"\n    objectives: ["7"]\n    tags: [wood]\n',
        }
    )

    assert json.loads(run("list", "--json").stdout) == [
        {
            "ref": "trees:ring",
            "pack": "trees",
            "id": "ring",
            "kind": "term",
            "lesson": "1.1",
            "domain": "wood",
            "objectives": ["7"],
            "tags": ["wood"],
            "prompts": ["recall", "reverse"],
            "media": [],
            "retired": None,
            "reserved": None,
            "twins": None,
            "path": "cards/trees/wood.yaml",
            "line": 2,
            "source_url": None,
        }
    ]
    assert "trees:ring" in run("list", "--kind", "term", "--tag", "wood").stdout
    assert run("list", "--kind", "basic", exit_code=1).stdout == ""


def test_show_draws_every_side_of_a_card(write: Write, run: Run) -> None:
    write(
        {
            "cards/trees/wood.yaml": "sources: [https://example.com]\ncards:\n"
            "  - id: gaps\n    kind: cloze\n"
            "    text: The {{c1::cambium}} makes {{c2::wood::what?}}.\n"
        }
    )

    shown = run("show", "gaps").stdout

    assert "The […] makes wood." in shown
    assert "The cambium makes [what?]." in shown
    assert "The cambium makes wood." in shown
    assert json.loads(run("show", "trees:gaps", "--json").stdout)["prompts"] == ["c1", "c2"]
    assert "did you mean gaps?" in run("show", "gap", exit_code=1).stderr


def test_show_draws_formulas_and_leaves_code_as_written(write: Write, run: Run) -> None:
    write(
        {
            "cards/trees/wood.yaml": "cards:\n  - id: growth\n    kind: basic\n"
            "    question: What is $a_i\\,b * c_i \\cdot d*$ in `x_$i$`?\n    answer: It costs \\$5.\n"
        }
    )

    shown = run("show", "growth").stdout

    assert "What is aᵢ b * cᵢ · d * in x_$i$?" in shown
    assert "It costs $5." in shown


@pytest.mark.skipif(sys.platform == "win32", reason="links need a permission there")
def test_a_changelog_elsewhere_is_not_published(
    write: Write, run: Run, project: Path, tmp_path: Path
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    (tmp_path / "diary").write_text("Dear diary", "utf-8")
    changelog = project / "decks/trees/CHANGELOG.md"
    for target in (tmp_path / "diary", Path("/dev/zero")):
        changelog.symlink_to(target)

        told = run("release", "trees", exit_code=1).stderr

        assert "CHANGELOG.md is a link" in told
        changelog.unlink()
    assert not (project / "decks/trees/ledger.jsonl").exists()


@pytest.mark.parametrize(
    ("written", "shown"),
    [("oak%20leaf.mp3", "♪ oak leaf.mp3"), ("a%1B%5B31m%0A%E2%80%AEb.mp3", "♪ a�[31m b.mp3")],
)
def test_a_sound_is_named_as_its_file(write: Write, run: Run, written: str, shown: str) -> None:
    question = f"question: What falls?, answer: '![](media/{written})'"
    write({"cards/trees/wood.yaml": f"kind: basic\ncards: [{{id: leaf, {question}}}]\n"})

    assert shown in run("show", "leaf").stdout.splitlines()


def test_cards_are_listed_in_columns(write: Write, run: Run) -> None:
    write(
        {
            "cards/trees/trees.yaml": CARDS,
            "cards/trees/words.yaml": "kind: vocabulary\ncards: [{id: o, word: o, translation: x}]\n",
        }
    )

    rows = run("list").stdout.splitlines()

    assert len({row.index("cards/") for row in rows}) == 1


def test_release_writes_a_changelog_and_then_there_is_nothing_to_release(
    write: Write, run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    run("release", "trees")
    assert "nothing has changed since 1.0.0" in run("release", "trees", exit_code=1).stderr

    changed = CARDS.replace("acorns", "**acorns**").replace("id: elm", "id: ulmus, formerly: [elm]")
    write(
        {
            "cards/trees/trees.yaml": changed
            + "  - {id: ash, question: What is an ash?, answer: A tree with black buds.}\n"
        }
    )
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    assert run("diff", "trees").stdout == (
        "changed oak: What is an oak?\n"
        "  answer:\n"
        "    - A tree with acorns.\n"
        "    + A tree with **acorns**.\n"
        "renamed ulmus (was elm): What is an elm?\n"
        "added ash: What is an ash?\n"
    )
    entry = run("release", "trees", "--dry-run").stdout
    run("release", "trees")

    changelog = (project / "decks/trees/CHANGELOG.md").read_text("utf-8")
    assert changelog.startswith("# Changes of the deck Trees\n\n" + entry)
    assert entry == (
        "## 1.1.0 – 2027-01-15\n\n"
        "### Added\n\n- `ash`: What is an ash?\n\n"
        "### Changed\n\n- `oak`: What is an oak? (answer)\n\n"
        "### Renamed\n\n- `ulmus` (was `elm`): What is an elm?\n\n"
    )
    assert changelog.endswith("## 1.0.0 – 2023-11-14\n\nThe first release, with 2 cards.\n\n")
    rows = [
        json.loads(line)
        for line in (project / "decks/trees/ledger.jsonl").read_text("utf-8").splitlines()
    ]
    assert [(row["note"], row["mod"]) for row in rows if "note" in row] == [
        ("ash", 1_800_000_000),
        ("oak", 1_800_000_000),
        ("ulmus", 1_700_000_000),
    ]


def test_release_refuses_a_frozen_note_type_that_changed(
    write: Write, run: Run, project: Path
) -> None:
    kind = "fields: {name: {type: inline, required: true}, key: {type: inline}}\nsides: {s: {ask: '{{name}}', show: [key]}}\n"
    write(
        {
            "kinds/tune.yaml": "anki: {id: 4711}\n" + kind,
            "cards/trees/a.yaml": "kind: tune\nsources: [https://a.org]\ncards: [{id: a, name: A, key: D}]\n",
        }
    )
    run("release", "trees")
    before = (project / "decks/trees/ledger.jsonl").read_bytes()
    write(
        {
            "kinds/tune.yaml": "anki: {id: 4711}\n"
            + kind.replace("key: {", "mode: {type: inline}, key: {")
        }
    )

    result = run("release", "trees", exit_code=1)

    assert (
        "error[note-type-changed]: the field `mode` was added after the release of `tune`"
        in result.stderr
    )
    assert (project / "decks/trees/ledger.jsonl").read_bytes() == before


def test_a_card_that_no_deck_takes_any_more_stays_in_the_ledger(
    write: Write, run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    run("release", "trees")
    write(
        {
            "cards/trees/trees.yaml": CARDS.replace("acorns", "nuts"),
            "decks/trees/deck.yaml": "name: Trees\nselect: {id: oak}\n",
        }
    )
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    run("release", "trees")

    lines = (project / "decks/trees/ledger.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [(row["note"], row["mod"]) for row in rows if "note" in row] == [
        ("elm", 1_700_000_000),
        ("oak", 1_800_000_000),
    ]


def test_release_with_errors_writes_nothing(write: Write, run: Run, project: Path) -> None:
    write(
        {"cards/trees/trees.yaml": CARDS.replace("answer: A tree with acorns.", "anwser: A tree")}
    )

    result = run("release", "trees", exit_code=1)

    assert "did you mean `answer`?" in result.stderr
    assert not (project / "decks/trees/ledger.jsonl").exists()
    assert not (project / "build").exists()


def test_a_version_must_come_after_the_last(write: Write, run: Run) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    run("release", "trees", "2.0.0")
    write({"cards/trees/trees.yaml": CARDS.replace("acorns", "nuts")})

    assert "must be later than 2.0.0" in run("release", "trees", "1.9.9", exit_code=1).stderr
    assert "is not a valid version" in run("release", "trees", "next", exit_code=1).stderr
    assert "trees 2.0.1: 1 changed" in run("release", "trees").stdout


def test_diff_of_two_packages(write: Write, run: Run, project: Path) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    run("build", "--to", str(project / "old"))
    write({"cards/trees/trees.yaml": CARDS.replace("winged", "flat")})
    run("build", "--to", str(project / "new"))

    shown = run("diff", str(project / "old/trees.apkg"), str(project / "new/trees.apkg")).stdout

    assert shown == (
        "changed trees:elm: What is an elm?\n"
        "  Answer:\n"
        "    - <p>A tree with winged seeds.</p>\n"
        "    + <p>A tree with flat seeds.</p>\n"
    )
    (project / "no.apkg").write_text("nothing", "utf-8")
    result = run("diff", str(project / "no.apkg"), str(project / "no.apkg"), exit_code=1)
    assert "is not a readable Anki package" in result.stderr


def test_the_schema_accepts_what_check_accepts(run: Run, tmp_path: Path) -> None:
    run("init", "garden", "--template", "exam", folder=tmp_path)
    garden = tmp_path / "garden"
    for name, path in (
        ("cards", "cards/garden/first.yaml"),
        ("deck", "decks/garden/deck.yaml"),
        ("blueprint", "decks/garden/blueprint.yaml"),
    ):
        schema = json.loads(run("schema", name, folder=garden).stdout)
        text = (garden / path).read_text("utf-8")
        jsonschema.Draft7Validator.check_schema(schema)
        jsonschema.validate(yaml.safe_load(text), schema)
        assert schema == json.loads((garden / f"schemas/{name}.schema.json").read_text("utf-8"))
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**yaml.safe_load(text), "frobnicate": 1}, schema)


@pytest.mark.parametrize(
    "card",
    [
        {"kind": "term", "id": "a", "term": "A"},
        {"kind": "term", "id": "a", "term": "A", "definition": "B", "answer": "C"},
        {"kind": "tern", "id": "a"},
        {"id": "a", "question": "A", "answer": "B"},
        {"kind": "basic", "id": "A b", "question": "A", "answer": "B"},
    ],
)
def test_the_schema_refuses_what_check_refuses(run: Run, card: dict[str, str]) -> None:
    schema = json.loads(run("schema").stdout)

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"cards": [card]}, schema)


def test_without_a_project_commands_say_so(run: Run, tmp_path: Path) -> None:
    for words in (("check",), ("build",), ("list",), ("show", "x"), ("diff",), ("schema",)):
        assert "no project here" in run(*words, folder=tmp_path, exit_code=1).stderr


def test_an_empty_project_builds_nothing(run: Run, project: Path) -> None:
    assert "selects no cards" in run("build", exit_code=1).stderr
    assert "there is no pack `birds`" in run("build", "birds", exit_code=1).stderr
    assert not (project / "build").exists()


def test_builds_are_the_same_bytes_in_other_folders_at_other_times(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("init", "garden", folder=tmp_path)
    first, second = tmp_path / "garden", tmp_path / "elsewhere" / "copy"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "cards"]):
        subprocess.run([*git, *words], cwd=first, check=True)
    subprocess.run(["git", "clone", "-q", str(first), str(second)], check=True)
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    built = []
    for folder, now_s in ((first, 1_800_000_000), (second, 1_900_000_000)):
        monkeypatch.setattr("time.time", lambda now_s=now_s: float(now_s))
        run("build", folder=folder)
        built.append((folder / "build" / "garden.apkg").read_bytes())

    assert built[0] == built[1]


KIND = """\
sources: optional
css: "b { color: green }"
fields:
  word: {type: inline, required: true}
sides:
  recall: {ask: "What is {{word}}?", show: [word]}
"""


@pytest.mark.parametrize(
    ("path", "old", "new", "counts"),
    [
        ("cards/trees/trees.yaml", "acorns", "cups", "1 changed"),
        ("cards/trees/trees.yaml", "acorns.", "acorns., retired: old", "1 retired"),
        ("cards/trees/trees.yaml", "id: elm", "id: ulmus, formerly: [elm]", "1 renamed"),
        ("decks/trees/deck.yaml", "name: Trees", "name: Woods", "3 moved"),
        ("kinds/word.yaml", "green", "olive", "1 kind restyled"),
    ],
)
def test_build_diff_and_release_say_the_same_of_a_change(
    write: Write, run: Run, path: str, old: str, new: str, counts: str
) -> None:
    files = {
        "cards/trees/trees.yaml": CARDS + "  - {id: ash, kind: word, word: ash}\n",
        "decks/trees/deck.yaml": "name: Trees\nnamespace: trees\n",
        "kinds/word.yaml": KIND,
    }
    write(files)
    run("release", "trees")
    assert run("diff").output == "trees: no changes\n"
    write({path: files[path].replace(old, new, 1)})

    assert f"changed since 1.0.0: {counts};" in run("build").stderr
    assert run("diff").stderr.endswith(f"trees: {counts}\n")
    (change,) = {row["what"] for row in json.loads(run("diff", "--json").stdout)}
    assert change in counts
    assert counts in run("release", "trees").stdout
    assert run("diff").output == "trees: no changes\n"


def test_a_card_that_cannot_be_read_has_not_vanished(write: Write, run: Run) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    run("release", "trees")
    write({"cards/trees/trees.yaml": CARDS.replace("question: What is an elm?, ", "")})

    told = run("diff")

    assert "vanished" not in told.output
    assert "1 error, 0 warnings: see `cards check`" in told.stderr
