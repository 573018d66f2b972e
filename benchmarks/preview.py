"""Time how long the page of `cards preview` takes to open in Chromium.

It has opened when the `load` event is over, cards are painted and a search is answered. Needs the
development install and a Chromium.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

import corpus
from table import Row, print_rows

from browser import Browser, find_chromium

NOTES: Final = 5_000
MAX_LOAD_S: Final = 0.6
_SIZE: Final = (1200, 900)
_PAINTED: Final = """
new Promise((done) => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => done(performance.now());
  channel.port2.postMessage(0);
}))
"""
"""The time when the next frame has been painted."""
_MEASURE: Final = f"""
addEventListener("load", async () => {{
  const painted = await {_PAINTED};
  const seen = document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest(".prompt");
  const field = document.querySelector("[name=q]");
  const start = performance.now();
  field.value = "a word";
  field.dispatchEvent(new Event("input", {{ bubbles: true }}));
  window.times = {{ load: seen ? painted : NaN, search: (await {_PAINTED}) - start }};
}});
"""


def time_page(page: Path, rounds: int) -> list[dict[str, float]]:
    """Open a page in new tabs; return the milliseconds of each."""
    program = find_chromium()
    if program is None:
        sys.exit("no Chromium here")
    found = []
    with tempfile.TemporaryDirectory() as profile, Browser(program, Path(profile)) as browser:
        for _ in range(rounds + 1):
            browser.open_tab()
            browser.set_size(*_SIZE)
            browser.run_first(_MEASURE)
            browser.open(page.as_uri())
            browser.wait_for("window.times")
            found.append(browser.run("times"))
    # The first one also starts the browser's own processes.
    return found[1:]


def list_rows(notes: int = NOTES, rounds: int = 5) -> Iterator[Row]:
    """Yield the rows of the page."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        corpus.write_project(root, notes)
        words = [sys.executable, "-m", "cardwright", "-C", folder, "preview"]
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
        found = time_page(root / "build" / "preview.html", rounds)
    assert all(one["load"] for one in found), "no card was to be seen"
    load_s, search_s = (median(one[name] for one in found) / 1000 for name in ("load", "search"))
    what = f"preview page, {notes:,} notes"
    yield Row(what, load_s, "s", 0, "", MAX_LOAD_S, f"{MAX_LOAD_S:g} s")
    yield Row(f"{what}: first search", search_s, "s")


def main() -> None:
    """Print a table; exit with status 1 if the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="A tenth of the notes.")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print_rows(list_rows(NOTES // 10 if options.quick else NOTES, options.rounds))


if __name__ == "__main__":
    main()
