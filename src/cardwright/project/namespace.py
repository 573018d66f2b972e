"""Namespaces: what tells the cards of a pack from those of all other packs in the world."""

from __future__ import annotations

import re
import unicodedata
from random import Random
from typing import Final

MAX_NAMESPACE_LENGTH: Final = 40
NAMESPACE: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""Letters and digits without those that look alike: 0 and o, 1 and l."""
_RANDOM_LENGTH: Final = 5


def is_namespace(word: str) -> bool:
    """Tell whether a text can be a namespace."""
    return len(word) <= MAX_NAMESPACE_LENGTH and NAMESPACE.fullmatch(word) is not None


def make_namespace(name: str, random: Random) -> str:
    """Return a new namespace that begins like a name and ends with random characters."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[: MAX_NAMESPACE_LENGTH - _RANDOM_LENGTH - 1]
    ending = "".join(random.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return f"{slug.strip('-') or 'deck'}-{ending}"
