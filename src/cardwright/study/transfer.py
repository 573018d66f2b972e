"""Lossless export and import of reviews as JSON Lines and CSV, and sync through a shared folder.

Files are not trusted: they may be damaged or malicious. Every value is checked before it becomes a
Review, and messages quote values escaped and truncated. In a shared folder, each machine writes
only its own files.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

from cardwright.error import CardwrightError
from cardwright.files import write_file
from cardwright.history import MAX_DURATION_MS, Act, Moment, Rating, Review, make_time
from cardwright.study.alias import Alias
from cardwright.study.journal import Journal

COLUMNS: Final = ("id", "prompt", "act", "rating", "at", "duration_ms", "undoes")
_ID: Final = re.compile(r"[0-9a-e][0-9a-f]{11}-[0-9A-Za-z_]{1,40}")
"""Ids starting with f are refused, since the next review must still sort after this one."""
_NAMESPACE: Final = re.compile(r"[0-9a-z_.-]{1,100}")
_ALIAS_ID: Final = re.compile(r"alias-[0-9A-Za-z_.-]{1,200}")
_PROMPT: Final = re.compile(r"[0-9a-z_.-]{1,100}:[0-9a-z_.-]{1,100}/[0-9a-z_.-]{1,100}")
_ALIASES: Final = ".aliases"
"""The extension of files of aliases, which older versions do not read."""
_MAX_ALIAS_BYTES: Final = 10_000_000
_MAX_PROBLEMS: Final = 20
_MAX_QUOTED: Final = 80
_HELP: Final = "import a file that `cards export` wrote; nothing was imported"


class TransferError(CardwrightError):
    """A file of reviews cannot be read; the message lists its problems line by line."""


def write_json_lines(reviews: Iterable[Review]) -> Iterator[str]:
    """Yield a line of JSON for each review."""
    for review in reviews:
        yield json.dumps(_to_json(review), ensure_ascii=False) + "\n"


def write_csv(reviews: Iterable[Review]) -> Iterator[str]:
    """Yield a CSV header, then a line for each review; ratings are 1 to 4."""
    yield _to_csv_line(COLUMNS)
    for review in reviews:
        yield _to_csv_line(["" if value is None else value for value in _to_json(review).values()])


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
            yield _to_review(row)
        except ValueError as error:
            problems.append(f"{shown}:{number}: {error}")
            if len(problems) >= _MAX_PROBLEMS:
                break
    if problems:
        raise TransferError("\n".join(problems), help=_HELP)


def show_name(name: str) -> str:
    """Return a file name, escaped if needed, since another machine may have chosen it."""
    return name if name.isprintable() else ascii(name)


def _read_rows(lines: Iterator[str]) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """Yield each line's number, and its values by column or an error message."""
    begin = ((number, line.lstrip("\ufeff")) for number, line in enumerate(lines, 1))
    start, first = next(((number, line) for number, line in begin if line.strip()), (1, ""))
    if first.lstrip().startswith("{"):
        for number, line in enumerate(chain([first], lines), start):
            if line.strip():
                yield number, _parse_json(line)
    elif first:
        reader = csv.reader(chain([first], lines))
        try:
            for row in _read_table(reader):
                yield start - 1 + reader.line_num, row
        except csv.Error as error:
            yield start - 1 + reader.line_num, f"not valid CSV: {error}"


def _parse_json(line: str) -> Mapping[str, Any] | str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    return row if isinstance(row, dict) else "not a JSON object"


def _read_table(rows: Iterator[list[str]]) -> Iterator[Mapping[str, Any] | str]:
    heading = next(rows)
    if missing := set(COLUMNS) - set(heading):
        yield (
            f"neither JSON Lines nor CSV with the columns {', '.join(COLUMNS)}"
            f" (missing: {', '.join(sorted(missing))})"
        )
        return
    for values in rows:
        if values:
            yield {key: value or None for key, value in zip(heading, values, strict=False)}


def _to_json(review: Review) -> dict[str, Any]:
    return {
        "id": review.id,
        "prompt": review.key,
        "act": str(review.act),
        "rating": None if review.rating is None else int(review.rating),
        "at": review.moment.local.isoformat(timespec="milliseconds"),
        "duration_ms": review.duration_ms,
        "undoes": review.undoes,
    }


def _to_review(row: Mapping[str, Any] | str) -> Review:
    """Convert a row into a Review.

    Raises:
        ValueError: the row is invalid; the message says why.

    """
    if isinstance(row, str):
        raise ValueError(row)  # noqa: TRY004  (the row is an error message)
    act = row.get("act")
    if act not in list(Act):
        raise ValueError(f"`act` cannot be {_quote(act)}")
    rating, undoes = row.get("rating"), row.get("undoes")
    if (rating is not None) != (act in {Act.ANSWER, Act.CRAM}):
        raise ValueError(f"`rating` of `{act}` cannot be {_quote(rating)}")
    if (undoes is not None) != (act == Act.UNDO):
        raise ValueError(f"`undoes` of `{act}` cannot be {_quote(undoes)}")
    moment = _parse_time(row.get("at"))
    return Review(
        id=_match(_ID, "id", row.get("id")),
        key=_match(_PROMPT, "prompt", row.get("prompt")),
        act=Act(act),
        rating=None if rating is None else Rating(_parse_number("rating", rating, 1, len(Rating))),
        at_ms=moment.at_ms,
        utc_offset_minutes=moment.utc_offset_minutes,
        duration_ms=_parse_number("duration_ms", row.get("duration_ms"), 0, MAX_DURATION_MS),
        undoes=None if undoes is None else _match(_ID, "undoes", undoes),
    )


