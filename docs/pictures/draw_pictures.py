"""Draw the pictures of README and docs: `python docs/pictures/draw_pictures.py`.

`review.svg` and `home.svg` are screens of the real program, run in a pseudo-terminal. `card.png` is the
card of the README from the built package, rendered by Anki's own backend and photographed by Chromium, as
are the preview of `docs/start.md` and the page of `cards stats --html`. It wants the fonts Roboto and STIX
(Debian: `fonts-roboto-unhinted`, `fonts-stix`).
"""

from __future__ import annotations

import hashlib
import html
import itertools
import json
import os
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from latex2mathml.converter import convert

from cardwright import Moment, Rating, load, open_store, start_session

FOLDER: Final = Path(__file__).parent
ROOT: Final = FOLDER.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
"""What drives a terminal, Anki and Chromium is shared with the tests."""

SVG: Final = FOLDER / "review.svg"
HOME: Final = FOLDER / "home.svg"
PNG: Final = FOLDER / "card.png"
PREVIEW: Final = FOLDER / "preview.png"
STATS: Final = FOLDER / "stats.png"

_CARD: Final = "statistics:standard-error"
_OTHERS: Final = """\
kind: basic
sources: [https://en.wikipedia.org/wiki/Statistics]
cards:
"""
_COUNT: Final = 14
"""Other cards of the sample deck, so that the screen shows a day as it may be."""
_DAY_MS: Final = 86_400_000
_START_MS: Final = 1_772_442_000_000
"""2026-03-02, 09:00 UTC: the first day of study."""
_COLUMNS: Final = 80
_LINES: Final = {"review": 19, "home": 13}
_DECKS: Final = {"garden": 70, "spanish": 90, "statistics": 60}
"""The decks of the home screen and the statistics, with the number of their cards."""
_DAYS: Final = 28
"""How long they were studied."""


def read_sample() -> str:
    """Return the card that the README shows."""
    readme = (ROOT / "README.md").read_text("utf-8")
    return readme.split("```yaml\n")[1].split("```")[0]


def write_project(folder: Path) -> Path:
    """Write a small project that holds the README's card, and return its folder."""
    others = "".join(
        f"  - {{id: other-{number}, question: What is {number}?, answer: A number.}}\n"
        for number in range(_COUNT)
    )
    files = {
        "cards/statistics/basics.yaml": read_sample(),
        "cards/statistics/others.yaml": _OTHERS + others,
        "decks/statistics/deck.yaml": "name: Statistics\nnamespace: statistics\n"
        "options: {new_per_day: 8, fuzz: false}\n",
    }
    for name, text in files.items():
        path = folder / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder / "project"


# The terminal


def draw_review(folder: Path) -> str:
    """Review the README's card in a pseudo-terminal, and return the screen with its answer as SVG."""
    project, store = folder / "project", folder / "reviews.db"
    _study(project, store)
    environ = {"CARDS_DB": str(store), "CARDS_NOW": "2026-03-18T09:00:00+00:00", "TZ": "UTC"}
    about = "a card with its answer, and the four ratings with the wait after each"
    return _draw_program(project, "review", ("Standard error", " ", "Again"), environ, about)


def draw_home(folder: Path) -> str:
    """Return the home screen of a project with several decks as SVG."""
    about = "the decks, with what is due in each"
    return _draw_program(folder / "flashcards", "home", ("Spanish",), _study_environ(folder), about)


def _draw_program(
    project: Path, name: str, steps: Sequence[str], environ: dict[str, str], about: str
) -> str:
    """Run a command in a pseudo-terminal, wait for texts and type keys in turn; return its screen."""
    from pty_driver import PtyProgram  # noqa: PLC0415  (not on Windows)

    program = PtyProgram(
        [sys.executable, "-m", "cardwright", "-C", str(project), name],
        columns=_COLUMNS,
        lines=_LINES[name],
        environ=environ,
    )
    with program:
        for number, step in enumerate(steps):
            (program.type if number % 2 else program.wait_for)(step)
        return draw_screen(program.rows, f"cards {name}", about)


def write_decks(folder: Path) -> None:
    """Write a project of several decks that were studied for weeks, and their store."""
    project = folder / "flashcards"
    for pack, count in _DECKS.items():
        cards = "".join(
            f"  - {{id: card-{number}, question: What is {number}?, answer: A number.}}\n"
            for number in range(count)
        )
        for name, text in {
            f"cards/{pack}/cards.yaml": "kind: basic\ncards:\n" + cards,
            f"decks/{pack}/deck.yaml": f"name: {pack.title()}\nnamespace: {pack}\n"
            "options: {new_per_day: 2, fuzz: false}\n",
        }.items():
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    _study_for_weeks(project, folder / "reviews.db")
    _run(project, "backup", **_study_environ(folder))


def _study_for_weeks(project: Path, store_path: Path) -> None:
    """Answer all that is due each day, at the same times, and forget one review in nine."""
    collection, _ = load(project)
    count = 0
    with open_store(store_path) as store:
        for day in range(_DAYS):
            at_ms = _START_MS + day * _DAY_MS
            session = start_session(collection, store, Moment(at_ms, 0))
            while session.current is not None:
                count += 1
                at_ms += 11_000
                rating = Rating.AGAIN if count % 9 == 0 else Rating(3 + (count % 7 == 0))
                session.answer(rating, Moment(at_ms, 0), duration_ms=5_000 + 700 * (count % 9))


