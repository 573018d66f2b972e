"""Diagnostics: problems in a project's content, each with its place and a fix."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from cardwright.text import count, escape_controls, replace_controls

Severity = Literal["error", "warning"]

SEVERITIES: Final[dict[str, Severity]] = {
    "alias": "error",
    "ambiguous-hint": "warning",
    "answer-in-question": "warning",
    "bad-cloze": "error",
    "bad-date": "error",
    "bad-id": "error",
    "bad-link": "error",
    "bad-tag": "error",
    "bad-value": "error",
    "blueprint-weights": "warning",
    "card-in-no-deck": "warning",
    "card-moved": "warning",
    "control-character": "error",
    "deck-renamed": "warning",
    "domain-without-question": "warning",
    "duplicate-id": "error",
    "duplicate-key": "error",
    "empty-deck": "warning",
    "empty-field": "error",
    "file-too-large": "error",
    "kind-changed": "error",
    "ledger-mismatch": "error",
    "lesson-without-card": "warning",
    "literal-markup": "warning",
    "lost-text": "warning",
    "media-missing": "error",
    "media-outside-project": "error",
    "merge-conflict": "error",
    "missing-field": "error",
    "missing-namespace": "warning",
    "missing-source": "warning",
    "namespace-changed": "error",
    "near-duplicate": "warning",
    "nesting-too-deep": "error",
    "note-type-changed": "error",
    "no-right-option": "error",
    "not-utf8": "error",
    "objective-without-card": "warning",
    "outside-pack": "error",
    "outside-project": "error",
    "overlong-answer": "warning",
    "overlong-question": "warning",
    "raw-html": "warning",
    "read-as-markup": "warning",
    "stale-schema": "warning",
    "syntax-error": "error",
    "unbalanced-maths": "error",
    "unknown-key": "error",
    "unknown-kind": "error",
    "unknown-lesson": "error",
    "unknown-objective": "error",
    "unquoted-hash": "warning",
    "unread-file": "warning",
    "unsafe-link": "warning",
    "unused-allow": "warning",
    "vanished-id": "error",
    "wrong-type": "error",
    "yaml-tag": "error",
}
"""The severity of each code. Every code is documented in docs/diagnostics.md."""
WARNINGS: Final = tuple(code for code, severity in SEVERITIES.items() if severity == "warning")
OPT_IN: Final = frozenset({"missing-source"})
"""Warnings that are off unless a pack asks for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A place in a source file."""

    path: str
    """Relative to the project, with forward slashes."""
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    length: int = 1
    """Characters to underline, within the line."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another place related to a problem."""

    message: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One problem, where it is, and how to fix it."""

    code: str
    message: str
    span: Span
    help: str
    severity: Severity
    related: tuple[Related, ...] = ()

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Sorts by file, then by place."""
        return (self.span.path, self.span.line, self.span.column, self.code, self.message)

    @property
    def is_error(self) -> bool:
        """Whether the problem prevents a build."""
        return self.severity == "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """A warning that is not reported within a part of a file."""

    code: str
    span: Span
    """Where the code is written."""
    start: tuple[int, int]
    """The first line and column of the part."""
    end: tuple[int, int] | None
    """The line and column after the part; None for the rest of the file."""
    is_used: bool = False

    def covers(self, span: Span) -> bool:
        """Tell whether a place in the same file is within the part."""
        place = (span.line, span.column)
        return self.start <= place and (self.end is None or place < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextProblem:
    """A problem in a text whose place in the file is not known.

    A caller that knows the place searches it for the quote and makes a Diagnostic.
    """

    code: str
    message: str
    quote: str
    """The part of the text with the problem, within one line; empty for the whole text."""
    help: str
    start: int = -1
    """The index in the text of the quote; -1 if it is the first place where it stands."""


_MAX_MESSAGE_LENGTH: Final = 400
_MAX_LINE_LENGTH: Final = 160
_MAX_QUOTE_LENGTH: Final = 40
_MAX_SAME: Final = 3
"""More problems that are the same are folded."""
_NAME: Final = re.compile(r"`[^`]*`")
_NUMBER: Final = re.compile(r"\d[\d,.]*")


def cut_quote(text: str, start: int = 0) -> str:
    """Return a part of a text to use as a quote, cut at the end of its line."""
    return text[start : start + _MAX_QUOTE_LENGTH].split("\n", 1)[0].rstrip()


def diagnose(
    code: str, message: str, span: Span, *, help: str, related: tuple[Related, ...] = ()
) -> Diagnostic:
    """Make a diagnostic with the severity of its code; its texts are made safe to print."""
    return Diagnostic(
        code=code,
        message=_make_printable(message),
        span=span,
        help=_make_printable(help),
        severity=SEVERITIES[code],
        related=related,
    )


def diagnose_conflict(span: Span) -> Diagnostic:
    """Make the diagnostic for a merge conflict that starts at a line."""
    return diagnose(
        "merge-conflict",
        "this merge conflict is not resolved",
        span,
        help="keep what is right of the two versions, and remove the lines with <, =, | and >",
    )


def apply_severities(
    problems: Iterable[Diagnostic], severities: Mapping[str, Severity | None]
) -> list[Diagnostic]:
    """Apply a pack's severities to warnings, and drop those that are off."""
    kept = []
    for problem in problems:
        usual = None if problem.code in OPT_IN else problem.severity
        severity = severities.get(problem.code, usual)
        if severity is not None:
            kept.append(replace(problem, severity=severity))
    return kept


