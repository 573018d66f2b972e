"""`cards list`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cardwright.model import Card, Collection


@click.command("list")
@click.option("--pack", help="Only this pack.")
@click.option("--kind", help="Only this kind.")
@click.option("--lesson", help="Only this lesson.")
@click.option("--tag", help="Only cards with this tag.")
@click.option("--json", "as_json", is_flag=True, help="Print all about each card as JSON.")
@click.pass_obj
def list_command(
    folder: Path,
    pack: str | None,
    kind: str | None,
    lesson: str | None,
    tag: str | None,
    as_json: bool,
) -> None:
    """List the cards of the project.

    \b
    cards list --kind term --lesson 2.5
    cards list --json
    """
    import json

    from cardwright.cli.project import load_collection
    from cardwright.cli.say import count

    _, collection, problems = load_collection(folder)
    found = [
        card
        for card in collection.cards
        if pack in (None, card.pack)
        and kind in (None, card.kind)
        and lesson in (None, card.lesson)
        and (tag is None or tag in card.tags)
    ]
    if as_json:
        rows = [describe_card(collection, card) for card in found]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        width = max((len(card.ref) for card in found), default=0)
        for card in found:
            retired = "  (retired)" if card.retired is not None else ""
            click.echo(
                f"{card.ref:<{width}}  {card.kind:<9}  {card.lesson or '-':<4}  {card.span}{retired}"
            )
        click.echo(count(len(found), "card"), err=True)
    if problems:
        click.echo("some files could not be read whole: see `cards check`", err=True)


def describe_card(collection: Collection, card: Card) -> dict[str, Any]:
    """Return what programs may want to know of a card, as JSON."""
    from cardwright.kinds import list_prompts

    domain = collection.domain_of(card)
    return {
        "ref": card.ref,
        "pack": card.pack,
        "id": card.id,
        "kind": card.kind,
        "lesson": card.lesson,
        "domain": domain.id if domain else None,
        "objectives": list(card.all_objectives),
        "tags": list(card.tags),
        "prompts": [prompt.side_name for prompt in list_prompts(card, collection.kinds[card.kind])],
        "retired": card.retired,
        "path": card.span.path,
        "line": card.span.line,
    }
