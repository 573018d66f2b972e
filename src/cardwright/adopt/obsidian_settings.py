"""The settings of Obsidian's spaced-repetition plugin that decide what is a card."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.json_text import parse_json
from cardwright.foreign.plain_file import read_plain_file

CONFIG: Final = ".obsidian"
"""The folder that makes a folder a vault."""
_FILE: Final = f"{CONFIG}/plugins/obsidian-spaced-repetition/data.json"
_MAX_BYTES: Final = 16 * 2**20
_MAX_LENGTH: Final = 100
_MAX_LISTED: Final = 50
_HIGHLIGHTS: Final = "==[123;;]answer[;;hint]=="
_SWITCHES: Final = {
    "convertHighlightsToClozes": _HIGHLIGHTS,
    "convertBoldTextToClozes": "**[123;;]answer[;;hint]**",
    "convertCurlyBracketsToClozes": "{{[123;;]answer[;;hint]}}",
}
"""Settings of earlier versions, and the patterns that they stand for."""
_OPTION: Final = re.compile(r"\[((?:\\[\[\]]|[^\[\]])*)\]")
"""An optional part of a pattern, in brackets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the user has set, or the plugin's defaults."""

    tags: tuple[str, ...] = ("flashcards",)
    """The tags of notes with cards."""
    uses_folders: bool = False
    """Whether folders are the decks."""
    single: str = "::"
    """Stands between question and answer."""
    single_both: str = ":::"
    """The same for cards that are asked both ways."""
    multi: str = "?"
    """The line between question and answer."""
    multi_both: str = "??"
    end: str = ""
    """The line that ends a card; an empty line does if there is none."""
    patterns: tuple[str, ...] = (_HIGHLIGHTS,)
    """How gaps are written."""


def read_settings(vault: Path) -> Settings:
    """Read the settings of a vault; those that are not there, or make no sense, have their defaults."""
    try:
        parsed = parse_json(read_plain_file(vault / _FILE, _MAX_BYTES).decode("utf-8", "replace"))
    except (FileNotFoundError, ForeignFileError, ValueError):
        return Settings()
    found = parsed.get("settings") if isinstance(parsed, dict) else None
    if not isinstance(found, dict):
        return Settings()
    usual = Settings()
    return replace(
        usual,
        tags=tuple(tag.lstrip("#") for tag in _read_list(found, "flashcardTags")) or usual.tags,
        uses_folders=found.get("convertFoldersToDecks") is True,
        single=_read_text(found, "singleLineCardSeparator", usual.single),
        single_both=_read_text(found, "singleLineReversedCardSeparator", usual.single_both),
        multi=_read_text(found, "multilineCardSeparator", usual.multi),
        multi_both=_read_text(found, "multilineReversedCardSeparator", usual.multi_both),
        end=_read_text(found, "multilineCardEndMarker", usual.end),
        patterns=_read_patterns(found),
    )


@dataclass(frozen=True, slots=True)
class GapPattern:
    """A pattern of gaps, for each way to number them."""

    numbered: re.Pattern[str]
    """Gaps with a number; the groups are `number`, `answer`, `hint`."""
    overlapping: re.Pattern[str]
    """Gaps with the letters a, s and h for asked, shown and hidden, in `number`."""
    simple: re.Pattern[str]


def compile_pattern(pattern: str) -> GapPattern | None:
    """Return the expressions for a pattern such as `==[123;;]answer[;;hint]==`."""
    if "answer" not in pattern:
        return None
    made = [_compile(pattern, number) for number in (r"[0-9]{1,3}", r"[ash]{1,50}", "")]
    return GapPattern(*made)


def _compile(pattern: str, number: str) -> re.Pattern[str]:
    edge = re.escape(pattern[:1]) if pattern[:1] == pattern[-1:] else ""
    # Lines of equal signs, as under headings and in progress bars, are no gaps.
    inner = f"(?!{edge})[^\\n]{{1,5000}}?(?<!{edge})" if edge else "[^\\n]{1,5000}?"
    parts = [f"(?<!{edge})"] if edge else []
    position = 0
    for option in _OPTION.finditer(pattern):
        parts.append(_write_answer(pattern[position : option.start()], inner))
        position = option.end()
        text = option[1].replace("\\[", "[").replace("\\]", "]")
        if "hint" in text:
            before, _, after = text.partition("hint")
            inside = rf"(?:(?!{re.escape(after)})[^\n])+?" if after else r"[^\n]+?"
            parts.append(f"(?:{re.escape(before)}(?P<hint>{inside}){re.escape(after)})?")
        elif re.search("[0-9]+", text) and number:
            before, after = re.split("[0-9]+", text, maxsplit=1)
            parts.append(f"{re.escape(before)}(?P<number>{number}){re.escape(after)}")
    parts.append(_write_answer(pattern[position:], inner))
    return re.compile("".join(parts) + (f"(?!{edge})" if edge else ""))


def _write_answer(text: str, inner: str) -> str:
    before, found, after = text.partition("answer")
    return re.escape(before) + (f"(?P<answer>{inner})" if found else "") + re.escape(after)


def _read_patterns(found: dict[str, Any]) -> tuple[str, ...]:
    if isinstance(found.get("clozePatterns"), list):
        listed = _read_list(found, "clozePatterns")
        return tuple(pattern for pattern in listed if pattern.count("answer") == 1)
    usual = {"convertHighlightsToClozes": True}
    return tuple(
        pattern for name, pattern in _SWITCHES.items() if found.get(name, usual.get(name)) is True
    )


def _read_list(found: dict[str, Any], name: str) -> list[str]:
    value = found.get(name)
    if not isinstance(value, list):
        return []
    return [
        one for one in value[:_MAX_LISTED] if isinstance(one, str) and 0 < len(one) < _MAX_LENGTH
    ]


def _read_text(found: dict[str, Any], name: str, usual: str) -> str:
    value = found.get(name)
    return value.strip() if isinstance(value, str) and len(value) < _MAX_LENGTH else usual
