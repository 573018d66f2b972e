"""Damage stores at random, also older ones, and run commands on them: a message or success, never a traceback.

With success, `cards export` must have written as many reviews as the table holds.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Final

from click.testing import CliRunner

from cardwright.cli.main import cards

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from anki_backend import Anki
from damage import WAYS, damage_in, make_store, run_commands, write_project
from older_stores import write_older

_COMMANDS: Final = (
    ("export", "{folder}/out.jsonl"),
    ("sync", "{folder}/shared"),
    ("due",),
    ("stats",),
    ("stats", "--json"),
    ("history", "trees:card-1/recall"),
    ("history", "--day", "2026-11-01", "--json"),
    ("doctor",),
    ("doctor", "--verify"),
    ("doctor", "--rebuild"),
    ("backup",),
    ("backup", "{folder}/copy.db"),
    ("review", "--plain"),
    ("answer", "trees:card-1", "good"),
    ("suspend", "trees:card-2"),
    ("next", "--json"),
    ("options",),
    ("options", "trees", "new_per_day=5"),
    ("exam", "status"),
    ("exam", "ready"),
    ("exam", "coverage"),
    ("exam", "mock", "--list"),
    ("exam", "misses"),
    ("import", "{folder}/whole.jsonl"),
    ("anki", "sync", "--dry-run"),
    ("anki", "sync"),
    ("anki", "sync", "--vanished", "restore", "--json"),
)


def make_profile(project: Path, store: Path, folder: Path) -> None:
    """Make a profile of Anki that has the cards of the project, and every other answer of a store."""
    done = CliRunner().invoke(cards, ["-C", str(project), "build"])
    assert done.exit_code == 0, done.output
    anki = Anki(folder / "User 1")
    anki.import_package(project / "build" / "trees.apkg")
    ids = {ref.rpartition(":")[2]: note.card_ids()[0] for ref, note in anki.notes().items()}
    with closing(sqlite3.connect(store)) as db:
        query = "select at_ms, prompt, rating from reviews where act = 'answer' order by at_ms"
        rows = db.execute(query).fetchall()[::2]
    assert anki.col.db is not None
    for at_ms, prompt, rating in rows:
        card_id = ids[prompt.partition(":")[2].partition("/")[0]]
        anki.col.db.execute(
            "insert or ignore into revlog values (?, ?, -1, ?, 1, 0, 2500, 900, 1)",
            *(at_ms, card_id, rating),
        )
    anki.col.close()


def main() -> None:
    """Print what went wrong; exit with status 1 if anything did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="How many stores.")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = write_project(folder / "project")
        whole = folder / "whole.db"
        make_store(whole)
        older = folder / "older.db"
        write_older(whole, older)
        CliRunner().invoke(cards, ["export", str(folder / "whole.jsonl"), "--db", str(whole)])
        make_profile(project, whole, folder / "anki")
        # The library of Anki takes a second to be imported.
        assert not list(run_commands(project, whole, [("anki", "sync", "--vanished", "restore")]))
        for number in range(options.count):
            seed = options.seed * 1_000_000 + number
            way = WAYS[number % len(WAYS)]
            store = folder / "damaged.db"
            for suffix in ("", "-wal", "-shm"):
                Path(f"{store}{suffix}").unlink(missing_ok=True)
            shutil.copy(older if number // len(WAYS) % 3 == 2 else whole, store)
            damage_in(way, store, random.Random(seed))
            for words, problem in run_commands(project, store, _COMMANDS):
                ends[problem.strip().splitlines()[-1][:150]] += 1
                print(f"\n{way}, seed {seed}: cards {' '.join(words)}\n{problem}", flush=True)
    print(f"{options.count} stores, {len(_COMMANDS)} commands each: {sum(ends.values())} problems")
    for end, number in ends.most_common():
        print(f"{number:6} {end}")
    sys.exit(bool(ends))


if __name__ == "__main__":
    main()
