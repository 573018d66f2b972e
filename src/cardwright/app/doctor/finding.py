"""What the doctor found: one report per area, each with its findings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from cardwright.error import CardwrightError
from cardwright.text import format_command

Severity = Literal["error", "warning", "note"]
"""An error: something is lost or does not work. A warning: it soon might. A note: good to know."""
_SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong or worth knowing, what it means, and what to do about it."""

    code: str
    severity: Severity
    message: str
    """What is the case, in one sentence without a full stop."""
    harm: str = ""
    """What it means for the user's data, such as "nothing is lost"."""
    help: str = ""
    """What to do; with `commands`, what these do."""
    commands: tuple[str, ...] = ()
    """Command lines that put it right, to be run in this order."""
    path: Path | None = None
    line: int | None = None
    details: tuple[str, ...] = ()
    """Everything of many that is affected, such as damaged rows; the message counts it."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON for other programs."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "harm": self.harm,
            "help": self.help,
            "commands": list(self.commands),
            "path": None if self.path is None else str(self.path),
            "line": self.line,
            "details": list(self.details),
        }


@dataclass(slots=True)
class Report:
    """What was found out about one area."""

    area: str
    summary: str = ""
    """The state in a few words."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def severity(self) -> Severity | Literal["ok"]:
        """That of its worst finding; a note leaves it at "ok"."""
        found = {finding.severity for finding in self.findings}
        return next((one for one in _SEVERITIES[:2] if one in found), "ok")

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON for other programs."""
        return {
            "area": self.area,
            "state": self.severity,
            "summary": self.summary,
            "findings": [finding.as_json() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Writes command lines for the same project and store as those of the doctor itself."""

    project: tuple[str, ...] = ()
    """The option that names the project, if it was given."""
    store: tuple[str, ...] = ()
    """The option that names the store, if it was given."""

    def on_store(self, *words: str | Path) -> str:
        """Return the command line of a command that uses the store."""
        return format_command("cards", *self.project, *words, *self.store)

    def on_project(self, *words: str | Path) -> str:
        """Return the command line of a command that uses only the project."""
        return format_command("cards", *self.project, *words)


def list_removals(files: Iterable[Path]) -> tuple[str, ...]:
    """Return the command line of the user's shell that deletes files."""
    words = ("del",) if sys.platform == "win32" else ("rm", "--")
    return (format_command(*words, *files),)


def list_moves(files: Iterable[tuple[Path, Path]]) -> tuple[str, ...]:
    """Return the command lines of the user's shell that give files new names."""
    words = ("move",) if sys.platform == "win32" else ("mv", "--")
    return tuple(format_command(*words, *names) for names in files)


def explain(code: str, error: CardwrightError, **about: Any) -> Finding:
    """Return the error that an area raised as a finding."""
    return Finding(code=code, severity="error", message=error.message, help=error.help, **about)


Examine = Callable[[Report], None]
"""Adds to the report of one area."""


def examine_areas(areas: Iterable[tuple[str, Examine]]) -> Iterator[Report]:
    """Yield the report of each area; whatever goes wrong in one never hides the others."""
    for area, examine in areas:
        report = Report(area)
        try:
            examine(report)
        except CardwrightError as error:
            report.findings.append(explain(f"{area}-unreadable", error))
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            message = f"{where}{error.strerror or error}"
            help = "check the permissions of the file and its folder, and that its disk works"
            report.findings.append(
                Finding(code=f"{area}-unreadable", severity="error", message=message, help=help)
            )
        except Exception as error:  # noqa: BLE001  (the other areas must be shown whatever happens)
            report.findings.append(
                Finding(
                    code="defect",
                    severity="error",
                    message=f"this could not be examined: {type(error).__name__}: {error}",
                    help="this is a defect of Cardwright: please report it with this message",
                )
            )
        yield report
