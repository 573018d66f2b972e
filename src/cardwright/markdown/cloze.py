"""Cloze deletions: `{{c1::answer::hint}}`, nested and with several numbers, as Anki reads them.

Unlike in Anki, braces inside a deletion are balanced, so that LaTeX and code may contain `}}`. The
HTML written for Anki hides them (`marks.py`), so both find the same deletions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from cardwright.diagnostic import TextProblem, cut_quote
from cardwright.text import compile_late

if TYPE_CHECKING:
    from markdown_it.token import Token

_MAX_NUMBER: Final = 499
"""Anki gives every higher number the card 500 (tested with its backend 26.9)."""
_MAX_DEPTH: Final = 8
"""Anki ignores deletions nested deeper than ten (tested with its backend 26.9)."""
NO_GAP: Final = "this text has no gap"
_HOW: Final = "write {{c1::answer}} or {{c1::answer::hint}}"
_PIECE: Final = r"""(?x)
    \\[\\{}:`]
    | \{\{ (?P<opener> [cC][0-9,\x20]* ) ::
    | (?P<near>
        \{\{ \s* (?: [cC\u0441\u0421]\s* [0-9²³]+ (?: [0-9,\s]* [:：;|]{1,2} | [=.-] | (?=\}\}) | \Z )
               | [cC](?:loze|[-.])[0-9]* ::? | [0-9]+ [0-9,\x20]* :: )
        | (?<!\{) \{ c [0-9]+ ::
        | (?: \[\[ | \(\( | ｛｛ ) \x20* [cC] [0-9]+ [:：]{2}
      )
    | (?<!`) (?P<ticks> `+ ) (?!`) (?P<code> [^`]* ) (?P=ticks) (?!`)
    | [{}] | ::
    """
_CLOZE_MARK: Final = r"\{\{ ?[cC] ?[0-9]+(?:,[0-9]+)* ?[:：]{1,2}|\{\{[0-9]+::|(?<!\{)\{c[0-9]+::"
_NUMBERS: Final = re.compile(r"c([0-9]{1,3}(?:,[0-9]{1,3})*)")


class Deletion(NamedTuple):
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
    braces: list[int] = field(default_factory=list)
    """The indices of open braces in the answer while it is scanned."""
    closes_in_code: bool = False
    """Whether there is a `}}` in code, which does not close it."""

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


def find_hint(text: str, divider: int) -> int:
    """Return the index of the hint after a `::`; spaces before it do not count."""
    index = divider + len("::")
    while text.startswith(" ", index):
        index += 1
    return index


def replace_spans(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """Replace parts of a text; a part that starts within another is replaced together with it."""
    parts: list[str] = []
    position = 0
    for start, end, replacement in sorted(spans):
        if start >= position:
            parts += (text[position:start], replacement)
            position = end
    return "".join((*parts, text[position:]))


_ELEMENTS: Final = {
    "p": "a paragraph",
    "li": "a list item",
    **dict.fromkeys(("ul", "ol"), "a list"),
    "blockquote": "a quotation",
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "a heading"),
    **dict.fromkeys(("td", "th", "tr", "thead", "tbody", "table"), "a table cell"),
    **dict.fromkeys(("em", "i"), "emphasis (`*`)"),
    **dict.fromkeys(("strong", "b"), "emphasis (`**`)"),
    "s": "`~~`",
    "a": "a link",
    "maths": "a formula",
    **dict.fromkeys(("code", "pre"), "code"),
    "sub": "a subscript (`~`)",
    "sup": "a superscript (`^`)",
    **dict.fromkeys(("ruby", "rt"), "a reading"),
}


def report_crossing(text: str, place: Place, tag: str) -> TextProblem:
    """Report a deletion that starts and ends in different HTML elements."""
    if tag:
        message = f"this gap crosses the boundary of {_ELEMENTS[tag]}"
        return _report(text, place.start, message, "open and close it within the same element")
    message = "a gap cannot be in an address, a title, a description or the language of code"
    return _report(text, place.start, message, "put it around text")


def find_misplaced(tokens: Iterable[Token]) -> Iterator[TextProblem]:
    """Report marks of cloze deletions in a text that has no gaps, unless they are in code."""
    follows_escape = False
    for token in tokens:
        if token.children:
            yield from find_misplaced(token.children)
        elif token.type == "text" and (match := compile_late(_CLOZE_MARK).search(token.content)):
            if follows_escape and match.start() == 0:
                continue
            yield _report(
                token.content,
                match.start(),
                f"`{match[0]}` is not a gap here",
                "only cloze kinds have gaps (`kind: cloze`); for literal braces, write \\{{",
            )
        follows_escape = token.type == "text_special"


def _report(text: str, start: int, message: str, help: str = _HOW) -> TextProblem:
    return TextProblem(code="bad-cloze", message=message, quote=cut_quote(text, start), help=help)


def scan_deletions(text: str) -> tuple[list[Place], list[TextProblem]]:
    """Return the places of deletions in order of appearance, and their problems."""
    scan = _Scan(text)
    position = 0
    find = compile_late(_PIECE).search
    while match := find(text, position):
        position = scan.take(match)
    return scan.finish()


class _Scan:
    """The places found so far in a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places: list[Place] = []
        self._problems: list[TextProblem] = []
        self._open: list[Place] = []
        self._code_end = 0

    def take(self, match: re.Match[str]) -> int:
        """Process a piece and return where to go on."""
        inner = self._open[-1] if self._open else None
        if match["opener"]:
            self._open_place(match)
        elif match["near"]:
            return self._take_near_miss(match, inner)
        elif match["ticks"]:
            return self._take_code(match, inner)
        elif inner is not None and self._take_sign(inner, match[0], match.start()):
            self._open.pop()
            return inner.end
        return match.end()

    def finish(self) -> tuple[list[Place], list[TextProblem]]:
        """Return the deletions that Anki would ask for, and all problems."""
        problems = self._problems
        problems += (_report_unclosed(self._text, place) for place in self._open)
        whole = [place for place in self._places if place.numbers and place.close >= 0]
        problems += _check_answers(self._text, whole)
        if not self._places and not problems:
            problems.append(_report(self._text, 0, NO_GAP))
        return whole, problems

    def _open_place(self, match: re.Match[str]) -> None:
        place = Place(_read_numbers(match["opener"]), match.start(), match.end())
        self._problems += _check_opener(self._text, place, self._open)
        if len(self._open) >= _MAX_DEPTH:
            place.numbers = ()
        self._places.append(place)
        self._open.append(place)

    def _take_near_miss(self, match: re.Match[str], inner: Place | None) -> int:
        if match.start() >= self._code_end:
            self._problems.append(_report_near_miss(self._text, match.start(), match[0]))
        if match[0][0] == "{" and inner is not None:
            inner.braces.append(match.start())
        # Its other braces count like any.
        return match.start() + 1

    def _take_code(self, match: re.Match[str], inner: Place | None) -> int:
        """Skip a code span within an answer, where `::` and braces have no meaning."""
        self._code_end = match.end()
        if inner is None or "{{c" in match["code"]:
            return match.end("ticks")
        if "}}" in match["code"]:
            inner.closes_in_code = True
        return match.end()

    def _take_sign(self, place: Place, sign: str, start: int) -> bool:
        """Process a brace or `::` within a deletion; tell whether it closes the deletion."""
        if sign == "{":
            place.braces.append(start)
        elif sign == "}" and place.braces:
            place.braces.pop()
        elif sign == "}" and self._text.startswith("}}", start):
            place.close = start
            return True
        elif sign == "::" and place.hint is None and not place.braces:
            from cardwright.markdown.hints import read_divider  # noqa: PLC0415  (few texts need it)

            reading = read_divider(self._text, place.answer, start)
            if reading.problem is not None:
                self._problems.append(
                    replace(reading.problem, quote=cut_quote(self._text, place.start))
                )
            if reading.is_hint:
                place.hint = start
        return False


def _report_near_miss(text: str, start: int, mark: str) -> TextProblem:
    """Report what looks like the start of a deletion, with the character that prevents it."""
    number = "".join(re.findall("[0-9]", mark)) or "1"
    if mark[0] in "[(":
        fault = f"starts with `{mark[:2]}` where `{{{{` is needed"
    elif mark[0] == "｛" or "：" in mark:
        fault = f"has a wide `{'｛' if mark[0] == '｛' else '：'}`"
    elif not mark.startswith("{{"):
        fault = "starts with one `{` where two are needed"
    elif "\n" in mark or " " in mark:
        fault = f"contains a {'line break' if chr(10) in mark else 'space'}"
    elif not mark[2:].isascii():
        fault = f"has `{re.sub('[ -~]', '', mark)}` where `c{number}` is needed"
    elif "C" in mark:
        fault = "has a capital `C`"
    elif "c" not in mark:
        fault = "has no `c` before its number"
    elif mark[3].isdigit():
        wrong = mark.lstrip("{c0123456789,")
        fault = f"has {f'`{wrong}` where `::` is needed' if wrong else 'no `::` after its number'}"
    else:
        fault = f"is not `{{{{c{number}::`"
    return _report(text, start, f"`{mark}` {fault}", f"write {{{{c{number}::answer}}}}")


def _report_unclosed(text: str, place: Place) -> TextProblem:
    message = "this gap is never closed"
    if place.braces:
        brace = cut_quote(text, place.braces[-1])[:12]
        return _report(
            text,
            place.start,
            f"{message}: the brace of `{brace}` is not closed either",
            "close each `{` in it, or write \\{ for a single brace",
        )
    if place.closes_in_code:
        return _report(
            text,
            place.start,
            f"{message}: its `}}}}` is inside backticks",
            "close it before the code",
        )
    single = text.find("}", place.answer)
    if single >= 0:
        return _report(text, place.start, f"{message}: one `}}` is not enough", "close it with }}")
    return _report(text, place.start, message, "close it with }}")


def _read_numbers(opener: str) -> tuple[int, ...]:
    """Parse `c1` or `c1,2`; return () if Anki would not make a card from it."""
    match = _NUMBERS.fullmatch(opener)
    numbers = tuple(dict.fromkeys(map(int, match[1].split(",")))) if match else ()
    return numbers if all(1 <= number <= _MAX_NUMBER for number in numbers) else ()


def _check_opener(text: str, place: Place, around: list[Place]) -> Iterable[TextProblem]:
    mark = text[place.start : place.answer]
    if not place.numbers and (" " in mark or "C" in mark) and any(map(str.isdigit, mark)):
        yield _report_near_miss(text, place.start, mark)
    elif not place.numbers:
        yield _report(
            text,
            place.start,
            f"`{mark}` has no number from 1 to {_MAX_NUMBER}",
            "write {{c1::answer}}, or {{c1,2::answer}} for two cards",
        )
    if around and around[-1].hint is not None:
        yield _report(text, place.start, "a hint cannot contain a gap")
    if len(around) == _MAX_DEPTH:
        yield _report(
            text,
            place.start,
            f"gaps are nested more than {_MAX_DEPTH} deep",
            "split the card",
        )


def _check_answers(text: str, places: list[Place]) -> Iterable[TextProblem]:
    for place in places:
        if not _read_deletion(text, place).text.strip():
            yield _report(text, place.start, "this gap has no answer")


def _read_deletion(text: str, place: Place) -> Deletion:
    if place.hint is None:
        return Deletion(place.numbers, text[place.answer : place.close], "")
    return Deletion(
        place.numbers,
        text[place.answer : place.hint],
        text[place.hint + len("::") : place.close].strip(),
    )
