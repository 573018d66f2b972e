"""Decks of other programs → cards, kinds and a manifest to write."""
