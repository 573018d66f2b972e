"""Edits that fix a problem, from what its diagnostic knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any, Final

from cardwright.app.project import Project
from cardwright.diagnostic import Diagnostic
from cardwright.editor.buffer import Range
from cardwright.editor.complete import list_vanished, write_plain
from cardwright.editor.navigate import edit_values
from cardwright.editor.workspace import OpenFile, Workspace, find_card_at
from cardwright.error import CardwrightError
from cardwright.project.card import suggest_id

_MAX_FORMER: Final = 3
_MIN_LIKENESS: Final = 0.5


def list_fixes(
    file: OpenFile,
    project: Project,
    workspace: Workspace,
    problems: Iterable[Diagnostic],
    chosen: Range,
) -> list[dict[str, Any]]:
    """Return what the protocol calls code actions, for the problems of a file within a range."""
    first, last = chosen["start"]["line"], chosen["end"]["line"]
    near = [problem for problem in problems if first <= problem.span.line - 1 <= last]
    found = [
        _make_action(file, title, [edit], problem)
        for problem in near
        for title, edit in _fix(file, problem)
    ]
    return [*found, *_list_former_ids(file, project, workspace, first)]


def _fix(file: OpenFile, problem: Diagnostic) -> Iterator[tuple[str, dict[str, Any]]]:
    if problem.replacement:
        place = file.buffer.range_of(problem.span)
        text = file.buffer.line(problem.span.line - 1)
        start = file.buffer.column_of(problem.span)
        quote = text[start : start + 1]
        written = problem.replacement
        if quote in {'"', "'"}:
            written = f"{quote}{written}{quote}"
        elif problem.code != "media-missing":
            written = write_plain(written)
        yield f"Write `{problem.replacement}`", {"range": place, "newText": written}
    if problem.missing:
        yield from _add_key(file, problem)


def _add_key(file: OpenFile, problem: Diagnostic) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the edit that adds a missing key: an id at the start, anything else after the other keys."""
    buffer, line = file.buffer, problem.span.line - 1
    text = buffer.line(line)
    column = buffer.column_of(problem.span)
    key = problem.missing
    value = suggest_id(_read_first_text(file, line)) if key == "id" and file.sort == "cards" else ""
    written = f"{key}: {write_plain(value) if value else ''}"
    title = f"Add `{written.strip()}`"
    if text[column : column + 1] == "{":
        gap = "" if text[column + 1 : column + 2] in {"}", ""} else ", "
        yield (
            title,
            {"range": buffer.range(line, column + 1, column + 1), "newText": f"{written}{gap}"},
        )
        return
    ending = "\r\n" if "\r\n" in buffer.text else "\n"
    indent = " " * column
    if key == "id":
        newline = f"{written}{ending}{indent}"
        yield title, {"range": buffer.range(line, column, column), "newText": newline}
        return
    end = line
    for number in range(line + 1, len(buffer.lines)):
        below = buffer.line(number)
        if below.strip() and (len(below) - len(below.lstrip()) < column or below[:column].strip()):
            break
        end = number if below.strip() else end
    width = len(buffer.line(end))
    yield title, {"range": buffer.range(end, width, width), "newText": f"{ending}{indent}{written}"}


def _read_first_text(file: OpenFile, line: int) -> str:
    """Return the start of the first text of the card at a line."""
    item = file.outline.find_card(line)
    for own in item.lines if item else ():
        if own.key and own.key not in {"id", "kind", "lesson", "tags", "objectives"}:
            words = file.buffer.line(own.number + 1) if own.is_block else own.value
            return " ".join(words.split()[:6])
    return ""


def _list_former_ids(
    file: OpenFile, project: Project, workspace: Workspace, line: int
) -> Iterator[dict[str, Any]]:
    """Yield actions that add to `formerly` what a card may have been called when it was published."""
    card = find_card_at(file, project, line)
    ledger = project.ledgers.get(file.pack)
    if card is None or ledger is None or ledger.find(card) is not None:
        return
    vanished = [
        name for name in list_vanished(file.pack, project) if ledger.notes[name].kind == card.kind
    ]
    close = difflib.get_close_matches(card.id, vanished, _MAX_FORMER, _MIN_LIKENESS)
    if not close and len(vanished) == 1:
        close = vanished
    for name in close:
        try:
            edits = edit_values(card, {"formerly": [name, *card.formerly]}, project, workspace)
        except CardwrightError:
            # Another error of the file comes first.
            return
        yield _make_action(file, f"It was `{name}`: add it to `formerly`", edits, None)


def _make_action(
    file: OpenFile, title: str, edits: list[dict[str, Any]], problem: Diagnostic | None
) -> dict[str, Any]:
    action: dict[str, Any] = {
        "title": title,
        "kind": "quickfix",
        "edit": {"changes": {file.uri: edits}},
    }
    if problem is not None:
        action["diagnostics"] = [make_diagnostic(file.buffer.range_of(problem.span), problem)]
        action["isPreferred"] = bool(problem.replacement)
    return action


def make_diagnostic(place: Range, problem: Diagnostic) -> dict[str, Any]:
    """Return a problem as the protocol has it."""
    help = f"\nhelp: {problem.help}" if problem.help else ""
    return {
        "range": place,
        "severity": 1 if problem.is_error else 2,
        "code": problem.code,
        "source": "cards",
        "message": f"{problem.message}{help}",
    }
