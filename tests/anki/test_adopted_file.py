"""What a pack was adopted from is kept in a file, and read back as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.anki.adopted import (
    AdoptedField,
    AdoptedNote,
    AdoptedPack,
    format_adopted,
    read_adopted,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAME = st.text(st.characters(categories=["L", "N", "So"]), min_size=1, max_size=8)
DIGEST = st.text("0123456789abcdef", min_size=16, max_size=16)
TIME = st.integers(0, 2_000_000_000)
FIELD = st.builds(
    AdoptedField, value=TEXT | st.booleans() | st.lists(TEXT).map(tuple), html=TEXT
) | TEXT.map(lambda text: AdoptedField(value=text, html=text))


@st.composite
def notes(draw: st.DrawFn) -> AdoptedNote:
    return AdoptedNote(
        guid=draw(TEXT),
        mod_s=draw(TIME),
        deck=draw(TEXT),
        tags=tuple(draw(st.lists(TEXT, max_size=3))),
        fields=draw(st.dictionaries(TEXT, FIELD, max_size=3)),
    )


PACKS = st.builds(
    AdoptedPack,
    notes=st.lists(notes(), max_size=3).map(lambda found: {note.guid: note for note in found}),
    media=st.dictionaries(NAME, DIGEST, max_size=3),
    type_times_s=st.dictionaries(NAME, TIME, max_size=2),
    files=st.dictionaries(NAME, DIGEST, max_size=2),
)


@given(PACKS)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, pack: AdoptedPack
) -> None:
    path = tmp_path_factory.mktemp("pack") / "adopted.jsonl"
    path.write_bytes(format_adopted(pack).encode())

    assert read_adopted(path, "adopted.jsonl") == (pack, [])


def test_a_text_that_is_its_own_html_is_written_once() -> None:
    note = AdoptedNote(
        guid="g",
        mod_s=1,
        deck="Trees",
        tags=(),
        fields={
            "front": AdoptedField(value="oak", html="oak"),
            "back": AdoptedField(value="*elm*", html="<i>elm</i>"),
        },
    )

    assert format_adopted(AdoptedPack(notes={"g": note})) == (
        '{"adopted": 1}\n'
        '{"note": "g", "mod": 1, "deck": "Trees", "tags": [], "fields": '
        '{"front": "oak", "back": {"value": "*elm*", "html": "<i>elm</i>"}}}\n'
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("oak", "it is not JSON"),
        ("[]", "it is not a JSON object"),
        ('{"note": "g"}', "this line lacks `fields`"),
        ('{"note": 1, "fields": {}}', "`note` is not a text"),
        ('{"note": "g", "mod": 1, "deck": "", "tags": [1], "fields": {}}', "`tags`"),
        ('{"note": "g", "mod": -1, "deck": "", "tags": [], "fields": {}}', "`mod`"),
        ('{"note": "g", "mod": 1, "deck": "", "tags": [], "fields": {"a": 1}}', "`a`"),
        ('{"note": "g", "mod": 1, "deck": "", "tags": [], "fields": {"a": {"value": 1}}}', "`a`"),
        ('{"note": "known", "mod": 1, "deck": "", "tags": [], "fields": {}}', "appears twice"),
        ('{"file": "../oak.png", "hash": "0123456789abcdef"}', "not the name of a file"),
        ('{"file": "..", "hash": "0123456789abcdef"}', "not the name of a file"),
        (r'{"file": "..\\oak.png", "hash": "0123456789abcdef"}', "not the name of a file"),
        (r'{"file": "a\\..\\oak.png", "hash": "0123456789abcdef"}', "not the name of a file"),
        (r'{"file": "c:\\oak.png", "hash": "0123456789abcdef"}', "not the name of a file"),
        (r'{"file": "\\oak.png", "hash": "0123456789abcdef"}', "not the name of a file"),
        ('{"file": "oak.png", "hash": "oak"}', "not a digest"),
        ('{"mod": 1}', "this line lacks `note_type`"),
        ('{"note": "\\ud800"}', "it is not JSON"),
        ("<<<<<<< ours", "this merge conflict is not resolved"),
    ],
)
def test_damage_is_reported_where_it_is(tmp_path: Path, line: str, message: str) -> None:
    good = '{"note": "known", "mod": 1, "deck": "", "tags": [], "fields": {}}'
    path = tmp_path / "adopted.jsonl"
    path.write_text(f'{{"adopted": 1}}\n{good}\n{line}\n', "utf-8")

    _, (problem,) = read_adopted(path, "decks/trees/adopted.jsonl")

    assert problem.span.line == 3
    assert message in problem.message


def test_a_newer_format_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "adopted.jsonl"
    path.write_text('{"adopted": 2}\n', "utf-8")

    pack, (problem,) = read_adopted(path, "adopted.jsonl")

    assert "update Cardwright" in problem.message
    assert pack == AdoptedPack()
