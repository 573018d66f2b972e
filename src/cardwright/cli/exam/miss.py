"""`cards exam miss`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import Any

import click

from cardwright.app.choice import check_lesson, choose_exam
from cardwright.app.misses import PERSONAL_PACK, list_entries, make_cards
from cardwright.app.study import Study
from cardwright.blueprint import Blueprint
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import NAME, db_option, json_option
from cardwright.cli.project import open_user_project
from cardwright.error import ProjectError
from cardwright.exam.misses import Miss, put_miss
from cardwright.exam.mock import Mock
from cardwright.item import Item
from cardwright.kinds import list_prompts
from cardwright.report import format_text
from cardwright.terminal.plain_exam import MissAsker
from cardwright.text import count, list_names


@click.command()
@click.argument("card", required=False)
@click.option("--pack", metavar="PACK", help="The exam, if the project has several.")
@click.option("--failure", metavar="TEXT", help="What went wrong.")
@click.option(
    "--mode", metavar="ID", help="The failure mode: one of the blueprint's `failure_modes`."
)
@click.option("--rule", metavar="TEXT", help="The rule that was missing, in one sentence.")
@click.option("--action", metavar="TEXT", help="The safer action.")
@click.option(
    "--lesson", type=NAME, metavar="ID", help="The lesson to revisit; default: the card's."
)
@click.option("--to-card", is_flag=True, help="Make a card from it, in your personal pack.")
@json_option
@db_option
@click.pass_obj
def miss(
    folder: Path,
    card: str | None,
    pack: str | None,
    failure: str | None,
    mode: str | None,
    rule: str | None,
    action: str | None,
    lesson: str | None,
    to_card: bool,
    as_json: bool,
    db: Path | None,
) -> None:
    """Record why you missed a question.

    Without CARD, asks about each card without an entry that you missed in the last mock exam or
    drill, or on your last day of reviews. Each line is saved at once. With --to-card, an
    entry becomes an `instinct` card in cards/personal/misses.yaml, which git ignores, and is
    reviewed like any other.

    \b
    cards exam miss
    cards exam miss label-drift --mode alarm-misread --rule "…" --action "…" --to-card
    """
    given: dict[str, Any] = {
        name: value.strip()
        for name, value in (
            ("failure", failure),
            ("mode", mode),
            ("rule", rule),
            ("action", action),
            ("lesson", lesson),
        )
        if value is not None
    }
    if given and card is None:
        raise click.UsageError("name the CARD that these options describe")
    with open_study(folder, db, is_writing=True) as study:
        item = _find_card(study, card) if card else None
        of_card = item.pack if item and item.pack in study.sources.blueprints else None
        blueprint = choose_exam(study.sources.blueprints, pack or of_card)
        if given.get("mode") and given["mode"] not in blueprint.failure_modes:
            known = list_names(blueprint.failure_modes, none="none")
            raise ProjectError(f"there is no failure mode `{given['mode']}` (modes: {known})")
        if given.get("lesson"):
            check_lesson(blueprint, given["lesson"])
        entries = list_entries(study, blueprint, item)
        entries = [replace(entry, **given) for entry in entries]
        asker = _make_asker(study, blueprint, as_json=as_json)
        filled = _fill(study, blueprint, asker, entries)
        are_valid = True
        if to_card:
            filled, are_valid = _make_cards(study, blueprint, filled)
        _show(filled, names_card=bool(card), as_json=as_json)
    sys.exit(0 if are_valid else 1)


def log_misses(
    study: Study, blueprint: Blueprint, mock: Mock, *, is_wanted: bool, as_json: bool
) -> None:
    """Ask about each question missed in a mock exam or drill that has just ended.

    Unless it `is_wanted` already, ask first whether to.
    """
    asker = _make_asker(study, blueprint, as_json=as_json)
    if is_wanted or asker.offer(len(mock.wrong)):
        filled = _fill(study, blueprint, asker, list_entries(study, blueprint, mock=mock))
        say(_summarize(filled), err=as_json)


def _find_card(study: Study, card: str) -> Item:
    """Return the first prompt of a card."""
    found = (
        item for item in study.items if card in {item.card_ref, item.card_ref.partition(":")[2]}
    )
    return next(found, None) or study.find_item(card)


def _make_asker(study: Study, blueprint: Blueprint, *, as_json: bool) -> MissAsker:
    say_plainly = partial(say, err=as_json, is_styled=False)
    return MissAsker(
        sys.stdin, say_plainly, blueprint, lambda miss: put_miss(study.store, miss, study.moment)
    )


def _fill(
    study: Study, blueprint: Blueprint, asker: MissAsker, entries: Sequence[Miss]
) -> list[Miss]:
    """Save the given values, and ask for the missing ones until the input ends."""
    filled: list[Miss] = []
    goes_on = True
    seeds = {mock.id: mock.shuffle_seed for mock in study.list_mocks(blueprint, "mock", "drill")}
    total = sum(not entry.is_complete for entry in entries)
    number = 0
    for entry in entries:
        if entry.is_complete:
            put_miss(study.store, entry, study.moment)
            filled.append(entry)
        elif goes_on:
            if entry.rule or entry.action or entry.mode:
                put_miss(study.store, entry, study.moment)
            card = study.load_card(entry.card)
            prompts = list_prompts(card, study.find_kind(card.kind)) if card else ()
            number += 1
            asked, goes_on = asker.ask(
                entry,
                prompts[0] if prompts else None,
                study.find_kind,
                place=f"{number} of {total}",
                shuffle_seed=seeds.get(entry.origin),
            )
            filled.append(asked)
    return filled


def _make_cards(
    study: Study, blueprint: Blueprint, entries: Sequence[Miss]
) -> tuple[list[Miss], bool]:
    """Make a card from each entry without one; return whether all cards are valid."""
    changed = {entry.id: entry for entry in entries}
    made_any = False
    for entry, made in make_cards(study, blueprint, entries, SystemRandom()):
        changed[entry.id] = entry
        made_any = True
        warn(f"{made.path}:{made.line}: {made.id}")
        if made.ignored:
            warn(f".gitignore: {' and '.join(made.ignored)} added, so they are not shared")
    if not made_any:
        return list(entries), True
    project = open_user_project(study.root)
    own = (f"cards/{PERSONAL_PACK}/", f"decks/{PERSONAL_PACK}/")
    problems = [problem for problem in project.problems if problem.span.path.startswith(own)]
    if problems:
        warn(format_text(problems, project.texts.line))
    return list(changed.values()), not any(problem.is_error for problem in problems)


def _show(entries: Sequence[Miss], *, names_card: bool, as_json: bool) -> None:
    if as_json:
        say_json([asdict(entry) for entry in entries])
        return
    if names_card and not any(entry.is_complete for entry in entries):
        say("Saved so far: rule and action are missing.")
    else:
        say(_summarize(entries))


def _summarize(entries: Sequence[Miss]) -> str:
    if not entries:
        return "Every miss already has an entry."
    written = sum(entry.is_complete for entry in entries)
    return f"{count(written, 'entry')} in the log: see `cards exam misses`."
