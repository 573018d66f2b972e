"""Golden cases of `cards check`: every diagnostic as it is printed, one test each."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.anki.ledger import read_ledger
from cardwright.app.project import open_project
from cardwright.cli.main import cards
from cardwright.diagnostic import SEVERITIES, Diagnostic
from cardwright.markdown.render import Renderer
from cardwright.report import as_json, format_github, format_text
from project_files import add_namespace

CASES = Path(__file__).parents[1] / "cases" / "diagnostics"
DECK = "name: Trees\nnamespace: trees\n"
STEP = re.compile(r"(?m)^(?=[@$] )")


def read_cases(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield title, steps and expected output of each case; what precedes the first is prose."""
    blocks = path.read_text("utf-8").split("\n.\n")
    assert not blocks.pop().strip()
    assert len(blocks) % 3 == 0
    for title, steps, expected in zip(blocks[::3], blocks[1::3], blocks[2::3], strict=True):
        yield title.rsplit("\n", 1)[-1], steps, expected


def take_steps(root: Path, steps: str) -> str:
    """Write the files of a case and run its commands; return what `cards check` shows then."""
    (root / "cards").mkdir(parents=True)
    (root / "decks").mkdir()
    if "@ cards/trees/" in steps or "@ decks/trees/" in steps:
        write_file(root, "decks/trees/deck.yaml", "", DECK)
    check = "check"
    for step in STEP.split(f"{steps}\n")[1:]:
        head, _, content = step.partition("\n")
        if head.startswith("@ "):
            path, _, how = head[2:].partition(" ")
            write_file(root, unescape(path).decode(), how, content)
        elif head.startswith("$ cards check"):
            check = head.removeprefix("$ cards ")
        else:
            run(root, head.removeprefix("$ cards "))
    return run(root, check)


def write_file(root: Path, name: str, how: str, content: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    line = content.removesuffix("\n")
    match how.split():
        case ["link", "to", target]:
            path.symlink_to(target)
        case ["pipe"]:
            os.mkfifo(path)
        case ["folder"]:
            path.mkdir()
        case ["removed"]:
            path.unlink()
        case ["repeated", times]:
            path.write_bytes(unescape(line) * int(times))
        case ["escaped"]:
            path.write_bytes(unescape(line))
        case ["of", size, "bytes"]:
            path.write_bytes(unescape(line))
            os.truncate(path, int(size))
        case ["changed"]:
            old, new = (part.strip() for part in line.split(" -> "))
            assert old in path.read_text("utf-8")
            path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
        case ["as", "it", "is"]:
            path.write_text(content, "utf-8")
        case _:
            assert not how
            path.write_text(add_namespace(name, content), "utf-8")


def unescape(text: str) -> bytes:
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")


def run(root: Path, words: str) -> str:
    result = CliRunner().invoke(cards, ["-C", str(root), *words.split()])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    output = result.output.rstrip("\n")
    return f"{output}\nexit {result.exit_code}" if result.exit_code else output


ALL = [(path.stem, *case) for path in sorted(CASES.glob("*.md")) for case in read_cases(path)]

EXPECTED = [expected for _, _, _, expected in ALL]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [case[2:] for case in ALL],
    ids=[f"{topic}: {title}" for topic, title, _, _ in ALL],
)
def test_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: str, expected: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    assert take_steps(tmp_path, steps) == expected


def test_every_code_has_a_case() -> None:
    shown = re.findall(r"(?m)^\S.*: (?:error|warning)\[([a-z0-9-]+)\]: ", "\n".join(EXPECTED))

    assert set(shown) == set(SEVERITIES)


