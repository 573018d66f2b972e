"""`cards exam`: its commands, each imported when it is called."""

from __future__ import annotations

from typing import Final

import click

from cardwright.cli.lazy import LazyGroup

_COMMANDS: Final = {
    "set": "Set the date of an exam, and the time you have for it.",
    "status": "Show where you stand, and what is planned for today.",
    "plan": "Show the plan up to the exam, week by week.",
    "ready": "Show how ready you are: recall expected today and on exam day.",
    "coverage": "Show how well the cards cover an exam.",
    "mock": "Take a mock exam against the clock.",
    "release": "Let review and drill ask the cards that are reserved for mock exams.",
    "drill": "Answer a short set of questions, mixed or from one lane.",
    "miss": "Record why you missed a question.",
    "misses": "List and group your misses, and show their trend.",
}
"""Every command, in the module of the same name, with the first sentence of its help."""


@click.group(cls=LazyGroup)
def exam() -> None:
    """Prepare for an exam on a date.

    \b
    cards exam set mlpro --date 2027-01-31 --minutes 30
    cards exam plan              the weeks up to the exam
    cards exam coverage          what the cards cover, and how much you know of it
    cards exam mock              a mock exam against the clock
    cards exam drill             ten questions, each explained at once
    cards exam miss              why you missed a question, and the safer action
    """


exam.add_lazily("cardwright.cli.exam", _COMMANDS)
