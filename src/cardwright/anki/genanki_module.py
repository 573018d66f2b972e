"""genanki, imported without asyncio.

Its `cached_property` comes from a package that imports asyncio for a part that genanki does not use.
That takes longer than the rest of genanki; the standard library's `cached_property` does the same.
"""

from __future__ import annotations

import functools
import sys
from importlib import import_module
from types import ModuleType
from typing import Any, Final

_NAME: Final = "cached_property"


def _import_genanki() -> Any:
    if _NAME in sys.modules:
        return import_module("genanki")
    substitute: Any = ModuleType(_NAME)
    substitute.cached_property = functools.cached_property
    sys.modules[_NAME] = substitute
    try:
        return import_module("genanki")
    finally:
        # Others may need the rest of it.
        del sys.modules[_NAME]


genanki: Final = _import_genanki()
