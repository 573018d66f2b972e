"""Flashcards as code: YAML cards, compiled into Anki decks and reviewed in the terminal.

As a library: `load` a project, `open_store`, `start_session`; the rest is loaded when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cardwright.app.library import start_session
    from cardwright.history import Act, Memory, Moment, Rating, Review, State
    from cardwright.project.load import ProjectError, find_project, load
    from cardwright.study.fault import StoreError
    from cardwright.study.opening import open_store
    from cardwright.study.queue import Wishes
    from cardwright.study.session import Session
    from cardwright.study.store import Store

__version__ = "0.1.0"
__all__ = [
    "Act",
    "Memory",
    "Moment",
    "ProjectError",
    "Rating",
    "Review",
    "Session",
    "State",
    "Store",
    "StoreError",
    "Wishes",
    "find_project",
    "load",
    "open_store",
    "start_session",
]
_HOMES: Final = {
    **dict.fromkeys(("Act", "Memory", "Moment", "Rating", "Review", "State"), "history"),
    **dict.fromkeys(("ProjectError", "find_project", "load"), "project.load"),
    "Session": "study.session",
    "Store": "study.store",
    "StoreError": "study.fault",
    "Wishes": "study.queue",
    "open_store": "study.opening",
    "start_session": "app.library",
}


def __getattr__(name: str) -> Any:
    """Load a name when it is asked for: the command line starts without any of them."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
