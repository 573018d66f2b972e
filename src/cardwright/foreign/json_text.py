"""A stranger's JSON, with bounds on its size and depth."""

from __future__ import annotations

import json
from typing import Any, Final

MAX_VALUES: Final = 1_000_000
"""A value can take two bytes of text, and a hundred of memory."""


def parse_json(text: str) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: it is not valid, too deep or too large; the message is a clause without a subject.

    """
    if sum(map(text.count, ",[{")) > MAX_VALUES:
        message = f"have more than {MAX_VALUES:,} parts"
        raise ValueError(message)
    try:
        return json.loads(text)
    except RecursionError:
        message = "are nested too deeply"
        raise ValueError(message) from None
    except ValueError as error:
        message = f"are not valid JSON ({error})"
        raise ValueError(message) from None
