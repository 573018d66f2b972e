"""Export and import of reviews: lossless, and wary of invalid files."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cardwright.history import (
    END_ASSUMED,
    END_BASIS,
    MAX_INTERVAL_DAYS,
    MS_PER_DAY,
    Act,
    Moment,
    Rating,
    Review,
)
from cardwright.study.transfer import (
    TransferError,
    _match_answer,
    _to_review,
    parse_object,
    read_files,
    read_reviews,
    write_csv,
    write_json_lines,
    write_review,
)
from studying import MORNING, RECORDED, later, open_journal, read_log, read_memories, record

IDS = st.from_regex(r"[0-9a-e][0-9a-f]{11}-[0-9a-f]{8}", fullmatch=True)
PROMPTS = st.from_regex(r"[a-z]{1,9}:[a-z0-9.-]{1,9}/[a-z0-9-]{1,9}", fullmatch=True)
PROMISES = st.just((None, None)) | st.tuples(
    st.integers(1, MAX_INTERVAL_DAYS), st.integers(0, END_BASIS - 1)
)
ASSUMPTIONS = st.tuples(st.integers(1, MAX_INTERVAL_DAYS), st.integers(0, END_ASSUMED - 1))


@st.composite
def reviews(draw: st.DrawFn) -> Review:
    act = draw(st.sampled_from(Act))
    promise = draw(PROMISES) if act is Act.ANSWER else (None, None)
    if act is Act.ASSUME:
        promise = draw(ASSUMPTIONS)
    days = draw(st.integers(0, MAX_INTERVAL_DAYS)) if act is Act.RESCHEDULE else promise[0]
    return Review(
        id=draw(IDS),
        key=draw(PROMPTS),
        act=act,
        rating=draw(st.sampled_from(Rating)) if act in {Act.ANSWER, Act.CRAM} else None,
        at_ms=draw(st.integers(0, 2**47 - 1)),
        utc_offset_minutes=draw(st.integers(-1439, 1439)),
        duration_ms=draw(st.integers(0, 2**53)),
        undoes=draw(IDS) if act is Act.UNDO else None,
        interval_days=days,
        interval_basis=promise[1],
    )


WRITERS = [write_json_lines, write_csv]
Writer = Callable[[Iterable[Review]], Iterator[str]]


@pytest.mark.parametrize("write", WRITERS)
@given(log=st.lists(reviews(), max_size=20))
def test_no_review_changes_on_the_way(write: Writer, log: list[Review]) -> None:
    text = "".join(write(log))
    for lines in (text.splitlines(keepends=True), text.replace("\n", "\r\n").split("\n")):
        assert list(read_reviews(lines, "x")) == log


@given(review=reviews())
def test_a_line_is_what_json_writes(review: Review) -> None:
    line = write_review(review)
    assert f'"{review.moment.local.isoformat(timespec="milliseconds")}"' in line
    assert line == f"{json.dumps(json.loads(line), ensure_ascii=False)}\n"


@pytest.mark.parametrize(("write", "name"), [(write_json_lines, "x.jsonl"), (write_csv, "x.csv")])
def test_a_log_survives_a_file_undone_reviews_and_all(
    tmp_path: Path, write: Writer, name: str
) -> None:
    here = open_journal(tmp_path / "here.db")
    for number, act in enumerate(set(RECORDED) - {Act.UNDO}):
        prompt = f"trees:card-{number % 3}/recall"
        rating = Rating.GOOD if act in {Act.ANSWER, Act.CRAM} else None
        record(here, prompt, act, later(MORNING, number), rating)
    for review in list(here.store.list_reviews())[::2]:
        with here.store.transaction():
            here.record(review.key, Act.UNDO, MORNING, undoes=review.id)
    file = tmp_path / name
    file.write_text("".join(write(read_log(here))), "utf-8-sig")

    there = open_journal(tmp_path / "there.db", machine="desktop")
    there.merge(read_files([file]))

    assert read_log(there) == read_log(here)
    assert read_memories(there) == read_memories(here)


LINE = (
    '{"id": "01a0c8f5e400-0a1b2c3d", "prompt": "trees:oak/recall", "act": "answer", "rating": 3,'
    ' "at": "2026-11-02T09:00:00.000+01:00", "duration_ms": 1200, "undoes": null}'
)
GOOD = json.loads(LINE)
HEADING = "id,prompt,act,rating,at,duration_ms,undoes"
PROMISED = LINE.replace("null}", 'null, "interval_days": 5, "interval_basis": 4294967295}')
RESCHEDULED = LINE.replace('"answer", "rating": 3', '"reschedule", "rating": null').replace(
    "null}", 'null, "interval_days": 0}'
)


def test_what_was_written_without_intervals_is_written_as_before() -> None:
    (old,), (new,) = read_reviews([LINE], "x"), read_reviews([PROMISED], "x")

    assert list(write_json_lines([old, new])) == [LINE + "\n", PROMISED + "\n"]
    row = "01a0c8f5e400-0a1b2c3d,trees:oak/recall,answer,3,2026-11-02T09:00:00.000+01:00,1200,"
    table = [f"{HEADING}\n", f"{row}\n"]
    assert list(write_csv([old], with_intervals=False)) == table
    assert list(read_reviews(table, "x")) == [old]
    table = [f"{HEADING},interval_days,interval_basis\n", f"{row},,\n", f"{row},5,4294967295\n"]
    assert list(write_csv([old, new])) == table
    assert list(read_reviews(table, "x")) == [old, new]


def with_value(key: str, value: object) -> str:
    return json.dumps({**GOOD, key: value})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not a JSON object"),
        ("{" * 50_000, "not a JSON object"),
        ("{" * 70_000, "too long"),
        ('{"a": ' * 5000 + "1" + "}" * 5000, "not a JSON object"),
        (f"[{LINE}]", "not a JSON object"),
        ("{}", "`act` cannot be empty"),
        ('{"act": 1' + "0" * 5000 + "}", "not a JSON object"),
        (with_value("act", "\x1b[2J"), r"`act` cannot be '\\x1b\[2J'"),
        (with_value("act", ["answer"]), "`act` cannot be a list"),
        (with_value("rating", None), "`rating` of `answer` cannot be empty"),
        (with_value("rating", 5), "`rating` cannot be 5"),
        (LINE.replace(": 3,", ": true,"), "`rating` cannot be True"),
        (with_value("rating", 2.5), r"`rating` cannot be 2\.5"),
        (LINE.replace(": 3,", ": NaN,"), "`rating` cannot be nan"),
        (LINE.replace(": 3,", ": 1e999,"), "`rating` cannot be inf"),
        (with_value("act", "flag"), "`rating` of `flag` cannot be 3"),
        (with_value("undoes", GOOD["id"]), "`undoes` of `answer` cannot be"),
        (with_value("duration_ms", -1), "`duration_ms` cannot be -1"),
        (with_value("duration_ms", 10**30), "`duration_ms` cannot be 1000"),
        (with_value("duration_ms", None), "`duration_ms` cannot be empty"),
        (with_value("at", "yesterday"), "`at` cannot be 'yesterday'"),
        (with_value("at", "2026-11-02T09:00"), "`at` cannot be"),
        (with_value("at", "0001-01-01T00:00+10:00"), "`at` cannot be"),
        (with_value("at", "9999-12-31T23:59-10:00"), "`at` cannot be"),
        (with_value("at", "2026-11-02T09:00+23:59:59"), "`at` cannot be"),
        (with_value("at", 7), "`at` cannot be 7"),
        (with_value("id", "ffffffffffff-a"), "`id` cannot be"),
        (with_value("id", "01a0c8f5e400-"), "`id` cannot be"),
        (with_value("prompt", "trees:oak"), "`prompt` cannot be 'trees:oak'"),
        (with_value("prompt", "trees:o\u202eak/recall"), r"`prompt` cannot be 'trees:o\\u202eak"),
        (with_value("prompt", "trees:o\ud800ak/recall"), r"`prompt` cannot be 'trees:o\\ud800ak"),
        (with_value("prompt", "trees:o\x00ak/recall"), r"`prompt` cannot be 'trees:o\\x00ak"),
        (with_value("prompt", "x" * 50_000), "`prompt` cannot be 'xxx"),
        (with_value("prompt", "x" * 100_000), "too long"),
        (LINE.replace('"rating": 3', '"rating": 3, "rating": 4'), "not one value for each name"),
        (with_value("id", "ff0000000000-a"), "`id` cannot be"),
        (with_value("interval_days", 5), "`interval_basis` of `answer` cannot be empty"),
        (with_value("interval_basis", 5), "`interval_basis` of `answer` cannot be 5"),
        (PROMISED.replace(": 5,", ": 0,"), "`interval_days` of `answer` cannot be 0"),
        (PROMISED.replace(": 5,", ": 36501,"), "`interval_days` cannot be 36501"),
        (PROMISED.replace(": 5,", ": -1,"), "`interval_days` cannot be -1"),
        (PROMISED.replace(": 5,", ": true,"), "`interval_days` cannot be True"),
        (PROMISED.replace("4294967295", "4294967296"), "`interval_basis` cannot be 4294967296"),
        (PROMISED.replace("4294967295", "1.5"), r"`interval_basis` cannot be 1\.5"),
        (PROMISED.replace("answer", "cram"), "`interval_days` of `cram` cannot be 5"),
        (RESCHEDULED.replace(": 0}", ": null}"), "`interval_days` of `reschedule` cannot be empty"),
        (
            RESCHEDULED.replace(": 0}", ': 0, "interval_basis": 0}'),
            "`interval_basis` of `reschedule` cannot be 0",
        ),
    ],
)
def test_what_is_wrong_with_a_line(line: str, said: str) -> None:
    with pytest.raises(TransferError, match=rf"^x\.jsonl:2: {said}") as caught:
        list(read_reviews([LINE + "\n", line + "\n", LINE + "\n"], "x.jsonl"))
    assert len(str(caught.value)) < 400
    assert "help: " in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("id;prompt;act\n1;2;3\n", 1),
        ("hello", 1),
        (f"{HEADING}\n01a0c8f5e400-0a1b2c3d,trees:oak/recall\n", 2),
        (f"{HEADING}\n\n{'x' * 200_000}\n", 3),
        (f'{HEADING}\n"open\n\n', 3),
        ("P\0K\x03\x04", 1),
        ("<html>", 1),
    ],
)
def test_what_is_wrong_with_a_table(text: str, line: int) -> None:
    with pytest.raises(TransferError, match=rf"^x\.csv:{line}: "):
        list(read_reviews(text.splitlines(keepends=True), "x.csv"))


def test_problems_are_listed_together_and_not_without_end() -> None:
    with pytest.raises(TransferError) as caught:
        list(read_reviews(["{}\n"] * 1000, "x.jsonl"))
    assert str(caught.value).count("x.jsonl:") == 20


def test_blank_lines_count_but_hold_nothing() -> None:
    assert list(read_reviews(["\ufeff\n", "\n", LINE, "\n", "\n"], "x")) != []
    with pytest.raises(TransferError, match=r"^x:4: "):
        list(read_reviews(["\n", "\n", LINE, "{}"], "x"))
    assert list(read_reviews([], "x")) == list(read_reviews(["\n"], "x")) == []


def test_the_name_of_a_file_is_distrusted_too(tmp_path: Path) -> None:
    with pytest.raises(TransferError) as caught:
        list(read_reviews(["{}"], "\x1b[2Jx"))
    assert "\x1b" not in str(caught.value)
    with pytest.raises(TransferError, match="cannot be read"):
        list(read_files([tmp_path]))


TEXTS = st.text(st.characters() | st.sampled_from('\x00\x1b\u202e\ud800\r\n,"{}'), max_size=20)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A file of three reviews, with a few places overwritten, cut or doubled."""
    lines = [LINE, LINE.replace("400-", "401-"), LINE.replace("400-", "402-")]
    text = draw(
        st.sampled_from(
            ["\n".join(lines), "".join(write_csv(read_reviews(lines, ""))), "\n".join(lines[:1])]
        )
    )
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(start + 30, len(text))))
        text = text[:start] + draw(TEXTS) + text[end:]
    return text


