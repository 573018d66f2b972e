"""Runs `cards` in processes of their own, forked from one that has imported everything already.

That process never uses Anki's backend, whose threads would not survive the fork.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from click.testing import CliRunner

from anki_clock import Clock

_PRELOADED = (
    *("anki.collection", "cardwright.cli.main", "cardwright.cli.anki.sync"),
    *("cardwright.app.anki.sync", "cardwright.anki.doors.server", "cardwright.anki.doors.running"),
    *(
        "cardwright.cli.import_reviews",
        "cardwright.app.anki.file_import",
        "cardwright.study.mirror",
    ),
)


class Ran(NamedTuple):
    """How a command ended."""

    exit_code: int
    """-9 if it was killed."""
    output: str
    steps: int
    """How many steps it took; 0 if it was killed."""
    error: str
    """The exception that it raised, if any."""


class Runner:
    """A process that forks one for each command."""

    def __init__(self) -> None:
        asked, self._ask = os.pipe()
        self._heard, tell = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._ask)
            os.close(self._heard)
            _serve(asked, tell)
            os._exit(0)
        os.close(asked)
        os.close(tell)

    def run(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        *,
        stdin: str = "",
        fatal: int | None = None,
    ) -> Ran:
        """Run `cards`; with `fatal`, kill it after so many steps."""
        order = {"words": words, "env": environment, "stdin": stdin, "fatal": fatal}
        _send(self._ask, order)
        return Ran(**_receive(self._heard))

    def close(self) -> None:
        os.close(self._ask)
        os.waitpid(self.pid, 0)
        os.close(self._heard)


def _serve(asked: int, tell: int) -> None:
    for name in _PRELOADED:
        importlib.import_module(name)
    # Whoever runs the tests may have a real Anki at the default address.
    vars(sys.modules["cardwright.anki.doors.anki_connect"])["DEFAULT_URL"] = "http://127.0.0.1:1"
    # Children then write to fewer of the pages that they share.
    gc.collect()
    gc.freeze()
    while order := _receive(asked):
        heard, said = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(heard)
            _send(said, _run(order))
            os._exit(0)
        os.close(said)
        found = _receive(heard)
        os.close(heard)
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status):
            ended = -os.WTERMSIG(status)
            found = Ran(ended, "", 0, "" if ended == -signal.SIGKILL else "a signal")._asdict()
        _send(tell, found)


def _run(order: Any) -> dict[str, Any]:
    cards = sys.modules["cardwright.cli.main"].cards
    clock = Clock()
    first = clock.steps
    if order["fatal"] is not None:
        clock.die_after(order["fatal"])
    done = CliRunner().invoke(cards, order["words"], input=order["stdin"], env=order["env"])
    error = ""
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        error = f"{type(done.exception).__name__}: {done.exception}"
    return Ran(done.exit_code, done.output, clock.steps - first, error)._asdict()


def _send(pipe: int, value: Any) -> None:
    data = json.dumps(value).encode()
    data = len(data).to_bytes(8) + data
    while data:
        data = data[os.write(pipe, data) :]


def _receive(pipe: int) -> Any:
    """Return the next value; None if there will be none."""
    size = _read(pipe, 8)
    return json.loads(_read(pipe, int.from_bytes(size))) if size else None


def _read(pipe: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = os.read(pipe, size - len(data))
        if not more:
            return b""
        data += more
    return data
