"""A line above each card that tells how it was answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cardwright.app.project import Project
from cardwright.editor.workspace import OpenFile, find_heads
from cardwright.study.glance import glance_at
from cardwright.text import count


def list_lenses(file: OpenFile, project: Project, store_path: Path) -> list[dict[str, Any]]:
    """Return what the protocol calls code lenses, for the cards of a file that were answered."""
    heads = find_heads(file, project)
    found = glance_at(store_path, (head.key for head in heads))
    return [
        {
            "range": file.buffer.range_of(head.span),
            "command": {"title": _describe(*seen), "command": ""},
        }
        for head in heads
        if (seen := found.get(head.key))
    ]


def _describe(asked: int, right: int) -> str:
    return f"asked {count(asked, 'time')}, {right / asked:.0%} right"
