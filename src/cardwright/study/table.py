"""Histories of other programs: CSV files of answers, whose columns the user names.

Files are not trusted, like those that `study.transfer` reads.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Final, NamedTuple

from cardwright.foreign.lines import MAX_LINE, read_lines
from cardwright.history import (
    KEPT_LOG,
    MAX_DURATION_MS,
    MS_PER_SECOND,
    Act,
    Moment,
    Rating,
    Review,
    quote_value,
)
from cardwright.study.transfer import TransferError, show_name
from cardwright.text import list_names

FIELDS: Final = ("prompt", "rating", "at", "duration_ms", "duration_s")
_REQUIRED: Final = FIELDS[:3]
_NEXT_FIELD: Final = re.compile(rf",\s*(?=(?:{'|'.join(FIELDS)})=)")
_DELIMITERS: Final = (",", ";", "\t")
_MAX_PROBLEMS: Final = 20
_MAX_ROW: Final = 2**20
"""The most characters of a row: quotes that never end would make the whole file one."""
_MAX_PROMPT: Final = 1_000
"""The longest name of a prompt."""
_NUMBER: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{0,18})?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MIN_MS: Final = 10**11
"""A larger number is a time in milliseconds: in seconds, it would be in the year 5138."""
_RATINGS: Final = {
    **{str(int(rating)): rating for rating in Rating},
    **{rating.name.lower(): rating for rating in Rating},
}
_PART: Final = re.compile(r"[0-9a-z_.-]{1,200}")
_HELP: Final = "nothing was imported"

Localize = Callable[[datetime], datetime]
"""Returns a time in the user's zone; one without an offset is in it."""


class Answer(NamedTuple):
    """A row of a table."""

    line: int
    prompt: str
    """Names the prompt as the other program does."""
    rating: Rating
    moment: Moment
    duration_ms: int


class Table(NamedTuple):
    """A table, and which of its columns hold what."""

    path: Path
    columns: Mapping[str, str]
    """Names of columns by what they hold."""

    def describe(self, line: int, name: str, message: str) -> str:
        """Return a problem with its place."""
        return f"{show_name(str(self.path))}:{line}: column `{self.columns[name]}` {message}"


def parse_map(words: Iterable[str]) -> dict[str, str]:
    """Return the columns that the user named, as `field=column,field=column`.

    Raises:
        ValueError: a field is unknown, missing or named twice; the message says which.

    """
    found: dict[str, str] = {}
    for part in chain.from_iterable(map(_NEXT_FIELD.split, words)):
        field, separator, column = part.strip().partition("=")
        if not separator or field not in FIELDS or not column:
            raise ValueError(f"`{part}` is not FIELD=COLUMN (fields: {', '.join(FIELDS)})")
        if field in found:
            raise ValueError(f"`{field}` is named twice")
        found[field] = column
    if missing := [field for field in _REQUIRED if field not in found]:
        raise ValueError(f"name the columns of {list_names(missing)} too")
    if "duration_ms" in found and "duration_s" in found:
        raise ValueError("name only one of duration_ms and duration_s")
    return found


def read_table(table: Table, localize: Localize, problems: list[str]) -> Iterator[Answer]:
    """Yield the answers of a table, and add a line to `problems` for each row that is none."""
    shown = show_name(str(table.path))
    reader = _Reader(table, localize)
    number = 1
    try:
        # A name that the user typed may be a link.
        lines = _Lines(read_lines(table.path, follow_link=True))
        begin = (pair for pair in enumerate(lines, 1) if pair[1].strip("\ufeff\r\n"))
        start, heading = next(begin, (1, ""))
        delimiter = reader.read_heading(heading.lstrip("\ufeff"))
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        number = start + 1
        for values in rows:
            lines.left = _MAX_ROW
            first, number = number, start + rows.line_num + 1
            if not values:
                continue
            try:
                yield reader.read(first, values)
            except ValueError as error:
                problems.append(str(error))
                if len(problems) >= _MAX_PROBLEMS:
                    problems.append(f"{shown}: the rest was not read")
                    return
    except OSError as error:
        problems.append(f"{shown}:{number}: cannot be read ({error.strerror})")
    except csv.Error as error:
        problems.append(f"{shown}:{number}: not valid CSV: {error}")
    except ValueError as error:
        problems.append(f"{shown}:1: {error}")


def refuse(problems: Iterable[str]) -> TransferError:
    """Return an error that lists the problems of a table."""
    return TransferError("\n".join(problems), help=_HELP)


class _Lines:
    """The lines of a table; a row may have several, in quotes."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.left = _MAX_ROW
        """How many characters the row may still have."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.left -= len(line)
        if len(line) >= MAX_LINE or self.left < 0:
            raise csv.Error("a line is too long" if self.left >= 0 else "a row is too long")
        return line


