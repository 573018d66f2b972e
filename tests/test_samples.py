"""Every sample in the docs, in `--help` and in a new project's README works."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from _pytest.mark.structures import ParameterSet
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cardwright.app.config import parse_config
from cardwright.cli.main import cards as command_line
from cardwright.history import Act
from cardwright.project.load import load
from cardwright.study.transfer import parse_review, write_review
from project_files import Run, Write

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "benchmarks" / "README.md",
]
OTHERS = {"cd", "git", "mkdir", "pip", "source"}
"""Programs that are not ours: their lines are read, and nothing more."""
TESTED_ELSEWHERE = {"custom-kinds.md", "diagnostics.md", "kinds.md", "pull-requests.md"}
"""Pages whose YAML has tests of its own, with what it must not or cannot load alone."""
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]
TREES = {
    "cards/trees/trees.yaml": """
cards:
  - {id: oak, kind: basic, question: Which tree?, answer: An oak.}
  - {id: elm, kind: basic, question: Which other?, answer: An elm.}
  - {id: ash, kind: basic, question: Which third?, answer: An ash.}
  - {id: fir, kind: basic, question: Which fourth?, answer: A fir.}
"""
}


class Sample(NamedTuple):
    """A piece of code on a page."""

    page: Path
    line: int
    language: str
    text: str


def read_tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a page, those in paragraphs and tables too."""
    for token in MarkdownIt().enable("table").parse(text):
        yield token
        yield from token.children or ()


def read_samples(page: Path) -> Iterator[Sample]:
    for token in MarkdownIt().parse(page.read_text("utf-8")):
        if token.type in ("fence", "code_block"):
            assert token.map
            yield Sample(page, token.map[0] + 1, token.info or "sh", token.content)


