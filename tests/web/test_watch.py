"""`cards preview --watch`: the page follows the sources."""

from __future__ import annotations

import http.client
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from browser import Browser
from cardwright.web.watch import PageServer, read_stamps
from patience import PATIENCE_S
from project_files import Run

# A script's background jobs ignore Ctrl-C, and hand that down.
HEED_CTRL_C = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from cardwright.cli.main import main; main()
"""
OAK = "kind: basic\ncards:\n  - {id: oak, question: What is an oak?, answer: A tree.}\n"


@dataclass(frozen=True)
class Served:
    """A preview that is being served."""

    url: str
    process: subprocess.Popen[str]

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def get(self, path: str = "/", host: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path, headers={"Host": host} if host else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def wait_for(self, fits: Callable[[str], bool]) -> str:
        """Wait until the page is as wanted."""
        end = time.monotonic() + PATIENCE_S
        while not fits(page := self.get()[1]):
            assert self.process.poll() is None, "the preview has ended"
            assert time.monotonic() < end, "the page did not follow"
            time.sleep(0.02)
        return page


@pytest.fixture
def oak(project: Path) -> Path:
    """The one file of cards."""
    path = project / "cards" / "trees" / "oak.yaml"
    path.write_text(OAK, "utf-8")
    return path


@pytest.fixture
def served(project: Path, oak: Path) -> Iterator[Served]:
    """A preview of the project, served by a process of its own."""
    assert oak.exists()
    words = ["-C", str(project), "preview", "--watch"]
    process = subprocess.Popen(
        [sys.executable, "-c", HEED_CTRL_C, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    output = process.stdout
    assert output is not None
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: lines.put(output.readline()), daemon=True).start()
    made = Served(lines.get(timeout=PATIENCE_S).removeprefix("Serving ").partition(";")[0], process)
    made.wait_for(lambda page: "What is an oak?" in page)
    yield made
    process.kill()
    process.communicate()


def test_the_page_follows_its_sources(served: Served, oak: Path) -> None:
    page = served.wait_for(lambda page: "What is an oak?" in page)
    version = served.get("/version")[1]
    assert f'<html data-version="{version}"' in page
    assert "connect-src 'self'" in page

    oak.write_text(OAK.replace("oak?", "oak tree?"), "utf-8")
    served.wait_for(lambda page: "What is an oak tree?" in page)
    assert served.get("/version")[1] != version

    oak.write_text(OAK.replace("cards:", "cards: [}"), "utf-8")
    page = served.wait_for(lambda page: "syntax-error" in page)
    assert "cards/trees/oak.yaml:2" in page

    (oak.parent / "elm.yaml").write_text(OAK.replace("oak", "elm"), "utf-8")
    served.wait_for(lambda page: "What is an elm?" in page and "syntax-error" in page)

    oak.write_text(OAK, "utf-8")
    page = served.wait_for(lambda page: "syntax-error" not in page)
    assert "What is an oak?" in page
    assert "What is an elm?" in page


def test_other_sites_cannot_read_the_page(served: Served) -> None:
    for host in ("evil.example", f"evil.example:{served.port}", "127.0.0.1.evil.example", "[::1]"):
        for path in ("/", "/version"):
            status, body = served.get(path, host)
            assert status == 403
            assert "oak" not in body
    for host in ("localhost", f"localhost:{served.port}", f"127.0.0.1:{served.port}"):
        assert served.get("/version", host)[0] == 200
    assert served.get("/../../etc/passwd")[0] == 404
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE_S) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert b"403" in connection.recv(100)


HOST = b"\r\nHost: localhost\r\n"
STRANGE = [
    b"POST / HTTP/1.1" + HOST,
    b"OPTIONS * HTTP/1.1" + HOST,
    b"CONNECT example.com:80 HTTP/1.1" + HOST,
    b"<script>oak</script> / HTTP/1.1" + HOST,
    b"GET http://example.com/ HTTP/1.1" + HOST,
    b"GET file:///etc/passwd HTTP/1.1" + HOST,
    b"GET /cards/trees/oak.yaml HTTP/1.1" + HOST,
    b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1" + HOST,
    b"GET /%252e%252e/etc/passwd HTTP/1.1" + HOST,
    b"GET /..\\..\\deck.yaml HTTP/1.1" + HOST,
    b"GET /\x1b]0;oak\x07 HTTP/1.1" + HOST,
    b"GET / HTTP/9.9" + HOST,
    b"GET / HTTP/1.1\r\nHost : localhost\r\n",
    b"GET / HTTP/1.1" + HOST + b"Host: example.com\r\n",
    b"GET / HTTP/1.1" + HOST + b"X: y\r\n" * 200,
    b"GET / HTTP/1.1" + HOST + b"X: " + b"y" * 70_000 + b"\r\n",
    b"GET /" + b"y" * 70_000 + b" HTTP/1.1" + HOST,
    b"\x16\x03\x01\x02\x00\x01\x00\r\n",
]
WANTED = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Server": "cards",
}


def ask(served: Served, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE_S) as connection:
        answer = b""
        with suppress(ConnectionResetError):
            connection.sendall(request)
            while part := connection.recv(1 << 16):
                answer += part
        return answer


def test_nothing_but_the_page_is_served(served: Served) -> None:
    if sys.platform == "linux":
        # All of 127.0.0.0/8 leads to this machine, and so stands for its other addresses.
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", served.port), timeout=PATIENCE_S)
    for request in STRANGE:
        answer = ask(served, request + b"\r\n")
        assert b"oak" not in answer, request
        assert b" 200 " not in answer[:20], request
        assert len(answer) < 500, request
        if answer.startswith(b"HTTP/"):
            assert b"\r\nContent-Type: text/plain; charset=utf-8\r\n" in answer
    # One request, one answer: the rest of what a client sends is not read.
    assert ask(served, (b"GET /version HTTP/1.1" + HOST + b"\r\n") * 3).count(b"HTTP/") == 1
    head = ask(served, b"HEAD / HTTP/1.1" + HOST + b"\r\n")
    assert head.startswith(b"HTTP/1.0 200 ")
    assert head.endswith(b"\r\n\r\n")
    assert b"Python" not in head
    for name, value in WANTED.items():
        assert f"\r\n{name}: {value}\r\n".encode() in head
    assert served.process.poll() is None


def test_pages_of_other_sites_can_neither_read_nor_show_it(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.html"
    elsewhere.write_text(
        f"<!doctype html><img src='{served.url}'>"
        f"<script src='{served.url}version'></script><link rel=stylesheet href='{served.url}'>"
        "<script>window.found = {};"
        f"fetch('{served.url}').then((a) => a.text()).then((text) => {{ found.read = text; }})"
        ".catch(() => { found.read = 'refused'; });"
        f"fetch('{served.url}', {{ mode: 'no-cors' }}).then(() => {{ found.blind = 'answered'; }})"
        ".catch(() => { found.blind = 'refused'; });"
        "</script>",
        "utf-8",
    )
    browser.open(elsewhere.as_uri())
    browser.wait_for("found.read && found.blind")
    assert browser.run("found") == {"read": "refused", "blind": "refused"}
    assert browser.run("document.images[0].naturalWidth") == 0


def test_slow_and_greedy_clients_do_not_keep_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cardwright.web.watch._MAX_CONNECTION_S", 2 * PATIENCE_S)
    server = PageServer(0)
    server.show("<html >oak")
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    greedy = []
    try:
        for _ in range(60):
            greedy.append(socket.create_connection(("127.0.0.1", server.server_port)))
            greedy[-1].sendall(b"G")
        served = Served(server.url, None)  # type: ignore[arg-type]
        # They have taken all the room there is, and more of them take no more.
        assert ask(served, b"GET / HTTP/1.1" + HOST + b"\r\n") == b""
        monkeypatch.setattr("cardwright.web.watch._MAX_CONNECTION_S", 0.2)
        end = time.monotonic() + PATIENCE_S
        while b"oak" not in ask(served, b"GET / HTTP/1.1" + HOST + b"\r\n"):
            assert threading.active_count() < 50
            for slow in greedy:
                # Each byte comes in time, but the request never ends.
                with suppress(OSError):
                    slow.sendall(b"E")
            assert time.monotonic() < end, "others are kept out"
    finally:
        for connection in greedy:
            connection.close()
        server.shutdown()
        server.server_close()


def test_a_link_out_of_the_project_is_not_watched(project: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "a.yaml").touch()
    (project / "kinds").symlink_to(tmp_path / "disk")
    assert read_stamps([project / "kinds", project / "cards"]) == {}
    (project / "decks" / "a").symlink_to(tmp_path / "disk")
    assert len(read_stamps([project / "decks"])) == 1


def test_ctrl_c_ends_it_quietly(served: Served) -> None:
    served.process.send_signal(signal.SIGINT)
    output, _ = served.process.communicate(timeout=PATIENCE_S)
    assert served.process.returncode == 0
    assert "Traceback" not in output
    assert "Aborted" not in output


def test_a_port_that_is_taken_is_named(served: Served, run: Run) -> None:
    result = run("preview", "--watch", "--port", str(served.port), exit_code=1)
    assert f"port {served.port}" in result.output


def test_the_browser_reloads_and_keeps_filter_and_place(
    browser: Browser, served: Served, oak: Path
) -> None:
    cards = "".join(
        f"  - {{id: tree-{n}, question: 'What is tree {n}?', answer: Wood.}}\n" for n in range(60)
    )
    oak.write_text(f"kind: basic\ncards:\n{cards}", "utf-8")
    served.wait_for(lambda page: "tree 59?" in page)
    browser.set_size(1200, 900)
    browser.open(f"{served.url}#q=tree")
    browser.wait_for("!document.querySelector('noscript')")
    place = "[...document.querySelectorAll('.prompt')].find((e) => e.getBoundingClientRect().bottom > 0)"
    # Cards would come to their real height as they come into sight, and move the others.
    browser.run(
        "document.querySelectorAll('.prompt')"
        ".forEach((e) => { e.style.contentVisibility = 'visible' })"
    )
    browser.run("document.querySelector('[data-ref=\"trees:tree-40/recall\"]').scrollIntoView()")
    before = browser.run(f"{place}.dataset.ref")
    assert before != "trees:tree-0/recall"

    # As editors save: nobody sees half a file.
    saved = oak.parents[2] / "saved"
    saved.write_text(f"kind: basic\ncards:\n{cards}".replace("Wood.", "Mended."), "utf-8")
    saved.replace(oak)
    browser.wait_for("document.body?.textContent.includes('Mended.') ?? false")
    browser.wait_for(f"document.readyState === 'complete' && {place}.dataset.ref === '{before}'")
    assert browser.run("document.querySelector('[name=q]').value") == "tree"

    oak.write_text(f"kind: basic\ncards: [}}\n{cards}", "utf-8")
    browser.wait_for("Boolean(document.querySelector('.problems'))")
