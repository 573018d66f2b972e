"""`cards anki edits`: what readers change in real Anki comes back into the sources."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from anki.collection import DeckIdLimit, ExportAnkiPackageOptions
from click.testing import CliRunner, Result

from anki_backend import Anki
from anki_connect import serve_anki_connect
from anki_editing import EDITS, edit_notes, take_over
from cardwright.app.build import build_packs
from cardwright.app.project import open_project
from cardwright.cli.main import cards
from cardwright.project.load import load
from media_files import PNG
from project_files import Run, Write

ROOT = Path(__file__).parents[2]
WOOD = """\
# Wood
kind: basic
sources: [https://example.org/wood]
tags: [wood]
cards:
  - id: heartwood  # the core
    question: Which part of a trunk no longer carries water?
    answer: |
      The _heartwood_, in the middle
      of the trunk.

      It is often **dark**.
    extra: Sapwood is around it.  # and bark around that

  - {id: bark, question: "What is bark: skin?", answer: 'The trunk''s cover'}
  - id: rings
    kind: choice
    question: What do narrow rings tell?
    options:
      - right: A dry year.  # or a cold one
        reason: It grew little.
      - wrong: A wet year.
        reason: Then it grows more.
    sources:
      - url: https://example.org/rings
        checked: 2026-01-02
  - id: oak
    kind: term
    term: Oak
    definition: A tree with acorns.
    reverse: true
  - id: gap
    kind: cloze
    text: Oaks have {{c1::acorns}} in autumn.
"""
FILE = "cards/trees/wood.yaml"


class Reader:
    """Somebody who has imported the deck."""

    def __init__(self, folder: Path) -> None:
        self.anki = Anki(folder)
        self.path = folder / "collection.anki2"

    def edit(self, id: str, label: str, change: Callable[[str], str]) -> None:
        note = self.anki.notes()[f"trees:{id}"]
        changed = change(note[label])
        assert changed != note[label]
        note[label] = changed
        self.anki.col.update_note(note)

    def tag(self, id: str, tags: list[str]) -> None:
        note = self.anki.notes()[f"trees:{id}"]
        note.tags = tags
        self.anki.col.update_note(note)

    def export(self, name: str = "from anna.apkg", deck: str = "Trees") -> Path:
        path = self.path.with_name(name)
        options = ExportAnkiPackageOptions(with_scheduling=False, with_media=True, legacy=False)
        deck_id = self.anki.col.decks.id(deck)
        assert deck_id
        self.anki.col.export_anki_package(
            out_path=str(path), options=options, limit=DeckIdLimit(deck_id)
        )
        return path


@pytest.fixture
def reader(project: Path, write: Write, run: Run, tmp_path: Path) -> Iterator[Reader]:
    """A reader of the first build of the deck."""
    write({FILE: WOOD})
    run("build")
    made = Reader(tmp_path / "anna")
    made.anki.import_package(project / "build" / "trees.apkg")
    yield made
    made.anki.col.close()


@pytest.fixture
def apply(project: Path) -> Callable[..., Result]:
    """Run `cards anki edits FILE --apply` with some answers."""

    def run_edits(file: Path, answers: str = "a\n", exit_code: int = 0) -> Result:
        words = ["-C", str(project), "anki", "edits", str(file), "--apply"]
        result = CliRunner().invoke(cards, words, input=answers)
        assert result.exit_code == exit_code, result.output
        return result

    return run_edits


def show(run: Run, file: Path) -> list[dict[str, Any]]:
    [found] = json.loads(run("anki", "edits", str(file), "--json").stdout)
    edits: list[dict[str, Any]] = found["edits"]
    return edits


def test_nothing_was_edited(run: Run, reader: Reader) -> None:
    result = run("anki", "edits", str(reader.export()))
    assert result.stdout == ""
    assert result.stderr == "trees: no changes in 5 notes\n"


def test_an_edit_is_shown_at_its_place(run: Run, reader: Reader) -> None:
    reader.edit(
        "heartwood", "Answer", lambda html: html.replace("the middle", "the <i>very</i> middle")
    )
    file = reader.export()

    result = run("anki", "edits", str(file))

    assert result.stdout == (
        f"{FILE}:9:7: answer of trees:heartwood\n"
        "    - The _heartwood_, in the middle\n"
        "    + The _heartwood_, in the *very* middle\n"
    )
    assert result.stderr == (
        "trees: 1 change in 5 notes: 1 can be taken over\n"
        f"take over what you want: cards anki edits '{file}' --apply\n"
    )
    assert show(run, file) == [
        {
            "card": "trees:heartwood",
            "key": "answer",
            "field": "Answer",
            "path": FILE,
            "line": 9,
            "column": 7,
            "outcome": "edit",
            "reason": "",
            "shipped": "The _heartwood_, in the middle\nof the trunk.\n\nIt is often **dark**.",
            "theirs": "The _heartwood_, in the *very* middle\nof the trunk.\n\nIt is often **dark**.",
            "ours": "The _heartwood_, in the middle\nof the trunk.\n\nIt is often **dark**.",
            "after": "The _heartwood_, in the *very* middle\nof the trunk.\n\nIt is often **dark**.",
            "losses": [],
            "files": {},
        }
    ]  # fmt: skip


def test_only_the_lines_of_the_edits_change(
    project: Path, run: Run, reader: Reader, apply: Callable[..., Result]
) -> None:
    reader.edit("heartwood", "Question", lambda html: html.replace("no longer", "no more"))
    reader.edit("heartwood", "Answer", lambda html: html.replace("often", "mostly"))
    reader.edit("heartwood", "Extra", lambda html: html.replace("around", "all around"))
    reader.edit("bark", "Question", lambda html: html.replace("skin", "a skin"))
    reader.edit("bark", "Answer", lambda html: html.replace("cover", "own cover"))
    reader.edit("bark", "Extra", lambda _: "See <b>wood</b>.")
    reader.edit("rings", "Options", lambda html: html.replace("dry year", "dry&nbsp;or cold year"))
    reader.edit(
        "rings", "Sources", lambda html: html.replace("example.org/rings", "example.org/ring")
    )
    reader.edit("oak", "Definition", lambda html: f"{html.strip()}<div>It is old.</div>")
    reader.edit("oak", "Reverse", lambda _: "")
    reader.edit("gap", "Text", lambda html: html.replace("autumn", "autumn, and {{c2::leaves}}"))

    result = apply(reader.export(), "y\ny\na\n")

    assert f"11 changes written to {FILE}\n" in result.stdout
    before, after = WOOD.split("\n"), (project / FILE).read_text().split("\n")
    changed = [line for line in after if line not in before]
    assert changed == [
        "    question: Which part of a trunk no more carries water?",
        "      It is mostly **dark**.",
        "    extra: Sapwood is all around it.  # and bark around that",
        """  - {id: bark, question: "What is bark: a skin?", answer: 'The trunk''s own cover', extra: See **wood**.}""",
        "      - right: A dry&nbsp;or cold year.  # or a cold one",
        "      - url: https://example.org/ring",
        "    definition: |",
        "      A tree with acorns.",
        "      It is old.",
        "    text: Oaks have {{c1::acorns}} in autumn, and {{c2::leaves}}.",
    ]  # fmt: skip
    assert [line for line in before if line not in after and "reverse" in line]
    # What comes back is what the reader has.
    assert run("anki", "edits", str(reader.export())).stderr == "trees: no changes in 5 notes\n"


def test_what_was_answered_no_stays(
    project: Path, reader: Reader, apply: Callable[..., Result]
) -> None:
    for id in ("heartwood", "bark", "rings"):
        reader.edit(id, "Question", lambda html: html.replace("?", " then?"))
    assert "nothing was written" in apply(reader.export(), "").stdout
    result = apply(reader.export(), "n\ny\nq\n")
    assert f"1 change written to {FILE}\n" in result.stdout
    assert (project / FILE).read_text() == WOOD.replace("bark: skin?", "bark: skin then?")


def test_every_release_is_recognised(
    project: Path, run: Run, write: Write, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["The cover", "A skin", "The outer layer", "What protects it"]
    for number, text in enumerate(texts):
        write({FILE: WOOD.replace("The trunk''s cover", text)})
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1_800_000_000 + number))
        run("release", "trees")
        if number == 1:
            old = Reader(reader.path.parent.with_name("ben"))
            old.anki.import_package(project / "build" / "trees.apkg")
    try:
        assert show(run, old.export()) == []
        old.edit("bark", "Answer", lambda _: "A thick skin")
        old.edit("oak", "Definition", lambda html: html.replace("tree", "big tree"))
        edits = {edit["key"]: edit for edit in show(run, old.export())}
    finally:
        old.anki.col.close()
    assert edits["definition"]["outcome"] == "edit"
    assert {edits["answer"][name] for name in ("outcome", "shipped", "theirs", "ours")} == {
        "conflict", "A skin", "A thick skin", "What protects it",
    }  # fmt: skip


def test_changes_of_both_sides_are_merged(
    project: Path, write: Write, run: Run, reader: Reader, apply: Callable[..., Result]
) -> None:
    run("release", "trees")
    write({FILE: WOOD.replace("in the middle", "at the core").replace("acorns.", "leaves.")})
    reader.edit("heartwood", "Answer", lambda html: html.replace("dark", "darker"))
    reader.edit("oak", "Definition", lambda html: html.replace("acorns", "nuts"))
    file = reader.export()

    result = run("anki", "edits", str(file))

    assert "answer of trees:heartwood (the sources have changed, too: merged)\n" in result.stdout
    assert result.stdout.endswith(
        "definition of trees:oak (conflict: the sources have changed here, too)\n"
        "    the reader changed:\n"
        "      - A tree with acorns.\n"
        "      + A tree with nuts.\n"
        "    the sources changed:\n"
        "      - A tree with acorns.\n"
        "      + A tree with leaves.\n"
    )
    before = (project / FILE).read_text()
    apply(file)
    assert (project / FILE).read_text() == before.replace("**dark**", "**darker**")


def test_what_markdown_lacks_is_not_written_unasked(
    project: Path, run: Run, reader: Reader, apply: Callable[..., Result]
) -> None:
    reader.edit("bark", "Answer", lambda _: 'The <font color="#ff0000">red</font> cover')
    reader.edit("oak", "Definition", lambda html: html.replace("acorns", "<u>acorns</u>"))
    reader.edit("oak", "Extra", lambda _: "<script>alert(1)</script>Nice.")
    file = reader.export()
    edits = {edit["key"]: edit for edit in show(run, file)}
    assert (edits["answer"]["outcome"], edits["answer"]["after"]) == ("lossy", "The red cover")
    assert edits["answer"]["losses"]
    assert (edits["definition"]["outcome"], edits["definition"]["after"]) == ("refused", None)
    assert "<script" not in str(edits["extra"]["after"])

    apply(file, "n\nn\n")
    assert (project / FILE).read_text() == WOOD
    apply(file, "a\ny\n")
    assert "'The red cover'" in (project / FILE).read_text()
    assert "<" not in (project / FILE).read_text()


def test_fields_from_elsewhere_are_named(run: Run, reader: Reader) -> None:
    reader.edit("oak", "Spare 1", lambda _: "mine")
    reader.edit("oak", "Lesson", lambda _: "1.1")
    result = run("anki", "edits", str(reader.export()))
    assert "lesson of trees:oak (cannot be written: it shows the lesson's title" in result.stdout
    assert "Spare 1 of trees:oak (cannot be written: it shows what no card says)\n" in result.stdout


def test_tags(project: Path, run: Run, reader: Reader, apply: Callable[..., Result]) -> None:
    reader.tag("bark", ["wood", "kind::basic", "marked", "leech"])
    assert show(run, reader.export()) == []
    reader.tag("bark", ["Skin", "wood", "kind::basic"])
    reader.tag("oak", ["wood", "marked"])
    result = apply(reader.export())
    assert "Cardwright adds these tags" in result.stdout
    assert (project / FILE).read_text() == WOOD.replace("cover'}", "cover', tags: [wood, Skin]}")


def test_what_is_missing_and_what_is_new(run: Run, reader: Reader) -> None:
    col = reader.anki.col
    col.remove_notes([reader.anki.notes()["trees:oak"].id])
    model = col.models.by_name("Basic")
    assert model
    note = col.new_note(model)
    note.fields[0] = "My own \u202ecard"
    deck_id = col.decks.id("Trees::Mine")
    assert deck_id
    col.add_note(note, deck_id)
    file = reader.export()
    result = run("anki", "edits", str(file))
    assert result.stderr == (
        "trees: no changes in 4 notes\n"
        "  not there: 1 card: oak\n"
        "  new there: 1 note: My own \\u202ecard\n"
        f"  help: to take them over, too: cards adopt '{file}' --into trees\n"
    )


def test_images_come_along(
    project: Path, run: Run, reader: Reader, apply: Callable[..., Result]
) -> None:
    (project / "cards/trees/media").mkdir()
    (project / "cards/trees/media/paste.png").write_bytes(PNG + b"other")
    name = reader.anki.col.media.write_data("paste.png", PNG)
    reader.anki.col.media.write_data("evil.png", b"<script>")
    reader.edit("oak", "Definition", lambda html: html.replace(".", f'.<br><img src="{name}">'))
    reader.edit("bark", "Answer", lambda html: f'{html} <img src="evil.png">')
    file = reader.export()

    result = apply(file, "n\ny\n")

    assert "with the file paste.png as media/paste-2.png\n" in result.stdout
    assert (project / "cards/trees/media/paste-2.png").read_bytes() == PNG
    assert "![](media/paste-2.png)" in (project / FILE).read_text()
    assert run("check").exit_code == 0
    run("build")
    left = [edit for edit in show(run, file) if edit["outcome"] == "edit"]
    assert [edit["key"] for edit in left] in ([], ["definition"])


def test_a_required_text_is_not_removed(
    project: Path, reader: Reader, apply: Callable[..., Result]
) -> None:
    reader.edit("bark", "Answer", lambda _: "")
    reader.edit("heartwood", "Extra", lambda _: "<br>")
    reader.edit("rings", "Options", lambda html: html.replace('class="right"', 'class="wrong"'))
    result = apply(reader.export(), exit_code=1)
    assert "answer of trees:bark (cannot be written: `answer` cannot be empty)" in result.stdout
    assert "not written: options of rings cannot be written: no option is right" in result.stderr
    assert (project / FILE).read_text() == WOOD.replace(
        "    extra: Sapwood is around it.  # and bark around that\n", ""
    )


def test_a_file_that_changes_meanwhile_is_not_overwritten(
    project: Path, reader: Reader, apply: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.edit("bark", "Question", lambda html: html.replace("bark", "the bark"))
    changed = WOOD.replace("What is bark: skin?", "Is bark a skin?")

    def answer(*_: Any, **__: Any) -> str:
        (project / FILE).write_text(changed)
        return "y"

    monkeypatch.setattr("click.prompt", answer)
    result = apply(reader.export(), exit_code=1)
    assert "has changed since it was read" in result.stderr
    assert (project / FILE).read_text() == changed


def test_from_a_closed_and_a_running_anki(
    run: Run, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.edit("bark", "Question", lambda html: html.replace("bark", "the bark"))
    folder = tmp_path / "Anki2" / "User 1"
    folder.mkdir(parents=True)
    monkeypatch.setenv("ANKI_BASE", str(folder.parent))
    reader.anki.col.close()
    shutil.copy(reader.path, folder / "collection.anki2")
    closed = run("anki", "edits").stdout
    assert "question of trees:bark" in closed
    reader.anki.col.reopen()
    # An open collection has what is new in its log.
    reader.edit("oak", "Term", lambda _: "Oaks")
    with serve_anki_connect(reader.anki.col) as connect:
        monkeypatch.setenv("ANKICONNECT_URL", connect.url)
        running = run("anki", "edits").stdout
    assert "question of trees:bark" in running
    assert "term of trees:oak" in running


def test_other_files_are_refused(run: Run, write: Write, reader: Reader, tmp_path: Path) -> None:
    assert reader
    path = tmp_path / "x.apkg"
    path.write_bytes(b"no package")
    assert "is not a readable Anki package" in run("anki", "edits", str(path), exit_code=1).output
    other = Anki(tmp_path / "other")
    other.col.close()
    found = run("anki", "edits", str(tmp_path / "other" / "collection.anki2"))
    assert "has no note of this project" in found.stderr
    assert run("anki", "edits", str(path), "--profile", "x", exit_code=2).exit_code == 2
    write({FILE: WOOD.replace("kind: basic", "kind: basik")})
    run("anki", "edits", str(path), exit_code=1)


def test_adopted_decks(run: Run, tmp_path: Path, project: Path) -> None:
    """Notes of an adopted note type are compared with the HTML that they were adopted with."""
    owner = Reader(tmp_path / "owner")
    col = owner.anki.col
    model, deck_id = col.models.by_name("Basic"), col.decks.id("Geo")
    assert model
    assert deck_id
    texts = {
        "Oak": "<div>tall</div><div>and <b>old</b></div>",
        "Elm": 'a <font color="red">x</font>',
    }
    for front, back in texts.items():
        note = col.new_note(model)
        note.fields = [front, back]
        col.add_note(note, deck_id)
    run("adopt", str(owner.export("original.apkg", "Geo")))
    [file] = (project / "cards").rglob("*.yaml")
    before = file.read_text()
    assert run("anki", "edits", str(owner.export(deck="Geo"))).stdout == ""
    for note_id in col.find_notes(""):
        note = col.get_note(note_id)
        note.fields[1] = note.fields[1].replace("and", "but").replace("a <", "an <")
        col.update_note(note)

    edits = {edit["card"].split(":")[1]: edit for edit in show(run, owner.export(deck="Geo"))}

    assert edits["oak"]["outcome"] == "edit"
    assert edits["elm"]["outcome"] == "lossy"
    assert edits["elm"]["losses"] == [{"what": "coloured text", "example": "red"}]
    words = ["-C", str(project), "anki", "edits", str(owner.path.with_name("from anna.apkg"))]
    CliRunner().invoke(cards, [*words, "--apply"], input="y\nn\n")
    assert file.read_text() == before.replace("and **old**", "but **old**")
    run("check")
    assert [edit["outcome"] for edit in show(run, owner.export(deck="Geo"))] == ["lossy"]
    col.close()


HOSTILE = (
    "<b>" * 5_000 + "x",
    "*_`" * 2_000,
    "a\u202e\u2066b <img src=x onerror=alert(1)><a href='javascript:x()'>c</a>",
    "{{c1::gap}} {{Question}} [sound:../../x.mp3] [$]x[/$] \\(\\def\\x{}\\)",
    "x\ncards:\n  - id: evil\n# comment: *a &b !c",
    "- a\n- b: [c] | > ' \" # \\ % @",
    "<img src='../../../etc/passwd'><img src='/etc/passwd'><img src='C:\\x.png'>",
    "the " * 3_000,
    "\u2028\u0085\ufeff ok",
)


def _take(html: str, _: str) -> str:
    return html


def test_hostile_edits_are_harmless(
    project: Path, run: Run, write: Write, tmp_path: Path, apply: Callable[..., Result]
) -> None:
    """Whatever a package says, only text comes into the sources, and nothing is printed raw."""
    lines = [f"  - {{id: card-{n}, question: Q{n}?, answer: A{n}}}\n" for n in range(len(HOSTILE))]
    write({FILE: f"kind: basic\nsources: [https://example.org]\ncards:\n{''.join(lines)}"})
    run("build")
    reader = Reader(tmp_path / "eve")
    reader.anki.import_package(project / "build" / "trees.apkg")
    for number, html in enumerate(HOSTILE):
        reader.edit(f"card-{number}", "Answer", partial(_take, html))
        reader.tag(f"card-{number}", [f"x\x1b[31m{number}", "a'b", "kind::evil"])
    reader.anki.col.close()

    result = apply(reader.path, "y\n" * 3 * len(HOSTILE), exit_code=1)

    assert not set(result.output) & set("\x1b\u202e\u2066\u2028\x85\ufeff")
    check = json.loads(run("check", "--json").stdout)
    assert not [one for one in check if one["severity"] == "error"]
    collection, _ = load(project)
    assert [card.id for card in collection.cards] == [f"card-{n}" for n in range(len(HOSTILE))]
    assert not [path for path in project.rglob("*") if path.suffix in {".mp3", ".png"}]
    run("build")


def test_edits_of_ml_pro(tmp_path: Path) -> None:
    root = tmp_path / "project"
    for name in ("cards/mlpro/mlops/2.2-tests", "cards/mlpro/mlops/2.4-retraining", "decks/mlpro"):
        shutil.copytree(ROOT / name, root / name)
    (root / "decks/mlpro/ledger.jsonl").unlink()
    (root / "decks/mlpro/CHANGELOG.md").unlink()
    project = open_project(root)
    [package] = build_packs(
        project, ["mlpro"], times_s=(1_700_000_000,) * 2, target=None, warn_of=lambda *_: None
    )
    anki = Anki(tmp_path / "anki")
    anki.import_package(package.path)
    made = edit_notes(anki.col, project.collection.kinds, 40, random.Random(3))
    anki.col.close()
    assert len(made) == 40
    assert {one.name for one in made} == EDITS.keys()

    verdict = take_over(root, tmp_path / "anki" / "collection.anki2", made)

    assert not verdict.faults
