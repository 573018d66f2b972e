"""Taking a mock exam or drill, and printing its result."""

from __future__ import annotations

import os
import sys
from functools import partial

from cardwright.app.study import Study
from cardwright.blueprint import Blueprint
from cardwright.cli.config_file import find_colours, load_config
from cardwright.cli.environment import read_clock
from cardwright.cli.exam.miss import log_misses
from cardwright.cli.opening import Opener
from cardwright.cli.output import say, say_json
from cardwright.cli.window import find_copy, find_keymap, make_screen
from cardwright.exam.mock import Mock
from cardwright.exam.result import make_transcript
from cardwright.exam.sheet import Sheet
from cardwright.terminal.exam import draw_score
from cardwright.terminal.gallery import Gallery
from cardwright.terminal.keys import drop_typed
from cardwright.terminal.mock import MockTaker, ResultReader
from cardwright.terminal.plain_exam import PlainTaker
from cardwright.terminal.screen import can_draw


def take(study: Study, blueprint: Blueprint, mock: Mock, *, is_plain: bool, as_json: bool) -> None:
    """Take a mock exam or drill until it ends or the user leaves; exit with its status."""
    sheet = Sheet(mock, study.journal, study, read_clock())
    exit_code, wants_misses, can_ask = 0, False, sys.stdin.isatty()
    is_drawn = not is_plain and can_draw(sys.stdin, sys.stdout, os.environ)
    config = load_config()
    opener = Opener(study, config.text("player"))
    keymap = find_keymap()
    try:
        if not is_drawn:
            PlainTaker(
                sheet,
                study,
                sys.stdin,
                partial(say, err=as_json, is_styled=False),
                read_clock,
                acts=opener,
                keymap=keymap,
                copy=find_copy(),
            ).run()
        else:
            colours, images = find_colours(), config.text("images")
            with make_screen(colours) as screen:
                gallery = Gallery(
                    screen, study.find_media, os.environ, seed=os.getpid(), wish=images
                )
                MockTaker(
                    sheet,
                    study,
                    screen,
                    colours,
                    read_clock,
                    acts=opener,
                    keymap=keymap,
                    gallery=gallery,
                ).run()
                if sheet.is_over:
                    reader = ResultReader(
                        sheet.mock,
                        study,
                        blueprint,
                        screen,
                        colours,
                        acts=opener,
                        keymap=keymap,
                        gallery=gallery,
                    )
                    reader.run()
                    wants_misses = reader.wants_misses
            exit_code, can_ask = screen.exit_code, wants_misses
    finally:
        opener.stop()
    if not exit_code:
        can_ask = can_ask and sheet.is_over and bool(sheet.mock.wrong)
        is_saved = not study.store.find_unsaved()
        _print_end(sheet, blueprint, names_miss=not can_ask, is_saved=is_saved, as_json=as_json)
        if is_drawn:
            # Neither the questions below nor the shell are what these keys were meant for.
            drop_typed(sys.stdin)
        if can_ask:
            log_misses(study, blueprint, sheet.mock, is_wanted=wants_misses, as_json=as_json)
    sys.exit(exit_code)


def _print_end(
    sheet: Sheet, blueprint: Blueprint, *, names_miss: bool, is_saved: bool, as_json: bool
) -> None:
    mock = sheet.mock
    if as_json:
        say_json(make_transcript(mock, blueprint))
        return
    if not sheet.is_over:
        kept = f"; every answer is kept. `cards exam {mock.kind}` continues."
        say(f"Interrupted{kept if is_saved else '.'}")
        return
    say(draw_score(mock, blueprint))
    say()
    if mock.wrong and names_miss:
        say("`cards exam miss` records why you missed a question.")
    if not mock.is_drill:
        say(f"`cards exam mock --export FILE --id {mock.id}` exports it in full.")
