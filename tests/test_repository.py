"""The cards, decks and pages of this repository meet their own rules."""

from __future__ import annotations

import ast
import importlib
import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from cardwright.cli.main import cards as command_line
from cardwright.kinds import list_prompts
from cardwright.kinds.reference import describe_kinds
from cardwright.project.kind import read_built_in_kinds
from cardwright.project.load import load
from cardwright.project.schema import format_schemas

ROOT = Path(__file__).parents[1]


class EditorLoader(yaml.SafeLoader):
    """Reads values as editors do: by YAML 1.2, which has no dates."""


EditorLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
YAML_FILES = sorted(
    path for folder in ("cards", "decks") for path in (ROOT / folder).rglob("*.yaml")
)


def test_our_cards_have_no_error() -> None:
    from cardwright.app.project import open_project

    assert open_project(ROOT).errors == []


def test_the_blueprint_is_whole() -> None:
    collection, _ = load(ROOT)
    blueprint = collection.blueprints["mlpro"]

    weights = {domain.id: domain.weight for domain in blueprint.domains.values()}
    assert weights == {"model-development": 44, "mlops": 44, "model-deployment": 12}
    assert len(blueprint.lessons) == 12
    numbers = {name: len(found) for name, found in blueprint.objective_sets.items()}
    assert numbers == {"Exam guide": 47, "Syllabus": 105}


def test_the_deck_holds_the_instincts_and_core_terms() -> None:
    collection, _ = load(ROOT)
    by_kind = [card.kind for card in collection.cards if card.pack == "mlpro"]

    assert by_kind.count("instinct") >= 86
    assert by_kind.count("term") >= 40


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_name_the_schema_that_they_meet(path: Path) -> None:
    text = path.read_text("utf-8")
    match = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)

    assert match, "the first line names the schema"
    schema = (path.parent / match[1]).resolve()
    assert schema.is_relative_to(ROOT / "schemas")
    jsonschema.validate(yaml.load(text, EditorLoader), json.loads(schema.read_text("utf-8")))


def test_schemas_and_the_page_of_kinds_are_up_to_date() -> None:
    kinds = read_built_in_kinds()

    for name, text in format_schemas(kinds).items():
        assert (ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8") == text
    assert (ROOT / "docs" / "kinds.md").read_text("utf-8") == describe_kinds(kinds.values())


def test_every_command_and_every_page_is_listed() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    index = (ROOT / "docs" / "README.md").read_text("utf-8")

    for name in command_line.commands:
        assert f"`cards {name}" in readme
    for page in (ROOT / "docs").glob("*.md"):
        assert f"({page.name})" in index or page.name == "README.md"


def test_the_readme_says_that_the_deck_is_unofficial() -> None:
    for name in ("README.md", "decks/mlpro/deck.yaml"):
        text = " ".join((ROOT / name).read_text("utf-8").split())
        assert re.search(r"unofficial", text)
        assert re.search(r"not endorsed by", text)


def test_every_card_asks_something() -> None:
    collection, _ = load(ROOT)
    for card in collection.cards:
        assert list_prompts(card, collection.kinds[card.kind]), card.ref


def test_every_promise_of_security_names_tests_that_exist() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    promises = text.partition("## What is promised")[2].partition("## What is not promised")[0]
    rows = [line.strip("|\n").split(" | ") for line in promises.splitlines() if line[:2] == "| "]
    rows = [cells for cells in rows if cells[0].strip() != "promise"]

    assert len(rows) > 20
    for _, held_by in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", held_by)
        assert ", ".join(f"`{path}::{name}`" for path, name in named) == held_by.strip()
        assert named
        for path, name in named:
            tree = ast.parse((ROOT / path).read_text("utf-8"))
            found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assert name in found, f"{path} has no {name}"
    for page in ("README.md", "CONTRIBUTING.md"):
        assert "(SECURITY.md)" in (ROOT / page).read_text("utf-8")


def test_the_figures_of_speed_are_those_that_were_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    speed = importlib.import_module("speed")
    results = json.loads(speed.RESULTS.read_text("utf-8"))

    for page, is_whole in speed.PAGES.items():
        text = page.read_text("utf-8")
        assert speed.fill_page(text, results, is_whole=is_whole) == text
