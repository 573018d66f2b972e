"""`cards review` in a window, on a small project with a card of every kind."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pty_driver import PtyProgram

KINDS: Final = ("term", "instinct", "objective", "basic", "cloze", "choice", "route")
NOW: Final = "2026-03-02T09:00:00+00:00"
CARDS: Final = """\
lesson: "1.1"
cards:
  - id: ring
    kind: term
    term: Tree *ring*
    definition: The wood of **one** year.
    example: |
      - wide: a good year
      - narrow: a dry one
    contrast: Bark keeps no years.
    sources: [https://example.com/rings]

  - id: water
    kind: instinct
    failure: Watering a plant whenever a leaf hangs.
    instinct: Feel the soil first; water only when it is dry a finger deep.
    why: Roots that drown make leaves hang as well, and more water kills them.

  - id: age
    kind: objective
    objective: "7"
    question: How would you tell a tree's age without felling it?
    points:
      - Take a core with an increment borer.
      - Count the rings.
      - Correct for the height of the hole.

  - id: table
    kind: basic
    question: |
      Which of these trees keeps its leaves?

      | tree | leaves |
      |:-----|-------:|
      | oak  | 250 000 |
      | yew  | needles, for eight years |
    answer: |
      The yew. Its needles follow $t_{1/2} = \\frac{\\ln 2}{\\lambda}$:

      ```python
      def needles(year: int) -> float:
          return 0.5 ** (year / 8)  # what is left
      ```

  - id: bark
    kind: cloze
    text: Bark carries {{c1::nothing::what?}}, the [{{c2::sapwood}}](https://example.com/sapwood) water.

  - id: maple
    kind: choice
    question: A maple stands in wet clay and its leaves yellow in July. What do you do first?
    options:
      - right: Loosen the soil so that air gets to the roots.
        reason: Roots in wet clay lack oxygen, and yellow leaves are the first sign.
      - wrong: Water it more often until autumn.
        reason: It takes the last air from the roots.
      - wrong: Cut the crown back by a third.
        reason: It weakens the tree and leaves the cause.

  - id: dendro
    kind: route
    about: rings, cores and the age of wood
    go: Dendrochronology
    cues: [increment borer, cross-dating]
"""
FILES: Final = {
    "cards/trees/trees.yaml": CARDS,
    "decks/trees/blueprint.yaml": "name: Exam\ndomains:\n  - id: wood\n    weight: 100\n"
    '    lessons: [{id: "1.1", title: Rings}]\n'
    'objectives: [{id: "7", lesson: "1.1", about: Count}]\n',
}

FULL: Final = """
from cardwright.study.error import StoreFullError
from cardwright.study.store import Store
add, left = Store.add, [None]
def fail_once(store, review):
    if left:
        left.pop()
        raise StoreFullError("the store has no room left to grow.\\n  help: free some space")
    add(store, review)
Store.add = fail_once
from cardwright.cli.main import main; main()
"""
"""`cards` on a disk that is full for one review."""

LATE: Final = """
import select, sys
from cardwright.cli import review
said = review._print_end
def say_late(*args, **more):
    said(*args, **more)
    print("type now", flush=True)
    select.select([sys.stdin], [], [])
review._print_end = say_late
from cardwright.cli.main import main; main()
"""
"""`cards`, which takes until a line is typed to end."""


def pipe(project: Path, typed: str, *words: str) -> str:
    """Review with lines from a pipe; return what was printed."""
    program = "from cardwright.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "-C", str(project), "review", *words],
        input=typed,
        env={**os.environ, "CARDS_DB": str(store_of(project)), "CARDS_NOW": NOW, "TZ": "UTC"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stderr == ""
    assert all(character.isprintable() or character == "\n" for character in done.stdout)
    return done.stdout


def review(
    project: Path,
    *words: str,
    size: tuple[int, int] = (80, 24),
    environ: Mapping[str, str] | None = None,
    program: str = "from cardwright.cli.main import main; main()",
) -> PtyProgram:
    """Start `cards review` in a window, at NOW, on the store beside the project."""
    return PtyProgram(
        [sys.executable, "-c", program, "-C", str(project), "review", *words],
        columns=size[0],
        lines=size[1],
        environ={
            "CARDS_DB": str(store_of(project)),
            "CARDS_NOW": NOW,
            "TZ": "UTC",
            **(environ or {}),
        },
    )


def click(program: PtyProgram, text: str, *, below: int = 0) -> None:
    """Click on a text of the window, or on what is some rows below it."""
    row = next(number for number, line in enumerate(program.lines) if text in line)
    column = program.lines[row].index(text)
    program.type(f"\x1b[<0;{column + 1};{row + 1 + below}M\x1b[<0;{column + 1};{row + 1 + below}m")


def store_of(project: Path) -> Path:
    """Return where the store lies."""
    return project.parent / "store" / "reviews.db"


def read_acts(project: Path) -> list[tuple[str, str, int | None]]:
    """Return prompt, act and rating of every review in the store, in order."""
    return _select(project, "select prompt, act, rating from reviews order by id")


def read_memories(project: Path) -> list[tuple[Any, ...]]:
    """Return what is believed of each prompt that anything is believed of, by prompt."""
    return _select(
        project,
        "select prompt, state, reps, lapses, stability, due_at_ms, is_suspended, is_flagged,"
        " buried_day from memories order by prompt",
    )


def _select(project: Path, sql: str) -> list[Any]:
    connection = sqlite3.connect(store_of(project))
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()
