"""Reports in sections: a heading, and lines for the width there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from rich.console import Console
from rich.text import Text

from cardwright.terminal.charts import make_line

Section = Iterable[str | Text] | Callable[[int], Iterable[Text]]


def print_sections(sections: Mapping[str, Section]) -> None:
    """Print sections in order, without those that are empty; an empty heading is none."""
    console = Console(highlight=False, markup=False, emoji=False)
    is_first = True
    for heading, section in sections.items():
        lines = list(section(console.width) if callable(section) else section)
        if not lines:
            continue
        if not is_first:
            console.print()
        is_first = False
        if heading:
            console.print(Text(make_line(heading), style="bold"))
        for line in lines:
            console.print(Text(line) if isinstance(line, str) else line)
