"""What the user wants of the terminal: keys, mouse and clipboard."""

from __future__ import annotations

import os
import sys
from functools import partial

from cardwright.cli.config_file import load_config
from cardwright.terminal.clipboard import Copy
from cardwright.terminal.keymap import KeyMap, make_keymap
from cardwright.terminal.screen import Screen, can_draw


def make_screen() -> Screen:
    """Return the full screen, not entered yet."""
    return Screen(sys.stdin, sys.stdout, has_mouse=bool(load_config().switch("mouse")))


def find_copy() -> Copy | None:
    """Return what puts a text on the clipboard, line by line; None if the terminal cannot."""
    if not can_draw(sys.stdin, sys.stdout, os.environ):
        return None
    return partial(make_screen().copy, environ=os.environ)


def find_keymap() -> KeyMap:
    """Return the user's keys.

    Raises:
        ConfigError: the config file gives keys that are not valid.

    """
    return make_keymap(load_config().table("keys"))
