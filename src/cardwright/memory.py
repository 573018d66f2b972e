"""What FSRS believes about each prompt: a cache of what follows from its reviews."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """The learning state of a prompt."""

    NEW = "new"
    LEARNING = "learning"
    REVIEW = "review"
    RELEARNING = "relearning"


class Memory(NamedTuple):
    """The memory of a prompt: a cache that can be rebuilt by replaying its Reviews.

    It is a tuple because tens of thousands of them are read at every start.
    """

    key: str
    """The prompt's key."""
    state: State = State.NEW
    is_suspended: bool = False
    is_leech: bool = False
    is_flagged: bool = False
    step: int | None = None
    """The index of its current learning or relearning step."""
    stability: float = 0.0
    """Days until recall falls to 90 percent; 0 when new."""
    difficulty: float = 0.0
    """From 1 to 10; 0 when new."""
    due_at_ms: int | None = None
    due_day: int | None = None
    """The study day from which it is due."""
    interval_days: int = 0
    """0 within the learning steps."""
    first_day: int | None = None
    """The study day of the first answer."""
    last_day: int | None = None
    """The study day of the last answer."""
    last_at_ms: int | None = None
    reps: int = 0
    """The number of answers."""
    lapses: int = 0
    """The number of times it was rated Again in the review state."""
    buried_day: int | None = None
    """The study day on which it is not asked."""

    @property
    def is_new(self) -> bool:
        """Whether the prompt was never answered, or only before a reset."""
        return self.state is State.NEW
