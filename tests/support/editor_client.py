"""A small editor that talks to `cards lsp` in a process of its own, and holds each message to the protocol."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from lsprotocol import converters, types

_WAIT_S = 60
"""How long an answer is waited for: longer than any machine needs."""
_RESULTS: dict[str, Any] = {
    "initialize": types.InitializeResponse,
    "textDocument/completion": types.CompletionResponse,
    "textDocument/hover": types.HoverResponse,
    "textDocument/definition": types.DefinitionResponse,
    "textDocument/documentSymbol": types.DocumentSymbolResponse,
    "textDocument/codeAction": types.CodeActionResponse,
    "textDocument/codeLens": types.CodeLensResponse,
    "textDocument/prepareRename": types.PrepareRenameResponse,
    "textDocument/rename": types.RenameResponse,
}
_NOTIFICATIONS: dict[str, Any] = {
    "textDocument/publishDiagnostics": types.PublishDiagnosticsNotification,
    "window/logMessage": types.LogMessageNotification,
    "client/registerCapability": types.RegistrationRequest,
}
_converter = converters.get_converter()


class AnswerError(Exception):
    """The server answered with an error."""


class Editor:
    """One editor with its server; documents are kept as the editor shows them."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        options: Any = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cardwright", "lsp", "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, **(env or {})},
        )
        assert self._process.stdin is not None
        self._inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.diagnostics: dict[str, list[dict[str, Any]]] = {}
        self.shown_versions: dict[str, int] = {}
        self.logged: list[str] = []
        self.registered: list[dict[str, Any]] = []
        self._last = 0
        self._has_left = False
        uri = folder.as_uri() if folder else None
        self.initialized = self.ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": uri,
                "workspaceFolders": [{"uri": uri, "name": "project"}] if uri else None,
                "capabilities": {
                    "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}
                },
                "initializationOptions": options,
            },
        )
        self.tell("initialized", {})

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def close(self) -> tuple[int, str]:
        """Say goodbye; return the exit status, and what was printed beside messages."""
        self.ask("shutdown", None)
        self.tell("exit", None)
        return self.wait()

    def leave(self) -> None:
        """Go away without a word."""
        self._has_left = True
        assert self._process.stdin is not None
        self._process.stdin.close()

    def wait(self) -> tuple[int, str]:
        """Wait for the end; return the exit status, and what was printed beside messages."""
        status = self._process.wait(_WAIT_S)
        assert self._process.stderr is not None
        return status, self._process.stderr.read().decode()

    def send_raw(self, raw: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(raw)
        self._process.stdin.flush()

    def send(self, message: dict[str, Any]) -> None:
        raw = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.send_raw(b"Content-Length: %d\r\n\r\n%b" % (len(raw), raw))

    def tell(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        """Return the answer to a request."""
        return self.await_answer(self.start(method, params), method)

    def start(self, method: str, params: Any) -> int:
        self._last += 1
        self.send({"id": self._last, "method": method, "params": params})
        return self._last

    def await_answer(self, key: int, method: str) -> Any:
        while True:
            message = self._take()
            if message.get("id") == key and "method" not in message:
                if "error" in message:
                    raise AnswerError(message["error"]["message"])
                if method in _RESULTS:
                    _converter.structure(message, _RESULTS[method])
                return message["result"]

    def _take(self) -> dict[str, Any]:
        message = self._inbox.get(timeout=_WAIT_S)
        assert message is not None, "the server has ended"
        method = message.get("method", "")
        if method in _NOTIFICATIONS:
            _converter.structure(message, _NOTIFICATIONS[method])
        if method == "textDocument/publishDiagnostics":
            params = message["params"]
            self.diagnostics[params["uri"]] = params["diagnostics"]
            if "version" in params:
                self.shown_versions[params["uri"]] = params["version"]
        elif method == "window/logMessage":
            self.logged.append(message["params"]["message"])
        elif method == "client/registerCapability":
            self.registered += message["params"]["registrations"]
            if not self._has_left:
                self.send({"id": message["id"], "result": None})
        return message

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while header := stream.readline():
            size = int(header.split(b":")[1])
            assert stream.readline() == b"\r\n"
            self._inbox.put(json.loads(stream.read(size)))
        self._inbox.put(None)

    # What people do.

    def open(self, path: Path, text: str | None = None) -> str:
        """Open a file, with its text on the disk unless another is given; return its address."""
        uri = path.as_uri()
        if text is None:
            text = path.read_bytes().decode("utf-8")
        self.texts[uri], self.versions[uri] = text, 1
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return uri

    def replace(self, uri: str, start: int, end: int, text: str) -> None:
        """Replace a part of a text, and tell the server in the units of the protocol."""
        old = self.texts[uri]
        place = {"start": find_position(old, start), "end": find_position(old, end)}
        self.texts[uri] = old[:start] + text + old[end:]
        self.versions[uri] += 1
        self.tell(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": self.versions[uri]},
                "contentChanges": [{"range": place, "text": text}],
            },
        )

    def type(self, uri: str, text: str) -> None:
        """Write at the end, letter by letter."""
        for letter in text:
            end = len(self.texts[uri])
            self.replace(uri, end, end, letter)

    def save(self, uri: str, path: Path) -> None:
        path.write_bytes(self.texts[uri].encode())
        self.tell("textDocument/didSave", {"textDocument": {"uri": uri}})

    def close_file(self, uri: str) -> None:
        self.tell("textDocument/didClose", {"textDocument": {"uri": uri}})

    def read_problems(self, uri: str) -> list[dict[str, Any]]:
        """Return the problems of an open file as it is now, once they are shown."""
        while self.shown_versions.get(uri) != self.versions[uri]:
            self._take()
        # Behind this answer, nothing of the same check is left.
        self.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
        return self.diagnostics[uri]

    def list_codes(self, uri: str) -> list[str]:
        return [problem["code"] for problem in self.read_problems(uri)]

    def ask_at(self, method: str, uri: str, index: int, **more: Any) -> Any:
        """Ask about a place of a text, given as its index."""
        position = find_position(self.texts[uri], index)
        return self.ask(method, {"textDocument": {"uri": uri}, "position": position, **more})

    def complete(self, uri: str, index: int | None = None) -> list[str]:
        """Return the labels offered at a place, or at the end."""
        where = len(self.texts[uri]) if index is None else index
        found = self.ask_at("textDocument/completion", uri, where)
        return [item["label"] for item in found["items"]] if found else []

    def list_actions(self, uri: str, problem: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the fixes offered for a problem."""
        params = {"textDocument": {"uri": uri}, "range": problem["range"]}
        context = {"diagnostics": [problem]}
        found: list[dict[str, Any]] = self.ask(
            "textDocument/codeAction", {**params, "context": context}
        )
        return found

    def apply(self, edit: dict[str, Any]) -> None:
        """Make the edits of an answer in open files."""
        for uri, edits in edit["changes"].items():
            text = self.texts[uri]
            places = [
                (*(find_index(text, one["range"][end]) for end in ("start", "end")), one["newText"])
                for one in edits
            ]
            for start, end, new in sorted(places, reverse=True):
                self.replace(uri, start, end, new)


def find_position(text: str, index: int) -> dict[str, int]:
    """Return the position of an index of a text, as the protocol counts: in UTF-16."""
    before = text[:index].replace("\r\n", "\n").replace("\r", "\n")
    line = before.rpartition("\n")[2]
    units = len(line.encode("utf-16-le", "surrogatepass")) // 2
    return {"line": before.count("\n"), "character": units}


def find_index(text: str, position: dict[str, int]) -> int:
    """Return the index of a position."""
    index, line = 0, position["line"]
    while line:
        line -= 1
        ends = [end for end in (text.find("\n", index), text.find("\r", index)) if end >= 0]
        index = min(ends) + 1
        if text[index - 1 : index + 1] == "\r\n":
            index += 1
    units = 0
    while units < position["character"]:
        units += 2 if ord(text[index]) > 0xFFFF else 1
        index += 1
    return index
