"""Anki: note types, notes, packages, and the ledger of what was published."""
