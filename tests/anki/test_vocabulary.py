"""Forty words with recordings and pictures: from `cards init` to Anki, and to a review."""

from __future__ import annotations

from pathlib import Path

from anki.sound import SoundOrVideoTag

from anki_backend import Anki
from media_files import MP3, PNG
from project_files import Run
from reviewing import read_acts, review

WORDS = [
    *zip(
        [
            "el árbol",
            "la hoja",
            "la raíz",
            "el tronco",
            "la rama",
            "sí",
            "si",
            "té",
            "te",
            "el año",
        ],
        [
            "the tree",
            "the leaf",
            "the root",
            "the trunk",
            "the branch",
            "yes",
            "if",
            "tea",
            "you (object)",
            "the year",
        ],
        strict=True,
    ),
    *zip(
        ["木", "葉", "根", "幹", "枝", "花", "森", "川", "山", "犬"],
        [
            "tree",
            "leaf (Japanese)",
            "root",
            "trunk",
            "branch",
            "flower",
            "forest",
            "river",
            "mountain",
            "dog",
        ],
        strict=True,
    ),
    *zip(
        ["עץ", "עלה", "שורש", "ענף", "פרח", "יער", "נהר", "הר", "כלב", "חתול"],
        [
            "a tree",
            "a leaf",
            "a root",
            "a branch",
            "a flower",
            "a forest",
            "a river",
            "a mountain",
            "a dog",
            "a cat",
        ],
        strict=True,
    ),
    *zip(
        ["дерево", "лист", "корень", "ветка", "цветок", "лес", "река", "гора", "собака", "кошка"],
        ["timber", "sheet", "base", "twig", "blossom", "wood", "stream", "hill", "hound", "kitty"],
        strict=True,
    ),
]
READINGS = {"木": "き", "葉": "は", "根": "ね", "犬": "いぬ"}


def write_words(folder: Path) -> None:
    """Write the words as cards, each with its own recording and picture."""
    (folder / "media").mkdir()
    lines = ["kind: vocabulary", "cards:"]
    for number, (word, translation) in enumerate(WORDS, 1):
        # Each file has another content, behind what makes it a sound or a picture.
        (folder / "media" / f"{word}.mp3").write_bytes(MP3 + bytes([number]))
        (folder / "media" / f"picture {number}.png").write_bytes(PNG + bytes([number]))
        lines += [
            f"  - id: word-{number}",
            f"    word: {word}",
            f"    translation: {translation}",
            *([f"    reading: {READINGS[word]}"] if word in READINGS else []),
            f'    audio: "![](<media/{word}.mp3>)"',
            f'    image: "![](<media/picture {number}.png>)"',
            "    example: |",
            f"      {word} — **{translation}**.",
        ]
    (folder / "words.yaml").write_text("\n".join(lines) + "\n", "utf-8")


def test_forty_words_reach_anki_and_the_terminal(run: Run, anki: Anki, tmp_path: Path) -> None:
    run("init", "idiomas", "--template", "language", folder=tmp_path)
    root = tmp_path / "idiomas"
    write_words(root / "cards" / "idiomas")

    assert len(WORDS) == 40
    assert run("check", "--strict", "--json", folder=root).stdout == "[]\n"

    run("build", folder=root)
    imported = anki.import_package(root / "build" / "idiomas.apkg")
    assert (len(imported.new), len(imported.conflicting)) == (40, 0)
    played = set()
    for note in anki.notes().values():
        recall, reverse = note.cards()
        (heard,) = recall.answer_av_tags()
        assert reverse.answer_av_tags() == [heard]
        assert not recall.question_av_tags()
        assert not reverse.question_av_tags()
        assert "<img src=" in recall.answer()
        assert isinstance(heard, SoundOrVideoTag)
        played.add(heard.filename)
    assert len(played) == 40
    files = {path.name for path in Path(anki.col.media.dir()).iterdir()}
    assert played < files
    assert len(files) == 80

    with review(root) as program:
        for _ in range(3):
            program.wait_for("space")
            program.type(" ")
            program.wait_for("Again")
            program.type("3")
        program.wait_for("undo")
        program.type("q")
        program.wait_for_exit()
    assert [(act, rating) for _, act, rating in read_acts(root)] == [("answer", 3)] * 3
