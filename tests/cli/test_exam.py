"""`cards exam` with a second, small exam, since nothing may depend on ML-PRO."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cardwright.app.project import open_project
from cardwright.cli.exam import exam
from cardwright.cli.main import cards
from cardwright.project.load import load
from exam_project import TWO_SETS, change_blueprint, make_exam_files, run_exam
from project_files import Write

AIM = """\
kind: objective
cards:
  - {id: count, lesson: a1, objective: s1, question: How old is it?, points: [Count its rings.]}
"""


@pytest.fixture(autouse=True)
def forest(write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARDS_NOW", "2026-11-26T09:00:00+01:00")
    monkeypatch.delenv("CARDS_DB", raising=False)
    return write(make_exam_files())


def take_mock(forest: Path, *words: str, typed: str) -> dict[str, Any]:
    """Take an exam by typed lines; return what it came to."""
    result = run_exam(forest, "mock", "--plain", "--json", *words, typed=typed)
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def answer_wrongly(forest: Path) -> dict[str, Any]:
    """Take an exam of two questions and get them wrong."""
    seed = "4"
    probe = run_exam(forest, "mock", "--plain", "--questions", "2", "--seed", seed, typed="q\n")
    lines = [line for line in probe.stdout.splitlines() if ") [ ]" in line]
    wrong = next(line[0] for line in lines if "wrong" in line)
    return take_mock(forest, typed=f"{wrong}\n\nh\ny\n")


def test_every_command_is_listed_with_its_own_first_sentence() -> None:
    for name, command in exam.commands.items():
        loaded = exam.load_command(name)
        assert f"cards exam {name}" in (loaded.help or "")
        assert (loaded.help or "").startswith(command.get_short_help_str(200).rstrip("."))


def test_the_example_is_sound(forest: Path) -> None:
    assert open_project(forest).problems == [
        problem
        for problem in open_project(forest).problems
        if problem.code in {"objective-without-card", "near-duplicate", "few-questions"}
    ]


def test_coverage_as_table_and_json(forest: Path) -> None:
    table = run_exam(forest, "coverage").stdout
    found = json.loads(run_exam(forest, "coverage", "trees", "--json").stdout)

    assert "Forester" in table
    assert "No card for objective o2: Say why leaves fall." in table
    assert "1 card of the pack is in no lesson." in table
    assert set(found) >= {"pack", "exam", "cards", "prompts", "seen", "known", "domains", "missing"}
    assert [domain["id"] for domain in found["domains"]] == ["wood", "leaf"]
    assert found["domains"][0]["weight_percent"] == 60
    assert found["domains"][0]["lessons"][0]["cards"] == 6
    assert found["questions"] == 20
    assert found["missing"] == {"lessons": [], "objectives": ["o2"], "questions": []}
    assert found["outside"] == ["trees:stray"]


@pytest.fixture
def guided(write: Write) -> Path:
    """Return a project whose exam has two sets of objectives."""
    files = dict(make_exam_files())
    files["decks/trees/blueprint.yaml"] = change_blueprint(objectives=TWO_SETS)
    files["cards/trees/terms.yaml"] = files["cards/trees/terms.yaml"].replace('"o1"', "s1, g1")
    files["cards/trees/questions.yaml"] = files["cards/trees/questions.yaml"].replace(
        "    kind: pick\n", "    kind: pick\n    objectives: [g1]\n"
    )
    return write(files)


def test_coverage_shows_each_set_of_objectives(guided: Path) -> None:
    shown = run_exam(guided, "coverage").stdout
    found = json.loads(run_exam(guided, "coverage", "--json").stdout)

    assert shown.startswith(
        """\
Forester
Official guide           cards  questions  seen  known
Telling trees apart
  g1 Name a tree             6          5    0%     0%
g2 Say why leaves fall       0          0     ·      ·
all (1 of 2 with cards)      6          5    0%     0%

Syllabus                 cards  questions  seen  known
s1 Count rings               1          0    0%     0%
all (1 of 1 with cards)      1          0    0%     0%

