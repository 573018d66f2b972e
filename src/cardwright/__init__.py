"""Flashcards as code: YAML cards, compiled into Anki decks and reviewed in the terminal.

As a library: `load` a project, `open_store`, `start_session`. Names are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cardwright.app.library import start_session
    from cardwright.error import ProjectError
    from cardwright.history import Act, Moment, Rating, Review
    from cardwright.memory import Memory, State
    from cardwright.project.load import load
    from cardwright.project.walk import find_project
    from cardwright.study.error import StoreError
    from cardwright.study.queue import SessionOptions
    from cardwright.study.session import Session
    from cardwright.study.store import Store, open_store

__version__ = "0.1.0"
__all__ = [
    "Act",
    "Memory",
    "Moment",
    "ProjectError",
    "Rating",
    "Review",
    "Session",
    "SessionOptions",
    "State",
    "Store",
    "StoreError",
    "find_project",
    "load",
    "open_store",
    "start_session",
]
_MODULES: Final = {
    **dict.fromkeys(("Act", "Moment", "Rating", "Review"), "history"),
    **dict.fromkeys(("Memory", "State"), "memory"),
    "ProjectError": "error",
    "find_project": "project.walk",
    "Session": "study.session",
    "Store": "study.store",
    "StoreError": "study.error",
    "SessionOptions": "study.queue",
    "load": "project.load",
    "open_store": "study.store",
    "start_session": "app.library",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use: the command line starts without any of them."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
