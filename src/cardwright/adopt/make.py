"""An incoming deck → the draft of a project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cardwright.adopt.draft import Draft, Known
from cardwright.incoming import Incoming


def make_draft(incoming: Incoming, known: Known, *, read_values: Callable[..., Any]) -> Draft:
    """Return what is to be written for a deck."""
    raise NotImplementedError
