"""Where the program starts: a press of Tab is answered before what commands need is imported."""

from __future__ import annotations

import sys


def main() -> None:
    """Answer the completion script of a shell, or run the command line."""
    if sys.argv[1:2] == ["__complete"]:
        from cardwright.cli.complete import complete  # noqa: PLC0415  (only on Tab)

        complete("".join(sys.argv[2:3]))
        return
    from cardwright.cli.main import main as run  # noqa: PLC0415  (not on Tab)

    run()
