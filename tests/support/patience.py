"""How long a test waits for what should come at once."""

from typing import Final

PATIENCE_S: Final = 60.0
"""It only ends a test that hangs; no test expects anything of it."""
