"""Images, sounds and videos in real Anki: it packs, finds and plays them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from anki.cards import Card
from anki.media import media_paths_from_col_path
from anki.sound import SoundOrVideoTag

from anki_backend import Anki
from media_files import JPEG, MP3, MP4, PNG, TAGGED_MP3, WAV
from project_files import Run, Write

CARDS = """\
kind: basic
sources: [https://example.com]
cards:
  - id: heard
    question: "Listen: ![a tree, in Spanish](media/árbol.mp3)"
    answer: |
      | said | seen |
      |------|------|
      | ![](media/slow.wav) | ![felling](media/fell.mp4) |

      - ![](media/oak.png)
    extra: "![](media/tagged.mp3) [sound:forged.mp3] ![[sound:alt.mp3]](media/slow.wav)"
  - id: gap
    kind: cloze
    text: "Hear {{c1::![](media/árbol.mp3)::a word}}, then {{c2::`it`}} ![](media/slow.wav)."
  - id: which
    kind: choice
    question: "Which word is it? ![](media/slow.wav)"
    options:
      - {right: "![](media/árbol.mp3)", reason: "Hear ![](media/tagged.mp3)."}
      - {wrong: roble, reason: That is an oak.}
"""
FILES = {
    "árbol.mp3": MP3,
    "slow.wav": WAV,
    "fell.mp4": MP4,
    "oak.png": PNG,
    "tagged.mp3": TAGGED_MP3,
}


@pytest.fixture
def media(project: Path) -> Path:
    folder = project / "cards" / "trees" / "media"
    folder.mkdir(parents=True)
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return folder


def name_of(data: bytes, ending: str) -> str:
    return f"cardwright-{hashlib.sha256(data).hexdigest()[:16]}{ending}"


ARBOL, SLOW, FELL, TAGGED = (
    name_of(MP3, ".mp3"),
    name_of(WAV, ".wav"),
    name_of(MP4, ".mp4"),
    name_of(TAGGED_MP3, ".mp3"),
)


def sounds(card: Card) -> tuple[list[str], list[str]]:
    """The files that Anki plays on the question side and on the answer side."""
    output = card.render_output()
    sides = (output.question_av_tags, output.answer_av_tags)
    question, answer = (
        [tag.filename for tag in tags if isinstance(tag, SoundOrVideoTag)] for tags in sides
    )
    return question, answer


@pytest.mark.usefixtures("media")
def test_anki_plays_the_sounds_of_each_side_and_misses_none(
    anki: Anki, run: Run, write: Write, project: Path
) -> None:
    write({"cards/trees/heard.yaml": CARDS})
    run("build", "trees")
    anki.import_package(project / "build" / "trees.apkg")
    made = {name: note.cards() for name, note in anki.notes().items()}
    (heard,), (first, second), (which,) = (
        made[f"trees:{name}"] for name in ("heard", "gap", "which")
    )

    # The answer side repeats the question, and Anki plays it again.
    assert sounds(heard) == ([ARBOL], [ARBOL, SLOW, FELL, TAGGED, SLOW])
    text = heard.render_output().answer_text
    assert 'role="group" aria-label="a tree, in Spanish"' in text
    assert "&#91;sound:forged.mp3]" in text
    # A sound in a deletion is played once it is revealed, or when another one is asked.
    assert sounds(first) == ([SLOW], [ARBOL, SLOW])
    assert sounds(second) == ([ARBOL, SLOW], [ARBOL, SLOW])
    # The reasons are in the question, hidden: their sounds wait to be started.
    assert sounds(which) == ([SLOW, ARBOL], [SLOW, ARBOL])
    assert (
        f'<audio controls preload="none" src="{TAGGED}"></audio>'
        in anki.notes()["trees:which"]["Options"]
    )
    folder = Path(media_paths_from_col_path(anki.col.path)[0])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        ARBOL: MP3,
        SLOW: WAV,
        FELL: MP4,
        TAGGED: TAGGED_MP3,
        name_of(PNG, ".png"): PNG,
    }
    found = anki.col.media.check()
    assert (list(found.missing), list(found.unused)) == ([], [])


def test_a_file_gets_the_ending_of_its_content_and_keeps_a_right_one(
    anki: Anki, run: Run, write: Write, project: Path, media: Path
) -> None:
    for name, data in (("a.JPEG", JPEG), ("b.png", JPEG), ("c.mp3", WAV), ("d.bin", MP3)):
        (media / name).write_bytes(data)
    texts = " ".join(f"![](media/{name})" for name in ("a.JPEG", "b.png", "c.mp3", "d.bin"))
    card = f"kind: basic\nsources: [https://e.com]\ncards: [{{id: a, question: Q, answer: '{texts}'}}]\n"
    write({"cards/trees/a.yaml": card})
    run("build", "trees")
    anki.import_package(project / "build" / "trees.apkg")

    answer = anki.notes()["trees:a"]["Answer"]

    assert f'<img src="{name_of(JPEG, ".jpeg")}" alt="">' in answer
    assert f'<img src="{name_of(JPEG, ".jpg")}" alt="">' in answer
    assert f"[sound:{SLOW}]" in answer
    assert f"[sound:{ARBOL}]" in answer


def test_another_recording_under_the_same_name_updates_the_note(
    anki: Anki, run: Run, write: Write, project: Path, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"cards/trees/heard.yaml": CARDS})
    for moment, data in ((1_700_000_000, MP3), (1_700_000_100, MP3 + MP3)):
        (media / "árbol.mp3").write_bytes(data)
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(moment))
        run("release", "trees")
        imported = anki.import_package(project / "build" / "trees.apkg")

    assert len(imported.updated) == 3
    assert name_of(MP3 + MP3, ".mp3") in anki.notes()["trees:heard"]["Question"]
