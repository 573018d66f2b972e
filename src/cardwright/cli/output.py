"""Printing: all output of a command goes through here."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import sys
from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any, Final

import click

from cardwright.cli.progress import erase_progress
from cardwright.error import CardwrightError
from cardwright.text import BIDI_OVERRIDES, CONTROLS, compile_late, escape_controls, make_plain

if TYPE_CHECKING:
    from cardwright.terminal.paint import Renderable

_RUNNERS: Final = ("GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION")
"""Variables that are set where lines such as `::add-mask::x` or `##vso[…]` command the CI."""
_COMMAND: Final = re.compile(r"^[^\S\n]*:(?=:)|#(?=#\w*\[)", re.MULTILINE)
_UNSAFE: Final = f"[{CONTROLS}{BIDI_OVERRIDES}]"
"""What no source may contain."""
_JSON_COMMAND: Final = re.compile(r"#(?=#\w*\[)")


class OutputError(CardwrightError):
    """Standard output cannot be written, so what was to be shown is lost."""


def say(
    content: Renderable = "",
    *,
    err: bool = False,
    end: str = "\n",
    is_styled: bool = True,
    is_command: bool = False,
) -> None:
    """Print a text, with control characters replaced, or a renderable from `terminal`.

    In CI, only a text that `is_command` may contain commands.
    """
    if isinstance(content, str):
        _write(make_plain(content) + end, err=err, is_command=is_command)
        return
    from cardwright.terminal.paint import paint  # noqa: PLC0415  (rich loads slowly, few need it)

    is_terminal = (sys.stderr if err else sys.stdout).isatty()
    painted = paint(content, _find_colours(), is_terminal=is_terminal, is_styled=is_styled)
    _write(painted + end, err=err)


def find_width() -> int:
    """Return how wide lines are to be: as the terminal is, but never wider than is easy to read."""
    import shutil  # noqa: PLC0415  (loads compression)

    from cardwright.terminal.paint import MAX_WIDTH  # noqa: PLC0415  (rich loads slowly)

    return min(shutil.get_terminal_size().columns, MAX_WIDTH)


def say_pieces(
    pieces: Iterable[tuple[str, str]], styles: Mapping[str, str], *, end: str = ""
) -> None:
    """Print pieces of text, each with its role; a terminal shows roles in their styles."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        say("".join(text for text, _ in pieces), end=end)
        return
    from cardwright.terminal.paint import paint_pieces  # noqa: PLC0415  (rich loads slowly)

    _write(paint_pieces(pieces, styles, _find_colours()) + end)


def _find_colours() -> Mapping[str, str]:
    from cardwright.app.config import ConfigError  # noqa: PLC0415  (only for what has colours)
    from cardwright.cli.config_file import find_colours  # noqa: PLC0415  (as above)

    try:
        return find_colours()
    except ConfigError:
        return os.environ  # it is told elsewhere


def say_json(value: Any) -> None:
    """Print a value as JSON, with control characters escaped."""
    _write(_format_json(value) + "\n")


def say_json_list(values: Iterable[Any]) -> None:
    """Print values as a JSON list, one at a time: all of them might not fit into memory."""
    before = "[\n"
    for value in values:
        row = _format_json(value)
        _write(before + "  " + row.replace("\n", "\n  "))
        before = ",\n"
    _write("[]\n" if before == "[\n" else "\n]\n")


def warn_json(value: Any) -> None:
    """Print a value as one line of JSON to standard error."""
    _write(_format_json(value, indent=None) + "\n", err=True)


def _format_json(value: Any, *, indent: int | None = 2) -> str:
    text = escape_controls(json.dumps(value, indent=indent, ensure_ascii=False))
    return _JSON_COMMAND.sub(r"\\u0023", text) if "##" in text else text


def say_data(pieces: Iterable[str]) -> None:
    """Write texts for another program as they are, with their own line ends.

    On a terminal, they become harmless.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(newline="")
    is_file, is_terminal = _is_file(sys.stdout), sys.stdout.isatty()
    for piece in pieces:
        # A CI does not see what goes to a file.
        shown = make_plain(piece) if is_terminal else compile_late(_UNSAFE).sub("�", piece)
        _write(shown, is_command=is_file)


def _is_file(stream: IO[str]) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def warn(text: str) -> None:
    """Print a text to standard error."""
    say(text, err=True)


def _write(text: str, *, err: bool = False, is_command: bool = False) -> None:
    erase_progress()
    if not is_command and any(os.environ.get(name) for name in _RUNNERS):
        text = _COMMAND.sub(r"\g<0> ", text)
    try:
        # Styles were chosen where the text was painted.
        click.echo(text, nl=False, err=err, color=True)
    except OSError as error:
        # What Python still holds back must not fail once more at the end.
        stream = sys.stderr if err else sys.stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if err:
            return  # nobody can be told, and the exit status stays true
        if isinstance(error, BrokenPipeError):
            # The reader of a pipe has left (`cards list | head`), which is not an error.
            raise click.exceptions.Exit(0) from None
        message = f"standard output cannot be written ({error.strerror})"
        raise OutputError(message, help="what was to be shown is not complete") from error
