"""`cards list`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from cardwright.app.card_export import list_rows, write_markdown
from cardwright.app.choice import (
    by_kind,
    by_lesson,
    by_objective,
    by_pack,
    by_tag,
    filter_cards,
)
from cardwright.cli.output import say, say_data, say_json, warn
from cardwright.cli.params import NAME, json_option
from cardwright.cli.project import load_user_collection
from cardwright.kinds import list_media, list_prompts
from cardwright.markdown.render import Renderer
from cardwright.model import Card, Collection
from cardwright.project.source_url import make_source_url
from cardwright.text import count

_FORMULA_STARTS: Final = ("=", "+", "-", "@")


@click.command("list")
@click.option("--pack", help="Only this pack.")
@click.option("--kind", help="Only this kind.")
@click.option("--lesson", type=NAME, help="Only this lesson.")
@click.option("--objective", type=NAME, help="Only cards that cover this objective.")
@click.option("--tag", type=NAME, help="Only cards with this tag.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the cards with their texts as CSV.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print them as Markdown.")
@json_option
@click.pass_obj
def list_command(
    folder: Path,
    pack: str | None,
    kind: str | None,
    lesson: str | None,
    objective: str | None,
    tag: str | None,
    as_csv: bool,
    as_markdown: bool,
    as_json: bool,
) -> None:
    """List the cards of the project.

    With --csv or --markdown, everything that the cards say is written, for other programs.

    \b
    cards list --kind term --lesson 2.5
    cards list --json
    cards list --csv > cards.csv
    """
    if as_csv + as_markdown + as_json > 1:
        raise click.UsageError("--csv, --markdown and --json exclude each other.")
    _, collection, problems = load_user_collection(folder)
    if any(problem.is_error for problem in problems):
        warn("some files could not be read completely: see `cards check`")
    filters = (
        by_pack(_list_given(pack)),
        by_lesson(_list_given(lesson)),
        by_objective(_list_given(objective)),
        by_tag(_list_given(tag)),
        by_kind(_list_given(kind)),
    )
    found = filter_cards(collection.heads, filters)
    cards = map(collection.load, found)
    if as_csv:
        _say_csv(list_rows(collection, cards))
    elif as_markdown:
        say_data(write_markdown(collection, cards))
    elif as_json:
        renderer = Renderer()
        say_json([describe_card(collection, card, renderer) for card in cards])
    else:
        width = max((len(card.ref) for card in found), default=0)
        kind_width = max((len(card.kind) for card in found), default=0)
        for card in found:
            withdrawn = f"  ({card.withdrawn})" if card.withdrawn else ""
            row = f"{card.ref:<{width}}  {card.kind:<{kind_width}}  {card.lesson or '-':<4}"
            say(f"{row}  {card.span}{withdrawn}")
        warn(count(len(found), "card"))


def _list_given(name: str | None) -> list[str]:
    return [] if name is None else [name]


def _say_csv(rows: Iterable[Sequence[str]]) -> None:
    formulas = 0

    def write() -> Iterator[str]:
        nonlocal formulas
        for row in rows:
            formulas += sum(cell.startswith(_FORMULA_STARTS) for cell in row)
            line = io.StringIO()
            csv.writer(line).writerow(row)
            yield line.getvalue()

    say_data(write())
    if formulas:
        number = count(formulas, "text")
        warn(
            f"{number} start with =, +, - or @: tell a spreadsheet to import all columns as text,"
            " or it may take them for formulas"
        )


def describe_card(collection: Collection, card: Card, renderer: Renderer) -> dict[str, Any]:
    """Return a card without its fields, as JSON for other programs."""
    domain, kind = collection.domain_of(card), collection.kinds[card.kind]
    return {
        "ref": card.ref,
        "pack": card.pack,
        "id": card.id,
        "kind": card.kind,
        "lesson": card.lesson,
        "domain": domain.id if domain else None,
        "objectives": list(card.all_objectives),
        "tags": list(card.tags),
        "prompts": [prompt.side_name for prompt in list_prompts(card, kind)],
        "media": list(list_media(card, kind, renderer)),
        "retired": card.retired,
        "reserved": card.reserved,
        "twins": card.twins,
        "path": card.span.path,
        "line": card.span.line,
        "source_url": make_source_url(collection.decks, card) or None,
    }
