"""Reviews as JSON Lines and CSV, without loss, and back."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from cardwright.history import Act, Moment, Rating, Review

COLUMNS: Final = ("id", "prompt", "act", "rating", "at", "duration_ms", "undoes")
_ID: Final = re.compile(r"[0-9a-f]{12}-[0-9A-Za-z_]{1,40}")
_PROMPT: Final = re.compile(r"[^\s:/]{1,100}:[^\s:/]{1,100}/[^\s:/]{1,100}")
_MOST_PROBLEMS: Final = 20
_MAX_DURATION_MS: Final = 2**53


class TransferError(Exception):
    """What is wrong with reviews that are to be taken in, line by line."""


def write_json_lines(reviews: Iterable[Review]) -> Iterator[str]:
    """Yield a line for each review."""
    for review in reviews:
        yield json.dumps(_as_plain(review), ensure_ascii=False) + "\n"


def write_csv(reviews: Iterable[Review]) -> Iterator[str]:
    """Yield a heading, and a line for each review; ratings are 1 to 4."""
    yield _as_csv(COLUMNS)
    for review in reviews:
        yield _as_csv(["" if value is None else value for value in _as_plain(review).values()])


def read_reviews(lines: Iterable[str], name: str) -> Iterator[Review]:
    """Yield the reviews of JSON Lines or CSV, whichever it is; `name` is used in messages.

    Raises:
        TransferError: there is something wrong; it names the lines and the cures.

    """
    problems: list[str] = []
    for number, row in _read_rows(iter(lines), name):
        try:
            yield _as_review(row if isinstance(row, Mapping) else {})
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            said = f"no `{error.args[0]}`" if isinstance(error, KeyError) else str(error)
            problems.append(f"{name}:{number}: {said}")
            if len(problems) >= _MOST_PROBLEMS:
                break
    if problems:
        cure = "  help: take a file that `cards export` wrote; nothing was taken in"
        raise TransferError("\n".join((*problems, cure)))


def _read_rows(lines: Iterator[str], name: str) -> Iterator[tuple[int, Any]]:
    first = next((line for line in lines if line.strip()), "").lstrip("\ufeff")
    if not first:
        return
    if first.lstrip().startswith("{"):
        number = 1
        for number, line in enumerate(_again(first, lines), 1):
            if line.strip():
                yield number, _parse_json(line)
        return
    heading = next(csv.reader([first]))
    if missing := set(COLUMNS) - set(heading):
        message = (
            f"{name}:1: neither JSON Lines nor CSV with the columns {', '.join(COLUMNS)}"
            f" (missing: {', '.join(sorted(missing))})\n"
            "  help: take a file that `cards export` wrote; nothing was taken in"
        )
        raise TransferError(message)
    reader = csv.reader(lines)
    for values in reader:
        if values:
            row: dict[str, Any] = dict(zip(heading, values, strict=False))
            row = {key: value or None for key, value in row.items()}
            yield reader.line_num + 1, row


def _again(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines


def _parse_json(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return {}


def _as_plain(review: Review) -> dict[str, Any]:
    return {
        "id": review.id,
        "prompt": review.prompt,
        "act": str(review.act),
        "rating": None if review.rating is None else int(review.rating),
        "at": review.moment.local.isoformat(timespec="milliseconds"),
        "duration_ms": review.duration_ms,
        "undoes": review.undoes,
    }


def _as_review(row: Mapping[str, Any]) -> Review:
    act = Act(_require(row, "act", str))
    rating, undoes = row.get("rating"), row.get("undoes")
    if (rating is not None) != (act in {Act.ANSWER, Act.CRAM}):
        message = f"`rating` belongs to answers: `{act}` with {rating}"
        raise ValueError(message)
    if (undoes is not None) != (act is Act.UNDO):
        message = "`undoes` belongs to an undo"
        raise ValueError(message)
    moment = Moment.read(datetime.fromisoformat(_require(row, "at", str)))
    duration_ms = int(row.get("duration_ms") or 0)
    if not 0 <= duration_ms < _MAX_DURATION_MS:
        message = f"`duration_ms` cannot be {duration_ms}"
        raise ValueError(message)
    return Review(
        id=_match(_ID, "id", row["id"]),
        prompt=_match(_PROMPT, "prompt", row["prompt"]),
        act=act,
        rating=None if rating is None else Rating(int(rating)),
        at_ms=moment.at_ms,
        utc_offset_minutes=moment.utc_offset_minutes,
        duration_ms=duration_ms,
        undoes=None if undoes is None else _match(_ID, "undoes", undoes),
    )


def _require(row: Mapping[str, Any], key: str, kind: type) -> Any:
    value = row[key]
    if not isinstance(value, kind):
        message = f"`{key}` cannot be {value!r}"
        raise TypeError(message)
    return value


def _match(pattern: re.Pattern[str], key: str, value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        message = f"`{key}` cannot be {value!r}"
        raise ValueError(message)
    return value


def _as_csv(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()
