"""Runs commands of `cards` and reports everything they do outside the interpreter, as JSON.

It is run as a script: an audit hook cannot be removed.
"""

from __future__ import annotations

import io
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

STARTS = {
    *("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn"),
    *("os.startfile", "os.startfile/2", "webbrowser.open", "subprocess.Popen", "os.kill"),
}
NETWORK = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostby", "urllib.")
CHANGES = {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod"}
OTHERS = ("pickle.", "code.", "sqlite3.load_extension", "sqlite3.enable_load_extension")


class Watch:
    """An audit hook that writes down what matters."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.is_on = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_on:
            return
        if event == "open":
            path, mode, flags = arguments
            is_write = (
                flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) if flags else "w" in (mode or "")
            )
            if is_write and not isinstance(path, int):
                self._note("write", os.fsdecode(path))
        elif event == "exec":
            self._note("exec", arguments[0].co_filename)
        elif event == "sqlite3.connect":
            self._note("connect", os.fsdecode(arguments[0]))
        elif event in CHANGES:
            self._note("write", *map(os.fsdecode, filter(_is_path, arguments)))
        elif event in STARTS or event.startswith((*NETWORK, *OTHERS)):
            self._note(event, str(arguments[0] if arguments else ""))

    def _note(self, event: str, *texts: str) -> None:
        self.seen += [(event, text) for text in texts]


def _is_path(value: object) -> bool:
    return isinstance(value, (str, bytes, os.PathLike))


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def run_all(commands: list[list[str]], *, is_terminal: bool) -> list[dict[str, Any]]:
    """Run commands one after another in this process."""
    from cardwright.cli.main import main

    watch = Watch()
    sys.addaudithook(watch)
    made = []
    for words in commands:
        streams = [Terminal() if is_terminal else io.StringIO() for _ in range(2)]
        sys.argv = ["cards", *words]
        sys.stdin = io.StringIO("\nq\n")
        sys.stdout, sys.stderr = streams
        watch.seen, watch.is_on, status = [], True, ""
        try:
            main()
        except SystemExit as error:
            status = str(error.code or 0)
        except BaseException:  # noqa: BLE001  (whatever it is, the test shall show it)
            status = traceback.format_exc()
        watch.is_on = False
        sys.stdin, sys.stdout, sys.stderr = sys.__stdin__, sys.__stdout__, sys.__stderr__
        output = "".join(stream.getvalue() for stream in streams)
        made.append({"words": words, "status": status, "output": output, "seen": watch.seen})
    return made


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    asked = json.loads(source.read_text("utf-8"))
    results = run_all(asked["commands"], is_terminal=asked["is_terminal"])
    target.write_text(json.dumps(results), "ascii")