class _Reader:
    """Reads the rows of one table."""

    def __init__(self, table: Table, localize: Localize) -> None:
        self._table = table
        self._localize = localize
        self._places: dict[str, int] = {}
        self._on_date: Counter[tuple[str, str]] = Counter()
        """How many answers a prompt had so far on a date without a time."""

    def read_heading(self, heading: str) -> str:
        """Find the columns, and return the delimiter.

        Raises:
            ValueError: some are not there.

        """
        wanted = set(self._table.columns.values())
        names: list[str] = []
        for delimiter in _DELIMITERS:
            names = next(csv.reader([heading], delimiter=delimiter), [])
            if wanted <= set(names):
                break
        else:
            names = next(csv.reader([heading]), [])
            missing = list_names([f"`{name}`" for name in sorted(wanted - set(names))])
            listed = list_names([quote_value(name) for name in names], none="none")
            raise ValueError(f"there is no column {missing} (columns: {listed})")
        for field, column in self._table.columns.items():
            if names.count(column) > 1:
                raise ValueError(f"there are two columns `{column}`")
            self._places[field] = names.index(column)
        return delimiter

    def read(self, line: int, values: list[str]) -> Answer:
        """Return the answer in a row.

        Raises:
            ValueError: it has none; the message names the line and the column.

        """
        texts = {
            field: values[place].strip() if place < len(values) else ""
            for field, place in self._places.items()
        }

        def refuse(field: str) -> ValueError:
            shown = quote_value(texts[field]) if texts[field] else "empty"
            return ValueError(self._table.describe(line, field, f"cannot be {shown}"))

        if not 0 < len(texts["prompt"]) <= _MAX_PROMPT:
            raise refuse("prompt")
        rating = _RATINGS.get(texts["rating"].lower().removesuffix(".0"))
        if rating is None:
            raise refuse("rating")
        try:
            moment = self._read_moment(texts["prompt"], texts["at"])
        except (ValueError, OverflowError, OSError):
            raise refuse("at") from None
        return Answer(line, texts["prompt"], rating, moment, self._read_duration(texts, refuse))

    def _read_moment(self, prompt: str, text: str) -> Moment:
        if _NUMBER.fullmatch(text):
            number = float(text)
            at_ms = round(number if number >= _MIN_MS else number * MS_PER_SECOND)
            start = datetime(1970, 1, 1, tzinfo=UTC)
            return Moment.from_datetime(self._localize(start + timedelta(milliseconds=at_ms)))
        at = datetime.fromisoformat(text)
        if _DATE.fullmatch(text):
            # At noon, so that it is on the study day of that date, and each at a time of its own.
            self._on_date[prompt, text] += 1
            at += timedelta(hours=12, milliseconds=self._on_date[prompt, text] - 1)
        return Moment.from_datetime(at if at.tzinfo else self._localize(at))

    @staticmethod
    def _read_duration(texts: Mapping[str, str], refuse: Callable[[str], ValueError]) -> int:
        for field, factor in (("duration_ms", 1), ("duration_s", MS_PER_SECOND)):
            if text := texts.get(field):
                if not _NUMBER.fullmatch(text) or not isfinite(float(text)):
                    raise refuse(field)
                return min(round(float(text) * factor), MAX_DURATION_MS)
        return 0


def make_review(key: str, answer: Answer) -> Review:
    """Return an answer as a review, whose id follows from its prompt, its time and its rating."""
    at_ms, utc_offset_minutes = answer.moment
    digest = sha256(f"{key}\n{at_ms}\n{int(answer.rating)}".encode()).hexdigest()[:8]
    return Review(
        id=f"{at_ms:012x}-log_{digest}",
        key=key,
        act=Act.ANSWER,
        rating=answer.rating,
        at_ms=at_ms,
        utc_offset_minutes=utc_offset_minutes,
        duration_ms=answer.duration_ms,
        undoes=None,
    )


def name_log(path: Path) -> str:
    """Return the namespace under which what is in no project is kept of a file."""
    return f"{KEPT_LOG}{_name_part(re.sub(r'[^0-9a-z_.-]+', '-', path.stem.lower()).strip('-'))}"


def name_log_prompt(namespace: str, prompt: str) -> str:
    """Return the key under which a prompt that is in no project is kept."""
    return f"{namespace}:{_name_part(prompt)}/card"


def _name_part(text: str) -> str:
    """Return a text that can be a part of a key: as it is, or a digest."""
    return text if _PART.fullmatch(text) else sha256(text.encode()).hexdigest()[:16]
