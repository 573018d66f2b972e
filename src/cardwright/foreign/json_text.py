"""Untrusted JSON, with limits on its size and depth."""

from __future__ import annotations

import json
from typing import Any, Final

MAX_VALUES: Final = 1_000_000
"""A value of two bytes of text can need a hundred bytes of memory."""


def parse_json(text: str) -> Any:
    """Parse a JSON text.

    Raises:
        ValueError: it is invalid, too deep or too large; the message is a clause without a subject.

    """
    if sum(map(text.count, ",[{")) > MAX_VALUES:
        raise ValueError(f"have more than {MAX_VALUES:,} parts")
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("are nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"are not valid JSON ({error})") from None
