"""How often somebody who reads only the options of a pack's questions picks the right ones.

`sheet` writes each list of options once, in a random order, without question, id and lesson; cards
that share a list are one entry of it. `score` compares a reader's picks with the cards.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import comb, sqrt
from pathlib import Path
from typing import Any

import click

from cardwright.model import Card
from cardwright.project.load import load

ROOT = Path(__file__).parents[1]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def list_sets(pack: str, files: tuple[str, ...]) -> list[list[Card]]:
    """Return the questions of a pack, those with the same options together, in a fixed order."""
    sets: dict[tuple[str, ...], list[Card]] = defaultdict(list)
    for card in load(ROOT)[0].cards:
        is_meant = not files or any(name in card.span.path for name in files)
        if card.pack == pack and card.retired is None and card.options and is_meant:
            sets[tuple(sorted(option.text for option in card.options))].append(card)
    return [sets[texts] for texts in sorted(sets)]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure how far the options of a pack's questions give the answers away."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--pack", default="mlpro", show_default=True)
@click.option("--file", "files", multiple=True, help="Only files whose path contains this.")
@click.option("--seed", default=1, show_default=True)
def sheet(folder: Path, pack: str, files: tuple[str, ...], seed: int) -> None:
    """Write FOLDER/sheet.md for the reader, and FOLDER/key.json, which the reader must not see."""
    chance = random.Random(seed)
    sets = list_sets(pack, files)
    if not sets:
        raise click.ClickException("no question matches")
    chance.shuffle(sets)
    lines, key = [], []
    for number, cards in enumerate(sets, 1):
        texts = [option.text for option in cards[0].options]
        chance.shuffle(texts)
        rights = [{option.text for option in card.options if option.right} for card in cards]
        picks = {len(right) for right in rights}
        key.append(
            {
                "ids": [card.id for card in cards],
                "right": [sorted(texts.index(text) for text in right) for right in rights],
                "options": len(texts),
            }
        )
        lines += [f"## {number} (pick {' or '.join(map(str, sorted(picks)))})", ""]
        lines += [f"{LETTERS[place]}. {text}" for place, text in enumerate(texts)]
        lines += [""]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sheet.md").write_text("\n".join(lines), "utf-8")
    (folder / "key.json").write_text(json.dumps(key, indent=1), "utf-8")
    click.echo(f"{len(sets)} lists of options, {sum(map(len, sets))} questions")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("picks", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def score(folder: Path, picks: Path) -> None:
    """Compare PICKS, a JSON object such as {"1": "B", "2": "AD"}, with FOLDER/key.json."""
    key = json.loads((folder / "key.json").read_text("utf-8"))
    picked = read_picks(picks, key)
    right = total = 0
    expected = 0.0
    for entry, places in zip(key, picked, strict=True):
        hits = [id for id, one in zip(entry["ids"], entry["right"], strict=True) if one == places]
        right += len(hits)
        total += len(entry["ids"])
        expected += sum(1 / comb(entry["options"], len(one)) for one in entry["right"])
        if len(hits) > 1 or (hits and len(entry["ids"]) == 1):
            click.echo(f"guessed: {' '.join(hits)}")
    rate = right / total
    error = sqrt(rate * (1 - rate) / total)
    click.echo(f"{right} of {total} = {rate:.1%} ± {error:.1%}; by chance {expected / total:.1%}")


def read_picks(path: Path, key: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """Return the places that were picked of each list of options."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{path.name} is not JSON: {error}") from error
    numbers = [str(number) for number in range(1, len(key) + 1)]
    if not isinstance(found, dict) or set(found) != set(numbers):
        raise click.ClickException(f"{path.name} must have an answer to each of 1 to {len(key)}")
    picked = []
    for number, entry in zip(numbers, key, strict=True):
        letters = found[number]
        allowed = LETTERS[: entry["options"]]
        many = {len(one) for one in entry["right"]}
        if (
            not isinstance(letters, str)
            or not set(letters) <= set(allowed)
            or len(set(letters)) != len(letters)
            or len(letters) not in many
        ):
            raise click.ClickException(
                f"{number}: {letters!r} is not {' or '.join(map(str, sorted(many)))} of {allowed}"
            )
        picked.append(sorted(map(allowed.index, letters)))
    return picked


if __name__ == "__main__":
    main()
