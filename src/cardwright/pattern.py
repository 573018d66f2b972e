"""Patterns of paths, as in `select: {file: "verbs/*.yaml"}`. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate
from functools import lru_cache
from typing import Final

_ANY_FOLDERS: Final = "**"
_Part = Callable[[str], object] | None
"""Matches a name; None stands for any number of names."""


@lru_cache(maxsize=65_536)
def is_match(path: str, pattern: str) -> bool:
    """Tell whether a relative path matches a pattern.

    In a name, `*` stands for any text, `?` for any character, and `[ab]` for one of these; `**` as a
    name stands for any number of names, or none. Case counts.
    """
    names, parts = path.split("/"), _compile(pattern)
    if None not in parts:
        return len(names) == len(parts) and all(
            part(name) for part, name in zip(parts, names, strict=True) if part
        )
    ends = {0}
    """How many of the names the part of the pattern so far can stand for."""
    for part in parts:
        if not ends:
            return False
        if part is None:
            ends = set(range(min(ends), len(names) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(names) and part(names[end])}
    return len(names) in ends


@lru_cache(maxsize=65_536)
def _compile(pattern: str) -> tuple[_Part, ...]:
    return tuple(
        None
        if part == _ANY_FOLDERS
        else re.compile(translate(part)).match
        if has_wildcard(part)
        else part.__eq__
        for part in pattern.split("/")
    )


def has_wildcard(pattern: str) -> bool:
    """Tell whether a pattern can match other paths than the one that it spells."""
    return any(sign in pattern for sign in "*?[")


def first_name(pattern: str) -> str | None:
    """Return the first name of every path that a pattern matches; None if there are several."""
    name = pattern.partition("/")[0]
    return None if has_wildcard(name) else name
