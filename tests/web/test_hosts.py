"""The look of a card under the rules of the app that shows it, as Chromium computes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from anki_hosts import HOSTS
from browser import Browser
from cardwright.app.project import open_project
from cardwright.web.face import FaceMaker

PHONE = (390, 844)
PAPERS = {"light": "rgb(253, 252, 250)", "dark": "rgb(29, 31, 34)"}

LOOKS = r"""
(() => {
  const read = (text) => text.match(/[\d.]+/g).map(Number);
  const measure = (colour) => colour.slice(0, 3)
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const contrast = (one, other) => {
    const [low, high] = [measure(one), measure(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const findPaper = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = read(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const body = read(getComputedStyle(document.body).backgroundColor);
  const texts = [], boxes = [];
  for (const element of document.querySelectorAll("#qa *")) {
    const style = getComputedStyle(element);
    if (["STYLE", "SCRIPT"].includes(element.tagName) || !element.getClientRects().length) continue;
    const paper = findPaper(element);
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (hasText) texts.push([element.outerHTML.slice(0, 90), contrast(read(style.color), paper)]);
    for (const part of ["::before", "::after"]) {
      const made = getComputedStyle(element, part);
      if (!/[A-Z✓✗]|counter/.test(made.content) || made.content === "none") continue;
      const own = read(made.backgroundColor);
      texts.push([element.outerHTML.slice(0, 60) + part,
        contrast(read(made.color), own.length === 3 ? own : paper)]);
    }
    if (element.matches("pre, :not(pre) > code:not(.cloze *)")) boxes.push(contrast(paper, body));
  }
  return {
    paper: getComputedStyle(document.body).backgroundColor,
    lowest: texts.sort((a, b) => a[1] - b[1])[0], texts: texts.length,
    box: Math.min(...boxes), boxes: boxes.length,
  };
})()
"""

TYPED = (
    '<article class="cw back"><input id="typeans" value="a"><code id="typeans">'
    '<span class="typeGood">o</span><span class="typeBad">a</span><span class="typeMissed">k</span>'
    "</code> <code>x</code></article>"
)


@pytest.fixture
def faces(forest: Path) -> list[tuple[str, str]]:
    """Question and answer of every prompt of a project."""
    project = open_project(forest)
    maker = FaceMaker(project.collection, project.renderer, lambda *_: None)
    return [
        (question, answer)
        for card in project.collection.cards
        for _, question, answer in maker.make_faces(card)
    ]


def open_page(browser: Browser, tmp_path: Path, text: str) -> None:
    path = tmp_path / "card.html"
    path.write_text(text, "utf-8")
    browser.open(path.as_uri())


def test_colours_are_ours_and_legible(
    browser: Browser, tmp_path: Path, faces: list[tuple[str, str]]
) -> None:
    html = "".join(question + answer for question, answer in faces) + TYPED
    html = html.replace("<details", "<details open")
    # Every option also as it looks when it was chosen.
    html += re.sub(r'<li class="(right|wrong)">', r'<li class="\1 chosen">', html)
    for host in HOSTS:
        open_page(browser, tmp_path, host.make_page(html))
        looks = browser.run(LOOKS)
        assert looks["paper"] == PAPERS["light" if host.name.endswith("light") else "dark"], host
        assert looks["texts"] > 200
        assert looks["lowest"][1] >= 4.5, (host.name, looks["lowest"])
        assert looks["boxes"] > 10
        assert looks["box"] >= 1.1, host
