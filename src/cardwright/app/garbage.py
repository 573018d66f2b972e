"""Pausing garbage collection while many objects are created."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause collection while creating long-lived objects: it took half of the start-up time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        _freeze()
        if was_enabled:
            gc.enable()


@cache
def _freeze() -> None:
    """Exempt all objects from collection, once: what later loads replace must be collected."""
    gc.freeze()
