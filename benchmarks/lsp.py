"""Time `cards lsp` on 10,000 cards: problems, completion and hover while somebody types; then 10,000 random edits.

Problems are timed from the key press until the editor has those of the new text. Memory is that of the
server before and after the random edits. Needs Linux.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

import corpus
from table import Row, print_rows

from editor_client import Editor
from editor_edits import edit_at_random

CARDS: Final = 10_000
EDITS: Final = 10_000
MAX_MS: Final = 150
_WORDS: Final = (
    "  - id: drift\n    question: What *drifts*?\n    answer: |\n      The data.\n    tags: [a]\n"
)
_ROUNDS: Final = 3


def find_p95(times_s: Sequence[float]) -> float:
    """Return the time in milliseconds that 95 of 100 do not exceed."""
    return sorted(times_s)[int(len(times_s) * 0.95)] * 1000


def read_memory_mb(pid: int) -> float:
    """Return the memory of a process that is in use."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def time_session(editor: Editor, uri: str) -> dict[str, list[float]]:
    """Type a card letter by letter, several times; return the seconds of each answer."""
    times: dict[str, list[float]] = {"problems": [], "completion": [], "hover": []}
    start = len(editor.texts[uri])
    for _ in range(_ROUNDS):
        for letter in _WORDS:
            begun = time.perf_counter()
            editor.type(uri, letter)
            editor.complete(uri)
            times["completion"].append(time.perf_counter() - begun)
            editor.read_problems(uri)
            times["problems"].append(time.perf_counter() - begun)
            begun = time.perf_counter()
            editor.ask_at("textDocument/hover", uri, editor.texts[uri].index("note-") + 2)
            times["hover"].append(time.perf_counter() - begun)
        editor.replace(uri, start, len(editor.texts[uri]), "")
    return times


def list_rows(cards: int, edits: int) -> Iterator[Row]:
    """Yield the rows of one server."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "project"
        corpus.write_project(root, cards)
        env = {
            "CARDS_CACHE": str(root.parent / "cache"),
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        }
        path = root / "cards" / corpus.PACK / "00005.yaml"
        for what in (
            "first start, until problems are shown",
            "later start, until problems are shown",
        ):
            begun = time.perf_counter()
            with Editor(root, env=env) as editor:
                ready_s = time.perf_counter() - begun
                editor.read_problems(editor.open(path))
                yield Row(f"lsp, {cards:,} cards: {what}", time.perf_counter() - begun, "s")
        yield Row("lsp: start, until it answers", ready_s, "s")
        with Editor(root, env=env) as editor:
            uri = editor.open(path)
            editor.read_problems(uri)
            target = f"{MAX_MS} ms"
            for what, times_s in time_session(editor, uri).items():
                yield Row(
                    f"lsp, {cards:,} cards: {what}, p95",
                    find_p95(times_s),
                    "ms",
                    limit=MAX_MS,
                    target=target,
                )
        yield from list_random_rows(root, env, edits)


def list_random_rows(root: Path, env: dict[str, str], edits: int) -> Iterator[Row]:
    """Yield the memory of a server whose files are edited at random."""
    with Editor(root, env=env) as editor:
        names = ("cards/big/00000.yaml", "decks/big/deck.yaml", "cards/big/new.yaml")
        uris = [editor.open(root / name, "cards:\n- id: a\n") for name in names]
        dice = random.Random(1)
        # What is imported late, and caches that are full, are no growth.
        edit_at_random(editor, uris, dice, max(edits // 5, 100))
        before_mb = read_memory_mb(editor.pid)
        begun = time.perf_counter()
        edit_at_random(editor, uris, dice, edits)
        spent_s = time.perf_counter() - begun
        after_mb = read_memory_mb(editor.pid)
        if wrong := [text for text in editor.logged if "Error" in text]:
            sys.exit(f"the server reports {wrong[0]}")
        if editor.close() != (0, ""):
            sys.exit("the server did not end as it should")
        yield Row(f"lsp: {edits:,} random edits", spent_s, "s")
        yield Row("lsp: memory before them", before_mb, "MB")
        limit = 1.1 * before_mb
        yield Row(
            "lsp: memory after them", after_mb, "MB", before_mb, "before them", limit, "1.1 × floor"
        )


def main() -> None:
    """Print a table; exit with status 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="A tenth of everything.")
    options = parser.parse_args()
    part = 10 if options.quick else 1
    print_rows(list_rows(CARDS // part, EDITS // part))


if __name__ == "__main__":
    main()
