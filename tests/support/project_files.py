"""What tests do to the files of a project, and the types of the functions they use on it."""

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


def change_file(root: Path, name: str, content: str | bytes | Path | None) -> None:
    """Write a file of a project, move it to another path in it if it is there, or delete it."""
    path = root / name
    if isinstance(content, Path):
        if path.exists():
            path.replace(root / content)
    elif content is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
