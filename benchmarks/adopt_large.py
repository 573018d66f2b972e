"""A package of thousands of notes and hundreds of megabytes, and the work that no reader can avoid."""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Final

import genanki

from subscriber import subscribed
from wild_notes import make_html, make_png

_FIELDS: Final = (
    "Word",
    "Reading",
    "Meaning",
    "Example",
    "Translation",
    "Picture",
    "Sound",
    "Notes",
)
_PIECE: Final = 1 << 20


def write_large_package(path: Path, folder: Path, notes: int, media_mb: int) -> None:
    """Write a package; half of the notes have a picture, and half of these a sound."""
    dice = random.Random(1)
    count = notes // 2
    size = media_mb * 1_000_000 // max(count, 1)
    media = []
    for number in range(count):
        name = f"picture {number}.png" if number % 2 else f"sound_{number}.mp3"
        head = make_png(number) if number % 2 else b"ID3\x03\x00\x00\x00\x00\x00\x00"
        (folder / name).write_bytes(head + dice.randbytes(max(size - len(head), 0)))
        media.append(name)
    model = genanki.Model(
        1_700_000_000_001,
        "Words",
        fields=[{"name": name} for name in _FIELDS],
        templates=[
            {
                "name": "Card 1",
                "qfmt": "{{Word}}",
                "afmt": "{{FrontSide}}<hr>{{Meaning}}{{Picture}}",
            },
            {"name": "Card 2", "qfmt": "{{Meaning}}", "afmt": "{{FrontSide}}<hr>{{Word}}{{Sound}}"},
        ],
        css=".card { font-size: 20px; text-align: center }",
    )
    decks = [genanki.Deck(1_700_000_000_100 + n, f"Large::Part {n + 1}") for n in range(20)]
    for number in range(notes):
        texts = [
            make_html(dice, ["none.png"]).replace("none.png", "picture 1.png") for _ in _FIELDS
        ]
        texts = [text.replace("[sound:oak.mp3]", "") for text in texts]
        texts[0] = f"word {number}"
        has_file = number < count
        texts[5] = f'<img src="picture {number}.png">' if has_file and number % 2 else ""
        texts[6] = f"[sound:sound_{number}.mp3]" if has_file and not number % 2 else ""
        note = genanki.Note(model, texts, tags=[f"part{number % 7}"], guid=f"large-{number}")
        decks[number * len(decks) // notes].add_note(note)
    package = genanki.Package(decks, [str(folder / name) for name in media])
    package.write_to_file(str(path), timestamp=1_600_000_000)


def time_floor(package: Path) -> float:
    """Return how long it takes to unpack all members, and to read all notes and cards."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        with zipfile.ZipFile(package) as archive:
            for name in archive.namelist():
                with archive.open(name) as source, Path(folder, name).open("wb") as target:
                    while piece := source.read(_PIECE):
                        target.write(piece)
        database = sqlite3.connect(Path(folder, "collection.anki2"))
        for row in database.execute("select guid, mid, mod, tags, flds from notes"):
            row[4].split("\x1f")
        database.execute("select nid, did, ord from cards").fetchall()
        database.close()
        return time.perf_counter() - start


def time_anki(package: Path, folder: Path) -> float:
    """Return how long Anki itself takes to import a package."""
    with subscribed(folder) as reader:
        start = time.perf_counter()
        reader.take(package)
        return time.perf_counter() - start
