"""A miss → an `instinct` card in the user's own pack, which is not shared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from cardwright.blueprint import Blueprint
    from cardwright.exam.misses import Miss
    from cardwright.model import Card
    from cardwright.project.write import Written

PACK: Final = "personal"
_CARDS: Final = PurePosixPath("cards", PACK, "misses.yaml")
_MANIFEST: Final = f"decks/{PACK}/deck.yaml"
_DECK: Final = """\
# yaml-language-server: $schema=../../schemas/deck.schema.json
name: Personal
description: |
  Cards made of your own misses by `cards exam miss --to-card`. They are yours, and not shared.
"""
_IGNORED: Final = (f"/cards/{PACK}/", f"/decks/{PACK}/")
_TAG: Final = re.compile(r"[^\s\"',:]+")


def write_miss_card(root: Path, miss: Miss, blueprint: Blueprint, missed: Card | None) -> str:
    """Write a card made of a miss, and what it needs; return its key.

    Raises:
        WriteError: the text of the miss cannot stand in a card, or the file cannot be added to.

    """
    from cardwright.files import write_file
    from cardwright.project.kind import read_built_in_kinds
    from cardwright.project.write import append_filled_card

    path = root / _CARDS
    text = path.read_bytes() if path.exists() else b""
    card_id = _find_free_id(miss, text.decode("utf-8", "replace"))
    values = dict(_list_values(miss, blueprint, missed))
    kind = read_built_in_kinds()["instinct"]
    added, line = append_filled_card(path, _CARDS, kind, card_id, values)
    manifest = root / _MANIFEST
    if not manifest.exists():
        write_file(manifest, _DECK)
    _ignore(root)
    write_file(path, added)
    click.echo(f"{_CARDS}:{line}: {card_id}", err=True)
    return f"{PACK}:{card_id}"


def _list_values(
    miss: Miss, blueprint: Blueprint, missed: Card | None
) -> Iterator[tuple[str, Written]]:
    mode = blueprint.failure_modes.get(miss.mode)
    yield "failure", " ".join((miss.failure or (mode.about if mode else miss.rule)).split())
    yield "instinct", miss.action
    yield "why", miss.rule
    # `lesson` means one of the card's own pack, so that of the exam is a tag.
    named = (("miss", miss.mode), (miss.pack, miss.lesson))
    tags = [f"{head}::{name}" for head, name in named if _TAG.fullmatch(name)]
    if tags:
        yield "tags", tags
    yield "extra", f"Missed on {miss.on}: `{miss.card}`."
    if missed is not None and missed.sources:
        yield (
            "sources",
            [
                {
                    name: text
                    for name, text in (
                        ("url", source.url),
                        ("title", source.title),
                        ("checked", source.checked_on),
                    )
                    if text
                }
                for source in missed.sources
            ],
        )


def _find_free_id(miss: Miss, text: str) -> str:
    """Return an id that no card of the file has."""
    from cardwright.project.card import MAX_ID_LENGTH, suggest_id

    name = suggest_id(f"miss-{miss.on}-{miss.card.partition(':')[2]}")
    number = 1
    while True:
        ending = "" if number == 1 else f"-{number}"
        card_id = f"{name[: MAX_ID_LENGTH - len(ending)].rstrip('-')}{ending}"
        if not re.search(rf"(?m)\bid: ['\"]?{card_id}['\"]?\s*$", text):
            return card_id
        number += 1


def _ignore(root: Path) -> None:
    """Keep the pack out of the project's repository, if it is in one."""
    from cardwright.files import write_file

    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return
    path = root / ".gitignore"
    text = path.read_bytes() if path.exists() else b""
    lines = {line.strip().strip(b"/") for line in text.splitlines()}
    missing = [entry for entry in _IGNORED if entry.strip("/").encode() not in lines]
    if missing:
        head = text if not text or text.endswith(b"\n") else text + b"\n"
        write_file(path, head + "".join(f"{entry}\n" for entry in missing).encode())
        click.echo(f".gitignore: {' and '.join(missing)} are not shared", err=True)
