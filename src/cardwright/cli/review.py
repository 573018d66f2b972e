"""`cards review`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cardwright.cli.choosing import choice_options
from cardwright.cli.options import db_option

if TYPE_CHECKING:
    from cardwright.cli.choosing import Choice
    from cardwright.cli.study import Study
    from cardwright.terminal.sitting import Sitting


@click.command()
@choice_options
@click.option("--new", type=click.IntRange(0), metavar="N", help="New cards at the most.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Stop after N answers.")
@click.option(
    "--minutes", type=click.FloatRange(0, min_open=True), metavar="N", help="Stop after N minutes."
)
@click.option(
    "--ahead",
    type=click.IntRange(0),
    default=0,
    metavar="DAYS",
    help="Also what is due within so many days.",
)
@click.option("--cram", is_flag=True, help="Ask all that is selected; the schedule stays as it is.")
@click.option("--plain", is_flag=True, help="Plain prompts, line by line.")
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
    plain: bool,
    why: bool,
    db: Path | None,
) -> None:
    """Study what is due today.

    With the memory model of Anki. DECK is a pack or a sub-deck; none: all. Every answer is saved
    before the next card shows: stop when you like. The key `?` shows all keys.

    With an exam set (`cards exam set`), what helps most on its day comes first, within the minutes
    of the day. --new, --ahead, --cram, --flagged and --leeches ask by the usual rule.

    \b
    cards review
    cards review mlpro --minutes 20
    cards review "2 MLOps" --kind choice --new 5
    cards review --flagged --cram
    """
    import sys
    from contextlib import suppress
    from secrets import token_hex

    from cardwright.cli.clock import read_clock
    from cardwright.cli.course import find_course
    from cardwright.cli.garbage import uncollected
    from cardwright.cli.study import open_study
    from cardwright.study.error import StoreError
    from cardwright.study.queue import SessionOptions
    from cardwright.study.session import Session
    from cardwright.terminal.sitting import Sitting

    moment = read_clock()
    wishes = SessionOptions(
        max_new=new, ahead_days=ahead, is_cram=cram, with_suspended=choice.is_leech
    )
    with open_study(folder, db, moment) as study:
        with uncollected():
            items = choice.choose(study.items)
            is_usual = new is None and not (ahead or cram or choice.is_flagged or choice.is_leech)
            course = find_course(study, items, minutes) if is_usual else None
            session = Session(
                study.journal,
                items,
                moment,
                name=token_hex(16),
                options=wishes,
                selects=choice.takes if choice.is_flagged or choice.is_leech else None,
                arrange=course.arrange if course else None,
            )
        try:
            sitting = Sitting(
                session,
                study,
                read_clock,
                most_answers=limit,
                most_minutes=course.minutes if course else minutes,
                explain=course.explain if course else None,
                shows_why=why,
            )

            def edit() -> str:
                return _edit(study, sitting, choice)

            opened: Counter[int] = Counter()

            def open_media() -> str:
                opened[sitting.turn] += 1
                return _open_media(study, sitting, opened[sitting.turn] - 1)

            exit_code = _run(sitting, is_plain=plain, edit=edit, open_media=open_media)
        finally:
            # A claim that cannot be taken back lapses by itself.
            with suppress(StoreError):
                session.close()
        _back_up(study)
        if not exit_code:
            _print_end(study, sitting)
            if course and course.is_spent:
                click.echo("The minutes of today are spent: `--minutes 10` goes on.")
    sys.exit(exit_code)


def _run(
    sitting: Sitting, *, is_plain: bool, edit: Callable[[], str], open_media: Callable[[], str]
) -> int:
    """Review in the whole window, or by plain prompts; return what to end with."""
    import os
    import sys

    from cardwright.terminal.screen import Screen, can_draw

    if is_plain or not can_draw(sys.stdin, sys.stdout, os.environ):
        from cardwright.terminal.plain import PlainReviewer

        reviewer = PlainReviewer(sitting, sys.stdin, edit=edit, open_media=open_media)
        # Ctrl-C is one way to stop: all that was answered is saved.
        try:
            reviewer.run()
        except KeyboardInterrupt:
            click.echo()
        return 0
    from cardwright.terminal.review import Reviewer

    if sitting.is_over:
        return 0
    with Screen(sys.stdin, sys.stdout) as screen:
        Reviewer(sitting, screen, os.environ, edit=edit, open_media=open_media).run()
    return screen.exit_code


def _print_end(study: Study, sitting: Sitting) -> None:
    from cardwright.history import make_time
    from cardwright.terminal.summary import print_summary

    now = sitting.clock()
    if study.index.problem_count:
        click.echo("some files could not be read whole: see `cards check`", err=True)
    if sitting.is_over and not sitting.is_enough:
        click.echo("Nothing more to ask today.")
        if sitting.session.next_at_ms is not None:
            local = make_time(sitting.session.next_at_ms).astimezone(now.local.tzinfo)
            click.echo(f"The next card comes at {local:%H:%M}.")
    if not sitting.session.answers and sitting.is_over:
        return
    tomorrow = now.study_day(study.journal.rollover_hour) + 1
    due = sum(
        memory.state == "review" and not memory.is_suspended and (memory.due_day or 0) <= tomorrow
        for memory in study.read_memories().values()
    )
    lessons = {
        lesson.id: str(lesson)
        for blueprint in study.index.blueprints.values()
        for lesson in blueprint.lessons.values()
    }
    print_summary(sitting.session.answers, sitting.passed_ms, due, lessons)


def _back_up(study: Study) -> None:
    """Make the backup of the day, once."""
    from cardwright.study.backup import find_backup
    from cardwright.study.error import StoreError

    today = study.moment.local.date().isoformat()
    if find_backup(study.store.path, today).exists():
        return
    try:
        study.store.back_up(today)
    except StoreError as error:
        click.echo(f"warning: no backup was made: {error}", err=True)


def _edit(study: Study, sitting: Sitting, choice: Choice) -> str:
    """Open the card in the editor at its line, read the sources again, and say what came of it."""
    from cardwright.cli.editor import open_editor
    from cardwright.project.walk import ProjectError

    if sitting.attempt is None:
        return ""
    card, before = sitting.attempt.prompt.card, study.index
    said = open_editor(study.root / card.span.path, card.span.line)
    if said:
        return said
    try:
        study.reread(sitting.clock().at_ms)
    except ProjectError as error:
        return str(error)
    is_there = study.load_card(card.ref) is not None
    if study.index.problem_count and not is_there:
        said = f"{_find_problem(study, card.span.path)}\ne opens it again; the card stays as it was"
        study.index = before
        return said
    sitting.session.replace_items(choice.choose(study.items), sitting.clock())
    said = "read again" if is_there else f"{card.ref} is not there any more"
    return f"{said}; see `cards check` for problems" if study.index.problem_count else said


def _find_problem(study: Study, path: str) -> str:
    """Return the first thing that is wrong with a file."""
    from cardwright.project.load import load

    problems = [problem for problem in load(study.root)[1] if problem.span.path == path]
    return f"{problems[0].span}: {problems[0].message}" if problems else f"{path} has problems"


def _open_media(study: Study, sitting: Sitting, turn: int) -> str:
    """Open one of the card's images, links and sources: the next one each turn, from 0."""
    from cardwright.cli.editor import open_address, open_image
    from cardwright.kinds import list_images
    from cardwright.markdown import Renderer
    from cardwright.project.load import resolve_media

    attempt = sitting.attempt
    if attempt is None:
        return ""
    card = attempt.prompt.card
    images = list_images(card, attempt.kind, Renderer())
    paths = [path for path, _ in (resolve_media(study.root, card, i) for i in images) if path]
    addresses = attempt.list_links()
    count = len(paths) + len(addresses)
    if not count:
        return "there is neither image nor link to open"
    place = turn % count
    path = paths[place] if place < len(paths) else None
    address = "" if path else addresses[place - len(paths)]
    said = open_image(path) if path else open_address(address)
    return said or f"opened {path.name if path else address} ({place + 1} of {count})"