SOUND = {
    "cards/trees/wood.yaml": """\
kind: term
lesson: "1.1"
tags: [wood]
sources: [https://example.com, {url: https://example.com/b, checked: 2026-04-30}]
cards:
  - id: ring
    term: Tree ring
    definition: |
      The layer of **wood** of one year, see [more](https://example.com).
    example: "$x_i$ and \\u00e9"
    reverse: true
    formerly: [year-ring]
  - {id: gaps, kind: cloze, text: "A {{c1::cambium::what?}} and {{c2::wood}}"}
  - id: choice
    kind: choice
    reserved: mock
    question: Which tree has acorns?
    options:
      - right: The oak
        reason: Acorns are its fruit.
      - {wrong: The elm, reason: Its seeds have wings.}
  - {id: sign, kind: sign, sign: Acorns, tree: Oak, objectives: ["1"]}
""",
    "decks/trees/deck.yaml": """\
name: Trees
namespace: trees-k3v9
description: Of the **park**
options: {new_per_day: 20, learning_steps_minutes: [1, 10]}
order: [term, cloze]
checks: {missing-source: off, few-questions: off}
decks:
  - {name: Rings, select: {kind: [term], lesson: "1.1"}}
  - name: Others
    select: {}
""",
    "decks/trees/blueprint.yaml": """\
name: Exam
questions: 20
domains:
  - {id: wood, weight: 100, lessons: [{id: "1.1", title: Rings}]}
objectives:
  - {id: "1", lesson: "1.1", about: Tell a tree}
""",
    "kinds/sign.yaml": """\
anki: {id: 3}
fields:
  sign: {type: inline, required: true, max_words: 9}
  tree: {type: block, label: The tree}
  more: {type: flag}
sides:
  recall: {ask: "Which tree is it? {{sign}}", show: [tree]}
  back: {ask: "{{tree}}", show: [sign], when: more}
""",
    "decks/trees/ledger.jsonl": """\
{"ledger": 1, "pack": "trees", "version": "1.0.0", "released": 1700000000, "decks": ["Trees"]}
{"note_type": "term", "mod": 1, "hash": "", "structure": {"id": 1}}
{"note": "ring", "guid_ref": "trees-k3v9:ring", "kind": "term", "mod": 1, "hash": "", "matter": {}}
""",
}
SIGNS = "[]{}:,-?&*!|>'\"%@`#\t\n\r \\$<(é\x00\x1b\x85\ufeff\u2028\ud7ff\U0001f333"
PIECES = (
    *(": ", "- ", "? ", "\n---\n", "\n  ", "{{", "}}", "::", "[[[", "]]", "[]", "{}", '""', "<b>"),
    *("&a ", "*a", "!!seq ", "<<: ", "null", "1e999", "-1", "![x](", "\\u001b", "$\\frac{"),
)
SPECIAL = st.sampled_from([*SIGNS, *PIECES]).map(str.encode)
EDIT = st.tuples(
    st.floats(0, 1), st.integers(0, 30), SPECIAL | st.binary(max_size=4) | st.just(b"")
)


def test_the_sound_project_is_sound(tmp_path: Path) -> None:
    problems = open_with(tmp_path, {**SOUND, "decks/trees/ledger.jsonl": ""})

    assert [problem.code for problem in problems] == ["ledger-mismatch"]


@pytest.fixture(scope="module")
def warm() -> None:
    """Load what is loaded on first use: it shall not count as one example's time."""
    Renderer().render_block("`code`")


@pytest.mark.usefixtures("warm")
@settings(max_examples=150)
@given(name=st.sampled_from(sorted(SOUND)), edits=st.lists(EDIT, min_size=1, max_size=4))
def test_whatever_a_file_holds_is_told_and_nothing_is_raised(
    name: str, edits: list[tuple[float, int, bytes]]
) -> None:
    raw = SOUND[name].encode()
    for place, length, insertion in edits:
        start = round(place * len(raw))
        raw = raw[:start] + insertion + raw[start + length :]
    with tempfile.TemporaryDirectory() as folder:
        problems = open_with(Path(folder), {**SOUND, name: raw})

    assert problems == sorted(problems, key=lambda problem: problem.sort_key)


def open_with(root: Path, files: Mapping[str, str | bytes]) -> list[Diagnostic]:
    """Open a project of these files, and show its problems in every way."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    project = open_project(root)
    shown = format_text(project.problems, project.texts.line)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)
    (
        json.dumps([*map(as_json, project.problems)], ensure_ascii=False)
        + format_github(project.problems)
    ).encode()
    return project.problems


def test_a_ledger_of_an_older_version_is_read(tmp_path: Path) -> None:
    row = {"note": "oak", "guid_ref": "woods:oak", "kind": "basic", "mod": 1, "matter": {}}
    head = {"ledger": 1, "pack": "woods", "version": "1.0.0", "released": 1, "decks": []}
    lines = [head, {**row, "hash": "7674a781fc38e94c22b2431124029ad5"}]
    path = tmp_path / "ledger.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")

    ledger, problems = read_ledger(path, "trees", "ledger.jsonl")

    assert problems == []
    assert (ledger.pack, ledger.namespace) == ("trees", "woods")
    note = ledger.notes["oak"]
    assert (note.rendering, note.html_hash, note.deck) == (1, "", "")
