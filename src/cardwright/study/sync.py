"""Reviews of several machines through a shared folder: each writes only a file of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from cardwright.files import write_file
from cardwright.history import Review
from cardwright.study.journal import Journal
from cardwright.study.transfer import TransferError, read_reviews, show_name, write_json_lines


class Synced(NamedTuple):
    """What a meeting in a folder brought."""

    taken: int
    """Reviews that were new here."""
    given: int
    """Reviews in this machine's own file."""
    clashes: list[str]
    """Ids under which two machines hold different reviews; ours were kept."""


def sync_folder(journal: Journal, folder: Path) -> Synced:
    """Take in what other machines wrote, and write what the folder lacks; the order is all the same.

    Raises:
        OSError: the folder cannot be written.
        TransferError: a file there is damaged or cannot be read; nothing was taken in.

    """
    own = folder / f"{journal.store.device}.jsonl"
    theirs = list(read_files(sorted(path for path in folder.glob("*.jsonl") if path != own)))
    # Our own file may know more than we do: the store may have come back from a backup.
    ours = list(read_files([own])) if own.exists() else []
    taken, clashes = journal.merge([*theirs, *ours])
    known = {review.id for review in theirs}
    mine = [r for r in journal.store.list_reviews(with_undone=True) if r.id not in known]
    text = "".join(write_json_lines(mine))
    if not own.exists() or own.read_text("utf-8") != text:
        write_file(own, text)
    return Synced(taken, len(mine), clashes)


def read_files(paths: Iterable[Path]) -> Iterator[Review]:
    """Yield the reviews of several files, JSON Lines or CSV.

    Raises:
        TransferError: one cannot be read, or there is something wrong in it.

    """
    for path in paths:
        try:
            # A byte that is no UTF-8 becomes a character that no field may have.
            with path.open(encoding="utf-8", errors="replace", newline="") as lines:
                yield from read_reviews(lines, str(path))
        except OSError as error:
            message = (
                f"{show_name(str(path))}:1: cannot be read ({error.strerror}); nothing was taken in"
            )
            raise TransferError(message) from error