"""
    )
    assert found["missing"]["objectives"] == ["g2"]
    assert [(one["name"], one["cards"]) for one in found["objective_sets"]] == [
        ("Official guide", 6),
        ("Syllabus", 1),
    ]
    assert found["objective_sets"][0]["objectives"][0] == {
        "id": "g1",
        "about": "Name a tree",
        "section": "Telling trees apart",
        "domain": "wood",
        "lesson": None,
        "cards": 6,
        "prompts": 6,
        "seen": 0,
        "known": 0,
        "questions": 5,
        "reserved": 0,
    }


def test_a_drill_asks_questions_on_an_objective(guided: Path) -> None:
    words = ("drill", "--plain", "--json", "--objective")
    found = json.loads(run_exam(guided, *words, "g1", typed="h\ny\n").stdout)

    assert {question["lesson"] for question in found["questions"]} == {"a2"}
    assert len(found["questions"]) == 5
    lessons = run_exam(guided, *words, "g1", "--lesson", "a1", exit_code=1)
    assert "there is no card with options to ask on g1" in lessons.output
    misspelt = run_exam(guided, *words, "g1", "--objective", "g11", exit_code=1)
    assert "there is no objective `g11`" in misspelt.output
    assert "did you mean `g1`?" in misspelt.output


def test_a_drill_that_was_left_goes_on_unless_another_is_chosen(guided: Path) -> None:
    words = ("drill", "--plain", "--json")
    left = json.loads(run_exam(guided, *words, "--questions", "3", typed="1\nq\n").stdout)

    chosen = json.loads(run_exam(guided, *words, "--objective", "g1", typed="q\n").stdout)
    in_lesson = json.loads(run_exam(guided, *words, "--lesson", "b1", typed="q\n").stdout)
    last = json.loads(run_exam(guided, *words, typed="q\n").stdout)

    assert len({found["id"] for found in (left, chosen, in_lesson)}) == 3
    assert (last["id"], last["interrupted"]) == (in_lesson["id"], 1)


def test_the_last_mock_exam_is_exported_whatever_drills_came_after(
    forest: Path, tmp_path: Path
) -> None:
    mock = take_mock(forest, typed="h\ny\n")
    drill = json.loads(
        run_exam(forest, "drill", "--plain", "--json", "--questions", "1", typed="h\ny\n").stdout
    )
    for words, id in (((), mock["id"]), (("--id", drill["id"]), drill["id"])):
        run_exam(forest, "mock", "--export", str(tmp_path / "exam.json"), *words)
        assert json.loads((tmp_path / "exam.json").read_text("utf-8"))["id"] == id


def test_cards_are_listed_and_shown_with_their_objectives(guided: Path) -> None:
    def run(*words: str) -> str:
        return CliRunner().invoke(cards, ["-C", str(guided), *words]).stdout

    (guided / "cards" / "trees" / "aims.yaml").write_text(AIM, "utf-8")
    assert [line.split()[0] for line in run("list", "--objective", "s1").splitlines()] == [
        "trees:count",
        "trees:ring",
    ]
    assert run("show", "ring").endswith("Objective s1 Count rings\nObjective g1 Name a tree\n")
    assert json.loads(run("show", "ring", "--json"))["objectives"] == ["s1", "g1"]


def test_a_mock_exam_has_number_and_time_of_the_blueprint(forest: Path) -> None:
    found = take_mock(forest, "--seed", "1", typed="h\ny\n")

    domains = [question["domain"] for question in found["questions"]]
    assert (domains.count("wood"), domains.count("leaf")) == (6, 4)
    assert found["limit_ms"] == 20 * 60_000
    assert found["score"]["total"] == 10
    assert found["score"]["answered"] == 0
    assert not found["recorded"]
    assert all(len(question["options"]) == 3 for question in found["questions"])


def test_fewer_questions_have_as_much_time_each(forest: Path) -> None:
    assert take_mock(forest, "--questions", "5", typed="h\ny\n")["limit_ms"] == 10 * 60_000


def test_the_questions_of_the_last_exam_are_not_asked_again_while_there_are_others(
    forest: Path,
) -> None:
    first = take_mock(forest, "--seed", "7", "--questions", "3", typed="h\ny\n")
    second = take_mock(forest, "--seed", "8", "--questions", "3", typed="h\ny\n")

    cards = [{question["card"] for question in found["questions"]} for found in (first, second)]
    assert not cards[0] & cards[1]


def test_what_was_seen_before_is_told_and_without_anything_new_there_is_no_estimate(
    forest: Path,
) -> None:
    # Wood has 10 questions for 6 in each exam, Leaves 10 for 4.
    found = [take_mock(forest, typed="h\ny\n") for _ in range(3)]
    assert [mock["score"]["seen"] for mock in found] == [0, 2, 8]
    assert [mock["estimate"]["total"] for mock in found] == [10] * 3
    assert found[0]["estimate"]["low"] == 0

    shown = run_exam(forest, "mock", "--plain", typed="1\nh\ny\n").stdout
    assert "10 of 10 seen before" in shown
    assert "does not tell what the next will be" in " ".join(shown.split())
    assert "`cards exam miss` records why you missed a question." in shown
    last = json.loads(run_exam(forest, "mock", "--list", "--json").stdout)[-1]
    assert (last["score"]["seen"], last["estimate"]) == (10, None)


def test_a_drill_uses_up_no_question_that_the_next_exam_needs(forest: Path) -> None:
    take_mock(forest, typed="h\ny\n")
    found = run_exam(forest, "drill", "--questions", "5", "--json", typed="h\ny\n").stdout
    # Two of the six unseen ones of Leaves are left over.
    assert json.loads(found)["score"]["seen"] == 3
    assert take_mock(forest, typed="h\ny\n")["score"]["seen"] == 2


def test_reviews_count_as_seen(forest: Path) -> None:
    store = str(forest.parent / "reviews.db")
    for prompt in ("a1-1", "a1-2", "b1-1", "b1-2"):
        answer = CliRunner().invoke(
            cards, ["-C", str(forest), "answer", f"{prompt}/choose", "good", "--db", store]
        )
        assert answer.exit_code == 0, answer.output
    found = take_mock(forest, typed="h\ny\n")
    asked = {question["card"] for question in found["questions"]}
    assert not asked & {"trees:a1-1", "trees:a1-2", "trees:b1-1", "trees:b1-2"}


def test_it_goes_on_where_it_was_left(forest: Path) -> None:
    left = run_exam(forest, "mock", "--plain", "--questions", "3", typed="2\nm\n\n1\nq\n")
    assert "Interrupted; every answer is kept." in left.stdout

    found = take_mock(forest, typed="h\ny\n")

    assert [question["answered"] for question in found["questions"]] == [True, True, False]
    assert found["questions"][0]["marked"]
    assert found["interrupted"] == 1


def test_the_last_of_several_exams_goes_on(forest: Path) -> None:
    over = take_mock(forest, typed="h\ny\n")
    run_exam(forest, "mock", "--plain", typed="1\nq\n")

    found = take_mock(forest, typed="h\ny\n")

    assert found["id"] != over["id"]
    assert (found["interrupted"], found["score"]["answered"]) == (1, 1)
    assert take_mock(forest, typed="h\ny\n")["interrupted"] == 0


def test_unanswered_questions_are_told_before_it_is_handed_in(forest: Path) -> None:
    shown = run_exam(forest, "mock", "--plain", "--questions", "4", typed="1\n\nm\nh\nn\nh\ny\n")

    assert "Unanswered: 2–4\nMarked: 2\n" in shown.stdout
    assert "4 right" in shown.stdout


def test_too_few_or_too_many_picks_are_told_before_it_is_handed_in(forest: Path) -> None:
    for path in (forest / "cards/trees").rglob("*.yaml"):
        text = path.read_text("utf-8")
        path.write_text(text.replace("- {wrong: Another one", "- {right: Another one"), "utf-8")

    typed = "1\n\n1 2\n\n1 2 3\n\nh\ny\n"
    shown = run_exam(forest, "mock", "--plain", "--questions", "4", typed=typed)

    assert "Unanswered: 4\nWrong number of picks: 1, 3\n" in shown.stdout


def test_plain_commands_explain_themselves(forest: Path) -> None:
    shown = run_exam(
        forest, "mock", "--plain", "--questions", "2", typed="x\n9\ng 7\ng 2\nN\nN\nl\nq\n"
    ).stdout

    assert "next question" in shown
    assert "there is no option 9" in shown
    assert shown.count("there is no such question") == 2
    assert "○ unanswered" in shown


def test_past_exams_are_listed_with_their_trend(forest: Path) -> None:
    assert "No mock exam yet." in run_exam(forest, "mock", "--list").stdout
    take_mock(forest, typed="h\ny\n")
    take_mock(forest, typed="1\nh\ny\n")

    shown = run_exam(forest, "mock", "--list").stdout
    found = json.loads(run_exam(forest, "mock", "--list", "--json").stdout)

    assert "weighted" in shown
    assert "change" in shown
    assert len(found) == 2
    assert "questions" not in found[0]
    assert "pass" not in shown


def test_an_exam_is_exported(forest: Path, tmp_path: Path) -> None:
    found = take_mock(forest, typed="1\nh\ny\n")
    markdown, data = tmp_path / "exam.md", tmp_path / "exam.json"

    run_exam(forest, "mock", "--export", str(markdown))
    run_exam(forest, "mock", "--export", str(data), "--id", found["id"])

    assert markdown.read_text("utf-8").startswith("# Mock exam: Forester\n")
    assert json.loads(data.read_text("utf-8")) == found
    assert "no finished exam `x`" in run_exam(
        forest, "mock", "--export", str(data), "--id", "x", exit_code=1
    ).output.replace("there is ", "")


def test_recorded_answers_count_as_reviews(forest: Path) -> None:
    take_mock(forest, "--questions", "2", "--record", typed="1\nh\ny\n")

    found = json.loads(run_exam(forest, "coverage", "--json").stdout)
    assert found["seen"] == 1


def test_a_drill_tells_at_once_what_is_right(forest: Path) -> None:
    shown = run_exam(
        forest, "drill", "--lane", "autumn", "--questions", "4", typed="1\n\n\n\n\nh\ny\n"
    ).stdout

    assert "✓" in shown
    assert "So it is." in shown
    assert "left" not in shown.split("Drill:")[0].replace("left out", "")
    assert "Drill: " in shown


def test_a_lane_keeps_its_order_and_shares_evenly(forest: Path) -> None:
    result = run_exam(
        forest, "drill", "--lane", "autumn", "--questions", "4", "--json", typed="h\ny\n"
    )

    found = json.loads(result.stdout)
    assert [question["lesson"] for question in found["questions"]] == ["b2", "b2", "a1", "a1"]
    assert found["limit_ms"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mock", "birds"], "there is no exam decks/birds/blueprint.yaml (exams: trees)"),
        (["drill", "--lane", "x"], "there is no lane `x` (lanes: autumn)"),
        (["drill", "--lesson", "x"], "there is no lesson `x`"),
        (["miss", "ring", "--mode", "x"], "there is no failure mode `x` (modes: mixed-up, haste)"),
        (["miss", "ring", "--lesson", "x"], "there is no lesson `x`"),
        (["miss", "rong"], "did you mean ring?"),
    ],
)
def test_what_does_not_exist_is_told(forest: Path, words: list[str], said: str) -> None:
    assert said in run_exam(forest, *words, exit_code=1).output


def test_the_miss_log_asks_about_what_a_mock_exam_found_missing(forest: Path) -> None:
    answer_wrongly(forest)

    shown = run_exam(forest, "miss", typed="\n2\nRead to the end.\nWait.\nb2\n").stdout
    found = json.loads(run_exam(forest, "misses", "--json").stdout)["misses"]

    assert "What went wrong [" in shown
    assert f"1 of 2: {found[0]['card']}, missed on" in shown
    assert shown.count("q stops, and what you have written stays.") == 1
    assert "2  The stem was not read to its end" in shown
    first = found[0]
    assert (first["mode"], first["rule"], first["action"]) == ("haste", "Read to the end.", "Wait.")
    assert first["lesson"] == "b2"
    assert "wrong one" in first["failure"] or "Another one" in first["failure"]


def test_q_stops_the_miss_log_and_keeps_what_was_written(forest: Path) -> None:
    answer_wrongly(forest)

    shown = run_exam(forest, "miss", typed="I took bark for wood.\nq\n").stdout

    assert shown.count("missed on") == 1
    (entry,) = json.loads(run_exam(forest, "misses", "--json").stdout)["misses"]
    assert (entry["failure"], entry["rule"]) == ("I took bark for wood.", "")


def test_the_miss_log_shows_options_in_the_order_of_the_exam(forest: Path) -> None:
    def read_options(shown: str) -> list[list[str]]:
        texts = re.findall(
            r"^ *[1-9]\) .*?((?:The right|A wrong|Another) one \d+)", shown, re.MULTILINE
        )
        return [texts[start : start + 3] for start in range(0, len(texts), 3)]

    taken = run_exam(
        forest, "mock", "--plain", "--questions", "4", "--seed", "3", typed="\n" * 4 + "y\nn\n"
    ).stdout
    asked = read_options(run_exam(forest, "miss", typed="\n" * 40).stdout)

    assert len(asked) == 4
    assert all(options in read_options(taken) for options in asked)


def test_what_was_entered_is_kept_when_the_input_ends(forest: Path) -> None:
    run_exam(forest, "miss", "ring", typed="I took bark for wood.\n1\n")
    (entry,) = json.loads(run_exam(forest, "misses", "--json").stdout)["misses"]
    assert (entry["failure"], entry["mode"]) == ("I took bark for wood.", "mixed-up")

    run_exam(forest, "miss", "ring", typed="\nCount rings.\nCut.\n\n")

    (entry,) = json.loads(run_exam(forest, "misses", "--json").stdout)["misses"]
    assert (entry["rule"], entry["action"], entry["lesson"]) == ("Count rings.", "Cut.", "a1")
    assert "Every miss already has an entry" in run_exam(forest, "miss").stdout


GIVEN = ("--mode", "haste", "--rule", 'It\'s: a "rule" # really', "--action", "Look twice.")


def test_scripts_give_everything_and_get_json(forest: Path) -> None:
    result = run_exam(forest, "miss", "trees:ring", *GIVEN, "--json")

    (entry,) = json.loads(result.stdout)
    assert entry["card"] == "trees:ring"
    assert entry["rule"] == 'It\'s: a "rule" # really'
    assert "name the CARD" in run_exam(forest, "miss", "--mode", "haste", exit_code=2).output


def test_a_miss_becomes_a_card_of_ones_own(forest: Path) -> None:
    (forest / ".git").mkdir()
    (forest / ".gitignore").write_text("build/", "utf-8")

    shown = run_exam(forest, "miss", "ring", *GIVEN, "--failure", "Guessing.", "--to-card").output
    run_exam(forest, "miss", "ring", "--to-card")

    assert "cards/personal/misses.yaml:4: miss-2026-11-26-ring" in shown
    assert (forest / ".gitignore").read_text("utf-8") == (
        "build/\n/cards/personal/\n/decks/personal/\n"
    )
    collection, problems = load(forest)
    (card,) = [card for card in collection.cards if card.pack == "personal"]
    assert problems == []
    assert card.kind == "instinct"
    assert card.text("failure") == "Guessing."
    assert card.text("instinct") == "Look twice."
    assert card.text("why") == 'It\'s: a "rule" # really'
    assert card.tags == ("miss::haste", "trees::a1")
    assert [source.url for source in card.sources] == ["https://example.com"]
    assert re.fullmatch("personal-[a-z0-9]{5}", card.namespace)
    assert open_project(forest).errors == []
    found = json.loads(run_exam(forest, "coverage", "--json").stdout)
    assert found["domains"][0]["lessons"][0]["cards"] == 7


def test_a_second_miss_gets_an_id_of_its_own(forest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_exam(forest, "miss", "ring", *GIVEN, "--to-card")
    run_exam(forest, "miss", "stray", *GIVEN, "--to-card")
    monkeypatch.setenv("CARDS_NOW", "2026-12-01T09:00:00+01:00")
    run_exam(forest, "miss", "a1-1", *GIVEN, "--to-card")

    ids = [card.id for card in load(forest)[0].cards if card.pack == "personal"]
    assert ids == ["miss-2026-11-26-ring", "miss-2026-11-26-stray", "miss-2026-12-01-a1-1"]


def test_the_card_of_a_miss_is_checked_like_any_other(forest: Path) -> None:
    words = ("--rule", "It costs $x.", "--action", "Look <b>twice</b>.", "--to-card")

    shown = run_exam(forest, "miss", "ring", "--mode", "haste", *words, exit_code=1).output

    assert "error[unbalanced-maths]" in shown
    assert "warning[raw-html]" in shown


def test_a_control_character_makes_no_card(forest: Path) -> None:
    words = ("--rule", "a\x1b[31mb", "--action", "Look.", "--to-card")

    shown = run_exam(forest, "miss", "ring", "--mode", "haste", *words, exit_code=1).output

    assert "no card was made: the text contains the invisible character U+001B" in shown
    assert not (forest / "cards/personal").exists()
    listed = run_exam(forest, "misses").stdout
    assert "\x1b[31m" not in listed


def test_misses_are_grouped_and_trended(forest: Path) -> None:
    assert "No misses yet" in run_exam(forest, "misses").stdout
    run_exam(forest, "miss", "ring", *GIVEN)
    run_exam(forest, "miss", "b1-1", *GIVEN)

    shown = run_exam(forest, "misses", "--by", "lesson").stdout
    found = json.loads(run_exam(forest, "misses", "--by", "domain", "--json").stdout)

    assert "23 Nov" in shown
    assert "b1 Needles" in shown
    assert "Look twice." in shown
    assert found["weeks"][-1] == "2026-11-23"
    assert {group["id"]: group["total"] for group in found["groups"]} == {"wood": 1, "leaf": 1}
    assert found["misses"][0]["on"] == "2026-11-26"


def test_with_two_exams_the_pack_is_to_be_named(forest: Path, write: Write) -> None:
    write(
        {
            "decks/birds/deck.yaml": "name: Birds\n",
            "decks/birds/blueprint.yaml": "name: Birds\ndomains: [{id: all, weight: 100}]\n",
        }
    )

    assert "name one of birds, trees" in run_exam(forest, "coverage", exit_code=1).output
    assert "no card with options" in run_exam(forest, "mock", "birds", exit_code=1).output
    assert run_exam(forest, "miss", "ring", *GIVEN).exit_code == 0
