"""The format of a deck is recognised by what is in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cardwright.app.adopt.formats import Format, open_deck, recognize
from cardwright.error import CardwrightError


def write(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("files", "format"),
    [
        ({"deck.json": "{}"}, Format.CROWDANKI),
        ({".obsidian/app.json": "{}", "a.md": "text"}, Format.OBSIDIAN),
        ({"README.md": "text", "a.md": "Q: a\nA: b\n"}, Format.HASHCARDS),
        ({"a.md": "text", "sub/b.md": "---\ntags: flashcards\n---\na::b\n"}, Format.OBSIDIAN),
    ],
)
def test_folders_are_recognised(tmp_path: Path, files: dict[str, str], format: Format) -> None:
    assert recognize(write(tmp_path / "x", files)) is format


@pytest.mark.parametrize(
    ("name", "text", "format"),
    [
        ("words.csv", "a,b\n", Format.TABLE),
        ("notes.txt", "#separator:tab\na\tb\n", Format.TABLE),
        ("words", "a;b\n", Format.TABLE),
        ("x.md", "C: [a]\n", Format.HASHCARDS),
        ("x.md", "#flashcards\na::b\n", Format.OBSIDIAN),
        ("deck.json", "{}", Format.CROWDANKI),
        ("deck.apkg.txt", "PK\x03\x04", Format.ANKI),
        ("collection", "SQLite format 3\0" + "\0" * 84, Format.ANKI),
    ],
)
def test_files_are_recognised(tmp_path: Path, name: str, text: str, format: Format) -> None:
    assert recognize(write(tmp_path, {name: text}) / name) is format


def test_a_note_of_a_vault_belongs_to_obsidian(tmp_path: Path) -> None:
    write(tmp_path, {".obsidian/app.json": "{}", "n/a.md": "a::b"})
    assert recognize(tmp_path / "n" / "a.md") is Format.OBSIDIAN
    assert recognize(tmp_path / "n") is Format.OBSIDIAN


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "there is no"),
        ("empty", "no deck that can be adopted"),
        ("book.xlsx", "save it as CSV"),
        ("page.md", "no cards of hashcards"),
        ("pipe", "not a regular file"),
    ],
)
def test_what_is_no_deck_is_refused_with_what_is_supported(
    tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path, {"book.xlsx": "PK\x03\x04", "page.md": "# Text\n"})
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CardwrightError) as caught, open_deck(tmp_path / name):
        pass
    assert message in str(caught.value)


def test_columns_are_named_in_tables_only(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": "x,y\na,b\n", "a.md": "C: [a]\n"})
    with open_deck(tmp_path / "a.csv", ["front=y,back=x"]) as incoming:
        assert [note.fields for note in incoming.read_notes()] == [("b", "a")]
    with (
        pytest.raises(CardwrightError, match="is no table"),
        open_deck(tmp_path / "a.md", ["front=y"]),
    ):
        pass
    with (
        pytest.raises(CardwrightError, match="is not FIELD=COLUMN"),
        open_deck(tmp_path / "a.csv", ["colour=y"]),
    ):
        pass
