"""What the checks of the cards of a file find, kept with the file: they run again if it has changed."""

from __future__ import annotations

from collections.abc import Mapping

from cardwright.model import Kind
from cardwright.project.cache import Cache, make_key
from cardwright.project.card_file import CardFile
from cardwright.project.checking import CardChecking, FileFindings
from cardwright.project.renderers import Renderers
from cardwright.project.texts import SourceTexts


def check_file(
    file: CardFile,
    kinds: Mapping[str, Kind],
    renderers: Renderers,
    texts: SourceTexts,
    cache: Cache,
) -> FileFindings:
    """Return what the checks of the cards of a file find, or found when they were run on it."""
    key = file.key and make_key("findings", file.key)
    if found := cache.recall(key, FileFindings):
        return found
    # Usually few files have changed, and Markdown need not be imported.
    from cardwright.project.check_cards import check_cards  # noqa: PLC0415

    with renderers.open(file.name) as renderer:
        cards = file.load_cards()
        checking = CardChecking(cards=cards, kinds=kinds, renderer=renderer, texts=texts)
        found = check_cards(checking)
    # The file may have changed since it was loaded, and with it the places in it.
    if key and cache.is_lasting and texts.is_as(file.name, file.digest):
        cache.keep(key, found)
    return found
