"""The home screen in a window, on projects beside a store."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from click.testing import CliRunner

from cardwright.cli.main import cards
from project_files import change_file
from pty_driver import PtyProgram
from reviewing import NOW, store_of

_PROGRAM: Final = "from cardwright.cli.main import main; main()"


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
