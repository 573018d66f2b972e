"""The user's config file: its settings, reading it, and changing a line of it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from cardwright.error import CardwrightError
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.plain_file import read_plain_file
from cardwright.text import list_names, suggest

Value = str | bool
_MAX_BYTES: Final = 2**20


class ConfigError(CardwrightError):
    """The config file cannot be read, or a setting in it is not valid."""


class Setting(NamedTuple):
    """What a setting means."""

    about: str
    default: Value | None = ""
    """Of the type that values have; None for a switch without a default."""
    choices: tuple[str, ...] = ()
    """The only values; empty if any text is one."""


SETTINGS: Final = {
    "project": Setting("folder of the project to use outside of one"),
    "theme": Setting(
        "colours: for a light background, high contrast, or as the terminal has them",
        "auto",
        ("auto", "terminal", "light", "contrast"),
    ),
    "mouse": Setting("wheel and clicks in full screen", default=True),
    "images": Setting(
        "images in full screen: ask the terminal, or which protocol",
        "auto",
        ("auto", "kitty", "iterm2", "off"),
    ),
    "autoplay": Setting("play sounds by themselves; else `cards options autoplay`", default=None),
    "player": Setting("command that plays sounds and videos"),
    "editor": Setting("command of your editor, before VISUAL and EDITOR"),
    "sync": Setting("folder of `cards sync`"),
}
TABLES: Final = {
    "keys": Setting('keys of an act, such as `undo = "u backspace"`: see `cards keys`'),
    "flags": Setting('options that a command always gets, such as `review = "--new 10"`'),
}
"""Tables of settings whose names are those of acts and of commands."""
FOLDERS: Final = ("project", "sync")
"""Settings that are paths."""


class Config(NamedTuple):
    """The settings in the config file."""

    path: Path | None = None
    """None if there is no file."""
    values: Mapping[str, Value] = {}
    """By full name, such as `mouse` or `keys.undo`; only what the file sets."""
    unknown: tuple[str, ...] = ()
    """Names in the file that are not settings."""

    def text(self, name: str) -> str:
        """Return the text of a setting; "" if it has none."""
        return str(self.values.get(name, SETTINGS[name].default))

    def switch(self, name: str) -> bool | None:
        """Return whether a switch is on; None if it is not set and has no default."""
        value = self.values.get(name, SETTINGS[name].default)
        return None if value is None else bool(value)

    def folder(self, name: str) -> Path | None:
        """Return the folder that a setting names, or None."""
        text = self.text(name)
        return _expand(text) if text else None

    def table(self, name: str) -> dict[str, str]:
        """Return the settings of a table by their short names."""
        start = f"{name}."
        return {
            key.removeprefix(start): str(value)
            for key, value in self.values.items()
            if key.startswith(start)
        }


def _expand(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)  # there is no such user


def read_config(path: Path) -> Config:
    """Read the config file at a path; there need not be one.

    Raises:
        ConfigError: it cannot be read, is not TOML, or a value is not valid.

    """
    text = read_text(path)
    return Config() if text is None else parse_config(text, path)


def read_text(path: Path) -> str | None:
    """Return the text of the config file; None if there is none.

    Raises:
        ConfigError: it cannot be read.

    """
    if str(path) == os.devnull:
        return None
    try:
        data = read_plain_file(path, _MAX_BYTES, follow_link=True)
    except FileNotFoundError:
        return None
    except ForeignFileError as error:
        raise ConfigError(f"{path}: {error.reason}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{number}: this is not UTF-8") from None


def parse_config(text: str, path: Path) -> Config:
    """Return the settings that the text of a config file has.

    Raises:
        ConfigError: it is not TOML, or a value is not valid.

    """
    values: dict[str, Value] = {}
    unknown = []
    for name, value in _flatten(_load(text, path)):
        if find_setting(name) is None:
            unknown.append(name)
            continue
        if problem := _find_problem(name, value):
            line = find_line(text, name)
            place = f"{path}:{line}" if line else str(path)
            raise ConfigError(f"{place}: {problem}")
        values[name] = value
    return Config(path, values, tuple(unknown))


def find_setting(name: str) -> Setting | None:
    """Return a setting by its full name, or None."""
    table, has_table, rest = name.partition(".")
    return (TABLES.get(table) if rest else None) if has_table else SETTINGS.get(name)


def suggest_setting(name: str) -> str:
    """Return help on a name that is no setting."""
    table, has_table, _ = name.partition(".")
    if has_table:
        return suggest(f"{table}.NAME", [f"{table}.NAME" for table in TABLES], "tables")
    return suggest(name, (*SETTINGS, *(f"{table}.NAME" for table in TABLES)), "settings")


def parse_value(name: str, text: str) -> Value:
    """Return the value of a setting that a user writes as a word.

    Raises:
        ConfigError: it is not valid, or there is no such setting.

    """
    setting = find_setting(name)
    if setting is None:
        raise ConfigError(f"there is no setting `{name}`", help=suggest_setting(name))
    value: Value = text
    if not isinstance(setting.default, str):
        value = {"true": True, "yes": True, "on": True}.get(text.lower(), text)
        value = {"false": False, "no": False, "off": False}.get(text.lower(), value)
    if problem := _find_problem(name, value):
        raise ConfigError(problem)
    return value


def change_text(text: str, name: str, value: Value | None, path: Path) -> str:
    """Return the text of a config file with a setting changed, or removed; comments stay.

    Raises:
        ConfigError: the file is not TOML, or the setting is written in a way that cannot be
            changed line by line.

    """
    before = dict(_flatten(_load(text, path)))
    after = {**before, name: value} if value is not None else before.copy()
    if value is None:
        after.pop(name, None)
    lines = text.splitlines(keepends=True)
    place = _find_lines(lines, name)
    written = "" if value is None else f"{_write_name(name)} = {_write_value(value)}"
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if place:
        start, stop = place
        comment = _find_comment("".join(lines[start:stop])) if written else ""
        lines[start:stop] = [f"{written}{comment}{end}"] if written else []
    elif written:
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += end
        _insert(lines, name, f"{written}{end}", end)
    changed = "".join(lines)
    try:
        is_done = dict(_flatten(_load(changed, path))) == after
    except ConfigError:
        is_done = False
    if not is_done:
        line = find_line(text, name)
        raise ConfigError(
            f"{path}{f':{line}' if line else ''}: `{name}` is written in a way that only you can change",
            help="`cards config --edit` opens the file",
        )
    return changed


def find_line(text: str, name: str) -> int | None:
    """Return the number of the line that sets a setting, or None."""
    place = _find_lines(text.splitlines(keepends=True), name)
    return place[0] + 1 if place else None


_TABLE: Final = r"\s*\[\s*(?P<table>[^\[\]]+?)\s*\]\s*(#.*)?"
_ENTRY: Final = (
    r"""\s*(?P<name>(?:[\w-]+|"[^"\\]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"\\]*"|'[^']*'))*)\s*="""
)