def _study_environ(folder: Path) -> dict[str, str]:
    """Return the variables that set the store, and the morning after the last day of study."""
    now = Moment(_START_MS + _DAYS * _DAY_MS, 0).local.isoformat()
    return {"CARDS_DB": str(folder / "reviews.db"), "CARDS_NOW": now, "TZ": "UTC"}


def _study(project: Path, store_path: Path) -> None:
    """Answer the README's card on two days and the others on one, so that it is the first due."""
    collection, _ = load(project)
    ours = replace(collection, cards=tuple(card for card in collection.cards if card.ref == _CARD))
    with open_store(store_path) as store:
        for day, cards in ((0, ours), (2, ours), (6, collection)):
            rating = Rating.GOOD if cards is ours else Rating.EASY
            at_ms = _START_MS + day * _DAY_MS
            session = start_session(cards, store, Moment(at_ms, 0))
            while session.current is not None:
                at_ms += 61_000
                session.answer(rating, Moment(at_ms, 0), duration_ms=9_000)


_SANS: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
_MONO: Final = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_WIDTH: Final = 8.4
"""Pixels of a character."""
_HEIGHT: Final = 19
_PAD: Final = 18
_BAR: Final = 34
_INK: Final = "#d6dae0"
_PAPER: Final = "#16191d"
_FAINT: Final = "#868d96"
_COLOURS: Final = {
    "black": "#16191d",
    "red": "#f08d7f",
    "green": "#93cf8f",
    "brown": "#e3b96f",
    "blue": "#82b4f0",
    "magenta": "#d29be0",
    "cyan": "#78c8cf",
    "white": "#d6dae0",
    "brightblack": "#868d96",
}


def draw_screen(rows: list[list[Any]], title: str, about: str) -> str:
    """Return rows of pyte's characters as an SVG that needs no font, script or file beside it."""
    width = _COLUMNS * _WIDTH + 2 * _PAD
    height = len(rows) * _HEIGHT + 2 * _PAD + _BAR
    lights = "".join(
        f'<circle cx="{20 + 18 * number}" cy="18" r="5.5" fill="{colour}"/>'
        for number, colour in enumerate(("#e5695f", "#e0b04e", "#63b659"))
    )
    body = "\n".join(
        run
        for number, row in enumerate(rows)
        for run in _draw_row(row, _BAR + _PAD + (number + 0.72) * _HEIGHT)
    )
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}">
<title>{title}: {about}</title>
<rect width="100%" height="100%" rx="9" fill="{_PAPER}"/>
<path d="M0 {_BAR}V9a9 9 0 0 1 9-9H{width - 9:g}a9 9 0 0 1 9 9V{_BAR}z" fill="#23272d"/>
{lights}
<text x="50%" y="22.5" fill="{_FAINT}" font-family="{_SANS}" font-size="13" \
text-anchor="middle">{title}</text>
<g font-family="{_MONO}" font-size="14" fill="{_INK}">
{body}
</g>
</svg>
"""


def _draw_row(row: list[Any], y: float) -> Iterator[str]:
    """Yield the text of each stretch of one style, stretched to the width that it must have."""
    column = 0
    for style, run in itertools.groupby(row, key=lambda char: char._replace(data="")):
        text = "".join(char.data for char in run)
        bare = text.strip()
        x = _PAD + (column + len(text) - len(text.lstrip())) * _WIDTH
        if style.reverse:
            x, bare = _PAD + column * _WIDTH, text
            yield (
                f'<rect x="{x:g}" y="{y - 0.75 * _HEIGHT:g}" width="{len(text) * _WIDTH:g}" '
                f'height="{_HEIGHT}" rx="2" fill="{_COLOURS.get(style.fg, _INK)}"/>'
            )
        column += len(text)
        if not bare:
            continue
        colour = _PAPER if style.reverse else _COLOURS.get(style.fg, _INK)
        marks = (
            (' font-weight="bold"' if style.bold else "")
            + (' font-style="italic"' if style.italics else "")
            + (' text-decoration="underline"' if style.underscore else "")
            + (f' fill="{colour}"' if colour != _INK else "")
        )
        yield (
            f'<text x="{x:g}" y="{y:g}" textLength="{len(bare) * _WIDTH:g}" '
            f'lengthAdjust="spacingAndGlyphs"{marks}>{html.escape(bare).replace(" ", "&#160;")}</text>'
        )


# The card in Anki


def build_package(project: Path) -> Path:
    """Build the package of the sample project with `cards build`."""
    command = [sys.executable, "-m", "cardwright", "-C", str(project), "build"]
    subprocess.run(command, check=True, capture_output=True)
    return project / "build" / "statistics.apkg"


def digest_card(package: Path) -> str:
    """Return a digest of all that decides how the card looks: its fields, templates and style."""
    with zipfile.ZipFile(package) as archive:
        data = archive.read("collection.anki2")
    connection = sqlite3.connect(":memory:")
    connection.deserialize(data)
    try:
        fields, model = connection.execute(
            "select flds, mid from notes where flds like ?", (f"%{_CARD}%",)
        ).fetchone()
        ((models,),) = connection.execute("select models from col")
    finally:
        connection.close()
    note_type = json.loads(models)[str(model)]
    template = note_type["tmpls"][0]
    parts = (fields, note_type["css"], template["qfmt"], template["afmt"])
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def read_digest(png: Path) -> str:
    """Return the digest of the card that a picture shows."""
    match = re.search(rb"tEXtSource\0([0-9a-f]{64})", png.read_bytes())
    return match[1].decode() if match else ""


def draw_card(folder: Path, package: Path, target: Path) -> None:
    """Import the package into Anki, and photograph the card's answer by day and by night."""
    from anki_backend import Anki  # noqa: PLC0415  (only to draw, not to check)

    anki = Anki(folder / "anki")
    anki.import_package(package)
    note = next(note for name, note in anki.notes().items() if name == _CARD)
    output = note.cards()[0].render_output()
    anki.col.close()
    # Anki's MathJax is not in its backend; Chromium draws MathML itself.
    answer = re.sub(
        r"\\\((.*?)\\\)", lambda match: convert(html.unescape(match[1])), output.answer_text
    )
    page = folder / "card.html"
    page.write_text(
        f"""<!doctype html><meta charset="utf-8"><style>{output.css}</style><style>
        body {{ display: flex; gap: 16px; height: 100vh; margin: 0; }}
        .card {{ flex: 1; box-sizing: border-box; border-radius: 10px; border: 1px solid #8885;
                 font-family: Roboto, sans-serif; padding: 22px 20px; }}
        .card math {{ font-family: "STIX Two Math", STIX, math; }}
        html {{ background: transparent; }}
        </style><div class="card">{answer}</div><div class="card nightMode">{answer}</div>""",
        "utf-8",
    )
    _photograph(page, target, (860, 480))
    _sign(target, digest_card(package))


