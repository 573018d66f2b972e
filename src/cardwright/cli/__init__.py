"""The command line: one module per command, and one exit point."""

from __future__ import annotations

import sys
from types import TracebackType


def _hide_interrupt(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Show no traceback for Ctrl-C, which may come at any moment, even while modules are loaded."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


if sys.excepthook is sys.__excepthook__:
    sys.excepthook = _hide_interrupt
