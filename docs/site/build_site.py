"""Build the documentation site into `build/site/html`: `make site`.

Gathers the pages of `docs/` and of the root, adds what is generated (all commands, and the library
from its docstrings), and has Zensical build them. Its Markdown wants lists indented by four.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from commands_page import write_commands_page
from markdown_it import MarkdownIt
from markdown_it.token import Token
from reference_page import write_reference_page

FOLDER: Final = Path(__file__).parent
ROOT: Final = FOLDER.parents[1]
GENERATED: Final = {"commands.md": write_commands_page, "reference.md": write_reference_page}
"""What is on the site only."""
_ELSEWHERE: Final = {
    "README.md": "index.md",
    "docs/README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
    "editors/vscode/README.md": "vscode.md",
    "examples/spanish/README.md": "spanish.md",
}
_CODE_OR_TARGET: Final = re.compile(r"(?P<code>`[^`\n]*`)|(?<=\]\()(?P<target>[^)\s]+)(?=\))")


class SiteError(Exception):
    """The site cannot be built."""


def list_pages() -> dict[str, Path]:
    """Return the pages that are written by hand, by their names on the site."""
    paths = [ROOT / name for name in _ELSEWHERE if name != "README.md"]
    paths += [path for path in (ROOT / "docs").glob("*.md") if path.name != "README.md"]
    return {place_on_site(path): path for path in sorted(paths)}


def place_on_site(path: Path) -> str:
    """Return where a file of the repository is on the site."""
    name = path.relative_to(ROOT).as_posix()
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    if PurePosixPath(name).parts[0] == "docs":
        return name.removeprefix("docs/")
    raise SiteError(f"{name} is not on the site")


def adapt_page(path: Path) -> str:
    """Return the text of a page as the site's Markdown wants it."""
    text = path.read_text("utf-8")
    lines = text.splitlines()
    code: set[int] = set()
    tables: set[int] = set()
    tokens = MarkdownIt().enable("table").parse(text)
    for token in tokens:
        if token.map and token.type in ("fence", "code_block", "table_open"):
            (tables if token.type == "table_open" else code).update(range(*token.map))
    for number, line in enumerate(lines):
        if number not in code:
            lines[number] = adapt_line(line, path, in_table=number in tables)
    return "\n".join(_indent_lists(tokens, lines)) + "\n"


def adapt_line(line: str, path: Path, *, in_table: bool) -> str:
    """Point links to the pages of the site, and unescape bars of code in tables."""

    def replace(match: re.Match[str]) -> str:
        if match["code"]:
            return match["code"].replace("\\|", "|") if in_table else match["code"]
        name, mark, anchor = match["target"].partition("#")
        if not name or ":" in name:
            return match[0]
        linked = (path.parent / name).resolve()
        if not linked.exists():
            raise SiteError(f"{path.name}: {match['target']} does not exist")
        return place_on_site(linked) + mark + anchor

    return _CODE_OR_TARGET.sub(replace, line)


def _indent_lists(tokens: Iterable[Token], lines: list[str]) -> Iterator[str]:
    """Yield lines with everything in a list indented by four for each level."""
    items: dict[int, list[int]] = {}
    first: set[int] = set()
    after_blocks: set[int] = set()
    for token in tokens:
        if token.map and token.type == "list_item_open":
            first.add(token.map[0])
            if "" in (line.strip() for line in lines[slice(*token.map)]):
                after_blocks.add(token.map[1])
            for number in range(*token.map):
                items.setdefault(number, []).append(token.map[0])
    widths: dict[int, int] = {}
    for number, line in enumerate(lines):
        around = items.get(number, [])
        outer = [start for start in around if start != number]
        rest = _cut_indent(line, sum(widths[start] for start in outer))
        if number in first and (marker := re.match(r" *(?:[-*+]|\d+[.)]) +", rest)):
            widths[number] = marker.end()
            follows = number > 0 and lines[number - 1].strip()
            if follows and ((not outer and number - 1 not in items) or number in after_blocks):
                yield ""
        yield ("    " * len(outer) + rest).rstrip()


def _cut_indent(line: str, width: int) -> str:
    """Return a line without that many blanks at its start, or fewer if it has fewer."""
    return line[min(width, len(line) - len(line.lstrip(" "))) :]


def gather(target: Path) -> None:
    """Write everything that the site is built from into a folder."""
    shutil.rmtree(target, ignore_errors=True)
    pages = target / "pages"
    shutil.copytree(ROOT / "docs" / "pictures", pages / "pictures", ignore=_ignore_scripts)
    for name in ("site.css", "iframe-worker.js"):
        shutil.copy(FOLDER / name, pages)
    shutil.copy(FOLDER / "zensical.toml", target)
    for name, path in list_pages().items():
        (pages / name).write_text(adapt_page(path), "utf-8")
    for name, write in GENERATED.items():
        (pages / name).write_text(write(), "utf-8")


def _ignore_scripts(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith((".png", ".svg"))]


def build(target: Path) -> Path:
    """Build the site in a folder, and return its first page."""
    gather(target)
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict", "--clean"],
        cwd=target,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        # A mistake in a page is followed by a traceback of Zensical itself.
        raise SiteError((done.stdout + done.stderr).partition("Traceback")[0] or done.stderr)
    return target / "html" / "index.html"


if __name__ == "__main__":
    try:
        print(build(ROOT / "build" / "site").relative_to(ROOT))
    except SiteError as error:
        sys.exit(str(error))
