"""`cards exam`: its sub-commands, each imported when it is called."""

from __future__ import annotations

from typing import Final

import click

from cardwright.cli.lazy import LazyGroup

_COMMANDS: Final = {
    "set": "Set the date of an exam, and the time there is for it.",
    "status": "Tell at a glance where you stand, and what today asks.",
    "plan": "Show the way to the exam, week by week.",
    "ready": "Tell how ready you are: recall expected today and on the day.",
    "coverage": "Show what the cards cover of an exam.",
    "mock": "Take a mock exam against the clock.",
    "drill": "Take a short mixed set, or a single lane.",
    "miss": "Write down why something was missed.",
    "misses": "List, group and trend what was missed.",
}
"""Every sub-command, with the first sentence of its own help; it stands in the module of its name."""


@click.group(cls=LazyGroup)
def exam() -> None:
    """Prepare for an exam with a date.

    \b
    cards exam set mlpro --date 2027-01-31 --minutes 30
    cards exam plan              the weeks up to the date
    cards exam coverage          what the cards cover, and what you know of it
    cards exam mock              a mock exam against the clock
    cards exam drill             ten questions, with the answers at once
    cards exam miss              why something was missed, and what is safer
    """


exam.fill("cardwright.cli.exam", _COMMANDS)
