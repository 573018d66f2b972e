"""`cards` alone: the home screen, in windows of several widths, in a pipe and as JSON."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner

from cardwright.cli.main import cards
from cardwright.study.store import open_store
from exam_project import make_exam_files, run_exam
from homing import Steps, check_steps, open_home, read_cases
from project_files import Write
from reviewing import LATE, NOW, click, read_acts, store_of

CASES = Path(__file__).parents[1] / "cases" / "home.md"
CARDS = """\
kind: basic
cards:
  - {id: ring, question: What does a ring tell?, answer: A year., lesson: "1.1"}
  - {id: bark, question: What does bark do?, answer: It shields., lesson: "1.2"}
  - {id: leaf, question: What does a leaf do?, answer: It breathes., lesson: "1.2"}
"""
FILES = {
    "cards/trees/wood.yaml": CARDS,
    "decks/trees/deck.yaml": "name: Trees\nnamespace: trees\ndecks:\n"
    '  - {name: 1 Wood and its rings, select: {lesson: "1.1"}}\n'
    '  - {name: 2 Bark and leaves, select: {lesson: "1.2"}}\n',
    "cards/moss/moss.yaml": "kind: basic\ncards:\n  - {id: bog, question: Where?, answer: Bogs.}\n",
    "decks/moss/deck.yaml": "name: Moss\nnamespace: moss\n",
}


@pytest.fixture
def forest(write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two packs, one card answered yesterday, and no backup."""
    root = write(FILES)
    monkeypatch.setenv("CARDS_DB", str(store_of(root)))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("CARDS_NOW", "2026-03-01T09:00:00+00:00")
    run(root, "answer", "leaf", "again")
    monkeypatch.setenv("CARDS_NOW", NOW)
    return root


