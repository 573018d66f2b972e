"""The stylesheet of the cards: colours are legible, and rules stay below Anki's `.card`."""

from __future__ import annotations

import re

import pytest

from cardwright.anki.notetype import read_asset

CSS = re.sub(r"(?s)/\*.*?\*/", "", read_asset("card.css"))
TEXT = ("ink", "quiet", "accent", "right", "wrong")
CODE = ("code-keyword", "code-name", "code-string", "code-number", "code-comment")
PAIRS = [
    *((name, "paper") for name in TEXT),
    *((name, "tint") for name in ("ink", "quiet", "accent", "wrong", *CODE)),
    *((name, "right-tint") for name in ("ink", "quiet", "accent", "right")),
    *((name, "wrong-tint") for name in ("ink", "quiet", "accent", "wrong")),
    *((name, "gap") for name in ("ink", "accent")),
]


def read_colours(number: int) -> dict[str, str]:
    """Return the colours of the light (0) or dark (1) set."""
    block = re.findall(r"(?s)\{(.*?)\}", CSS)[number]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


def measure_luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("front", "back"), PAIRS, ids=" on ".join)
@pytest.mark.parametrize("number", [0, 1], ids=["light", "dark"])
def test_contrast_meets_wcag_aa(number: int, front: str, back: str) -> None:
    colours = read_colours(number)
    low, high = sorted(measure_luminance(colours[name]) for name in (front, back))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_both_sets_have_the_same_colours() -> None:
    assert read_colours(0).keys() == read_colours(1).keys()
    assert len(read_colours(0)) > 10


def test_every_rule_begins_at_the_card() -> None:
    (page,) = re.findall(r"\nhtml \{(.*?)\}", CSS)
    assert page.strip() == "scrollbar-gutter: stable;"
    for selectors in re.findall(r"([^{}]+)\{", CSS):
        for selector in re.split(r",(?![^(]*\))", selectors):
            assert re.match(r"(\.nightMode |\.night_mode )?\.card\b|html$", selector.strip())


def test_older_web_views_know_the_selectors() -> None:
    """Anki 2.1.50 is there with Chromium 83, which drops a rule with a selector it does not know."""
    for selectors in re.findall(r"([^{}]+)\{", CSS):
        assert not re.search(r":(is|where|nth-child\([^)]* of)\b|&", selectors)
        # What needs these is not missed where they are not known.
        if ":has(" in selectors or ":focus-visible" in selectors:
            assert re.search(r"mjx-container|tappable", selectors)


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert "url(" not in CSS
    assert "@" not in CSS
