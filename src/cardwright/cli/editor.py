"""Opening files in the user's editor, and media and web addresses in other programs."""

from __future__ import annotations

import errno
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from cardwright.app.config import ConfigError
from cardwright.cli.config_file import load_config
from cardwright.cli.programs import find_program
from cardwright.foreign.media import MediaFile

_COLON_EDITORS: Final = frozenset(
    {"code", "code-insiders", "codium", "cursor", "zed", "subl", "hx", "helix"}
)
"""Editors that accept FILE:LINE; the others accept +LINE FILE."""
_WAIT_OPTIONS: Final = {
    "code": "--wait",
    "code-insiders": "--wait",
    "codium": "--wait",
    "cursor": "--wait",
}
_GOTO_EDITORS: Final = frozenset(_WAIT_OPTIONS)
_BATCH_FILES: Final = (".bat", ".cmd")
_BATCH_SYNTAX: Final = re.compile(r"[\"%&|<>^!\r\n]")
"""Characters with which a file name could contain a command for the shell of Windows, which runs
batch files, such as `code.cmd`."""
_ADDRESS_CHARACTERS: Final = "!#$%&'()*+,-./:;=?@[]_~"
"""Characters with a meaning in an address; letters and digits are kept anyway."""


def open_editor(path: Path, line: int) -> str:
    """Open a file in the editor at a line; return an error message, or ""."""
    words, problem = _split_command()
    if problem:
        return problem
    program = words[0].strip('"')
    if program.lower().endswith(_BATCH_FILES) and _BATCH_SYNTAX.search(str(path)):
        return f"{path} is not opened: {words[0]} could take its name for a command"
    name = Path(program).stem.lower()
    if name in _GOTO_EDITORS:
        words += [word for word in (_WAIT_OPTIONS[name],) if word not in words]
        words += ["--goto", f"{path}:{line}"]
    elif name in _COLON_EDITORS:
        words.append(f"{path}:{line}")
    elif name == "notepad":
        words.append(str(path))
    else:
        words += [f"+{line}", str(path)]
    words[0], problem = _locate(words[0])
    return problem or _run(words)


def find_editor_problem() -> str:
    """Return why the editor cannot be started; "" if it can, as far as is known."""
    words, problem = _split_command()
    return problem or _locate(words[0])[1]


def _split_command() -> tuple[list[str], str]:
    """Return the words of the editor's command, or what is wrong with it."""
    try:
        words = shlex.split(find_editor(), posix=sys.platform != "win32")
    except ValueError as error:
        return [], f"the editor is not a valid command: {error}"
    if not words or not words[0]:
        return [], "no editor: `cards config editor=COMMAND` sets one"
    return words, ""


def _locate(program: str) -> tuple[str, str]:
    """Return the path of the editor's program, or what is wrong with it."""
    if Path(program).name != program:
        return program, ""
    # Otherwise, one in the current folder might run: first of all on Windows, and elsewhere if PATH has
    # relative entries.
    found = find_program(program)
    return (found, "") if found else ("", f"{program}: {os.strerror(errno.ENOENT)}")


def _run(words: Sequence[str]) -> str:
    """Run an editor until it ends; return an error message, or ""."""
    try:
        code = subprocess.run(words, check=False).returncode  # noqa: S603  (the user's own choice)
    except OSError as error:
        return f"{words[0]}: {error.strerror}"
    if code < 0:
        return f"{words[0]} was ended by signal {-code}"
    return f"{words[0]} exited with status {code}" if code else ""


def find_editor() -> str:
    """Return the command of the user's editor; "" if there is none."""
    named = (os.environ.get(name, "").strip() for name in ("VISUAL", "EDITOR"))
    try:
        own = load_config().text("editor").strip()
    except ConfigError:
        own = ""  # it is what is going to be edited
    return own or next(filter(None, named), "") or _find_default_editor()


def open_media(file: MediaFile) -> str:
    """Open a media file in its default program; return an error message, or ""."""
    # That program is chosen by the name: under another one, the same file might be executed.
    if file.path.suffix.lower() not in file.format.endings:
        return f"{file.path.name} is not opened: its name should end in {file.format.endings[0]}"
    return _open(str(file.path))


def open_address(address: str) -> str:
    """Open a web address in the browser; return an error message, or ""."""
    if address[:7].lower() == "mailto:":
        # Some mail programs attach the files that the rest names.
        address = address.partition("?")[0]
    # The opener may be a script that handles its arguments carelessly.
    return _open(quote(address, safe=_ADDRESS_CHARACTERS, errors="replace"))


if sys.platform == "win32":

    def _open(target: str) -> str:
        try:
            os.startfile(target)  # noqa: S606  (media or a web address, never a program)
        except OSError as error:
            return f"{target} cannot be opened: {error.strerror}"
        return ""

else:

    def _open(target: str) -> str:
        name = "open" if sys.platform == "darwin" else "xdg-open"
        opener = find_program(name)
        if opener is None:
            return f"{target} cannot be opened: {name}: {os.strerror(errno.ENOENT)}"
        try:
            # It must not write to our window, and must outlive this process.
            subprocess.Popen(  # noqa: S603  (media or a web address, never a program)
                [opener, target],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            return f"{target} cannot be opened: {name}: {error.strerror}"
        return ""


def _find_default_editor() -> str:
    names = ("notepad",) if sys.platform == "win32" else ("sensible-editor", "nano", "vim", "vi")
    return next((name for name in names if find_program(name)), "")
