"""`cards exam miss`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardwright.cli.options import db_option, json_option

if TYPE_CHECKING:
    from cardwright.blueprint import Blueprint
    from cardwright.cli.study import Study
    from cardwright.exam.misses import Failure, Miss
    from cardwright.item import Item


@click.command()
@click.argument("card", required=False)
@click.option("--pack", metavar="PACK", help="The exam, if the project has several.")
@click.option("--failure", metavar="TEXT", help="What went wrong.")
@click.option("--mode", metavar="ID", help="The failure mode of the exam.")
@click.option("--rule", metavar="TEXT", help="The rule that was missing, in one sentence.")
@click.option("--action", metavar="TEXT", help="The safer action.")
@click.option("--lesson", metavar="ID", help="The lesson to revisit; default: the card's.")
@click.option("--to-card", is_flag=True, help="Make a card of it, in your own pack.")
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
    """Write down why something was missed.

    Without CARD, asks about each card that the last mock exam or drill, or your last day of
    reviews, found missing and that has no entry yet. Each line is kept at once. With --to-card an
    entry becomes an `instinct` card in cards/personal/misses.yaml, which git ignores, and is
    reviewed like any other.

    \b
    cards exam miss
    cards exam miss label-drift --mode alarm-misread --rule "…" --action "…" --to-card
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.exam.choosing import check_lesson, choose_exam
    from cardwright.cli.say import fail
    from cardwright.cli.study import open_study

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
        message = "name the CARD that these are about"
        raise click.UsageError(message)
    with open_study(folder, db, read_clock()) as study:
        item = _find_card(study, card) if card else None
        of_card = item.pack if item and item.pack in study.index.blueprints else None
        blueprint = choose_exam(study, pack or of_card)
        if given.get("mode") and given["mode"] not in blueprint.failure_modes:
            known = ", ".join(blueprint.failure_modes) or "none"
            fail(f"there is no failure mode `{given['mode']}` (modes: {known})")
        if given.get("lesson"):
            check_lesson(blueprint, given["lesson"])
        entries = _list_entries(study, blueprint, item)
        filled = _fill(
            study, blueprint, [replace(entry, **given) for entry in entries], as_json=as_json
        )
        is_sound = True
        if to_card:
            filled, is_sound = _make_cards(study, blueprint, filled)
        _print(filled, is_asked_for=bool(card), as_json=as_json)
    sys.exit(0 if is_sound else 1)


def _find_card(study: Study, card: str) -> Item:
    """Return the first prompt of a card, or ends."""
    found = (
        item for item in study.items if card in {item.card_ref, item.card_ref.partition(":")[2]}
    )
    return next(found, None) or study.find_item(card)


def _list_entries(study: Study, blueprint: Blueprint, item: Item | None) -> list[Miss]:
    """Return the entries to be filled in: that of a card, or all that are not yet complete."""
    from cardwright.exam.misses import Failure, list_misses, make_miss

    logged = {one.id: one for one in list_misses(study.store, blueprint.pack)}
    failures = _list_failures(study, blueprint)
    if item is not None:
        failures = [failure for failure in failures if failure.item.card_ref == item.card_ref]
        earlier = [one for one in logged.values() if one.card == item.card_ref]
        if not failures and earlier:
            return earlier[-1:]
        failures = failures or [Failure(item, study.moment.at_ms, study.today, "", "")]
    made = [make_miss(one, blueprint, _say_failure(study, one)) for one in failures]
    entries = [logged.get(entry.id, entry) for entry in made]
    return [entry for entry in entries if item is not None or not entry.is_complete]


def _list_failures(study: Study, blueprint: Blueprint) -> list[Failure]:
    from cardwright.exam.misses import list_failures
    from cardwright.exam.mock import list_mocks

    return list_failures(
        list_mocks(study.store, blueprint.pack, "mock", "drill"),
        study.store.list_reviews(),
        study.moment.utc_offset_minutes,
        study.journal.rollover_hour,
        study.items,
        blueprint,
    )


def _say_failure(study: Study, failure: Failure) -> str:
    """Return what went wrong, as far as the card tells: the option picked, or what it is about."""
    if failure.picked:
        return failure.picked
    card = study.load_card(failure.item.card_ref)
    kind = study.find_kind(failure.item.kind)
    if card is None or kind.cloze is not None:
        return ""
    field = kind.fields[0]
    text = card.text(field.name)
    return text if "\n" not in text and len(text.split()) <= (field.max_words or 0) else ""


def _fill(
    study: Study,
    blueprint: Blueprint,
    entries: list[Miss],
    *,
    as_json: bool,
) -> list[Miss]:
    """Keep what was given, and ask what is missing, until the input ends."""
    from cardwright.exam.misses import put_miss
    from cardwright.kinds import list_prompts
    from cardwright.terminal.miss import MissAsker

    asker = MissAsker(
        sys.stdin, blueprint, lambda entry: put_miss(study.store, entry), to_stderr=as_json
    )
    filled: list[Miss] = []
    goes_on = True
    for entry in entries:
        if entry.is_complete:
            put_miss(study.store, entry)
            filled.append(entry)
        elif goes_on:
            if entry.rule or entry.action or entry.mode:
                put_miss(study.store, entry)
            card = study.load_card(entry.card)
            prompts = list_prompts(card, study.find_kind(card.kind)) if card else ()
            asked, goes_on = asker.ask(entry, prompts[0] if prompts else None, study.find_kind)
            filled.append(asked)
    return filled


def _make_cards(study: Study, blueprint: Blueprint, entries: list[Miss]) -> tuple[list[Miss], bool]:
    """Make a card of each entry that has none; tell whether all of them are sound."""
    from cardwright.cli.exam.personal import PACK, write_miss_card
    from cardwright.cli.project import open_project
    from cardwright.cli.say import fail
    from cardwright.diagnostic import format_text
    from cardwright.exam.misses import put_miss
    from cardwright.project.write import WriteError

    made = []
    for entry in entries:
        changed = entry
        if entry.is_complete and not entry.made_card:
            try:
                ref = write_miss_card(study.root, entry, blueprint, study.load_card(entry.card))
            except WriteError as error:
                fail(f"no card was made: {error}")
            changed = replace(entry, made_card=ref)
            put_miss(study.store, changed)
        made.append(changed)
    if made == entries:
        return made, True
    project = open_project(study.root)
    own = (f"cards/{PACK}/", f"decks/{PACK}/")
    problems = [problem for problem in project.problems if problem.span.path.startswith(own)]
    if problems:
        click.echo(format_text(problems, project.texts.line), err=True)
    return made, not any(problem.is_error for problem in problems)


def _print(entries: list[Miss], *, is_asked_for: bool, as_json: bool) -> None:
    if as_json:
        import json
        from dataclasses import asdict

        click.echo(json.dumps([asdict(entry) for entry in entries], indent=2))
        return
    written = sum(entry.is_complete for entry in entries)
    if not entries:
        click.echo("Nothing was missed that has no entry yet.")
    elif is_asked_for and not written:
        click.echo("Kept as far as it goes: rule and action are missing.")
    else:
        from cardwright.cli.say import count

        click.echo(f"{count(written, 'entry')} in the log: see `cards exam misses`.")
