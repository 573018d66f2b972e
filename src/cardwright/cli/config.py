"""`cards config`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import click

from cardwright.app.config import (
    SETTINGS,
    TABLES,
    Config,
    ConfigError,
    Value,
    change_text,
    find_line,
    find_setting,
    parse_config,
    parse_value,
    read_text,
    suggest_setting,
)
from cardwright.cli.config_file import find_config_path
from cardwright.cli.editor import open_editor
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import json_option
from cardwright.files import find_real, write_file
from cardwright.terminal.keymap import make_keymap

_MAX_VALUE: Final = 40
_START: Final = """\
# Your settings: `cards config` explains them and shows which are set.
"""


@click.command()
@click.argument("words", nargs=-1, metavar="[NAME[=VALUE]]...")
@click.option("--edit", is_flag=True, help="Open the config file in your editor.")
@json_option
def config(words: tuple[str, ...], edit: bool, as_json: bool) -> None:
    """Show your settings, or change one.

    They are in a file in your config folder, hold for you on this machine, and can be written by
    hand too. NAME prints the value of a setting; an empty VALUE removes it from the file.

    \b
    cards config
    cards config theme=contrast mouse=off
    cards config keys.undo="u backspace" flags.review="--new 10"
    cards config mouse=
    """
    path = find_config_path()
    if edit:
        if words:
            raise click.UsageError("--edit takes no settings")
        _edit(path)
        return
    text = read_text(path) or ""
    names = [word for word in words if "=" not in word]
    if names and len(words) > 1:
        raise click.UsageError("name one setting, or give each a value: NAME=VALUE")
    if words and not names:
        _change(path, text, words, as_json=as_json)
        return
    config = parse_config(text, path)
    rows = list(_list_rows(config, text))
    if names:
        if find_setting(names[0]) is None:
            message = f"there is no setting `{names[0]}`"
            raise ConfigError(message, help=suggest_setting(names[0]))
        rows = [row for row in rows if row.name == names[0]]
    if as_json:
        settings = {row.name: {"value": row.value, "from": row.source} for row in rows}
        say_json({"path": str(path), "settings": settings})
    elif names:
        say(_format_value(rows[0].value) if rows else "")
    else:
        _show(path, config, rows)


class _Row(NamedTuple):
    """A setting with its value and where that comes from."""

    name: str
    about: str
    value: Value | None
    source: str


def _list_rows(config: Config, text: str) -> Iterator[_Row]:
    """Yield all settings, those of tables as far as the file has them."""
    for name in [*SETTINGS, *(name for name in config.values if name not in SETTINGS)]:
        setting = find_setting(name)
        assert setting is not None  # noqa: S101  (unknown ones are not among the values)
        variables = {"VISUAL", "EDITOR"} if name == "editor" else set()
        given = {name: os.environ.get(name, "").strip() for name in sorted(variables, reverse=True)}
        variable = next((name for name, value in given.items() if value), "")
        if name in config.values:
            line = find_line(text, name)
            yield _Row(name, setting.about, config.values[name], f"line {line}" if line else "file")
        elif variable:
            yield _Row(name, setting.about, given[variable], variable)
        else:
            source = "default" if setting.default else ""
            yield _Row(name, setting.about, setting.default, source)


def _show(path: Path, config: Config, rows: list[_Row]) -> None:
    say(f"{path}{'' if path.exists() else '  (not there yet)'}\n")
    tables = [
        _Row(f"{table}.NAME", setting.about, None, "")
        for table, setting in TABLES.items()
        if not config.table(table)
    ]
    rows = [*rows, *tables]
    values = [_format_value(row.value) or "–" for row in rows]
    width = max(len(row.name) for row in rows)
    value_width = min(max(map(len, values)), _MAX_VALUE)
    for row, value in zip(rows, values, strict=True):
        source = f"({row.source})" if row.source else ""
        say(f"{row.name:<{width}}  {value:<{value_width}}  {source:<9}  {row.about}")
    _warn_of_unknown(path, config)


def _change(path: Path, text: str, words: tuple[str, ...], *, as_json: bool) -> None:
    """Change settings in the file, and say what changed."""
    config = parse_config(text, path)
    said, changed = [], []
    for word in words:
        name, _, given = (part.strip() for part in word.partition("="))
        if find_setting(name) is None:
            raise ConfigError(f"there is no setting `{name}`", help=suggest_setting(name))
        value = parse_value(name, given) if given else None
        text = change_text(text or _START, name, value, path)
        shown = [_format_value(v) or "not set" for v in (config.values.get(name), value)]
        changed.append(name)
        said.append(f"{name}: {' → '.join(shown)}")
    make_keymap(parse_config(text, path).table("keys"))
    write_file(find_real(path), text)
    if as_json:
        values = parse_config(text, path).values
        say_json({"path": str(path), "changed": {name: values.get(name) for name in changed}})
        return
    for line in said:
        say(line)


def _edit(path: Path) -> None:
    """Open the file in the editor, and check what was written."""
    if not path.exists():
        write_file(path, _START + _draft())
    if problem := open_editor(path, _find_error_line(path)):
        raise ConfigError(problem)
    _warn_of_unknown(path, parse_config(read_text(path) or "", path))


def _find_error_line(path: Path) -> int:
    """Return the line of the first problem in the file, or 1."""
    try:
        parse_config(read_text(path) or "", path)
    except ConfigError as error:
        place = error.message.removeprefix(f"{path}:").partition(":")[0]
        return int(place) if place.isdecimal() else 1
    return 1


def _warn_of_unknown(path: Path, config: Config) -> None:
    for name in config.unknown:
        warn(f"warning: {path}: there is no setting `{name}`: {suggest_setting(name)}")


def _draft() -> str:
    """Return all settings as comments, to be filled in."""
    lines = []
    for name, setting in SETTINGS.items():
        default = setting.default
        value = f'"{default}"' if isinstance(default, str) else str(default is True).lower()
        lines.append(f"# {name} = {value}  # {setting.about}")
    for table, setting in TABLES.items():
        lines += ["", f"[{table}]  # {setting.about}"]
    return "\n".join(lines) + "\n"


def _format_value(value: Value | None) -> str:
    if value is None:
        return ""
    return ("off", "on")[value] if isinstance(value, bool) else value
