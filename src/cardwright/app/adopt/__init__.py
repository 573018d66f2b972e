"""Adopting decks of other programs: their files → a project, and what is new in them since."""
