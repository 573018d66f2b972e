"""Obsidian's Markdown → CommonMark, which `dialect` makes ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from cardwright.adopt.gaps import escape_gaps, write_gap
from cardwright.adopt.obsidian_settings import GapPattern
from cardwright.adopt.pieces import cut
from cardwright.incoming import LossCounter

_MASK: Final = "\x00"
_MASKED: Final = re.compile(f"{_MASK}([0-9]+){_MASK}")
_LINK: Final = re.compile(
    r"(?P<embed>!?)\[\[(?P<note>[^\[\]|#\n]{0,500})(?P<part>#[^\[\]|\n]{0,500})?"
    r"(?:\\?\|(?P<alias>[^\[\]\n]{0,500}))?\]\]"
)
_MEDIA: Final = re.compile(
    r".+\.(?:png|jpe?g|gif|webp|avif|bmp|svg|mp3|m4a|aac|wav|flac|ogg|oga|opus|3gp|mp4|webm|mkv|mov|ogv)",
    re.IGNORECASE | re.DOTALL,
)
_SIZE: Final = re.compile(r"[0-9]{1,4}(?:x[0-9]{1,4})?")
_HIDDEN: Final = re.compile(r"[ \t]?%%[\s\S]*?%%")
_HIGHLIGHT: Final = re.compile(r"==(?![\s=])((?:(?!==)(?!\n\s*\n)[\s\S]){1,2000}?)(?<!\s)==")
_CALLOUT: Final = re.compile(
    r"^(?P<start>[ \t]*(?:>[ \t]?)+)\[!(?P<type>[^\]\n]+)\][+-]?[ \t]*(?P<title>.*)$", re.MULTILINE
)
_NOTE_MARK: Final = re.compile(r"\[\^(?P<name>[^\]\s]{1,60})\](?!:)")
_NOTE: Final = re.compile(r"^\[\^(?P<name>[^\]\s]{1,60})\]:[ \t]*(?P<text>.+)$", re.MULTILINE)
_INLINE_NOTE: Final = re.compile(r"\^\[(?P<text>[^\[\]\n]{1,1000})\]")
_MAX_GAPS: Final = 499
"""Anki tells no more cards of a note apart."""
_BRACES: Final = re.escape("{{")
_BLOCK_ID: Final = re.compile(r"[ \t]\^[A-Za-z0-9-]+[ \t]*$", re.MULTILINE)
_START: Final = re.compile(
    r"[ \t]*(?:[-*+][ \t]|[0-9]{1,9}[.)][ \t]|#{1,6}[ \t]|>|\||\$\$|\Z|(?:[-*_][ \t]*){3,}\Z)"
)
"""What begins a block, so that a line before it is not broken."""
_NO_BREAK: Final = re.compile(r"[ \t]*(?:#{1,6}[ \t]|\||\$\$|(?:[-*_][ \t]*){3,}\Z)")
_HARD: Final = re.compile(r"(?:  |\\|<br ?/?>)\Z")
_LEAD: Final = re.compile(
    r"[ \t]*(?:>[ \t]?)*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+(?:\[.\][ \t]+)?)?(?:#{1,6}[ \t]+)?"
)


class ObsidianText:
    """The texts of one note."""

    def __init__(self, note: str, losses: LossCounter) -> None:
        """Take the text of the note: it has the footnotes of its cards."""
        self._footnotes = (
            {m["name"]: m["text"].strip() for m in _NOTE.finditer(note)} if "[^" in note else {}
        )
        self._losses = losses

    def convert(self, text: str, place: str) -> str:
        """Return a text as CommonMark."""
        return self._convert(text, place, None)

    def convert_gaps(self, text: str, patterns: Sequence[GapPattern], place: str) -> str:
        """Return a text with gaps as CommonMark with gaps as ours; without any if it has none."""
        return self._convert(text, place, patterns)

    def _convert(self, text: str, place: str, patterns: Sequence[GapPattern] | None) -> str:
        mask = _Mask(text)
        bare = mask.text
        if patterns is not None:
            if not any(pattern.simple.pattern.startswith(_BRACES) for pattern in patterns):
                bare = escape_gaps(bare)
            bare = self._write_gaps(bare, patterns, place)
        bare = self._count(_HIDDEN, "", "hidden comments", bare, place)
        bare = _BLOCK_ID.sub("", bare)
        bare = self._show_footnotes(bare, place)
        bare = _LINK.sub(lambda match: self._show_link(match, place), bare)
        bare = _CALLOUT.sub(_show_callout, bare)
        bare = self._count(_HIGHLIGHT, r"**\1**", "highlights, which became bold", bare, place)
        return mask.restore(_break_lines(bare, mask.is_block))

    def _count(self, pattern: re.Pattern[str], to: str, what: str, text: str, place: str) -> str:
        found = pattern.search(text)
        if found is None:
            return text
        done, times = pattern.subn(to, text)
        self._losses.add(what, place, found[0], count=times)
        return done

    def _write_gaps(self, text: str, patterns: Sequence[GapPattern], place: str) -> str:
        """Write gaps as ours; of the ways to number them, only one is used in a text."""
        ways = (
            [pattern.numbered for pattern in patterns],
            [pattern.overlapping for pattern in patterns],
            [pattern.simple for pattern in patterns],
        )
        way = next((way for way in ways if any(pattern.search(text) for pattern in way)), [])
        parts: list[str] = []
        position = count = 0
        while found := [match for pattern in way if (match := pattern.search(text, position))]:
            match = min(found, key=lambda one: one.start())
            count += 1
            parts += [text[position : match.start()], self._write_gap(match, count, place)]
            position = match.end()
        return "".join([*parts, text[position:]])

    def _write_gap(self, match: re.Match[str], count: int, place: str) -> str:
        groups = match.groupdict()
        if count > _MAX_GAPS:
            self._losses.add(f"gaps after the first {_MAX_GAPS} of a text", place, match[0])
            return match["answer"]
        number = groups.get("number") or str(count)
        if not number.isdigit():
            if "h" in number:
                self._losses.add("gaps that hide others, which are shown", place, match[0])
            asked = [str(index) for index, letter in enumerate(number, 1) if letter == "a"]
            if not asked:
                return match["answer"]
            number = ",".join(asked)
        return write_gap(number.lstrip("0") or "1", match["answer"], groups.get("hint") or "")

    def _show_footnotes(self, text: str, place: str) -> str:
        if "[^" not in text and "^[" not in text:
            return text
        text = _NOTE.sub("", text)

        def show(match: re.Match[str]) -> str:
            found = self._footnotes.get(match["name"])
            if found is None:
                return match[0]
            self._losses.add("footnotes, which became text in brackets", place, match[0])
            return f" ({found})"

        text = _NOTE_MARK.sub(show, text)
        what = "footnotes, which became text in brackets"
        return self._count(_INLINE_NOTE, r" (\g<text>)", what, text, place)

    def _show_link(self, match: re.Match[str], place: str) -> str:
        note, part, alias = match["note"].strip(), match["part"] or "", match["alias"]
        if match["embed"] and _MEDIA.fullmatch(note):
            options = [one.strip() for one in re.split(r"\\?\|", alias)] if alias else []
            size = next((one for one in options if _SIZE.fullmatch(one)), "")
            alt = next((one for one in options if one and not _SIZE.fullmatch(one)), "")
            label = f"{alt}|{size}" if alt and size else alt or size
            return f"![{label}](<{note}>)"
        what = "embedded notes" if match["embed"] else "links to other notes or files"
        self._losses.add(what, place, match[0])
        shown = (alias or "").strip()
        heading = " > ".join(filter(None, part.split("#"))) if "^" not in part else ""
        return shown or " > ".join(filter(None, (note.rpartition("/")[2], heading))) or match[0]


class _Mask:
    """Hides what Obsidian's marks do not reach into: code, formulas, and finished gaps."""

    def __init__(self, text: str) -> None:
        self._hidden: list[str] = []
        self.text = "".join(
            self._keep(piece.text)
            if piece.kind in ("fence", "code", "maths", "comment")
            else piece.text
            for piece in cut(text)
        )

    def _keep(self, text: str) -> str:
        self._hidden.append(text)
        return f"{_MASK}{len(self._hidden) - 1}{_MASK}"

    def restore(self, text: str) -> str:
        """Return a text with all that was hidden in it."""
        while _MASK in text:
            text = _MASKED.sub(lambda match: self._hidden[int(match[1])], text)
        return text

    def is_block(self, line: str) -> bool:
        """Tell whether a line is code or a formula of several lines."""
        match = _MASKED.search(line)
        return match is not None and "\n" in self._hidden[int(match[1])]


def strip_lead(line: str) -> str:
    """Return a line without the marks of a list, a quotation or a heading before its text."""
    match = _LEAD.match(line)
    return line[match.end() :] if match else line


def _show_callout(match: re.Match[str]) -> str:
    title = match["title"].strip() or match["type"].partition("|")[0].strip().capitalize()
    return f"{match['start']}**{title}**\n{match['start'].rstrip()}"


def _break_lines(text: str, is_block: Callable[[str], bool]) -> str:
    """Break lines where Obsidian does, which is at each end of a line within a paragraph."""
    lines = text.split("\n")
    for index, (line, after) in enumerate(pairwise(lines)):
        if (
            line.strip()
            and after.strip()
            and not _NO_BREAK.match(line)
            and not _START.match(after)
            and not _HARD.search(line)
            and not is_block(line)
            and not is_block(after)
        ):
            lines[index] = f"{line.rstrip()}<br>"
    return "\n".join(lines)
