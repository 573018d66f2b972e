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
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from browser import Browser
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
    made = Served(lines.get(timeout=PATIENCE_S).split()[0], process)
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
    place = "[...document.querySelectorAll('.prompt')].find((e) => e.getBoundingClientRect().bottom > 0)"
    # Cards would come to their real height as they come into sight, and move the others.
    browser.run(
        "document.querySelectorAll('.prompt')"
        ".forEach((e) => { e.style.contentVisibility = 'visible' })"
    )
    browser.run("document.querySelector('[data-ref=\"trees:tree-40/recall\"]').scrollIntoView()")
    before = browser.run(f"{place}.dataset.ref")
    assert before != "trees:tree-0/recall"

    oak.write_text(f"kind: basic\ncards:\n{cards}".replace("Wood.", "Mended."), "utf-8")
    browser.wait_for("document.body?.textContent.includes('Mended.') ?? false")
    browser.wait_for(f"document.readyState === 'complete' && {place}.dataset.ref === '{before}'")
    assert browser.run("document.querySelector('[name=q]').value") == "tree"

    oak.write_text(f"kind: basic\ncards: [}}\n{cards}", "utf-8")
    browser.wait_for("Boolean(document.querySelector('.problems'))")
