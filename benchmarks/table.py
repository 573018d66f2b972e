"""The rows of all speed benchmarks: what took how long, and how long it may take."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

ROWS: Final = "BENCHMARK_ROWS"
"""Names a file to which rows are also written, as JSON, one a line."""


class Row(NamedTuple):
    """One line of the table."""

    what: str
    measured: float
    unit: str
    """`s`, `ms` or `MB`."""
    floor: float = 0
    """What the same machine needed in the same run for the work that cannot be avoided; 0 if none."""
    floor_name: str = ""
    limit: float | None = None
    """The most that may be measured, in the same unit; None if the row is for information."""
    target: str = ""
    """How the limit is stated, such as `1.1 × floor`."""

    @property
    def is_met(self) -> bool:
        """Whether the target is met."""
        return self.limit is None or self.measured <= self.limit


def compare(
    what: str, measured: float, floor: float, floor_name: str, ratio: float, unit: str = "s"
) -> Row:
    """Return a row whose limit is a multiple of its floor."""
    return Row(what, measured, unit, floor, floor_name, ratio * floor, f"{ratio:g} × floor")


def print_rows(rows: Iterable[Row]) -> None:
    """Print rows as they come; exit with status 1 if a target is missed."""
    print(f"{'what':44}{'measured':>10}{'floor':>10}{'ratio':>7}  {'target':18}floor")
    missed = []
    file = os.environ.get(ROWS)
    for row in rows:
        if file:
            with Path(file).open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(row._asdict()) + "\n")
        ratio = f"{row.measured / row.floor:7.2f}" if row.floor else " " * 7
        floor = f"{row.floor:7.3f} {row.unit:2}" if row.floor else ""
        print(
            f"{row.what:44}{row.measured:7.3f} {row.unit:2}{floor:>10}{ratio}"
            f"  {row.target:18}{row.floor_name}",
            flush=True,
        )
        if not row.is_met:
            missed.append(row.what)
    if missed:
        sys.exit(f"missed: {'; '.join(missed)}")


def read_rows(path: Path) -> list[Row]:
    """Return the rows in a file that `print_rows` has written."""
    return [Row(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def format_table(rows: Sequence[Row], *, is_whole: bool) -> str:
    """Return rows as a Markdown table; only those with a target, without their floors, or all."""
    heads = ["what", "measured", "ratio", "target", "floor", "the floor is"]
    shown = [_list_cells(row) for row in rows if is_whole or row.target]
    lines = [heads, ["---", "--:", "--:", "---", "--:", "---"], *shown]
    columns = len(heads) if is_whole else heads.index("floor")
    return "".join(f"| {' | '.join(cells[:columns])} |\n" for cells in lines)


def _list_cells(row: Row) -> list[str]:
    return [
        row.what,
        _format_amount(row.measured, row.unit),
        f"{row.measured / row.floor:.2f}" if row.floor else "",
        row.target if row.is_met else f"{row.target} (missed)",
        _format_amount(row.floor, row.unit) if row.floor else "",
        row.floor_name,
    ]


def _format_amount(amount: float, unit: str) -> str:
    if unit == "s" and amount < 1:
        amount, unit = amount * 1000, "ms"
    digits = 0 if amount >= 100 else 1 if amount >= 10 or unit == "ms" else 2
    return f"{amount:.{digits}f} {unit}"
