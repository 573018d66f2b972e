"""Git as its user would run it, with nobody's configuration."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

COMMITTED_S = 1_600_000_000


def git(folder: Path, *words: str, at_s: int = COMMITTED_S) -> str:
    """Run git, and return what it prints."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "a"), ("EMAIL", "a@example.com"), ("DATE", f"{at_s} +0000"))
    }
    config = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *words],
        cwd=folder,
        env={**kept, **who, **config},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def commit(folder: Path, *, at_s: int = COMMITTED_S) -> None:
    """Commit everything in a folder."""
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "cards", at_s=at_s)
