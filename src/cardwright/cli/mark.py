"""`cards suspend`, `bury`, `flag`, `reset`, `reschedule` …: acts on prompts that are not answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import click

from cardwright.app import acts
from cardwright.app.acts import Marked, parse_days
from cardwright.app.acts import mark as mark_prompts
from cardwright.app.study import Study, describe_memory
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.history import Act, make_date

_DONE: Final = {
    Act.SUSPEND: ("suspended", "already suspended"),
    Act.UNSUSPEND: ("no longer suspended", "not suspended"),
    Act.BURY: ("buried until tomorrow", "already buried until tomorrow"),
    Act.UNBURY: ("no longer buried", "not buried"),
    Act.FLAG: ("flagged", "already flagged"),
    Act.UNFLAG: ("flag removed", "not flagged"),
    Act.RESET: ("reset to new", "already new"),
}
"""What is said of a prompt, and what if nothing had to be done."""
_CARD: Final = """
    CARD is `pack:id`, which means all its prompts, or one prompt, `pack:id/side`. The pack may be left
    out if that is unambiguous.
"""


def _make_command(
    act: Act, help: str, *, off: Act | None = None, off_help: str = ""
) -> click.Command:
    summary, _, more = help.partition("\n\n")

    @click.command(str(act), help=f"{summary}\n\n{_CARD}\n\n{more}")
    @click.argument("refs", nargs=-1, required=True, metavar="CARD...")
    @json_option
    @db_option
    @click.pass_obj
    def mark(
        folder: Path, /, refs: tuple[str, ...], as_json: bool, db: Path | None, **rest: bool
    ) -> None:
        done = off if off and rest.get("is_off") else act
        with open_study(folder, db, is_writing=True) as study:
            items = [item for ref in refs for item in study.find_items(ref)]
            marked = mark_prompts(study, items, done)
            said, nothing = _DONE[done]
            _say_marked(
                study, marked, lambda one: said if one.is_changed else nothing, as_json=as_json
            )

    if off:
        mark.params.append(click.Option(["--off", "is_off"], is_flag=True, help=off_help))
    return mark


def _say_marked(
    study: Study, marked: Iterable[Marked], describe: Callable[[Marked], str], *, as_json: bool
) -> None:
    """Print what became of prompts."""
    if as_json:
        schedule_of = study.journal.schedule_of
        say_json(
            [
                describe_memory(item.ref, memory, schedule_of(item.key), study.today)
                for item, memory, _ in marked
            ]
        )
    else:
        for one in marked:
            say(f"{one.item.ref}: {describe(one)}")


suspend = _make_command(
    Act.SUSPEND,
    """Stop asking prompts until they are unsuspended.

    \b
    cards suspend label-drift
    cards suspend mlpro:label-drift/recall
    """,
)
unsuspend = _make_command(
    Act.UNSUSPEND,
    """Ask suspended prompts again.

    \b
    cards unsuspend label-drift
    """,
)
bury = _make_command(
    Act.BURY,
    """Put prompts off until the next study day.

    \b
    cards bury label-drift
    """,
    off=Act.UNBURY,
    off_help="Ask them today after all.",
)
flag = _make_command(
    Act.FLAG,
    """Flag prompts, to find them with --flagged.

    \b
    cards flag label-drift
    cards review --flagged
    """,
    off=Act.UNFLAG,
    off_help="Remove the flag.",
)
reset = _make_command(
    Act.RESET,
    """Start prompts over, as if they had never been answered.

    Their answers stay in the log, but no longer affect the memory.

    \b
    cards reset label-drift
    """,
)


def _read_days(_context: click.Context, _param: click.Parameter, text: str) -> range:
    try:
        return parse_days(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.argument("refs", nargs=-1, required=True, metavar="CARD...")
@click.option(
    "--in",
    "days",
    callback=_read_days,
    required=True,
    metavar="DAYS",
    help="0 is today; 5-10 spreads them over these days.",
)
@json_option
@db_option
@click.pass_obj
def reschedule(
    folder: Path, refs: tuple[str, ...], days: range, as_json: bool, db: Path | None
) -> None:
    """Set in how many days prompts are due, like Anki's *Set due date*.

    CARD is `pack:id`, which means all its prompts, or one prompt, `pack:id/side`. Memories stay, and
    the next answer decides as always. New prompts become reviews. Suspended prompts stay suspended.

    \b
    cards reschedule label-drift --in 0
    cards reschedule label-drift drift-types --in 5-10
    """
    with open_study(folder, db, is_writing=True) as study:
        items = [item for ref in refs for item in study.find_items(ref)]
        marked = acts.reschedule(study, items, days)

        def describe(one: Marked) -> str:
            when = f"due {make_date(one.memory.due_day or study.today)}"
            when += ", but suspended" if one.memory.is_suspended else ""
            return when if one.is_changed else f"already {when}"

        _say_marked(study, marked, describe, as_json=as_json)
