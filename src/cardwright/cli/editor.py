"""The user's own programs: an editor at a line, what shows an image or an address."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from cardwright.cli.programs import find_program

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
_IMAGES: Final = frozenset(
    {".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".tif", ".tiff", ".webp"}
)
"""Other files might run when they are opened."""


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
    if sys.platform == "win32" and Path(words[0]).name == words[0]:
        # Windows would look into the current folder first, which may be a stranger's.
        program = find_program(words[0])
        if program is None:
            return f"{words[0]} was not found"
        words[0] = program
    try:
        code = subprocess.run(words, check=False).returncode  # noqa: S603  (the user's own choice)
    except OSError as error:
        return f"{words[0]}: {error.strerror}"
    return f"{words[0]} ended with {code}" if code else ""


def open_image(path: Path) -> str:
    """Show an image with the program for it; return why that could not be done, or ""."""
    if path.suffix.lower() not in _IMAGES:
        return f"{path.name} is no image"
    return _open(str(path))


def open_address(address: str) -> str:
    """Show a web address in the browser; return why that could not be done, or ""."""
    return _open(address)


if sys.platform == "win32":

    def _open(target: str) -> str:
        try:
            os.startfile(target)  # noqa: S606  (an image or a web address: nothing that runs)
        except OSError as error:
            return f"{target} cannot be opened: {error.strerror}"
        return ""

else:

    def _open(target: str) -> str:
        opener = "open" if sys.platform == "darwin" else "xdg-open"
        try:
            # It is not to write over our window, and stays when we end.
            subprocess.Popen(  # noqa: S603  (an image or a web address: nothing that runs)
                [opener, target],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            return f"{target} cannot be opened: {opener}: {error.strerror}"
        return ""


def _find_usual() -> str:
    usual = ("notepad",) if sys.platform == "win32" else ("sensible-editor", "nano", "vim", "vi")
    return next((name for name in usual if shutil.which(name)), "")
