"""Changes of single values in source files, which leave every other byte as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cardwright.model import Value

Edited = Value | Sequence[Mapping[str, str]]
"""A value to write: as in a card, or a list of mappings such as options."""


def edit_card(raw: bytes, shown: str, card_id: str, values: Mapping[str, Edited | None]) -> bytes:
    """Return a file of cards with some values of one card changed, added, or (None) removed.

    Only the lines of these values change; quotes, blocks, comments and line ends stay as they are
    wherever the new value can be written in the style of the old one. Within a list, only the items
    that differ change. Reading the result gives exactly these values.

    Raises:
        WriteError: the file has errors or no such card, or a value cannot be written.

    """
    raise NotImplementedError
