"""What a project holds, kept ready between starts: only files that changed are read again."""

from cardwright.project.index.open import SourceIndex, open_index

__all__ = ["SourceIndex", "open_index"]
