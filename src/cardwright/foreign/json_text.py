"""A stranger's JSON."""

from __future__ import annotations

import json
from typing import Any, Final

MOST_VALUES: Final = 1_000_000
"""A value takes a hundred bytes of memory, and two of the text."""


def parse_json(text: str) -> Any:
    """Return what a text of JSON holds.

    Raises:
        ValueError: it is none, too deep or too much; says so in a clause without a subject.

    """
    if sum(map(text.count, ",[{")) > MOST_VALUES:
        message = f"have more than {MOST_VALUES:,} parts"
        raise ValueError(message)
    try:
        return json.loads(text)
    except RecursionError:
        message = "are nested too deeply"
        raise ValueError(message) from None
    except ValueError as error:
        message = f"are no JSON ({error})"
        raise ValueError(message) from None
