"""Types of the functions that tests use on a project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from click.testing import Result

Write = Callable[[Mapping[str, str]], Path]
"""Writes files by relative path, and returns the project."""
Run = Callable[..., Result]
"""Runs `cards` in the project: words of the command line, and the exit code to expect."""
Release = Callable[[str, int], Path]
"""Releases the pack `trees` at a Unix time; returns a copy of its package, of that name."""
