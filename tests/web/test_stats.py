"""The page of charts is self-contained, safe, and fits any window."""

from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

from browser import Browser
from cardwright.app.study import open_study
from cardwright.history import Act
from cardwright.web.svg import Bar, Share, draw_bars, draw_calibration, draw_line, find_start
from project_files import Run, Write
from study_store import at, give

DECK = "name: Trees\noptions: {fuzz: false}\n"
BLUEPRINT = """\
name: Forester
questions: 10
minutes: 20
domains:
  - id: leaves
    name: Leaves
    weight: 100
    lessons:
      - {id: "1.1", title: '"><script>alert(1)</script>'}
      - {id: "1.2", title: "Bark \\u202e & roots"}
"""
CARDS = """\
kind: basic
lesson: "1.1"
sources: [https://example.com/trees]
cards:
  - {id: oak, question: What is an oak?, answer: A tree.}
  - {id: elm, lesson: "1.2", question: What is an elm?, answer: A tree.}
"""
OAK, ELM = "trees:oak/recall", "trees:elm/recall"


@pytest.fixture
def page(
    project: Path, tmp_path: Path, write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The page of two prompts after 60 days of study."""
    store = tmp_path / "study" / "reviews.db"
    monkeypatch.setenv("CARDS_DB", str(store))
    monkeypatch.setenv("CARDS_NOW", at(60).local.isoformat())
    write(
        {
            "decks/trees/deck.yaml": DECK,
            "decks/trees/blueprint.yaml": BLUEPRINT,
            "cards/trees/trees.yaml": CARDS,
        }
    )
    with open_study(project, store, at(60)) as study:
        for day in range(0, 58, 3):
            for key in (OAK, ELM):
                give(study.journal, key, day, 1 if day % 9 == 0 else 3, ms=7_000)
                give(study.journal, key, day, 3, minute=20, ms=40_000)
        give(study.journal, ELM, 59, 3, act=Act.CRAM)
    found = tmp_path / "stats.html"
    assert run("stats", "--html", str(found)).stdout == f"{found}: open it in your browser\n"
    return found


class _Reader(HTMLParser):
    """Collects elements and their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def test_the_page_holds_everything_and_runs_nothing(page: Path) -> None:
    html = page.read_text("utf-8")
    elements = _Reader(html).elements

    names = {name for name, _ in elements}
    assert not names & {"script", "link", "img", "iframe", "object", "a", "form", "use", "image"}
    given = {name for _, attributes in elements for name in attributes}
    assert not given & {"src", "href", "style", "xlink:href"}
    assert not [name for name in given if name.startswith("on")]
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(a["content"] or "" for n, a in elements if n == "meta" and "http-equiv" in a)
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "url(" not in style[1]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "\u202e" not in html


def test_every_chart_is_there_says_what_it_shows_and_is_well_formed(page: Path) -> None:
    html = page.read_text("utf-8")

    assert re.findall(r"<h2>(.*?)</h2>", html) == [
        *("Days", "Recall over time", "Load to come", "Study time", "Calibration", "Buttons"),
        *("Cards", "Time per answer", "Hours", "Expected recall today", "Intervals", "Stability"),
        *("Difficulty", "Recall by subject"),
    ]
    for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        root = ET.fromstring(svg)
        assert root.get("aria-label") or root.get("aria-hidden")
        assert "nan" not in svg
        assert "inf" not in svg.lower().replace("infinite", "")


def test_a_page_replaces_neither_store_nor_sources(run: Run, page: Path, project: Path) -> None:
    assert page.exists()
    for name in (project / "decks" / "trees" / "deck.yaml", page.parent / "study" / "reviews.db"):
        before = name.read_bytes()
        assert "Error" in run("stats", "--html", str(name), exit_code=2).stderr
        assert name.read_bytes() == before
    assert "exclude" in run("stats", "--html", "x.html", "--json", exit_code=2).stderr


@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_fits_the_window_and_its_policy(browser: Browser, page: Path, width: int) -> None:
    browser.set_size(width, 900)
    browser.run_first(
        "window.refused = [];"
        " addEventListener('securitypolicyviolation', event => refused.push(event.blockedURI))"
    )
    browser.open(page.as_uri())

    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run("refused.length") == 0
    assert browser.run("getComputedStyle(document.querySelector('.bar')).fill") != "rgb(0, 0, 0)"
    # No text of a chart reaches out of its sheet.
    assert browser.run(
        "[...document.querySelectorAll('text')].every(text => {"
        " const box = text.getBoundingClientRect();"
        " const sheet = text.closest('figure').getBoundingClientRect();"
        " return box.left >= sheet.left && box.right <= sheet.right })"
    )


def share(actual: float, expected: float, weight: int = 10) -> Share:
    return Share("x", actual, max(actual - 0.1, 0), min(actual + 0.1, 1), expected, weight, "tip")


@pytest.mark.parametrize("values", [[1], [0, 0.5, 3], [7] * 400, [10**9, 1]])
def test_bars_stay_within_the_picture(values: list[float]) -> None:
    svg = draw_bars("about", [Bar(str(number), number, "tip") for number in values])

    for y, height in re.findall(r'y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', svg):
        assert float(y) >= 0
        assert float(y) + float(height) <= 170


@pytest.mark.parametrize("shares", [[share(0, 1)], [share(1, 0), share(0, 0)], [share(1, 1)] * 40])
def test_shares_stay_within_the_picture(shares: list[Share]) -> None:
    for svg in (draw_line("about", shares), draw_calibration("about", shares)):
        for place in re.findall(r'c[xy]="([-\d.]+)"', svg):
            assert 0 <= float(place) <= 360
    assert 0 <= find_start(shares) < 1