def _find_lines(lines: list[str], name: str) -> tuple[int, int] | None:
    """Return the range of lines that set a setting, or None."""
    table = ""
    for number, line in enumerate(lines):
        if heading := re.fullmatch(_TABLE, line.rstrip("\r\n")):
            table = f"{_read_name(heading['table'])}."
        elif (entry := re.match(_ENTRY, line)) and f"{table}{_read_name(entry['name'])}" == name:
            stops = range(number + 1, len(lines) + 1)
            stop = next((stop for stop in stops if _is_toml("".join(lines[number:stop]))), None)
            return (number, stop) if stop else None
    return None


def _insert(lines: list[str], name: str, line: str, end: str) -> None:
    """Insert a line at the end of its table, before blank lines, or at the end of the file."""
    table, has_table, _ = name.partition(".")
    headings = [
        (number, _read_name(found["table"]))
        for number, text in enumerate(lines)
        if (found := re.fullmatch(_TABLE, text.rstrip("\r\n")))
    ]
    starts = [number + 1 for number, title in headings if title == table] if has_table else [0]
    if not starts:
        gap = [end] if lines and lines[-1].strip() else []
        lines += [*gap, f"[{table}]{end}", line]
        return
    stop = next((number for number, _ in headings if number >= starts[0]), len(lines))
    if stop < len(lines):
        # A comment right above a table belongs to it.
        above = stop
        while above > starts[0] and lines[above - 1].lstrip().startswith("#"):
            above -= 1
        if above < stop and (above == starts[0] or not lines[above - 1].strip()):
            stop = above
    while stop > starts[0] and not lines[stop - 1].strip():
        stop -= 1
    gap = [end] if stop < len(lines) and lines[stop].strip() else []
    lines[stop:stop] = [line, *gap]


