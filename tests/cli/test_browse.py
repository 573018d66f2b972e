"""`cards browse` in windows, in a pipe and as JSON, and `cards reschedule`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from homing import Steps, check_steps, open_home, read_cases
from project_files import Run, Write
from pty_driver import PtyProgram
from reviewing import FULL, NOW, click, read_acts, read_memories, store_of

CASES = Path(__file__).parents[1] / "cases" / "browse.md"
CARDS = """\
kind: basic
cards:
  - {id: ring, question: What does a ring tell about the year in which it grew?, answer: A year., lesson: "1.1",
     tags: [wood, "wood::inside"]}
  - {id: bark, kind: term, term: Bark, definition: The skin of a tree., reverse: true, lesson: "1.2", tags: [wood]}
  - {id: leaf, question: "What does a *leaf* do with $x^2$?", answer: It breathes., lesson: "1.2"}
  - {id: sap, kind: cloze, text: "Sap rises in {{c1::spring}}, through {{c2::sapwood}}.", lesson: "1.2"}
"""
FILES = {
    "cards/trees/wood.yaml": CARDS,
    "decks/trees/deck.yaml": "name: Trees\nnamespace: trees\ndecks:\n"
    '  - {name: 1 Wood and its rings, select: {lesson: "1.1"}}\n'
    '  - {name: 2 Bark and leaves, select: {lesson: "1.2"}}\n',
    "cards/moss/moss.yaml": "kind: basic\ncards:\n  - {id: bog, question: Where?, answer: Bogs.}\n",
    "decks/moss/deck.yaml": "name: Moss\nnamespace: moss\n",
}
BOTH = ("trees:bark/recall", "trees:bark/reverse")


@pytest.fixture
def forest(write: Write, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two packs; a card was answered yesterday, another is flagged."""
    root = write(FILES)
    store_of(root).parent.mkdir()
    monkeypatch.setenv("CARDS_DB", str(store_of(root)))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("CARDS_NOW", "2026-03-01T09:00:00+00:00")
    run("answer", "leaf", "easy")
    run("answer", "ring", "again")
    run("flag", "bark/recall")
    monkeypatch.setenv("CARDS_NOW", NOW)
    return root


@pytest.fixture
def find(forest: Path, run: Run) -> Any:
    """Return the prompts that a search finds."""
    assert forest
    return lambda *words: [
        row["prompt"] for row in json.loads(run("browse", "--json", "--", *words).stdout)
    ]


def list_done(forest: Path) -> list[str]:
    """Return the acts after those of the fixture."""
    return [f"{act} {prompt}" for prompt, act, _ in read_acts(forest)[3:]]


@pytest.mark.parametrize(("size", "steps"), read_cases(CASES), ids=str)
def test_a_window_shows(forest: Path, size: tuple[int, int], steps: Steps) -> None:
    with open_home(forest, "browse", size=size) as program:
        check_steps(program, steps)


def test_acts_on_one_prompt_and_on_all_that_are_ticked_and_undo(forest: Path) -> None:
    before = read_memories(forest)
    with open_home(forest, "browse", "bark") as program:
        program.wait_for("2 of 7")
        for keys, said in (
            ("s", "trees:bark/recall: suspended (u: undo)"),
            ("s", "trees:bark/recall: no longer suspended"),
            ("f", "trees:bark/recall: flag removed"),
            ("a", "2 ticked"),
            ("f", "2 prompts: flagged (u: undo)"),
            ("b", "2 prompts: buried until tomorrow"),
            ("u", "undid bury on trees:bark/recall, trees:bark/reverse (2026-03-02 "),
            ("d5-6\r", "2 prompts: due in 5 to 6 days (u: undo)"),
            ("d5-6\r", "2 prompts: due in 5 to 6 days already"),
            ("R", "2 prompts: reset to new (u: undo)"),
            ("R", "2 prompts: reset to new already"),
            ("dx\r", "give days from today, such as 0, 7 or 5-10"),
            ("uu", "undid reschedule on trees:bark/recall, trees:bark/reverse"),
            ("uuuu", "undid suspend on trees:bark/recall"),
            # What was done before is left to `cards undo`.
            ("u", "nothing to undo here; `cards undo` goes back further"),
            ("/-skin\r", "0 of 7"),
            ("s", "nothing is chosen"),
        ):
            program.type(keys)
            program.wait_for(said)
        program.type("q")
        assert program.wait_for_exit() == 0
    left = {row[0]: row for row in read_memories(forest)}
    assert left.items() >= {row[0]: row for row in before}.items()


