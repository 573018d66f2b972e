"""The page and the cards in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from browser import Browser
from cardwright.anki.notetype import read_asset
from cardwright.app.project import open_project
from cardwright.web.face import FaceMaker
from media_files import MP4, PNG, WAV
from project_files import Run, Write

SHOWN = "[...document.querySelectorAll('.prompt:not([hidden])')].map((e) => e.dataset.ref)"
PHONE = (390, 844)
DESKTOP = (1200, 900)


@pytest.fixture
def page(run: Run, forest: Path) -> str:
    """The address of the page of a project."""
    run("preview", folder=forest)
    return (forest / "build" / "preview.html").as_uri()


def test_filters_find_kinds_texts_ids_and_tags_and_survive_a_reload(
    browser: Browser, page: str, forest: Path
) -> None:
    namespace = open_project(forest).collection.decks["forest"].namespace
    assert namespace != "forest"
    browser.open(page)
    every = browser.run(SHOWN)
    browser.set_field("kind", "choice")
    assert set(browser.run(SHOWN)) == {"forest:first-choice/choose", "forest:several/choose"}
    browser.set_field("q", "NEEDLES which")
    assert browser.run(SHOWN) == ["forest:several/choose"]
    assert browser.run("document.querySelector('.count').value") == f"1 of {len(every)} prompts"
    browser.open(browser.run("location.href"))
    assert browser.run(SHOWN) == ["forest:several/choose"]
    browser.set_field("kind", "")
    for text, expected in (
        ("#python", "wide/recall"),
        ("first-route", "first-route/recall"),
        (f"{namespace}:first-route", "first-route/recall"),
    ):
        browser.set_field("q", text)
        assert browser.run(SHOWN) == [f"forest:{expected}"]
    browser.set_field("q", "no such card")
    assert browser.run("document.querySelector('.none').hidden") is False
    browser.set_field("q", "")
    assert browser.run(SHOWN) == every
    browser.set_field("lesson", "forest:1.1")
    assert browser.run(SHOWN) == every


def test_options_have_one_order_on_both_sides_and_tell_nothing_before_the_answer(
    browser: Browser, page: str
) -> None:
    browser.open(page)
    orders = browser.run(
        "[...document.querySelectorAll('[data-kind=choice]')].map((prompt) =>"
        " [...prompt.querySelectorAll('ul.options.shuffled')].map((list) =>"
        " [...list.querySelectorAll('.option')].map((option) => option.textContent)))"
    )
    assert len(orders) == 2
    for question, answer in orders:
        assert question == answer
    looks = browser.run(
        "[...document.querySelectorAll('.front ul.options > li')].map((item) => [item,"
        " item.querySelector('.option')].map((part) => ['color', 'borderColor', 'backgroundColor',"
        " 'fontWeight'].map((name) => getComputedStyle(part)[name]).join()).join()"
        " + getComputedStyle(item, '::after').content"
        " + getComputedStyle(item.querySelector('.reason')).display)"
    )
    assert len(looks) == 8
    assert len(set(looks)) == 1
    assert looks[0].endswith("none")


SPREAD = """
(() => {
  const seats = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
  const holder = document.body.appendChild(document.createElement("article"));
  holder.className = "cw";
  for (let number = 0; number < 2000; number++) {
    const list = document.createElement("ul");
    list.className = "options";
    holder.dataset.id = `trees:card-${number}`;
    for (let item = 0; item < 4; item++) {
      list.appendChild(document.createElement("li")).value = item;
    }
    holder.replaceChildren(list);
    shuffle();
    const once = list.innerHTML;
    shuffle();
    if (list.innerHTML !== once) return null;
    [...list.children].forEach((item, seat) => seats[item.value][seat]++);
  }
  holder.remove();
  return seats;
})()
"""


def test_every_option_comes_to_every_place_about_as_often(browser: Browser, page: str) -> None:
    browser.open(page)
    browser.run(f"var shuffle = () => {{ {read_asset('card.js')} }}")
    seats = browser.run(SPREAD)
    # Four standard deviations of 2,000 draws with a chance of one in four.
    assert all(423 <= times <= 577 for places in seats for times in places)


def test_nothing_is_wider_than_a_phone(browser: Browser, page: str) -> None:
    browser.set_size(*PHONE)
    browser.open(page)
    # What is out of sight or folded away is neither laid out nor counted, so bring it in.
    browser.run(
        "document.querySelectorAll('.prompt').forEach((e) => {"
        " e.style.contentVisibility = 'visible'; e.querySelector('details')?.setAttribute('open', '') })"
    )
    assert browser.run("document.querySelectorAll('details[open]').length") > 0
    assert browser.run("document.scrollingElement.scrollWidth") <= PHONE[0]
    too_wide = browser.run(
        "[...document.querySelectorAll('.card')].filter((e) => e.scrollWidth > e.clientWidth).length"
    )
    assert too_wide == 0


def test_question_and_answer_stand_side_by_side_where_there_is_room(
    browser: Browser, page: str
) -> None:
    tops = "[...document.querySelectorAll('.card')].slice(0, 2).map((e) => e.getBoundingClientRect().top)"
    browser.set_size(*DESKTOP)
    browser.open(page)
    question, answer = browser.run(tops)
    assert question == answer
    browser.set_size(*PHONE)
    question, answer = browser.run(tops)
    assert question < answer


def read_colours(browser: Browser) -> Any:
    return browser.run(
        "['backgroundColor', 'color'].map((n) => getComputedStyle(document.querySelector('.card'))[n])"
    )


def test_dark_mode_changes_the_colours_of_cards(browser: Browser, page: str) -> None:
    browser.open(f"{page}#theme=light")
    light = read_colours(browser)
    browser.set_field("theme", "dark")
    dark = read_colours(browser)
    assert light[0] != dark[0]
    assert light[1] != dark[1]
    browser.open(f"{page}#theme=dark")
    assert read_colours(browser) == dark


@pytest.mark.parametrize(
    ("outer", "body"),
    [
        ("", "card nightMode night_mode"),
        ("", "card card1 night_mode"),
        ("nightMode", "card"),
        ("night_mode", "card"),
    ],
)
def test_a_card_alone_in_a_page_of_anki(
    browser: Browser, forest: Path, tmp_path: Path, outer: str, body: str
) -> None:
    project = open_project(forest)
    maker = FaceMaker(project.collection, project.renderer, lambda *_: None)
    faces = "".join(
        question + answer
        for card in project.collection.cards
        for _, question, answer in maker.make_faces(card)
    )
    style = f"<style>body {{ margin: 20px; }}\n{read_asset('card.css')}</style>"
    size = '<meta name="viewport" content="width=device-width">'
    path = tmp_path / "card.html"
    browser.set_size(*PHONE)
    seen = []
    for html_class, body_class in (("", "card"), (outer, body)):
        path.write_text(
            f'<!doctype html><html class="{html_class}"><head><meta charset="utf-8">{size}{style}'
            f'</head><body class="{body_class}"><div id="qa">{faces}</div></body></html>',
            "utf-8",
        )
        browser.open(path.as_uri())
        assert browser.run("document.scrollingElement.scrollWidth") <= PHONE[0]
        seen.append(read_colours(browser))
    light, dark = seen
    assert light[0] != dark[0]
    assert light[1] != dark[1]


def test_a_short_question_is_not_as_high_as_its_answer(browser: Browser, page: str) -> None:
    browser.set_size(*DESKTOP)
    browser.open(page)
    heights = (
        "[...document.querySelectorAll('[data-ref=\"forest:wide/recall\"] .faces > .card')]"
        ".map((e) => e.offsetHeight)"
    )
    question, answer = browser.run(heights)
    assert question < answer / 2


FACES = (
    "[...document.querySelectorAll('.faces > *')].filter((e) => e.checkVisibility()).map((e) =>"
    " [e.closest('.prompt').dataset.ref, e.nextElementSibling ? 'question' : 'answer'])"
)
TURN = "document.querySelector('.turn').value"


def test_cards_are_shown_one_by_one_and_flipped(browser: Browser, page: str) -> None:
    browser.set_size(*DESKTOP)
    browser.open(page)
    refs = browser.run(SHOWN)
    browser.set_field("view", "flip")
    first, second, third = refs[:3]
    assert browser.run(FACES) == [[first, "question"]]
    for key, ref, side in (
        (" ", first, "answer"),
        (" ", second, "question"),
        ("j", third, "question"),
        ("k", second, "question"),
        ("Enter", second, "answer"),
        ("ArrowRight", third, "question"),
        ("ArrowLeft", second, "question"),
        ("k", first, "question"),
        ("k", first, "question"),
    ):
        browser.press(key)
        assert browser.run(FACES) == [[ref, side]], key
    assert browser.run(TURN) == f"1 of {len(refs)}"
    for button, side in (("flip", "answer"), ("flip", "question"), ("next", "question")):
        browser.click(f".turns [name={button}]")
        assert browser.run(FACES)[0][1] == side
    assert browser.run(FACES)[0][0] == second

    # On a phone, no word of a button is broken.
    browser.set_size(*PHONE)
    browser.run("document.querySelector('.turns [name=play]').hidden = false")
    heights = browser.run(
        "[...document.querySelectorAll('.turns button')].map((b) => b.offsetHeight)"
    )
    assert len(heights) == 4
    assert max(heights) < 60
    browser.set_size(*DESKTOP)

    # A reload, as after an edit, shows the same side.
    browser.click(".turns [name=flip]")
    browser.open_tab()
    browser.open(f"{page}#{browser_hash(second)}")
    assert browser.run(FACES) == [[second, "answer"]]
    browser.set_field("kind", "choice")
    assert browser.run(TURN) == "1 of 2"
    assert browser.run(FACES) == [["forest:first-choice/choose", "question"]]
    browser.set_field("q", "no such card")
    assert browser.run(FACES) == []
    assert browser.run("document.querySelector('.none').hidden") is False
    browser.press(" ")
    browser.set_field("q", "")
    browser.set_field("kind", "")
    browser.set_field("view", "")
    assert browser.run(SHOWN) == refs
    assert browser.run("document.querySelector('.turns').hidden") is True


def browser_hash(ref: str) -> str:
    return urlencode({"view": "flip", "at": ref, "side": "answer"})


def test_keys_of_the_page_are_not_taken_from_its_fields(browser: Browser, page: str) -> None:
    browser.open(f"{page}#view=flip")
    before = browser.run(FACES)
    browser.run("document.querySelector('[name=q]').focus()")
    for key in ("t", "j", "k", " "):
        browser.press(key)
    assert browser.run("document.querySelector('[name=q]').value") == "tjk "
    browser.set_field("q", "")
    assert browser.run(FACES) == before


def test_the_rest_of_a_long_answer_comes_before_the_next_card(browser: Browser, page: str) -> None:
    browser.set_size(390, 300)
    browser.open(f"{page}#{browser_hash('forest:wide/recall')}")
    presses = 0
    while browser.run(FACES) == [["forest:wide/recall", "answer"]]:
        before = browser.run("scrollY")
        browser.press(" ")
        browser.wait_for(f"scrollY !== {before} || !location.hash.includes('wide')")
        presses += 1
    assert presses > 1
    assert browser.run("scrollY") == 0


HOSTILE = """\
'<img src=x onerror="hacked=1">': 1
tags: ['<script>hacked=1</script>']
cards:
  - id: a
    kind: basic
    question: <script>hacked=1</script> <img src=x onerror="hacked=1"> [x](javascript:hacked=1)
    answer: $\\text{<script>hacked=1</script>}$ $\\href{javascript:hacked=1}{x}$
  - id: z
    kind: basic
    question: </noscript><script>hacked=1</script> `</noscript><script>hacked=1</script>`
    answer: '[x](https://a.b "</noscript><script>hacked=1</script>")'
  - id: b
    kind: cloze
    text: "{{c1::<svg/onload=hacked=1>::<iframe srcdoc='<script>parent.hacked=1</script>'>}}"
  - id: c
    kind: choice
    question: Which?
    options:
      - {right: '<img src=x onerror="hacked=1">', reason: </li></ul><script>hacked=1</script>}
      - {wrong: '"><script>hacked=1</script>', reason: x}
