"""Doors to the user's collections: to a running Anki, to a closed one, and to a sync server."""
