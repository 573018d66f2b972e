"""Pausing garbage collection while many objects are created."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause collection while creating long-lived objects: it took half of the start-up time."""
    gc.disable()
    try:
        yield
    finally:
        _freeze()
        gc.enable()


@cache
def _freeze() -> None:
    """Exempt all objects from collection, once: what later loads replace must be collected."""
    gc.freeze()
