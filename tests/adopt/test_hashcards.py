"""Decks of hashcards, as its documentation describes them."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.adopt.error import AdoptError
from cardwright.adopt.hashcards import read_hashcards, write_gaps
from cardwright.incoming import Incoming, IncomingNote
from cardwright.markdown.cloze import find_deletions


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def read(folder: Path, files: dict[str, str]) -> tuple[Incoming, list[IncomingNote]]:
    incoming = read_hashcards(write(folder, files))
    return incoming, list(incoming.read_notes())


def test_questions_and_gaps_of_a_folder(tmp_path: Path) -> None:
    incoming, notes = read(
        tmp_path / "Trees",
        {
            "Wood.md": "Q: What is *bast*?\nA:\n\n- inner bark\n- fibres\n\n\nC:\nBast is\n[inner] [bark].\n"
            "---\nC: A [ring] grows\nQ: b\nA: c\n",
            "sub/Leaves.md": '---\nname = "Leaf  forms"\n---\n\nQ: one\nA: two\n',
            "README.md": "# Not a deck\n",
            "macros.tex": "\\R \\mathbb{R}\n",
        },
    )
    assert list(incoming.decks) == ["Trees", "Trees::Wood", "Trees::Leaf forms"]
    assert [(note.type, note.fields, note.place, note.deck) for note in notes] == [
        ("basic", ("What is *bast*?", "- inner bark\n- fibres"), "Wood.md:1", "Trees::Wood"),
        ("cloze", ("Bast is\n{{c1::inner}} {{c2::bark}}.",), "Wood.md:8", "Trees::Wood"),
        ("cloze", ("A {{c1::ring}} grows",), "Wood.md:12", "Trees::Wood"),
        ("basic", ("b", "c"), "Wood.md:13", "Trees::Wood"),
        ("basic", ("one", "two"), "sub/Leaves.md:5", "Trees::Leaf forms"),
    ]
    assert [(loss.what, loss.first) for loss in incoming.losses] == [
        ("files without cards", "README.md")
    ]


def test_a_single_file_is_a_deck_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, {"Wood.md": "Q: a\nA: b\nQ: a\nA: b\n", "Other.md": "Q: x\nA: y\n"})
    incoming = read_hashcards(tmp_path / "Wood.md")
    assert (incoming.name, list(incoming.decks), incoming.note_count) == ("Wood", ["Wood"], 1)
    assert [loss.what for loss in incoming.losses] == ["cards that occur a second time"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[a] and [b c]", "{{c1::a}} and {{c2::b c}}"),
        ("![alt](x.png) [a]", "![alt](x.png) {{c1::a}}"),
        (r"\[not\] [a]", "[not] {{c1::a}}"),
        ("[a [b] c]", "a {{c1::b}} c"),
        ("[$x_{1}$] [std::map] [a}b]", "{{c1::$x_{1}$}} {{c2::std\\::map}} {{c3::a\\}b}}"),
        (r"[\(\frac{1}{2}\)]", r"{{c1::\(\frac{1}{2}\)}}"),
        ("$[x]^2$ `[y]`", "${{c1::x}}^2$ `{{c2::y}}`"),
        ("[] [a]", " {{c1::a}}"),
        ("open [a", "open a"),
        ("a] [b]", "a {{c1::b}}"),
    ],
)
def test_gaps_are_where_hashcards_has_them(written: str, expected: str) -> None:
    assert write_gaps(written) == expected


@given(answers=st.lists(st.text("ab :{}*é", min_size=1, max_size=8).filter(str.strip), max_size=5))
def test_every_answer_in_brackets_is_asked(answers: list[str]) -> None:
    deletions, problems = find_deletions(write_gaps("x".join(f"[{answer}]" for answer in answers)))
    assert [deletion.numbers for deletion in deletions] == [
        (number,) for number in range(1, len(answers) + 1)
    ]
    shown = [re.sub(r"\\([:{}])", r"\1", deletion.text) for deletion in deletions]
    assert shown == answers
    assert not any(deletion.hint for deletion in deletions)
    assert not problems or not answers


def test_media_are_found_beside_the_deck_and_from_the_root(tmp_path: Path) -> None:
    outside = write(tmp_path, {"secret.png": "x"})
    folder = tmp_path / "cards"
    text = (
        "Q: ![](pictures/a.png) ![](@/b.png) ![](../b.png)\n"
        "A: ![no](../../secret.png) ![no](link.png) ![sound](c%20d.mp3)\n"
    )
    write(folder, {"art/Art.md": text, "art/pictures/a.png": "A", "b.png": "B", "art/c d.mp3": "C"})
    (folder / "art" / "link.png").symlink_to(outside / "secret.png")
    incoming = read_hashcards(folder)
    (note,) = incoming.read_notes()
    assert note.fields == (
        "![](art/pictures/a.png) ![](b.png) ![](b.png)",
        "no no ![sound](<art/c d.mp3>)",
    )
    assert list(incoming.media) == ["art/pictures/a.png", "b.png", "art/c d.mp3"]
    target = io.BytesIO()
    assert incoming.write_media
    incoming.write_media("b.png", target)
    assert target.getvalue() == b"B"
    assert [(loss.what, loss.count) for loss in incoming.losses] == [
        ("media that are not there", 2)
    ]


def test_all_problems_are_reported_at_once_with_their_lines(tmp_path: Path) -> None:
    with pytest.raises(AdoptError) as caught:
        read(
            tmp_path,
            {
                "a.md": "stray\nA: b\n\nQ: open\n---\nC: no gap\nA: c\nQ: x\nA:\n",
                "b.md": "---\nname = \n---\nC: [a]\n",
                "c.md": "---\nQ: a\nA: b\n",
            },
        )
    places = [line.split(": ")[0] for line in caught.value.message.splitlines()]
    assert places == [
        *("a.md:1", "a.md:2", "a.md:4", "a.md:6", "a.md:7", "a.md:8"),
        *("b.md:1", "c.md:1"),
    ]


def test_a_folder_without_cards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AdoptError, match="has no cards of hashcards"):
        read(tmp_path, {"README.md": "text\n"})