def run(folder: Path, *words: str, exit_code: int = 0) -> str:
    result = CliRunner().invoke(cards, ["-C", str(folder), *words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exit_code, result.output
    return result.stdout


@pytest.mark.parametrize(("size", "steps"), read_cases(CASES), ids=str)
def test_a_window_shows(forest: Path, size: tuple[int, int], steps: Steps) -> None:
    with open_home(forest, size=size) as program:
        check_steps(program, steps)


def test_a_deck_is_studied_and_home_comes_back_with_new_counts(forest: Path) -> None:
    with open_home(forest) as program:
        program.wait_for("▸ All decks")
        program.type("jjj")
        program.wait_for("▸   1 Wood")
        program.type("\r")
        program.wait_for("What does a ring tell?")
        program.type(" 4")
        program.wait_for("Nothing left to review today")
        program.type(" ")
        # What was done stays there to be read.
        program.wait_for("Press any key to go back.")
        assert "1 answer in" in program.text
        assert "Everything is saved." in program.text
        program.resize(80, 20)
        program.type("x")
        program.wait_for("Streak: 2 days.")
        assert "new 2 · learning 1 · review 0" in program.lines[0]
        program.type("q")
        assert program.wait_for_exit() == 0

    assert read_acts(forest)[-1] == ("trees:ring/recall", "answer", 4)
    # The row of a deck with nothing left has gone.
    assert "1 Wood" not in run(forest)


def test_the_mouse_chooses_and_opens(forest: Path) -> None:
    with open_home(forest) as program:
        program.wait_for("▸ All decks")
        click(program, "1 Wood")
        program.wait_for("▸   1 Wood")
        click(program, "1 Wood")
        program.wait_for("What does a ring tell?")


def test_keys_typed_before_the_summary_was_shown_do_not_leave_it(forest: Path) -> None:
    with open_home(forest, program=LATE) as program:
        program.wait_for("▸ All decks")
        program.type("\r")
        program.wait_for("space show the answer")
        program.type("q")
        program.wait_for("type now")
        program.type("??\n")
        program.wait_for("Press any key to go back.")
        program.type("?")
        program.wait_for("▸ All decks")
        # On the home screen, `?` would have opened the help, which takes one key to leave.
        program.type("q")
        assert program.wait_for_exit() == 0


@pytest.mark.parametrize("keys", ["", "q"], ids=["a review", "its summary"])
def test_home_ends_when_it_is_terminated_during(forest: Path, keys: str) -> None:
    with open_home(forest) as program:
        program.wait_for("▸ All decks")
        program.type("\r")
        program.wait_for("space show the answer")
        program.type(keys)
        program.wait_for("Press any key to go back." if keys else "space show the answer")
        program.send_signal(signal.SIGTERM)
        assert program.wait_for_exit() == 128 + signal.SIGTERM
        assert program.attributes == program.first_attributes


def test_home_ends_when_its_window_closes_during_a_review(forest: Path) -> None:
    with open_home(forest) as program:
        program.wait_for("▸ All decks")
        program.type("\r")
        program.wait_for("space show the answer")
        program.hang_up()
        assert program.wait_for_exit() == 129


def test_what_is_left_of_a_filter_is_chosen(forest: Path) -> None:
    with open_home(forest) as program:
        program.type("/moss\r")
        program.wait_for("▸ Moss")
        assert "Trees" not in program.text
        program.type("/zz")
        program.wait_for("nothing is called “mosszz”")
        program.type("\x1b")
        program.wait_for("▸ All decks")
        program.type("b?")
        program.wait_for("show all keys")
        program.wait_for("browse the cards of the deck or project")
        program.type("q")
        program.type("q")
        assert program.wait_for_exit() == 0


@pytest.mark.parametrize("size", [(1, 1), (9, 2), (20, 3), (12, 7), (300, 4)])
def test_home_works_in_a_window_of_any_size(forest: Path, size: tuple[int, int]) -> None:
    with open_home(forest, size=size) as program:
        program.type("jjjkk?x/a\rq")
        assert program.wait_for_exit() == 0


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "xterm-mono"}])
def test_no_colours_where_none_are_wanted(forest: Path, environ: dict[str, str]) -> None:
    with open_home(forest, environ=environ) as program:
        program.wait_for("no backup")
        program.type("q")
        program.wait_for_exit()

    styles = set(re.findall(rb"\x1b\[([0-9;]*)m", program.output))
    assert styles <= {b"0", b"1", b"2", b"7"}, styles


def test_outside_of_projects_home_lists_those_known_and_opens_them(
    forest: Path, tmp_path: Path
) -> None:
    with open_home(tmp_path, store=store_of(forest)) as program:
        program.wait_for("▸ project")
        program.type("\r")
        program.wait_for("▸ All decks")
        program.type("\x1b")
        program.wait_for("▸ project")
        program.type("q")
        assert program.wait_for_exit() == 0


def test_outside_of_projects_home_opens_the_default_one(forest: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'project = "{forest.as_posix()}"', "utf-8")
    beside = tmp_path / "beside"
    beside.mkdir()
    environ = {"CARDS_CONFIG": str(config)}
    with open_home(beside, store=store_of(forest), environ=environ, is_named=False) as program:
        program.wait_for("▸ All decks")
        program.type("\r")
        program.wait_for("space show the answer")
        program.type("q")
        program.wait_for("Press any key to go back.")
        program.type(" ")
        program.wait_for("▸ All decks")
        program.type("\t")
        program.wait_for("▸ project")
        program.type("q")
        assert program.wait_for_exit() == 0


def test_where_nothing_is_known_home_says_how_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "store" / "reviews.db"))

    assert "cards init NAME" in run(tmp_path)
    assert json.loads(run(tmp_path, "--json"))["projects"] == []


