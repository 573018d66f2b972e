"""The window of a mock exam: a header, something to read that scrolls, and what the keys do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import RenderableType
from rich.text import Text

from cardwright.terminal.screen import Screen, render_lines
from cardwright.text import make_plain

_MAX_WIDTH: Final = 100
"""Longer lines are hard to read."""
_MARGIN_FROM: Final = 56
_ROOMY_FROM: Final = 16
_STEPS: Final = {"up": -1, "down": 1, "k": -1, "j": 1}
_PAGES: Final = {"pageup": -1, "pagedown": 1}
_ENDS: Final = {"home": -1, "end": 1}


class MockWindow:
    """What is shown of a mock exam."""

    def __init__(self, screen: Screen, environ: Mapping[str, str]) -> None:
        """Show it on a screen."""
        self._screen = screen
        self._environ = environ
        self.said = ""
        """What came of the last key, shown until the next one."""
        self._top = 0
        self._below = 0
        self._height = 1
        self._is_last_part_wanted = False

    @property
    def has_more(self) -> bool:
        """Whether what is shown goes on below the window."""
        return self._below > 0

    def go_to_start(self) -> None:
        """Show it from its start."""
        self._top = 0

    def scroll(self, key: str) -> bool:
        """Scroll by a key; tell whether it is one for that."""
        page = max(self._height - 1, 1)
        steps = {**_STEPS, **{name: sign * page for name, sign in _PAGES.items()}}
        steps |= {name: sign * (self._top + self._below) for name, sign in _ENDS.items()}
        self._top += steps.get(key, 0)
        return key in steps

    def go_to_last_part(self) -> None:
        """Scroll so that the last part is to be seen, with what fits of the others above it."""
        self._is_last_part_wanted = True

    def paint(
        self,
        headers: Sequence[str],
        parts: Sequence[RenderableType],
        *,
        steps: Sequence[str],
        keys: str = "",
        reads_on: bool = False,
    ) -> None:
        """Draw all of it, the parts below one another; of `headers` and `steps` the first that fits.

        `reads_on`: space scrolls before it does anything else.
        """
        columns, rows = self._screen.size
        margin = " " if columns >= _MARGIN_FROM else ""
        width = min(columns - 2 * len(margin), _MAX_WIDTH)
        header = self._render(_draw_header(headers, columns), columns)[:1]
        said = self._render(Text(make_plain(self.said), style="bold yellow"), width)[: rows // 2]
        step = self._render(Text(_choose(steps, width), style="bold", no_wrap=True), width)[:1]
        foot = [*(said if self.said else []), *step]
        if rows >= _ROOMY_FROM and keys:
            foot += self._render(Text(keys, style="dim", no_wrap=True), width)[:1]
        rendered = [self._render(part, width) for part in parts]
        lines = [line for part in rendered for line in part]
        height = max(rows - len(header) - len(foot), 1)
        is_whole = len(lines) <= height
        self._height = height if is_whole else max(height - 1, 1)
        if self._is_last_part_wanted:
            self._top = len(lines) - len(rendered[-1])
            self._is_last_part_wanted = False
        self._top = max(min(self._top, len(lines) - self._height), 0)
        self._below = max(len(lines) - self._top - self._height, 0)
        shown = lines[self._top : self._top + self._height]
        shown += [""] * (self._height - len(shown))
        if not is_whole and height > 1:
            shown += self._render(
                Text(self._say_rest(reads_on=reads_on), style="dim", no_wrap=True), width
            )[:1]
        self._screen.paint([*header, *(f"{margin}{line}" for line in (*shown, *foot))])

    def _say_rest(self, *, reads_on: bool) -> str:
        above = f"↑ {self._top} more  " if self._top else ""
        below = f"↓ {self._below} more{', space reads on' if reads_on else ''}"
        return f"{above}{below if self._below else ''}".rstrip()

    def _render(self, renderable: RenderableType, width: int) -> list[str]:
        return render_lines(renderable, width, self._environ)


def _draw_header(headers: Sequence[str], columns: int) -> Text:
    line = Text(f" {_choose(headers, columns - 2)}", style="reverse", no_wrap=True)
    line.truncate(columns, overflow="ellipsis", pad=True)
    return line


def _choose(texts: Sequence[str], width: int) -> str:
    """Return the first text that fits, else the last one."""
    safe = [make_plain(text).replace("\n", " ") for text in texts]
    return next((text for text in safe if cell_len(text) <= width), safe[-1])
