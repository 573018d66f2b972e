"""A command that ends in the middle, as if its process were killed."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path
from unittest import mock

_PUBLISHED = (".jsonl", ".md", ".apkg")


class KilledError(BaseException):
    """The process ends here."""


@contextlib.contextmanager
def kill_at(number: int, *, is_done: bool, endings: Collection[str] = _PUBLISHED) -> Iterator[None]:
    """End a command before or after it puts its file of this number, from 0, in place.

    Only files with these endings count: by default, those of a release.
    """
    written = 0
    put_in_place = Path.replace

    def replace_or_end(self: Path, target: Path) -> Path:
        nonlocal written
        if target.suffix not in endings:
            return put_in_place(self, target)
        if written == number and not is_done:
            raise KilledError
        result = put_in_place(self, target)
        written += 1
        if written > number:
            raise KilledError
        return result

    with (
        mock.patch.object(Path, "replace", replace_or_end),
        contextlib.suppress(KilledError),
    ):
        yield
