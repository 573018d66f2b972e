"""Diagnostics: problems in a project's content, each with its place and a fix."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from cardwright.text import escape_controls, replace_controls

Severity = Literal["error", "warning"]

SEVERITIES: Final[dict[str, Severity]] = {
    "alias": "error",
    "answer-in-question": "warning",
    "bad-cloze": "error",
    "bad-date": "error",
    "bad-id": "error",
    "bad-link": "error",
    "bad-tag": "error",
    "bad-value": "error",
    "blueprint-weights": "warning",
    "card-in-no-deck": "warning",
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
    "media-format": "warning",
    "media-missing": "error",
    "media-outside-project": "error",
    "media-too-large": "error",
    "missing-field": "error",
    "missing-source": "warning",
    "near-duplicate": "warning",
    "nesting-too-deep": "error",
    "note-type-changed": "error",
    "no-right-option": "error",
    "not-media": "error",
    "not-utf8": "error",
    "objective-without-card": "warning",
    "outside-pack": "error",
    "outside-project": "error",
    "overlong-answer": "warning",
    "overlong-question": "warning",
    "raw-html": "warning",
    "syntax-error": "error",
    "unbalanced-maths": "error",
    "unknown-key": "error",
    "unknown-kind": "error",
    "unknown-lesson": "error",
    "unknown-objective": "error",
    "unsafe-link": "warning",
    "vanished-id": "error",
    "wrong-type": "error",
    "yaml-tag": "error",
}
"""The severity of each code. Every code is documented in docs/diagnostics.md."""


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
class TextProblem:
    """A problem in a text whose place in the file is not known.

    A caller that knows the place searches it for the quote and makes a Diagnostic.
    """

    code: str
    message: str
    quote: str
    """The part of the text with the problem, within one line; empty for the whole text."""
    help: str


_MAX_MESSAGE_LENGTH: Final = 400
_MAX_LINE_LENGTH: Final = 160
_MAX_QUOTE_LENGTH: Final = 40


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


def apply_severities(
    problems: Iterable[Diagnostic], severities: Mapping[str, Severity | None]
) -> list[Diagnostic]:
    """Apply a pack's severities to warnings, and drop those that are off."""
    kept = []
    for problem in problems:
        severity = severities.get(problem.code, problem.severity)
        if severity is not None:
            kept.append(replace(problem, severity=severity))
    return kept


def _make_printable(text: str) -> str:
    """Return a text as one line of limited length that is safe to print."""
    if len(text) > _MAX_MESSAGE_LENGTH:
        half = _MAX_MESSAGE_LENGTH // 2
        text = f"{text[:half]} … {text[-half:]}"
    return escape_controls(text).replace("\n", "\\u000a")


def format_text(diagnostics: Iterable[Diagnostic], read_line: Callable[[Span], str | None]) -> str:
    """Format problems for people: place, message, the line with an underline, help."""
    return "\n".join(_format_one(d, read_line(d.span)) for d in diagnostics)


def _format_one(diagnostic: Diagnostic, line: str | None) -> str:
    span = diagnostic.span
    place = _make_printable(str(span))
    parts = [f"{place}: {diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}\n"]
    if line is not None:
        parts.append(_underline(line, span))
    parts += [
        f"  {related.message} at {_make_printable(str(related.span))}\n"
        for related in diagnostic.related
    ]
    if diagnostic.help:
        parts.append(f"  help: {diagnostic.help}\n")
    return "".join(parts)


def _underline(line: str, span: Span) -> str:
    """Return a line with carets below the span; a long line is cut around it."""
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
    return f"{text}\n{' ' * (len(gutter) - 2)}| {lead}{carets}\n"


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
