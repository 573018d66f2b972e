"""The user's editor, opened at a line."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

_AT_COLON: Final = frozenset(
    {"code", "code-insiders", "codium", "cursor", "zed", "subl", "hx", "helix"}
)
"""Editors that take FILE:LINE; the others take +LINE FILE."""
_WAITS: Final = {
    "code": "--wait",
    "code-insiders": "--wait",
    "codium": "--wait",
    "cursor": "--wait",
}
_GOES_TO: Final = frozenset(_WAITS)


def open_editor(path: Path, line: int) -> str:
    """Edit a file at a line; return why that could not be done, or ""."""
    given = os.environ.get("VISUAL") or os.environ.get("EDITOR") or _find_usual()
    if not given:
        return "no editor: set VISUAL or EDITOR"
    words = shlex.split(given, posix=sys.platform != "win32")
    name = Path(words[0].strip('"')).stem.lower()
    if name in _GOES_TO:
        words += [word for word in (_WAITS[name],) if word not in words]
        words += ["--goto", f"{path}:{line}"]
    elif name in _AT_COLON:
        words.append(f"{path}:{line}")
    elif name == "notepad":
        words.append(str(path))
    else:
        words += [f"+{line}", str(path)]
    try:
        code = subprocess.run(words, check=False).returncode  # noqa: S603  (the user's own choice)
    except OSError as error:
        return f"{words[0]}: {error.strerror}"
    return f"{words[0]} ended with {code}" if code else ""


def _find_usual() -> str:
    usual = ("notepad",) if sys.platform == "win32" else ("sensible-editor", "nano", "vim", "vi")
    return next((name for name in usual if shutil.which(name)), "")
