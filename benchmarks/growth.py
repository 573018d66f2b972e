"""Check that no text, project or number makes a command slow: time grows no faster than the input."""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

from click.testing import CliRunner
from growth_texts import CODE_UNITS, TEXTS, write_cards

from cardwright.cli.main import cards
from cardwright.markdown.highlight import cut_code
from cardwright.markdown.languages import PART_SIZES

MAX_S: Final = 2.0
"""CPU time in which a command ends, at the larger size."""
MAX_RATIO: Final = 2.2
"""How much more than the input the time may grow."""
FLOOR_S: Final = 0.25
"""Times below this are not compared."""
COMMANDS: Final = ("check", "build", "preview", "show basic", "show gap", "show instinct", "review")
_DECK: Final = "name: Trees\nnamespace: trees\n"


def write_project(root: Path, source: str) -> None:
    for name, text in {"decks/trees/deck.yaml": _DECK, "cards/trees/one.yaml": source}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="")


def run_commands(folder: Path) -> None:
    """Run every command in this process and print its CPU time: the part of a child process."""
    os.environ.update(CARDS_DB=str(folder / "r.db"), CARDS_NOW="2026-11-26T09:00:00+01:00")
    for command in ("--help", *COMMANDS):
        words = ["review", "--plain"] if command == "review" else command.split()
        start = time.process_time()
        done = CliRunner().invoke(cards, ["-C", str(folder), *words], input="\n\n\n\nq\n")
        spent = time.process_time() - start
        fault = ""
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            fault = repr(done.exception)[:200]
        row = {"command": command, "s": spent, "size": len(done.output), "fault": fault}
        print(json.dumps(row), flush=True)


class Times(NamedTuple):
    """What the commands took, by command, and what went wrong."""

    seconds: dict[str, float]
    sizes: dict[str, int]
    faults: list[str]


def measure(source: str, limit_s: int) -> Times:
    with tempfile.TemporaryDirectory() as folder:
        write_project(Path(folder), source)
        code = f"import growth, pathlib; growth.run_commands(pathlib.Path({folder!r}))"
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parent,
            env={**os.environ, "HOME": folder, "SOURCE_DATE_EPOCH": "1700000000"},
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s)),
        )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    faults = [f"{row['command']}: {row['fault']}" for row in rows if row["fault"]]
    if done.returncode:
        stopped = COMMANDS[len(rows) - 1] if 0 < len(rows) <= len(COMMANDS) else "start"
        faults.append(f"{stopped}: ended with {done.returncode} {done.stderr[-300:]}")
    return Times(
        {row["command"]: row["s"] for row in rows[1:]},
        {row["command"]: row["size"] for row in rows[1:]},
        faults,
    )


def judge(small: Times, large: Times, factor: int) -> list[str]:
    """Return what is wrong with the times of a text at two sizes."""
    faults = small.faults + large.faults
    for command, spent in large.seconds.items():
        ratio = spent / max(small.seconds.get(command, 0.0), FLOOR_S / factor) / factor
        if spent > MAX_S:
            faults.append(f"{command}: {spent:.1f} s")
        elif spent > FLOOR_S and ratio > MAX_RATIO:
            faults.append(f"{command}: {spent:.2f} s, {ratio:.1f} times more than the input grew")
    return faults


def measure_lexers() -> list[str]:
    """Return the languages whose longest highlighted code takes too long, with the code."""
    faults = []
    for language, size in PART_SIZES.items():
        for unit in CODE_UNITS:
            start = time.process_time()
            cut_code(unit * (size // len(unit)), language)
            # Code of ten parts is the longest.
            spent = (time.process_time() - start) * 10
            if spent > MAX_S:
                faults.append(f"{language}, {unit!r}: {spent:.1f} s")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="which texts; default: all")
    parser.add_argument("--size", type=int, default=4_000, help="characters of a field")
    parser.add_argument("--factor", type=int, default=4, help="how much larger the second size is")
    parser.add_argument("--count", type=int, help="how many texts, chosen at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="print every time")
    parser.add_argument(
        "--lexers", action="store_true", help="try the highlighting of code instead"
    )
    given = parser.parse_args()
    if given.lexers:
        slow = measure_lexers()
        print("\n".join(slow) or "every language in time")
        sys.exit(1 if slow else 0)
    names = given.names or list(TEXTS)
    if given.count:
        names = random.Random(given.seed).sample(names, given.count)
    failed = 0
    for name in names:
        sizes = (given.size, given.size * given.factor)
        small, large = (measure(write_cards(TEXTS[name](size)), 60) for size in sizes)
        faults = judge(small, large, given.factor)
        failed += bool(faults)
        if faults or given.verbose:
            print(f"{name}: {'; '.join(faults) or 'ok'}")
        if given.verbose:
            for command in COMMANDS:
                if command in large.seconds:
                    print(
                        f"    {command:14} {small.seconds.get(command, 0):6.2f} "
                        f"{large.seconds[command]:6.2f} s {large.sizes[command]:10,} printed"
                    )
        sys.stdout.flush()
    print(f"{len(names)} texts, {failed} too slow or faulty")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
