"""The description of a deck in Anki: what its author wrote, and what every package adds below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from cardwright.anki.note import Note
from cardwright.anki.search import describe_withdrawn
from cardwright.markdown.line_breaks import unwrap
from cardwright.text import count

_FSRS: Final = "Best studied with **FSRS**: turn it on in the options of this deck, under *FSRS*."
_ADDED: Final = re.compile(
    r"(?:\A|(?:<br>|\n){2})(?:Version \d+\.\d+\.\d+(?:<br>|\n){2})?" + re.escape(_FSRS) + r".*\Z",
    re.DOTALL,
)


def write_description(text: str, version: str, retired: Sequence[Note], *, is_root: bool) -> str:
    """Return the description of a deck as Markdown for Anki; that of the root tells more."""
    # Anki keeps line breaks, and would render HTML; here, as in cards, it is plain text.
    texts = [unwrap(text.replace("<", "&lt;"))]
    if is_root:
        if version:
            texts.append(f"Version {version}")
        texts.append(_FSRS)
        if retired:
            number = "1 card is" if len(retired) == 1 else f"{count(len(retired), 'card')} are"
            texts.append(f"{number} retired. {describe_withdrawn(retired)}")
    return unwrap("\n\n".join(texts))


def is_written(description: str) -> bool:
    """Tell whether a description is that of the root deck of a package of ours."""
    return _FSRS in description


def read_description(description: str) -> str:
    """Return what the author of a deck of ours wrote, though not where lines ended."""
    text = _ADDED.sub("", description)
    return text.replace("<br><br>", "\n\n").replace("&lt;", "<").strip()
