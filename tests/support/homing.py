"""The home screen and others in a window, on projects beside a store, and files of what they show."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

from click.testing import CliRunner

from cardwright.cli.main import cards
from project_files import change_file
from pty_driver import PtyProgram
from reviewing import NOW, store_of

_PROGRAM: Final = "from cardwright.cli.main import main; main()"
_CASE: Final = re.compile(r"## \w+ \((\d+)x(\d+), `([^`]*)`\)\n\n```text\n(.*?)\n```", re.DOTALL)
Steps = list[tuple[str, str]]
"""Groups of keys, each with the window after it."""


def read_cases(path: Path) -> list[tuple[tuple[int, int], Steps]]:
    """Return the size of each window, and what it shows step by step."""
    found = _CASE.findall(path.read_text("utf-8"))
    return [
        ((int(columns), int(lines)), [(keys, text) for *_, keys, text in cases])
        for (columns, lines), cases in groupby(found, key=lambda case: case[:2])
    ]


def check_steps(program: PtyProgram, steps: Steps) -> None:
    """A window shows what it should, step by step."""
    for keys, expected in steps:
        program.type(
            keys.replace("·", " ").replace("⇥", "\t").replace("⎋", "\x1b").replace("⏎", "\r")
        )
        program.wait_until(
            lambda expected=expected: program.text.rstrip() == expected.rstrip(),  # type: ignore[misc]
            f"this:\n{expected}\n",
        )
    program.type("\x03")
    assert program.wait_for_exit() == 0


def open_home(
    folder: Path,
    *words: str,
    size: tuple[int, int] = (80, 24),
    environ: Mapping[str, str] | None = None,
    store: Path | None = None,
    program: str = _PROGRAM,
    is_named: bool = True,
) -> PtyProgram:
    """Start `cards` alone in a window, at NOW, on the store beside the folder.

    It works in that folder if it is not told the folder's name.
    """
    return PtyProgram(
        [sys.executable, "-c", program, *(("-C", str(folder)) if is_named else ()), *words],
        folder=folder,
        columns=size[0],
        lines=size[1],
        environ={
            "CARDS_DB": str(store or store_of(folder)),
            "CARDS_NOW": NOW,
            "TZ": "UTC",
            **(environ or {}),
        },
    )


def know_projects(folder: Path, name: str, media: Mapping[str, bytes]) -> Path:
    """Make projects known whose packs, cards and media are called the same; return a folder beside.

    Each has one media file of this `name`.
    """
    beside = folder / "beside"
    beside.mkdir()
    for project, content in media.items():
        root = folder / project
        card = f'{{id: it, question: "In the {project}: ![](media/{name})", answer: Yes.}}'
        change_file(root, "cards/pack/it.yaml", f"kind: basic\ncards:\n  - {card}\n")
        change_file(root, f"cards/pack/media/{name}", content)
        change_file(root, "decks/pack/deck.yaml", f"name: {project}\nnamespace: {project}\n")
        words = ["-C", str(root), "due", "--db", str(store_of(beside))]
        assert not CliRunner().invoke(cards, words).exit_code
    return beside
