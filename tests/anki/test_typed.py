"""Typed answers in Anki: where its box and its comparison are, tested with its own backend."""

from __future__ import annotations

from pathlib import Path

from anki_backend import Anki
from project_files import Run, Write
from typing_deck import FILES


def test_the_box_is_on_the_question_and_the_comparison_on_the_answer(
    write: Write, run: Run, project: Path, anki: Anki
) -> None:
    accents = FILES["kinds/word.yaml"].replace("ignore: [case]", "ignore: [case, accents]")
    write({**FILES, "kinds/word.yaml": accents.replace("kind: word", "kind: loose")})
    run("build")
    anki.import_package(project / "build" / "trees.apkg")

    for note_id, box in (
        ("trees:kaki", "[[type:nc:Meaning]]"),
        ("trees:gap", "[[type:cloze:Text]]"),
    ):
        for question, answer in anki.faces(note_id):
            assert question.count(box) == answer.count(box) == 1
            assert answer.index("answer") < answer.index(box)
    # Anki compares with the text of the field, without its HTML.
    expected = anki.notes()["trees:kaki"]["Meaning"]
    assert "typeBad" not in anki.col.compare_answer(expected, "the kaki tree", False)  # noqa: FBT003
    assert "typeBad" in anki.col.compare_answer(expected, "the kaki tree")
