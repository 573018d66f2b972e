"""Adopted note types and kinds with a stylesheet in the preview, in a real browser."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import Browser
from media_files import WAV
from project_files import Run, Write

HOSTILE = """\
sources: optional
anki:
  id: 1342697561419
  name: Länder
  css: |
    @import url({url}/css);
    .card {{ background: url({url}/background); }}
    </style><script>{attack}</script>
fields:
  land: {{type: inline, label: Country, required: true}}
sides:
  one:
    ask: "{{{{land}}}}"
    show: [land]
    anki:
      name: Card 1
      front: |
        <div style="color: red" onclick="{attack}">{{{{Country}}}}</div><script>{attack}</script>
        <img src="{url}/image" onerror="{attack}"><script src="{url}/script">
      back: |
        {{{{Country}}}}<meta http-equiv="refresh" content="0; url={url}/refresh"><link rel="stylesheet"
        href="{url}/link"><LINK rel=preconnect href="{url}/"><iframe src="{url}/frame"></iframe>
        <object data="{url}/object"></object><base href="{url}/"><img src="base">
        <video src="{url}/video" poster="{url}/poster" autoplay></video></div></body></html>
"""
ATTACK = "parent.document.title = top.document.title = 'broken in'; top.location = '{url}/top'"
STYLED = """\
sources: optional
fields:
  word: {type: inline, required: true}
sides:
  one: {ask: "{{word}}", show: [word]}
css: |
  .card .ask { color: rgb(1, 2, 3) }
  .nightMode .card .ask, .x { color: rgb(4, 5, 6) }
  .bar, .prompt, body, .card .head { display: none; position: fixed }
"""


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and the list of what was asked of it."""
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                heard.append("a connection")
                connection.close()

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard


@pytest.fixture
def page(write: Write, run: Run, project: Path, server: tuple[str, list[str]]) -> str:
    url, _ = server
    write(
        {
            "kinds/land.yaml": HOSTILE.format(url=url, attack=ATTACK.format(url=url)),
            "kinds/word.yaml": STYLED,
            "kinds/plain.yaml": STYLED.partition("css:")[0],
            "cards/trees/a.yaml": "cards:\n- {id: fr, kind: land, land: France}\n"
            "- {id: oak, kind: word, word: Oak}\n- {id: elm, kind: plain, word: Elm}\n",
        }
    )
    run("preview")
    return (project / "build" / "preview.html").as_uri()


def open_page(browser: Browser, url: str) -> None:
    """Open a page with one prompt that has frames, and wait for these."""
    browser.set_size(1200, 900)
    browser.open(url)
    browser.wait_for("document.querySelectorAll('iframe').length === 2")


def test_adopted_templates_neither_run_nor_load(
    browser: Browser, page: str, server: tuple[str, list[str]]
) -> None:
    open_page(browser, page)
    # Load the frames again, all of them, and wait until they have what they wanted.
    browser.run(
        "document.querySelectorAll('iframe').forEach((frame) => { const again = frame.cloneNode();"
        " again.loading = 'eager'; again.onload = () => { window.loaded = (window.loaded ?? 0) + 1; };"
        " frame.replaceWith(again); })"
    )
    browser.wait_for("window.loaded === 2")

    assert server[1] == []
    assert browser.run("document.title") == "Trees"
    assert browser.run("location.protocol") == "file:"
    found = browser.run(
        "[...document.querySelectorAll('iframe')].map((f) => [f.getAttribute('sandbox'),"
        " f.contentDocument])"
    )
    assert found == [["", None], ["", None]]


def test_a_stylesheet_of_a_kind_changes_its_cards_alone(browser: Browser, page: str) -> None:
    def colour_of(kind: str) -> str:
        return str(
            browser.run(
                f"getComputedStyle(document.querySelector('[data-kind={kind}] .ask')).color"
            )
        )

    browser.open(page)
    browser.run("document.documentElement.classList.remove('nightMode')")
    assert colour_of("word") == "rgb(1, 2, 3)"
    assert colour_of("plain") != "rgb(1, 2, 3)"
    for part in (".bar", ".prompt", "body", "[data-kind=word] .head"):
        shown = browser.run(f"getComputedStyle(document.querySelector('{part}')).display")
        assert shown != "none"
    browser.run("document.documentElement.classList.add('nightMode')")
    assert colour_of("word") == "rgb(4, 5, 6)"


