"""The miss log, drawn: groups with their trend, then every entry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cardwright.blueprint import Blueprint
from cardwright.exam.misses import Miss, MissGroup
from cardwright.terminal.charts import Column, draw_columns, make_line

_WIDEST: Final = 110


def print_misses(
    misses: Sequence[Miss],
    groups: Sequence[MissGroup],
    mondays: Sequence[date],
    by: str,
    blueprint: Blueprint,
) -> None:
    """Print groups, with how many there were in each week, and the entries, the latest last."""
    console = Console(highlight=False)
    console.width = min(console.width, _WIDEST)
    columns = [Column("all", [str(group.total) for group in groups])]
    columns += [
        Column(f"{monday:%d %b}", [str(group.weeks[place] or "·") for group in groups], rank=back)
        for place, (monday, back) in enumerate(
            zip(mondays, reversed(range(len(mondays))), strict=True)
        )
    ]
    label = Column(by, [make_line(group.name) for group in groups])
    for line in draw_columns(label, columns, console.width):
        console.print(line)
    for miss in misses:
        lesson = blueprint.lessons.get(miss.lesson)
        about = f"{miss.on}  {miss.card}"
        console.print()
        console.print(Text(make_line(about), "bold"))
        rows = [
            ("missed", miss.failure),
            ("rule", miss.rule or "not yet written: `cards exam miss`"),
            ("safer", miss.action),
            ("lesson", str(lesson or "")),
            ("card", miss.made_card),
        ]
        grid = Table.grid(padding=(0, 1))
        for name, text in rows:
            if text:
                grid.add_row(Text(f"  {name:<6}", "dim"), Text(make_line(text)))
        console.print(grid)
