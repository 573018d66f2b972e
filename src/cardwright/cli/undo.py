"""`cards undo`."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any, Final

import click

from cardwright.app.acts import PastAct, list_past_acts
from cardwright.app.acts import undo as undo_act
from cardwright.cli.environment import open_joint_study, open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import all_option, db_option, json_option
from cardwright.history import Moment, make_date
from cardwright.memory import Memory
from cardwright.study.error import StoreError
from cardwright.terminal.words import describe_past

_LISTED: Final = 20


@click.command()
@click.option("--list", "is_list", is_flag=True, help="Only show the last acts, undoing nothing.")
@all_option
@json_option
@db_option
@click.pass_obj
def undo(folder: Path, is_list: bool, in_all: bool, as_json: bool, db: Path | None) -> None:
    """Undo the last answer or other act, and with each call the one before.

    This covers what was done to cards of this project on this machine, in `cards review` or by a
    command, as far back as the log goes. It stops at an answer that Anki's log has. --all covers
    every project that you have studied here, as `cards review --all` does.

    \b
    cards undo --list
    cards undo
    cards undo --all
    """
    opening = open_joint_study if in_all else open_study
    with opening(folder, db, is_writing=not is_list) as study:
        found = list(islice(list_past_acts(study), _LISTED if is_list else 2))
        if is_list:
            _list(found, as_json=as_json)
            return
        if not found:
            of = "any project that you have studied" if in_all else "this project"
            help = f"this undoes what was done to cards of {of} on this machine"
            raise StoreError("nothing to undo", help=help)
        last, *before = found
        offset_minutes = study.moment.utc_offset_minutes
        try:
            memories = undo_act(study, last)
        except StoreError as error:
            error.details = describe_past(last)
            raise
    if as_json:
        following = _as_json(before[0]) if before else None
        say_json({"undone": _as_json(last), "next": following})
        return
    say(f"undid {describe_past(last)}")
    for ref, memory in zip(last.refs, memories, strict=True):
        say(f"  {ref} is now {_describe_memory(memory, offset_minutes)}")
    if before:
        say(f"next undo: {describe_past(before[0])}")


def _list(found: list[PastAct], *, as_json: bool) -> None:
    if as_json:
        say_json(list(map(_as_json, found)))
    elif found:
        from cardwright.terminal.reports import draw_past_acts  # noqa: PLC0415  (rich loads slowly)

        say(
            draw_past_acts(
                [(p.review, p.refs, "cannot be undone" if p.is_in_anki else "") for p in found]
            )
        )
    else:
        say("Nothing to undo.")


def _describe_memory(memory: Memory, utc_offset_minutes: int) -> str:
    parts = [str(memory.state)]
    if memory.due_at_ms is not None and not memory.interval_days:
        parts.append(f"due at {Moment(memory.due_at_ms, utc_offset_minutes).local:%H:%M}")
    elif memory.due_day is not None:
        parts.append(f"due {make_date(memory.due_day)}")
    parts += ["suspended"] if memory.is_suspended else []
    parts += ["flagged"] if memory.is_flagged else []
    return ", ".join(parts)


def _as_json(past: PastAct) -> dict[str, Any]:
    review = past.review
    return {
        "act": str(review.act),
        "rating": None if review.rating is None else int(review.rating),
        "at": review.moment.local.isoformat(timespec="milliseconds"),
        "prompts": list(past.refs),
        "in_anki": past.is_in_anki,
    }