def _parse_time(value: object) -> Moment:
    try:
        return Moment.from_datetime(datetime.fromisoformat(str(value)))
    except (ValueError, OverflowError):
        raise ValueError(f"`at` cannot be {_quote(value)}") from None


def _parse_number(name: str, value: object, minimum: int, maximum: int) -> int:
    """Parse a whole number, which in CSV is text."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    is_digits = isinstance(value, str) and re.fullmatch(r"[0-9]{1,16}", value)
    if (is_number or is_digits) and minimum <= (number := int(str(value))) <= maximum:
        return number
    raise ValueError(f"`{name}` cannot be {_quote(value)}")


def _match(pattern: re.Pattern[str], name: str, value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"`{name}` cannot be {_quote(value)}")
    return value


def _quote(value: object) -> str:
    """Return any value as short text without control characters."""
    if value is None:
        return "empty"
    if not isinstance(value, str | int | float):
        return f"a {type(value).__name__}"
    text = repr(value)
    return text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}…"


def _to_csv_line(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()


class Synced(NamedTuple):
    """The result of a sync."""

    taken: int
    """The number of reviews that were new to this machine."""
    given: int
    """The number of reviews in this machine's own file."""
    clashes: list[str]
    """Ids of reviews that differ between two machines; this machine's were kept."""


def sync_folder(
    journal: Journal, folder: Path, decide: Callable[[], None] = lambda: None
) -> Synced:
    """Import the reviews of other machines, and write the reviews that the folder lacks.

    In whatever order machines sync, they end up with the same reviews. `decide` is called before
    anything is written, to record aliases that follow from what was imported.

    Raises:
        OSError: the folder cannot be written.
        StoreError: the store cannot be read or written.
        TransferError: a file in the folder is damaged or unreadable; nothing was imported.

    """
    own = folder / f"{journal.store.device}.jsonl"
    found = _list_files(folder, ".jsonl")
    theirs = list(read_files(path for path in found if path != own))
    # Our own file may have reviews that the store lacks, if the store was restored from a backup.
    ours = list(read_files([own])) if own.exists() else []
    own_aliases = folder / f"{journal.store.device}{_ALIASES}"
    paths = _list_files(folder, _ALIASES)
    aliases = {path: list(_read_aliases(path)) for path in paths}
    journal.add_aliases(alias for path in paths for alias in aliases[path])
    taken, clashes = journal.merge([*theirs, *ours])
    decide()
    known = {review.id for review in theirs}
    mine = [review for review in journal.store.list_log() if review.id not in known]
    _write_if_changed(own, "".join(write_json_lines(mine)))
    known = {alias.id for path in paths if path != own_aliases for alias in aliases[path]}
    decided = [alias for alias in journal.store.list_aliases() if alias.id not in known]
    if decided or own_aliases.exists():
        _write_if_changed(own_aliases, "".join(map(_write_alias, decided)))
    return Synced(taken, len(mine), clashes)


def _list_files(folder: Path, extension: str) -> list[Path]:
    """List the files of a folder with an extension.

    Raises:
        TransferError: one is a pipe or a device, which might never end.

    """
    paths = sorted(folder.glob(f"*{extension}"))
    for path in paths:
        if not path.is_file():
            shown = show_name(str(path))
            raise TransferError(f"{shown}:1: not a regular file; nothing was imported")
    return paths


def _write_if_changed(path: Path, text: str) -> None:
    if not path.exists() or path.read_text("utf-8") != text:
        write_file(path, text)


def _write_alias(alias: Alias) -> str:
    at = make_time(alias.at_ms).isoformat(timespec="milliseconds")
    row = {"id": alias.id, "at": at, "namespace": alias.namespace, "history": alias.history}
    return json.dumps(row) + "\n"


def _read_aliases(path: Path) -> Iterator[Alias]:
    """Yield the aliases of another machine.

    Raises:
        TransferError: the file cannot be read, or is invalid.

    """
    shown = show_name(str(path))
    try:
        if path.stat().st_size > _MAX_ALIAS_BYTES:
            raise TransferError(f"{shown}:1: too large for aliases; nothing was imported")
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError as error:
        raise _explain(shown, error) from error
    for number, line in enumerate(lines, 1):
        try:
            yield _to_alias(_parse_json(line))
        except ValueError as error:
            raise TransferError(f"{shown}:{number}: {error}; nothing was imported") from None


def _to_alias(row: Mapping[str, Any] | str) -> Alias:
    """Convert a row into an Alias.

    Raises:
        ValueError: the row is invalid; the message says why.

    """
    if isinstance(row, str):
        raise ValueError(row)  # noqa: TRY004  (the row is an error message)
    history = row.get("history")
    return Alias(
        id=_match(_ALIAS_ID, "id", row.get("id")),
        at_ms=_parse_time(row.get("at")).at_ms,
        namespace=_match(_NAMESPACE, "namespace", row.get("namespace")),
        history="" if history == "" else _match(_NAMESPACE, "history", history),
    )


def read_files(paths: Iterable[Path]) -> Iterator[Review]:
    """Yield the reviews of several files in JSON Lines or CSV.

    Raises:
        TransferError: a file cannot be read, or is invalid.

    """
    for path in paths:
        try:
            # Invalid UTF-8 becomes a replacement character, which no field may contain.
            with path.open(encoding="utf-8", errors="replace", newline="") as lines:
                yield from read_reviews(lines, str(path))
        except OSError as error:
            raise _explain(show_name(str(path)), error) from error


def _explain(shown: str, error: OSError) -> TransferError:
    return TransferError(f"{shown}:1: cannot be read ({error.strerror}); nothing was imported")
