"""Lossless export and import of reviews as JSON Lines and CSV.

Files are not trusted: they may be damaged or malicious. They are read in little memory, every value
is checked before it becomes a Review, and messages quote values escaped and truncated.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Final

from cardwright.error import CardwrightError
from cardwright.foreign.lines import MAX_LINE, read_lines
from cardwright.history import (
    END_BASIS,
    END_MS,
    MAX_DURATION_MS,
    MAX_INTERVAL_DAYS,
    MS_PER_DAY,
    MS_PER_MINUTE,
    PROMPT_KEY,
    RATED,
    REVIEW_ID,
    Act,
    Moment,
    Rating,
    Review,
    check_review,
    make_date,
    make_zone,
    quote_value,
)
from cardwright.text import count

COLUMNS: Final = ("id", "prompt", "act", "rating", "at", "duration_ms", "undoes")
_INTERVAL_COLUMNS: Final = ("interval_days", "interval_basis")
"""Written only where an interval was promised or set."""
_MAX_PROBLEMS: Final = 20
_MAX_STORED: Final = 2**63 - 1
"""Earlier versions recorded any duration that SQLite can store."""
_ACTS: Final = {str(act): act for act in Act}
_RATINGS: Final = {str(int(rating)): rating for rating in Rating}
_ANSWER: Final = re.compile(
    rf'{{"id": "({REVIEW_ID.pattern})", "prompt": "({PROMPT_KEY.pattern})", "act": "answer",'
    r' "rating": ([1-4]), "at": "([0-9-]{10})T([01][0-9]|2[0-3]):([0-5][0-9]):'
    r'([0-5][0-9]\.[0-9]{3})([+-][0-9:]{5})",'
    r' "duration_ms": (0|[1-9][0-9]{0,14}), "undoes": null'
    r'(?:, "interval_days": ([1-9][0-9]{0,3}), "interval_basis": (0|[1-9][0-9]{0,9}))?}\r?\n?'
)
"""The lines of answers that `write_review` writes, apart from the largest numbers."""
_NO_OBJECT: Final = "not a JSON object"
_HELP: Final = (
    "import a file that `cards export` wrote, or a table of another program with --map; nothing was"
    " imported"
)


class TransferError(CardwrightError):
    """A file of reviews cannot be read; the message lists its problems line by line."""


def write_json_lines(reviews: Iterable[Review]) -> Iterator[str]:
    """Yield a line of JSON for each review."""
    for review in reviews:
        yield write_review(review)


def write_review(review: Review) -> str:
    """Return a line of JSON."""
    # Nothing in a valid review needs escaping, and there may be a million.
    rating = "null" if review.rating is None else int(review.rating)
    undoes = "null" if review.undoes is None else f'"{review.undoes}"'
    line = (
        f'{{"id": "{review.id}", "prompt": "{review.key}", "act": "{review.act}", "rating": {rating},'
        f' "at": "{_format_time(review.at_ms, review.utc_offset_minutes)}",'
        f' "duration_ms": {review.duration_ms}, "undoes": {undoes}'
    )
    if review.interval_days is not None:
        line += f', "interval_days": {review.interval_days}'
    if review.interval_basis is not None:
        line += f', "interval_basis": {review.interval_basis}'
    return f"{line}}}\n"


def _format_time(at_ms: int, utc_offset_minutes: int) -> str:
    """Return an ISO time with its UTC offset."""
    day, ms = divmod(at_ms + utc_offset_minutes * MS_PER_MINUTE, MS_PER_DAY)
    minutes, ms = divmod(ms, MS_PER_MINUTE)
    hours, minutes = divmod(minutes, 60)
    start, zone = _format_day(day, utc_offset_minutes)
    return f"{start}{hours:02}:{minutes:02}:{ms // 1000:02}.{ms % 1000:03}{zone}"


@lru_cache(maxsize=10_000)
def _format_day(day: int, utc_offset_minutes: int) -> tuple[str, str]:
    """Return the beginning and the end of the ISO times of a day: a long log has few."""
    at = datetime.combine(make_date(day), time(tzinfo=make_zone(utc_offset_minutes)))
    return f"{at.date()}T", at.isoformat()[len("2026-11-02T00:00:00") :]


def write_csv(reviews: Iterable[Review], *, with_intervals: bool = True) -> Iterator[str]:
    """Yield a CSV header, then a line for each review; ratings are 1 to 4.

    Without intervals, which no review may have then, their columns are left out.
    """
    columns = (*COLUMNS, *_INTERVAL_COLUMNS) if with_intervals else COLUMNS
    yield _to_csv_line(columns)
    for review in reviews:
        row = _to_json(review)
        yield _to_csv_line(["" if row.get(name) is None else row[name] for name in columns])


def read_files(paths: Iterable[Path]) -> Iterator[Review]:
    """Yield the reviews of several files in JSON Lines or CSV.

    Raises:
        TransferError: a file cannot be read, or some lines are invalid. It is raised at the end, so
        the caller must discard the reviews yielded before it.

    """
    for path in paths:
        try:
            # A name that the user typed may be a link.
            yield from read_reviews(read_lines(path, follow_link=True), str(path))
        except OSError as error:
            shown = show_name(str(path))
            raise TransferError(
                f"{shown}:1: cannot be read ({error.strerror})", help=_HELP
            ) from error


def read_reviews(lines: Iterable[str], name: str) -> Iterator[Review]:
    """Yield reviews from JSON Lines or CSV, whichever it is; `name` is used in messages.

    Raises:
        TransferError: some lines are invalid. It is raised at the end, so the caller must discard
        the reviews yielded before it.

    """
    shown = show_name(name)
    problems: list[str] = []
    for number, row in _read_rows(iter(lines)):
        try:
            yield row if isinstance(row, Review) else _to_review(row)
        except ValueError as error:
            problems.append(f"{shown}:{number}: {error}")
            if len(problems) >= _MAX_PROBLEMS:
                break
    if problems:
        raise TransferError("\n".join(problems), help=_HELP)


def parse_review(line: str) -> Review:
    """Parse a line of JSON.

    Raises:
        ValueError: it is not a review; the message says why.

    """
    return _match_answer(line) or _to_review(parse_object(line))


def _match_answer(line: str) -> Review | None:
    """Return the review in a line that is certainly a valid answer: a quick form of `parse_review`."""
    found = _ANSWER.fullmatch(line)
    if found is None:
        return None
    id, key, rating, day, hours, minutes, ms, zone, duration_ms, days, basis = found.groups()
    try:
        start_ms, utc_offset_minutes = _find_start(day, zone)
    except (ValueError, OverflowError):
        return None
    at_ms = start_ms + (int(hours) * 60 + int(minutes)) * MS_PER_MINUTE + int(ms.replace(".", ""))
    interval_basis = None if basis is None else int(basis)
    if at_ms >= END_MS or (interval_basis or 0) >= END_BASIS:
        return None
    return Review(
        id=id,
        key=key,
        act=Act.ANSWER,
        rating=_RATINGS[rating],
        at_ms=at_ms,
        utc_offset_minutes=utc_offset_minutes,
        duration_ms=int(duration_ms),
        undoes=None,
        interval_days=None if days is None else int(days),
        interval_basis=interval_basis,
    )


@lru_cache(maxsize=10_000)
def _find_start(day: str, zone: str) -> Moment:
    """Return when a day began, both as in an ISO time: a large file has few days.

    Raises:
        ValueError, OverflowError: there was no such day, or it began before 1970.

    """
    return Moment.from_datetime(datetime.fromisoformat(f"{day}T00:00{zone}"))


def parse_object(line: str, longest: int = MAX_LINE) -> Mapping[str, Any] | str:
    """Return a JSON object, or an error message."""
    if len(line) >= longest:
        return "too long"
    try:
        row = _DECODER.decode(line)
    except _RepeatedError:
        return "not one value for each name"
    except (ValueError, RecursionError):
        return _NO_OBJECT
    return row if isinstance(row, dict) else _NO_OBJECT


def parse_time(name: str, value: object) -> Moment:
    """Parse an ISO time with its UTC offset; `name` is used in messages.

    Raises:
        ValueError: it is none, or out of bounds.

    """
    try:
        return Moment.from_datetime(datetime.fromisoformat(str(value)))
    except (ValueError, OverflowError):
        raise ValueError(f"`{name}` cannot be {quote_value(value)}") from None


def show_name(name: str) -> str:
    """Return a file name, escaped if needed, since another machine may have chosen it."""
    return name if name.isprintable() else ascii(name)


def describe_clashes(ids: Sequence[str]) -> Iterator[str]:
    """Yield a note to the user about reviews that were recorded twice under the same id."""
    if ids:
        shown = ", ".join(ids[:5])
        yield f"{count(len(ids), 'review')} had another version, and both count from now on: {shown}"


class _RepeatedError(ValueError):
    """An object has a name twice, of which other programs might read either."""


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise _RepeatedError
    return row


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_make_object)


def _read_rows(lines: Iterator[str]) -> Iterator[tuple[int, Review | Mapping[str, Any] | str]]:
    """Yield each line's number, and its review, or its values by column, or an error message."""
    begin = ((number, line.lstrip("\ufeff")) for number, line in enumerate(lines, 1))
    start, first = next(((number, line) for number, line in begin if line.strip()), (1, ""))
    if first.lstrip().startswith("{"):
        for number, line in enumerate(chain([first], lines), start):
            if line.strip():
                yield number, _match_answer(line) or parse_object(line)
    elif first:
        reader = csv.reader(chain([first], lines))
        try:
            for row in _read_table(reader):
                yield start - 1 + reader.line_num, row
        except csv.Error as error:
            yield start - 1 + reader.line_num, f"not valid CSV: {error}"


