"""Tables of other programs: each row is an answer, or named with its line and its column."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from cardwright.history import END_MS, MAX_DURATION_MS, PROMPT_KEY, Moment, Rating
from cardwright.study.table import (
    Answer,
    Table,
    make_review,
    name_log,
    name_log_prompt,
    parse_map,
    read_table,
)

COLUMNS = {"prompt": "card", "rating": "grade", "at": "time", "duration_ms": "took"}
BERLIN = timezone(timedelta(hours=1))
AT_MS = 1_711_744_352_250
"""2024-03-29 20:32:32.25 UTC."""


def localize(at: datetime) -> datetime:
    """Return a time in Berlin, without the summer."""
    return at.astimezone(BERLIN) if at.tzinfo else at.replace(tzinfo=BERLIN)


def read(path: Path, text: str | bytes, **columns: str) -> tuple[list[Answer], list[str]]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    problems: list[str] = []
    found = list(read_table(Table(path, columns or COLUMNS), localize, problems))
    return found, [problem.removeprefix(str(path)) for problem in problems]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.csv"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-29T20:32:32.250000+00:00", (AT_MS, 0)),
        ("2024-03-29T20:32:32.250Z", (AT_MS, 0)),
        ("2024-03-30 02:02:32.250+05:30", (AT_MS, 330)),
        ("2024-03-29 21:32:32.250", (AT_MS, 60)),
        (str(AT_MS), (AT_MS, 60)),
        ("1711744352.25", (AT_MS, 60)),
        ("1711744352", (AT_MS - 250, 60)),
        ("0", (0, 60)),
        # At noon, and each at a time of its own.
        ("2024-03-29", (1_711_710_000_000, 60)),
        ("1969-12-31", None),
        ("99999999999999999", None),
        ("-5", None),
        ("1e9", None),
        ("29.03.2024", None),
        ("", None),
        ("9999-12-31T23:59:59-12:00", None),
    ],
)
def test_a_time_can_be_written_in_many_ways(
    path: Path, text: str, expected: tuple[int, int] | None
) -> None:
    found, problems = read(path, f"card,grade,time,took\noak,3,{text},0\n")

    if expected is None:
        assert found == []
        shown = f"'{text}'" if text else "empty"
        assert problems == [f":2: column `time` cannot be {shown}"]
    else:
        assert [answer.moment for answer in found] == [Moment(*expected)]


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        *(("1", Rating.AGAIN), ("2", Rating.HARD), ("3.0", Rating.GOOD), (" 4 ", Rating.EASY)),
        *(("Again", Rating.AGAIN), ("hard", Rating.HARD), ("GOOD", Rating.GOOD)),
        *(("0", None), ("5", None), ("", None), ("\x1b[2J", None), ("x" * 200, None)),
    ],
)
def test_a_rating_is_a_number_or_a_word(path: Path, text: str, rating: Rating | None) -> None:
    found, problems = read(path, f"card,grade,time,took\noak,{text},0,0\n")

    assert [answer.rating for answer in found] == ([] if rating is None else [rating])
    assert [problem.isprintable() for problem in problems] == ([True] if rating is None else [])


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        *(("duration_ms", "1500", 1500), ("duration_ms", "1500.4", 1500), ("duration_ms", "", 0)),
        *(("duration_s", "1.5", 1500), ("duration_s", "9" * 18, MAX_DURATION_MS)),
        *(("duration_ms", "-1", None), ("duration_s", "nan", None), ("duration_s", "1:30", None)),
    ],
)
def test_a_duration_is_in_milliseconds_or_seconds(
    path: Path, field: str, text: str, expected: int | None
) -> None:
    columns = {**COLUMNS, field: "took"}
    if field == "duration_s":
        del columns["duration_ms"]
    found, problems = read(path, f"card,grade,time,took\noak,3,0,{text}\n", **columns)

    if expected is None:
        assert problems == [f":2: column `took` cannot be '{text}'"]
    else:
        assert [answer.duration_ms for answer in found] == [expected]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("card,grade,time\noak,3,0\n\nelm,4,1\n", [2, 4]),
        ("\ufeffcard;grade;time\r\noak;3;0\r\n", [2]),
        ("\n\ntime\tgrade\tcard\tx\n0\t3\toak\n", [4]),
        ('time,"card",grade\n0,"a\n""b""",3\n0,c,3\n', [2, 4]),
        ("card,grade,time,card 2\noak,3,0\n", [2]),
        ("card,grade,time\n", []),
    ],
)
def test_tables_of_any_dialect_are_read(path: Path, text: str, lines: list[int]) -> None:
    columns = {"prompt": "card", "rating": "grade", "at": "time"}

    found, problems = read(path, text, **columns)

    assert problems == []
    assert [answer.line for answer in found] == lines


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1: there is no column `card`, `grade`, `time`, `took` (columns: none)"),
        ("card,grade\n", ":1: there is no column `time`, `took` (columns: 'card', 'grade')"),
        ("card,grade,time,took,card\n", ":1: there are two columns `card`"),
        ("card,grade,time,took\n ,3,0,0\n", ":2: column `card` cannot be empty"),
        (f"card,grade,time,took\n{'x' * 1001},3,0,0\n", ":2: column `card` cannot be 'xxx"),
        ("card,grade,time,took\noak,3\n", ":2: column `time` cannot be empty"),
        ('card,grade,time,took\n"oak,3\n', ":2: not valid CSV: unexpected end of data"),
        (f"card,grade,time,took\n{'x' * 70_000}\n", ":2: not valid CSV: a line is too long"),
        (b"\0\xff" * 10, ":1: there is no column"),
    ],
)
def test_what_is_not_such_a_table_is_named(path: Path, text: str | bytes, said: str) -> None:
    found, problems = read(path, text)

    assert found == []
    assert len(problems) == 1
    assert problems[0].startswith(said)
    assert problems[0].isprintable()


