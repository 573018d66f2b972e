"""Sources that changed → parts of the index."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cardwright.diagnostic import Diagnostic, Span
from cardwright.item import Item, list_items
from cardwright.kinds import list_prompts
from cardwright.model import Card, Deck, Kind
from cardwright.project.index.codec import decode, encode
from cardwright.project.index.items import encode_items
from cardwright.project.index.look import Look, look_at
from cardwright.project.index.parts import Parts, dump_json
from cardwright.project.load import Read, read_cards, read_decks, read_kinds
from cardwright.project.walk import SourceFile, Sources

_NOWHERE: Final = Span(path="", line=1, column=1)


def refresh_parts(
    sources: Sources, looks: dict[str, Look], kept: Parts, known: Mapping[str, str], now_ns: int
) -> dict[str, bytes]:
    """Return the parts made from sources; those of files whose digest is as `known` are `kept`.

    What has to be read again because of another file is looked at anew in `looks`.
    """

    def read(file: SourceFile) -> bytes | None:
        # What is parsed is what was hashed: nothing is read twice.
        if looks[file.name].raw is None:
            looks[file.name] = look_at(file, None, now_ns)
        return looks[file.name].raw

    def is_known(folder: str, files: Iterable[SourceFile]) -> bool:
        before = {name: digest for name, digest in known.items() if name.startswith(folder)}
        return bool(kept) and before == {file.name: looks[file.name].digest for file in files}

    same_kinds = is_known("kinds/", sources.kinds)
    parts = {
        "kinds": kept["kinds"] if same_kinds else _make_kinds(sources.kinds, read),
        "decks": kept["decks"]
        if is_known("decks/", sources.decks)
        else _make_decks(sources.decks, read),
    }
    about_kinds, about_decks = json.loads(parts["kinds"]), json.loads(parts["decks"])
    kinds, decks = decode(about_kinds["kinds"]), decode(about_decks["decks"])
    outlines = {}
    for file in sources.cards:
        cards_part, outline_part = f"{file.name} cards", f"{file.name} outline"
        if same_kinds and looks[file.name].digest == known.get(file.name):
            parts[cards_part], parts[outline_part] = kept[cards_part], kept[outline_part]
        else:
            problems: list[Diagnostic] = []
            cards, is_whole = read_cards(file, read, kinds, about_kinds["faulty"], problems)
            # One card a line, so that one can be read without the others.
            parts[cards_part] = b"\n".join(dump_json(encode(card)) for card in cards)
            outline = {
                "cards": [_outline_card(card, kinds[card.kind]) for card in cards],
                "is_whole": is_whole,
                "problems": len(problems),
            }
            parts[outline_part] = dump_json(outline)
        outlines[file] = json.loads(parts[outline_part])
    found = (about_kinds, about_decks, *outlines.values())
    rows = {
        "problems": sum(part["problems"] for part in found),
        **encode_items(_list_items(outlines, decks)),
    }
    ids = {file.name: [card["id"] for card in part["cards"]] for file, part in outlines.items()}
    return {**parts, "items": dump_json(rows), "ids": dump_json(ids)}


def _make_kinds(files: Iterable[SourceFile], read: Read) -> bytes:
    problems: list[Diagnostic] = []
    kinds, faulty = read_kinds(files, read, problems)
    return dump_json({"kinds": encode(kinds), "faulty": sorted(faulty), "problems": len(problems)})


def _make_decks(files: Iterable[SourceFile], read: Read) -> bytes:
    problems: list[Diagnostic] = []
    decks, blueprints = read_decks(files, read, problems)
    return dump_json(
        {"decks": encode(decks), "blueprints": encode(blueprints), "problems": len(problems)}
    )


def _outline_card(card: Card, kind: Kind) -> dict[str, Any]:
    """Return what decides on a card's place and prompts."""
    objective = card.text("objective")
    named = (*card.objectives, *([objective] if objective else []))
    return {
        "id": card.id,
        "kind": card.kind,
        "tags": card.tags,
        "lesson": card.lesson,
        "objectives": list(dict.fromkeys(named)),
        "formerly": card.formerly,
        "retired": card.retired,
        "prompts": [prompt.side_name for prompt in list_prompts(card, kind)],
    }


def _list_items(
    outlines: Mapping[SourceFile, dict[str, Any]], decks: Mapping[str, Deck]
) -> Iterator[Item]:
    keys: dict[int, list[str]] = {}
    cards = []
    for file, outline in outlines.items():
        for about in outline["cards"]:
            card = _make_bare_card(file.pack, about)
            cards.append(card)
            keys[id(card)] = about["prompts"]
    return list_items(cards, decks, lambda card: keys[id(card)])


def _make_bare_card(pack: str, about: Mapping[str, Any]) -> Card:
    """Return a card without its texts, as `place_cards` wants it."""
    return Card(
        pack=pack,
        id=about["id"],
        kind=about["kind"],
        fields={},
        tags=tuple(about["tags"]),
        lesson=about["lesson"],
        objectives=tuple(about["objectives"]),
        sources=(),
        extra="",
        formerly=tuple(about["formerly"]),
        retired=about["retired"],
        span=_NOWHERE,
        spans={},
    )
