"""Data → YAML as a person would write it: plain words, quotes only where needed, blocks of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def compose(data: Mapping[str, Any]) -> str:
    """Return a mapping as YAML that `Document` reads back as the same texts, lists and mappings.

    Raises:
        WriteError: a text contains a character that sources may not contain.

    """
    raise NotImplementedError
