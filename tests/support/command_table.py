"""What `cards` completes: the commands, options and values, as `src/cardwright/cli/commands.json` has them.

Run it to write that file again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

import cardwright.cli
from cardwright.app.config import SETTINGS
from cardwright.app.search import KEYS as CONDITIONS
from cardwright.app.search import STATES
from cardwright.cli.lazy import LazyGroup
from cardwright.cli.main import cards
from cardwright.cli.stats import PARTS
from cardwright.terminal.keymap import BINDINGS, PRESET

TABLE = Path(cardwright.cli.__file__).parent / "commands.json"
SORTS = {
    **dict.fromkeys(("pack", "packs"), "packs"),
    **dict.fromkeys(("kind", "kinds"), "kinds"),
    **dict.fromkeys(("ref", "refs", "card", "cards"), "cards prompts"),
    "decks": "decks",
    **dict.fromkeys(("lesson", "lessons"), "lessons"),
    **dict.fromkeys(("tag", "tags"), "tags"),
    **dict.fromkeys(("objective", "objectives"), "objectives"),
}
"""What the value of a parameter is one of, by its name."""
OTHERS: dict[str, dict[str, str]] = {
    "init": {"pack": ""},
    "show": {"ref": "cards"},
    "diff": {"what": "packs files"},
    "options": {"words": "decks"},
    "help": {"words": "commands"},
    "config": {
        "words": " ".join(
            [
                *(f"={name}" for name in SETTINGS),
                *(
                    f"{name}=={one}"
                    for name, setting in SETTINGS.items()
                    for one in setting.choices
                ),
                *(f"keys.={act}" for act in (PRESET, *BINDINGS)),
            ]
        )
    },
    "browse": {
        "words": " ".join(
            [
                *(f"is:={name}" for name in STATES),
                *(f"{key}:{key}s" for key in CONDITIONS if key != "is"),
            ]
        )
    },
    "stats": {"part": " ".join(["decks", *(f"={name}" for name in PARTS)])},
}
"""The same, for parameters that their names tell nothing about."""


def walk_commands(
    group: click.Group = cards, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command and group but the first, by what one types."""
    for name in group.commands:
        command = group.commands[name]
        if isinstance(group, LazyGroup):
            command = group.load_command(name)
        path = (*above, name)
        yield path, command
        if isinstance(command, click.Group):
            yield from walk_commands(command, path)


def describe_table() -> dict[str, Any]:
    """Return the whole table: what each command is, takes and has options for."""
    every = [((), cards), *walk_commands()]
    return {" ".join(path): describe_command(path, command) for path, command in every}


def describe_command(path: tuple[str, ...], command: click.Command) -> dict[str, Any]:
    others = OTHERS.get(" ".join(path), {})
    arguments, options = [], {}
    for param in command.params:
        value = others.get(str(param.name), describe_value(param))
        if isinstance(param, click.Argument):
            arguments.append([value, param.nargs != 1])
        elif isinstance(param, click.Option) and not param.hidden:
            takes = None if param.is_flag or param.count else value
            for name in (*param.opts, *param.secondary_opts):
                options[name] = [takes, shorten(param.help or "")]
    for name in cards.context_settings["help_option_names"]:
        options[name] = [None, "Show this message and exit."]
    return {
        "about": shorten(command.get_short_help_str(limit=200)),
        "is_group": isinstance(command, click.Group),
        "arguments": arguments,
        "options": options,
    }


def describe_value(param: click.Parameter) -> str:
    if isinstance(param.type, click.Choice):
        return " ".join(f"={choice}" for choice in param.type.choices)
    if isinstance(param.type, click.Path):
        return "files" if param.type.file_okay else "folders"
    return SORTS.get(str(param.name), "")


def shorten(text: str) -> str:
    """Return the first sentence, as one line."""
    return " ".join(text.split())


def format_table() -> str:
    """Return the text of the table: one line for an option, as options are what changes."""
    lines = []
    for path, command in describe_table().items():
        head = {name: value for name, value in command.items() if name != "options"}
        options = [
            f"\n      {dump(name)}: {dump(value)}" for name, value in command["options"].items()
        ]
        lines.append(f'  {dump(path)}: {{{dump(head)[1:-1]}, "options": {{{",".join(options)}}}}}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    TABLE.write_text(format_table(), "utf-8")
