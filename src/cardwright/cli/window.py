"""What the user wants of the full screen: keys and mouse."""

from __future__ import annotations

import sys

from cardwright.cli.config_file import load_config
from cardwright.terminal.keymap import KeyMap, make_keymap
from cardwright.terminal.screen import Screen


def make_screen() -> Screen:
    """Return the full screen, not entered yet."""
    return Screen(sys.stdin, sys.stdout, has_mouse=bool(load_config().switch("mouse")))


def find_keymap() -> KeyMap:
    """Return the user's keys.

    Raises:
        ConfigError: the config file gives keys that are not valid.

    """
    return make_keymap(load_config().table("keys"))
