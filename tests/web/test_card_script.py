"""Options are chosen and points ticked off, in the way apps show a question and then its answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from anki_hosts import HOSTS
from browser import Browser
from cardwright.anki.note import make_fields
from cardwright.anki.notetype import make_note_type
from cardwright.anki.template import render_card
from cardwright.app.project import open_project
from project_files import Run, Write

CARDS = """\
sources: [https://example.com/wood]
cards:
  - id: one
    kind: choice
    question: Which of these has needles?
    options:
      - {wrong: Oak, reason: It has leaves.}
      - {right: Pine, reason: "Needles, in bundles."}
      - {wrong: "An [elm](https://example.com/elm)", reason: It has leaves.}
  - id: two
    kind: choice
    question: Which two of these have needles?
    options:
      - {wrong: Beech, reason: It has leaves.}
      - {right: Spruce, reason: Needles.}
      - {right: Fir, reason: Needles.}
      - {wrong: Maple, reason: It has leaves.}
  - id: points
    kind: objective
    objective: "7"
    question: How would you tell a tree's age?
    points: [Take a core., Count its rings.]
"""
BLUEPRINT = """\
name: Exam
domains: [{id: wood, weight: 100, lessons: [{id: "1.1", title: Rings}]}]
objectives: [{id: "7", lesson: "1.1", about: Age}]
"""

SHOW_IN_PAGE = """
((html) => {
  const place = document.getElementById("qa");
  const holder = document.createElement("div");
  holder.innerHTML = html;
  place.replaceChildren(...place.querySelectorAll("style"), ...holder.childNodes);
  for (const old of place.querySelectorAll("script")) {
    const script = document.createElement("script");
    script.append(old.textContent);
    old.replaceWith(script);
  }
})
"""
"""What Anki on computers does: it replaces the question, and runs the scripts of the new part."""

STATE = """
({
  chosen: [...document.querySelectorAll(".chosen")].map((e) => e.innerText.split("\\n")[0]).sort(),
  line: document.querySelector(".pick")?.innerText,
  mark: document.querySelector(".verdict")?.className,
  letter: Object.fromEntries([...document.querySelectorAll(".options > li")].map((e, at) =>
    [e.querySelector(".option").innerText, "ABCDEF"[at]])),
  rights: [...document.querySelectorAll(".options > li")].flatMap((e, at) =>
    e.classList.contains("right") ? ["ABCDEF"[at]] : []).join(", "),
})
"""

Show = Callable[[str], None]


@pytest.fixture
def faces(write: Write, project: Path) -> dict[str, tuple[str, str]]:
    """Question and answer of each card, as Anki fills its templates."""
    write({"cards/trees/wood.yaml": CARDS, "decks/trees/blueprint.yaml": BLUEPRINT})
    opened = open_project(project)
    found = {}
    for card in opened.collection.cards:
        kind = opened.collection.kinds[card.kind]
        fields = make_fields(opened.collection, card, opened.renderer, {})
        found[card.id] = render_card(make_note_type(kind, opened.renderer), fields, 0)
    return found


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> str:
    """The address of an app's page without a card, which is open."""
    path = tmp_path / "app.html"
    path.write_text(HOSTS[0].make_page(""), "utf-8")
    browser.open(path.as_uri())
    return path.as_uri()


@pytest.fixture(params=["the same window", "a new window"])
def show(request: pytest.FixtureRequest, browser: Browser, page: str) -> Show:
    """Show a face as an app does; some begin each with a new window object."""
    assert page
    forget = "delete window.cardwright;" if "new" in request.param else ""
    return lambda html: browser.run(f"{forget} {SHOW_IN_PAGE}({json.dumps(html)})")


def find_option(text: str) -> str:
    """Return a CSS selector for an option, by its place as written."""
    return f".options > li[data-name='{text}']"


def name_options(browser: Browser) -> None:
    browser.run(
        "document.querySelectorAll('.options > li').forEach((e) =>"
        " { e.dataset.name = e.querySelector('.option').innerText })"
    )


def test_what_was_chosen_is_judged_on_the_answer(
    browser: Browser, show: Show, faces: dict[str, tuple[str, str]]
) -> None:
    question, answer = faces["one"]
    show(question)
    name_options(browser)
    assert browser.run(STATE)["line"] == "Choose one."
    browser.click(find_option("Pine"))
    browser.click(find_option("Oak"))
    state = browser.run(STATE)
    assert state["chosen"] == ["Oak"]
    assert browser.run("document.querySelector('.chosen').getAttribute('aria-checked')") == "true"
    # The keys are the app's again.
    assert browser.run("document.activeElement === document.body")

    show(answer)
    after = browser.run(STATE)
    assert after["letter"] == state["letter"]
    assert after["chosen"] == ["Oak"]
    letters = state["letter"]
    assert after["line"] == f"Right: {letters['Pine']} – your choice: {letters['Oak']}"
    assert after["mark"] == "pick verdict wrong"
    assert browser.run("document.querySelectorAll('[tabindex], [onclick], [role]').length") == 0

    show(question)
    name_options(browser)
    assert browser.run(STATE)["chosen"] == []
    browser.click(find_option("Pine"))
    show(answer)
    after = browser.run(STATE)
    assert after["line"] == f"Right: {letters['Pine']} – your choice"
    assert after["mark"] == "pick verdict right"

    # Nothing is carried over to another card, or to the next time this one is asked.
    show(faces["two"][0])
    show(answer)
    assert browser.run(STATE)["line"] == f"Right: {letters['Pine']}"
    assert browser.run(STATE)["chosen"] == []


def test_several_options_and_a_second_thought(
    browser: Browser, show: Show, faces: dict[str, tuple[str, str]]
) -> None:
    question, answer = faces["two"]
    show(question)
    name_options(browser)
    assert browser.run(STATE)["line"] == "Choose two."
    for name in ("Fir", "Maple", "Spruce", "Maple"):
        browser.click(find_option(name))
    assert browser.run(STATE)["chosen"] == ["Fir", "Spruce"]
    show(answer)
    state = browser.run(STATE)
    assert state["line"] == f"Right: {state['rights']} – your choice"
    assert len(state["rights"]) == 4


def test_points_are_ticked_off_on_the_answer(
    browser: Browser, show: Show, faces: dict[str, tuple[str, str]]
) -> None:
    question, answer = faces["points"]
    show(question)
    show(answer)
    browser.click(".points > li:last-child")
    assert browser.run(STATE)["chosen"] == ["Count its rings."]
    # An app that shows the answer once more keeps the ticks; the next question begins without.
    show(answer)
    assert browser.run(STATE)["chosen"] == ["Count its rings."]
    browser.click(".points > li:last-child")
    assert browser.run(STATE)["chosen"] == []
    browser.click(".points > li:first-child")
    show(question)
    show(answer)
    assert browser.run(STATE)["chosen"] == []


@pytest.mark.parametrize("show", ["the same window"], indirect=True)
def test_keys(browser: Browser, show: Show, faces: dict[str, tuple[str, str]]) -> None:
    show(faces["two"][0])
    browser.run(
        "window.seen = []; document.addEventListener('keydown', (event) => {"
        " seen.push(event.key); if (event.defaultPrevented) seen.push('taken'); })"
    )
    browser.press("Tab")
    browser.press("Enter")
    browser.press("Tab")
    browser.press("Enter", shift=True)
    first, second = browser.run(
        "[...document.querySelectorAll('.options > li')].slice(0, 2)"
        ".map((e) => e.querySelector('.option').innerText)"
    )
    assert browser.run(STATE)["chosen"] == sorted([first, second])
    assert browser.run("document.activeElement.getAttribute('aria-checked')") == "true"
    browser.press("Enter")
    assert browser.run(STATE)["chosen"] == [first]
    # Anki shows the answer with the space bar, rates with digits, and uses most letters.
    for key in " 1234567890eabcdmorsuvyit*=-!@":
        browser.press(key)
    assert browser.run(STATE)["chosen"] == [first]
    assert browser.run("seen.join('')") == "TabTab 1234567890eabcdmorsuvyit*=-!@"


@pytest.mark.parametrize("show", ["the same window"], indirect=True)
def test_links_and_gestures(
    browser: Browser, show: Show, faces: dict[str, tuple[str, str]]
) -> None:
    show(faces["one"][0])
    browser.run(
        "window.followed = 0; document.addEventListener('click', (event) => {"
        " event.preventDefault(); followed += Boolean(event.target.closest('a')); })"
    )
    browser.click(".option a")
    assert browser.run("followed") == 1
    assert browser.run(STATE)["chosen"] == []
    # AnkiDroid and AnkiMobile turn the card when it is tapped, but for what is marked like this.
    assert browser.run(
        "[...document.querySelectorAll('.options > li')].every((e) =>"
        " e.classList.contains('tappable') && e.onclick)"
    )


BROKEN = {
    "storage that throws": "Object.defineProperty(window, 'sessionStorage',"
    " { get() { throw new Error('denied'); } }), 0",
    "no storage": "Object.defineProperty(window, 'sessionStorage', { value: null }), 0",
    "full storage": "Storage.prototype.setItem = () => { throw new Error('full'); }, 0",
    "rubbish": "sessionStorage.setItem('cardwright', '{{')",
    "strange values": "sessionStorage.setItem('cardwright',"
    ' JSON.stringify({"options trees:one": {"a": 1}}))',
}


@pytest.mark.parametrize("show", ["the same window"], indirect=True)
def test_the_answer_comes_whatever_the_storage_does(
    browser: Browser, page: str, show: Show, faces: dict[str, tuple[str, str]]
) -> None:
    question, answer = faces["one"]
    for script in BROKEN.values():
        browser.open(page)
        browser.run(script)
        show(answer)
        assert browser.run(STATE)["line"].startswith("Right: ")
        show(question)
        name_options(browser)
        browser.click(find_option("Oak"))
        show(answer)
        assert browser.run(STATE)["chosen"] == ["Oak"]


@pytest.mark.parametrize("show", ["the same window"], indirect=True)
def test_an_error_leaves_the_card_as_it_is_without_scripts(
    browser: Browser, show: Show, faces: dict[str, tuple[str, str]]
) -> None:
    browser.run("Math.imul = () => { throw new Error('broken'); }; void 0")
    for html in faces["one"]:
        show(html)
        assert browser.run("document.querySelectorAll('.option').length") == 3
        assert browser.run("document.getElementById('qa').innerText").count("Pine") == 1


def test_the_preview_judges_at_once(
    browser: Browser, faces: dict[str, tuple[str, str]], run: Run, project: Path
) -> None:
    assert faces
    run("preview")
    browser.open((project / "build" / "preview.html").as_uri())
    browser.click("[data-ref='trees:one/choose'] .front li.right")
    line = browser.run("document.querySelector('.back .verdict').innerText")
    assert line.endswith("– your choice")
    assert browser.run("document.querySelectorAll('.back .chosen').length") == 1