def test_after_many_bad_rows_the_rest_is_not_read(path: Path) -> None:
    _, problems = read(path, "card,grade,time,took\n" + "oak,9,0,0\n" * 1000)

    assert len(problems) == 21
    assert problems[-1] == ": the rest was not read"


def test_answers_on_a_date_without_time_keep_their_order(path: Path) -> None:
    found, _ = read(path, "card,grade,time,took\n" + "oak,1,2024-03-29,0\noak,3,2024-03-29,0\n" * 2)

    reviews = [make_review("trees:oak/recall", answer) for answer in found]
    assert [review.rating for review in sorted(reviews, key=lambda r: r.id)] == [1, 3, 1, 3]
    assert len({review.at_ms for review in reviews}) == 4


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["prompt=a,rating=b,at=c"], {"prompt": "a", "rating": "b", "at": "c"}),
        (["prompt=a, b,rating=c=d", "at=e"], {"prompt": "a, b", "rating": "c=d", "at": "e"}),
        (["prompt=a"], "name the columns of rating, at too"),
        (["card=a"], "`card=a` is not FIELD=COLUMN (fields: prompt, rating, at, duration_ms, "),
        (["prompt=,rating=b,at=c"], "`prompt=` is not FIELD=COLUMN"),
        (["prompt=a,prompt=b"], "`prompt` is named twice"),
        (["prompt=a,rating=b,at=c,duration_s=d,duration_ms=e"], "name only one of duration_ms"),
    ],
)
def test_columns_are_named_by_what_they_hold(
    words: list[str], expected: dict[str, str] | str
) -> None:
    if isinstance(expected, dict):
        assert parse_map(words) == expected
    else:
        with pytest.raises(ValueError, match=re.escape(expected)):
            parse_map(words)


@pytest.mark.parametrize("name", ["review_log.csv", "Мой журнал.csv", "A B.csv", ".csv", "é"])
@pytest.mark.parametrize("prompt", ["1711684180217", "Was heißt das?", "a/b", "x" * 5000])
def test_what_is_kept_has_a_key_of_its_own(name: str, prompt: str) -> None:
    key = name_log_prompt(name_log(Path(name)), prompt)

    assert PROMPT_KEY.fullmatch(key)
    assert key.startswith("log.")
    assert key != name_log_prompt(name_log(Path(name)), f"{prompt}2")
    answer = Answer(1, prompt, Rating.GOOD, Moment(END_MS - 1, 0), 0)
    assert make_review(key, answer) == make_review(key, answer._replace(line=2))
