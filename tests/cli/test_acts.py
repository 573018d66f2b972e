"""Acts on whole cards, and `cards undo`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cardwright.study.mirror import Mirror, MirrorRow
from cardwright.study.store import open_store
from project_files import Run, Write
from reviewing import FILES, NOW, pipe, read_acts, read_memories, review, store_of

WOODS = """\
kind: basic
sources: [A book]
cards:
  - {id: ring, question: Q?, answer: A}
"""


@pytest.fixture
def forest(write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a card of two prompts, `bark`, and its store."""
    project = write(FILES)
    store_of(project).parent.mkdir()
    monkeypatch.setenv("CARDS_DB", str(store_of(project)))
    monkeypatch.setenv("CARDS_NOW", NOW)
    return project


@pytest.fixture
def ask(run: Run) -> Any:
    return lambda *words: json.loads(run(*words, "--json").stdout)


def list_undone(ask: Any) -> list[str]:
    return [f"{act['act']} {' '.join(act['prompts'])}" for act in ask("undo", "--list")]


@pytest.mark.parametrize(
    ("words", "said", "again"),
    [
        (["suspend"], "suspended", "already suspended"),
        (["bury"], "buried until tomorrow", "already buried until tomorrow"),
        (["flag"], "flagged", "already flagged"),
    ],
)
def test_a_card_means_all_its_prompts_and_a_prompt_itself(
    forest: Path, run: Run, words: list[str], said: str, again: str
) -> None:
    assert run(*words, "bark/c2").output == f"trees:bark/c2: {said}\n"
    both = run(*words, "trees:bark", "bark/c1").output
    assert both == f"trees:bark/c1: {said}\ntrees:bark/c2: {again}\n"
    assert [act for _, act, _ in read_acts(forest)] == [words[0]] * 2, "nothing is done twice"


def test_what_is_taken_off_and_reset(run: Run, forest: Path) -> None:
    run("answer", "bark/c1", "good")
    for words in (["suspend"], ["flag"], ["bury"]):
        run(*words, "bark/c1")
    for words, said, other in (
        (["unsuspend"], "no longer suspended", "not suspended"),
        (["flag", "--off"], "flag removed", "not flagged"),
        (["bury", "--off"], "no longer buried", "not buried"),
        (["reset"], "reset to new", "already new"),
    ):
        shown = run(*words, "bark").output
        assert shown == f"trees:bark/c1: {said}\ntrees:bark/c2: {other}\n"
    assert read_memories(forest)[0][1:3] == ("new", 0)


@pytest.mark.usefixtures("forest")
def test_the_history_of_a_card_is_that_of_all_its_prompts(run: Run, ask: Any) -> None:
    run("answer", "bark/c2", "easy")

    shown = run("history", "bark").output
    assert shown.index("trees:bark/c1\n") < shown.index("trees:bark/c2\n") < shown.index("Easy")
    assert [row["reps"] for row in ask("history", "trees:bark")["prompts"]] == [0, 1]
    assert ask("history", "trees:bark/c2")["reps"] == 1
    one = ask("history", "ring")
    assert one["prompt"] == "trees:ring/recall", "it has one prompt"
    assert one == {**one["prompts"][0], "prompts": one["prompts"]}


def test_names_of_nothing_are_answered_by_close_ones_named_once(forest: Path, run: Run) -> None:
    for name in ("brak", "trees:brak"):
        said = run("suspend", name, exit_code=1).stderr
        assert said.startswith(f"error: there is no card or prompt `{name}`; did you mean bark")
        assert said.count("bark") == 1
        assert run("show", name, exit_code=1).stderr.count("bark") == 1
    said = run("flag", "bark/c3", exit_code=1).stderr
    assert said == "error: trees:bark has no prompt `c3` (prompts: c1, c2)\n"
    said = run("answer", "bark", "good", exit_code=1).stderr
    assert said == "error: `bark` has several prompts: trees:bark/c1, trees:bark/c2\n"
    assert read_acts(forest) == []


@pytest.mark.usefixtures("forest")
def test_a_card_of_two_packs_is_not_guessed(write: Write, run: Run) -> None:
    write({"cards/woods/a.yaml": WOODS, "decks/woods/deck.yaml": "name: Woods\nnamespace: woods\n"})
    said = run("suspend", "ring", exit_code=1).stderr
    assert said == "error: several packs have `ring`: trees:ring, woods:ring\n"
    assert run("suspend", "woods:ring").output == "woods:ring/recall: suspended\n"


def test_one_of_several_cards_that_does_not_exist_changes_nothing(forest: Path, run: Run) -> None:
    run("suspend", "bark", "nothing", exit_code=1)
    assert read_acts(forest) == []


