"""Types of the functions that tests use on a project."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from click.testing import Result

Write = Callable[[Mapping[str, str]], Path]
"""Writes files by relative path, and returns the project."""
Run = Callable[..., Result]
"""Runs `cards` in the project: words of the command line, and the exit code to expect."""
Release = Callable[[str, int], Path]
"""Releases the pack `trees` at a Unix time; returns a copy of its package, of that name."""


def add_namespace(name: str, text: str) -> str:
    """Return a manifest with the namespace that it lacks, and any other file as it is."""
    folder, pack, file = (*name.split("/"), "", "")[:3]
    is_manifest = (folder, file) == ("decks", "deck.yaml") and re.match("(name|description):", text)
    lacks_one = is_manifest and "\nnamespace: " not in text
    return f"{text}namespace: {pack}\n" if lacks_one else text
