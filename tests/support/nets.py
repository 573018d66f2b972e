"""A net for what would go on for ever, and cannot be interrupted, such as a query of SQLite."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

GENEROUS_S = 120
"""What is as it should be takes a second."""


@contextmanager
def ended_in_time() -> Iterator[None]:
    """End the process if what is within takes minutes."""
    timer = Timer(GENEROUS_S, os._exit, (1,))
    timer.daemon = True
    timer.start()
    yield
    timer.cancel()
