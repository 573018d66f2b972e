"""Cloze deletions: `{{c1::answer::hint}}`, nested and with several numbers, as Anki reads them.

Unlike in Anki, braces inside a deletion are balanced, so that LaTeX and code may contain `}}`. The
HTML written for Anki hides them (`marks.py`), so both find the same deletions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cardwright.diagnostic import TextProblem, cut_quote

_MAX_NUMBER: Final = 499
"""Anki gives every higher number the card 500 (tested with its backend 26.9)."""
_MAX_DEPTH: Final = 8
"""Anki ignores deletions nested deeper than ten (tested with its backend 26.9)."""
_HOW: Final = "write {{c1::answer}} or {{c1::answer::hint}}"
_PIECE: Final = re.compile(
    r"""
    \\[\\{}:]
    | \{\{ (?P<opener> [cC][0-9,\x20]* ) ::
    | (?<!`) (?P<ticks> `+ ) (?!`) (?P<code> [^`]* ) (?P=ticks) (?!`)
    | [{}] | ::
    """,
    re.VERBOSE,
)
_NUMBERS: Final = re.compile(r"c([0-9]{1,3}(?:,[0-9]{1,3})*)")


@dataclass(frozen=True, slots=True)
class Deletion:
    """One gap in a text."""

    numbers: tuple[int, ...]
    """The cards that ask for it."""
    text: str
    """Markdown of the answer, with the deletions nested in it."""
    hint: str
    """Markdown of the hint, or ""."""


@dataclass(slots=True)
class Place:
    """The place of a deletion in its source."""

    numbers: tuple[int, ...]
    start: int
    answer: int
    hint: int | None = None
    """The index of the `::` before the hint."""
    close: int = -1
    depth: int = 0
    """The number of open braces in the answer while it is scanned."""

    @property
    def end(self) -> int:
        """The index after the deletion."""
        return self.close + len("}}")


def find_deletions(text: str) -> tuple[tuple[Deletion, ...], tuple[TextProblem, ...]]:
    """Return the deletions of a text in order of appearance, and their problems."""
    places, problems = scan_deletions(text)
    return tuple(_read_deletion(text, place) for place in places), tuple(problems)


def cloze_numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of the cards that Anki makes from a text, in ascending order."""
    places, _ = scan_deletions(text)
    return tuple(sorted({number for place in places for number in place.numbers}))


def hide_deletions(text: str) -> str:
    """Replace each deletion with `[…]`."""
    places, _ = scan_deletions(text)
    return replace_spans(text, [(place.start, place.end, "[…]") for place in places])


def reveal_deletions(text: str, *, hidden: int | None = None) -> str:
    """Replace deletions with their answers, or those numbered `hidden` with `[hint]` or `[…]`."""
    spans = []
    for place in scan_deletions(text)[0]:
        if hidden in place.numbers:
            hint = _read_deletion(text, place).hint
            spans.append((place.start, place.end, f"[{hint or '…'}]"))
        else:
            answer_end = place.close if place.hint is None else place.hint
            spans += ((place.start, place.answer, ""), (answer_end, place.end, ""))
    return replace_spans(text, spans)


def replace_spans(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """Replace parts of a text; a part that starts within another is replaced together with it."""
    parts: list[str] = []
    position = 0
    for start, end, replacement in sorted(spans):
        if start >= position:
            parts += (text[position:start], replacement)
            position = end
    return "".join((*parts, text[position:]))


def report_crossing(text: str, place: Place) -> TextProblem:
    """Report a deletion that starts and ends in different HTML elements."""
    return _report(
        text,
        place.start,
        "cloze deletion crosses the boundary of a paragraph, emphasis, link, formula or code",
        "open and close it within the same element",
    )


def _report(text: str, start: int, message: str, help: str = _HOW) -> TextProblem:
    return TextProblem(code="bad-cloze", message=message, quote=cut_quote(text, start), help=help)


def scan_deletions(text: str) -> tuple[list[Place], list[TextProblem]]:
    """Return the places of deletions in order of appearance, and their problems."""
    places: list[Place] = []
    problems: list[TextProblem] = []
    stack: list[Place] = []
    position = 0
    while match := _PIECE.search(text, position):
        position = match.end()
        piece = match[0]
        inner = stack[-1] if stack else None
        if match["opener"]:
            place = Place(_read_numbers(match["opener"]), match.start(), position)
            problems += _check_opener(text, place, stack)
            if len(stack) >= _MAX_DEPTH:
                place.numbers = ()
            places.append(place)
            stack.append(place)
        elif match["ticks"]:
            # In a code span within an answer, `::` and braces have no meaning.
            if inner is None or "{{c" in match["code"]:
                position = match.end("ticks")
        elif inner is not None and _take_piece(inner, piece, text, match.start()):
            position = inner.end
            stack.pop()
    problems += (
        _report(text, place.start, "cloze deletion is never closed", "close it with }}")
        for place in stack
    )
    whole = [place for place in places if place.numbers and place.close >= 0]
    problems += _check_answers(text, whole)
    if not places:
        problems.append(_report(text, 0, "text has no cloze deletion"))
    return whole, problems


def _take_piece(place: Place, piece: str, text: str, start: int) -> bool:
    """Process a brace or `::` within an open deletion; tell whether it closes the deletion."""
    if piece == "{":
        place.depth += 1
    elif piece == "}" and place.depth:
        place.depth -= 1
    elif piece == "}" and text.startswith("}}", start):
        place.close = start
        return True
    elif piece == "::" and place.hint is None and not place.depth:
        place.hint = start
    return False


def _read_numbers(opener: str) -> tuple[int, ...]:
    """Parse `c1` or `c1,2`; return () if Anki would not make a card from it."""
    match = _NUMBERS.fullmatch(opener)
    numbers = tuple(dict.fromkeys(map(int, match[1].split(",")))) if match else ()
    return numbers if all(1 <= number <= _MAX_NUMBER for number in numbers) else ()


def _check_opener(text: str, place: Place, around: list[Place]) -> Iterable[TextProblem]:
    if not place.numbers:
        yield _report(
            text,
            place.start,
            f"`{text[place.start : place.answer]}` has no number from 1 to {_MAX_NUMBER}",
            "write {{c1::answer}}, or {{c1,2::answer}} for two cards",
        )
    if around and around[-1].hint is not None:
        yield _report(text, place.start, "a hint cannot hold a cloze deletion")
    if len(around) == _MAX_DEPTH:
        yield _report(
            text,
            place.start,
            f"cloze deletions are nested more than {_MAX_DEPTH} deep",
            "split the card",
        )


def _check_answers(text: str, places: list[Place]) -> Iterable[TextProblem]:
    for place in places:
        if not _read_deletion(text, place).text.strip():
            yield _report(text, place.start, "cloze deletion has no answer")


def _read_deletion(text: str, place: Place) -> Deletion:
    if place.hint is None:
        return Deletion(place.numbers, text[place.answer : place.close], "")
    return Deletion(
        place.numbers,
        text[place.answer : place.hint],
        text[place.hint + len("::") : place.close],
    )
