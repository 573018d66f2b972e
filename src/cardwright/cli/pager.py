"""Showing what is longer than the window in the user's pager."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cardwright.cli.output import say
from cardwright.cli.programs import find_program, make_environ

if TYPE_CHECKING:
    from cardwright.terminal.paint import Renderable

_DEFAULT: Final = "less"
_LESS_OPTIONS: Final = "FRX"
"""As git has them: colours, and what was read stays in the window."""


def say_in_pages(content: Renderable) -> None:
    """Print a renderable; on a terminal too low for it, through PAGER."""
    pager = _find_pager() if sys.stdin.isatty() and sys.stdout.isatty() else []
    if not pager:
        say(content)
        return
    from cardwright.terminal.paint import paint  # noqa: PLC0415  (rich loads slowly)

    text = paint(content, os.environ, is_terminal=True)
    # The next prompt of the shell needs a row, too.
    if text.count("\n") + 2 <= os.get_terminal_size().lines or not _run(pager, text):
        say(content)


def _find_pager() -> list[str]:
    """Return the command of the user's pager; nothing if there is none, or none is wanted."""
    import shlex  # noqa: PLC0415  (most output goes elsewhere or fits the window)

    try:
        words = shlex.split(os.environ.get("PAGER", _DEFAULT), posix=sys.platform != "win32")
    except ValueError:
        return []
    if not words or os.environ.get("TERM") == "dumb":
        return []
    program = words[0].strip('"')
    name = Path(program).stem.lower()
    found = find_program(program)
    if found is None or name == "cat":
        return []
    return [found, *words[1:], *(["-R"] if name == "less" else [])]


def _run(pager: list[str], text: str) -> bool:
    """Run a pager until it is left; tell whether it could be started."""
    import subprocess  # noqa: PLC0415  (as above)

    environ = {"LESS": _LESS_OPTIONS, "LV": "-c", "LESSCHARSET": "utf-8", **make_environ()}
    try:
        process = subprocess.Popen(pager, stdin=subprocess.PIPE, env=environ)  # noqa: S603  (the user's own choice)
    except OSError:
        return False
    # Whoever leaves before the end does not want the rest, and Ctrl-C is the pager's business.
    with suppress(OSError, KeyboardInterrupt):
        process.communicate(f"{text}\n".encode())
    while process.poll() is None:
        with suppress(KeyboardInterrupt):
            process.wait()
    return True
