"""Editing a card while it is shown."""

from __future__ import annotations

from cardwright.app.study import Study
from cardwright.cli.editor import open_editor
from cardwright.error import ProjectError
from cardwright.item import Item
from cardwright.model import Card


def edit_card(study: Study, item: Item, card: Card, now_ms: int) -> tuple[str, bool]:
    """Open the card of a prompt in the editor at its line, and reload the sources of its project.

    Returns a message, and whether they were reloaded: the card stays as it was if its file cannot
    be read any more.
    """
    own = study.part_of(item)
    message = open_editor(own.root / card.span.path, card.span.line)
    if message:
        return message, False
    try:
        is_used = study.reload(item, now_ms)
    except ProjectError as error:
        return str(error), False
    if not is_used:
        problem = own.find_problem(card.span.path)
        return f"{problem}\nedit it again; the card is unchanged", False
    message = "reloaded" if own.load_card(card.ref) else f"{card.ref} no longer exists"
    return f"{message}; see `cards check`" if own.error_count else message, True
