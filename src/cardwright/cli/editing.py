"""Editing a card while it is shown."""

from __future__ import annotations

from cardwright.app.study import Study
from cardwright.cli.editor import open_editor
from cardwright.error import ProjectError
from cardwright.model import Card


def edit_card(own: Study, card: Card, now_ms: int) -> tuple[str, bool]:
    """Open a card in the editor at its line, and reload the sources of its project.

    Returns a message, and whether they were reloaded: the card stays as it was if its file cannot
    be read any more.
    """
    before = own.sources
    message = open_editor(own.root / card.span.path, card.span.line)
    if message:
        return message, False
    try:
        own.reload(now_ms)
    except ProjectError as error:
        return str(error), False
    is_there = own.load_card(card.ref) is not None
    if own.error_count and not is_there:
        problem = own.find_problem(card.span.path)
        own.sources = before
        return f"{problem}\nedit it again; the card is unchanged", False
    message = "reloaded" if is_there else f"{card.ref} no longer exists"
    return f"{message}; see `cards check`" if own.error_count else message, True