@pytest.mark.parametrize("words", [(), ("home", "--plain"), ("--plain",)])
def test_home_is_printed(forest: Path, words: tuple[str, ...]) -> None:
    assert run(forest, *words) == (
        "project: 3 new, 1 learning, 0 review, about 2 min\n"
        "\n"
        "Streak: 1 day, not yet counting today.\n"
        "\n"
        "deck                    new  learning  review  min\n"
        "Moss                      1         ·       ·    1\n"
        "Trees                     2         1       ·    1\n"
        "  1 Wood and its rings    1         ·       ·    1\n"
        "  2 Bark and leaves       1         1       ·    1\n"
        "\n"
        "! your reviews have no backup yet (`cards backup`)\n"
    )


def test_home_as_json_says_what_review_will_ask(forest: Path) -> None:
    found = json.loads(run(forest, "home", "--json"))
    due = json.loads(run(forest, "due", "--json"))

    assert [found[name] for name in ("new", "learning", "review")] == [3, 1, 0]
    assert {name: found[name] for name in ("new", "learning", "review", "off")} == {
        name: due[name] for name in ("new", "learning", "review", "off")
    }
    assert (found["streak"], found["answered_today"]) == (1, False)
    assert found["attention"] == [
        {"message": "your reviews have no backup yet", "command": "cards backup"}
    ]


def test_what_needs_attention_is_named_with_its_command(forest: Path, tmp_path: Path) -> None:
    (forest / "cards" / "moss" / "broken.yaml").write_text("cards: [", "utf-8")
    shared = tmp_path / "shared"
    shared.mkdir()
    run(forest, "sync", str(shared))
    for file in shared.iterdir():
        file.unlink()
    shared.rmdir()

    found = json.loads(run(forest, "--json"))["attention"]

    assert [(one["message"], one["command"]) for one in found] == [
        ("1 error in the cards of project: some may be missing", "cards check"),
        ("your reviews have no backup yet", "cards backup"),
        (f"the sync folder {shared} is not there", "cards doctor"),
    ]


def test_a_sync_folder_that_cannot_be_read_hides_nothing_else(forest: Path, tmp_path: Path) -> None:
    """Such as one that the user may not open; here its name is too long for the system."""
    folder = tmp_path / ("x" * 300)
    with open_store(store_of(forest)) as store:
        store.settings.remember_sync_folder(folder)

    found = json.loads(run(forest, "--json"))

    assert found["attention"][-1] == {
        "message": f"the sync folder {folder} cannot be read",
        "command": "cards doctor",
    }


def test_with_an_exam_home_counts_what_is_planned(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))
    monkeypatch.setenv("CARDS_NOW", "2026-11-26T09:00:00+01:00")
    forest = write(make_exam_files())
    run_exam(forest, "set", "trees", "--date", "2026-12-10", "--minutes", "2")

    found = json.loads(run(forest, "--json"))
    due = json.loads(run(forest, "due", "--json"))

    assert found["exams"][0]["days_left"] == 14
    assert 0 < found["new"] == due["new"]
    assert "in 14 days, on Thu 10 Dec 2026" in run(forest)


def test_on_a_day_off_home_tells_how_to_study_anyway(forest: Path) -> None:
    run(forest, "days", "today=off")

    with open_home(forest) as program:
        program.wait_for("Today is a day off.")
        program.type(" ")
        program.wait_for("`cards review --minutes 10` asks anyway")
        program.type("q")
        assert program.wait_for_exit() == 0


def test_the_next_review_is_tomorrow_at_the_earliest_and_on_no_day_off(forest: Path) -> None:
    run(forest, "suspend", "ring", "bark", "bog")
    run(forest, "reschedule", "leaf", "--in", "0")

    def find_next() -> object:
        found = json.loads(run(forest, "--json"))
        assert not any(found[name] for name in ("new", "learning", "review"))
        return found["next_on"]

    run(forest, "bury", "leaf")
    assert find_next() == "2026-03-03"
    run(forest, "days", "2026-03-03=off")
    assert find_next() == "2026-03-04"
    run(forest, "suspend", "leaf")
    assert find_next() is None
