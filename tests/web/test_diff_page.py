"""The page of changed cards in a real browser: what differs is seen, and nothing runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from browser import Browser
from cardwright.cli import git as our_git
from cardwright.web import diff
from git_running import commit, git
from media_files import JPEG, PNG
from project_files import Run, Write

HOSTILE = (Path(__file__).parents[1] / "cases" / "hostile.yaml").read_text("utf-8")
SHOWN = "[...document.querySelectorAll('.prompt:not([hidden])')].map((e) => e.dataset.ref)"
Open = Callable[..., None]


@pytest.fixture
def open_diff(
    run: Run, project: Path, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Open:
    """Commit a project, change its files, and open the page of what has changed."""
    monkeypatch.setattr(our_git, "MAX_S", 60.0)

    def open_page(before: dict[str, str | bytes], after: dict[str, str | bytes]) -> None:
        for files in (before, after):
            for name, text in files.items():
                (project / name).parent.mkdir(parents=True, exist_ok=True)
                raw = text if isinstance(text, bytes) else text.encode()
                (project / name).write_bytes(raw)
            if files is before:
                git(project, "init", "-q", "-b", "main")
                commit(project)
        page = tmp_path / "page.html"
        run("diff", "--since", "HEAD", "--html", str(page))
        browser.open(f"{page.as_uri()}#theme=light")

    return open_page


def test_no_script_of_a_card_runs(open_diff: Open, browser: Browser) -> None:
    plain = {"id": "c", "kind": "basic", "question": "Which?", "answer": "Old words."}
    before = {"cards/trees/a.yaml": HOSTILE, "cards/trees/b.yaml": json.dumps({"cards": [plain]})}
    text = "</script><script>hacked = 1</script><img src=x onerror='hacked = 1'> [x](javascript:1)"
    card = {"id": "b", "kind": "basic", "question": text, "answer": text, "tags": ["<b>", '"']}
    changed = (
        HOSTILE.replace("alert(1)", "hacked=1")
        .replace("comment", "words")
        .replace("x.mp3", "y.mp3")
    )
    cards = {"cards": [card, {**plain, "answer": text}]}
    open_diff(before, {"cards/trees/a.yaml": changed, "cards/trees/b.yaml": json.dumps(cards)})
    assert len(browser.run(SHOWN)) > 2
    browser.run("document.querySelectorAll('details').forEach((e) => { e.open = true })")
    assert browser.run("document.querySelectorAll('ins, del').length") > 2
    assert browser.run("document.querySelectorAll('img, iframe, svg, main script').length") == 0
    assert browser.run(
        "[...document.links].every(({ href }) => /^(https?|mailto|file):/.test(href))"
    )
    assert browser.run("typeof hacked") == "undefined"


def test_changes_are_listed_found_and_seen_on_a_phone(open_diff: Open, browser: Browser) -> None:
    def write(word: str, number: int) -> dict[str, str]:
        cards = [
            {"id": f"c{n}", "kind": "basic", "question": f"Q{n}?", "answer": f"A {word} tree. " * 9}
            for n in range(number)
        ]
        return {"cards/trees/a.yaml": json.dumps({"cards": cards})}

    browser.set_size(390, 844)
    open_diff(write("young", 150), write("old", 152))
    assert browser.run("document.querySelector('.count').value") == "152 cards"
    assert browser.run("document.scrollingElement.scrollWidth") <= 390
    # Only what is in sight is made of elements at once.
    assert browser.run("document.querySelectorAll('.list li').length") == 152
    browser.click(".list [data-at='trees:c120']")
    place = "document.querySelector('[data-ref=\"trees:c120\"]')?.getBoundingClientRect().top"
    browser.wait_for(f"Math.abs({place}) < 80")
    marked = (
        "[...document.querySelectorAll('[data-ref=\"trees:c120\"] {}')].map((e) => e.textContent)"
    )
    assert set(browser.run(marked.format(".before del"))) == {"young"}
    assert set(browser.run(marked.format(".after ins"))) == {"old"}
    browser.set_field("lesson", "added")
    assert browser.run(SHOWN) == ["trees:c150", "trees:c151"]
    # A card that the filter hides is shown when it is asked for.
    browser.click(".list [data-at='trees:c120']")
    browser.wait_for(f"Math.abs({place}) < 80")


def test_marks_can_be_read_by_day_and_by_night(open_diff: Open, browser: Browser) -> None:
    cards = "cards: [{id: a, kind: basic, question: 'A leaf ![x](leaf.png) $x^2$?', answer: 'A tree.'}]\n"
    before = {"cards/trees/leaf.png": PNG, "cards/trees/a.yaml": cards}
    changed = cards.replace("A tree", "An oak").replace("x^2", "x^3")
    open_diff(before, {"cards/trees/leaf.png": JPEG, "cards/trees/a.yaml": changed})
    ratios = browser.run(CONTRAST)
    assert browser.run("document.querySelectorAll('ins > img, del > img').length") == 4
    assert browser.run("document.querySelectorAll('ins > math, del > math').length") == 4
    browser.run("document.documentElement.classList.add('nightMode')")
    assert min(ratios + browser.run(CONTRAST)) >= 7


CONTRAST = """
["ins", "del"].map((name) => {
  const { color, backgroundColor } = getComputedStyle(document.querySelector(`.answer ${name}`));
  const [lighter, darker] = [color, backgroundColor].map((text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map((part) => {
      const one = part / 255;
      return one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }).sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
})
"""

TRICKS = """\
sources: optional
anki:
  id: 1342697561419
  name: Tricks
  css: "@import url({url}/css); .card {{ color: red }}"
fields:
  land: {{type: inline, label: Country, required: true}}
sides:
  one:
    ask: "{{{{land}}}}"
    show: [land]
    anki:
      name: Card 1
      front: '<b title="a > b">{{{{Country}}}}</b><script>top.document.title = 1</script><img src="{url}/i">'
      back: '{{{{Country}}}}<iframe src="{url}/f"></iframe></body><script>top.document.title = 1</script>'
"""


def test_adopted_cards_and_packages_are_shown_in_frames_that_load_nothing(
    run: Run, write: Write, project: Path, browser: Browser, tmp_path: Path
) -> None:
    write({"kinds/land.yaml": TRICKS.format(url="http://127.0.0.1:1")})
    packages = []
    for word in ("France", "Spain"):
        write({"cards/trees/a.yaml": f"cards: [{{id: fr, kind: land, land: 'The {word} <b>'}}]\n"})
        run("build")
        packages.append(tmp_path / f"{word}.apkg")
        (project / "build" / "trees.apkg").rename(packages[-1])
    page = tmp_path / "page.html"
    run("diff", *map(str, packages), "--html", str(page))
    browser.set_size(1200, 900)
    browser.open(page.as_uri())
    browser.wait_for("document.querySelectorAll('iframe').length === 4")
    frames = browser.run(
        "[...document.querySelectorAll('iframe')].map((f) => [f.srcdoc, f.getAttribute('sandbox')])"
    )
    for html, sandbox in frames:
        assert sandbox == ""
        assert "default-src 'none'" in html
        assert "<script" not in html
        assert "<iframe" not in html
        assert "127.0.0.1:1/i" not in html
    assert '<b title="a > b">The <del>France</del> ' in frames[0][0]
    assert '<b title="a > b">The <ins>Spain</ins> ' in frames[1][0]
    assert browser.run("document.title") == "France.apkg → Spain.apkg"
    assert browser.run("document.querySelector('.list li').innerText").endswith("The Spain <b>")
    # The stylesheet is in the page once, and in every frame that is shown.
    assert all("color: red" in html for html, _ in frames)
    assert page.read_text("utf-8").count("color: red") == 1


def test_of_very_many_cards_the_first_are_shown_and_all_are_counted(
    open_diff: Open, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diff, "_MAX_CARDS", 2)
    cards = [
        {"id": f"c{number}", "kind": "basic", "question": "Which?", "answer": f"{number}."}
        for number in range(5)
    ]
    file = "cards/trees/many.yaml"
    open_diff({file: json.dumps({"cards": []})}, {file: json.dumps({"cards": cards})})
    assert browser.run(SHOWN) == ["trees:c0", "trees:c1"]
    said = browser.run("document.querySelector('.list').textContent")
    assert "The first 2 of 5 cards" in said
    assert "cards diff lists them all" in said
