"""`cards suspend`, `unsuspend`, `bury`, `flag` and `reset`: acts on prompts that are not answers."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.app.study import describe_memory
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.history import Act


def _make_command(
    act: Act, help: str, *, off: Act | None = None, off_help: str = ""
) -> click.Command:
    @click.command(str(act), help=help)
    @click.argument("refs", nargs=-1, required=True, metavar="PROMPT...")
    @json_option
    @db_option
    @click.pass_obj
    def mark(
        folder: Path, /, refs: tuple[str, ...], as_json: bool, db: Path | None, **rest: bool
    ) -> None:
        done = off if off and rest.get("is_off") else act
        rows = []
        with open_study(folder, db, is_writing=True) as study:
            items = [study.find_item(ref) for ref in refs]
            with study.store.transaction():
                for item in items:
                    _, memory = study.journal.record(item.key, done, study.moment)
                    schedule = study.journal.schedule_of(item.key)
                    rows.append(describe_memory(item.ref, memory, schedule, study.today))
        if as_json:
            say_json(rows)
            return
        for row in rows:
            say(f"{row['prompt']}: {done}")

    if off:
        mark.params.append(click.Option(["--off", "is_off"], is_flag=True, help=off_help))
    return mark


suspend = _make_command(
    Act.SUSPEND,
    """Stop asking prompts until they are unsuspended.

    \b
    cards suspend label-drift
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
