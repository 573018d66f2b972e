"""What `cards import` does with files of Anki, and what it says about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from cardwright.app.anki.file_import import Imported, Left, find_project_notes, import_history
from cardwright.app.study import Study
from cardwright.cli.anki.differences import describe_difference, difference_to_json
from cardwright.history import Act
from cardwright.progress import announced
from cardwright.study.transfer import describe_clashes
from cardwright.text import count

_MAX_NAMED: Final = 5


def import_files(study: Study, files: Sequence[Path], *, keeps_others: bool) -> list[Imported]:
    """Import the history of some files of Anki."""
    with announced("Importing the history of Anki"):
        notes = find_project_notes(study)
        done = [import_history(study, notes, file, keeps_others=keeps_others) for file in files]
        study.settle()
    return done


def describe(done: Imported) -> str:
    """Return in a line what was imported from a file."""
    added, prompts = done.added, count(done.prompts, "prompt")
    parts = [f"{count(added[Act.ANSWER], 'answer')} of {prompts}"] if added else []
    others = {
        "given in filtered decks, which do not count": added[Act.CRAM],
        "reset": added[Act.RESET],
        "rescheduled": added[Act.RESCHEDULE],
        "suspended": done.marks[Act.SUSPEND],
        "flagged": done.marks[Act.FLAG],
    }
    parts += [f"{number:,} {word}" for word, number in others.items() if number]
    if done.kept:
        parts.append(f"{count(done.kept, 'review')} of other cards")
    known = f" ({done.known:,} known)" if done.known else ""
    return f"{done.file}: {', '.join(parts) or 'nothing new'}{known}"


def list_notes(done: Imported, *, keeps_others: bool) -> Iterator[str]:
    """Yield what else the user should know, a sentence for each."""
    if not done.cards:
        yield "the file has no card of this project"
    if not done.has_log:
        yield "the file has no answers: in Anki, export it with scheduling information"
    yield from _list_left(done, keeps_others=keeps_others)
    for what, number in sorted(done.skipped.items()):
        yield f"left out: {count(number, 'row')} of Anki's log {what}"
    if done.adopted:
        yield f"taken from what was kept: the history of {count(done.adopted, 'prompt')}"
    yield from _list_schedules(done)
    yield from map(describe_difference, done.differences[:_MAX_NAMED])
    if (more := len(done.differences) - _MAX_NAMED) > 0:
        yield f"and {count(more, 'more option')} that Anki has otherwise: see --json"
    yield from describe_clashes(done.clashes)


def _list_left(done: Imported, *, keeps_others: bool) -> Iterator[str]:
    if done.left and not keeps_others:
        total = _sum(done.left.values())
        decks = sorted(done.left.items(), key=lambda pair: (-pair[1].answers, pair[0]))
        named = [f"{name or 'no deck'} ({left.answers:,})" for name, left in decks[:_MAX_NAMED]]
        if (more := len(decks) - _MAX_NAMED) > 0:
            named.append(f"and {count(more, 'more deck')}")
        yield (
            f"left out: {count(total.answers, 'answer')} of {count(total.cards, 'card')} that this"
            f" project does not have, in {', '.join(named)}; --keep keeps them"
        )
    if done.deleted.answers:
        yield (
            f"left out: {count(done.deleted.answers, 'answer')} of"
            f" {count(done.deleted.cards, 'card')} that Anki no longer has"
        )


def _list_schedules(done: Imported) -> Iterator[str]:
    """Yield in what Anki's schedule differs from that of here."""
    if done.assumed:
        yield (
            f"of {count(len(done.assumed), 'prompt')}, Anki ignores or lacks the first answers: the"
            " memory starts with the interval that the next one led to, as in Anki"
        )
    if done.without_memory and not done.is_fsrs:
        yield (
            "Anki schedules these cards by SM-2: their due days are Anki's, and their memories follow"
            " from the answers"
        )
    elif done.without_memory:
        yield (
            f"without a memory in Anki, which computes it once the options of the deck are saved:"
            f" {count(done.without_memory, 'card')}"
        )
    if done.custom:
        yield (
            f"with data of custom scheduling, which changes intervals in Anki only:"
            f" {count(done.custom, 'card')}"
        )


def to_json(done: Imported) -> dict[str, Any]:
    """Return what was imported from a file."""
    return {
        "file": str(done.file),
        "cards": done.cards,
        "has_log": done.has_log,
        "added": {str(act): number for act, number in sorted(done.added.items())},
        "known": done.known,
        "prompts": done.prompts,
        "marks": {str(act): number for act, number in sorted(done.marks.items())},
        "kept": done.kept,
        "adopted": done.adopted,
        "left": [
            {"deck": name, "cards": left.cards, "answers": left.answers}
            for name, left in sorted(done.left.items())
        ],
        "deleted": {"cards": done.deleted.cards, "answers": done.deleted.answers},
        "skipped": dict(sorted(done.skipped.items())),
        "assumed": sorted(done.assumed),
        "restarted": sorted(done.restarted),
        "is_fsrs": done.is_fsrs,
        "without_memory": done.without_memory,
        "custom_scheduling": done.custom,
        "differences": list(map(difference_to_json, done.differences)),
    }


def _sum(parts: Iterable[Left]) -> Left:
    total = Left()
    for part in parts:
        total.cards += part.cards
        total.answers += part.answers
    return total
