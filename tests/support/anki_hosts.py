"""A card as an app shows it: in a page with the app's own rules.

The rules are facts measured in the apps, written in our words. Only those that touch a card are here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cardwright.anki.notetype import read_asset

_DESKTOP_RULES: Final = """
* { box-sizing: content-box }
html { font-size: 15px }
body { color: #020202; background: #f5f5f5; margin: 20px; overflow-wrap: break-word }
a { color: #1d4ed8; text-decoration: none }
hr { background-color: #737373; margin: 1em 0; border: none; height: 1px }
li { text-align: start }
pre { text-align: left }
#typeans { width: 100%; box-sizing: border-box; line-height: 1.75 }
code#typeans { white-space: pre-wrap }
.typeGood { background: #afa; color: #000 }
.typeBad { background: #faa; color: #000 }
.typeMissed { background: #ccc; color: #000 }
.replay-button svg { width: 40px; height: 40px }
.replay-button svg circle { fill: #fff; stroke: #414141 }
.replay-button svg path { fill: #414141 }
body:not(.isMac)::-webkit-scrollbar { width: 12px }
"""
_DESKTOP_NIGHT: Final = """
body { color: #fcfcfc; background: #2c2c2c }
body.nightMode { background-color: #2c2c2c; color: #fcfcfc }
a { color: #bfdbfe }
"""
"""Anki 26.09: `webview.css` and `reviewer.css`, with the values of the variables that they use."""

_DROID_RULES: Final = """
body { margin: 0; padding: 0; margin-bottom: 30px }
body.night_mode { color: white; background-color: black }
body.ankidroid_dark_mode { background-color: #303030 }
#content { margin: 0.5em }
#typeans { width: 100% }
.typeGood { background-color: #0f0 }
.typeBad { background-color: #f00 }
.typeMissed { background-color: #ccc }
.night_mode input#typeans { color: white; background-color: black }
.night_mode .typeGood { background-color: #508040 }
.night_mode .typeBad { background-color: #905050 }
.ankidroid_dark_mode input#typeans { background-color: #303030 }
.replaybutton span svg { fill: black }
.night_mode .replaybutton svg { fill: white }
"""
"""AnkiDroid: `flashcard.css`."""

MATHJAX_RULES: Final = """
mjx-container { position: relative; line-height: 0; text-indent: 0 }
mjx-container[display="true"] { display: block; text-align: center; margin: 1em 0 }
mjx-math { display: inline-block; text-align: left; line-height: 0; white-space: nowrap }
mjx-math > i { display: inline-block; height: 1em; line-height: normal }
mjx-assistive-mml {
  position: absolute !important; top: 0; left: 0; clip: rect(1px, 1px, 1px, 1px);
  padding: 1px 0 0 0 !important; border: 0 !important; display: block !important;
  width: auto !important; overflow: hidden !important;
}
"""
"""What MathJax 3 (CHTML) says of the elements around a formula."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """An app in one theme."""

    name: str
    rules: str
    html_class: str
    body_class: str

    def make_page(self, html: str, *, rules: str = "") -> str:
        """Return a page of the app with a card; `rules` come before those of the card."""
        size = '<meta name="viewport" content="width=device-width">'
        return (
            f'<!doctype html><html class="{self.html_class}" dir="ltr"><head><meta charset="utf-8">'
            f"{size}<style>{self.rules}{rules}</style></head>"
            f'<body class="card card1 {self.body_class}"><div id="content"><div id="qa">'
            f"<style>{read_asset('card.css')}</style>{html}</div></div></body></html>"
        )


HOSTS: Final = (
    Host(name="desktop-light", rules=_DESKTOP_RULES, html_class="linux", body_class="isLin"),
    Host(
        name="desktop-dark",
        rules=_DESKTOP_RULES + _DESKTOP_NIGHT,
        html_class="night-mode linux",
        body_class="isLin nightMode night_mode",
    ),
    Host(
        name="ankidroid-light", rules=_DROID_RULES, html_class="mobile android", body_class="chrome"
    ),
    Host(
        name="ankidroid-black",
        rules=_DROID_RULES,
        html_class="mobile android",
        body_class="chrome night_mode nightMode",
    ),
    Host(
        name="ankidroid-dark",
        rules=_DROID_RULES,
        html_class="mobile android",
        body_class="chrome night_mode nightMode ankidroid_dark_mode",
    ),
    Host(name="above-dark", rules="", html_class="night_mode", body_class=""),
)
