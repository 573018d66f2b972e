"""The cache of a running server: values stay objects, so that nothing is decoded at every key press."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeVar

from cardwright.project.cache import Cache

_KEPT_CHECKS: Final = 16
"""What so many checks have not used is dropped: enough to undo a few words."""
_T = TypeVar("_T")


class SessionCache(Cache):
    """Values in memory, over those that other runs have kept.

    What comes of unsaved texts is not written to the user's cache.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Start with what is in a folder's cache."""
        super().__init__(folder)
        self._values: dict[bytes, tuple[Any, int]] = {}
        """Each with the number of the last check that used it."""
        self._check = 0
        self._is_written = False

    @property
    def is_lasting(self) -> bool:
        """Whether values are kept."""
        return True

    def begin(self, *, is_saved: bool) -> None:
        """Begin a check, of which results are written if all texts are saved."""
        self._check += 1
        self._is_written = is_saved
        oldest = self._check - _KEPT_CHECKS
        for key in [key for key, (_, used) in self._values.items() if used < oldest]:
            del self._values[key]

    def recall(self, key: bytes | None, value_type: type[_T]) -> _T | None:
        """Return what was kept with a key, if anything."""
        if key is None:
            return None
        value: _T | None
        value, _ = self._values.get(key, (None, 0))
        if value is None:
            value = super().recall(key, value_type)
        if value is not None:
            self._values[key] = (value, self._check)
        return value

    def keep(self, key: bytes, value: Any) -> None:
        """Keep a value."""
        self._values[key] = (value, self._check)
        if self._is_written:
            super().keep(key, value)
