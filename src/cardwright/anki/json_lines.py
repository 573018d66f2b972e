"""Files of JSON lines that lie in a project: a line is one object, and anybody may have changed it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol, TypeVar

from cardwright.diagnostic import Diagnostic, Span, diagnose_conflict
from cardwright.foreign.json_text import parse_json
from cardwright.text import find_conflicts

_MAX_LINE_LENGTH: Final = 2**24
_T = TypeVar("_T")


class Ask(Protocol):
    """Returns what was made of a file before, or makes it: what that takes depends on the file's size."""

    def __call__(self, key: bytes, value_type: type[_T], make: Callable[[], _T], /) -> _T:
        """Return a value whose key is a digest of all that it depends on, besides the program."""


def make_anew(_key: bytes, _value_type: type[_T], make: Callable[[], _T], /) -> _T:
    """Make a value that is not kept."""
    return make()


def read_json_line(line: str) -> dict[str, Any]:
    """Return the object of a line.

    Raises:
        ValueError: it is too long, or no JSON.
        TypeError: it is not an object.

    """
    if len(line) > _MAX_LINE_LENGTH:
        raise ValueError("it is too long")
    try:
        row = parse_json(line)
    except ValueError as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(row, dict):
        raise TypeError("it is not a JSON object")
    return row


def report_conflicts(text: str, shown_path: str) -> Iterator[Diagnostic]:
    """Report the merge conflicts in a file."""
    for conflict in find_conflicts(text):
        line = text.count("\n", 0, conflict.start) + 1
        span = Span(path=shown_path, line=line, column=1, length=conflict.length)
        yield diagnose_conflict(span)
