"""The site of the docs is whole, loads nothing from elsewhere, and works without a server."""

from __future__ import annotations

import re
import shutil
import sys
import threading
import tomllib
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import build_site
import pytest
from markdown_it import MarkdownIt

CONFIG = tomllib.loads((build_site.FOLDER / "zensical.toml").read_text("utf-8"))
LOADING = {"src", "srcset", "data", "poster"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    pytest.importorskip("zensical", reason="the extra `docs` is not installed")
    return build_site.build(tmp_path_factory.mktemp("site")).parent


class Page(HTMLParser):
    """The ids of a page, what it links to, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.add(str(value))
            elif name == "href" and tag == "a":
                self.links.append(str(value))
            elif name in LOADING or name == "href":
                self.loaded.append(str(value))
            elif name == "style":
                self.loaded += find_styles(str(value))


def find_styles(css: str) -> list[str]:
    """What a stylesheet loads, but for what it holds itself."""
    found = re.findall(r"""url\(\s*["']?([^"')]*)|@import\s+["']([^"']*)""", css)
    return [address for pair in found for address in pair if address and address[:5] != "data:"]


def list_names(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for part in nav.values() if isinstance(nav, dict) else nav:
            yield from list_names(part)


def test_links_and_anchors_resolve_and_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages = {path: Page(path) for path in site.glob("*.html")}
    # Served for any address, so its links begin at the top.
    del pages[site / "404.html"]

    for path, page in pages.items():
        for link in page.links:
            name, _, anchor = unquote(link).partition("#")
            if re.match(r"\w+:", name):
                continue
            target = (path.parent / name).resolve() if name else path
            assert target.is_file(), f"{path.name}: {link}"
            assert not anchor or anchor in pages[target].ids, f"{path.name}: {link}"
        for loaded in page.loaded:
            assert (path.parent / loaded.partition("?")[0]).is_file(), f"{path.name}: {loaded}"
    styles = list(site.rglob("*.css"))
    assert len(styles) > 1
    for style in styles:
        for loaded in find_styles(style.read_text("utf-8")):
            assert (style.parent / loaded).is_file(), f"{style.name}: {loaded}"
    assert {path.name for path in pages} == {
        name.replace(".md", ".html") for name in [*build_site.list_pages(), *build_site.GENERATED]
    }


def test_every_item_row_and_block_of_code_is_one_on_the_site_too(site: Path) -> None:
    marks = {"<li": {"list_item_open"}, "<tr": {"tr_open"}, "<pre": {"fence", "code_block"}}
    for name, path in build_site.list_pages().items():
        read = [token.type for token in MarkdownIt().enable("table").parse(path.read_text("utf-8"))]
        page = (site / name).with_suffix(".html").read_text("utf-8")
        article = page[page.index("<article") : page.index("</article>")]
        for mark, types in marks.items():
            found = re.findall(rf"{mark}\b", article)
            assert len(found) == sum(each in types for each in read), f"{name}: {mark}"


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""
    handler = partial(QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes that a browser inherits")
def test_search_works_with_and_without_a_server_and_asks_nobody(
    site: Path, address: str, tmp_path: Path
) -> None:
    from browser import Browser, find_chromium

    program = find_chromium()
    if program is None:
        pytest.skip("there is no Chromium")
    with Browser(program, tmp_path / "profile") as browser:
        browser.set_size(390, 800)
        for start in (site.as_uri(), address):
            browser.open(f"{start}/diagnostics.html")
            assert browser.run("document.documentElement.scrollWidth") == 390
            browser.click("label[for=__search]")
            dialog = "document.activeElement.shadowRoot"
            browser.wait_for(f"{dialog}?.activeElement?.tagName === 'INPUT'")
            for letter in "twins":
                browser.press(letter)
            browser.wait_for(f"/uneven-twins/.test({dialog}.textContent)")
            assert browser.run(f"{dialog}.activeElement.value") == "twins"
        loaded = browser.run("performance.getEntriesByType('resource').map((entry) => entry.name)")

    assert f"{address}/site.css" in loaded
    assert [name for name in loaded if not name.startswith(f"{address}/")] == []


def test_every_page_is_in_the_navigation_once() -> None:
    names = list(list_names(CONFIG["project"]["nav"]))

    assert sorted(names) == sorted([*build_site.list_pages(), *build_site.GENERATED])


def test_pages_are_adapted_to_the_markdown_of_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists, links and bars; code stays as it is."""
    monkeypatch.setattr(build_site, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    shutil.copy(build_site.FOLDER / "zensical.toml", tmp_path / "CONTRIBUTING.md")
    page = tmp_path / "docs" / "page.md"
    page.write_text(
        """\
See [this](../CONTRIBUTING.md#add), `[code](../gone.md)`:
1. one
   goes on

   ```sh
     - kept
   ```
   - inner
     goes on
2. two

   more
3. three

| a | b |
|---|---|
| `x\\|y` | z |

- [ ](#anchor) [out](https://example.com/a_b)
""",
        "utf-8",
    )

    assert (
        build_site.adapt_page(page)
        == """\
See [this](contributing.md#add), `[code](../gone.md)`:

1. one
    goes on

    ```sh
      - kept
    ```
    - inner
        goes on

2. two

    more

3. three

| a | b |
|---|---|
| `x|y` | z |

- [ ](#anchor) [out](https://example.com/a_b)
"""
    )


def test_a_link_to_what_is_not_on_the_site_stops_the_build() -> None:
    page = build_site.ROOT / "docs" / "study.md"

    with pytest.raises(build_site.SiteError, match=r"pyproject\.toml is not on the site"):
        build_site.place_on_site(build_site.ROOT / "pyproject.toml")
    with pytest.raises(build_site.SiteError, match=r"gone\.md does not exist"):
        build_site.adapt_line("[x](gone.md)", page, in_table=False)


def test_what_is_generated_names_every_command_and_every_export() -> None:
    import cardwright
    import cardwright.exam
    from cardwright.cli.main import cards

    commands = build_site.GENERATED["commands.md"]()
    reference = build_site.GENERATED["reference.md"]()

    for name in cards.commands:
        assert f"\n## cards {name}\n" in commands
    assert "### cards exam plan\n" in commands
    assert "--template [" in commands
    for name in (*cardwright.__all__, *cardwright.exam.__all__):
        assert f"\n### {name}\n" in reference
    assert "answer is on disk when this returns" in reference
    assert "| `stability` | `float = 0.0` | Days until recall falls to 90 percent" in reference
