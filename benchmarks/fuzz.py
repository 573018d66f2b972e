"""Thousands of mutated files, projects and packages: no crash, no hang, nothing read or run elsewhere.

    python benchmarks/fuzz.py --count 10000 --seed 1

What is found is printed with its seed; `--count 1 --seed N --keep FOLDER` makes it again. It needs Linux.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import TextIO

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
sys.dont_write_bytecode = True

from mutations import (  # noqa: E402
    keep_meaning,
    mutate_bytes,
    mutate_database,
    mutate_ledger,
    mutate_tree,
    mutate_yaml,
    recode,
)
from strange_packages import pack, write_package  # noqa: E402
from trials import COMMANDS, FILES, Finding, Garden, tell_canary, try_index, try_project  # noqa: E402

MAX_MEMORY = 1_500 * 2**20
Trial = Callable[[Random, Path, "Seeds"], None]


class Seeds:
    """Sound gardens and packages, which trials copy."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.gardens: list[Garden] = []
        self.canaries: list[list[str]] = []
        for name, files in self._list_projects():
            garden = Garden(base / name)
            garden.plant({**FILES, **files})
            for words in (("release", "trees", "1.0.0"), ("due",)):
                done = garden.run(*words, writable=("build", "decks"))
                assert not done.exit_code, done
            _, rows = garden.check()
            assert not [row for row in rows if row["severity"] == "error"], rows
            self.gardens.append(garden)
            self.canaries.append(tell_canary(rows))
        self.packages = sorted((ROOT / "build").glob("*.apkg"))
        self.packages += [garden.root / "build" / "trees.apkg" for garden in self.gardens[:1]]
        self.packages.append(write_package(base / "small.apkg"))

    def _list_projects(self) -> Iterator[tuple[str, dict[str, str | bytes]]]:
        yield "garden", {}
        ours = sorted(
            (ROOT / "cards" / "mlpro").rglob("*.yaml"), key=lambda path: path.stat().st_size
        )
        for number, path in enumerate(ours[2::6]):
            yield f"mlpro-{number}", {f"cards/mlpro/{path.name}": path.read_bytes()}
        manifest = (ROOT / "decks" / "mlpro" / "deck.yaml").read_bytes()
        blueprint = (ROOT / "decks" / "mlpro" / "blueprint.yaml").read_bytes()
        yield (
            "manifest",
            {
                "decks/mlpro/deck.yaml": manifest.split(b"\ndecks:")[0],
                "decks/mlpro/blueprint.yaml": blueprint,
            },
        )

    def copy(self, dice: Random, work: Path) -> tuple[Garden, list[str]]:
        number = dice.choice((0, 0, dice.randrange(len(self.gardens))))
        return self.gardens[number].copy(work / "garden"), self.canaries[number]


def list_files(garden: Garden, *endings: str) -> list[Path]:
    return sorted(
        path
        for path in garden.root.rglob("*")
        if path.is_file()
        and path.name.endswith(endings)
        and "canary" not in path.parts
        and "build" not in path.relative_to(garden.root).parts
    )


def pick_words(dice: Random) -> list[tuple[str, ...]]:
    return dice.sample(COMMANDS, 4)


def try_text(dice: Random, work: Path, seeds: Seeds) -> None:
    """Mutate one or two YAML files."""
    garden, canary = seeds.copy(dice, work)
    for path in dice.sample(list_files(garden, ".yaml", ".yml"), dice.choice((1, 1, 2))):
        change = dice.choice((mutate_bytes, mutate_yaml, mutate_yaml, recode))
        path.write_bytes(change(dice, path.read_bytes()))
    try_project(garden, canary, pick_words(dice))
    try_index(garden)


def try_ledger(dice: Random, work: Path, seeds: Seeds) -> None:
    """Mutate the ledger and the changelog, and release."""
    garden, canary = seeds.copy(dice, work)
    ledger, changelog = (
        garden.root / "decks/trees" / name for name in ("ledger.jsonl", "CHANGELOG.md")
    )
    change = dice.choice((mutate_ledger, mutate_ledger, mutate_ledger, mutate_bytes, recode))
    ledger.write_bytes(change(dice, ledger.read_bytes()))
    if dice.random() < 1 / 3:
        changelog.write_bytes(dice.choice((mutate_bytes, recode))(dice, changelog.read_bytes()))
    cards = garden.root / "cards/trees/basic.yaml"
    cards.write_bytes(cards.read_bytes().replace(b"Fir?", b"Firs?").replace(b"elm?", b"elms?"))
    try_project(garden, canary, [("diff",), ("diff", "--json"), ("release", "trees", "--dry-run")])
    garden.run("namespace", "trees", writable=("decks",))
    garden.run("release", "trees", writable=("build", "decks"))
    garden.check()


def try_media(dice: Random, work: Path, seeds: Seeds) -> None:
    """Mutate images and sounds."""
    garden, canary = seeds.copy(dice, work)
    files = list_files(garden, ".png", ".svg", ".mp3")
    for path in files:
        data = dice.choice(files).read_bytes() if dice.random() < 1 / 8 else path.read_bytes()
        path.write_bytes(dice.choice((mutate_bytes, mutate_bytes, recode))(dice, data))
    try_project(garden, canary, pick_words(dice))


