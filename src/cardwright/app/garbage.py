"""Pausing garbage collection while many objects are created."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause collection while creating long-lived objects: it took half of the start-up time."""
    gc.disable()
    try:
        yield
    finally:
        # What a later load replaces, as in `cards preview --watch`, must still be collected.
        if not gc.get_freeze_count():
            gc.freeze()
        gc.enable()
