"""What the user wants of the terminal: keys, mouse and clipboard."""

from __future__ import annotations

import os
import sys
from functools import partial

from cardwright.cli.config_file import asks_background, load_config
from cardwright.terminal.card_acts import Copy
from cardwright.terminal.keymap import KeyMap, make_keymap
from cardwright.terminal.paint import LIGHT, THEME
from cardwright.terminal.screen import Screen, can_draw


def make_screen(colours: dict[str, str] | None = None) -> Screen:
    """Return the full screen, not entered yet; a light background changes the theme of `colours`."""

    def lighten() -> None:
        # What this program shows later, such as the end of a session, knows it from the start.
        os.environ[THEME] = LIGHT
        if colours is not None:
            colours[THEME] = LIGHT

    return Screen(
        sys.stdin,
        sys.stdout,
        has_mouse=bool(load_config().switch("mouse")),
        on_light=lighten if colours and asks_background(colours) else None,
    )


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
