"""YAML whose every value knows its place: bytes → Document → Entry, with the problems met on the way."""

from cardwright.entry.document import MAX_BYTES, Document
from cardwright.entry.mapping import CONTROL, ITEMS_CURE, Entry

__all__ = ["CONTROL", "ITEMS_CURE", "MAX_BYTES", "Document", "Entry"]
