"""One memory with Anki: syncs, imports of its files, and bringing cards there."""
