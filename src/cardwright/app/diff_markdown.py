"""Changes of cards → a summary in Markdown, for a comment on GitHub or a job's summary.

Whatever comes from cards stands in code, where nothing is a link, an image, HTML or a mention.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cardwright.anki.diff import Change, TextChange, format_counts
from cardwright.changed_lines import mark_words
from cardwright.text import count, escape_controls

MAX_LENGTH: Final = 60_000
"""GitHub refuses a comment of more than 65,536 characters, and others may add to this one."""
_MAX_NAMES: Final = 8_000
"""How much of it may name the changes that do not fit."""
_MAX_COMPARED: Final = 20_000
_MAX_LINES: Final = 20
"""How many lines of one part of a card are shown."""
_MAX_LINE: Final = 400
_KEPT: Final = 60
"""How much is kept of a text on either side of what changed."""
_MAX_NAME: Final = 100
_TICKS: Final = re.compile("`+")


def summarise_changes(changes: Mapping[str, Sequence[Change]]) -> str:
    """Return a summary of the changes of packs, by the pack's name, within `MAX_LENGTH` characters."""
    parts: list[str] = []
    left = MAX_LENGTH - _MAX_NAMES
    waiting: list[Change] = []
    for pack, found in changes.items():
        named = f"{_quote(pack)}: " if pack else ""
        blocks: list[tuple[str, Change | None]] = [
            (f"{named}{format_counts(Counter(change.what for change in found))}\n\n", None)
        ]
        blocks += (("".join(_format_change(change)), change) for change in found)
        for block, change in blocks:
            if len(block) <= left and not waiting:
                parts.append(block)
                left -= len(block)
            elif change:
                waiting.append(change)
    return "".join((*parts, *_list_rest(waiting)))


def _list_rest(changes: Sequence[Change]) -> Iterator[str]:
    """Yield the names of the changes that are not shown, as many as there is room for."""
    if changes:
        yield f"Not shown here: {count(len(changes), 'change')}\n\n"
    left = _MAX_NAMES - 200
    for number, change in enumerate(changes):
        line = f"- {change.what} {_quote(change.id)}\n"
        left -= len(line)
        if left < 0:
            yield f"- … and {len(changes) - number:,} more\n"
            return
        yield line


def _format_change(change: Change) -> Iterator[str]:
    was = f" (was {_quote(change.was)})" if change.was else ""
    yield f"**{change.what}** {_quote(change.id)}{was} {_quote(change.title)}\n\n"
    if change.decks:
        before, after = map(_quote, change.decks)
        yield f"deck: {before} → {after}\n\n"
    if change.what == "changed" and change.texts:
        lines = [line for text in change.texts for line in _format_text(text)]
        fence = _find_fence("\n".join(lines), 3)
        yield f"{fence}diff\n" + "".join(f"{line}\n" for line in lines) + f"{fence}\n\n"


def _format_text(text: TextChange) -> Iterator[str]:
    yield f"@@ {_make_line(text.part, _MAX_NAME)} @@"
    if max(len(text.before), len(text.after)) > _MAX_COMPARED:
        yield f"  too long to show: {len(text.before):,} characters, now {len(text.after):,}"
        return
    found = mark_words(*map(escape_controls, (text.before, text.after)))
    for number, pieces in enumerate(found):
        if number == _MAX_LINES:
            yield "  …"
            return
        line = "".join(_shorten(piece) if not role else piece for piece, role in pieces)
        yield _make_line(line, _MAX_LINE)


def _shorten(text: str) -> str:
    """Return a text that did not change, without its middle if it is long."""
    return text if len(text) <= 3 * _KEPT else f"{text[:_KEPT]} … {text[-_KEPT:]}"


def _make_line(text: str, length: int) -> str:
    line = escape_controls(text).replace("\n", " ")
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _quote(text: str) -> str:
    """Return a text as code, on one line."""
    line = _make_line(" ".join(text.split()), _MAX_NAME)
    if not line:
        return ""
    fence = _find_fence(line, 1)
    return f"{fence} {line} {fence}" if "`" in line else f"`{line}`"


def _find_fence(text: str, least: int) -> str:
    """Return a row of backticks that is longer than any in a text."""
    longest = max((len(ticks) for ticks in _TICKS.findall(text)), default=0)
    return "`" * max(longest + 1, least)
