"""Headless Chromium, controlled over the pipe of its DevTools protocol."""

from __future__ import annotations

import base64
import fcntl
import itertools
import json
import os
import select
import shutil
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from patience import PATIENCE_S

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
    "about:blank",
)


def find_chromium() -> str | None:
    """Return the path of a Chromium, if there is one."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


class ProtocolError(Exception):
    """Chromium cannot do what it was asked, such as running a script in a page that reloads."""


class Browser:
    """A tab of a Chromium of its own; use it with `with`."""

    def __init__(self, program: str, profile: Path) -> None:
        to_browser, self._out = _make_pipe()
        self._in, from_browser = _make_pipe()
        arguments = [program, f"--user-data-dir={profile}", *_FLAGS]
        # Chromium reads commands from file 3 and writes answers to file 4.
        self._process = os.posix_spawn(
            program,
            arguments,
            os.environ,
            file_actions=[
                *((os.POSIX_SPAWN_OPEN, file, os.devnull, os.O_RDWR, 0) for file in range(3)),
                (os.POSIX_SPAWN_DUP2, to_browser, 3),
                (os.POSIX_SPAWN_DUP2, from_browser, 4),
            ],
        )
        os.close(to_browser)
        os.close(from_browser)
        self._numbers = itertools.count(1)
        self._rest = b""
        self._session = ""
        self._target = ""
        self.open_tab()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._out)
        os.close(self._in)
        # It ends when its pipe is closed.
        os.waitpid(self._process, 0)

    def open_tab(self) -> None:
        """Begin with a new tab, of the first size, in which nothing is stored."""
        self._session = ""
        old = self._target
        self._target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=self._target, flatten=True)
        if old:
            self._call("Target.closeTarget", targetId=old)
        self._session = attached["sessionId"]
        self._call("Page.enable")

    def set_size(self, width: int, height: int) -> None:
        """Give the page the size of a screen, in CSS pixels."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def open(self, url: str) -> None:
        """Open a page and wait until it is there."""
        self._call("Page.navigate", url="about:blank")
        self.wait_for("location.href === 'about:blank'")
        self._call("Page.navigate", url=url)
        self.wait_for("location.href !== 'about:blank' && document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def run_first(self, script: str) -> None:
        """Run a script in every page that this tab opens, before those of the page."""
        self._call("Page.addScriptToEvaluateOnNewDocument", source=script)

    def wait_for(self, script: str) -> None:
        """Wait until a JavaScript expression is true."""
        end = time.monotonic() + PATIENCE_S
        while not self._is_true(script):
            assert time.monotonic() < end, f"never came true: {script}"
            time.sleep(0.02)

    def _is_true(self, script: str) -> bool:
        # A page that reloads while it is asked answers with an error: it is asked again.
        try:
            return bool(self.run(script))
        except ProtocolError:
            return False

    def click(self, selector: str) -> None:
        """Click the middle of the first element that a CSS selector finds, as with a mouse."""
        place = self.run(
            f"(() => {{ const found = document.querySelector({json.dumps(selector)});"
            " found.scrollIntoView(); const box = found.getBoundingClientRect();"
            " return { x: box.x + box.width / 2, y: box.y + box.height / 2 }; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def set_field(self, name: str, value: str) -> None:
        """Put a value into a field of a form, and tell the page so."""
        self.run(
            f"(() => {{ const field = document.querySelector('[name={name}]'); field.value = {json.dumps(value)};"
            " field.dispatchEvent(new Event('input', { bubbles: true })); })()"
        )

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press and release a key: `Tab`, `Enter`, an arrow or a character."""
        codes = {"Tab": 9, "Enter": 13, "ArrowLeft": 37, "ArrowRight": 39}
        code = codes.get(key, ord(key[0].upper()))
        text = "\r" if key == "Enter" else "" if key in codes else key
        parts = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self._call("Input.dispatchKeyEvent", type="keyDown", text=text, **parts)
        self._call("Input.dispatchKeyEvent", type="keyUp", **parts)

    def shoot(self, path: Path) -> None:
        """Write a picture of what the page shows."""
        data = self._call("Page.captureScreenshot")["data"]
        path.write_bytes(base64.b64decode(data))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                if "error" in answer:
                    raise ProtocolError(answer["error"])
                result: dict[str, Any] = answer["result"]
                return result

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], PATIENCE_S)
            data = os.read(self._in, 1 << 20) if ready else b""
            assert data, "Chromium says nothing any more"
            self._rest += data
        message, self._rest = self._rest.split(b"\0", 1)
        answer: dict[str, Any] = json.loads(message)
        return answer


def _make_pipe() -> tuple[int, int]:
    """Make a pipe whose ends are none of the files that a process begins with."""
    ends = []
    for end in os.pipe():
        ends.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10))
        os.close(end)
    return ends[0], ends[1]
