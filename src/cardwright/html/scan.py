r"""Anki's own syntax in HTML, which Anki reads before a browser does.

Gaps, sounds and LaTeX become marks: control characters that no other text has, since `drop_control`
removes them, and entities for them stand for other characters.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Final, NamedTuple

from cardwright.text import BIDI_OVERRIDES, CONTROLS, find_unbalanced_isolate, to_nfc

OPEN: Final = "\x92"
OPENED: Final = "\x96"
"""Ends the numbers of a gap, which `OPEN` begins."""
HINT: Final = "\x93"
CLOSE: Final = "\x94"
STORED: Final = "\x9a"
STORED_END: Final = "\x9b"
"""Enclose the number of a formula or a sound in a list."""
APART: Final = "\x95"
r"""Divides a backslash at the end of an element from a bracket: they begin no formula."""
MARKS: Final = "\x92\x93\x94\x95\x96\x9a\x9b"
_LOST: Final = re.compile(f"[{CONTROLS}{BIDI_OVERRIDES}\ufffe\uffff]")
_ISOLATES: Final = re.compile("[\u2066-\u2069]")
_MAX_NUMBER: Final = 499
_MAX_DEPTH: Final = 8
_PIECE: Final = re.compile(
    r"""
      \{\{c(?P<numbers>[0-9]{1,3}(?:,[0-9]{1,3}){0,20})::
    | (?P<close>\}\})
    | ::
    | (?P<opening>\\[(\[])
    | \[(?P<tag>latex|\$\$?)\] (?P<latex> (?: [^\[]++ | \[(?!/|latex\]|\$) )*+ ) \[/(?P=tag)\]
    | <anki-mathjax[^<>]*> (?P<mathjax> [^<]*+ ) </anki-mathjax>
    """,
    re.VERBOSE,
)
_OPENING: Final = re.compile(r"\\[(\[]")
_SOURCE_SIGN: Final = re.compile(
    r"\\[^()\[\]] | (?P<brace>[{}]) | (?P<end> \\[()\[\]] | <(?!br\s*/?>|/?div>) )", re.VERBOSE
)
"""In HTML: a brace, or what ends a formula for MathJax, if only because none contains it."""
_TEXT_SIGN: Final = re.compile(
    rf"\\[^()\[\]{APART}] | (?P<end> \\[()\[\]] | \\?{APART} | [{OPEN}{HINT}{CLOSE}] )",
    re.VERBOSE,
)
"""The same in the text of a page."""
_TAG: Final = re.compile(
    r"""
      \[sound:(?P<sound>[^\]<>\n]{1,500})\]
    | \[latex\](?P<latex>(?:(?!\[latex\]).)*?)\[/latex\]
    | \[\$\$\](?P<display>(?:(?!\[\$\$\]).)*?)\[/\$\$\]
    | \[\$\](?P<inline>(?:(?!\[\$\]).)*?)\[/\$\]
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_HAS_TAG: Final = re.compile(r"\[(?:sound:|latex\]|\$)", re.IGNORECASE)
_LINE: Final = re.compile(r"<br\s*/?>|<div>|</div>|</?p>", re.IGNORECASE)
_ELEMENT: Final = re.compile(r"<[^<>]{0,2000}>")
_WRAPPED: Final = (
    (re.compile(r"\A\s*\$\$(?P<latex>(?:[^$\\]|\\.)+)\$\$\s*\Z", re.DOTALL), "block"),
    (re.compile(r"\A\s*\$(?P<latex>(?:[^$\\]|\\.)+)\$\s*\Z", re.DOTALL), "inline"),
    (re.compile(r"\A\s*\\\[(?P<latex>.+)\\\]\s*\Z", re.DOTALL), "block"),
    (re.compile(r"\A\s*\\\((?P<latex>.+)\\\)\s*\Z", re.DOTALL), "inline"),
    (
        re.compile(
            r"\A\s*\\begin\{(?:displaymath|math)\}(?P<latex>.+)\\end\{(?:displaymath|math)\}\s*\Z",
            re.DOTALL,
        ),
        "block",
    ),
    (
        re.compile(
            r"\A\s*(?P<latex>\\begin\{(?P<name>(?:equation|align|gather|multline|eqnarray)\*?)\}.+\\end\{(?P=name)\})\s*\Z",
            re.DOTALL,
        ),
        "block",
    ),
)
"""LaTeX that is nothing but a formula."""
_PART: Final = re.compile(
    r"\\(?P<text>[$%&#_])|\$\$(?P<display>[^$]{1,5000})\$\$|\$(?P<inline>[^$]{1,5000})\$"
)
"""A formula, or an escaped sign, in a text of LaTeX."""
_NUMBERED: Final = re.compile(rf"{STORED}([0-9]+){STORED_END}")


@dataclass(slots=True)
class Scan:
    """A text of HTML in which Anki's own syntax is marked."""

    html: str
    stored: list[tuple[str, str]] = field(default_factory=list)
    """Formulas and sounds by number: `inline`, `block` or `sound`, and the text."""
    losses: list[tuple[str, str]] = field(default_factory=list)

    def store(self, kind: str, text: str) -> str:
        """Keep a text, and return the mark for it."""
        self.stored.append((kind, text))
        return f"{STORED}{len(self.stored) - 1}{STORED_END}"

    def restore(self, text: str) -> str:
        """Return a text from which marks are removed, as it may be in an attribute."""
        if not has_marks(text):
            return text
        text = _NUMBERED.sub(lambda match: self._write(int(match[1])), text)
        return _restore_gaps(text).replace(APART, "")

    def _write(self, index: int) -> str:
        kind, text = self.stored[index] if index < len(self.stored) else ("", "")
        return f"[sound:{text}]" if kind == "sound" else text


def _restore_gaps(text: str) -> str:
    text = text.replace(OPEN, "{{c").replace(OPENED, "::")
    return text.replace(HINT, "::").replace(CLOSE, "}}")


def has_marks(text: str) -> bool:
    """Tell whether Anki's own syntax is in a text."""
    return any(mark in text for mark in MARKS)


def scan_html(html: str, *, is_cloze: bool) -> Scan:
    """Mark Anki's own syntax in a text of HTML."""
    scan = Scan(to_nfc(html))
    if _LOST.search(scan.html):
        scan.losses.append(("control characters", ""))
        scan.html = _LOST.sub("", scan.html)
    if find_unbalanced_isolate(scan.html) is not None:
        scan.losses.append(("control characters", "text direction"))
        scan.html = _ISOLATES.sub("", scan.html)
    if is_cloze and "{{c" in scan.html:
        scan.html = _mark_gaps(scan.html)
    if _HAS_TAG.search(scan.html):
        scan.html = _TAG.sub(lambda match: _store_tag(scan, match), scan.html)
    return scan


def _store_tag(scan: Scan, match: re.Match[str]) -> str:
    if match["sound"] is not None:
        return scan.store("sound", unescape(match["sound"]).strip())
    kind, raw = next((n, match[n]) for n in ("inline", "display", "latex") if match[n] is not None)
    latex = _restore_gaps(unescape(_ELEMENT.sub("", _LINE.sub("\n", raw)))).replace("\xa0", " ")
    if kind != "latex":
        return scan.store("block" if kind == "display" else "inline", latex)
    for pattern, display in _WRAPPED:
        formula = pattern.match(latex)
        if formula is not None:
            return scan.store(display, formula["latex"])
    scan.losses.append(("LaTeX that is not a formula", latex.strip()[:60]))
    return _PART.sub(lambda part: _store_part(scan, part), match["latex"])


def _store_part(scan: Scan, match: re.Match[str]) -> str:
    """Keep a formula within a text of LaTeX."""
    name = next(name for name in ("display", "inline", "text") if match[name] is not None)
    if name == "text":
        return match["text"]
    latex = unescape(_ELEMENT.sub("", _LINE.sub("\n", match[name])))
    return scan.store("block" if name == "display" else "inline", _restore_gaps(latex))


@dataclass(slots=True)
class _Gap:
    """A gap that is not closed yet."""

    start: int
    end: int
    numbers: str
    is_valid: bool
    hints: list[int] = field(default_factory=list)


def _mark_gaps(html: str) -> str:
    """Mark the gaps that Anki finds; `}}` in a formula closes none."""
    changes: list[tuple[int, int, str]] = []
    stack: list[_Gap] = []
    ends = _FormulaEnds(html, _SOURCE_SIGN)
    position = 0
    while match := _PIECE.search(html, position):
        position = match.end()
        if match["numbers"] is not None:
            numbers = [int(number) for number in match["numbers"].split(",")]
            is_valid = all(0 < n <= _MAX_NUMBER for n in numbers) and len(stack) < _MAX_DEPTH
            stack.append(_Gap(match.start(), match.end(), match["numbers"], is_valid))
        elif match["close"] is not None:
            if stack:
                changes += _close_gap(stack.pop(), match.start())
        elif match[0] == "::":
            if stack and not stack[-1].hints:
                stack[-1].hints.append(match.start())
        elif match["opening"] is not None:
            end = ends.find(match)
            position = end.stop if end is not None and end.is_balanced else match.start() + 1
        elif not _is_balanced(match["latex"] or match["mathjax"] or ""):
            position = match.start() + 2
    return _replace_spans(html, changes)


def _close_gap(gap: _Gap, close: int) -> list[tuple[int, int, str]]:
    if not gap.is_valid:
        return []
    opener = (gap.start, gap.end, f"{OPEN}{gap.numbers}{OPENED}")
    hints = [(start, start + len("::"), HINT) for start in gap.hints]
    return [opener, *hints, (close, close + len("}}"), CLOSE)]


def _is_balanced(latex: str) -> bool:
    """Tell whether the braces of a formula belong together, so that a gap is within it or none."""
    depth = 0
    for brace in re.findall(r"\\.|[{}]", latex):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        if depth < 0:
            return False
    return depth == 0


def _replace_spans(text: str, spans: list[tuple[int, int, str]]) -> str:
    parts: list[str] = []
    position = 0
    for start, end, replacement in sorted(spans):
        parts += (text[position:start], replacement)
        position = end
    return "".join((*parts, text[position:]))


class Formula(NamedTuple):
    """A formula for MathJax in the text of a page."""

    start: int
    end: int
    latex: str
    display: str
    """`inline` or `block`."""


def find_formulas(text: str) -> Iterator[Formula]:
    r"""Yield the formulas in `\(…\)` and `\[…\]`."""
    if "\\(" not in text and "\\[" not in text:
        return
    ends = _FormulaEnds(text, _TEXT_SIGN)
    position = 0
    while opening := _OPENING.search(text, position):
        position = opening.end()
        end = ends.find(opening)
        if end is not None:
            display = "inline" if opening[0] == "\\(" else "block"
            yield Formula(opening.start(), end.stop, text[position : end.start], display)
            position = end.stop


class _FormulaEnd(NamedTuple):
    start: int
    stop: int
    is_balanced: bool
    """Whether the braces from a sign to this end belong together."""


class _FormulaEnds:
    """Finds the ends of formulas in a text that is read only once."""

    def __init__(self, text: str, sign: re.Pattern[str]) -> None:
        self._text = text
        signs = [match for match in sign.finditer(text) if match.lastgroup]
        self._places = [match.start() for match in signs]
        self._ends: list[_FormulaEnd | None] = [None]
        depth = lowest = 0
        start = stop = -1
        for match in reversed(signs):
            if match.lastgroup == "end":
                depth = lowest = 0
                start, stop = match.span()
            else:
                step = 1 if match[0] == "{" else -1
                depth, lowest = depth + step, step + min(lowest, 0)
            is_balanced = depth == 0 and lowest >= 0
            self._ends.append(_FormulaEnd(start, stop, is_balanced) if start >= 0 else None)
        self._ends.reverse()

    def find(self, opening: re.Match[str]) -> _FormulaEnd | None:
        """Return the end of the formula that begins here; None if there is no such formula."""
        end = self._ends[bisect_left(self._places, opening.end())]
        closing = "\\)" if opening[0] == "\\(" else "\\]"
        return end if end is not None and self._text[end.start : end.stop] == closing else None
