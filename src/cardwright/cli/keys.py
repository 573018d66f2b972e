"""`cards keys`."""

from __future__ import annotations

import click

from cardwright.cli.output import say, say_json
from cardwright.cli.params import json_option
from cardwright.cli.window import find_keymap
from cardwright.terminal.keymap import BINDINGS, SCREENS


@click.command()
@json_option
def keys(as_json: bool) -> None:
    """Show what each key does, and where.

    The first column is the name by which `cards config` changes the keys of an act. Names of keys are
    divided by blanks: a character, or one such as space, enter, tab, up, pageup, f1, ctrl-r. A key
    that you give to one act is taken from others on the same screen. `keys.preset=vi` starts from
    the keys of vi.

    \b
    cards keys
    cards config keys.undo="u backspace"
    cards config keys.1=j keys.2=k keys.3=l
    cards config keys.preset=vi
    """
    keymap = find_keymap()
    if as_json:
        acts = {
            act: {"keys": list(keymap.keys[act]), "does": dict(binding.does)}
            for act, binding in BINDINGS.items()
        }
        say_json(acts)
        return
    rows = {screen: list(keymap.list_acts(screen)) for screen in SCREENS}
    act_width, key_width = (
        max(len(row[place]) for shown in rows.values() for row in shown) for place in (0, 1)
    )
    for number, (screen, title) in enumerate(SCREENS.items()):
        say(f"\n{title}:" if number else f"{title}:")
        for act, names, does in rows[screen]:
            say(f"  {act:<{act_width}}  {names or '–':<{key_width}}  {does}")