def test_the_mouse_chooses_and_views(forest: Path) -> None:
    with open_home(forest, "browse") as program:
        program.wait_for("7 prompts")
        click(program, "skin of a tree")
        program.wait_until_taken()
        click(program, "skin of a tree")
        program.wait_for("Which term is this?")
        program.type("q")
        program.wait_for("7 prompts")
        program.type("f")
        program.wait_for("trees:bark/reverse: flagged")
        program.type("q")
        assert program.wait_for_exit() == 0


EDITOR = """
import pathlib, sys
path = pathlib.Path(sys.argv[-1])
text = path.read_text("utf-8")
if "BROKEN" in text:
    text = text.replace("BROKEN: [", "").replace("Bark", "Cork")
elif "Cork" in text:
    text = text.replace("id: bark", "id: cork")
else:
    text = "BROKEN: [" + text
path.write_text(text, "utf-8")
"""


def test_an_edited_card_is_read_again_and_a_broken_file_changes_nothing(
    forest: Path, tmp_path: Path
) -> None:
    editor = tmp_path / "editor.py"
    editor.write_text(EDITOR, "utf-8")
    environ = {"VISUAL": f"{sys.executable} {editor}"}
    with open_home(forest, "browse", "skin", environ=environ) as program:
        program.wait_for("2 of 7")
        program.type("e")
        program.wait_for("edit it again; the card is unchanged")
        program.wait_for(" Bark ")
        program.type("e")
        program.wait_for("reloaded")
        program.wait_for(" Cork ")
        program.type(" ")
        program.wait_for("What does this mean?")
        program.type("e")
        program.wait_for("trees:bark no longer exists")
        program.type("q")
        program.type("q")
        assert program.wait_for_exit() == 0


def test_a_reserved_card_is_covered_until_it_is_asked_for(forest: Path, write: Write) -> None:
    write({"cards/trees/wood.yaml": CARDS.replace("id: leaf,", "id: leaf, reserved: mock,")})
    with open_home(forest, "browse", "is:reserved", size=(80, 30)) as program:
        program.wait_for("1 of 7")
        program.wait_for("trees:leaf/recall")
        for key in ("y", "p", " ", "y", "i", "o"):
            program.type(key)
            program.wait_until_taken()
        program.wait_for("held back for mock exams")
        assert "breathes" not in program.text
        program.type(" ")
        program.wait_for("It breathes.")
        program.type("\x03")
        program.wait_for_exit()
    assert b"leaf* do" not in program.output


def test_another_program_changes_what_is_shown(forest: Path, run: Run) -> None:
    with open_home(forest, "browse") as program:
        program.wait_for("7 prompts")
        run("suspend", "bark")
        program.type("j")
        program.wait_until(lambda: program.text.count("suspended") == 2, "both sides")
        # Nothing is suspended twice.
        program.type("as")
        program.wait_for("7 prompts: suspended, 2 of them already")
        program.type("\x03")
        program.wait_for_exit()


