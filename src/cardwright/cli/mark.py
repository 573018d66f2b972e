"""`cards suspend`, `unsuspend`, `bury`, `flag` and `reset`: acts on prompts that are not answers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from cardwright.app.acts import mark as mark_prompts
from cardwright.app.study import describe_memory
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.history import Act

_DONE: Final = {
    Act.SUSPEND: ("suspended", "already suspended"),
    Act.UNSUSPEND: ("no longer suspended", "not suspended"),
    Act.BURY: ("buried until tomorrow", "already buried until tomorrow"),
    Act.UNBURY: ("no longer buried", "not buried"),
    Act.FLAG: ("flagged", "already flagged"),
    Act.UNFLAG: ("flag removed", "not flagged"),
    Act.RESET: ("starts over as new", "already new"),
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
            if as_json:
                schedule_of = study.journal.schedule_of
                say_json(
                    [
                        describe_memory(item.ref, memory, schedule_of(item.key), study.today)
                        for item, memory, _ in marked
                    ]
                )
                return
        for item, _, is_changed in marked:
            said, nothing = _DONE[done]
            say(f"{item.ref}: {said if is_changed else nothing}")

    if off:
        mark.params.append(click.Option(["--off", "is_off"], is_flag=True, help=off_help))
    return mark


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
