"""The look of a card under the rules of the app that shows it, as Chromium computes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from anki_hosts import HOSTS, MATHJAX_RULES
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


MATHS = (
    '<article class="cw back"><section class="answer" dir="auto">'
    "<p>The rate of failure is near FORMULA: it waits, and FORMULA. It is so, with FORMULA, again.</p>"
    '<ul class="points"><li>At most FORMULA!</li></ul></section></article>'
)
FORMULA = (
    '<mjx-container><mjx-math><i style="width: 70px"></i></mjx-math>'
    '<mjx-assistive-mml><span style="display: inline-block; width: 190px">x</span>'
    "</mjx-assistive-mml></mjx-container>"
)
TOO_WIDE = FORMULA.replace("70px", "900px")
SCROLLING = """
[...document.querySelectorAll("#qa *")].filter((e) => e.scrollWidth > e.clientWidth &&
  ["auto", "scroll"].includes(getComputedStyle(e).overflowX)).length
"""
ALONE = """
(() => {
  const card = document.querySelector(".cw");
  let alone = 0, wrapped = 0;
  for (let width = 200; width < 500; width++) {
    card.style.maxWidth = `${width}px`;
    for (const formula of document.querySelectorAll("mjx-container")) {
      const range = document.createRange();
      range.setStart(formula.nextSibling, 0);
      range.setEnd(formula.nextSibling, 1);
      const box = formula.querySelector("i").getBoundingClientRect();
      alone += range.getBoundingClientRect().left < box.right - 1;
      wrapped += box.left === card.getBoundingClientRect().left;
    }
  }
  return [alone, wrapped];
})()
"""


def test_only_a_formula_that_is_too_wide_scrolls(browser: Browser, tmp_path: Path) -> None:
    browser.set_size(*PHONE)
    for host in HOSTS[:3:2]:
        for formula, expected in ((FORMULA, 0), (TOO_WIDE, 2)):
            html = MATHS.replace("FORMULA", formula)
            open_page(browser, tmp_path, host.make_page(html, rules=MATHJAX_RULES))
            assert browser.run(SCROLLING) == expected, host.name
            assert browser.run("document.scrollingElement.scrollWidth") <= PHONE[0]


def test_punctuation_stays_with_the_formula_before_it(browser: Browser, tmp_path: Path) -> None:
    html = MATHS.replace("FORMULA", FORMULA)
    open_page(browser, tmp_path, HOSTS[0].make_page(html, rules=MATHJAX_RULES))
    alone, wrapped = browser.run(ALONE)
    assert wrapped > 50
    assert alone == 0
    browser.run("document.querySelector('#qa style').remove()")
    assert browser.run(ALONE)[0] > 0


def test_the_scroll_bar_of_a_long_answer_moves_nothing(browser: Browser, tmp_path: Path) -> None:
    browser.set_size(1000, 700)
    places = []
    for lines in (1, 100):
        html = f'<article class="cw back"><p id="first">a</p>{"<p>b</p>" * lines}</article>'
        open_page(browser, tmp_path, HOSTS[0].make_page(html))
        places.append(browser.run("document.getElementById('first').getBoundingClientRect().left"))
        assert browser.run("document.scrollingElement.scrollHeight > innerHeight") is (lines > 1)
    assert places[0] == places[1]


def test_each_text_runs_in_the_direction_of_its_script(browser: Browser, tmp_path: Path) -> None:
    html = (
        '<article class="cw back"><section class="answer" dir="auto"><p id="hebrew">עץ הוא צמח.</p>'
        '<p id="english">A tree.</p><p id="formula"><code>x = 1</code> הוא קוד</p>'
        "<ul><li>אלון</li></ul><pre>x = [1]</pre></section></article>"
    )
    open_page(browser, tmp_path, HOSTS[0].make_page(html))
    sides = browser.run(
        "Object.fromEntries(['#hebrew', '#english', '#formula', 'li', 'pre'].map((name) => {"
        " const element = document.querySelector(name), range = document.createRange();"
        " range.selectNodeContents(element); const box = element.getBoundingClientRect();"
        " const text = range.getBoundingClientRect();"
        " return [name, text.left - box.left > box.right - text.right ? 'right' : 'left']; }))"
    )
    assert sides == {
        "#hebrew": "right",
        "#english": "left",
        "#formula": "right",
        "li": "right",
        "pre": "left",
    }
    assert browser.run("getComputedStyle(document.querySelector('code')).direction") == "ltr"


def test_code_that_runs_on_shows_it(browser: Browser, tmp_path: Path) -> None:
    """The cover over a shadow moves with the text, so that a line's hidden end darkens the edge."""
    browser.set_size(*PHONE)
    html = f'<article class="cw back"><pre>{"x" * 90}</pre></article>'
    open_page(browser, tmp_path, HOSTS[2].make_page(html))
    style = browser.run("getComputedStyle(document.querySelector('pre')).backgroundAttachment")
    assert style == "local, local, scroll, scroll, scroll"