def test_what_could_not_be_recorded_can_be_tried_again(forest: Path) -> None:
    words = [sys.executable, "-c", FULL, "-C", str(forest), "browse"]
    with PtyProgram(words, environ={"CARDS_DB": str(store_of(forest))}) as program:
        program.wait_for("7 prompts")
        program.type("as")
        program.wait_for("the store has no room left to grow")
        assert "suspended" not in program.text
        program.type("s")
        program.wait_for("7 prompts: suspended (u: undo)")
        program.type("q")
        assert program.wait_for_exit() == 0
    assert len(list_done(forest)) == 7


@pytest.mark.parametrize("size", [(1, 1), (20, 3), (300, 7)])
def test_it_works_in_a_window_of_any_size(forest: Path, size: tuple[int, int]) -> None:
    with open_home(forest, "browse", size=size) as program:
        program.type("jjtk?x/a\r id1\rnqq")
        assert program.wait_for_exit() == 0


def test_home_leads_to_the_cards_of_a_deck_and_of_all_projects_and_back(forest: Path) -> None:
    with open_home(forest) as program:
        program.wait_for("c cards")
        program.type("jjjc")
        program.wait_for('deck:"Trees::1 Wood and its rings"')
        program.wait_for("1 of 7")
        program.type("s")
        program.wait_for("suspended")
        program.type("q")
        program.wait_for("▸ ")
        program.type("\t")
        program.wait_for("tab projects")
        program.type("c")
        program.wait_for("7 prompts")
        program.type("q")
        program.wait_for("c cards")
        program.type("q")
        assert program.wait_for_exit() == 0
    assert list_done(forest) == ["suspend trees:ring/recall"]


def test_all_projects_are_browsed_together(forest: Path, tmp_path: Path, run: Run) -> None:
    assert forest
    shown = json.loads(run("browse", "--all", "leaf", "--json", folder=tmp_path).stdout)
    assert [row["question"] for row in shown] == ["What does a leaf do with x²?"]
    assert "no project" in run("browse", folder=tmp_path, exit_code=1).output


def test_it_is_printed(find: Any, run: Run) -> None:
    shown = run("browse", "lesson:1.2", "tag:wood")
    assert shown.stdout == (
        "trees:bark/recall   new ⚑  Bark\ntrees:bark/reverse  new    The skin of a tree.\n"
    )
    assert shown.stderr == "2 prompts\n"
    assert run("browse", "is:leech").output == "0 prompts\n"
    assert run("browse", "tag:wod", exit_code=1).stderr == (
        "error: there is no card with tag `wod`\n  help: did you mean `wood`?\n"
    )
    assert find("is:flagged") == ["trees:bark/recall"]
    assert find("-is:new", "is:due") == ["trees:ring/recall"]
    assert find("deck:2 Bark and leaves", "-kind:term", "SAPWOOD") == [
        "trees:sap/c1",
        "trees:sap/c2",
    ]


def test_reschedule_sets_the_day_and_the_next_answer_decides(run: Run, find: Any) -> None:
    assert run("reschedule", "bark", "leaf", "--in", "5-6").output == (
        "trees:bark/recall: due 2026-03-07\n"
        "trees:bark/reverse: due 2026-03-08\n"
        "trees:leaf/recall: already due 2026-03-07\n"
    )
    assert run("reschedule", "bark/recall", "--in", "5").output == (
        "trees:bark/recall: already due 2026-03-07\n"
    )
    run("suspend", "leaf")
    [told] = json.loads(run("reschedule", "leaf", "--in", "0", "--json").stdout)
    assert (told["due_on"], told["state"], told["suspended"]) == ("2026-03-02", "review", True)
    assert find("is:due") == ["trees:ring/recall"]
    for days in ("x", "6-5", "-1", "36501", "1-2-3"):
        run("reschedule", "bark", f"--in={days}", exit_code=2)
    run("reschedule", "bark/recall", "--in", "0")
    assert find("is:due") == ["trees:ring/recall", "trees:bark/recall"]
    assert "next in" in run("answer", "bark/recall", "good").output
    assert "memories match a replay" in run("doctor", "--verify").output
