"""`cards exam release`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.app.choice import choose_exam
from cardwright.app.reserved import count_unseen, put_released
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option, pack_argument
from cardwright.error import ProjectError
from cardwright.text import count


@click.command()
@pack_argument
@click.option("--hold", "is_held", is_flag=True, help="Hold them back again.")
@json_option
@db_option
@click.pass_obj
def release(folder: Path, pack: str | None, is_held: bool, as_json: bool, db: Path | None) -> None:
    """Let review and drill ask the cards that are reserved for mock exams.

    They are held back until the day of the exam is over. Once asked, a question tells less in a
    mock exam; the command says how many exams are left.

    \b
    cards exam release
    cards exam release mlpro --hold
    """
    with open_study(folder, db, is_writing=True) as study:
        blueprint = choose_exam(study.sources.blueprints, pack)
        pack = blueprint.pack
        items = [item for item in study.items.list_reserved() if item.pack == pack]
        if not items:
            raise ProjectError(
                f"no card of `{pack}` is reserved", help="write `reserved: mock` in a question"
            )
        namespace = study.sources.namespace_of(pack)
        put_released(study.journal, namespace, study.moment, is_released=not is_held)
        held = study.find_held()
        every, reserved = count_unseen(study.sources, study.store, blueprint)
    cards = len({item.card_ref for item in items})
    with_them, without = blueprint.count_mocks(every), blueprint.count_mocks(every - reserved)
    are_held = items[0].key in held
    if as_json:
        say_json(
            {
                "pack": pack,
                "reserved": cards,
                "held": are_held,
                "unseen_mocks": with_them,
                "unseen_mocks_without_reserved": without,
            }
        )
        return
    number = count(cards, "reserved card")
    left = f"unseen questions are left for {count(with_them, 'mock exam')}"
    if are_held:
        say(f"{pack}: {number} held back; {left}")
    elif is_held:
        say(f"{pack}: {number} can be asked, since the exam is over; the next date holds them back")
    else:
        say(
            f"{pack}: {number} can be asked from now on; {left}, {without:,} without the reserved ones"
        )
        say("`--hold` holds them back again")
