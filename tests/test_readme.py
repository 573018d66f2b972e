"""The README's example of the library runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from project_files import Write

README = Path(__file__).parents[1] / "README.md"
CARDS = """
cards:
  - {id: oak, kind: basic, question: Which tree?, answer: An oak.}
  - {id: elm, kind: basic, question: Which other?, answer: An elm.}
  - {id: ash, kind: basic, question: Which third?, answer: An ash.}
  - {id: fir, kind: basic, question: Which fourth?, answer: A fir.}
"""


def test_the_library_example_answers_three_cards(write: Write) -> None:
    example = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)[-1]
    project = write({"cards/trees/wood.yaml": CARDS})

    done = subprocess.run(
        [sys.executable, "-c", example], cwd=project, capture_output=True, text=True, check=True
    )

    lines = done.stdout.splitlines()
    assert lines[::2] == ["trees:oak/recall", "trees:elm/recall", "trees:ash/recall"]
    assert lines[1] == "learning 2.3065"
    assert (project / "build" / "reviews.db").is_file()