def _photograph(page: Path, target: Path, size: tuple[int, int]) -> None:
    """Write a picture of an HTML file, at twice its size in pixels."""
    from browser import find_chromium  # noqa: PLC0415  (not on Windows)

    subprocess.run(
        [
            str(find_chromium()),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--hide-scrollbars",
            "--default-background-color=00000000",
            "--force-device-scale-factor=2",
            f"--window-size={size[0]},{size[1]}",
            f"--user-data-dir={page.parent / 'profile'}",
            f"--screenshot={target}",
            page.as_uri(),
        ],
        check=True,
        capture_output=True,
    )


# Pages of the program


def write_preview(folder: Path) -> Path:
    """Write the preview of the project of `docs/start.md`, and return its file."""
    project = folder / "garden"
    _run(folder, "init", "garden")
    page = (ROOT / "docs" / "start.md").read_text("utf-8")
    card = page.split("```yaml\n")[1].split("```")[0]
    (project / "cards/garden/trees.yaml").write_text(card, "utf-8")
    deck = "name: Garden\nnamespace: garden\n"
    (project / "decks/garden/deck.yaml").write_text(deck, "utf-8")
    _run(project, "preview", "--to", "preview.html", BROWSER="true")
    return project / "preview.html"


def write_stats(folder: Path) -> Path:
    """Write the page of charts of the decks that were studied, and return its file."""
    _run(folder / "flashcards", "stats", "--html", "stats.html", **_study_environ(folder))
    return folder / "flashcards" / "stats.html"


def _run(folder: Path, *words: str, **environ: str) -> None:
    command = [sys.executable, "-m", "cardwright", *words]
    subprocess.run(command, cwd=folder, env=os.environ | environ, check=True, capture_output=True)


def digest_page(page: Path) -> str:
    """Return a digest of what decides how a page looks: all but its scripts and their hashes."""
    text = re.sub(r"(?s)<script.*?</script>|<meta http-equiv[^>]*>", "", page.read_text("utf-8"))
    return hashlib.sha256(text.encode()).hexdigest()


def draw_page(page: Path, target: Path, size: tuple[int, int]) -> None:
    """Photograph a page of the program."""
    _photograph(page, target, size)
    _sign(target, digest_page(page))


def _sign(png: Path, digest: str) -> None:
    """Write the digest of the card into the picture, as text before its last chunk."""
    data, chunk = png.read_bytes(), b"tEXtSource\0" + digest.encode()
    head = struct.pack(">I", len(chunk) - 4)
    png.write_bytes(data[:-12] + head + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[-12:])


def main() -> None:
    """Draw all pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = write_project(folder)
        SVG.write_text(draw_review(folder), "utf-8")
        draw_card(folder, build_package(project), PNG)
        draw_page(write_preview(folder), PREVIEW, (1000, 640))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_decks(folder)
        HOME.write_text(draw_home(folder), "utf-8")
        draw_page(write_stats(folder), STATS, (1000, 870))
    print(*(SVG, PNG, PREVIEW, HOME, STATS), sep="\n")


if __name__ == "__main__":
    main()
