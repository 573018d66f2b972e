"""Flashcards as code: YAML cards, compiled into Anki decks and reviewed in the terminal."""

__version__ = "0.1.0"
