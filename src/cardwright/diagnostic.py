"""Diagnostics: problems in a project's content, each with its place and a fix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, Literal, NamedTuple

from cardwright.frozen import frozen
from cardwright.text import Hint, escape_controls

Severity = Literal["error", "warning"]

SEVERITIES: Final[dict[str, Severity]] = {
    "adopted-damaged": "error",
    "alias": "error",
    "ambiguous-hint": "warning",
    "answer-in-question": "warning",
    "bad-cloze": "error",
    "bad-date": "error",
    "bad-id": "error",
    "bad-link": "error",
    "bad-style": "error",
    "bad-tag": "error",
    "bad-value": "error",
    "blueprint-weights": "warning",
    "broken-template": "warning",
    "card-in-no-deck": "warning",
    "card-moved": "warning",
    "changed-text": "warning",
    "control-character": "error",
    "deck-renamed": "warning",
    "domain-without-question": "warning",
    "duplicate-id": "error",
    "duplicate-key": "error",
    "empty-deck": "warning",
    "empty-field": "error",
    "few-questions": "warning",
    "file-too-large": "error",
    "guid-changed": "error",
    "kind-changed": "error",
    "ledger-mismatch": "error",
    "lesson-without-card": "warning",
    "literal-markup": "warning",
    "lost-text": "warning",
    "media-format": "warning",
    "media-missing": "error",
    "media-outside-project": "error",
    "media-too-large": "error",
    "merge-conflict": "error",
    "missing-field": "error",
    "missing-namespace": "warning",
    "missing-source": "warning",
    "namespace-changed": "error",
    "near-duplicate": "warning",
    "nesting-too-deep": "error",
    "note-type-changed": "error",
    "never-asked": "warning",
    "no-place": "warning",
    "no-right-if": "warning",
    "no-right-option": "error",
    "not-media": "error",
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
    "uneven-twins": "warning",
    "unfinished-release": "warning",
    "unknown-domain": "error",
    "unknown-key": "error",
    "unknown-kind": "error",
    "unknown-lesson": "error",
    "unknown-objective": "error",
    "unquoted-hash": "warning",
    "unread-file": "warning",
    "unsafe-link": "warning",
    "unsafe-maths": "error",
    "unused-allow": "warning",
    "vanished-id": "error",
    "wrong-type": "error",
    "yaml-tag": "error",
}
"""The severity of each code. Every code is documented in docs/diagnostics.md."""
WARNINGS: Final = tuple(code for code, severity in SEVERITIES.items() if severity == "warning")
OPT_IN: Final = frozenset({"missing-source", "no-right-if"})
"""Warnings that are off unless a pack asks for them."""


class Span(NamedTuple):
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
        # On one line, and safe to print, whatever the name of the file is.
        return f"{make_printable(self.path)}:{self.line}:{self.column}"


@frozen
class Related:
    """Another place related to a problem."""

    message: str
    span: Span


@frozen
class Diagnostic:
    """One problem, where it is, and how to fix it."""

    code: str
    message: str
    span: Span
    help: str
    severity: Severity
    related: tuple[Related, ...] = ()
    replacement: str = ""
    """What to write at the place instead, if that is known."""
    missing: str = ""
    """The key that the mapping at the place lacks, if that is the problem."""

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Sorts by file, then by place."""
        return (self.span.path, self.span.line, self.span.column, self.code, self.message)

    @property
    def is_error(self) -> bool:
        """Whether the problem prevents a build."""
        return self.severity == "error"


@frozen
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


@frozen
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
    """The index in the text of the quote; -1 for its first occurrence."""


_MAX_MESSAGE_LENGTH: Final = 400
_MAX_QUOTE_LENGTH: Final = 40
_MAX_MESSAGE: Final = 1_000


def cut_quote(text: str, start: int = 0) -> str:
    """Return a part of a text to use as a quote, cut at the end of its line."""
    return text[start : start + _MAX_QUOTE_LENGTH].split("\n", 1)[0].rstrip()


def diagnose(
    code: str,
    message: str,
    span: Span,
    *,
    help: str,
    related: tuple[Related, ...] = (),
    missing: str = "",
) -> Diagnostic:
    """Make a diagnostic with the severity of its code; its texts are made safe to print."""
    return Diagnostic(
        code=code,
        message=_shorten(make_printable(message)),
        span=span,
        help=_shorten(make_printable(help)),
        severity=SEVERITIES[code],
        related=related,
        replacement=help.replacement if isinstance(help, Hint) else "",
        missing=missing,
    )


def _shorten(text: str) -> str:
    """Return a text that may hold what somebody else wrote, cut if it is long."""
    return text if len(text) <= _MAX_MESSAGE else f"{text[:_MAX_MESSAGE]}…"


def diagnose_conflict(span: Span) -> Diagnostic:
    """Make the diagnostic for a merge conflict that starts at a line."""
    return diagnose(
        "merge-conflict",
        "this merge conflict is not resolved",
        span,
        help="keep the right version, and remove the lines that start with <, =, | or >",
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


def make_printable(text: str) -> str:
    """Return a text as one line of limited length that is safe to print."""
    if len(text) > _MAX_MESSAGE_LENGTH:
        half = _MAX_MESSAGE_LENGTH // 2
        text = f"{text[:half]} … {text[-half:]}"
    return escape_controls(text).replace("\n", "\\u000a")
