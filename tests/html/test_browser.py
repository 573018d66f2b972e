"""An independent judge: what Chromium shows of a field and of its Markdown is at the same places."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import anki_html
from browser import Browser, find_chromium
from cardwright.html import Layout, convert_html
from cardwright.markdown.render import Renderer

CONTENTS = (
    "oak",
    "two words, and more",
    "<b>bold </b>and <i>it</i>",
    "a * b _c_ [d](e) &lt;f> #g",
    "x<br>y<br><br>z",
    "H<sub>2</sub>O and 10<sup>-3</sup> <code>a  b</code>",
)
PLACES = """
(() => {
  const list = (box) => {
    const origin = box.getBoundingClientRect();
    const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node; (node = walker.nextNode()); ) {
      const style = getComputedStyle(node.parentElement);
      const look = [style.fontWeight > 500, style.fontStyle, style.fontSize, style.fontFamily];
      for (let i = 0; i < node.length; i++) {
        // The quotes of <q> are no text.
        if (/[\\s\\u00a0“”]/.test(node.data[i])) continue;
        const range = document.createRange();
        range.setStart(node, i);
        range.setEnd(node, i + 1);
        const place = range.getBoundingClientRect();
        if (place.width) {
          found.push({ text: node.data[i] + " " + look, x: place.x - origin.x, y: place.y - origin.y });
        }
      }
    }
    return found;
  };
  const boxes = [...document.querySelectorAll(".sample")];
  return boxes.map((box) => {
    const [left, right] = [...box.children].map(list);
    // A space is a little wider in bold type.
    const isOff = (a, b) =>
      !b || a.text !== b.text || Math.abs(a.x - b.x) > 2 || Math.abs(a.y - b.y) > 1;
    const index = left.findIndex((entry, i) => isOff(entry, right[i]));
    return left.length === right.length && index < 0
      ? "" : JSON.stringify([left[index], right[index], left.length, right.length]);
  });
})()
"""
PAGE = """<!doctype html><meta charset="utf-8"><style>
.side { width: 600px; font: 20px arial; text-align: center; border: 1px solid; }
</style>"""


def list_samples() -> list[tuple[str, str]]:
    """Return texts of HTML for which nothing is lost, each with what is rendered for it."""
    renderer = Renderer(highlights=False)
    samples = []
    for shape in (*anki_html.WRAPPERS, *anki_html.BLOCKS):
        for content in CONTENTS:
            html = f"before {shape.replace('|', content, 1)} after"
            converted = convert_html(html, Layout.BARE)
            if not converted.losses:
                samples.append((html, renderer.render_bare(converted.markdown).html))
    return samples


@pytest.mark.skipif(find_chromium() is None, reason="needs Chromium")
def test_the_same_is_shown(tmp_path: Path) -> None:
    samples = list_samples()
    assert len(samples) > 150
    parts = [
        f'<div class="sample"><div class="side">{html}</div><div class="side">{written}</div></div>'
        for html, written in samples
    ]
    page = tmp_path / "page.html"
    page.write_text(PAGE + "\n".join(parts), encoding="utf-8")
    with Browser(find_chromium() or "", tmp_path / "profile") as browser:
        browser.open(page.as_uri())
        differences = browser.run(PLACES)
    assert len(differences) == len(samples)
    wrong = [
        (html, written, found)
        for (html, written), found in zip(samples, differences, strict=True)
        if found
    ]
    assert not wrong, json.dumps(wrong[:20], indent=1, ensure_ascii=False)
