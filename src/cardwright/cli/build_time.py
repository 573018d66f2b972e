"""The time that a build stamps on what is not yet published."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from cardwright.project.walk import ProjectError

_SOURCES = ("cards", "decks", "kinds")


def find_build_time_s(root: Path) -> int:
    """Return Unix seconds: SOURCE_DATE_EPOCH, else the last commit's of committed sources, else now.

    Source of the variable: reproducible-builds.org, "SOURCE_DATE_EPOCH specification".
    """
    return read_source_date_s() or _find_commit_time_s(root) or int(time.time())


def read_source_date_s() -> int | None:
    """Return SOURCE_DATE_EPOCH in Unix seconds, if it is set; ends when it is no number."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if not given:
        return None
    if not given.isdigit() or int(given) == 0:
        raise ProjectError(f"SOURCE_DATE_EPOCH must be a number of seconds, not {given!r}")
    return int(given)


def _find_commit_time_s(root: Path) -> int | None:
    if _run_git(root, "status", "--porcelain", "--", *_SOURCES) != "":
        return None
    shown = _run_git(root, "log", "-1", "--format=%ct", "--", *_SOURCES)
    return int(shown) if shown and shown.isdigit() else None


def _run_git(root: Path, *words: str) -> str | None:
    """Return what git prints; None where there is no git, or no repository."""
    try:
        done = subprocess.run(  # noqa: S603 (fixed words)
            ["git", *words],  # noqa: S607 (git is where the user has it)
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
