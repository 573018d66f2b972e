"""`cards review`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import click

from cardwright.app.choice import Choice
from cardwright.app.garbage import gc_paused
from cardwright.app.study import Study
from cardwright.cli.config_file import find_colours, load_config
from cardwright.cli.environment import open_joint_study, open_study, read_clock
from cardwright.cli.opening import Opener
from cardwright.cli.output import say, warn
from cardwright.cli.params import MINUTES, choice_options, db_option, plain_option
from cardwright.cli.sound import Sounds
from cardwright.cli.window import find_copy, find_keymap, make_screen
from cardwright.error import ProjectError
from cardwright.history import MAX_INTERVAL_DAYS
from cardwright.study.backup import find_backup
from cardwright.study.error import StoreError
from cardwright.study.queue import SessionOptions
from cardwright.study.settings import Settings
from cardwright.terminal.gallery import Gallery
from cardwright.terminal.keys import drop_typed
from cardwright.terminal.review import ReviewActs, Reviewer
from cardwright.terminal.review_state import ReviewState
from cardwright.terminal.screen import can_draw
from cardwright.terminal.words import explain_day_off

if TYPE_CHECKING:
    from cardwright.app.preparation import ExamDay


@click.command()
@choice_options
@click.option("--new", type=click.IntRange(0), metavar="N", help="At most N new prompts.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Stop after N answers.")
@click.option("--minutes", type=MINUTES, metavar="N", help="Stop after N minutes.")
@click.option(
    "--ahead",
    type=click.IntRange(0, MAX_INTERVAL_DAYS),
    default=0,
    metavar="DAYS",
    help="Also ask prompts that are due within DAYS days.",
)
@click.option(
    "--cram", is_flag=True, help="Ask everything selected, without changing the schedule."
)
@click.option("--all", "in_all", is_flag=True, help="Review all projects that you have studied.")
@plain_option
@click.option("--why", is_flag=True, help="With an exam set: show what each card is worth.")
@db_option
@click.pass_obj
def review(
    folder: Path,
    choice: Choice,
    new: int | None,
    limit: int | None,
    minutes: float | None,
    ahead: int,
    cram: bool,
    in_all: bool,
    plain: bool,
    why: bool,
    db: Path | None,
) -> None:
    """Study what is due today.

    Uses Anki's memory model. DECK is a pack or a sub-deck (default: all). Every answer is saved
    before the next card is shown, so you can stop at any time. Press `?` for all keys.

    With an exam set (`cards exam set`), the cards that help most on exam day come first, within the
    minutes you set for each day. With --new, --ahead, --cram, --flagged or --leeches, cards come in
    the usual order. On a day off (`cards days`), nothing is asked without --minutes or --cram.

    --all reviews what is due in every project that you have studied on this machine
    (`cards projects`), each prompt under the options of its own deck.

    \b
    cards review
    cards review --all
    cards review mlpro --minutes 20
    cards review "2 MLOps" --kind choice --new 5
    cards review --flagged --cram
    """
    options = SessionOptions(
        max_new=new, ahead_days=ahead, is_cram=cram, on_days_off=minutes is not None
    )
    opening = open_joint_study if in_all else open_study
    with opening(folder, db, is_writing=True) as study:
        with gc_paused():
            session, exam_days = study.start_session(
                choice, options, name=uuid4().hex, minutes=minutes
            )
        # Several projects have no minutes in common.
        exam_day = exam_days[0] if exam_days and not in_all else None
        try:
            state = ReviewState(
                session,
                study,
                read_clock,
                max_answers=limit,
                max_minutes=exam_day.minutes if exam_day else minutes,
                exam_days=exam_days,
                shows_why=why,
            )

            def edit() -> str:
                return _edit(study, state, choice)

            config = load_config()
            plays_itself = config.switch("autoplay")
            if plays_itself is None:
                plays_itself = Settings(study.store.settings.read()).autoplay
            sounds = Sounds(
                study,
                state,
                os.environ,
                plays_itself=plays_itself,
                player=config.text("player"),
            )
            acts = ReviewActs(
                edit=edit, play=sounds.play, follow=sounds.follow, of_card=Opener(study)
            )
            has_asked = not state.is_over
            is_drawn = not plain and can_draw(sys.stdin, sys.stdout, os.environ)
            try:
                images = config.text("images")
                exit_code = _run(study, state, acts, is_plain=not is_drawn, images=images)
            finally:
                sounds.stop()
        finally:
            # A claim that cannot be released expires by itself.
            with suppress(StoreError):
                session.close()
        unsaved = study.store.find_unsaved()
        if not unsaved:
            _back_up(study)
        if not exit_code:
            off = ""
            if minutes is None and not cram:
                today = state.clock().study_day(study.journal.rollover_hour)
                off = explain_day_off((exam_day or study.journal).days, today)
            is_timed = minutes is not None
            _print_end(study, state, exam_day, off, is_saved=not unsaved, is_timed=is_timed)
    if is_drawn and has_asked:
        # Meanwhile, whoever goes on pressing keys types them into the terminal.
        drop_typed(sys.stdin)
    sys.exit(exit_code)


def _run(study: Study, state: ReviewState, acts: ReviewActs, *, is_plain: bool, images: str) -> int:
    """Review in full screen or line by line; return the exit status."""
    if is_plain:
        from cardwright.terminal.plain import PlainReviewer  # noqa: PLC0415  (most see the full screen)

        say_plainly = partial(say, is_styled=False)
        reviewer = PlainReviewer(
            state, sys.stdin, say_plainly, acts=acts, keymap=find_keymap(), copy=find_copy()
        )
        reviewer.run()
        return 0
    if state.is_over:
        return 0
    keymap, colours = find_keymap(), find_colours()
    with make_screen(colours) as screen:
        gallery = Gallery(screen, study.find_media, os.environ, seed=os.getpid(), wish=images)
        Reviewer(state, screen, colours, acts=acts, keymap=keymap, gallery=gallery).run()
    return screen.exit_code


def _print_end(
    study: Study,
    state: ReviewState,
    exam_day: ExamDay | None,
    off: str,
    *,
    is_saved: bool,
    is_timed: bool,
) -> None:
    from cardwright.cli.session_end import asks_whole_plan, list_ahead  # noqa: PLC0415  (only at the end)
    from cardwright.terminal.reports import draw_summary  # noqa: PLC0415  (as above)

    if study.error_count:
        warn("some files could not be read completely: see `cards check`")
    if state.is_over and not state.is_limit_reached:
        is_part = exam_day is not None and not asks_whole_plan(exam_day, state)
        say(off or f"Nothing left to review today{' of what you selected' * is_part}.")
    ahead = list_ahead(
        study, state, exam_day, is_saved=is_saved, is_off=bool(off), is_timed=is_timed
    )
    lessons = {
        lesson.id: str(lesson)
        for blueprint in study.sources.blueprints.values()
        for lesson in blueprint.lessons.values()
    }
    if state.answers or not state.is_over:
        say(draw_summary(state.answers, state.duration_ms, lessons, ahead))
    elif ahead:
        say("\n".join(ahead))


def _back_up(study: Study) -> None:
    """Make today's backup, unless there is one."""
    today = study.moment.local.date().isoformat()
    if find_backup(study.store.path, today).exists():
        return
    try:
        study.store.back_up(today)
    except StoreError as error:
        warn(f"warning: no backup was made: {error}")


def _edit(study: Study, state: ReviewState, choice: Choice) -> str:
    """Open the card in the editor at its line, reload the sources, and return a message."""
    from cardwright.cli.editing import edit_card  # noqa: PLC0415  (only when its key is pressed)

    if state.attempt is None or state.item is None:
        return ""
    message, is_reloaded = edit_card(
        study, state.item, state.attempt.prompt.card, state.clock().at_ms
    )
    if is_reloaded:
        try:
            items = study.choose(choice)
        except ProjectError:
            # The edit took out the last card that was chosen.
            items = []
        state.replace_items(items)
    return message
