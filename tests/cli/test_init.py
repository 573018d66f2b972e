"""Starting a project, and studying it at once."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
import yaml

from killing import kill_at
from project_files import Run


def read_manifest(root: Path) -> dict[str, object]:
    (manifest,) = root.glob("decks/*/deck.yaml")
    found: dict[str, object] = yaml.safe_load(manifest.read_text("utf-8"))
    return found


@pytest.mark.parametrize(
    ("template", "kinds"),
    [
        ("plain", {"basic", "cloze"}),
        ("language", {"vocabulary"}),
        ("exam", {"term", "instinct", "objective", "basic", "cloze", "choice", "route"}),
    ],
)
def test_a_new_project_is_clean_and_builds_at_once(
    run: Run, tmp_path: Path, template: str, kinds: set[str]
) -> None:
    run("init", "garden", "--template", template, folder=tmp_path)
    garden = tmp_path / "garden"

    assert run("check", "--strict", "--json", folder=garden).stdout == "[]\n"
    cards = json.loads(run("list", "--json", folder=garden).stdout)
    assert {card["kind"] for card in cards} == kinds
    built = json.loads(run("build", "--json", folder=garden).stdout)
    assert Path(built[0]["path"]).read_bytes()[:2] == b"PK"
    assert (garden / "decks/garden/blueprint.yaml").exists() == (template == "exam")


def test_a_plain_project_knows_no_exams(run: Run, tmp_path: Path) -> None:
    run("init", "garden", folder=tmp_path)

    sources = "".join(
        path.read_text("utf-8")
        for folder in ("cards", "decks")
        for path in (tmp_path / "garden" / folder).rglob("*.yaml")
    )
    assert "lesson" not in sources
    assert "exam" not in sources


@pytest.mark.parametrize(
    ("folder", "pack", "title"),
    [
        ("日本語", "deck", "日本語"),
        ("Mi Español", "mi-espanol", "Mi Español"),
        ("русский-язык", "deck", "Русский язык"),
        ("c++: the basics", "c-the-basics", "C++: the basics"),
        ("it's #1", "it-s-1", "It's #1"),
        ("no", "no", "No"),
    ],
)
def test_names_in_any_script_give_a_project_that_works(
    run: Run, tmp_path: Path, folder: str, pack: str, title: str
) -> None:
    printed = run("init", folder, folder=tmp_path).stdout
    root = tmp_path / folder

    assert [path.name for path in (root / "cards").iterdir()] == [pack]
    assert read_manifest(root)["name"] == title
    assert run("check", "--strict", "--json", folder=root).stdout == "[]\n"
    (step,) = [line for line in printed.splitlines() if line.startswith("  cd ")]
    assert shlex.split(step) == ["cd", str(root)]
    assert "  cards preview\n  cards review\n" in printed


def test_two_projects_of_one_name_have_their_own_namespaces(run: Run, tmp_path: Path) -> None:
    run("init", "one/spanish", folder=tmp_path)
    run("init", "two/spanish", folder=tmp_path)

    first, second = (
        read_manifest(tmp_path / name / "spanish")["namespace"] for name in ("one", "two")
    )
    assert first != second
    assert str(first).startswith("spanish-")


def test_init_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "garden").mkdir()
    (tmp_path / "garden" / "README.md").write_text("mine", "utf-8")

    result = run("init", "garden", folder=tmp_path, exit_code=1)

    assert "already exists: nothing was written" in result.stderr
    assert [path.name for path in (tmp_path / "garden").iterdir()] == ["README.md"]
    assert (tmp_path / "garden" / "README.md").read_text("utf-8") == "mine"


@pytest.mark.parametrize("number", range(8))
def test_an_interrupted_init_is_finished_by_the_next(run: Run, tmp_path: Path, number: int) -> None:
    run("init", "whole", "--pack", "garden", folder=tmp_path)
    with kill_at(number, is_done=False, endings={"", ".md", ".yaml", ".json"}):
        run("init", "garden", folder=tmp_path)
    assert not (tmp_path / "garden/decks/garden/deck.yaml").exists()

    run("init", "garden", folder=tmp_path)

    whole, garden = (
        {path.relative_to(tmp_path / name) for path in (tmp_path / name).rglob("*")}
        for name in ("whole", "garden")
    )
    assert garden == whole
    assert run("check", "--strict", "--json", folder=tmp_path / "garden").stdout == "[]\n"
