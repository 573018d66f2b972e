"""The miss log: which answers to ask about, and personal cards made from its entries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from random import Random
from typing import Final

from cardwright.app.study import Study
from cardwright.blueprint import Blueprint
from cardwright.exam.misses import (
    Failure,
    Miss,
    list_failures,
    make_miss,
    put_miss,
)
from cardwright.exam.mock import Mock
from cardwright.files import find_below, read_below, write_below
from cardwright.item import Item
from cardwright.model import Card
from cardwright.project.card import MAX_ID_LENGTH, suggest_id
from cardwright.project.kind import read_built_in_kinds
from cardwright.project.namespace import make_namespace
from cardwright.project.write import WriteError, Written, append_filled_card

PERSONAL_PACK: Final = "personal"
_CARDS: Final = PurePosixPath("cards", PERSONAL_PACK, "misses.yaml")
_MANIFEST: Final = f"decks/{PERSONAL_PACK}/deck.yaml"
_DECK: Final = """\
# yaml-language-server: $schema=../../schemas/deck.schema.json
name: Personal
namespace: {namespace}
description: |
  Cards made from your misses by `cards exam miss --to-card`. They are personal and not shared.
"""
_IGNORED: Final = (f"/cards/{PERSONAL_PACK}/", f"/decks/{PERSONAL_PACK}/")
_TAG: Final = re.compile(r"[^\s\"',:]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCard:
    """A card made from a miss."""

    id: str
    path: str
    """The path of its file, relative to the project."""
    line: int
    ignored: Sequence[str]
    """Folders that were added to .gitignore for it."""


def list_entries(
    study: Study, blueprint: Blueprint, item: Item | None = None, mock: Mock | None = None
) -> list[Miss]:
    """Return the entries to fill in: those of a prompt's card, or all that are incomplete.

    With a mock exam or drill that is over, only what was missed in it counts.
    """
    logged = {entry.id: entry for entry in study.list_misses(blueprint)}
    failures = list_failures(
        study.list_mocks(blueprint, "mock", "drill") if mock is None else [mock],
        study.store.list_reviews() if mock is None else (),
        study.moment.utc_offset_minutes,
        study.journal.rollover_hour,
        study.items,
        blueprint,
    )
    if item is not None:
        failures = [failure for failure in failures if failure.item.card_ref == item.card_ref]
        earlier = [entry for entry in logged.values() if entry.card == item.card_ref]
        if not failures and earlier:
            return earlier[-1:]
        failures = failures or [Failure(item, study.moment.at_ms, study.today, "", "")]
    namespace = study.sources.namespace_of(blueprint.pack)
    made = [
        make_miss(found, blueprint, _describe_failure(study, found), namespace)
        for found in failures
    ]
    entries = [logged.get(entry.id, entry) for entry in made]
    return [entry for entry in entries if item is not None or not entry.is_complete]


def make_cards(
    study: Study, blueprint: Blueprint, entries: Sequence[Miss], random: Random
) -> Iterator[tuple[Miss, MadeCard]]:
    """Make a card from each complete entry without one; yield the updated entry and the card.

    Raises:
        WriteError: the text of an entry is not valid in a card, or the card cannot be appended.

    """
    for entry in entries:
        if entry.is_complete and not entry.made_card:
            missed = study.load_card(entry.card)
            try:
                made = write_miss_card(study.root, entry, blueprint, missed, random)
            except WriteError as error:
                raise WriteError(f"no card was made: {error.message}", help=error.help) from error
            changed = replace(entry, made_card=f"{PERSONAL_PACK}:{made.id}")
            put_miss(study.store, changed, study.moment)
            yield changed, made


def write_miss_card(
    root: Path, miss: Miss, blueprint: Blueprint, missed: Card | None, random: Random
) -> MadeCard:
    """Append an `instinct` card made from a miss to the personal pack, which is created if needed.

    It gets a namespace of its own then: everyone has a pack of this name.

    Raises:
        WriteError: the text of the miss is not valid in a card, or the card cannot be appended.

    """
    path = find_below(root, _CARDS.as_posix())
    text = read_below(root, _CARDS.as_posix()) or b""
    card_id = _find_free_id(miss, text.decode("utf-8", "replace"))
    values = dict(_list_values(miss, blueprint, missed))
    kind = read_built_in_kinds()["instinct"]
    added, line = append_filled_card(path, _CARDS, kind, card_id, values)
    if not find_below(root, _MANIFEST).exists():
        write_below(root, _MANIFEST, _DECK.format(namespace=make_namespace(PERSONAL_PACK, random)))
    ignored = _ignore(root)
    write_below(root, _CARDS.as_posix(), added)
    return MadeCard(id=card_id, path=_CARDS.as_posix(), line=line, ignored=ignored)


def _describe_failure(study: Study, failure: Failure) -> str:
    """Return what went wrong, as far as it is known: the option picked, or the card's subject."""
    if failure.picked:
        return failure.picked
    card = study.load_card(failure.item.card_ref)
    kind = study.find_kind(failure.item.kind)
    if card is None or kind.cloze is not None:
        return ""
    field = kind.fields[0]
    text = card.text(field.name)
    return text if "\n" not in text and len(text.split()) <= (field.max_words or 0) else ""


def _list_values(
    miss: Miss, blueprint: Blueprint, missed: Card | None
) -> Iterator[tuple[str, Written]]:
    mode = blueprint.failure_modes.get(miss.mode)
    yield "failure", " ".join((miss.failure or (mode.about if mode else miss.rule)).split())
    yield "instinct", miss.action
    yield "why", miss.rule
    # `lesson` must be one of the card's own pack, so the exam's lesson becomes a tag.
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
    """Return an id that no card in the file uses."""
    name = suggest_id(f"miss-{miss.on}-{miss.card.partition(':')[2]}")
    number = 1
    while True:
        ending = "" if number == 1 else f"-{number}"
        card_id = f"{name[: MAX_ID_LENGTH - len(ending)].rstrip('-')}{ending}"
        if not re.search(rf"(?m)\bid: ['\"]?{card_id}['\"]?\s*$", text):
            return card_id
        number += 1


def _ignore(root: Path) -> list[str]:
    """Add the personal pack to .gitignore if this is a repository; return the added lines."""
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return []
    text = read_below(root, ".gitignore") or b""
    lines = {line.strip().strip(b"/") for line in text.splitlines()}
    missing = [entry for entry in _IGNORED if entry.strip("/").encode() not in lines]
    if missing:
        head = text if not text or text.endswith(b"\n") else text + b"\n"
        write_below(root, ".gitignore", head + "".join(f"{entry}\n" for entry in missing).encode())
    return missing
