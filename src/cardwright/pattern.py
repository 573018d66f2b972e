"""Patterns of paths, as in `select: {file: "verbs/*.yaml"}`. No I/O."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

_ANY_FOLDERS: Final = "**"


@lru_cache(maxsize=65_536)
def is_match(path: str, pattern: str) -> bool:
    """Tell whether a relative path matches a pattern.

    In a name, `*` stands for any text, `?` for any character, and `[ab]` for one of these; `**` as a
    name stands for any number of names, or none. Case counts.
    """
    names = path.split("/")
    ends = {0}
    """How many of the names the part of the pattern so far can stand for."""
    for part in pattern.split("/"):
        if not ends:
            return False
        if part == _ANY_FOLDERS:
            ends = set(range(min(ends), len(names) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(names) and fnmatchcase(names[end], part)}
    return len(names) in ends


def has_wildcard(pattern: str) -> bool:
    """Tell whether a pattern can match other paths than the one that it spells."""
    return any(sign in pattern for sign in "*?[")
