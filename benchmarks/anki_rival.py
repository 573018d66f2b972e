"""Time Anki's own export and import beside `cards build`, with the same notes.

Anki writes a package from an open collection that holds the notes already. `cards build` is a whole
process that reads text, once without a cache and once after the edit of a card. Needs the development
install.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

import corpus
from anki.collection import (
    Collection,
    DeckIdLimit,
    ExportAnkiPackageOptions,
    ImportAnkiPackageOptions,
    ImportAnkiPackageRequest,
)
from table import Row, print_rows

NOTES: Final = 10_000


def time_anki(package: Path, folder: Path) -> tuple[float, float]:
    """Return the seconds in which Anki imports a package into a new collection and exports it again."""
    collection = Collection(str(folder / "collection.anki2"))
    try:
        request = ImportAnkiPackageRequest(
            package_path=str(package), options=ImportAnkiPackageOptions()
        )
        start = time.perf_counter()
        collection.import_anki_package(request)
        imported = time.perf_counter()
        deck = collection.decks.id_for_name("Big")
        assert deck is not None
        out = str(folder / "anki.apkg")
        # As read by every Anki; without, it would be compressed with zstd.
        options = ExportAnkiPackageOptions(with_media=True, legacy=True)
        exported = collection.export_anki_package(
            out_path=out, options=options, limit=DeckIdLimit(deck)
        )
        assert exported == collection.note_count()
        return imported - start, time.perf_counter() - imported
    finally:
        collection.close()


def time_build(root: Path, cache: str) -> float:
    """Return the seconds of `cards build` with a cache folder; "" is none."""
    words = [sys.executable, "-m", "cardwright", "-C", str(root), "build"]
    start = time.perf_counter()
    subprocess.run(words, capture_output=True, env={**os.environ, "CARDS_CACHE": cache}, check=True)
    return time.perf_counter() - start


def list_rows(notes: int = NOTES, rounds: int = 3) -> Iterator[Row]:
    """Yield the rows of Anki, for information."""
    imports_s, exports_s, full_s, edited_s = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        root, cache = Path(folder) / "project", str(Path(folder) / "cache")
        corpus.write_project(root, notes)
        time_build(root, cache)
        path = next((root / "cards").rglob("*.yaml"))
        text = path.read_text("utf-8")
        for number in range(rounds):
            full_s.append(time_build(root, ""))
            path.write_text(text.replace(" data ", f" edit {number} ", 1), "utf-8")
            edited_s.append(time_build(root, cache))
            (own := Path(folder) / str(number)).mkdir()
            import_s, export_s = time_anki(root / "build" / f"{corpus.PACK}.apkg", own)
            imports_s.append(import_s)
            exports_s.append(export_s)
    import_s, export_s = median(imports_s), median(exports_s)
    name = "Anki's export of the same notes"
    yield Row(f"full build, {notes:,} notes, beside Anki", median(full_s), "s", export_s, name)
    yield Row("build after one edit, beside Anki", median(edited_s), "s", export_s, name)
    yield Row("Anki's import of that package", import_s, "s")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="A tenth of the notes.")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print_rows(list_rows(NOTES // 10 if options.quick else NOTES, options.rounds))


if __name__ == "__main__":
    main()