@st.composite
def nearly_answers(draw: st.DrawFn) -> str:
    """The line of an answer, with a few places overwritten, cut or doubled."""
    line = draw(st.sampled_from([LINE, PROMISED, f"{PROMISED}\r\n"]))
    values = {
        "3": ["0", "1", "4", "5", "03"],
        "1200": ["0", "01", "-1", "999999999999999", str(2**53 + 1), str(2**63), "1e3", "\u0661"],
        "2026-11-02": ["1970-01-01", "1969-12-31", "6429-10-17", "9999-12-31", "2026-02-29"],
        "09:00:00.000": ["00:30:00.000", "23:59:59.999", "24:00:00.000", "09:60:00.000"],
        "+01:00": ["-01:00", "+00:00", "+23:59", "+24:00", "+01:60", "Z"],
        'days": 5': ['days": 0', 'days": 36500', 'days": 36501', 'days": null'],
        "4294967295": ["0", "4294967296", "9999999999", "null"],
        "400-0a1b2c3d": ["400-", f"400-{'x' * 100}", f"400-{'x' * 101}", "400-é"],
        "trees:": ["", "Trees:", f"{'t' * 1000}:", f"{'t' * 1001}:"],
    }
    for old in draw(st.lists(st.sampled_from([*values]), max_size=3, unique=True)):
        line = line.replace(old, draw(st.sampled_from(values[old])), 1)
    if draw(st.booleans()):
        start = draw(st.integers(0, len(line)))
        end = draw(st.integers(start, min(start + 5, len(line))))
        line = line[:start] + draw(TEXTS) + line[end:]
    return line


