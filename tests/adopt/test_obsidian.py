"""Vaults of Obsidian, as the documentation of its spaced-repetition plugin describes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.adopt.error import AdoptError
from cardwright.adopt.obsidian import read_obsidian
from cardwright.incoming import Incoming, IncomingNote

CONFIG = ".obsidian/plugins/obsidian-spaced-repetition/data.json"


def read(
    folder: Path,
    note: str,
    others: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> tuple[Incoming, list[IncomingNote]]:
    vault = folder / "Vault"
    files = {"Note.md": note, CONFIG: json.dumps({"settings": settings or {}}), **(others or {})}
    for name, text in files.items():
        path = vault / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    incoming = read_obsidian(vault)
    return incoming, list(incoming.read_notes())


def cards_of(folder: Path, note: str, **settings: Any) -> list[tuple[str, ...]]:
    _, notes = read(folder, f"#flashcards\n\n{note}", settings=settings)
    return [(note.type, *note.fields) for note in notes]


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("Q::A", [("basic", "Q", "A")]),
        ("text before\nQ ::  A\ntext after", [("basic", "Q", "A")]),
        (
            "- [ ] Q::A\n  1. R::B\n## S::C\n> T::D",
            [("basic", pair[0], pair[1]) for pair in ("QA", "RB", "SC", "TD")],
        ),
        ("Q:::A", [("vocabulary", "Q", "A")]),
        (f"Q:::{'long ' * 12}text", [("term", "Q", f"{'long ' * 12}text", "true")]),
        ("Q\nmore\n?\nA\n\nno card", [("basic", "Q<br>\nmore", "A")]),
        ("Q\n?\n- a\n- b::c\n  d", [("basic", "Q", "- a\n- b::c<br>\n  d")]),
        ("Q\n??\nA\nB", [("vocabulary", "Q", "A<br> B")]),
        ("- x\n- y\n??\nA", [("term", "A", "- x\n- y", "true")]),
        (
            "- x\n- y\n??\n> z\n> z",
            [("basic", "- x\n- y", "> z\n> z"), ("basic", "> z\n> z", "- x\n- y")],
        ),
        ("?\nA\n\n::\n", []),
        ("`a::b` and ``c ==d== e``", []),
        ("```\nQ::A\n\nR\n?\nB\n```", []),
        ("<!-- Q::A\nR::B -->\nS::C", [("basic", "S", "C")]),
        ("Q\n?\n```py\na::b\n\nc\n```\nend", [("basic", "Q", "```py\na::b\n\nc\n```\nend")]),
        ("A ==b== c\nd ==e;;hint==", [("cloze", "A {{c1::b}} c<br>\nd {{c2::e::hint}}")]),
        ("==2;;a== ==1;;b;;h== ==2;;c==", [("cloze", "{{c2::a}} {{c1::b::h}} {{c2::c}}")]),
        ("==as;;a== ==sa;;b== ==s;;c==", [("cloze", "{{c1::a}} {{c2::b}} c")]),
        (
            "Head ==x==\n=====\n4/4 [==============] - 0s",
            [("cloze", "Head {{c1::x}}<br>\n=====<br>\n4/4 [==============] - 0s")],
        ),
        ("a == b and c == d", [("cloze", "a {{c1:: b and c }} d")]),
        ("`a == b` ==`x::y`== ==$z$==", [("cloze", "`a == b` {{c1::`x::y`}} {{c2::$z$}}")]),
    ],
)
def test_cards_are_found_where_the_plugin_finds_them(
    tmp_path: Path, note: str, expected: list[tuple[str, ...]]
) -> None:
    if expected:
        assert cards_of(tmp_path, note) == expected
    else:
        with pytest.raises(AdoptError, match="has no cards of Obsidian"):
            cards_of(tmp_path, note)


def test_the_settings_of_the_vault_decide_what_is_a_card(tmp_path: Path) -> None:
    settings = {
        "singleLineCardSeparator": "=>",
        "multilineCardSeparator": "???",
        "multilineCardEndMarker": "+++",
        "clozePatterns": ["==answer==[^\\[hint\\]][\\[^123\\]]", "{{[123::]answer[::hint]}}"],
    }
    note = "Q=>A\nx::y\n\nR\n???\nB\n\nC\n+++\n==a==^[h][^1] {{2::b::i}}\n+++\n==open==[^3]"
    assert cards_of(tmp_path, note, **settings) == [
        ("basic", "Q", "A"),
        ("basic", "R", "B\n\nC"),
        ("cloze", "{{c1::a::h}} {{c2::b::i}}"),
        ("cloze", "{{c3::open}}"),
    ]
    older = {"convertHighlightsToClozes": False, "convertBoldTextToClozes": True}
    assert cards_of(tmp_path / "b", "a **b** ==c==", **older) == [("cloze", "a {{c1::b}} **c**")]


def test_tags_are_decks(tmp_path: Path) -> None:
    note = (
        "---\naliases: [x]\ntags:\n  - flashcards/front\n  - 'biology/cell'\n---\n"
        "a::1\n#flashcards/own #rare b::2\nc::3\n\n#flashcards/below/sub and #flashcards/more\n\nd::4\n"
        "```\n#flashcards/code\n```\ne::5\n"
    )
    other = "#flashcards\nf::6\n"
    incoming, notes = read(tmp_path, note, {"sub/Other.md": other})
    assert [(note.fields[0], note.deck, note.tags) for note in notes] == [
        ("a", "Vault::front", ("biology::cell",)),
        ("b", "Vault::own", ("biology::cell", "rare")),
        ("c", "Vault::front", ("biology::cell",)),
        ("d", "Vault::below::sub", ("biology::cell",)),
        ("e", "Vault::below::sub", ("biology::cell",)),
        ("f", "Vault", ()),
    ]
    assert list(incoming.decks)[:2] == ["Vault", "Vault::front"]
    assert [(loss.what, loss.count) for loss in incoming.losses] == [("further decks of a card", 2)]


def test_folders_are_decks_if_so_set_or_if_there_are_no_tags(tmp_path: Path) -> None:
    for number, settings in enumerate(({"convertFoldersToDecks": True}, {})):
        _, notes = read(tmp_path / str(number), "a::1", {"x/y/B.md": "b::2\nc ==3=="}, settings)
        assert [note.deck for note in notes] == ["Vault", "Vault::x::y", "Vault::x::y"]


def test_only_notes_with_tags_are_read_if_there_are_some(tmp_path: Path) -> None:
    _, notes = read(
        tmp_path,
        "#flashcards\na::1",
        {"Code.md": "std::vector", ".trash/C.md": "#flashcards b::2"},
    )
    assert [note.fields for note in notes] == [("a", "1")]


def test_ids_and_schedules_are_taken_from_the_text(tmp_path: Path) -> None:
    note = (
        "#flashcards\n\na::1 <!--SR:!2024-08-16,51,230--> ^id-1\nb::2\n<!--SR:!2024-08-16,51,230-->\n"
        "c:::3\n> [!sr|card-metadata]\n> <!--SR:!2024-08-16,51,230!2024-08-17,3,250-->\n\n"
        "d\n?\ne\n<!--SR:!fsrs,2024-08-16,1,2,3,4,5,6,x-->\n^id-2\n\nf ==g==\nh ^id-3\n"
    )
    incoming, notes = read(tmp_path, note)
    assert [(note.fields, note.id) for note in notes] == [
        (("a", "1"), "id-1"),
        (("b", "2"), ""),
        (("c", "3"), ""),
        (("d", "e"), "id-2"),
        (("f {{c1::g}}<br>\nh",), "id-3"),
    ]
    (loss,) = incoming.losses
    assert loss.what.startswith("schedules") and loss.count == 4  # noqa: PT018


def test_texts_become_ours(tmp_path: Path) -> None:
    note = (
        "#flashcards\n\nSee [[Folder/Other note]] and [[A#B|c]] ==x==\n?\n> [!tip]- A title\n> body %%hidden%%\n"
        "![[leaf.png|300]] ![[Other note#^id]] [t](Other%20note.md)[^1] `[[code]]` $[[1]]$\n\n[^1]: A **foot**note.\n"
    )
    incoming, notes = read(tmp_path, note, {"deep/folder/leaf.png": "PNG"})
    assert [note.fields for note in notes] == [
        (
            "See Other note and c **x**",
            (
                "> **A title**\n>\n> body<br>\n"
                "![](deep/folder/leaf.png){width=300} Other note t (A **foot**note.) `[[code]]` $[[1]]$"
            ),
        )
    ]
    assert list(incoming.media) == ["deep/folder/leaf.png"]
    assert {loss.what: loss.count for loss in incoming.losses} == {
        "highlights, which became bold": 1,
        "hidden comments": 1,
        "footnotes, which became text in brackets": 1,
        "links to other notes or files": 3,
        "embedded notes": 1,
    }


def test_media_are_found_beside_the_note_first_and_never_through_links(tmp_path: Path) -> None:
    outside = tmp_path / "secret.png"
    outside.write_text("x")
    (tmp_path / "Vault" / "n").mkdir(parents=True)
    (tmp_path / "Vault" / "n" / "link.png").symlink_to(outside)
    (tmp_path / "Vault" / "linked").symlink_to(tmp_path)
    text = "#flashcards a::![[x.png]] ![[link.png]] ![](../../secret.png) ![[secret.png]] ![](linked/secret.png)"
    incoming, notes = read(tmp_path, "", {"n/N.md": text, "n/x.png": "1", "x.png": "2"})
    assert notes[0].fields[1] == "![](n/x.png) link.png secret.png secret.png secret.png"
    assert list(incoming.media) == ["n/x.png"]


def test_a_single_note_of_a_vault_finds_its_media(tmp_path: Path) -> None:
    read(tmp_path, "#flashcards a::b", {"n/N.md": "#flashcards c::![[x.png]]", "m/x.png": "1"})
    incoming = read_obsidian(tmp_path / "Vault" / "n" / "N.md")
    (note,) = incoming.read_notes()
    assert (note.fields, note.deck, note.place) == (("c", "![](m/x.png)"), "N", "N.md:1")


@given(text=st.text("ab:?=#*`\n-[]!|^$%>{}~ ", max_size=60))
def test_any_note_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "Any.md"
    path.write_text(f"#flashcards\n\n{text}", encoding="utf-8")
    try:
        incoming = read_obsidian(path)
    except AdoptError:
        return
    for note in incoming.read_notes():
        assert all(field.strip() for field in note.fields)
        assert "\x00" not in "".join(note.fields)
