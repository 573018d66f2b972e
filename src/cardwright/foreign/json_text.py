"""Untrusted JSON, with limits on its size and depth."""

from __future__ import annotations

import json
import re
from typing import Any, Final

MAX_VALUES: Final = 1_000_000
"""A value of two bytes of text can need a hundred bytes of memory."""
_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F])|.)", re.DOTALL
)
"""A pair of surrogates, half of one, or any other escape."""


def parse_json(text: str, *, max_values: int = MAX_VALUES) -> Any:
    """Parse a JSON text.

    Raises:
        ValueError: it is invalid, too deep or too large; the message is a clause without a subject.

    """
    if sum(map(text.count, ",[{")) > max_values:
        raise ValueError(f"have more than {max_values:,} parts")
    # Half of a character could not be written anywhere.
    if "\\u" in text and any(match[1] for match in _ESCAPE.finditer(text)):
        raise ValueError("are not valid JSON (half of a surrogate pair)")
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("are nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"are not valid JSON ({error})") from None
