"""Tables of spreadsheets, Quizlet and Anki, as they are written."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cardwright.adopt.columns import parse_map
from cardwright.adopt.error import AdoptError, refuse
from cardwright.adopt.table import read_table
from cardwright.foreign.error import ForeignFileError
from cardwright.incoming import Incoming, IncomingNote, Markup
from cardwright.text import make_plain

# Characters that can only hide text are dropped.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]).filter(
        lambda one: not "\U000e0000" <= one <= "\U000e0fff"
    ),
    max_size=20,
)
_CELLS = st.one_of(
    TEXTS,
    st.sampled_from(
        ['say "hi"', '"', '""', "a,b", "a;b", "a\tb", "a\nb", "=1+1", "#x", " x ", "|"]
    ),
).map(str.strip)
# A cell in which nothing is seen is an empty one.
CELLS = _CELLS.filter(lambda cell: not cell or make_plain(cell).strip() != "")
FILLED = CELLS.filter(bool)


def read(
    folder: Path, text: str | bytes, columns: str = "", name: str = "words.csv"
) -> tuple[Incoming, list[IncomingNote]]:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    incoming = read_table(path, parse_map([columns]) if columns else None)
    return incoming, list(incoming.read_notes())


def fields_of(folder: Path, text: str | bytes, columns: str = "") -> list[tuple[str, ...]]:
    return [note.fields for note in read(folder, text, columns)[1]]


def kind_of(folder: Path, text: str, columns: str = "") -> tuple[str, list[str]]:
    (found,) = read(folder, text, columns)[0].types.values()
    return found.name, [field.name for field in found.fields]


def refusal(folder: Path, text: str | bytes, columns: str = "") -> str:
    with pytest.raises(AdoptError) as caught:
        read(folder, text, columns)
    return caught.value.message


DIALECTS = [
    {"delimiter": ","},
    {"delimiter": ";"},
    {"delimiter": "\t"},
    {"delimiter": ",", "quoting": csv.QUOTE_ALL},
    {"delimiter": ";", "lineterminator": "\n"},
]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32"]


@given(
    rows=st.lists(st.tuples(FILLED, FILLED, CELLS), min_size=1, max_size=6),
    dialect=st.sampled_from(DIALECTS),
    encoding=st.sampled_from(ENCODINGS),
)
@example(rows=[('"', "x", "")], dialect=DIALECTS[0], encoding="utf-16")
def test_every_cell_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str]],
    dialect: dict[str, str],
    encoding: str,
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, **dialect)  # type: ignore[arg-type]
    writer.writerow(["Question", "Answer", "Extra"])
    writer.writerows(rows)
    folder = tmp_path_factory.mktemp("table")
    assert fields_of(folder, file.getvalue().encode(encoding)) == rows


LATIN = "der Tisch;la table\ndie Tür;la porte\ndie Straße;la rue\nschön;beau, où\n"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", LATIN),
        ("mac_roman", LATIN),
        ("utf-16-le", LATIN),
        ("cp1250", "dom;house\nświat;world\nżółty;yellow\nksiążka;book\ndziękuję;thank you\n"),
        ("cp1251", "дом;house\nсобака;dog\nкошка;cat\nспасибо;thank you\n"),
        ("koi8_r", "дом;house\nсобака;dog\nкошка;cat\nспасибо;thank you\n"),
        ("cp1253", "σπίτι;house\nσκύλος;dog\nγάτα;cat\nευχαριστώ;thank you\n"),
        ("cp1254", "günaydın;good morning\nağaç;tree\nşeker;sugar\nçocuk;child\n"),
        ("cp1255", "בית;house\nכלב;dog\nחתול;cat\nתודה;thank you\n"),
        ("cp1256", "بيت;house\nكلب;dog\nقطة;cat\nشكرا;thank you\n"),
        ("cp932", "猫;cat\n犬;dog\n食べる;to eat\nありがとう;thank you\n学校;school\n"),
        ("euc_jp", "猫;cat\n犬;dog\n食べる;to eat\nありがとう;thank you\n学校;school\n"),
        ("gb18030", "猫;cat\n狗;dog\n吃饭;to eat\n谢谢;thank you\n学校;school\n老师;teacher\n"),
        ("big5", "貓;cat\n狗;dog\n吃飯;to eat\n謝謝;thank you\n學校;school\n老師;teacher\n"),
        ("cp949", "고양이;cat\n개;dog\n먹다;to eat\n감사합니다;thank you\n학교;school\n"),
    ],
)
def test_the_encoding_of_a_list_of_words_is_found(tmp_path: Path, encoding: str, text: str) -> None:
    rows = [tuple(line.split(";")) for line in text.splitlines()]
    incoming, notes = read(tmp_path, text.encode(encoding))
    assert [note.fields for note in notes] == rows
    # Whoever reads the report can see that it was guessed.
    assert bool(incoming.losses) == ("utf" not in encoding)


def test_columns_are_found_by_their_names(tmp_path: Path) -> None:
    assert kind_of(tmp_path, "Question,Answer\na,b\n") == ("basic", ["question", "answer"])
    assert kind_of(tmp_path, "Back,Front\na,b\n") == ("basic", ["question", "answer"])
    assert fields_of(tmp_path, "Back,Front\na,b\n") == [("b", "a")]
    assert kind_of(tmp_path, "Term;Definition;Example\na;b;c\n")[0] == "term"
    assert kind_of(tmp_path, "Wort;Übersetzung;Beispielsatz\na;b;c\n") == (
        "vocabulary",
        ["word", "translation", "example"],
    )
    assert kind_of(tmp_path, "日本語,English,ふりがな\n猫,cat,ねこ\n") == (
        "vocabulary",
        ["word", "translation", "reading"],
    )
    assert kind_of(tmp_path, "German\tEnglish\nHund\tdog\n")[0] == "vocabulary"


def test_two_columns_without_names_are_a_question_and_its_answer(tmp_path: Path) -> None:
    assert kind_of(tmp_path, "frage\tquestion\nHund\tdog\n") == ("basic", ["question", "answer"])
    assert fields_of(tmp_path, "frage\tquestion\nHund\tdog\n") == [
        ("frage", "question"),
        ("Hund", "dog"),
    ]


def test_more_columns_than_a_kind_has_become_a_kind_with_these_fields(tmp_path: Path) -> None:
    text = "Country,Capital,Capital,Tags\nFrance,Paris,Lutetia,eu\nChad,N'Djamena,,\n"
    assert kind_of(tmp_path, text) == ("words", ["Country", "Capital", "Capital 2"])
    _, notes = read(tmp_path, text)
    assert [note.fields for note in notes] == [
        ("France", "Paris", "Lutetia"),
        ("Chad", "N'Djamena", ""),
    ]
    assert [note.tags for note in notes] == [("eu",), ()]


def test_the_sides_of_a_card_come_first_in_a_kind_of_its_own(tmp_path: Path) -> None:
    text = "Nr,Answer,Question\n1,a,b\n"
    assert kind_of(tmp_path, text) == ("words", ["Question", "Answer", "Nr"])
    assert fields_of(tmp_path, text) == [("b", "a", "1")]


def test_the_user_says_what_columns_hold_and_the_others_are_reported(tmp_path: Path) -> None:
    text = 'Nr,Country,Capital,Topic,Area\n7,France,Paris,"Western Europe, eu",big\n8,Chad,N\'Djamena,,\n'
    incoming, notes = read(tmp_path, text, "front=Country, back=3,tags=topic,id=Nr")
    assert [note.fields for note in notes] == [("France", "Paris"), ("Chad", "N'Djamena")]
    assert notes[0].tags == ("Western-Europe", "eu")
    assert [note.id for note in notes] == ["7", "8"]
    (loss,) = incoming.losses
    assert (loss.what, loss.count, loss.first) == ("column `Area`", 1, "words.csv:2")
    assert "no column `City` (columns: `Nr`, `Country`" in refusal(tmp_path, text, "front=City")
    assert refusal(tmp_path, "a,b\nc,d\n", "front=3").endswith(
        "(columns: none has a name, or 1 to 2)"
    )


@pytest.mark.parametrize("words", ["front", "front=", "front=a,front=b", "colour=a", "=a"])
def test_a_map_that_says_nothing_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"FIELD=COLUMN|named twice"):
        parse_map([words])


def test_all_broken_rows_are_reported_at_once_with_their_lines(tmp_path: Path) -> None:
    text = 'Question,Answer,Id\n"a\nb",c,1\n,d,2\n"","e",\nf,,3\ng,h,1\ni,j,4,k\n'
    assert refusal(tmp_path, text).splitlines() == [
        "words.csv:4: no question",
        "words.csv:5: no question",
        "words.csv:6: no answer",
        "words.csv:7: the same id as in line 2",
        "words.csv:8: 4 cells, but 3 columns have a name",
    ]


def test_quotes_that_quizlet_does_not_double_are_text(tmp_path: Path) -> None:
    text = '"Hello" he said\tBonjour\n"Open\tfoo\nx\t5" disk\n"whole"\t"quoted"\n'
    assert fields_of(tmp_path, text) == [
        ('"Hello" he said', "Bonjour"),
        ('"Open', "foo"),
        ("x", '5" disk'),
        ("whole", "quoted"),
    ]


def test_exports_of_quizlet_with_other_separators(tmp_path: Path) -> None:
    assert fields_of(tmp_path, "a\tb;c\td;e\tf, g") == [("a", "b"), ("c", "d"), ("e", "f, g")]
    assert fields_of(tmp_path, "a,b;c,d\n") == [("a", "b"), ("c", "d")]
    assert fields_of(tmp_path, "a - b\n\nc - d - e\n") == [("a", "b"), ("c", "d - e")]
    assert fields_of(tmp_path, "a\tb\nmore\n\tof it\nc\td\n".replace("\n\t", "\n")) == [
        ("a", "b\nmore\nof it"),
        ("c", "d"),
    ]
    assert fields_of(tmp_path, "a -> b\nc -> d\n", "separator= -> ") == [("a", "b"), ("c", "d")]


def test_texts_with_gaps_are_clozes(tmp_path: Path) -> None:
    text = "The {{c1::sun}}, a star\nA {{c1::moon::round}}\n"
    assert kind_of(tmp_path, text) == ("cloze", ["text"])
    assert fields_of(tmp_path, text)[0] == ("The {{c1::sun}}, a star",)
    assert kind_of(tmp_path, "Text,Back\n{{c1::a}},b\n") == ("cloze", ["text", "extra"])


@pytest.mark.parametrize(
    ("cell", "markup"),
    [
        ("a <b>b</b><br>c", Markup.HTML),
        ('<img src="x.png">', Markup.HTML),
        ("What does <b> do?", Markup.PLAIN),
        ("List<int>", Markup.PLAIN),
        ("if a < b and c > d", Markup.PLAIN),
        ("<html><b>x</b></html>", Markup.PLAIN),
    ],
)
def test_cells_are_html_only_if_their_tags_are(tmp_path: Path, cell: str, markup: Markup) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([["Front", "Back"], [cell, "x"]])
    assert read(tmp_path, file.getvalue())[0].markup is markup


def test_media_beside_a_table_are_taken_along(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "hund.mp3").write_bytes(b"ID3")
    (tmp_path / "secret.png").symlink_to("/etc/passwd")
    text = "Word,Translation,Audio,Image\nHund,dog & co,hund.mp3,secret.png\nKuh,cow,../kuh.mp3,\n"
    incoming, notes = read(tmp_path, text)
    assert notes[0].fields[:3] == ("Hund", "dog &amp; co", "[sound:hund.mp3]")
    assert incoming.media == ["hund.mp3"]
    # Drafts report those that are named and not there.
    assert [note.fields[2:] for note in notes] == [
        ("[sound:hund.mp3]", '<img src="secret.png">'),
        ("[sound:../kuh.mp3]", ""),
    ]
    target = io.BytesIO()
    assert incoming.write_media
    incoming.write_media("hund.mp3", target)
    assert target.getvalue() == b"ID3"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no rows"),
        (b"\n \n", "has no rows"),
        (b"Question,Answer\n", "has no rows"),
        (b"word\nother\n", "nothing that separates"),
        (b"a,\nb,\n", "no answer|only one column"),
        (b"a\nb\nc\td\ne\n", "words.csv:1: no answer\nwords.csv:2: no answer"),
        (b"guid,tags\na,b\n", "none is their text"),
        (b"#separator:tab\n#guid column:1\n#deck column:2\na\tb\n", "none is their text"),
    ],
)
def test_tables_without_cards_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    assert re.search(message, refusal(tmp_path, content))


def test_names_of_any_length_fill_no_screen() -> None:
    assert (
        len(refuse([f"words.csv:{number}: no {'x' * 999}" for number in range(99)]).message) < 7_000
    )


@given(data=st.binary(max_size=60) | st.text('ab\t\n,"#:', max_size=30).map(str.encode))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    path = folder / "any.csv"
    path.write_bytes(data)
    try:
        incoming = read_table(path)
    except (AdoptError, ForeignFileError):
        return
    assert incoming.note_count == len(list(incoming.read_notes())) > 0
