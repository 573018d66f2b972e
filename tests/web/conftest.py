"""A project with every kind of card, and a browser to view its page."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import Browser, find_chromium
from project_files import Run

CARDS = r"""
lesson: "1.1"
sources:
  - https://example.com/a/very/long/address/without/any/place/to/break/it/aaaaaaaaaaaaaaaaaaaaaaaaaaaa
  - {url: "https://example.com/wood", title: All about wood}
cards:
  - id: wide
    kind: basic
    tags: [python]
    question: |
      Which line is to blame?

      ```python
      result = events.rdd.mapPartitions(score).toDF().groupBy("id").agg(F.sum("score").alias("total"))
      ```
    answer: |
      Averyveryveryveryveryveryveryveryveryveryveryveryveryveryveryverylongword and
      `averyveryveryveryveryveryveryveryveryveryveryveryveryverylongname`.

      | Measure | Column | Reads | Threshold | Where |
      |:--|:--|:--|--:|---|
      | Kolmogorov | numeric | widestgapofthecurves | 0.05 | somewhereoverthere |

      $D = \sup_x \left| F_{\mathrm{new}}(x) - F_{\mathrm{ref}}(x) \right| = \max_{1 \le i \le n} (a)$

      $$D = \sup_x \left| F_{\mathrm{new}}(x) - F_{\mathrm{ref}}(x) \right| = \max_{1 \le i \le n} b_i$$

      - ![A dot](media/dot.png) and $x < y + \text{<b>} + a + b + c + d + e + f + g + h + i + j + k$
  - id: gaps
    kind: cloze
    text: |
      {{c1::Outer {{c2::inner::a hint}}}} and {{c2,3::`both`}} with \(no maths\).

      ```python
      print({{c3::"x"}})
      ```
  - id: several
    kind: choice
    question: Which two of these have needles?
    options:
      - {right: Pine, reason: Its needles stand in bundles.}
      - {right: Spruce, reason: "Averyveryveryveryveryveryveryveryveryveryveryverylongreason."}
      - {wrong: Oak, reason: It has leaves.}
      - {wrong: "`Birch` and $\\alpha$", reason: It has leaves too.}
      - {wrong: Elm, reason: Leaves.}
  - id: gone
    kind: basic
    question: Retired?
    answer: "Yes."
    retired: It was wrong.
"""
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture
def forest(run: Run, tmp_path: Path) -> Path:
    """A project with every kind of card, and cards that are hard to lay out."""
    run("init", "forest", "--template", "exam", folder=tmp_path)
    folder = tmp_path / "forest" / "cards" / "forest"
    (folder / "more.yaml").write_text(CARDS, "utf-8")
    (folder / "media").mkdir()
    (folder / "media" / "dot.png").write_bytes(base64.b64decode(DOT))
    return tmp_path / "forest"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium; tests that need one are skipped where there is none."""
    program = find_chromium()
    if program is None:
        pytest.skip("no chromium here: the page is looked at in CI")
    with Browser(program, tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """A new tab of the Chromium."""
    chromium.open_tab()
    return chromium