def name_page(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


SAMPLES = [sample for page in PAGES for sample in read_samples(page)]


def list_samples(language: str) -> list[ParameterSet]:
    """Return the samples in a language as parameters of a test."""
    return [
        pytest.param(sample, id=f"{name_page(sample.page)}:{sample.line}")
        for sample in SAMPLES
        if sample.language == language
        and not (language == "yaml" and sample.page.name in TESTED_ELSEWHERE)
    ]


def walk(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """Yield a command and all below it, by what one types."""
    yield context.command_path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            _, found, _ = command.resolve_command(context, [name])
            assert found
            yield from walk(found, click.Context(found, context, name))


COMMANDS = dict(walk(command_line, click.Context(command_line, info_name="cards")))


def check_words(words: list[str], *, is_whole: bool = True) -> None:
    """Fail unless a command line would be accepted; files, and what stands in CAPITALS, may be any."""
    command: click.Command = command_line
    context = click.Context(command, info_name="cards")
    while isinstance(command, click.Group):
        while words and words[0].startswith("-"):
            del words[: 2 if words[0] == "-C" else 1]
        if not words:
            return
        _, found, words = command.resolve_command(context, words)
        assert found
        command, context = found, click.Context(found, context, found.name)
    values, rest, _ = command.make_parser(context).parse_args(list(words))
    assert not rest, f"too many words: {rest}"
    for parameter in command.get_params(context):
        value = values.get(str(parameter.name))
        # click marks what was not given by a value of its own.
        is_given = isinstance(value, str | bool | list | tuple) and value != ()
        if not is_given:
            assert not (is_whole and parameter.required), f"{parameter.name} is missing"
        elif not isinstance(parameter.type, click.Path | click.File) and not str(value).isupper():
            parameter.type_cast_value(context, value)


def check_line(line: str) -> None:
    """Fail unless a line of a shell sample could be typed."""
    for part in re.split(r"&&|\|", line):
        words = shlex.split(part.split(" > ")[0], comments=True)
        if not words:
            continue
        program, *arguments = words
        if Path(program).name == "cards":
            check_words(arguments)
        elif program == "make":
            targets = re.findall(r"(?m)^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"))
            assert set(arguments) <= set(targets)
        elif program in ("python", "pytest"):
            check_script(arguments)
        elif program in ("pipx", "uv"):
            words = words[1:] if program == "pipx" else words[2:]
            assert words[0] == "install"
            named = re.search(r"\[(.*)\]", words[1])
            assert set(named[1].split(",") if named else ()) <= set(EXTRAS)
        else:
            assert program in OTHERS, f"unknown program: {program}"


def check_script(arguments: list[str]) -> None:
    """Fail unless the file that Python is to run is there, and knows the options."""
    if arguments[0] == "-m":
        del arguments[:4]
    path = ROOT / arguments[0]
    assert path.exists()
    for option in (word for word in arguments[1:] if word.startswith("--")):
        assert f'"{option}"' in path.read_text("utf-8"), option


@pytest.mark.parametrize("sample", list_samples("sh"))
def test_shell_samples_can_be_typed(sample: Sample) -> None:
    for line in sample.text.replace("\\\n", " ").splitlines():
        check_line(line)


@pytest.mark.parametrize("page", PAGES, ids=name_page)
def test_commands_named_in_a_text_exist(page: Path) -> None:
    for token in read_tokens(page.read_text("utf-8")):
        if token.type == "code_inline" and re.match(r"cards \w", token.content):
            words = shlex.split(token.content.split(" > ")[0])[1:]
            check_words([word.strip("[]") for word in words], is_whole=False)
        elif token.type == "code_inline" and re.match(r"(python|pytest|make) \w", token.content):
            check_line(token.content)


@pytest.mark.parametrize("sample", list_samples("yaml"))
def test_yaml_samples_load_without_a_problem(sample: Sample, write: Write) -> None:
    named = re.match(r"# ((?:cards|decks|kinds)/\S+)\n", sample.text)
    path = named[1] if named else "cards/trees/wood.yaml"
    others = TREES | {f"decks/{Path(path).parts[1]}/deck.yaml": "name: Trees\n"}
    if path.startswith("kinds/"):
        others = {
            "cards/trees/word.yaml": "cards: [{id: haus, kind: word, word: Haus, meaning: A house.}]"
        }
    project = write(others | {path: sample.text})

    collection, problems = load(project)

    ours = [problem for problem in problems if problem.span.path == path]
    assert [problem.message for problem in ours if problem.severity == "error"] == []
    assert collection.cards


@pytest.mark.parametrize("sample", list_samples("python"))
def test_python_samples_run(sample: Sample, write: Write) -> None:
    project = write(TREES)

    done = subprocess.run(
        [sys.executable, "-c", sample.text], cwd=project, capture_output=True, text=True, check=True
    )

    lines = done.stdout.splitlines()
    if "Planner" in sample.text:
        said = re.compile(r"day \d: \d+ new, expected on exam day: \d+%")
        assert [bool(said.fullmatch(line)) for line in lines] == [True] * 3
        return
    assert lines[::2] == ["trees:oak/recall", "trees:elm/recall", "trees:ash/recall"]
    assert lines[1] == "learning 2.3065"
    assert (project / "build" / "reviews.db").is_file()


def test_the_readme_shows_what_check_says_of_its_card(run: Run, tmp_path: Path) -> None:
    samples = [sample for sample in SAMPLES if sample.page.name == "README.md"]
    card = next(sample.text for sample in samples if sample.language == "yaml")
    shown = next(sample.text for sample in samples if sample.language == "text")
    broken = card.replace("example:", "exmaple:").replace("reverse: true", "reverse: yes")
    (tmp_path / "cards/statistics").mkdir(parents=True)
    (tmp_path / "cards/statistics/basics.yaml").write_text(broken, "utf-8")
    (tmp_path / "decks/statistics").mkdir(parents=True)
    (tmp_path / "decks/statistics/deck.yaml").write_text(
        "name: Statistics\nnamespace: statistics-k3v9\n", "utf-8"
    )

    assert run("check", folder=tmp_path, exit_code=1).output == shown


def test_the_five_minute_start_works_as_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = [sample for sample in SAMPLES if sample.page.name == "start.md"]
    card = next(sample.text for sample in samples if sample.language == "yaml")
    first, broken, built = (sample.text for sample in samples if sample.language == "text")
    garden = tmp_path / "garden"
    file = garden / card.splitlines()[0].removeprefix("# ")

    run("init", "garden", folder=tmp_path)
    monkeypatch.chdir(garden)
    assert run("check", folder=garden).output == first
    file.write_text(card.replace("basic", "bacis"), "utf-8")
    assert run("check", folder=garden, exit_code=1).output == broken
    file.write_text(card, "utf-8")
    assert run("build", folder=garden).output == built


def test_the_line_of_an_export_is_one() -> None:
    """With every key there is, and whatever act the page names."""
    page = next(page for page in PAGES if page.name == "store.md")
    (sample,) = (sample for sample in SAMPLES if sample.language == "json")
    assert sample.page == page
    assert write_review(parse_review(sample.text)) == sample.text
    named = page.read_text("utf-8").partition("`act` is ")[2].partition(". ")[0]
    assert re.findall(r"`(\w+)`", named) == list(Act)


def test_every_language_of_a_sample_is_looked_at() -> None:
    assert {sample.language for sample in SAMPLES} == {
        # tests/editor/test_neovim.py runs the one in Lua.
        *("sh", "yaml", "python", "json", "text", "toml", "lua")
    }


def test_samples_of_the_config_file_are_valid() -> None:
    for sample in (sample for sample in SAMPLES if sample.language == "toml"):
        config = parse_config(sample.text, sample.page)
        assert not config.unknown
        for command, flags in config.table("flags").items():
            check_line(f"cards {command} {flags}")


@pytest.mark.parametrize("page", PAGES, ids=name_page)
def test_links_lead_somewhere(page: Path) -> None:
    for token in read_tokens(page.read_text("utf-8")):
        target = str(token.attrs.get("href") or token.attrs.get("src") or "")
        if not target or ":" in target:
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        assert path.exists(), target
        if anchor:
            titles = re.findall(r"(?m)^#+ (.*)$", path.read_text("utf-8"))
            assert anchor in {
                re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles
            }


@pytest.mark.parametrize("path", COMMANDS)
def test_examples_of_help_can_be_typed(path: str) -> None:
    text = COMMANDS[path].help or ""
    examples = re.findall(r"(?m)^ *(cards .*)$", text.split("\b", 1)[-1])

    assert any(example.startswith(path) for example in examples)
    for example in examples:
        # A description stands two blanks or more to the right.
        check_line(re.split(r" {2,}", example)[0])


def test_the_readme_of_a_new_project_is_true(run: Run, tmp_path: Path) -> None:
    printed = run("init", "garden", folder=tmp_path).output
    garden = tmp_path / "garden"
    page = garden / "README.md"

    for line in re.findall(r"(?m)^ +(c.*)$", printed):
        check_line(line)
    for sample in read_samples(page):
        for line in sample.text.splitlines():
            check_line(line)
    run(
        "new",
        "term",
        str(garden / "cards/garden/first.yaml"),
        "--id",
        "my-first-card",
        folder=garden,
    )
    for token in read_tokens(page.read_text("utf-8")):
        if token.type == "code_inline" and "/" in token.content:
            assert (garden / token.content).exists() or token.content == "build/garden.apkg"
