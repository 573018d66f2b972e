"""The deck in `examples/`, to be copied: it is clean, small, and reaches Anki with all its sounds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from anki.cards import Card
from anki.sound import SoundOrVideoTag

from anki_backend import Anki
from cardwright.project.load import load
from project_files import Run

ROOT = Path(__file__).parents[2]
SPANISH = ROOT / "examples" / "spanish"
MAX_BYTES = 1_500_000
WORDS, NUMBERS = 80, 20


@pytest.fixture
def spanish(tmp_path: Path) -> Path:
    """A copy, as somebody makes it who starts a deck from it."""
    return shutil.copytree(
        SPANISH, tmp_path / "spanish", ignore=shutil.ignore_patterns("build", "__pycache__")
    )


def list_sounds(card: Card) -> tuple[set[str], set[str]]:
    """The files that Anki plays on the question, and on the answer."""
    output = card.render_output()
    question, answer = (
        {tag.filename for tag in tags if isinstance(tag, SoundOrVideoTag)}
        for tags in (output.question_av_tags, output.answer_av_tags)
    )
    return question, answer


def test_the_example_is_clean_small_and_no_part_of_this_project(run: Run, spanish: Path) -> None:
    assert run("check", "--strict", "--json", folder=spanish).stdout == "[]\n"
    files = [path for path in spanish.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MAX_BYTES

    packs = {card.pack for card in load(ROOT)[0].heads}
    own, _ = load(spanish)
    assert not packs & {card.pack for card in own.heads}
    deck = own.decks["spanish"]
    assert deck.namespace not in (packs | {"spanish"})


def test_every_card_of_the_example_reaches_anki_with_its_sound(
    run: Run, spanish: Path, anki: Anki
) -> None:
    run("build", folder=spanish)
    package = spanish / "build" / "spanish.apkg"

    imported = anki.import_package(package)

    assert (len(imported.new), len(imported.conflicting)) == (WORDS + NUMBERS, 0)
    decks = {deck.name for deck in anki.col.decks.all_names_and_ids()}
    assert {"Spanish, first words::2 Numbers", "Spanish, first words::8 Verbs"} < decks
    played = set()
    for note in anki.notes().values():
        first, second = note.cards()
        asked, told = zip(list_sounds(first), list_sounds(second), strict=True)
        (sound,) = told[0]
        played.add(sound)
        is_number = "kind::number" in note.tags
        # A word is heard with its answer; a number is also asked by its sound.
        assert asked == (set(), {sound} if is_number else set())
        assert told == ({sound}, {sound})
        assert ("[[type:" in first.question()) is is_number
    assert len(played) == WORDS + NUMBERS
    folder = Path(anki.col.media.dir())
    assert played < {path.name for path in folder.iterdir()}
    found = anki.col.media.check()
    assert (list(found.missing), list(found.unused)) == ([], [])
    assert "una rosa roja" in anki.faces("spanish-e7k2:rojo")[0][1]
    assert "<svg" not in anki.notes()["spanish-e7k2:rojo"]["Image"]

    before = anki.scheduling()
    again = anki.import_package(package)

    assert (again.new, again.updated, again.conflicting) == (set(), set(), set())
    assert anki.scheduling() == before


def test_the_preview_plays_every_word_of_the_example(run: Run, spanish: Path) -> None:
    run("preview", folder=spanish)

    page = (spanish / "build" / "preview.html").read_text("utf-8")
    assert page.count("<audio") == 2 * WORDS + 3 * NUMBERS
    assert page.count("<img") == 2 * len(list(spanish.rglob("*.svg")))


def run_sounds(folder: Path) -> list[str]:
    """Run the script as somebody does who has only the command `cards`, as pipx installs it."""
    commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    made = subprocess.run(
        [sys.executable, "-S", str(folder / "sounds.py")],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PATH": commands, "PYTHONIOENCODING": "utf-8"},
        check=True,
    )
    return made.stdout.splitlines()


def test_the_script_of_the_example_speaks_what_has_no_sound_yet(run: Run, spanish: Path) -> None:
    assert run_sounds(spanish) == []
    if not (shutil.which("espeak-ng") and shutil.which("lame")):
        pytest.skip("espeak-ng and lame are not installed")
    media = spanish / "cards" / "spanish" / "media"
    (media / "hola.mp3").unlink()
    greetings = media.parent / "greetings.yaml"
    text = greetings.read_text("utf-8")
    greetings.write_text(text.replace("media/hola.mp3", "media/¡Olé_2!.mp3"), "utf-8")

    assert run_sounds(spanish) == ["cards/spanish/media/¡Olé_2!.mp3"]

    assert run("check", "--strict", "--json", folder=spanish).stdout == "[]\n"
