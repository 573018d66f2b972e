"""Adopted note types and kinds with a stylesheet in the preview, in a real browser."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import Browser
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


def test_adopted_templates_neither_run_nor_load(
    browser: Browser, page: str, server: tuple[str, list[str]]
) -> None:
    browser.open(page)
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
