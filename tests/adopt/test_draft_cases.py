"""Golden drafts: decks in a few lines → the files of a project, and what is not carried over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cardwright.adopt.draft import Known, KnownCard, KnownPack
from cardwright.incoming import (
    Incoming,
    IncomingDeck,
    IncomingField,
    IncomingNote,
    IncomingTemplate,
    IncomingType,
    Markup,
)
from cardwright.model import DeckOptions
from drafts import KINDS, draft, list_files, make_incoming

CASES = Path(__file__).parents[1] / "cases" / "drafts.md"


def read_cases() -> Iterator[tuple[str, str, str]]:
    blocks = CASES.read_text("utf-8").split("\n.\n")
    assert not blocks.pop().strip()
    for title, source, expected in zip(blocks[::3], blocks[1::3], blocks[2::3], strict=True):
        yield title.rsplit("\n", 1)[-1], source, expected


def read_type(data: dict[str, Any]) -> IncomingType:
    attributes = data.get("attributes", {})
    return IncomingType(
        key=data["name"],
        name=data["name"],
        fields=tuple(
            IncomingField(name=name, attributes=attributes.get(name, {})) for name in data["fields"]
        ),
        is_cloze=data.get("cloze", False),
        anki_id=data.get("id"),
        templates=tuple(
            IncomingTemplate(name=name, front=found[0], back=found[1], deck="".join(found[2:]))
            for name, found in data.get("templates", {}).items()
        ),
        css=data.get("css", ""),
        attributes=attributes.get("", {}),
    )


def read_notes(data: dict[str, Any]) -> Iterator[IncomingNote]:
    first = data["types"][0]["name"]
    for number, found in enumerate(data["notes"], 1):
        note = found if isinstance(found, dict) else {"fields": found}
        yield IncomingNote(
            **{
                "type": first,
                "place": f"note {number}",
                "deck": data.get("deck", "Trees"),
                **note,
                "fields": tuple(map(str, note["fields"])),
                "tags": tuple(note.get("tags", ())),
            }
        )


def read_deck(name: str, data: dict[str, Any]) -> IncomingDeck:
    options: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in data.pop("options", {}).items()
    }
    return IncomingDeck(name=name, options=DeckOptions(**options) if options else None, **data)


def read_incoming(source: str) -> tuple[Incoming, Known]:
    data = yaml.safe_load(source)
    known = {
        name: KnownPack(
            deck=found["deck"],
            is_adopted=found.get("adopted", True),
            ids=frozenset(found["ids"]),
            cards={
                guid: KnownCard(id=card[0], kind="basic", file=card[1])
                for guid, card in found.get("cards", {}).items()
            },
        )
        for name, found in data.get("known", {}).items()
    }
    incoming = make_incoming(
        list(read_notes(data)),
        *map(read_type, data["types"]),
        decks={name: read_deck(name, found) for name, found in data.get("decks", {}).items()}
        or None,
        markup=Markup(data.get("markup", "html")),
        media=tuple(data.get("media", ())),
    )
    return incoming, Known(kinds=KINDS, packs=known, into=data.get("into", ""))


def show(incoming: Incoming, known: Known) -> str:
    made = draft(incoming, known)
    lines = []
    for path, text in list_files(made).items():
        # The first line names the schema.
        body = "".join(text.splitlines(keepends=True)[1:]).rstrip("\n")
        lines += [f"@ {path}", body]
    lines += [f"media: {name} → {path}" for name, path in made.media.items()]
    lines += [f"media of kinds: {name} → {path}" for name, path in made.kind_media.items()]
    for loss in made.losses:
        shown = f" ({loss.example})" if loss.example else ""
        lines.append(f"- {loss.what}: {loss.count}, {loss.first}{shown}")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("source", "expected"),
    [case[1:] for case in read_cases()],
    ids=[case[0] for case in read_cases()],
)
def test_case(source: str, expected: str) -> None:
    assert show(*read_incoming(source)) == expected
