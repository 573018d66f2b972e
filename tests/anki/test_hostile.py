"""Hostile cards: nothing in them is executed, in Anki or in a browser."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

from anki_backend import Anki
from project_files import Run, Write

HOSTILE = Path(__file__).parents[1] / "cases" / "hostile.yaml"
TAGS = {
    "a",
    "article",
    "blockquote",
    "br",
    "code",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "section",
    "span",
    "strong",
    "summary",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
}
ATTRIBUTES = {
    "alt",
    "class",
    "data-id",
    "data-ordinal",
    "data-cloze",
    "dir",
    "href",
    "id",
    "src",
    "start",
    "title",
}


class Elements(HTMLParser):
    """Every element of a page that is not on the list of harmless ones."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.harmful: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS or {name for name, _ in attrs} - ATTRIBUTES:
            self.harmful.append((tag, attrs))
        for name, value in attrs:
            if name in ("href", "src") and urlsplit(value or "").scheme not in (
                "",
                "http",
                "https",
            ):
                self.harmful.append((tag, attrs))

    def handle_comment(self, data: str) -> None:
        self.harmful.append(data)

    def handle_decl(self, decl: str) -> None:
        self.harmful.append(decl)


def test_hostile_cards_come_out_as_harmless_text(write: Write, anki: Anki, project: Path) -> None:
    from cardwright.anki.notetype import read_asset
    from cardwright.anki.package import write_package
    from cardwright.anki.publish import prepare_build
    from cardwright.anki.record import Record
    from cardwright.app.project import open_project
    from cardwright.project.load import load

    root = write({"cards/trees/hostile.yaml": HOSTILE.read_text("utf-8")})
    _, problems = load(root)
    assert problems == []
    # Some of it is refused by `check`; the compiler must not depend on that.
    opened = open_project(root)
    contents, ledger = opened.describe_pack("trees"), opened.ledgers["trees"]
    build = prepare_build(contents, ledger, Record(), built_s=1_700_000_000, now_s=1_700_000_000)
    with (project / "hostile.apkg").open("wb") as file:
        write_package(contents, build.stamps, file)
    anki.import_package(project / "hostile.apkg")

    ours = read_asset("card.js")
    asked = 0
    for note in anki.notes().values():
        for card in note.cards():
            output = card.render_output()
            asked += 1
            assert not output.question_av_tags
            assert not output.answer_av_tags
            for html in (output.question_text, output.answer_text):
                elements = Elements()
                elements.feed(html.replace(f"<script>\n{ours}</script>", ""))
                assert elements.harmful == []
                assert "{{" not in html
                assert 'class="latex"' not in html
    assert asked >= 7


def test_the_worst_is_refused_before_it_is_built(write: Write, run: Run) -> None:
    write({"cards/trees/hostile.yaml": HOSTILE.read_text("utf-8")})

    output = run("check", "--json", exit_code=1).stdout

    for code in ("bad-cloze", "bad-link", "unsafe-link", "raw-html"):
        assert f'"code": "{code}"' in output
