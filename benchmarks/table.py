"""The rows of all speed benchmarks: what took how long, and how long it may take."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import NamedTuple


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
    for row in rows:
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
