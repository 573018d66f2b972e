"""Notes of Obsidian → the cards in them, as the spaced-repetition plugin finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cardwright.adopt.obsidian_settings import GapPattern, Settings, compile_pattern

SCHEDULE: Final = re.compile(r"(?<![ \t])[ \t]*<!--SR:(?:(?!<!--SR:).)*?-->")
_CALLOUT: Final = "> [!sr|card-metadata]"
_COMMENT: Final = "<!--"
_COMMENT_END: Final = "-->"
_FENCE: Final = re.compile(r"`{3,}|~{3,}")
_FRONT_MATTER: Final = "---"
_CODE: Final = re.compile(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)")
_BLOCK_ID: Final = re.compile(r"[ \t]\^(?P<id>[A-Za-z0-9-]+)[ \t]*\Z")
_BLOCK_LINE: Final = re.compile(r"\A\^[A-Za-z0-9-]+\Z")
TAG: Final = re.compile(r"(?<![^\s])#(?P<name>(?=[^\s#]*[^\s#\d])[\w/\-\u00a9-\U0010ffff]+)")
_FIRST_TAG: Final = re.compile(r"\s*#(?P<name>[^\s#]+)[ \t]*\n?")
_HEADING: Final = re.compile(r"#{1,6}[ \t]")
_TAG_KEY: Final = re.compile(r"tags?:[ \t]*(?P<value>.*)", re.IGNORECASE)
_ITEM: Final = re.compile(r"[ \t]*-[ \t]+(?P<value>.+)")
_SPLIT: Final = re.compile(r"[\s,\[\]]+")


class Shape(StrEnum):
    """How a card is written."""

    SINGLE = "single"
    MULTI = "multi"
    CLOZE = "cloze"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCard:
    """A card in a note."""

    line: int
    last_line: int
    shape: Shape
    front: str
    """The question, or the text with gaps."""
    back: str = ""
    is_both: bool = False
    """Whether it is asked both ways."""
    tags: tuple[str, ...] = ()
    """Those at its start, without `#`."""
    id: str = ""
    """The id of its block."""
    has_schedule: bool = False
    has_heading: bool = False
    """Whether it stands below a heading, which the plugin shows with it."""


class CardFinder:
    """Finds the cards of notes by the settings of a vault."""

    def __init__(self, settings: Settings) -> None:
        """Compile the patterns of gaps."""
        self._settings = settings
        self.patterns: list[GapPattern] = [
            found for pattern in settings.patterns if (found := compile_pattern(pattern))
        ]
        inline = [(settings.single, False), (settings.single_both, True)]
        self._inline = sorted((pair for pair in inline if pair[0]), key=lambda pair: -len(pair[0]))

    def may_have_cards(self, text: str) -> bool:
        """Tell quickly whether a note may have cards."""
        settings = self._settings
        if any(mark in text for mark, _ in self._inline):
            return True
        lines = {line.strip() for line in text.split("\n")}
        if (settings.multi and settings.multi in lines) or settings.multi_both in lines:
            return True
        return any(pattern.simple.search(text) for pattern in self.patterns)

    def find(self, text: str) -> Iterator[FoundCard]:
        """Yield the cards of a note in order."""
        yield from _Scan(self, self._settings, self._inline, text).run()

    def is_cloze(self, line: str) -> bool:
        """Tell whether a line has a gap outside code."""
        bare = _CODE.sub(lambda match: "x" * len(match[0]), line)
        return any(pattern.simple.search(bare) for pattern in self.patterns)


class _Scan:
    """One note, line by line."""

    def __init__(
        self, finder: CardFinder, settings: Settings, inline: list[tuple[str, bool]], text: str
    ) -> None:
        self._finder = finder
        self._settings = settings
        self._inline = inline
        self._lines = text.split("\n")
        self._at = _count_front_matter(self._lines)
        self._block: list[str] = []
        """The lines since the last card or empty line."""
        self._first = self._at
        self._shape: Shape | None = None
        self._has_heading = False

    def run(self) -> Iterator[FoundCard]:
        while self._at < len(self._lines):
            yield from self._read_line()
            self._at += 1
        yield from self._end(len(self._lines) - 1)

    def _read_line(self) -> Iterator[FoundCard]:
        line, settings = self._lines[self._at], self._settings
        bare = line.strip()
        if line.startswith(_COMMENT) and not line.startswith("<!--SR:"):
            while _COMMENT_END not in self._lines[self._at] and self._at + 1 < len(self._lines):
                self._at += 1
            return
        is_end = bare == settings.end if settings.end else not bare
        if is_end or (not bare and self._shape is None):
            yield from self._end(self._at - 1)
            self._first = self._at + 1
            return
        if _HEADING.match(line):
            self._has_heading = True
        if self._block == []:
            self._first = self._at
        self._block.append(line.rstrip())
        mark = next((mark for mark in self._inline if _has_mark(line, mark[0])), None)
        if mark is not None and self._shape is not Shape.MULTI:
            yield self._end_line(line, *mark)
        elif bare and bare in (settings.multi, settings.multi_both) and len(self._block) > 1:
            self._shape = Shape.MULTI
        elif fence := _FENCE.match(line):
            self._skip_code(fence[0])
        elif self._shape is None and self._finder.is_cloze(line):
            self._shape = Shape.CLOZE

    def _skip_code(self, fence: str) -> None:
        while self._at + 1 < len(self._lines):
            self._at += 1
            self._block.append(self._lines[self._at])
            if self._lines[self._at].startswith(fence):
                return

    def _end_line(self, line: str, mark: str, is_both: bool) -> FoundCard:
        """End a card on one line, with what belongs to it on the next ones."""
        first = self._at
        text = line
        following = self._lines[first + 1 : first + 4]
        if following and following[0].startswith("<!--SR:"):
            self._at += 1
            text += following[0]
        elif following and following[0].startswith(_CALLOUT):
            while self._at + 1 < len(self._lines) and self._lines[self._at + 1].startswith(">"):
                self._at += 1
                text += (
                    self._lines[self._at].lstrip("> ") if "<!--SR:" in self._lines[self._at] else ""
                )
        self._block, self._shape, self._first = [], None, self._at + 1
        text, id, has_schedule = _take_marks(text)
        text, tags = _take_tags(text)
        front, _, back = text.partition(mark)
        return FoundCard(
            line=first + 1,
            last_line=self._at + 1,
            shape=Shape.SINGLE,
            front=front.strip(),
            back=back.strip(),
            is_both=is_both,
            tags=tags,
            id=id,
            has_schedule=has_schedule,
            has_heading=self._has_heading,
        )

    def _end(self, last: int) -> Iterator[FoundCard]:
        """End the block of lines, which may be a card."""
        shape, block = self._shape, self._block
        self._shape, self._block = None, []
        if shape is None:
            return
        text, id, has_schedule = _take_marks("\n".join(block))
        text, tags = _take_tags(text)
        front, back, is_both = text, "", False
        if shape is Shape.MULTI:
            lines = text.split("\n")
            marks = (self._settings.multi, self._settings.multi_both)
            middle = next((i for i, line in enumerate(lines) if line.strip() in marks), None)
            if not middle:
                return
            is_both = lines[middle].strip() == self._settings.multi_both
            front, back = "\n".join(lines[:middle]), "\n".join(lines[middle + 1 :])
        yield FoundCard(
            line=self._first + 1,
            last_line=last + 1,
            shape=shape,
            front=front.strip("\n").rstrip(),
            back=back.strip("\n").rstrip(),
            is_both=is_both,
            tags=tags,
            id=id,
            has_schedule=has_schedule,
            has_heading=self._has_heading,
        )


def read_front_tags(text: str) -> list[str]:
    """Return the tags in the properties at the start of a note, without `#`."""
    lines = text.split("\n")
    inside = lines[1 : max(_count_front_matter(lines) - 1, 1)]
    found: list[str] = []
    for number, line in enumerate(inside):
        match = _TAG_KEY.fullmatch(line)
        if match is None:
            continue
        found += _SPLIT.split(match["value"])
        for item in inside[number + 1 :]:
            listed = _ITEM.fullmatch(item)
            if listed is None:
                break
            found.append(listed["value"])
    return [tag for tag in (one.strip(" \t\"'").lstrip("#") for one in found) if tag]


def list_tag_lines(text: str) -> list[tuple[int, list[str]]]:
    """Return the lines of a note with tags in its text, with their numbers."""
    lines = text.split("\n")
    found = []
    fence = ""
    start = _count_front_matter(lines)
    for number, line in enumerate(lines[start:], start + 1):
        mark = _FENCE.match(line.lstrip())
        if mark is not None and (not fence or line.lstrip().startswith(fence)):
            fence = "" if fence else mark[0]
        elif not fence and "#" in line and (tags := TAG.findall(_CODE.sub("", line))):
            found.append((number, tags))
    return found


def _count_front_matter(lines: list[str]) -> int:
    if not lines or lines[0].rstrip() != _FRONT_MATTER:
        return 0
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == _FRONT_MATTER), None)
    return 0 if end is None else end + 1


def _has_mark(line: str, mark: str) -> bool:
    """Tell whether the first of these marks in a line is outside code."""
    index = line.find(mark)
    if index < 0:
        return False
    before, after = line[:index].count("`"), line[index + len(mark) :].count("`")
    return not (before % 2 and after % 2)


def _take_marks(text: str) -> tuple[str, str, bool]:
    """Take schedules and the id of the block from a card: return its text, the id, and whether it had some."""
    bare, count = SCHEDULE.subn("", text)
    bare = "\n".join(line for line in bare.split("\n") if not line.startswith(_CALLOUT)).rstrip()
    match = _BLOCK_ID.search(bare)
    if match is not None:
        return bare[: match.start()].rstrip(), match["id"], count > 0
    head, _, last = bare.rpartition("\n")
    if head and _BLOCK_LINE.fullmatch(last):
        return head.rstrip(), last[1:], count > 0
    return bare, "", count > 0


def _take_tags(text: str) -> tuple[str, tuple[str, ...]]:
    """Take the tags at the start of a card."""
    tags = []
    while (match := _FIRST_TAG.match(text)) and TAG.match(f"#{match['name']}"):
        tags.append(match["name"])
        text = text[match.end() :]
    return text, tuple(tags)
