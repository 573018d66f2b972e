"""`cards browse`."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from cardwright.app.browsing import Browsing
from cardwright.app.garbage import gc_paused
from cardwright.app.search import Row, join_words
from cardwright.app.study import Study, describe_memory
from cardwright.cli.config_file import find_colours, load_config
from cardwright.cli.environment import open_joint_study, open_study, read_clock
from cardwright.cli.opening import Opener
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import NAME, all_option, db_option, json_option
from cardwright.cli.window import find_keymap, make_screen
from cardwright.terminal.browse import Browser, Fronts, draw_table
from cardwright.terminal.gallery import Gallery
from cardwright.terminal.screen import can_draw
from cardwright.text import count


@click.command()
@click.argument("words", type=NAME, nargs=-1, metavar="[SEARCH]...")
@all_option
@click.option("--plain", is_flag=True, help="Print the list, without a full screen.")
@json_option
@db_option
@click.pass_obj
def browse(
    folder: Path,
    words: tuple[str, ...],
    in_all: bool,
    plain: bool,
    as_json: bool,
    db: Path | None,
) -> None:
    """Search all prompts; view, suspend, flag, bury, reset and reschedule them.

    Words are searched in the cards, whatever their case and accents. Conditions:

    \b
    tag:NAME  lesson:NAME  kind:NAME  deck:NAME  objective:NAME  pack:NAME
    is:due  is:new  is:learning  is:review
    is:suspended  is:buried  is:leech  is:flagged  is:reserved

    All of them must hold. In a NAME, `*` stands for any text, and a comma for "or"; blanks need
    quotes. `-` in front of a word or a condition negates it; on the command line, `--` has to come
    before. In a pipe, the list is printed.

    \b
    cards browse
    cards browse tag:drift is:due
    cards browse "deck:2 MLOps" kind:choice,cloze
    cards browse -- "concept drift" -is:suspended
    cards browse is:leech --json
    """
    opening = open_joint_study if in_all else open_study
    with opening(folder, db, is_writing=True) as study:
        with gc_paused():
            browsing = Browsing(study, read_clock)
            browsing.search(join_words(words))
        if as_json:
            say_json(_list_rows(browsing))
        elif plain or not can_draw(sys.stdin, sys.stdout, os.environ):
            if browsing.rows:
                say("\n".join(draw_table(browsing)))
            warn(count(len(browsing.rows), "prompt"))
        else:
            sys.exit(_run(study, browsing))


def _run(study: Study, browsing: Browsing) -> int:
    """Browse in full screen; return the exit status."""
    config = load_config()
    opener = Opener(study, config.text("player"))
    keymap, colours = find_keymap(), find_colours()
    try:
        with make_screen(colours) as screen:
            gallery = Gallery(
                screen,
                study.find_media,
                os.environ,
                seed=os.getpid(),
                wish=config.text("images"),
            )
            edit = partial(_edit, browsing)
            Browser(
                browsing, screen, colours, acts=opener, edit=edit, keymap=keymap, gallery=gallery
            ).run()
    finally:
        opener.stop()
    return screen.exit_code


def _edit(browsing: Browsing, row: Row) -> str:
    from cardwright.cli.editing import edit_card  # noqa: PLC0415  (only when its key is pressed)

    card = browsing.load_card(row.item)
    if card is None:
        return f"{row.item.card_ref} no longer exists"
    message, is_reloaded = edit_card(browsing.study, row.item, card, read_clock().at_ms)
    if is_reloaded:
        browsing.reload()
    return message


def _list_rows(browsing: Browsing) -> list[dict[str, Any]]:
    """Return the prompts as JSON for other programs."""
    fronts, schedule_of = Fronts(browsing), browsing.study.journal.schedule_of
    return [
        {
            **describe_memory(item.ref, memory, schedule_of(item.key), browsing.today),
            "question": None if is_held else fronts.read(row),
            "deck": item.deck,
            "kind": item.kind,
            "lesson": item.lesson,
            "tags": list(item.tags),
            "objectives": list(item.objectives),
            "reserved": item.reserved,
        }
        for row in browsing.rows
        for item, memory, is_held in [row]
    ]
