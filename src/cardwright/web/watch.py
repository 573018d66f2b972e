"""A page served to this machine only, and rebuilt when a source changes."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from cardwright.files import find_real
from cardwright.project.walk import is_too_deep

_ADDRESS: Final = "127.0.0.1"
_HOSTS: Final = frozenset({_ADDRESS, "localhost"})
_PAUSE_S: Final = 0.3
_MAX_CONNECTIONS: Final = 32
"""Browsers open six to one server."""
_MAX_CONNECTION_S: Final = 10.0
"""Time from the start of a connection to the end of its answer."""
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

Stamps = dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Served:
    """A page as bytes, with a hash as its version."""

    data: bytes
    version: str


class PageServer(ThreadingHTTPServer):
    """Serves one page, and tells browsers when there is a newer one."""

    daemon_threads = True
    request_queue_size = _MAX_CONNECTIONS
    # Another program must not be able to share the port and answer in our place.
    allow_reuse_port = False
    allow_reuse_address = os.name != "nt"
    page: _Served

    def __init__(self, port: int) -> None:
        """Listen on a port of this machine; 0 chooses a free one.

        Raises:
            OSError: the port is in use.

        """
        super().__init__((_ADDRESS, port), _Handler)
        self._lock = threading.Lock()
        self._opened: dict[socket.socket, float] = {}
        """When each open connection was made."""

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{_ADDRESS}:{self.server_port}/"

    def show(self, html: str) -> None:
        """Serve this page from now on."""
        version = hashlib.sha256(html.encode("utf-8", "replace")).hexdigest()[:16]
        marked = html.replace("<html ", f'<html data-version="{version}" ', 1)
        self.page = _Served(data=marked.encode("utf-8", "replace"), version=version)

    def verify_request(self, request: Any, _client_address: Any) -> bool:
        """Tell whether there is room for another connection."""
        with self._lock:
            if len(self._opened) >= _MAX_CONNECTIONS:
                return False
            self._opened[request] = time.monotonic()
            return True

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        with self._lock:
            self._opened.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """End connections that take too long, even if each of their bytes comes in time."""
        oldest = time.monotonic() - _MAX_CONNECTION_S
        with self._lock:
            for connection, opened in self._opened.items():
                if opened < oldest:
                    with suppress(OSError):
                        connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: browsers may disconnect in the middle of a page."""


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    timeout = _MAX_CONNECTION_S

    def version_string(self) -> str:
        """Return the `Server` header, without the version of Python."""
        return "cards"

    def do_GET(self) -> None:
        page = self.server.page
        # Another site can point its own domain at this machine, and could then read the page.
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or hosts[0].rsplit(":", 1)[0].lower() not in _HOSTS:
            self._answer(HTTPStatus.FORBIDDEN, b"Only for this machine.\n")
        elif self.path == "/":
            self._answer(HTTPStatus.OK, page.data, "text/html; charset=utf-8")
        elif self.path == "/version":
            self._answer(HTTPStatus.OK, page.version.encode("ascii"))
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"Nothing here.\n")

    do_HEAD = do_GET  # noqa: N815  (the name that `http.server` calls)

    def _answer(
        self, status: HTTPStatus, data: bytes, media_type: str = "text/plain; charset=utf-8"
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def send_error(self, code: int, *_: Any) -> None:
        """Refuse a request without repeating any of it."""
        status = HTTPStatus(code)
        self._answer(status, f"{status.phrase}.\n".encode("ascii"))

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the terminal is for problems."""


def read_stamps(folders: Iterable[Path]) -> Stamps:
    """Return the modification time and the size of each file below the folders of a project."""
    stamps: Stamps = {}
    for folder in folders:
        # A link can lead to a whole disk.
        if not find_real(folder).is_relative_to(find_real(folder.parent)):
            continue
        for parent, below, names in os.walk(folder):
            if is_too_deep(folder, parent):
                below.clear()
            for name in names:
                path = os.path.join(parent, name)  # noqa: PTH118  (thousands of files, often)
                try:
                    state = os.stat(path)  # noqa: PTH116
                except OSError:
                    continue
                stamps[path] = (state.st_mtime_ns, state.st_size)
    return stamps


def watch(
    server: PageServer,
    make: Callable[[], str | None],
    folders: Iterable[Path],
    stop: threading.Event,
) -> bool:
    """Serve the page until `stop`, rebuilding it whenever a file changes.

    `make` returns None if nothing can be shown; the previous page then stays. If there is none,
    nothing is served, and the result is False.
    """
    folders = tuple(folders)
    # Read before the page is made: a change meanwhile is seen the next time.
    stamps = read_stamps(folders)
    html = make()
    if html is None:
        server.server_close()
        return False
    server.show(html)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    try:
        thread.start()
        while not stop.wait(_PAUSE_S):
            seen = read_stamps(folders)
            if seen != stamps:
                stamps = seen
                html = make()
                if html is not None:
                    server.show(html)
    finally:
        # Ctrl-C may come before the thread runs, and then nothing would answer the shutdown.
        if thread.is_alive():
            server.shutdown()
        server.server_close()
    return True
