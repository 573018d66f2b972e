"""Text charts: never wider than the terminal, and without control characters."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from cardwright.history import count_days
from cardwright.terminal.charts import (
    Bar,
    Column,
    Dot,
    Fact,
    draw_bars,
    draw_calendar,
    draw_columns,
    draw_dots,
    draw_levels,
)
from cardwright.terminal.paint import paint

FRIDAY = 20_000
"""4 October 2024."""


def plain(renderable: RenderableType, width: int = 200) -> list[str]:
    """Return the lines of a chart, without styles."""
    return paint(renderable, {}, is_terminal=False, width=width).split("\n")


def test_figures_stand_at_the_right_of_their_column() -> None:
    columns = [Column("new", ["7", "1,234"]), Column("state", ["young", "old"], is_left=True)]

    assert plain(draw_columns(Column("deck", ["Oaks", "Elms and ashes"]), columns), 40) == [
        "deck              new  state",
        "Oaks                7  young",
        "Elms and ashes  1,234  old",
    ]


def test_where_there_is_no_room_columns_go_by_rank_and_labels_are_cut() -> None:
    label = Column("deck", ["The oaks of the northern hills"])
    columns = [Column("reviews", ["1"]), Column("gain", ["2"], rank=2), Column("new", ["3"])]

    assert plain(draw_columns(label, columns), 32) == [
        "deck                reviews  new",
        "The oaks of the n…        1    3",
    ]


def test_a_fact_is_beside_its_label_and_below_it_where_there_is_no_room() -> None:
    fact = Fact(
        "Recall", [Text("85% of the cards came back to you when they were asked"), Text("x")]
    )

    assert plain(fact, 60) == [
        "Recall      85% of the cards came back to you when they were",
        "            asked",
        "            x",
    ]
    assert plain(fact, 40) == [
        "Recall",
        "  85% of the cards came back to you when",
        "  they were asked",
        "  x",
    ]


def test_levels_reach_the_top_at_the_largest_number_and_never_hide_one() -> None:
    assert draw_levels([0, 1, 8, 400, 800]).plain == "·▁▁▄█"
    assert draw_levels([]).plain == ""


def test_bars_have_headings() -> None:
    bars = [Bar("oaks", 2), Bar("elms", 4)]

    assert plain(draw_bars(bars, ("deck", "cards")), 23) == [
        "deck  cards",
        "oaks      2  █████",
        "elms      4  ██████████",
    ]


@given(
    st.lists(st.text(max_size=60), min_size=1, max_size=5),
    st.lists(st.integers(0, 10**6), min_size=5, max_size=5),
    st.integers(40, 120),
)
def test_columns_keep_to_the_width_whatever_stands_in_them(
    names: list[str], numbers: list[int], width: int
) -> None:
    cells = [f"{number:,}" for number in numbers]
    columns = [Column(f"column {place}", cells, rank=place) for place in range(6)]

    lines = plain(draw_columns(Column("name", names), columns), width)

    assert len(lines) == len(names) + 1
    for line in lines:
        assert cell_len(line) <= width
        assert not {unicodedata.category(sign) for sign in line} & {"Cc", "Cs"}


def test_names_of_strangers_are_shown_and_never_obeyed() -> None:
    names = ["\x1b[2J[red]gone[/red]\r\nover", "\u202efdp.exe"]

    lines = plain(draw_columns(Column("", names), [Column("n", ["1", "2"])]), 60)

    assert lines[1:] == ["�[2J[red]gone[/red] over  1", "fdp.exe                   2"]


def test_a_bar_is_as_long_as_its_share_of_the_longest() -> None:
    bars = [Bar("Mon", 40, part=10), Bar("Tue", 20), Bar("Wed", 1), Bar("Thu", 0)]

    assert plain(draw_bars(bars), 49) == [
        "Mon  40  " + "▒" * 10 + "█" * 30,
        "Tue  20  " + "█" * 20,
        "Wed   1  █",
        "Thu   0",
    ]


@given(
    st.lists(st.integers(0, 10**5).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))),
    st.integers(20, 120),
)
def test_bars_keep_to_the_width_and_show_whatever_is_there(
    numbers: list[tuple[int, int]], width: int
) -> None:
    bars = [Bar("Fri", *number) for number in numbers]
    lines = plain(draw_bars(bars), width) if bars else []

    for (value, _), line in zip(numbers, lines, strict=True):
        assert len(line) <= width
        assert line.endswith(f"{value:,}") == (value == 0)


def test_the_scale_begins_below_what_was_expected() -> None:
    lines = draw_dots([Dot(0.75, 0.75), Dot(0.9, 1.0), Dot(0.8, 0.2)], 41)

    assert plain(Group(*lines)) == [
        "·" * 15 + "●" + "·" * 25,
        "·" * 30 + "│" + "·" * 9 + "●",
        "◂" + "·" * 19 + "│" + "·" * 20,
        "60%".ljust(37) + "100%",
    ]


def test_a_calendar_reads_without_colour() -> None:
    numbers = {FRIDAY: 8, FRIDAY - 1: 4, FRIDAY - 2: 2, FRIDAY - 14: 1, FRIDAY - 7 * 50: 99}

    assert plain(draw_calendar(numbers, FRIDAY), 32) == [
        "    Jul       Aug     Sep",
        "Mon ····························",
        "Tue ····························",
        "Wed ··························░░",
        "Thu ··························▒▒",
        "Fri ······················░░··██",
        "Sat ··························",
        "Sun ··························",
        "    · 0  █ up to 8",
    ]


@pytest.mark.parametrize(("width", "legend"), [(80, "· 0  ░ 1–5  ▒ 6–10  ▓ 11–15  █ 16–20")])
def test_shades_are_explained(width: int, legend: str) -> None:
    assert plain(draw_calendar({FRIDAY: 20}, FRIDAY), width)[-1].strip() == legend


@given(
    st.dictionaries(st.integers(FRIDAY - 500, FRIDAY), st.integers(0, 500)), st.integers(10, 200)
)
def test_each_day_of_a_calendar_has_its_cell(numbers: dict[int, int], width: int) -> None:
    _, *week = plain(draw_calendar(numbers, FRIDAY), width)[:8]
    cells = "".join(line[4:] for line in week)

    weeks = min((width - 4) // 2, 53)
    assert len(cells) == 2 * (7 * weeks - 2)
    first = FRIDAY - 4 - 7 * (weeks - 1)
    active = sum(number > 0 for day, number in numbers.items() if day >= first)
    assert 2 * active == len(cells) - cells.count("·")


def test_a_calendar_begins_a_week_on_monday() -> None:
    from datetime import date

    monday = count_days(date(2026, 11, 23))

    assert plain(draw_calendar({monday: 1}, monday), 12)[1] == "Mon ······██"


def test_drawing_leaves_the_cells_it_was_given() -> None:
    cell = Text("12")

    plain(draw_columns(Column("a", [cell]), [Column("b", [cell])]))

    assert cell.plain == "12"
