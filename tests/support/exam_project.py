"""A second, small exam: two domains, four lessons and its own kind of question."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner, Result

from cardwright.blueprint import Blueprint
from cardwright.item import Item
from cardwright.project.blueprint import parse_blueprint
from cardwright.project.document import Document

BLUEPRINT: Final = """\
name: Forester
questions: 10
minutes: 20
domains:
  - id: wood
    name: Wood
    weight: 60
    lessons: [{id: "a1", title: Rings}, {id: "a2", title: Bark}]
  - id: leaf
    name: Leaves
    weight: 40
    lessons: [{id: "b1", title: Needles}, {id: "b2", title: Autumn}]
objectives:
  - {id: "o1", lesson: "a1", about: Tell the age of a tree}
  - {id: "o2", lesson: "b2", about: Say why leaves fall}
starts: [{id: walker, about: I walk in woods, hours: [2, 5]}]
plans:
  - id: fortnight
    about: A week for each domain
    weeks: [{focus: Wood, lessons: ["a1", "a2"]}, {focus: Leaves, lessons: ["b1", "b2"]}]
last_days: [{days_left: 1, focus: A walk, lessons: []}]
lanes: [{id: autumn, about: Weak in autumn, lessons: ["b2", "a1"]}]
signals:
  - {id: tells-trees, about: You can tell trees apart, measure: {lessons: ["a2"], kinds: [pick]}}
  - {id: calm, about: You are calm}
failure_modes:
  - {id: mixed-up, about: Two trees were mixed up}
  - {id: haste, about: The stem was not read to its end}
"""
TWO_SETS: Final = """
  Official guide:
    - {id: g1, domain: wood, section: Telling trees apart, about: Name a tree}
    - {id: g2, lesson: b2, about: Say why leaves fall}
  Syllabus:
    - {id: s1, lesson: a1, about: Count rings}
"""
"""Objectives of two sets."""
_PICK: Final = """\
anki: {id: 77}
fields:
  stem: {type: block, required: true}
  answers: {type: options, required: true}
sides:
  pick: {ask: "{{stem}}\\n\\n{{answers}}", show: [answers]}
"""
_CARD: Final = """\
  - id: {lesson}-{number}
    kind: {kind}
    lesson: {lesson}
    {question}: Question {number} of {lesson}?
    {options}:
      - {{right: The right one {number}, reason: So it is.}}
      - {{wrong: A wrong one {number}, reason: Not so.}}
      - {{wrong: Another one {number}, reason: Not so either.}}
"""
_TERMS: Final = """\
sources: [https://example.com]
cards:
  - id: ring
    kind: term
    term: Tree ring
    definition: The wood of one year.
    lesson: "a1"
    objectives: ["o1"]
  - {id: stray, kind: basic, question: What is a wood?, answer: Many trees.}
"""


def change_blueprint(**values: str) -> str:
    """Return the text of the exam with other values of its keys, as YAML."""
    text = BLUEPRINT
    for name, value in values.items():
        text, found = re.subn(rf"(?ms)^{name}:.*?(?=^\w|\Z)", f"{name}: {value}\n", text)
        assert found == 1
    return text


def read_blueprint(**values: str) -> Blueprint:
    """Return the exam, with other values of its keys."""
    document = Document("decks/trees/blueprint.yaml", change_blueprint(**values).encode())
    blueprint = parse_blueprint(document, "trees")
    assert document.problems == []
    assert blueprint
    return blueprint


EXAM: Final = read_blueprint()


def make_item(name: str, lesson: str | None, **more: Any) -> Item:
    """Return a prompt of the pack."""
    pack, key = "trees", "recall"
    item = Item(
        key=f"{pack}:{name}/{key}",
        card_ref=f"{pack}:{name}",
        side_name=key,
        pack=pack,
        deck="Trees",
        position=0,
        kind="term",
        lesson=lesson,
        tags=(),
        objectives=(),
    )
    return item._replace(**more)


def make_exam_files(each: int = 5) -> Mapping[str, str]:
    """Return the files of the pack `trees`, with so many questions for each lesson."""
    cards = ["sources: [https://example.com]", "cards:"]
    for lesson in ("a1", "a2", "b1", "b2"):
        # Two kinds of question: one that is built in, one of the project's own.
        kind = "pick" if lesson == "a2" else "choice"
        names = ("stem", "answers") if kind == "pick" else ("question", "options")
        cards += [
            _CARD.format(
                lesson=lesson, number=number, kind=kind, question=names[0], options=names[1]
            ).rstrip("\n")
            for number in range(1, each + 1)
        ]
    return {
        "cards/trees/questions.yaml": "\n".join(cards) + "\n",
        "cards/trees/terms.yaml": _TERMS,
        "decks/trees/blueprint.yaml": BLUEPRINT,
        "decks/trees/deck.yaml": "name: Trees\nnamespace: trees\n",
        "kinds/pick.yaml": _PICK,
    }


def write_exam_project(folder: Path) -> Path:
    """Write the pack's project below a folder; return its root."""
    for name, text in make_exam_files().items():
        path = folder / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder / "project"


def run_exam(project: Path, *words: str, typed: str = "", exit_code: int = 0) -> Result:
    """Run `cards exam` in a project, with its store beside it."""
    from cardwright.cli.main import cards

    store = str(project.parent / "reviews.db")
    line = ["-C", str(project), "exam", *words, "--db", store]
    result = CliRunner().invoke(cards, line, input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exit_code, result.output
    return result


def exam_command(project: Path, *words: str) -> list[str]:
    """Return the command line that runs `cards exam` in a terminal of its own."""
    store = str(project.parent / "reviews.db")
    return [sys.executable, "-m", "cardwright", "-C", str(project), "exam", *words, "--db", store]
