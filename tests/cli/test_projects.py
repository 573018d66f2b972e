"""Several projects on one store: what it remembers, and a review of all of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cardwright.app.overview import survey
from cardwright.app.projects import JointItems, open_joint_study
from cardwright.cli.environment import read_clock
from cardwright.cli.main import cards
from cardwright.item import Item, Items
from cardwright.study.store import open_store
from cardwright.study.workload import read_pace
from cardwright.terminal.review_state import ReviewState
from exam_project import make_exam_files
from project_files import Write


def write_project(root: Path, namespace: str, *names: str, deck: str = "") -> Path:
    """Write a project of basic cards, in a pack that is named the same in all of them."""
    (root / "cards" / "pack").mkdir(parents=True)
    (root / "decks" / "pack").mkdir(parents=True)
    listed = "".join(
        f"  - {{id: {one}, question: {one} of {root.name}?, answer: Yes.}}\n" for one in names
    )
    (root / "cards" / "pack" / "cards.yaml").write_text(f"kind: basic\ncards:\n{listed}", "utf-8")
    manifest = f"name: {root.name.title()}\nnamespace: {namespace}\n{deck}"
    (root / "decks" / "pack" / "deck.yaml").write_text(manifest, "utf-8")
    return root


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    store = tmp_path / "store" / "reviews.db"
    monkeypatch.setenv("CARDS_DB", str(store))
    monkeypatch.setenv("CARDS_NOW", "2026-03-02T09:00:00+00:00")
    return store


def run(folder: Path, *words: str, typed: str = "", exit_code: int = 0) -> Result:
    result = CliRunner().invoke(cards, ["-C", str(folder), *words], input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exit_code, result.output
    return result


def list_projects(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(folder, "projects", "--json").stdout)
    return found


@pytest.fixture
def garden(tmp_path: Path) -> Path:
    return write_project(tmp_path / "garden", "garden-1", "rose", "lily", "fern")


@pytest.fixture
def pond(tmp_path: Path) -> Path:
    options = "options: {new_per_day: 1}\n"
    return write_project(tmp_path / "pond", "pond-1", "rose", "frog", deck=options)


def test_the_store_knows_the_projects_that_were_studied(
    garden: Path, pond: Path, tmp_path: Path
) -> None:
    assert run(tmp_path, "projects").stdout.startswith("No project is known yet")
    run(garden, "due")
    run(pond, "due")

    found = list_projects(tmp_path)

    assert [(one["name"], one["folder"], one["is_there"], one["new"]) for one in found] == [
        ("garden", str(garden), True, 3),
        ("pond", str(pond), True, 1),
    ]
    shown = run(tmp_path, "projects").stdout
    assert f"pond: {pond}, with pond-1" in shown


def test_a_review_of_all_asks_each_prompt_under_its_own_options(
    garden: Path, pond: Path, tmp_path: Path
) -> None:
    run(garden, "due")
    run(pond, "due")

    shown = run(tmp_path, "review", "--all", "--plain", typed="\n4\n" * 4).stdout

    # Both packs have the same name, and a card of the same id.
    for question in ("rose of garden?", "lily of garden?", "fern of garden?", "rose of pond?"):
        assert question in shown
    assert "frog of pond?" not in shown
    for project, name in ((garden, "garden-1"), (pond, "pond-1")):
        history = run(project, "history", "pack:rose", "--json").stdout
        assert len(json.loads(history)["reviews"]) == 1, name
    assert "Nothing left to review today." in shown


def test_the_end_of_a_review_of_all_says_how_to_go_on_with_all(
    garden: Path, pond: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(garden, "due")
    run(pond, "due")

    def review(typed: str) -> str:
        return run(tmp_path, "review", "--all", "--plain", typed=typed).stdout

    assert "`cards review --all` goes on." in review("q\n")
    review("\n4\n" * 4)
    monkeypatch.setenv("CARDS_NOW", "2026-03-08T09:00:00+00:00")
    assert "`cards review --all --ahead 1` asks 2 prompts due tomorrow." in review("\n4\n")


def test_what_a_review_of_all_answered_is_due_and_undone_outside_of_a_project(
    garden: Path, pond: Path, tmp_path: Path
) -> None:
    run(garden, "due")
    run(pond, "due")
    assert json.loads(run(tmp_path, "due", "--all", "--json").stdout)["new"] == 4
    run(tmp_path, "review", "--all", "--plain", typed="\n4\n" * 4)
    assert run(tmp_path, "due", "--all").stdout.startswith("Nothing left for today.")

    listed = json.loads(run(tmp_path, "undo", "--all", "--list", "--json").stdout)
    assert len(listed) == 4
    assert json.loads(run(tmp_path, "undo", "--all", "--json").stdout)["undone"] == listed[0]

    assert json.loads(run(tmp_path, "due", "--all", "--json").stdout)["new"] == 1
    assert "no project here" in run(tmp_path, "undo", exit_code=1).stderr


def test_the_exams_of_all_projects_are_in_what_is_due(
    garden: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDS_NOW", "2026-11-26T09:00:00+01:00")
    forest = write(make_exam_files())
    run(garden, "due")
    run(forest, "exam", "set", "trees", "--date", "2026-12-10", "--minutes", "5")

    shown = run(garden, "due", "--all").stdout
    (exam,) = json.loads(run(garden, "due", "--all", "--json").stdout)["exams"]
    own = json.loads(run(forest, "due", "--json").stdout)

    assert exam["today"] == own["today"]
    assert "3 new, 0 learning, 0 review" in shown
    assert "for the exam as planned" in shown
    # The last prompt of a day may run over: home counts it whole, too.
    run(forest, "exam", "set", "trees", "--date", "2026-12-10", "--minutes", "1")
    minutes = json.loads(run(forest, "exam", "status", "--json").stdout)["today"]["minutes"]
    assert minutes > 1
    assert json.loads(run(forest, "home", "--json").stdout)["minutes"] == round(minutes, 1)


def test_a_review_of_all_can_be_filtered(garden: Path, pond: Path, tmp_path: Path) -> None:
    run(garden, "due")
    run(pond, "due")

    shown = run(tmp_path, "review", "--all", "Pond", "--plain", typed="\n4\n" * 4).stdout

    assert "rose of pond?" in shown
    assert "of garden?" not in shown


def test_a_review_of_all_without_any_says_how_to_make_some_known(tmp_path: Path) -> None:
    shown = run(tmp_path, "review", "--all", "--plain", exit_code=1).stderr

    assert "knows no project yet" in shown


def test_a_folder_that_is_gone_is_said_and_is_no_error(
    garden: Path, pond: Path, tmp_path: Path
) -> None:
    run(garden, "due")
    run(pond, "due")
    shutil.move(pond, tmp_path / "lake")

    said = run(tmp_path, "review", "--all", "--plain", typed="q\n").stderr
    shown = run(tmp_path, "projects").stdout

    assert f"pond is no longer in {pond}" in said
    assert "cards projects relink pond FOLDER" in said
    assert f"{pond}  (not there)" in shown


def test_a_project_that_moved_is_known_again_by_relinking_it_or_by_studying(
    garden: Path, pond: Path, tmp_path: Path
) -> None:
    run(garden, "due")
    run(pond, "due")
    for project, place in ((pond, "lake"), (garden, "park")):
        shutil.move(project, tmp_path / place)

    run(tmp_path, "projects", "relink", "pond", str(tmp_path / "lake"))
    run(tmp_path / "park", "due")

    assert [(one["name"], one["is_there"]) for one in list_projects(tmp_path)] == [
        ("lake", True),
        ("park", True),
    ]


def test_another_project_is_not_taken_for_one_that_moved(
    garden: Path, pond: Path, tmp_path: Path
) -> None:
    run(garden, "due")
    shutil.rmtree(garden)

    said = run(tmp_path, "projects", "relink", "garden", str(pond), exit_code=1).stderr

    assert "is another project: it has no pack with the namespace garden-1" in said


def test_a_forgotten_project_keeps_its_reviews_and_is_known_again_once_studied(
    garden: Path, tmp_path: Path
) -> None:
    run(garden, "answer", "pack:rose", "good")
    run(tmp_path, "projects", "forget", "garden-1")
    assert list_projects(tmp_path) == []

    history = run(garden, "history", "pack:rose", "--json").stdout

    assert len(json.loads(history)["reviews"]) == 1
    assert [one["name"] for one in list_projects(tmp_path)] == ["garden"]


def test_two_folders_with_the_same_namespace_are_noticed(garden: Path, tmp_path: Path) -> None:
    run(garden, "due")
    copy = tmp_path / "copy"
    shutil.copytree(garden, copy)

    home = json.loads(run(copy, "--json").stdout)
    found = list_projects(tmp_path)

    assert f"{garden} has the pack `garden-1` as well" in home["attention"][0]["message"]
    assert [(one["name"], one["namespaces"], one["also_elsewhere"]) for one in found] == [
        ("copy", ["garden-1"], []),
        ("garden", [], ["garden-1"]),
    ]
    shown = run(tmp_path, "projects").stdout
    assert f"copy: {copy}, with garden-1\n" in shown
    assert f"garden: {garden}, with garden-1 (studied last in {copy})\n" in shown
    assert shown.replace("\n  ", " ").count("share one history") == 1
    # The prompts of both are the same, and asked once.
    assert sum(one["new"] for one in found) == 3


def test_names_that_several_have_or_none_are_refused(garden: Path, tmp_path: Path) -> None:
    run(garden, "due")
    other = write_project(tmp_path / "other" / "garden", "garden-2", "moss")
    run(other, "due")

    several = run(tmp_path, "projects", "forget", "garden", exit_code=1).stderr
    none = run(tmp_path, "projects", "forget", "wood", exit_code=1).stderr
    run(tmp_path, "projects", "forget", str(other))

    assert "several projects are called `garden`" in several
    assert "(projects: garden, garden)" in none
    assert [one["folder"] for one in list_projects(tmp_path)] == [str(garden)]


def test_folders_are_not_synced_and_damaged_ones_are_ignored(
    garden: Path, tmp_path: Path, own_store: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    run(garden, "answer", "pack:rose", "good")
    run(garden, "sync", str(shared))
    assert not any(str(garden) in file.read_text("utf-8") for file in shared.iterdir())

    with open_store(own_store) as store, store.transaction():
        store.change(
            "update settings set value = ? where name = 'folders'",
            [('{"a": 1, "b": ["//server/x", "", 2], "c": ["/not/there"]}',)],
        )

    assert [one["folder"] for one in list_projects(tmp_path)] == [str(Path("/not/there"))]


def make_items(namespace: str, *names: str) -> Items:
    return Items(
        Item(f"{namespace}:{name}/a", f"p:{name}", "a", "p", "P", place, "basic", None, (), ())
        for place, name in enumerate(names)
    )


def test_the_prompts_of_projects_are_found_and_left_out_by_their_namespaces() -> None:
    joint = JointItems([make_items("a", "x", "y"), make_items("ab", "x"), make_items("a", "z")])

    assert [item.key for item in joint] == ["a:x/a", "a:y/a", "ab:x/a"]
    assert len(joint) == 3
    assert joint[1].key == "a:y/a"
    assert joint.namespaces == {"a", "ab"}
    assert joint.find("ab:x/a") == joint[2]
    assert joint.find("a:z/a") is None
    assert joint.find("c:x/a") is None
    others = joint.list_others(["zz:a/a", "ab:x/a", "a:x/a"])
    assert [item.key for item in others] == ["a:y/a"]
    assert [item.key for item in joint.leave_out(frozenset({"a:x/a"}))] == ["a:y/a", "ab:x/a"]


def test_a_review_of_all_takes_as_long_as_home_says(
    garden: Path, write: Write, tmp_path: Path, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDS_NOW", "2026-11-26T09:00:00+01:00")
    forest = write(make_exam_files())
    for name in ("rose", "lily", "fern"):
        run(garden, "answer", f"pack:{name}", "good", "--ms", "55000")
    run(forest, "exam", "set", "trees", "--date", "2026-12-10", "--minutes", "5")

    with open_joint_study(tmp_path, own_store, read_clock()) as study:
        found = survey(study, plans=True)
        session, exam_days = study.start_session(name="all")
        state = ReviewState(session, study, read_clock, exam_days=exam_days)
        usual = read_pace(study.journal).estimate_minutes(state.counts)

        assert state.counts == found.counts
        assert state.minutes_left == pytest.approx(found.minutes)
        assert state.minutes_left != pytest.approx(usual)
        assert state.reason
