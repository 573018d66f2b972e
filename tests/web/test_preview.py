"""The preview page is complete, self-contained, and executes nothing from cards."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cardwright.app.project import open_project
from cardwright.kinds import list_prompts
from cardwright.web.maths import convert_maths
from media_files import PNG
from project_files import Run, Write

HOSTILE = Path(__file__).parents[1] / "cases" / "hostile.yaml"
WORSE = """\
tags: ["<script>alert(1)</script>"]
'<img src=x onerror=alert(1)>': 1
cards:
  - {id: '"><script>alert(1)</script>', kind: basic}
  - {id: a, kind: '<svg/onload=alert(1)>'}
  - id: b
    kind: basic
    lesson: '"><script>alert(2)</script>'
    question: $\\text{<script>alert(1)</script>}$ $\\href{javascript:alert(1)}{x}$
    answer: $\\style{background:red}{x} \\unknown{<img src=x onerror=alert(1)>} <b>$
    sources: ["javascript:alert(1)"]
"""


class Reader(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._inside = tag if tag in self.texts else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside].append(data)

    def values(self, attribute: str) -> list[str]:
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]


def assert_closed(page: Reader) -> None:
    """Nothing is loaded, and nothing runs but our own scripts."""
    allowed = {"script", "style", "meta", "base"}
    names = {tag for tag, _ in page.elements}
    assert not names & {"iframe", "object", "embed", "link", "svg", "frame", "audio", "video"}
    assert [tag for tag, _ in page.elements].count("style") == 1
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert "style" not in attributes
        assert tag not in allowed or not {"src", "href"} & attributes.keys()
    assert all(value.startswith("data:") for value in page.values("src"))
    assert all(re.match("https?:|mailto:", value) for value in page.values("href"))
    (policy,) = (
        attributes["content"]
        for _, attributes in page.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "connect-src" not in policy
    for text in (*page.texts["script"], *page.texts["style"]):
        digest = hashlib.sha256(text.encode()).digest()
        assert f"'sha256-{base64.b64encode(digest).decode()}'" in policy


def test_the_page_has_every_prompt_and_needs_nothing_else(run: Run, forest: Path) -> None:
    run("preview", folder=forest)

    page = Reader((forest / "build" / "preview.html").read_text("utf-8"))
    collection = open_project(forest).collection
    assert set(page.values("data-ref")) == {
        prompt.ref
        for card in collection.cards
        if card.retired is None
        for prompt in list_prompts(card, collection.kinds[card.kind])
    }
    assert page.values("src")
    assert_closed(page)


def test_a_page_from_the_cache_is_the_same(
    run: Run, forest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards, deck = forest / "cards" / "forest", forest / "decks" / "forest"
    kind = (
        "sources: optional\nfields: {{word: {{type: inline, required: true}}}}\n"
        "sides: {{one: {{ask: '{}{{{{word}}}}', show: [word]}}}}\n"
    )
    shown = []

    def edit(path: Path, old: str, new: str) -> None:
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def change_lesson() -> None:
        lesson = open_project(forest).collection.blueprints["forest"].lessons["1.1"]
        edit(deck / "blueprint.yaml", lesson.title, "Another title")

    def add_word() -> None:
        (forest / "kinds").mkdir()
        (forest / "kinds" / "word.yaml").write_text(kind.format("x"), "utf-8")
        (cards / "words.yaml").write_text("kind: word\ncards: [{id: oak, word: Oak}]\n", "utf-8")

    for change in (
        lambda: None,
        change_lesson,
        lambda: edit(cards / "more.yaml", "needles?", "cones?"),
        lambda: (cards / "media" / "dot.png").write_bytes(PNG + b" "),
        add_word,
        lambda: edit(forest / "kinds" / "word.yaml", "'x", "'Which tree? "),
        lambda: edit(cards / "words.yaml", "id: oak", "tags: [t], id: oak"),
        lambda: edit(cards / "words.yaml", "cards: [", "cards: [{id: elm, word: Elm}, "),
        lambda: edit(cards / "words.yaml", "word: Elm", "word: Elm, retired: No."),
        lambda: edit(deck / "deck.yaml", "namespace: ", "namespace: x-"),
        lambda: edit(deck / "deck.yaml", "name: ", "source_url: https://e.com/{path}\nname: "),
        (cards / "media" / "dot.png").unlink,
        lambda: (cards / "words.yaml").rename(cards / "names.yaml"),
    ):
        change()
        pages = []
        for folder in (str(tmp_path / "cache"), str(tmp_path / "cache"), ""):
            monkeypatch.setenv("CARDS_CACHE", folder)
            run("preview", folder=forest)
            pages.append((forest / "build" / "preview.html").read_text("utf-8"))
        assert pages[0] == pages[1] == pages[2]
        shown.append(pages[0])
    assert [n for n in range(1, 13) if shown[n] == shown[n - 1]] == []


def test_every_prompt_links_to_its_line_and_is_found_by_its_id_in_anki(
    run: Run, write: Write
) -> None:
    cards = (
        "kind: basic\ncards:\n  - {id: oak, question: Q, answer: A, formerly: [quercus]}\n"
        "  - {id: elm, question: R, answer: B}\n"
    )
    deck = (
        'name: T\nnamespace: t-k3\nsource_url: "https://example.com/?a=1&p={path}&q=\'#L{line}"\n'
    )
    root = write({"cards/trees/wood & bark.yaml": cards, "decks/trees/deck.yaml": deck})
    run("preview")

    html = (root / "build" / "preview.html").read_text("utf-8")
    page = Reader(html)
    start = "https://example.com/?a=1&p=cards/trees/wood%20%26%20bark.yaml&q='#L"
    assert page.values("href") == [f"{start}3", f"{start}4"]
    assert page.values("aria-label").count("Improve this card") == 2
    assert re.findall("<span hidden>(.*?)</span>", html) == ["t-k3:quercus", "t-k3:elm"]
    assert_closed(page)


def test_hostile_cards_and_problems_stay_text(write: Write, run: Run, project: Path) -> None:
    write(
        {
            "cards/trees/hostile.yaml": HOSTILE.read_text("utf-8"),
            'cards/trees/"><script>.yaml': WORSE,
            "decks/trees/deck.yaml": "name: <script>alert(1)</script>\n",
        }
    )
    result = run("preview", "--to", str(project / "page.html"))

    html = (project / "page.html").read_text("utf-8")
    page = Reader(html)
    assert_closed(page)
    assert len(page.texts["script"]) == 2
    assert "trees:b/recall" in page.values("data-ref")
    assert '<li class="error">' in html
    assert "at the top of the page" in result.output


def test_problems_are_shown_with_place_code_and_cure(write: Write, run: Run, project: Path) -> None:
    write(
        {
            "cards/trees/a.yaml": "kind: basic\ncards:\n  - {id: oak, qestion: Oak?, answer: Yes.}\n",
            "cards/trees/b.yaml": "kind: basic\ncards:\n  - {id: elm, question: Elm?, answer: No.}\n",
            "cards/trees/c.yaml": "cards: [}\n",
        }
    )
    run("preview")

    html = (project / "build" / "preview.html").read_text("utf-8")
    assert "trees:elm/recall" in html
    for text in ("cards/trees/a.yaml:3:", "<code>unknown-key</code>", "Help: ", "syntax-error"):
        assert text in html


def test_a_pack_whose_manifest_is_broken_is_shown_all_the_same(write: Write, run: Run) -> None:
    write(
        {
            "cards/trees/b.yaml": "kind: basic\ncards:\n  - {id: elm, question: Elm?, answer: No.}\n",
            "decks/trees/deck.yaml": "{\n",
        }
    )
    assert "1 prompt" in run("preview", "trees").output
    assert "no pack `shrubs`" in run("preview", "shrubs", exit_code=1).output


def test_an_image_that_is_missing_shows_its_description(
    write: Write, run: Run, project: Path
) -> None:
    card = "{id: a, kind: basic, question: '![An oak](media/oak.png)', answer: Yes.}"
    write({"cards/trees/a.yaml": f"cards:\n  - {card}\n"})
    run("preview")
    html = (project / "build" / "preview.html").read_text("utf-8")
    assert '<img src="data:," alt="An oak">' in html


@pytest.mark.parametrize("words", [("--watch", "--to", "x.html"), ("--port", "0")])
def test_options_that_contradict_each_other_are_refused(run: Run, words: tuple[str, ...]) -> None:
    assert "Usage: " in run("preview", *words, exit_code=2).stderr


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (r"a \(x\) b", "<mi>x</mi>"),
        (r"\[x\]", 'display="block"'),
        (r"\(a &lt; b\)", "<mo>&lt;</mo>"),
        (r"\(\text{&lt;img src=x&gt;}\)", "&lt;img"),
        (r"\(\text{&amp;lt;b&amp;gt;}\)", "&lt;b&gt;"),
        (r"\(\frac{\)", r"\(\frac{\)"),
        (r"\(\href{javascript:alert(1)}{x}\)", "<mi>x</mi>"),
        (r"\(\style{position:fixed}{x}\)", "<mi>x</mi>"),
        (r"\(\class{prompt}{x}\)", "<mi>x</mi>"),
        (r"\(<b>\)", r"\(<b>\)"),
        ("no maths", "no maths"),
    ],
)
def test_maths_becomes_mathml_or_stays_text(html: str, expected: str) -> None:
    made = convert_maths(html)
    assert expected in made
    assert "<img" not in made
    assert not re.search(r"\s(?:href|style|class)=", made)
