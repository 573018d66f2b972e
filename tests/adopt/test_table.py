"""Tables of spreadsheets, Quizlet and Anki, as they are written."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cardwright.adopt.columns import parse_map
from cardwright.adopt.error import AdoptError
from cardwright.adopt.table import read_table
from cardwright.incoming import Incoming, IncomingNote

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20
)
CELLS = st.one_of(
    TEXTS,
    st.sampled_from(
        ['say "hi"', '"', '""', "a,b", "a;b", "a\tb", "a\nb", "=1+1", "#x", " x ", "|"]
    ),
).map(str.strip)
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