def try_tree(dice: Random, work: Path, seeds: Seeds) -> None:
    """Mutate the file system."""
    garden, canary = seeds.copy(dice, work)
    for _ in range(dice.choice((1, 1, 2, 3))):
        paths = sorted(
            path
            for path in garden.root.rglob("*")
            if "canary" not in path.parts and len(path.relative_to(garden.root).parts) > 1
        )
        if paths:
            print("   ", mutate_tree(dice, dice.choice(paths), garden.outside), file=LOG)
    try_project(garden, canary, pick_words(dice))
    try_index(garden)
    garden.run("release", "trees", writable=("build", "decks"))


def try_root(dice: Random, work: Path, seeds: Seeds) -> None:
    """Mutate the folders of the project itself, its schemas, or its data."""
    garden, _ = seeds.copy(dice, work)
    paths = [*garden.root.iterdir(), garden.root / "schemas", garden.data]
    print("   ", mutate_tree(dice, dice.choice(sorted(paths)), garden.outside), file=LOG)
    try_project(garden, None, pick_words(dice))


def try_meaning(dice: Random, work: Path, seeds: Seeds) -> None:
    """Write a file, perhaps one with mistakes, in another way that means the same."""
    garden, _ = seeds.copy(dice, work)
    path = dice.choice(list_files(garden, ".yaml", ".yml"))
    if dice.random() < 3 / 4:
        path.write_bytes(dice.choice((mutate_bytes, mutate_yaml))(dice, path.read_bytes()))
    data = path.read_bytes().rstrip(b"\n") + b"\n"
    if b"\r" in data or b"\xef\xbb\xbf" in data:
        return
    path.write_bytes(data)
    _, before = garden.check()
    path.write_bytes(keep_meaning(dice, data))
    _, after = garden.check()
    if before != after:
        raise Finding(f"the same YAML is reported differently: {before} / {after}")


def try_index_file(dice: Random, work: Path, seeds: Seeds) -> None:
    """Damage the index."""
    garden, _ = seeds.copy(dice, work)
    cards = garden.root / "cards/trees/basic.yaml"
    for path in [
        path for path in garden.data.rglob("*") if "index" in path.parts and path.is_file()
    ]:
        path.write_bytes(dice.choice((mutate_bytes, recode))(dice, path.read_bytes()))
    if dice.random() < 1 / 2:
        cards.write_bytes(mutate_yaml(dice, cards.read_bytes()))
    try_index(garden)
    try_index(garden)


def try_package(dice: Random, work: Path, seeds: Seeds) -> None:
    """Mutate a package, its database, or where it is."""
    garden, _ = seeds.copy(dice, work)
    sound = dice.choice(seeds.packages)
    path = garden.base / "strange.apkg"
    data = sound.read_bytes()
    if dice.random() < 1 / 3:
        path.write_bytes(mutate_bytes(dice, data))
    else:
        import zipfile  # noqa: PLC0415

        with zipfile.ZipFile(sound) as archive:
            name = next(
                name
                for name in ("collection.anki21", "collection.anki2")
                if name in archive.namelist()
            )
            database = garden.base / "made.anki2"
            database.write_bytes(archive.read(name))
        mutate_database(dice, database)
        path.write_bytes(pack(database.read_bytes(), name))
    for words in (
        (str(sound), str(path)),
        (str(path), str(sound), "--json"),
        (str(path), str(path)),
    ):
        garden.run("diff", *words)


TRIALS: tuple[Trial, ...] = (
    *(
        try_text,
        try_text,
        try_text,
        try_text,
        try_ledger,
        try_ledger,
        try_media,
        try_tree,
        try_tree,
    ),
    *(try_root, try_meaning, try_index_file, try_package, try_package),
)
LOG: TextIO = open(os.devnull, "w")  # noqa: SIM115, PTH123


def main() -> int:
    global LOG  # noqa: PLW0603
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=[trial.__name__ for trial in dict.fromkeys(TRIALS)])
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    if options.keep:
        LOG = sys.stdout
    chosen = [trial for trial in TRIALS if options.only in (None, trial.__name__)]
    found: Counter[str] = Counter()
    start_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as folder:
        seeds = Seeds(Path(folder) / "seeds")
        for seed in range(options.seed, options.seed + options.count):
            dice = Random(seed)
            trial = dice.choice(chosen)
            work = Path(folder) / "work"
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            try:
                trial(dice, work, seeds)
            except Finding as finding:
                cause = finding.__cause__
                where = traceback.extract_tb(cause.__traceback__)[-1] if cause else None
                about = f"{trial.__name__}: {str(finding)[:600]}"
                key = f"{trial.__name__} {where.filename}:{where.lineno}" if where else about[:90]
                found[key] += 1
                if found[key] <= 3:
                    print(f"seed {seed} {about}\n    {where}", flush=True)
                if options.keep:
                    if cause:
                        traceback.print_exception(cause)
                    shutil.copytree(work, options.keep, symlinks=True, dirs_exist_ok=True)
    for key, number in found.most_common():
        print(f"{number:>6}  {key}")
    took_s = time.monotonic() - start_s
    print(
        f"{options.count:,} trials in {took_s:.0f} s: {found.total()} findings of {len(found)} kinds"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