def test_undo_leads_back_through_a_session_that_has_ended(forest: Path, run: Run, ask: Any) -> None:
    with review(forest) as program:
        program.wait_for("Tree ring")
        program.type("f")
        program.wait_for("flagged")
        program.type(" 3")
        program.wait_for("Watering")
        program.type("u")
        program.wait_for("undo: took back")
        program.type(" 4")
        program.wait_for("Watering")
        program.type("sq")
        assert program.wait_for_exit() == 0
    run("suspend", "bark")

    done = [
        "suspend trees:bark/c1 trees:bark/c2",
        "suspend trees:water/instinct",
        "answer trees:ring/recall",
        "flag trees:ring/recall",
    ]
    assert list_undone(ask) == done
    listed = run("undo", "--list").output.splitlines()
    assert listed[1].split()[2:] == ["trees:bark/c1", "and", "1", "more", "suspend"]
    assert len(read_acts(forest)) == 7, "a list undoes nothing"

    said = run("undo").output.splitlines()
    assert said[0].startswith("undid suspend on trees:bark/c1, trees:bark/c2 (2026-03-02 ")
    assert said[1:3] == ["  trees:bark/c1 is now new", "  trees:bark/c2 is now new"]
    assert said[3].startswith("next undo: suspend on trees:water/instinct (2026-03-02 ")
    run("undo")
    shown = run("undo").output
    assert shown.startswith("undid Easy on trees:ring/recall (")
    assert "  trees:ring/recall is now new, flagged\n" in shown
    undone = ask("undo")
    assert (undone["undone"]["act"], undone["next"]) == ("flag", None)

    untouched = ("new", 0, 0, 0.0, None, 0, 0, None)
    assert {row[1:] for row in read_memories(forest)} == {untouched}
    assert list_undone(ask) == []
    assert run("undo", "--list").output == "Nothing to undo.\n"
    assert run("undo", exit_code=1).stderr.startswith("error: nothing to undo\n  help: ")
    assert "memories match a replay" in run("doctor", "--verify").output


def test_undo_beside_a_session_that_goes_on(forest: Path, run: Run) -> None:
    run("answer", "maple", "good")
    before = read_memories(forest)
    run("suspend", "maple")
    with review(forest, "--kind", "term") as program:
        program.wait_for("Tree ring")
        program.type(" 4")
        program.wait_for("Space finishes")
        assert run("undo").output.startswith("undid Easy on trees:ring/recall (")
        assert re.search(
            r"\n  trees:maple/\w+ is now learning, due at \d\d:\d\d\n", run("undo").output
        )
        program.type("u")
        program.wait_for("undo: took back Easy on trees:ring/recall")
        program.type("q")
        assert program.wait_for_exit() == 0

    found = [row for row in read_memories(forest) if row[1:3] != ("new", 0)]
    assert found == before


def test_resets_and_crams_are_undone_too(forest: Path, run: Run) -> None:
    run("answer", "ring", "good")
    before = read_memories(forest)
    run("reset", "ring")
    pipe(forest, "\n1\nq\n", "--kind", "term", "--cram")

    assert run("undo").output.startswith("undid Again (cram) on trees:ring/recall (")
    assert run("undo").output.startswith("undid reset on trees:ring/recall (")
    assert read_memories(forest) == before


@pytest.mark.usefixtures("forest")
def test_answers_of_one_moment_are_undone_one_by_one(run: Run, ask: Any) -> None:
    for prompt in ("ring", "age"):
        run("answer", prompt, "good", "--at", "2026-03-01T09:00+00:00")
    assert list_undone(ask) == ["answer trees:age/recall", "answer trees:ring/recall"]


def test_only_what_this_machine_did_in_this_project_is_undone(
    forest: Path, run: Run, ask: Any, tmp_path: Path
) -> None:
    run("answer", "ring", "good")
    shared = tmp_path / "shared"
    shared.mkdir()
    run("sync", str(shared))
    there = str(tmp_path / "there.db")
    run("sync", str(shared), "--db", there)
    run("flag", "age", "--db", there)
    run("sync", str(shared), "--db", there)
    run("sync", str(shared))

    assert "error: nothing to undo" not in run("undo", "--db", there).output
    assert "error: nothing to undo" in run("undo", "--db", there, exit_code=1).output
    assert list_undone(ask) == ["answer trees:ring/recall"]
    run("undo")
    for db in ([], ["--db", there], []):
        run("sync", str(shared), *db)
    assert {row[1:] for row in read_memories(forest)} == {("new", 0, 0, 0.0, None, 0, 0, None)}
    assert ask("history", "ring", "--db", there)["reps"] == 0

    run("flag", "ring")
    other = forest.parent / "other"
    (other / "cards" / "woods").mkdir(parents=True)
    (other / "decks" / "woods").mkdir(parents=True)
    (other / "cards/woods/a.yaml").write_text(WOODS, "utf-8")
    (other / "decks/woods/deck.yaml").write_text("name: Woods\nnamespace: woods\n", "utf-8")
    assert "nothing to undo" in run("undo", folder=other, exit_code=1).output


def test_what_anki_has_is_not_undone(forest: Path, run: Run, ask: Any) -> None:
    run("flag", "age")
    run("answer", "ring", "good")
    with open_store(store_of(forest)) as store, store.transaction():
        [last, *_] = store.list_back()
        Mirror(store, "anki").put_rows({last.at_ms: MirrorRow(last.id, is_seen=True)})

    said = run("undo", exit_code=1).stderr
    assert said.startswith("Good on trees:ring/recall (2026-03-02 ")
    assert "\nerror: this cannot be undone: it is in Anki's log too" in said
    assert [act["in_anki"] for act in ask("undo", "--list")] == [True, False]
    assert "cannot be undone" in run("undo", "--list").output
    assert len(read_acts(forest)) == 2
    run("suspend", "age")
    assert run("undo").output.startswith("undid suspend on trees:age/recall")


@pytest.mark.usefixtures("forest")
def test_a_prompt_whose_card_is_gone_is_undone_by_its_key(write: Write, run: Run) -> None:
    run("suspend", "ring")
    write({"cards/trees/trees.yaml": FILES["cards/trees/trees.yaml"].replace("ring", "rung")})
    assert run("undo").output.startswith("undid suspend on trees:ring/recall (")
