"""The files of a project that hold its JSON Schemas, for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Final

TITLE: Final = "Cardwright"
"""Begins the title of every schema, and shows that we wrote it."""
_MAX_BYTES: Final = 10_000_000


def name_schema_file(name: str) -> str:
    """Return the name of a schema's file, relative to the project."""
    return f"schemas/{name}.schema.json"


def is_stale(root: Path, name: str, text: str) -> bool:
    """Tell whether a project has a file for a schema, written by us, with another text."""
    try:
        path = root / name_schema_file(name)
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return False
        written = path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError:
        return False
    return written != text and f'"title": "{TITLE} {name}"' in written
