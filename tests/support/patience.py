"""How long tests wait for things that should be immediate."""

from typing import Final

PATIENCE_S: Final = 60.0
"""It only ends a test that hangs; no test expects anything of it."""
