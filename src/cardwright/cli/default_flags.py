"""What the config file adds to a command: default flags, and a project to use outside of one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from cardwright.app.config import Config, ConfigError, split_words, suggest_setting
from cardwright.cli.config_file import load_config
from cardwright.error import ProjectError
from cardwright.text import suggest

FLAGS: Final = "cardwright.flags"
"""What tells, in the meta data of a context, about the default flags of a command."""
IS_JSON: Final = "cardwright.json"
"""Whether `--json` is among them, in the meta data of a context."""
_REPAIRING: Final = frozenset({"config", "doctor"})
"""Commands that run whatever is in the file."""
_STARTING: Final = frozenset({"init", "adopt"})
"""Commands that start a project where they are called."""


def prepare_command(context: click.Context, name: str, words: list[str]) -> list[str]:
    """Use the config file for a command about to run; return its words, with the default flags.

    Outside of a project, the default one is used.
    """
    command = " ".join([*context.command_path.split()[1:], name])
    if command in _REPAIRING:
        if command == "doctor":
            with suppress(ConfigError):
                config = load_config()
                if project := config.folder("project"):
                    _use_project(context, config, project)
        return words
    config = load_config()
    if context.parent is None:
        _warn_of_unknown(config, context)
        if command not in _STARTING and (project := config.folder("project")):
            _use_project(context, config, project)
    flags = config.table("flags").get(command)
    if not flags:
        return words
    context.meta[FLAGS] = f"{config.path}: {command} always gets {flags}"
    added = split_words(flags)
    context.meta[IS_JSON] = "--json" in added
    return [*added, *words]


def _warn_of_unknown(config: Config, context: click.Context) -> None:
    found = [(name, f"setting `{name}`", suggest_setting) for name in config.unknown]
    commands = context.command.commands if isinstance(context.command, click.Group) else {}
    for command in config.table("flags"):
        first = command.partition(" ")[0]
        if first not in commands:
            found.append(
                (first, f"command `{first}`", lambda name: suggest(name, commands, "commands"))
            )
    if found:
        from cardwright.cli.output import warn  # noqa: PLC0415  (rarely needed)

        for name, what, help in found:
            warn(f"warning: {config.path}: there is no {what}: {help(name)}")


def _use_project(context: click.Context, config: Config, project: Path) -> None:
    if context.get_parameter_source("folder") is not click.core.ParameterSource.DEFAULT:
        return
    from cardwright.project.walk import find_project, is_project  # noqa: PLC0415  (few set one)

    try:
        find_project(context.params["folder"])
    except ProjectError:
        if is_project(project):
            context.obj = project
        else:
            from cardwright.cli.output import warn  # noqa: PLC0415  (as above)

            warn(f"warning: {config.path}: there is no project in {project}")
