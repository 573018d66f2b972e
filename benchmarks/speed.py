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
SCRIPTS: Final = ("engine", "sync", "study", "review", "startup", "preview", "anki_rival")
PAGES: Final = {HERE.parent / "README.md": False, HERE / "README.md": True}
"""The pages with a table, and whether it is the whole one."""
_BEGIN: Final = "<!-- Written by benchmarks/speed.py: begin -->\n"
_END: Final = "<!-- end -->\n"


def fill_page(text: str, results: Mapping[str, Any], *, is_whole: bool) -> str:
    """Return a page with the table of these results."""
    before, _, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    assert end, "the page has no place for the table"
    rows = [Row(**row) for row in results["rows"]]
    table = format_table(rows, is_whole=is_whole)
    return f"{before}{_BEGIN}\n{results['machine']}:\n\n{table}\n{_END}{after}"


def run_script(name: str, rows: Path, *, is_quick: bool) -> int:
    """Run a benchmark, which adds to a file of rows; return its exit status."""
    words = [sys.executable, str(HERE / f"{name}.py"), *(["--quick"] if is_quick else [])]
    return subprocess.run(words, env={**os.environ, ROWS: str(rows)}, check=False).returncode


def describe_machine() -> str:
    """Return what the figures depend on besides the program."""
    return f"On {os.cpu_count()} cores, with {platform.system()} and Python {platform.python_version()}"


def main() -> None:
    """Print all rows; exit with status 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help="Only these, such as `sync`.")
    parser.add_argument("--quick", action="store_true", help="A tenth of everything.")
    parser.add_argument("--write", action="store_true", help="Put the figures into the pages.")
    options = parser.parse_args()
    if options.write and (options.quick or options.scripts):
        parser.error("--write needs all figures, at full size")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.touch()
        failed = [
            name
            for name in options.scripts or SCRIPTS
            if run_script(name, path, is_quick=options.quick)
        ]
        rows = read_rows(path)
    if options.write:
        results = {"machine": describe_machine(), "rows": [row._asdict() for row in rows]}
        RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", "utf-8")
        for page, is_whole in PAGES.items():
            text = fill_page(page.read_text("utf-8"), results, is_whole=is_whole)
            page.write_text(text, "utf-8")
    missed = [row.what for row in rows if not row.is_met]
    print(f"\n{len(rows)} rows, {len(missed)} missed{': ' if missed else ''}{'; '.join(missed)}")
    if failed:
        sys.exit(f"status 1: {', '.join(failed)}")


if __name__ == "__main__":
    main()