TRICKS = """\
sources: optional
anki:
  id: 1342697561420
  name: Tricks
  css: "a, button {{ position: fixed; inset: 0 }}"
fields:
  land: {{type: inline, label: Country, required: true}}
sides:
  one:
    ask: "{{{{land}}}}"
    show: [land]
    anki:
      name: Card 1
      front: |
        <scr<script></script>ipt>{attack}</script><ScRiPt/x>{attack}</sCrIpT ><script
        >{attack}</script
        ><svg><script>{attack}</script><image href="{url}/svg" /><use href="{url}/use#x" />
        <set attributeName=onmouseover to="{attack}" /><a href="javascript:{attack}">x</a></svg>
        <details open ontoggle="{attack}"><summary>x</summary></details>
        <img src="x" srcset="{url}/set 2x" onerror="{attack}"><picture><source srcset="{url}/source">
        <img></picture><audio src="{url}/audio" preload=auto></audio><input type=image src="{url}/input">
        <div><template shadowrootmode=open><img src="{url}/shadow"></template></div><style>@import "{url}/a.css";
        @font-face {{ font-family: f; src: url({url}/font) }} * {{ font-family: f; cursor: url({url}/c),
        auto }}</style><table background="{url}/table"><td>x</td></table><iframe srcdoc="<script>{attack}
        </script>"></iframe><fencedframe src="{url}/fenced"></fencedframe>{{{{Country}}}}
        <a href="{url}/left" target="_top" ping="{url}/ping">Go</a>
      back: |
        {{{{Country}}}}<meta http-equiv=refresh content="0;url={url}/again"><form action="{url}/form"
        target="_top" id="f"><button formaction="{url}/button" formtarget="_top" form="f">Go</button>
"""


def test_no_trick_gets_out_of_the_frame(
    browser: Browser, write: Write, run: Run, project: Path, server: tuple[str, list[str]]
) -> None:
    url, heard = server
    attack = ATTACK.format(url=url)
    write(
        {
            "kinds/land.yaml": TRICKS.format(url=url, attack=attack),
            "cards/trees/a.yaml": "cards: [{id: fr, kind: land, land: France}]\n",
        }
    )
    run("preview")
    open_page(browser, (project / "build" / "preview.html").as_uri())
    browser.run(
        "document.querySelectorAll('iframe').forEach((frame) => { const again = frame.cloneNode();"
        " again.loading = 'eager'; again.onload = () => { window.loaded = (window.loaded ?? 0) + 1; };"
        " frame.replaceWith(again); })"
    )
    browser.wait_for("window.loaded === 2")
    assert browser.run("document.title") == "Trees"
    assert browser.run("location.protocol") == "file:"
    assert heard == []


OVERLAY = (
    STYLED.partition("css:")[0]
    + """\
css: |
  .card, .card *, .card::after, .card .ask::before {
    content: "x"; position: fixed; inset: 0; width: 300vw; height: 300vh; margin: -100vh -100vw;
    z-index: 2147483647; transform: scale(9); background: red; overflow: visible; contain: none
  }
  :root, html, body, main, .deck, .prompt, .faces, :is(.prompt), :has(.card) {
    position: fixed; contain: none; content-visibility: visible; overflow: visible; display: none
  }
"""
)


def test_no_stylesheet_of_a_kind_covers_anything_else(
    browser: Browser, write: Write, run: Run, project: Path
) -> None:
    cards = "".join(f"- {{id: w{n}, kind: word, word: Oak}}\n" for n in range(3))
    write(
        {
            "kinds/word.yaml": OVERLAY,
            "kinds/plain.yaml": STYLED.partition("css:")[0],
            "cards/trees/a.yaml": f"cards:\n- {{id: a, kind: plain, word: A}}\n{cards}",
        }
    )
    assert "0 errors" in run("check").output
    run("preview")
    browser.set_size(900, 700)
    browser.open((project / "build" / "preview.html").as_uri())
    hit = browser.run(
        "(() => { const hit = []; for (const name of ['.bar h1', '[name=q]', '[data-kind=plain] .card',"
        " '[data-kind=plain] .head', '[data-kind=word] .head']) {"
        " const wanted = document.querySelector(name); wanted.scrollIntoView({ block: 'center' });"
        " const box = wanted.getBoundingClientRect();"
        " const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);"
        " hit.push([name, wanted.contains(top) || top.contains(wanted)]); } return hit; })()"
    )
    assert [name for name, is_free in hit if not is_free] == []


