"""Why Anki, or one of its collections, cannot be used."""

from __future__ import annotations

from cardwright.error import CardwrightError


class AnkiError(CardwrightError):
    """Anki, or one of its collections, cannot be used; the message says what to do."""


class AnkiChangedError(AnkiError):
    """A collection has changed since it was read."""
