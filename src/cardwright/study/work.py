"""A memory that can be set, for the computing of it."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from cardwright.history import Memory, State


class Work:
    """A memory while it is worked on: a Memory's fields, which can be set."""

    __slots__ = tuple(field.name for field in fields(Memory))
    prompt: str
    state: State
    step: int | None
    stability: float
    difficulty: float
    due_at_ms: int | None
    due_day: int | None
    interval_days: int
    first_day: int | None
    last_day: int | None
    last_at_ms: int | None
    reps: int
    lapses: int
    is_suspended: bool
    is_leech: bool
    is_flagged: bool
    buried_day: int | None

    def __init__(self, memory: Memory) -> None:
        """Start from a memory."""
        for name in NAMES:
            setattr(self, name, getattr(memory, name))

    def finish(self) -> Memory:
        """Return it as a memory."""
        return Memory(**{name: getattr(self, name) for name in NAMES})

    def forget(self) -> None:
        """Become new, but stay flagged, suspended or buried."""
        for name in NAMES:
            if name not in _KEPT:
                setattr(self, name, getattr(_NEW, name))


NAMES: Final = Work.__slots__
_NEW: Final = Memory(prompt="")
_KEPT: Final = frozenset({"prompt", "is_suspended", "is_flagged", "buried_day"})