HEARD = """\
sources: optional
anki:
  id: 1342697561422
  name: Heard
fields:
  word: {type: block, label: Word, required: true}
  said: {type: block, label: Said}
sides:
  one:
    ask: "{{word}}"
    show: [word, said]
    anki:
      name: Card 1
      front: "{{Word}}<script>parent.document.title = 'hacked'</script>"
      back: >-
        {{FrontSide}}<hr>{{Said}}<audio src="https://example.com/x.mp3"></audio>
        <audio x="" src="javascript:parent.document.title='hacked'"></audio>
"""


def test_sounds_of_a_frame_are_played_by_key_and_button(
    browser: Browser, write: Write, run: Run, project: Path
) -> None:
    for number, name in enumerate(("one.wav", "two.wav")):
        (project / "cards" / "trees" / name).write_bytes(WAV[:-1] + bytes([number]))
    write(
        {
            "kinds/heard.yaml": HEARD,
            "cards/trees/a.yaml": "kind: heard\ncards:\n"
            "  - {id: a, word: 'Oak ![one](one.wav)', said: '![two](two.wav)'}\n"
            "  - {id: b, word: Elm, said: No sound}\n",
        }
    )
    run("preview")
    # What plays is not in the page.
    browser.run_first(
        "window.made = []; window.Audio = new Proxy(Audio, { construct: (target, words) => {"
        " const media = new target(...words); media.addEventListener('play', () => made.push(media));"
        " return media; } })"
    )
    browser.open((project / "build" / "preview.html").as_uri() + "#view=flip")
    hidden = "document.querySelector('.turns [name=play]').hidden"
    assert browser.run(hidden) is False
    browser.press("p")
    browser.wait_for("made.length === 1")
    browser.press(" ")
    browser.wait_for("made[0].paused")
    # Only the answer's own.
    browser.click(".turns [name=play]")
    browser.wait_for("made.length === 2")
    assert browser.run("new Set(made.map(({ src }) => src)).size") == 2
    assert browser.run("made.every(({ src }) => src.startsWith('data:audio/wav;base64,'))")
    browser.press("j")
    browser.wait_for("made[1].paused")
    assert browser.run(hidden) is True
    browser.press("p")
    assert browser.run("[made.length, document.title]") == [2, "Trees"]


COUNTRY = """\
sources: optional
anki:
  id: 1342697561421
  name: Countries
  css: ".card b { color: red }"
fields:
  land: {type: inline, label: Country, required: true}
  capital: {type: inline, label: Capital}
sides:
  one:
    ask: "{{land}}"
    show: [land, capital]
    anki: {name: Card 1, front: "<b>{{Country}}</b>", back: "{{Country}}<hr>{{Capital}}&#x999999; &ouml;"}
"""


def test_a_frame_is_made_when_it_is_seen_and_its_text_found_before(
    browser: Browser, write: Write, run: Run, project: Path
) -> None:
    notes = "".join(f"- {{id: n{n}, land: Land {n}, capital: A&B<{n}x}}\n" for n in range(60))
    write(
        {"kinds/land.yaml": COUNTRY, "cards/trees/a.yaml": f"kind: land\ncards:\n{notes}"},
    )
    run("preview")
    browser.set_size(1200, 900)
    browser.open((project / "build" / "preview.html").as_uri())
    browser.wait_for("document.querySelectorAll('iframe').length > 1")
    browser.wait_for("!document.querySelector('noscript')")
    assert browser.run("document.querySelectorAll('iframe').length") < 40

    last = "document.querySelector('[data-ref=\"trees:n59/one\"]')"
    browser.run("document.querySelector('.problems')?.remove()")
    assert browser.run(f"window.find('A&B<59x') && {last}.contains(getSelection().anchorNode)")
    browser.wait_for(f"{last}.querySelectorAll('iframe[sandbox=\"\"]').length === 2")
    browser.set_field("q", "b<41x")
    assert browser.run("document.querySelector('.count').value") == "1 of 60 prompts"