def _read_table(rows: Iterator[list[str]]) -> Iterator[Mapping[str, Any] | str]:
    heading = next(rows)
    if missing := set(COLUMNS) - set(heading):
        yield (
            f"neither JSON Lines nor CSV with the columns {', '.join(COLUMNS)}"
            f" (missing: {', '.join(sorted(missing))})"
        )
        return
    if len(set(heading)) < len(heading):
        yield "two columns have the same name"
        return
    for values in rows:
        if values:
            yield {key: value or None for key, value in zip(heading, values, strict=False)}


def _to_json(review: Review) -> dict[str, Any]:
    row = {
        "id": review.id,
        "prompt": review.key,
        "act": str(review.act),
        "rating": None if review.rating is None else int(review.rating),
        "at": _format_time(review.at_ms, review.utc_offset_minutes),
        "duration_ms": review.duration_ms,
        "undoes": review.undoes,
    }
    if review.interval_days is not None:
        row["interval_days"] = review.interval_days
    if review.interval_basis is not None:
        row["interval_basis"] = review.interval_basis
    return row


def _to_review(row: Mapping[str, Any] | str) -> Review:
    """Convert a row into a Review.

    Raises:
        ValueError: the row is invalid; the message says why.

    """
    if isinstance(row, str):
        raise ValueError(row)  # noqa: TRY004  (the row is an error message)
    act, rating = row.get("act"), row.get("rating")
    if not isinstance(act, str) or act not in _ACTS:
        raise ValueError(f"`act` cannot be {quote_value(act)}")
    if rating is not None and act in RATED:
        rating = Rating(_parse_number("rating", rating, 1, len(Rating)))
    at_ms, utc_offset_minutes = parse_time("at", row.get("at"))
    duration_ms = _parse_number("duration_ms", row.get("duration_ms"), 0, _MAX_STORED)
    days, basis = row.get("interval_days"), row.get("interval_basis")
    if days is not None:
        days = _parse_number("interval_days", days, 0, MAX_INTERVAL_DAYS)
    if basis is not None:
        basis = _parse_number("interval_basis", basis, 0, END_BASIS - 1)
    review = Review(
        id=row.get("id", ""),
        key=row.get("prompt", ""),
        act=_ACTS[act],
        rating=rating,
        at_ms=at_ms,
        utc_offset_minutes=utc_offset_minutes,
        duration_ms=min(duration_ms, MAX_DURATION_MS),
        undoes=row.get("undoes"),
        interval_days=days,
        interval_basis=basis,
    )
    check_review(review)
    return review


def _parse_number(name: str, value: object, minimum: int, maximum: int) -> int:
    """Parse a whole number, which in CSV is text."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    is_digits = isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value)
    if (is_number or is_digits) and minimum <= (number := int(str(value))) <= maximum:
        return number
    raise ValueError(f"`{name}` cannot be {quote_value(value)}")


def _to_csv_line(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()
