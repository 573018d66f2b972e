"""`cards anki edits`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from cardwright.anki.card_values import Data, format_value
from cardwright.anki.collection import open_collection
from cardwright.anki.edits import Edit, Outcome
from cardwright.app.anki.edits import (
    NewFiles,
    PackEdits,
    apply_edit,
    find_pack_edits,
    keep_new_files,
)
from cardwright.app.project import Project
from cardwright.cli.anki.doors import find_profile, profile_option
from cardwright.cli.build import warn_of_file
from cardwright.cli.changed_lines import ADDED, REMOVED, mark_words
from cardwright.cli.output import say, say_json, say_pieces, warn
from cardwright.cli.params import json_option
from cardwright.cli.project import open_user_project
from cardwright.error import CardwrightError
from cardwright.text import count, escape_controls, format_command, list_names

_STYLES: Final = {REMOVED: "red", ADDED: "green", "place": "bold", "note": "yellow"}
_WRITABLE: Final = {Outcome.EDIT, Outcome.MERGED, Outcome.LOSSY}
_MAX_SHOWN: Final = 20_000
"""Longer texts, in characters, are cut off."""
_MAX_TITLE: Final = 60
_COUNTED: Final = {
    Outcome.EDIT: "can be taken over",
    Outcome.MERGED: "can be merged",
    Outcome.LOSSY: "can be taken over in part",
    Outcome.CONFLICT: "in conflict with the sources",
    Outcome.REFUSED: "cannot be written",
}


@click.command()
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@profile_option
@click.option("--apply", "is_applied", is_flag=True, help="Ask for each change, and write it.")
@json_option
@click.pass_obj
def edits(
    folder: Path, file: Path | None, profile: str | None, is_applied: bool, as_json: bool
) -> None:
    """Show what was edited in Anki, and take it over into the sources.

    Compares the notes in your Anki, open or closed, with what was shipped of them; or those in FILE, a
    package (.apkg, .colpkg) or collection that a reader has sent you. Who has an older release does not
    appear to have edited anything.

    With --apply, every change is shown and asked for. Only the lines of that text change in its file,
    and only to what shows exactly what the reader sees. If the sources have changed, too, both changes
    are merged where they are in different words; otherwise it is a conflict, and yours to decide.

    \b
    cards anki edits
    cards anki edits "from anna.apkg" --apply
    """
    if file is not None and profile is not None:
        raise click.UsageError("use only one of FILE and --profile")
    if as_json and is_applied:
        raise click.UsageError("use only one of --json and --apply")
    project = open_user_project(folder)
    project.refuse_errors()
    path = file or find_profile(profile).collection
    with (
        open_collection(path) as collection,
        keep_new_files(collection, project.root) as new_files,
    ):
        packs = find_pack_edits(project, collection, new_files, warn_of_file)
        if as_json:
            say_json([_to_json(pack) for pack in packs])
            return
        if not packs:
            warn(f"{path} has no note of this project")
            return
        is_done = _apply(project, packs, new_files) if is_applied else _show(packs)
        for pack in packs:
            _tell_rest(pack, file)
    if not is_applied and any(edit.outcome in _WRITABLE for one in packs for edit in one.edits):
        chosen = [*([file] if file else []), *(["--profile", profile] if profile else [])]
        words = ("cards", "anki", "edits", *chosen, "--apply")
        warn(f"take over what you want: {format_command(*words)}")
    if not is_done:
        raise click.exceptions.Exit(1)


def _show(packs: Sequence[PackEdits]) -> bool:
    for edit in (edit for pack in packs for edit in pack.edits):
        say_pieces(_format_edit(edit), _STYLES)
    return True


def _apply(project: Project, packs: Sequence[PackEdits], new_files: NewFiles) -> bool:
    """Ask for each change, and write it; return whether all that was wanted could be written."""
    written: Counter[str] = Counter()
    failed = 0
    is_over = is_all = False
    for edit in (edit for pack in packs for edit in pack.edits):
        if is_over:
            break
        say_pieces(_format_edit(edit), _STYLES)
        if edit.outcome not in _WRITABLE:
            continue
        if not is_all or edit.outcome is Outcome.LOSSY:
            answer = _ask(edit)
            is_over, is_all = answer == "q", is_all or answer == "a"
            if answer in {"n", "q"}:
                continue
        try:
            apply_edit(project, edit, new_files, edit.after)
        except CardwrightError as error:
            warn(f"not written: {error}")
            failed += 1
            continue
        written[edit.card.span.path] += 1
    total = sum(written.values())
    if written:
        say(f"{count(total, 'change')} written to {list_names(sorted(written))}")
    else:
        say("nothing was written")
    return not failed


def _ask(edit: Edit) -> str:
    """Ask whether to write a change: y, n, a (all the rest) or q."""
    text = "Write it?"
    if edit.outcome is Outcome.MERGED:
        text = "Write both changes?"
    elif edit.outcome is Outcome.LOSSY:
        text = "Write the text without that?"
    try:
        answer = click.prompt(
            f"{text} (yes, no, all the rest, quit)",
            type=click.Choice(["y", "n", "a", "q"], case_sensitive=False),
            err=True,
        )
    except click.Abort:
        # What was written until now is told anyway.
        warn("")
        return "q"
    return str(answer).lower()


def _format_edit(edit: Edit) -> Iterator[tuple[str, str]]:
    """Yield a change in pieces, each with its role."""
    span = edit.card.span_of(edit.key)
    place = f"{span.path}:{span.line}:{span.column}"
    yield f"{escape_controls(place)}: ", "place"
    yield f"{escape_controls(edit.key)} of {escape_controls(edit.card.ref)}", ""
    yield _describe_outcome(edit), "note"
    yield "\n", ""
    match edit.outcome:
        case Outcome.CONFLICT:
            yield from _format_change("the reader changed", edit.shipped, edit.theirs)
            yield from _format_change("the sources changed", edit.shipped, edit.ours)
        case Outcome.MERGED:
            yield from _format_change("", edit.ours, edit.after)
        case Outcome.REFUSED if edit.key in {"id", "lesson"} or edit.losses:
            pass
        case Outcome.REFUSED:
            yield from _format_change("", edit.shipped, edit.theirs)
        case _:
            yield from _format_change("", edit.ours, edit.after)
    for loss in edit.losses:
        example = f": {_shorten(loss.example)}" if loss.example else ""
        yield f"    without {escape_controls(loss.what)}{example}\n", "note"
    for name, path in edit.files.items():
        yield f"    with the file {_shorten(name)} as {_shorten(path)}\n", ""


def _describe_outcome(edit: Edit) -> str:
    match edit.outcome:
        case Outcome.MERGED:
            return " (the sources have changed, too: merged)"
        case Outcome.CONFLICT:
            return " (conflict: the sources have changed here, too)"
        case Outcome.REFUSED:
            return f" (cannot be written: {escape_controls(edit.reason)})"
        case Outcome.LOSSY:
            return " (only in part)"
    return ""


def _format_change(title: str, before: Data, after: Data) -> Iterator[tuple[str, str]]:
    indent = "    "
    if title:
        yield f"    {title}:\n", ""
        indent = "      "
    texts = (escape_controls(format_value(value))[:_MAX_SHOWN] for value in (before, after))
    for pieces in mark_words(*texts):
        yield indent, ""
        yield from pieces
        yield "\n", ""


def _shorten(text: str) -> str:
    line = " ".join(escape_controls(text).split())
    return line if len(line) <= _MAX_TITLE else f"{line[: _MAX_TITLE - 1]}…"


def _tell_rest(pack: PackEdits, file: Path | None) -> None:
    counted = Counter(edit.outcome for edit in pack.edits)
    parts = [f"{counted[one]:,} {words}" for one, words in _COUNTED.items() if counted[one]]
    found = count(len(pack.edits), "change") if pack.edits else "no changes"
    rest = f": {', '.join(parts)}" if parts else ""
    warn(f"{pack.pack}: {found} in {count(pack.compared, 'note')}{rest}")
    if pack.absent:
        warn(f"  not there: {count(len(pack.absent), 'card')}: {list_names(pack.absent)}")
    if pack.skipped:
        names = list_names(pack.skipped)
        warn(f"  not compared, since the file has too much changed text: {names}")
    if pack.converted:
        names = list_names(pack.converted)
        warn(f"  not compared, since they have another note type in Anki: {names}")
    if pack.own_count:
        titles = [_shorten(title) for title in pack.own]
        warn(f"  new there: {count(pack.own_count, 'note')}: {list_names(titles, separator='; ')}")
        if file is not None:
            words = format_command("cards", "adopt", file, "--into", pack.pack)
            warn(f"  help: to take them over, too: {words}")


def _to_json(pack: PackEdits) -> dict[str, Any]:
    return {
        "pack": pack.pack,
        "notes": pack.compared,
        "edits": [_edit_to_json(edit) for edit in pack.edits],
        "absent": pack.absent,
        "converted": pack.converted,
        "skipped": pack.skipped,
        "new": pack.own_count,
    }


def _edit_to_json(edit: Edit) -> dict[str, Any]:
    span = edit.card.span_of(edit.key)
    return {
        "card": edit.card.ref,
        "key": edit.key,
        "field": edit.label,
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "outcome": edit.outcome,
        "reason": edit.reason,
        "shipped": edit.shipped,
        "theirs": edit.theirs,
        "ours": edit.ours,
        "after": edit.after,
        "losses": [{"what": loss.what, "example": loss.example} for loss in edit.losses],
        "files": dict(edit.files),
    }
