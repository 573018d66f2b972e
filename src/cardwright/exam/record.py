"""Records of exams, checked as they are read from the store: a damaged or older one may have any shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, Final

from cardwright.history import END_MS, is_day
from cardwright.study.store import Store

_MAX: Final = 2**53


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX


def _are_whole(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_whole, value))


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


_CHECKS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "bool | None": lambda value: value is None or isinstance(value, bool),
    "int": _is_whole,
    "int | None": lambda value: value is None or _is_whole(value),
    "tuple[int, ...]": _are_whole,
    "tuple[str, ...]": _are_texts,
}
"""By the annotation of a field: whether JSON holds a value for it."""


def fits(cls: type, body: Any) -> bool:
    """Tell whether JSON has the fields of a dataclass, each with a value of its type."""
    if not isinstance(body, dict):
        return False
    needed, checks = _list_checks(cls)
    return needed <= body.keys() <= checks.keys() and all(
        checks[name](value) for name, value in body.items()
    )


@cache
def _list_checks(cls: type) -> tuple[frozenset[str], Mapping[str, Callable[[Any], bool]]]:
    """Return the names of the fields without a default, and the check of each field."""
    known = fields(cls)
    needed = frozenset(
        field.name
        for field in known
        if field.default is MISSING and field.default_factory is MISSING
    )
    return needed, {field.name: _make_check(field.name, str(field.type)) for field in known}


def _make_check(name: str, annotation: str) -> Callable[[Any], bool]:
    if name == "seed":
        # It can be chosen freely.
        return lambda value: isinstance(value, int)
    check = _CHECKS.get(annotation, lambda _: True)
    if name.endswith("study_day"):
        # It can be before 1970 in some time zones.
        return lambda value: isinstance(value, int) and is_day(value)
    if name.endswith("at_ms"):
        return lambda value: check(value) and (value is None or value < END_MS)
    return check


def read_records(
    store: Store, kind: str, namespace: str, is_valid: Callable[[Any], bool]
) -> Iterator[Any]:
    """Yield the records of a kind that are valid, sorted by time; the store notes the others."""
    for body in store.list_records(kind, namespace):
        if is_valid(body):
            yield body
        else:
            id = body.get("id") if isinstance(body, dict) else None
            store.leave_out(f"record {id!a} ({kind})" if id else f"a record ({kind})")