"""


def test_no_script_of_a_card_runs(browser: Browser, write: Write, run: Run, project: Path) -> None:
    write(
        {
            "cards/trees/a.yaml": HOSTILE,
            "decks/trees/deck.yaml": "name: <script>hacked=1</script>\n",
        }
    )
    run("preview")
    browser.open((project / "build" / "preview.html").as_uri())

    assert len(browser.run(SHOWN)) == 4
    assert browser.run("document.scripts.length") == 2
    assert browser.run("document.querySelectorAll('main img, main iframe, main svg').length") == 0
    # Even what came in some other way could not run.
    browser.run(
        "(() => { const image = document.createElement('img');"
        " try { image.setAttribute('onerror', 'hacked = 1'); } catch {}"
        " image.src = 'data:,'; document.body.append(image); })()"
    )
    browser.wait_for("[...document.images].every((image) => image.complete)")
    assert browser.run("typeof hacked") == "undefined"


def test_sounds_wait_to_be_played_and_say_what_they_are(
    browser: Browser, write: Write, run: Run, project: Path
) -> None:
    files = {"hola.wav": WAV, "clip.mp4": MP4, "dot.png": PNG, "bad.mp3": b"<html>"}
    for name, data in files.items():
        (project / "cards" / "trees" / name).write_bytes(data)
    texts = [f"![{name[0]}]({name})" for name in files]
    write(
        {
            "cards/trees/a.yaml": "cards:\n"
            f"  - {{id: a, kind: basic, question: '{' '.join(texts)}', answer: '[sound:x.mp3]'}}\n"
        }
    )
    run("preview")
    browser.open((project / "build" / "preview.html").as_uri())
    media = "[...document.querySelectorAll('.card:first-child :is(audio, video, img)')]"

    assert browser.run(
        f"{media}.map((m) => [m.localName, m.controls, m.autoplay, m.ariaLabel, m.src.slice(0, 14)])"
    ) == [
        ["audio", True, False, "h", "data:audio/wav"],
        ["video", True, False, "c", "data:video/mp4"],
        ["img", None, None, None, "data:image/png"],
        ["img", None, None, None, "data:,"],
    ]
    # The page's policy lets it play.
    browser.wait_for(f"{media}[0].readyState > 0 && {media}[0].duration > 0.05")
    assert browser.run(f"{media}[0].paused") is True
    assert "[sound:x.mp3]" in browser.run("document.querySelector('main').innerText")


def test_a_key_plays_the_sounds_of_the_side_shown(
    browser: Browser, write: Write, run: Run, project: Path
) -> None:
    for number, name in enumerate(("one.wav", "two.wav", "three.wav")):
        (project / "cards" / "trees" / name).write_bytes(WAV[:-1] + bytes([number]))
    cards = "cards:\n  - {id: a, kind: basic, question: '![q](one.wav) ![r](three.wav)', answer: '![a](two.wav)'}\n"
    write({"cards/trees/a.yaml": f"{cards}  - {{id: b, kind: basic, question: b, answer: b}}\n"})
    run("preview")
    browser.open((project / "build" / "preview.html").as_uri() + "#view=flip")
    browser.run(
        "(played = [], document.addEventListener('play', (e) => played.push(e.target.ariaLabel), true),"
        " document.querySelectorAll('audio').forEach((sound) => { sound.loop = true }))"
    )
    playing = (
        "[...document.querySelectorAll('audio')].filter((s) => !s.paused).map((s) => s.ariaLabel)"
    )
    for key, expected in (("p", "q"), (" ", ""), ("p", "a"), ("j", ""), ("k", ""), ("p", "q")):
        browser.press(key)
        browser.wait_for(f"{playing}.join() === '{expected}'")
    # A sound is no longer paused a moment before it is said to play.
    browser.wait_for("played.join() === 'q,a,q'")
    # Several are played one after the other.
    browser.run("document.querySelectorAll('audio').forEach((sound) => { sound.loop = false })")
    browser.press("p")
    browser.wait_for("played.join() === 'q,a,q,q,r'")


def test_what_is_out_of_sight_is_searched_found_and_printed(
    browser: Browser, write: Write, run: Run, project: Path
) -> None:
    """The browser makes the elements of prompts when they are seen, or when it has time."""
    cards = "".join(
        f"- {{id: c{n}, kind: basic, tags: [t{n}t], question: 'A&B < <i>{n}q</i> it''s, $x < {n}$',"
        f" answer: '{'word ' * 300}'}}\n"
        for n in range(60)
    )
    write({"cards/trees/a.yaml": f"cards:\n{cards}"})
    run("preview")
    url = (project / "build" / "preview.html").as_uri()
    browser.set_size(*DESKTOP)
    made = "document.querySelectorAll('.batch:not(:has(noscript))').length"

    # As in a browser that is never idle.
    browser.run_first("window.requestIdleCallback = () => {}")
    browser.open(url)
    assert 1 <= browser.run(made) < 4
    for text, expected in (("a&b < 57Q", 57), ("it's #t41t", 41), ("trees:c30/", 30)):
        browser.set_field("q", text)
        assert browser.run(SHOWN) == [f"trees:c{expected}/recall"]
    browser.set_field("q", "")
    assert browser.run("document.querySelector('.count').value") == "60 prompts"
    browser.run("scrollTo(0, document.body.scrollHeight)")
    browser.wait_for("document.querySelector('[data-ref=\"trees:c59/recall\"]') !== null")
    assert browser.run(made) < browser.run("document.querySelectorAll('.batch').length")

    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert len(browser.run(SHOWN)) == 60

    browser.open_tab()
    browser.open(url)
    browser.wait_for("!document.querySelector('noscript')")
    assert browser.run("window.find('57q') && getSelection().anchorNode.data.includes('57q')")
