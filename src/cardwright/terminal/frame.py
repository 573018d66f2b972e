"""What stands around the card in `cards review`: where one is, what was said, what the keys do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from cardwright.history import Rating
from cardwright.terminal.attempt import Attempt
from cardwright.terminal.sitting import Sitting
from cardwright.terminal.words import name_rating, say_wait
from cardwright.text import make_plain

WIDE: Final = 56
"""Columns from which words stand where letters must do otherwise."""
_KEYS: Final = (
    *("? keys", "q stop", "u undo", "e edit", "s suspend", "b bury", "f flag", "i memory"),
    *("/ search", "o open"),
)
"""The most needed first: as many are shown as fit."""


def draw_header(sitting: Sitting, columns: int) -> Text:
    """Draw the deck, what is left, and how long it will take."""
    session = sitting.session
    item, counts = session.current, session.counts
    minutes = sitting.minutes_left
    left = f"~{minutes:.0f} min" if minutes >= 1 else "<1 min"
    if columns >= WIDE:
        left = f"new {counts.new} · learning {counts.learning} · review {counts.review} · {left}"
    else:
        left = f"{counts.new}+{counts.learning}+{counts.review} {left}"
    flag = "⚑ " if item and session.memory.is_flagged else ""
    cram = "cram · " if session.options.is_cram else ""
    room = max(columns - cell_len(f"  {flag} {cram}{left}"), 0)
    title = Text(_name_place(item.deck if item else "", room))
    title.truncate(room, overflow="ellipsis", pad=True)
    return Text.assemble(" ", flag, title, " ", cram, left, " ", style="reverse")


def _name_place(deck: str, room: int) -> str:
    """Return the last parts of a deck's name, as many as there is room for, one at least."""
    parts = make_plain(deck).replace("\n", " ").split("::")
    names = [" › ".join(parts[start:]) for start in range(len(parts))]
    return next((name for name in names if cell_len(name) <= room), names[-1])


def draw_keys_line(width: int) -> Text:
    """Draw what the other keys do."""
    shown = _KEYS[0]
    for key in _KEYS[1:]:
        if len(shown) + len(key) + 2 <= width:
            shown += f"  {key}"
    return Text(shown, style="dim", no_wrap=True)


def draw_next_step(sitting: Sitting, attempt: Attempt, width: int, *, has_more: bool) -> Text:
    """Draw what takes the card on: show its answer, read on, tick, rate."""
    if not attempt.is_revealed:
        count = _count_keys(len(attempt.options))
        pick = (f"{count} pick   ", f"{count} ") if count else ("", "")
        return _choose(width, f"{pick[0]}space show the answer", f"{pick[1]}space answer")
    if attempt.is_ticking:
        count = _count_keys(attempt.point_count)
        then = "more" if has_more else "rate"
        return _choose(
            width,
            f"{count} tick what you had   a all   space {then}",
            f"{count} tick  a all  space {then}",
            f"{count} a space",
        )
    return _draw_ratings(list_waits(sitting), width, None if has_more else attempt.suggestion)


def _count_keys(count: int) -> str:
    return f"1–{min(count, 9)}" if count > 1 else "1" * count


def _choose(width: int, *texts: str) -> Text:
    """Return the first text that fits, else the last one."""
    fitting = next((text for text in texts if cell_len(text) <= width), texts[-1])
    return Text(fitting, style="bold", no_wrap=True)


def _draw_ratings(waits: Mapping[Rating, str], width: int, marked: Rating | None) -> Text:
    """Draw the ratings, each with where it leads; that which space takes is marked."""
    rows = [(rating, name_rating(rating), wait) for rating, wait in waits.items()]
    forms = (
        [(f" {rating:d} {name} ", f" {wait}", "   ") for rating, name, wait in rows],
        [(f"{rating:d} {name}", f" {_shorten(wait)}", "  ") for rating, name, wait in rows],
        [(f"{rating:d} {name[:1]}", f" {_shorten(wait)}", "  ") for rating, name, wait in rows],
        [(f"{rating:d}", f" {_shorten(wait)}", "  ") for rating, _, wait in rows],
        [(f"{rating:d}", "", " ") for rating, _, _ in rows],
    )
    line = Text()
    for form in forms:
        line = Text(no_wrap=True)
        for (label, wait, gap), (rating, _, _) in zip(form, rows, strict=True):
            line.append(gap if line else "")
            line.append(label, "bold reverse" if rating is marked else "bold").append(wait, "dim")
        if line.cell_len <= width:
            break
    return line


def list_waits(sitting: Sitting) -> dict[Rating, str]:
    """Return by rating after how long the card would come again; "" where that stays as it is."""
    if sitting.session.options.is_cram:
        return dict.fromkeys(Rating, "")
    now_ms = sitting.clock().at_ms
    return {
        rating: say_wait((memory.due_at_ms or now_ms) - now_ms, days=memory.interval_days)
        for rating, memory in sitting.preview().items()
    }


def _shorten(wait: str) -> str:
    return wait.replace("min", "m").replace(" ", "")