def _read_name(written: str) -> str:
    parts = re.findall(r"""[\w-]+|"[^"\\]*"|'[^']*'""", written)
    return ".".join(part.strip("\"'") for part in parts)


def _write_name(name: str) -> str:
    key = name.partition(".")[2] or name
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _write_value(key)


def _write_value(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if "\\" in value and "'" not in value:
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _find_comment(entry: str) -> str:
    """Return the comment behind an entry, with the space before it."""
    body = entry.rstrip("\r\n")
    for found in re.finditer("#", body):
        before = body[: found.start()]
        if _is_toml(before):
            return body[len(before.rstrip()) :]
    return ""


def _is_toml(text: str) -> bool:
    import tomllib  # noqa: PLC0415  (as below)

    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _load(text: str, path: Path) -> dict[str, Any]:
    if (plain := _load_plain(text)) is not None:
        return plain
    import tomllib  # noqa: PLC0415  (slow to load, and most files are plain)

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).rpartition(" (at ")
        found = re.match(r"line (\d+), column (\d+)", place)
        at = f"{found[1]}:{found[2]}" if found else str(text.count("\n") + 1)
        message = message or str(error)
        raise ConfigError(
            f"{path}:{at}: {message[0].lower()}{message[1:]}",
            help='write NAME = "text", NAME = true or NAME = false; `cards config --edit` opens the file',
        ) from None
    except RecursionError:
        raise ConfigError(f"{path}: tables or lists are nested too deeply") from None


def _load_plain(text: str) -> dict[str, Any] | None:
    """Load a file of plain names, switches and texts; None if there is anything else in it."""
    values: dict[str, Any] = {}
    table = values
    for raw in text.splitlines() if text.isascii() else ():
        line = raw.strip(" \t")
        if not line or (line[0] == "#" and line.isprintable()):
            continue
        name, has_value, rest = line.partition("=")
        name, rest = name.rstrip(" \t"), rest.lstrip(" \t")
        if not has_value and line[0] == "[" and line[-1] == "]":
            name = line[1:-1]
            if not _is_plain_name(name) or name in values:
                return None
            table = values[name] = {}
        elif not _is_plain_name(name) or name in table:
            return None
        elif rest in {"true", "false"}:
            table[name] = rest == "true"
        elif (
            len(rest) > 1
            and rest[0] == rest[-1]
            and rest[0] in "\"'"
            and "\\" not in rest
            and rest.count(rest[0]) == 2  # noqa: PLR2004  (its quotation marks)
            and rest.isprintable()
        ):
            table[name] = rest[1:-1]
        else:
            return None
    return values if text.isascii() else None


def _is_plain_name(name: str) -> bool:
    return name.replace("-", "a").replace("_", "a").isalnum()


def _flatten(tables: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return all values with their full names; only tables that are known are opened."""
    found: list[tuple[str, Any]] = []
    for name, value in tables.items():
        if isinstance(value, dict):
            found += ((f"{name}.{key}", inner) for key, inner in value.items())
        else:
            found.append((name, value))
    return found


def _find_problem(name: str, value: Any) -> str:
    """Return what is wrong with a value; "" if nothing is."""
    setting = find_setting(name)
    assert setting is not None  # noqa: S101  (names were looked up before)
    if not isinstance(setting.default, str):
        return "" if isinstance(value, bool) else f"{name}: true or false"
    if not isinstance(value, str):
        return f"{name}: a text in quotation marks"
    if not value.isprintable():
        return f"{name}: a text of one line"
    if name in FOLDERS and value and not _expand(value).is_absolute():
        return f"{name}: a path from ~ or from the root"
    if setting.choices and value not in setting.choices:
        return f"{name}: one of {list_names(setting.choices)}"
    return _find_flag_problem(name, value) if name.startswith("flags.") else ""


def _find_flag_problem(name: str, value: str) -> str:
    if not value.lstrip().startswith("-"):
        return f"{name}: options, such as --json"
    try:
        split_words(value)
    except ValueError as error:
        return f"{name}: {str(error).lower()}"
    return ""


def split_words(text: str) -> list[str]:
    """Return the words of a command or of options.

    Raises:
        ValueError: a quotation mark has no counterpart.

    """
    import shlex  # noqa: PLC0415  (few config files need it)
    import sys  # noqa: PLC0415

    return (
        [word.strip('"') for word in shlex.split(text, posix=False)]
        if sys.platform == "win32"
        else shlex.split(text)
    )
