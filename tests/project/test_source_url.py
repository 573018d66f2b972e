"""Where a reader can improve a card: the address is https, of a fixed host, and names the card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from cardwright.diagnostic import Span
from cardwright.project.load import load
from cardwright.project.source_url import make_source_url
from project_files import Write

CARDS = "kind: basic\ncards: [{id: oak, question: Q, answer: A}]\n"
EDIT = "https://example.com/OWNER/REPO/edit/main/{path}#L{line}"


def read(write: Write, source_url: str) -> tuple[str, list[str]]:
    """Return the address of a card, and the codes of what is wrong."""
    deck = f"name: Trees\nsource_url: '{source_url}'\n"
    root = write({"cards/trees/wood.yaml": CARDS, "decks/trees/deck.yaml": deck})
    collection, problems = load(root)
    errors = [problem.code for problem in problems if problem.is_error]
    return make_source_url(collection.decks, collection.cards[0]), errors


@pytest.mark.parametrize(
    ("template", "address"),
    [
        (EDIT, "https://example.com/OWNER/REPO/edit/main/cards/trees/wood.yaml#L2"),
        (
            "https://example.com/o/r/-/blob/main/decks/{path}?plain=1#L{line}",
            "https://example.com/o/r/-/blob/main/decks/cards/trees/wood.yaml?plain=1#L2",
        ),
        (
            "https://example.com/o/r/-/issues/new?issue[title]={card}",
            "https://example.com/o/r/-/issues/new?issue[title]=trees%3Aoak",
        ),
        (
            "https://example.com:8443/o/r/issues/new?title={card}&body={path}%3A{line}",
            "https://example.com:8443/o/r/issues/new?title=trees%3Aoak&body=cards/trees/wood.yaml%3A2",
        ),
    ],
)
def test_the_place_of_a_card_is_filled_in(write: Write, template: str, address: str) -> None:
    assert read(write, template) == (address, [])


@pytest.mark.parametrize(
    "template",
    [
        "http://example.com/{path}",
        "javascript:alert(1)//{path}",
        "//example.com/{path}",
        "https://{card}/{path}",
        "https://example.com{path}",
        "https://example.com?{path}",
        "https://example.com@evil.example/{path}",
        "https://[example]/{path}",
        "https://example.com/{path",
        "https://example.com/{{path}}",
        'https://example.com/{path}" onclick="alert(1)',
        "https://example.com/{path} x",
        "https://example.com/{file}",
        "https://example.com/{0.__class__}{path}",
        "https://example.com/{}{path}",
        "https://example.com/{line}",
        "https://example.com/",
    ],
)
def test_an_address_that_would_mislead_is_an_error(write: Write, template: str) -> None:
    assert read(write, template) == ("", ["bad-value"])


def test_a_name_stays_in_its_part_of_the_address(write: Write) -> None:
    """No name of a file or pack adds a query, a fragment or a placeholder."""
    deck = f"name: Trees\nsource_url: {EDIT.replace('#L{line}', '')}?title={{card}}#L{{line}}\n"
    collection, _ = load(write({"cards/trees/wood.yaml": CARDS, "decks/trees/deck.yaml": deck}))
    path = "cards/trees/a&b#c?d=\"<'>{line}%2e/ü\udcff .yaml"
    card = replace(collection.cards[0], id="x&y#z", span=Span(path=path, line=7, column=1))

    address = make_source_url(collection.decks, card)

    parts = urlsplit(address)
    assert address.isascii()
    assert (parts.netloc, parts.fragment) == ("example.com", "L7")
    assert parse_qs(parts.query) == {"title": ["trees:x&y#z"]}
    assert unquote(parts.path, errors="surrogateescape") == f"/OWNER/REPO/edit/main/{path}"
    assert not set("\"<'>{}") & set(address)


def test_a_deck_without_one_has_no_address(project: Path, write: Write) -> None:
    write({"cards/trees/wood.yaml": CARDS})
    collection, _ = load(project)
    assert make_source_url(collection.decks, collection.cards[0]) == ""
    assert make_source_url({}, collection.cards[0]) == ""