def _make_printable(text: str) -> str:
    """Return a text as one line of limited length that is safe to print."""
    if len(text) > _MAX_MESSAGE_LENGTH:
        half = _MAX_MESSAGE_LENGTH // 2
        text = f"{text[:half]} … {text[-half:]}"
    return escape_controls(text).replace("\n", "\\u000a")


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

    If `is_folded`, only the first of many that are the same is shown, with their number.
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
    """Group problems that are the same, if they are many, each group at its first place."""
    same: dict[tuple[str, ...], list[Diagnostic]] = {}
    for problem in diagnostics:
        same.setdefault(_describe_same(problem), []).append(problem)
    groups = []
    for found in same.values():
        groups += [found] if len(found) > _MAX_SAME else [[problem] for problem in found]
    return sorted(groups, key=lambda found: found[0].sort_key)


def _describe_same(problem: Diagnostic) -> tuple[str, ...]:
    """Return what problems that are the same have in common.

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
    yield Piece(f"{_make_printable(str(span))}: ", "place")
    yield Piece(f"{severity}[{diagnostic.code}]", severity)
    yield Piece(f": {diagnostic.message}\n", "")
    if line is not None:
        source, lead, carets = _underline(line, span)
        yield Piece(f"{source}\n{lead}", "")
        yield Piece(carets, severity)
        yield Piece("\n", "")
    for related in diagnostic.related:
        yield Piece(f"  {related.message} at {_make_printable(str(related.span))}\n", "")
    if diagnostic.help:
        yield Piece("  help: ", "help")
        yield Piece(f"{diagnostic.help}\n", "")
    if others:
        files = len({problem.span.path for problem in (diagnostic, *others)})
        where = f" in {count(files, 'file')}" if files > 1 else ""
        yield Piece(f"  and {len(others):,} more like this{where} (see `cards check --all`)\n", "")


def _underline(line: str, span: Span) -> tuple[str, str, str]:
    """Return a line, and what stands below it: a margin, and carets below the span.

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


def format_json(diagnostics: Iterable[Diagnostic]) -> str:
    """Format problems as JSON: a list of code, severity, message, place, help and related places."""
    text = json.dumps([_as_json(d) for d in diagnostics], indent=2, ensure_ascii=False)
    # Paths may contain anything, so the result is escaped in a way that keeps it valid JSON.
    return escape_controls(text)


def _as_json(diagnostic: Diagnostic) -> dict[str, object]:
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


def format_github(diagnostics: Iterable[Diagnostic]) -> str:
    """Format problems as GitHub workflow commands, which annotate the lines of a pull request.

    See "Workflow commands for GitHub Actions": properties and data are escaped differently.
    """
    lines = []
    for diagnostic in diagnostics:
        span = diagnostic.span
        help_line = f"\nhelp: {diagnostic.help}" if diagnostic.help else ""
        text = f"{diagnostic.message}{help_line}"
        lines.append(
            f"::{diagnostic.severity} file={_escape_property(escape_controls(span.path))},line={span.line},"
            f"col={span.column},title={_escape_property(diagnostic.code)}::{_escape_data(text)}"
        )
    return "\n".join(lines)


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
