"""What is written in colour can be read: on black as the terminal has it, on white in darker colours."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from rich.errors import StyleSyntaxError
from rich.palette import Palette
from rich.style import Style
from rich.terminal_theme import TerminalTheme

import cardwright
from cardwright.app.config import SETTINGS
from cardwright.cli.config_file import CONFIG, find_colours
from cardwright.terminal import paint
from cardwright.terminal.paint import THEME, paint_line, paint_pieces

XTERM: Final = TerminalTheme(
    (0, 0, 0),
    (255, 255, 255),
    [
        *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0)),
        *((0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229)),
    ],
).ansi_colors
"""The first colours of xterm, which many terminals took over."""
CODES: Final = re.compile("\x1b\\[([0-9;]*)m")


def find_styles() -> Iterator[str]:
    """Yield every style that the program names, but for what `paint` makes of them."""
    for path in {*Path(cardwright.__path__[0]).rglob("*.py")} - {Path(paint.__file__)}:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                try:
                    style = Style.parse(node.value)
                except StyleSyntaxError:
                    continue
                if style.color and not style.color.is_default and not node.value.isdecimal():
                    yield node.value


STYLES: Final = sorted(set(find_styles()))


def read_colour(painted: str, palette: Palette) -> tuple[int, int, int] | None:
    """Return the colour that a terminal shows; None if it is that of ordinary text."""
    codes = [int(code) for code in ";".join(CODES.findall(painted)).split(";") if code]
    if 38 in codes:
        number = codes[codes.index(38) + 2]
        assert 16 <= number < 232, "one that no theme of a terminal changes"
        levels = (0, 95, 135, 175, 215, 255)
        place = number - 16
        return levels[place // 36], levels[place // 6 % 6], levels[place % 6]
    assert not [code for code in codes if 40 <= code <= 48 or code >= 90]
    return next((palette[code - 30] for code in codes if 30 <= code <= 37), None)


def measure_contrast(colour: tuple[int, int, int], paper: tuple[int, int, int]) -> float:
    """Return the contrast of two colours after WCAG, from 1 to 21."""
    weights = (0.2126, 0.7152, 0.0722)
    light, dark = sorted(
        (
            sum(
                weight * ((part / 255 + 0.055) / 1.055) ** 2.4 if part > 10 else 0.0
                for weight, part in zip(weights, shown, strict=True)
            )
            for shown in (colour, paper)
        ),
        reverse=True,
    )
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("theme", "paper", "enough"),
    [
        # Red and magenta are the darkest; 3 is enough for signs and bold text.
        ("terminal", (0, 0, 0), 3.5),
        ("light", (255, 255, 255), 4.5),
        ("contrast", (255, 255, 255), 21),
    ],
)
@pytest.mark.parametrize("terminal", ["xterm", "linux", "screen", "xterm-256color", "xterm-kitty"])
def test_colours_stand_out(
    theme: str, paper: tuple[int, int, int], enough: float, terminal: str
) -> None:
    environ = {"TERM": terminal, THEME: theme}
    assert {"red", "cyan", "bold yellow"} <= {*STYLES}, "they were found"
    for style in STYLES:
        pieces = paint_pieces([("x", "role")], {"role": style}, environ)
        for painted in (paint_line("x", style, environ), pieces):
            colour = read_colour(painted, XTERM)
            if theme == "contrast":
                assert colour is None, style
                assert CODES.search(painted), f"{style} stands out anyway"
            else:
                assert colour, style
                assert measure_contrast(colour, paper) >= enough, (style, colour)


def test_without_colours_only_weight_and_lines_are_left() -> None:
    for name in ("terminal", "light", "contrast"):
        for style in STYLES:
            painted = paint_line("x", style, {"TERM": "xterm", "NO_COLOR": "1", THEME: name})
            assert read_colour(painted, XTERM) is None


@pytest.mark.parametrize(
    ("wish", "background", "theme"),
    [
        ("auto", "0;15", "light"),
        ("auto", "0;default;15", "light"),
        ("auto", "15;0", "auto"),
        ("auto", "15;8", "auto"),
        ("auto", "", "auto"),
        ("auto", "nonsense", "auto"),
        ("terminal", "0;15", "terminal"),
        ("light", "15;0", "light"),
    ],
)
def test_a_terminal_tells_of_a_light_background(
    wish: str, background: str, theme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'theme = "{wish}"\n', "utf-8")
    monkeypatch.setenv(CONFIG, str(config))
    monkeypatch.setenv("COLORFGBG", background)

    assert find_colours()[THEME] == theme
    assert SETTINGS["theme"].default == "auto"
