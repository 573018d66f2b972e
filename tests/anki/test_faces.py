"""Question and answer of every kind as Anki renders them, compared with golden cases."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from anki_backend import Anki
from project_files import Run, Write

CASES = Path(__file__).parents[1] / "cases" / "faces.md"
FILE_HEAD = "sources: [https://example.com/wood]\ncards:\n"


def read_cases() -> list[tuple[str, str, str]]:
    """Return title, card and expected faces of every case."""
    found = []
    for part in re.split(r"(?m)^## ", CASES.read_text("utf-8"))[1:]:
        title, rest = part.split("\n", 1)
        card, faces = re.findall(r"(?ms)^````\w+\n(.*?)^````$", rest)
        found.append((title, card, faces))
    return found


def format_faces(anki: Anki, note_id: str) -> str:
    """Return every card's question and answer, without the script that shuffles options."""
    parts = []
    for number, faces in enumerate(anki.faces(note_id), 1):
        for name, html in zip(("question", "answer"), faces, strict=True):
            shown = re.sub(r"(?s)<script>.*?</script>\n?", "<script>…</script>\n", html)
            parts.append(f"<!-- {number}: {name} -->\n{shown.strip()}\n")
    return "".join(parts)


@pytest.mark.parametrize(
    ("card", "expected"), [pytest.param(*case[1:], id=case[0]) for case in read_cases()]
)
def test_faces(write: Write, run: Run, anki: Anki, project: Path, card: str, expected: str) -> None:
    write(
        {
            "cards/trees/wood.yaml": FILE_HEAD + card,
            "decks/trees/blueprint.yaml": "name: Exam\ndomains:\n  - id: wood\n    weight: 100\n"
            '    lessons: [{id: "1.1", title: Rings & <bark>}]\n'
            'objectives: [{id: "7", lesson: "1.1", about: Count}]\n',
        }
    )
    run("build")
    anki.import_package(project / "build" / "trees.apkg")

    (note_id,) = anki.notes()
    assert format_faces(anki, note_id) == expected
