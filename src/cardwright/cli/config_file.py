"""The config file that commands read."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from cardwright.app.config import Config, read_config

CONFIG: Final = "CARDS_CONFIG"
_HAS_OWN_FOLDERS: Final = sys.platform in {"win32", "darwin"}


def find_config_path() -> Path:
    """Return the path of the config file: in the user's config folder, or what CARDS_CONFIG names."""
    given = os.environ.get(CONFIG)
    if given is not None:
        return Path(given or os.devnull)
    if not _HAS_OWN_FOLDERS:
        # What platformdirs returns, which takes as long to load as a whole command.
        home = os.environ.get("XDG_CONFIG_HOME", "").strip() or "~/.config"
        # Without a home, this returns the path as it is, where `Path.expanduser` fails.
        return Path(os.path.expanduser(home), "cardwright", "config.toml")  # noqa: PTH111
    import platformdirs  # noqa: PLC0415  (not needed when a path is given)

    return platformdirs.user_config_path("cardwright", appauthor=False) / "config.toml"


def load_config() -> Config:
    """Return the settings of the config file; there need not be one. A command reads it once.

    Raises:
        ConfigError: it cannot be read, is not TOML, or a value is not valid.

    """
    context = click.get_current_context(silent=True)
    if context is None:
        return read_config(find_config_path())
    if CONFIG not in context.meta:
        context.meta[CONFIG] = read_config(find_config_path())
    config: Config = context.meta[CONFIG]
    return config


def find_colours() -> dict[str, str]:
    """Return the environment, in which CARDS_THEME names the theme."""
    theme = load_config().text("theme")
    if theme == "auto" and _is_light(os.environ.get("COLORFGBG", "")):
        theme = "light"
    return {"CARDS_THEME": theme, **os.environ}


def asks_background(colours: Mapping[str, str]) -> bool:
    """Tell whether the theme depends on what the terminal replies on its background."""
    is_known = any(map(colours.get, ("COLORFGBG", "NO_COLOR", "STY")))
    has_one = colours.get("TERM") != "linux" and sys.platform != "win32"
    return colours["CARDS_THEME"] == "auto" and has_one and not is_known


def _is_light(colours: str) -> bool:
    """Tell whether a terminal says that its background is light: `0;15`, or `0;default;15`."""
    return colours.rpartition(";")[2] in {"7", *map(str, range(9, 16))}
