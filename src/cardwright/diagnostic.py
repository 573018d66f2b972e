"""What is wrong with a project's content, where, and what cures it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

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
    "duplicate-id": "error",
    "duplicate-key": "error",
    "empty-deck": "warning",
    "empty-field": "error",
    "file-too-large": "error",
    "kind-changed": "error",
    "ledger-mismatch": "error",
    "media-missing": "error",
    "media-outside-project": "error",
    "missing-field": "error",
    "missing-source": "warning",
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
"""Every code there is, with its severity; each has an entry in docs/diagnostics.md."""


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
    """Another place that belongs to a problem."""

    message: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One problem, with its place and its cure."""

    code: str
    message: str
    span: Span
    help: str
    severity: Severity
    related: tuple[Related, ...] = ()

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order of reading: by file, then place."""
        return (self.span.path, self.span.line, self.span.column, self.code, self.message)

    @property
    def is_error(self) -> bool:
        """Whether a deck with this problem cannot be built."""
        return self.severity == "error"


def diagnose(
    code: str, message: str, span: Span, *, help: str, related: tuple[Related, ...] = ()
) -> Diagnostic:
    """Make a diagnostic with the severity of its code."""
    return Diagnostic(
        code=code,
        message=message,
        span=span,
        help=help,
        severity=SEVERITIES[code],
        related=related,
    )


def format_text(diagnostics: Iterable[Diagnostic], read_line: Callable[[Span], str | None]) -> str:
    """Format problems for people: place, message, the line with the fault underlined, cure."""
    return "\n".join(_format_one(d, read_line(d.span)) for d in diagnostics)


def _format_one(diagnostic: Diagnostic, line: str | None) -> str:
    span = diagnostic.span
    parts = [f"{span}: {diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}\n"]
    if line is not None:
        gutter = f"{span.line:>5} | "
        # A tab before the fault must be as wide in the underline as in the line itself.
        lead = "".join("\t" if char == "\t" else " " for char in line[: span.column - 1])
        parts.append(f"{gutter}{line}\n{' ' * (len(gutter) - 2)}| {lead}{'^' * span.length}\n")
    parts += [f"  {related.message} at {related.span}\n" for related in diagnostic.related]
    if diagnostic.help:
        parts.append(f"  help: {diagnostic.help}\n")
    return "".join(parts)


def format_json(diagnostics: Iterable[Diagnostic]) -> str:
    """Format problems for programs: a list of code, severity, message, place, help, related."""
    return json.dumps([_as_json(d) for d in diagnostics], indent=2, ensure_ascii=False)


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
    """Format problems as GitHub workflow commands, shown beside the lines of a pull request.

    Source: "Workflow commands for GitHub Actions" (properties and data are escaped differently).
    """
    lines = []
    for diagnostic in diagnostics:
        span = diagnostic.span
        text = f"{diagnostic.message}. {diagnostic.help}" if diagnostic.help else diagnostic.message
        lines.append(
            f"::{diagnostic.severity} file={_escape_property(span.path)},line={span.line},"
            f"col={span.column},title={_escape_property(diagnostic.code)}::{_escape_data(text)}"
        )
    return "\n".join(lines)


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
