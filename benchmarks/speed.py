"""Run all benchmarks that have targets for speed, and put their figures into the README files.

Needs the development install, a Chromium and a quiet machine; it takes about half an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from table import ROWS, Row, format_table, read_rows

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results.json"
SCRIPTS: Final = (
    "engine",
    "sync",
    "study",
    "review",
    "startup",
    "exam_speed",
    "preview",
    "lsp",
    "anki_rival",
)
PAGES: Final = {HERE.parent / "README.md": False, HERE / "README.md": True}
"""The pages with a table, and whether it is the whole one."""
_BEGIN: Final = "<!-- Written by benchmarks/speed.py: begin -->\n"
_END: Final = "<!-- end -->\n"


def fill_page(text: str, results: Mapping[str, Any], *, is_whole: bool) -> str:
    """Return a page with the table of these results."""
    before, _, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    assert end, "the page has no place for the table"
    rows = [Row(**row) for name in SCRIPTS for row in results["rows"].get(name, ())]
    table = format_table(rows, is_whole=is_whole)
    return f"{before}{_BEGIN}\n{results['machine']}:\n\n{table}\n{_END}{after}"


def run_script(name: str, *, is_quick: bool) -> list[Row]:
    """Run a benchmark and return its rows."""
    words = [sys.executable, str(HERE / f"{name}.py"), *(["--quick"] if is_quick else [])]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.touch()
        environment = {**os.environ, ROWS: str(path)}
        # Modules are compiled once, as when they are installed.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        status = subprocess.run(words, env=environment, check=False).returncode
        rows = read_rows(path)
    if status != any(not row.is_met for row in rows):
        sys.exit(f"{name}.py failed with status {status}")
    return rows


def describe_machine() -> str:
    """Return what the figures depend on besides the program."""
    return f"On {os.cpu_count()} cores, with {platform.system()} and Python {platform.python_version()}"


def write_results(found: Mapping[str, list[Row]]) -> None:
    """Put rows by script into the file of results, and its tables into the pages."""
    machine = describe_machine()
    known = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    if known.get("machine") != machine:
        # Figures of two machines do not belong in one table.
        known = {"rows": {}}
    new = {name: [row._asdict() for row in rows] for name, rows in found.items()}
    results = {"machine": machine, "rows": {**known["rows"], **new}}
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", "utf-8")
    for page, is_whole in PAGES.items():
        text = fill_page(page.read_text("utf-8"), results, is_whole=is_whole)
        page.write_text(text, "utf-8")


def main() -> None:
    """Print all rows; exit with status 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help="Only these, such as `sync`.")
    parser.add_argument("--quick", action="store_true", help="A tenth of everything.")
    parser.add_argument("--write", action="store_true", help="Put the figures into the pages.")
    options = parser.parse_args()
    if options.write and options.quick:
        parser.error("--write needs figures of the full size")
    found = {name: run_script(name, is_quick=options.quick) for name in options.scripts or SCRIPTS}
    if options.write:
        write_results(found)
    rows = [row for rows in found.values() for row in rows]
    missed = [row.what for row in rows if not row.is_met]
    print(f"\n{len(rows)} rows, {len(missed)} missed")
    if missed:
        sys.exit(f"missed: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
