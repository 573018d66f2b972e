"""What commands say about options that Anki has otherwise."""

from __future__ import annotations

from typing import Any

from cardwright.app.anki.options import Difference, list_remedies


def describe_difference(difference: Difference) -> str:
    """Return a difference, with what aligns both sides."""
    remedies = list_remedies(difference)
    help = f"\n  help: {', '.join(remedies)}" if remedies else ""
    return f"{difference.describe()}{help}"


def difference_to_json(difference: Difference) -> dict[str, Any]:
    """Return a difference as the data of a command."""
    return {
        "preset": difference.preset,
        "deck": difference.shown,
        "option": difference.name,
        "anki": difference.theirs,
        "here": difference.ours,
    }
