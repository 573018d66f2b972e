"""YAML whose every value knows its place: bytes → Document → Entry, with the problems met on the way."""

from cardwright.entry.document import MAX_BYTES, Document
from cardwright.entry.mapping import Entry

__all__ = ["MAX_BYTES", "Document", "Entry"]
