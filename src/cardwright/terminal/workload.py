"""What each desired retention costs and brings, drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from cardwright.study.workload import Workload
from cardwright.terminal.charts import Bar, draw_bars

_MAX_WIDTH: Final = 80
_PER_MINUTE: Final = 100
"""Bars have whole numbers."""


def print_workloads(workloads: Sequence[Workload], present: float, prompts: int) -> None:
    """Print the workloads of so many prompts."""
    console = Console(highlight=False)
    for line in draw_workloads(workloads, present, prompts, min(console.width, _MAX_WIDTH)):
        console.print(line)


def draw_workloads(
    workloads: Sequence[Workload], present: float, prompts: int, width: int
) -> Iterator[Text]:
    """Draw a bar of minutes a day for each desired retention; the present one is marked."""
    yield Text(f"desired retention, and what it comes to with {prompts:,} prompts in a year", "dim")
    bars = []
    for retention, minutes, remembered in workloads:
        mark = "▸" if retention == present else " "
        shown = f"{minutes:.1f} min a day, {remembered:,.0f} remembered"
        bars.append(Bar(f"{mark} {retention:g}", round(minutes * _PER_MINUTE), shown=shown))
    yield from draw_bars(bars, width)
