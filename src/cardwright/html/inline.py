"""Lines of text → Markdown, in one of several manners."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from cardwright.html.flow import GAPS, Item, Line, read_link
from cardwright.html.style import BOLD, CODE, ITALIC, LINK, PLAIN, STRUCK, SUB, SUP

_INNER: Final = (CODE, SUB, SUP)
"""Marks in which there are no others."""
_ORDER: Final = {BOLD: 0, ITALIC: 1, STRUCK: 2}
PUNCTUATION: Final = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_PLAIN_ADDRESS: Final = re.compile(r"[^\s()<>\\\x00-\x1f]+")
_AUTOMATIC: Final = re.compile(r"https?://[^\s<>\\]+")
_ALT_MARK: Final = re.compile(r"([\\\[\]`*_<$~^&{|])")
_ENTITY: Final = re.compile(r"&(?=#?\w+;)")
_MAX_SHIELDS: Final = 500


class Manner(NamedTuple):
    """A way to write the same text."""

    italic: str = "*"
    bold: str = "**"
    escapes: frozenset[int] = frozenset()
    """The signs that have a backslash, by their number in the text."""
    maths: int = 0
    r"""0 for `$x$`, 1 for `\(x\)`, 2 for `\({}x\)`, which is never taken for text."""
    shields: frozenset[int] = frozenset()
    """The letters beside emphasis that are entities, so that it may end within a word."""
    are_hints_apart: bool = False
    """Whether a space stands before the hint of a gap."""


class Entry(NamedTuple):
    """Something open: emphasis, a link, code or a gap."""

    mark: str
    """As in a style; `gap` for a gap."""
    closer: str


@dataclass(slots=True)
class InlineWriter:
    """Writes one paragraph."""

    manner: Manner
    line_break: str
    parts: list[str] = field(default_factory=list)
    signs: list[str] = field(default_factory=list)
    """The signs that could have a backslash, in order."""
    shields: int = 0
    """How many letters stand beside emphasis."""
    _stack: list[Entry] = field(default_factory=list)
    _shield_next: bool = False
    _last_is_text: bool = False
    _space_next: bool = False
    """Whether a formula that stands on a line of its own is before a text."""

    def write(self, lines: Sequence[Line]) -> str:
        """Return Markdown for lines."""
        items: list[Item] = []
        for index, line in enumerate(lines):
            if index:
                items.append(Item("break", ""))
            items += line
        for index, item in enumerate(items):
            self._write_item(items, index, item)
        # A gap may end in another paragraph.
        self._stack = [entry for entry in self._stack if entry.mark != "gap"]
        self._close_to(0)
        return "".join(self.parts)

    def _write_item(self, items: Sequence[Item], index: int, item: Item) -> None:
        if item.kind == "break":
            following = items[index + 1].style if index + 1 < len(items) else PLAIN
            self._reach(items, index, frozenset(m for m in following if m.startswith(LINK)))
            self._push(self.line_break)
            return
        if item.kind == "open":
            self._open_gap(items, index, item)
            return
        if item.kind in ("hint", "close"):
            self._end_gap_part(item)
            return
        self._reach(items, index, item.style)
        if self._space_next and item.kind != "text":
            self._push(" ")
        match item.kind:
            case "text":
                self._write_text(item)
            case "image":
                self._write_image(item)
            case "sound":
                self._write_sound(item)
            case "ruby":
                self._write_ruby(item)
            case "maths":
                self._write_maths(item)
        self._last_is_text = item.kind == "text" and CODE not in item.style

    def _push(self, text: str) -> None:
        self.parts.append(text)
        self._shield_next = self._space_next = False
        self._last_is_text = False

    def _open_gap(self, items: Sequence[Item], index: int, item: Item) -> None:
        shared = item.style
        self._reach(items, index, shared)
        # What ends within the gap must not be open around it.
        end = _find_close(items, index)
        for place, entry in enumerate(self._stack):
            if entry.mark != "gap" and any(
                entry.mark not in i.style
                for i in items[index:end]
                if i.kind not in (*GAPS, "break")
            ):
                self._close_to(place)
                break
        self._push(f"{{{{c{item.text}::")
        self._stack.append(Entry("gap", "}}"))

    def _end_gap_part(self, item: Item) -> None:
        places = [place for place, entry in enumerate(self._stack) if entry.mark == "gap"]
        if not places:
            # It was opened in another paragraph.
            self._close_to(0)
            self._push("}}" if item.kind == "close" else self._hint())
            return
        self._close_to(places[-1] + 1)
        if item.kind == "hint":
            self._push(self._hint())
        else:
            self._close_to(places[-1])

    def _hint(self) -> str:
        return ":: " if self.manner.are_hints_apart else "::"

    def _reach(self, items: Sequence[Item], index: int, style: frozenset[str]) -> None:
        """Close and open marks until the style is reached."""
        floor = max(
            (p + 1 for p, entry in enumerate(self._stack) if entry.mark == "gap"), default=0
        )
        below = {entry.mark for entry in self._stack[:floor]}
        keep = floor
        while keep < len(self._stack) and self._stack[keep].mark in style:
            keep += 1
        wanted = [
            mark
            for mark in style
            if mark not in below and mark not in {entry.mark for entry in self._stack[:keep]}
        ]
        if wanted:
            inner = [p for p in range(floor, keep) if self._stack[p].mark in _INNER]
            if inner:
                keep = inner[0]
                wanted += [
                    entry.mark
                    for entry in self._stack[keep:]
                    if entry.mark in style and entry.mark not in wanted
                ]
        self._close_to(keep)
        for mark in sorted(wanted, key=lambda mark: self._rank(items, index, mark)):
            self._open_mark(items, index, mark)

    def _rank(self, items: Sequence[Item], index: int, mark: str) -> tuple[bool, int, int, str]:
        """Order marks: code innermost, and otherwise what ends last first."""
        end = _find_end(items, index, mark)
        return mark in _INNER, -end, _ORDER.get(mark, 3), mark

    def _open_mark(self, items: Sequence[Item], index: int, mark: str) -> None:
        manner = self.manner
        if mark == BOLD:
            opener, closer = manner.bold, manner.bold
        elif mark == ITALIC:
            opener, closer = manner.italic, manner.italic
        elif mark == STRUCK:
            opener, closer = "~~", "~~"
        elif mark == CODE:
            opener, closer = self._fence_code(items, index)
        elif mark == SUB:
            opener, closer = "~", "~"
        elif mark == SUP:
            opener, closer = "^", "^"
        else:
            opener, closer = self._write_link(items, index, mark)
        if mark in (BOLD, ITALIC, STRUCK):
            self._shield_last()
        self._push(opener)
        self._stack.append(Entry(mark, closer))

    def _shield_last(self) -> None:
        """Write the letter before emphasis as an entity."""
        if not (self._last_is_text and self.parts and self.parts[-1][-1:].isalnum()):
            return
        if self.shields in self.manner.shields:
            letter = self.parts[-1][-1]
            self.parts[-1] = f"{self.parts[-1][:-1]}&#{ord(letter)};"
        self.shields += 1

    def _close_to(self, length: int) -> None:
        while len(self._stack) > length:
            entry = self._stack.pop()
            self._push(entry.closer)
            self._shield_next = entry.mark in (BOLD, ITALIC, STRUCK, SUB, SUP)

    def _fence_code(self, items: Sequence[Item], index: int) -> tuple[str, str]:
        end = _find_end(items, index, CODE)
        code = "".join(item.text for item in items[index:end] if item.kind == "text")
        runs = {len(run) for run in re.findall("`+", code)}
        count = next(n for n in range(1, len(runs) + 2) if n not in runs)
        first, last = code[:1], code[-1:]
        is_padded = "`" in (first, last) or (first == last == " " and code.strip(" ") != "")
        space = " " if is_padded else ""
        return "`" * count + space, space + "`" * count

    def _write_link(self, items: Sequence[Item], index: int, mark: str) -> tuple[str, str]:
        address, title = read_link(frozenset({mark}))
        end = _find_end(items, index, mark)
        inside = items[index:end]
        if (
            len(inside) == 1
            and inside[0].kind == "text"
            and not title
            and inside[0].style == {mark}
        ):
            text = inside[0].text
            if text == address and _AUTOMATIC.fullmatch(address):
                return "<", ">"
        written = _write_address(address)
        quoted = title.replace("\\", "\\\\").replace('"', '\\"')
        return "[", f']({written} "{quoted}")' if title else f"]({written})"

    def _write_text(self, item: Item) -> None:
        if CODE in item.style or (self._stack and self._stack[-1].closer == ">"):
            self._push(item.text)
            return
        text = item.text
        pieces = [" "] if self._space_next and text[:1].isalnum() else []
        if self._shield_next and text[:1].isalnum():
            if self.shields in self.manner.shields:
                pieces.append(f"&#{ord(text[0])};")
                text = text[1:]
            self.shields += 1
        escapes = self.manner.escapes
        signs = self.signs
        if not PUNCTUATION.isdisjoint(text):
            for char in text:
                if char in PUNCTUATION:
                    if len(signs) in escapes:
                        pieces.append("\\")
                    signs.append(char)
                pieces.append(char)
        else:
            pieces.append(text)
        written = "".join(pieces).replace("\xa0", "&nbsp;")
        self._push(written)

    def _write_image(self, item: Item) -> None:
        alt, width, title = item.data
        address = _write_address(item.text)
        named = f' "{_quote(title)}"' if title else ""
        size = f"{{width={width}}}" if width else ""
        self._push(f"![{_write_alt(alt)}]({address}{named}){size}")

    def _write_sound(self, item: Item) -> None:
        alt = item.data[0] if item.data else ""
        self._push(f"![{_write_alt(alt)}]({_write_address(item.text)})")

    def _write_ruby(self, item: Item) -> None:
        if self.parts and self.parts[-1].startswith("{") and self._last_ruby(item):
            return
        self._push(f"{{{item.text}|{item.data[0]}}}")

    def _last_ruby(self, item: Item) -> bool:
        """Write the reading of one more character of a word."""
        match = re.fullmatch(r"\{([^{}|]+)\|([^{}]+)\}", self.parts[-1])
        if match is None or len(item.text) != 1 or len(match[1]) != match[2].count("|") + 1:
            return False
        self.parts[-1] = f"{{{match[1]}{item.text}|{match[2]}|{item.data[0]}}}"
        return True

    def _write_maths(self, item: Item) -> None:
        latex = item.text
        if self.line_break == "<br>":
            latex = " ".join(latex.split())
        is_block = item.data == ("block",)
        if self.manner.maths == 0:
            mark = "$$" if is_block else "$"
            written = f"{mark}{latex}{mark}"
        else:
            start, end = ("\\[", "\\]") if is_block else ("\\(", "\\)")
            more = "{}" if self.manner.maths > 1 else ""
            written = f"{start}{more}{latex}{end}"
        before = self.parts[-1] if self.parts else self.line_break
        if is_block and before != self.line_break and not before.endswith((" ", "::")):
            written = f" {written}"
        self._push(written)
        self._space_next = is_block


def _quote(title: str) -> str:
    return title.replace("\\", "\\\\").replace('"', '\\"')


def _write_alt(alt: str) -> str:
    return _ALT_MARK.sub(r"\\\1", alt).replace("\xa0", " ")


def _write_address(address: str) -> str:
    """Write an address or a path as the target of a link."""
    address = _ENTITY.sub("&amp;", address)
    if _PLAIN_ADDRESS.fullmatch(address):
        return address
    return f"<{address.replace(chr(92), '%5C').replace('<', '%3C').replace('>', '%3E')}>"


def _find_end(items: Sequence[Item], index: int, mark: str) -> int:
    """Return the index of the first item that has not the mark, from one that has."""
    end = index
    while end < len(items) and (mark in items[end].style or _is_inner_break(items, end, mark)):
        end += 1
    return end


def _is_inner_break(items: Sequence[Item], index: int, mark: str) -> bool:
    """Tell whether an item is a line break within text with the mark."""
    if items[index].kind != "break" or not mark.startswith(LINK):
        return False
    return index + 1 < len(items) and mark in items[index + 1].style


def _find_close(items: Sequence[Item], index: int) -> int:
    depth = 0
    for place in range(index, len(items)):
        depth += {"open": 1, "close": -1}.get(items[place].kind, 0)
        if depth == 0:
            return place
    return len(items)


def list_manners(lines: Sequence[Line]) -> Iterator[Manner]:
    """Yield the manners in which lines may be written, the most natural first."""
    items = [item for line in lines for item in line]
    styles = frozenset().union(*(item.style for item in items))
    italics = ("*", "_") if ITALIC in styles else ("*",)
    bolds = ("**", "__") if BOLD in styles and ITALIC in styles else ("**",)
    formulas = (0, 1, 2) if any(item.kind == "maths" for item in items) else (0,)
    hints = (False, True) if any(item.kind == "hint" for item in items) else (False,)
    everything = frozenset(range(_MAX_SHIELDS))
    shields = (
        (frozenset(), everything) if styles & {BOLD, ITALIC, STRUCK, SUB, SUP} else (frozenset(),)
    )
    for shield in shields:
        for are_apart in hints:
            for maths in formulas:
                for bold in bolds:
                    for italic in italics:
                        yield Manner(italic, bold, frozenset(), maths, shield, are_apart)
