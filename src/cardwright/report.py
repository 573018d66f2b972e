"""Diagnostics as text for people, as JSON, and as annotations on GitHub."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

from cardwright.diagnostic import Diagnostic, Span
from cardwright.text import count, escape_controls, replace_controls

_MAX_LINE_LENGTH: Final = 160
_MAX_SAME: Final = 3
"""More problems than this that are similar are folded."""
_MAX_OF_A_CODE: Final = 100
"""More of one code than this are folded, even if they differ: there may be a hundred thousand."""
_NAME: Final = re.compile(r"`[^`]*`")
_NUMBER: Final = re.compile(r"\d[\d,.]*")


class Piece(NamedTuple):
    """A piece of formatted text, and what it is."""

    text: str
    role: Literal["", "place", "error", "warning", "help"]


def format_text(
    diagnostics: Iterable[Diagnostic],
    read_line: Callable[[Span], str | None],
    *,
    is_folded: bool = False,
) -> str:
    """Format problems for people: place, message, the line with an underline, help.

    If `is_folded`, only the first of many similar ones is shown, with a count, and a hundred of each code.
    """
    return "".join(
        piece.text for piece in format_pieces(diagnostics, read_line, is_folded=is_folded)
    )


def format_pieces(
    diagnostics: Iterable[Diagnostic],
    read_line: Callable[[Span], str | None],
    *,
    is_folded: bool = False,
) -> Iterator[Piece]:
    """Yield the pieces of `format_text`; each starts a line, or follows one without tabs."""
    groups = _fold(diagnostics) if is_folded else [[problem] for problem in diagnostics]
    between = ""
    for first, *others in groups:
        yield Piece(between, "")
        yield from _format_one(first, read_line(first.span), others)
        between = "\n"


def _fold(diagnostics: Iterable[Diagnostic]) -> list[list[Diagnostic]]:
    """Group similar problems, if there are many, each group at its first place."""
    same: dict[tuple[str, ...], list[Diagnostic]] = {}
    for problem in diagnostics:
        same.setdefault(_describe_same(problem), []).append(problem)
    groups = []
    for found in same.values():
        groups += [found] if len(found) > _MAX_SAME else [[problem] for problem in found]
    return _fold_rest(sorted(groups, key=lambda found: found[0].sort_key))


def _fold_rest(groups: Iterable[list[Diagnostic]]) -> list[list[Diagnostic]]:
    """Join the groups of a code beyond the first hundred with the last of those."""
    shown: list[list[Diagnostic]] = []
    numbers: Counter[str] = Counter()
    last: dict[str, list[Diagnostic]] = {}
    for found in groups:
        code = found[0].code
        numbers[code] += 1
        if numbers[code] > _MAX_OF_A_CODE:
            last[code] += found
        else:
            last[code] = found
            shown.append(found)
    return shown


def _describe_same(problem: Diagnostic) -> tuple[str, ...]:
    """Return what similar problems have in common.

    Errors must have the same words. Warnings may differ in names and numbers.
    """
    words = [problem.message, problem.help]
    if not problem.is_error:
        words = [_NUMBER.sub("0", _NAME.sub("``", text)) for text in words]
    return problem.code, problem.severity, *words


def _format_one(
    diagnostic: Diagnostic, line: str | None, others: Sequence[Diagnostic]
) -> Iterator[Piece]:
    span, severity = diagnostic.span, diagnostic.severity
    yield Piece(f"{span}: ", "place")
    yield Piece(f"{severity}[{diagnostic.code}]", severity)
    yield Piece(f": {diagnostic.message}\n", "")
    if line is not None:
        source, lead, carets = _underline(line, span)
        yield Piece(f"{source}\n{lead}", "")
        yield Piece(carets, severity)
        yield Piece("\n", "")
    for related in diagnostic.related:
        yield Piece(f"  {related.message} at {related.span}\n", "")
    if diagnostic.help:
        yield Piece("  help: ", "help")
        yield Piece(f"{diagnostic.help}\n", "")
    if others:
        yield Piece(f"  {_count_others(diagnostic, others)}\n", "")


def _count_others(diagnostic: Diagnostic, others: Sequence[Diagnostic]) -> str:
    files = len({problem.span.path for problem in (diagnostic, *others)})
    where = f" in {count(files, 'file')}" if files > 1 else ""
    return f"and {len(others):,} more like this{where} (see `cards check --all`)"


def _underline(line: str, span: Span) -> tuple[str, str, str]:
    """Return a line, and what goes below it: a margin, and carets below the span.

    A long line is cut around the span.
    """
    start = max(span.column - 1, 0)
    cut = max(start - _MAX_LINE_LENGTH // 2, 0) if len(line) > _MAX_LINE_LENGTH else 0
    head = "…" if cut else ""
    tail = "…" if cut + _MAX_LINE_LENGTH < len(line) else ""
    shown = "\t".join(map(replace_controls, line[cut : cut + _MAX_LINE_LENGTH].split("\t")))
    before, marked = shown[: start - cut], shown[start - cut : start - cut + span.length]
    # Keep tabs in the underline, so that it has the same width as the line.
    lead = " " * len(head) + "".join("\t" if c == "\t" else " " * _count_cells(c) for c in before)
    carets = "^" * max(sum(map(_count_cells, marked)), 1)
    gutter = f"{span.line:>5} | "
    text = f"{gutter}{head}{shown}{tail}".rstrip()
    return text, f"{' ' * (len(gutter) - 2)}| {lead}", carets


def _count_cells(char: str) -> int:
    """Return the width of a character in terminal columns."""
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def as_json(diagnostic: Diagnostic) -> dict[str, object]:
    """Return a problem as JSON: code, severity, message, place, help and related places."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "path": diagnostic.span.path,
        "line": diagnostic.span.line,
        "column": diagnostic.span.column,
        "help": diagnostic.help,
        "related": [
            {
                "message": related.message,
                "path": related.span.path,
                "line": related.span.line,
                "column": related.span.column,
            }
            for related in diagnostic.related
        ],
    }


def format_github(
    diagnostics: Iterable[Diagnostic], *, folder: str = "", is_folded: bool = False
) -> str:
    """Format problems as GitHub workflow commands, which annotate the lines of a pull request.

    `folder` is that of the project within the repository, with a slash at its end. If `is_folded`, only the
    first hundred of a code are there, and the last of them has a count.

    See "Workflow commands for GitHub Actions": properties and data are escaped differently.
    """
    groups = [[problem] for problem in diagnostics]
    lines = []
    for diagnostic, *others in _fold_rest(groups) if is_folded else groups:
        span = diagnostic.span
        text = diagnostic.message
        if diagnostic.help:
            text += f"\nhelp: {diagnostic.help}"
        if others:
            text += f"\n{_count_others(diagnostic, others)}"
        lines.append(
            f"::{diagnostic.severity} file={_escape_property(escape_controls(folder + span.path))},line={span.line},"
            f"col={span.column},title={_escape_property(diagnostic.code)}::{_escape_data(text)}"
        )
    return "\n".join(lines)


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