@settings(max_examples=400)
@given(line=nearly_answers())
def test_lines_are_read_quickly_only_if_the_result_is_the_same(line: str) -> None:
    quick = _match_answer(line)
    try:
        slow = _to_review(parse_object(line))
    except ValueError:
        assert quick is None
    else:
        assert quick in {None, slow}


@given(review=reviews())
def test_most_lines_are_read_quickly(review: Review) -> None:
    is_large = review.duration_ms >= 10**15 or (review.interval_days or 0) >= 10**4
    if review.act is Act.ANSWER and review.at_ms >= MS_PER_DAY and not is_large:
        assert _match_answer(write_review(review)) == review


@given(text=mutated() | TEXTS)
@example(text="{\x00")
def test_a_broken_file_ends_in_words_and_takes_nothing_in(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("mutated")
    file = folder / "x.jsonl"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    journal = open_journal(folder / "reviews.db")
    try:
        journal.merge(read_files([file]))
    except TransferError as error:
        assert read_log(journal) == []
        first = str(error).splitlines()[0]
        assert first.startswith(f"{file}:")
        assert first.removeprefix(f"{file}:").partition(":")[0].isdecimal()
        assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in first)
    assert journal.find_differences() == []
    for memory in journal.store.list_memories():
        assert memory.due_at_ms is None or Moment(memory.due_at_ms, 0).local
