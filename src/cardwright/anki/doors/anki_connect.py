"""A client of AnkiConnect, an add-on of Anki that takes requests over HTTP on this computer."""

from __future__ import annotations

import io
import ipaddress
import json
import time
from collections.abc import Mapping, Sequence
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from cardwright.anki.error import AnkiError
from cardwright.foreign.json_text import parse_json

DEFAULT_URL: Final = "http://127.0.0.1:8765"
_KEY_HELP: Final = (
    "set ANKICONNECT_KEY to the apiKey of its settings: Tools → Add-ons → AnkiConnect → Config"
)
_VERSION: Final = 6
_MAX_REPLY_BYTES: Final = 4 * 2**20
_MAX_REASON: Final = 200
_TIMEOUT_S: Final = 60
"""Anki replies to nothing while it does something else, such as syncing."""
_GREETING_TIMEOUT_S: Final = 10
_CONNECT_TIMEOUT_S: Final = 1
_CHUNK: Final = 2**16


class AnkiConnectError(AnkiError):
    """AnkiConnect refused an action."""

    def __init__(self, action: str, reason: str) -> None:
        """`reason` is what it replied."""
        super().__init__(f"AnkiConnect refused {action}: {reason[:_MAX_REASON]}")
        self.reason = reason


class InvalidReplyError(AnkiError):
    """What answers is not AnkiConnect; or Anki ended before it replied."""


class Call(NamedTuple):
    """An action of the add-on, and its parameters by name."""

    action: str
    params: Mapping[str, Any] = {}


class AnkiConnect:
    """A client of the add-on."""

    def __init__(self, url: str = DEFAULT_URL, key: str = "") -> None:
        """`key` is the API key, if the user has set one.

        Raises:
            AnkiError: the address is not of this computer.

        """
        self.url = url
        self._host, self._port = _read_address(url)
        self._key = key

    def greet(self) -> bool:
        """Agree with the add-on on the version and the key; return False if nothing answers.

        Raises:
            InvalidReplyError: it does not answer as AnkiConnect does.
            AnkiError: it is too old, needs another key, or is busy.

        """
        # The only action that needs no key; a key that is not needed is refused.
        call = _make_request(Call("requestPermission"), "")
        try:
            reply = self._post(call, _GREETING_TIMEOUT_S)
        except ConnectionRefusedError:
            return False
        try:
            found = _read_reply("requestPermission", reply)
        except AnkiConnectError:
            found = {}
        version = found.get("version") if isinstance(found, dict) else None
        if not isinstance(version, int) or found.get("permission") != "granted":
            raise InvalidReplyError(
                f"what answers at {self.url} is not AnkiConnect, or an old one",
                help="update the add-on in Anki: Tools → Add-ons → Check for Updates",
            )
        if version < _VERSION:
            raise AnkiError(
                f"AnkiConnect speaks version {version} of its interface, not {_VERSION}",
                help="update the add-on in Anki: Tools → Add-ons → Check for Updates",
            )
        if not found.get("requireApikey"):
            self._key = ""
            return True
        if not self._key:
            raise AnkiError(
                "AnkiConnect wants an API key",
                help=_KEY_HELP,
            )
        try:
            self.ask("version")
        except AnkiConnectError:
            raise AnkiError(
                "AnkiConnect wants another API key",
                help=_KEY_HELP,
            ) from None
        return True

    def ask(self, action: str, **params: Any) -> Any:
        """Run an action, and return its result.

        Raises:
            AnkiConnectError: the add-on refused it.
            AnkiError: there was no valid reply; whether it was run is unknown.

        """
        return _read_reply(action, self._send(Call(action, params)))

    def ask_all(self, calls: Sequence[Call]) -> list[Any]:
        """Run actions in one go, between which nothing else happens in Anki; return their results.

        The add-on runs the actions after one that it refused, too.

        Raises:
            AnkiConnectError: the add-on refused one.
            AnkiError: there was no valid reply; what was run is unknown.

        """
        actions = [_make_request(call, self._key) for call in calls]
        replies = _read_reply("multi", self._send(Call("multi", {"actions": actions})))
        if not isinstance(replies, list) or len(replies) != len(calls):
            raise self._refuse("its reply is not valid")
        return [_read_reply(call.action, reply) for call, reply in zip(calls, replies, strict=True)]

    def _send(self, call: Call) -> Any:
        try:
            return self._post(_make_request(call, self._key), _TIMEOUT_S)
        except ConnectionRefusedError as error:
            raise self._refuse("Anki was closed") from error

    def _post(self, request: Mapping[str, Any], timeout_s: float) -> Any:
        """Send a request; return the reply, which may be of any form.

        Redirects and proxies are not followed.

        Raises:
            ConnectionRefusedError: nothing listens there.
            InvalidReplyError: there was no valid reply.
            AnkiError: there was none in time.

        """
        connection = HTTPConnection(self._host, self._port, timeout=_CONNECT_TIMEOUT_S)
        try:
            _connect(connection)
            connection.sock.settimeout(timeout_s)
            body = json.dumps(request).encode()
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            with _receive(connection, time.monotonic() + timeout_s) as response:
                # `read` would reserve what the reply claims to be.
                data = b"".join(iter(partial(response.read1, _CHUNK), b""))
            if response.status != 200:  # noqa: PLR2004
                raise self._refuse(f"its reply has the status {response.status}")
            return parse_json(data.decode())
        except ConnectionRefusedError:
            raise
        except TimeoutError:
            raise AnkiError(
                f"AnkiConnect at {self.url} has not replied for {timeout_s:.0f} seconds",
                help="see whether Anki is busy, or waits for you in a dialog",
            ) from None
        except (OSError, HTTPException) as error:
            raise self._refuse(str(error) or type(error).__name__) from error
        except ValueError as error:
            raise self._refuse("its reply is not JSON") from error
        finally:
            connection.close()

    def _refuse(self, reason: str) -> InvalidReplyError:
        return InvalidReplyError(f"AnkiConnect at {self.url}: {reason[:_MAX_REASON]}")


class _Received(io.RawIOBase):
    """What a connection receives up to a moment and a size.

    `http.client` limits neither: headers may come slowly, and there may be interim replies without end.
    """

    def __init__(self, connection: HTTPConnection, ends_at: float) -> None:
        super().__init__()
        self._connection = connection
        self._ends_at = ends_at
        self._left = _MAX_REPLY_BYTES

    def makefile(self, _: str) -> io.BufferedReader:
        """Return a file, as of a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left_s = self._ends_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._connection.sock.settimeout(left_s)
        number: int = self._connection.sock.recv_into(buffer)
        self._left -= number
        if self._left < 0:
            raise OSError("its reply is too large")
        return number


def _receive(connection: HTTPConnection, ends_at: float) -> HTTPResponse:
    """Receive the headers of a reply, whose body can then be read."""
    response = HTTPResponse(_Received(connection, ends_at), method="POST")  # type: ignore[arg-type]
    response.begin()
    return response


def find_running_anki(url: str | None = None, key: str = "") -> AnkiConnect | None:
    """Return a client of the add-on, or None if Anki does not run, or has no AnkiConnect.

    Whatever else uses the port of the add-on does not count, unless its `url` is given.

    Raises:
        AnkiError: AnkiConnect cannot be used; or a `url` is given, and nothing answers there.

    """
    connect = AnkiConnect(url or DEFAULT_URL, key)
    try:
        if connect.greet():
            return connect
    except InvalidReplyError:
        if url is not None:
            raise
    if url is None:
        return None
    raise AnkiError(
        f"nothing answers at {url}", help="start Anki, in which AnkiConnect is installed"
    )


def _connect(connection: HTTPConnection) -> None:
    """Connect to this computer, where it takes no time.

    Raises:
        ConnectionRefusedError: nothing listens there; Windows tries again for two seconds.

    """
    try:
        connection.connect()
    except TimeoutError:
        raise ConnectionRefusedError from None


def _read_address(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 8765
        is_own = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_own = False
    if not is_own or parts.scheme != "http" or parts.username is not None:
        raise AnkiError(
            f"{url} is not an address of AnkiConnect on this computer",
            help=f"the default is {DEFAULT_URL}",
        )
    return host, port


def show_reply(reply: object) -> str:
    """Return what is to be shown of a part of a reply, of whatever type, on one line."""
    try:
        return " ".join(str(reply)[:_MAX_REASON].split())
    except RecursionError:
        return "a value that is nested too deeply"


def _make_request(call: Call, key: str) -> dict[str, Any]:
    request = {"action": call.action, "version": _VERSION, "params": dict(call.params)}
    return request | {"key": key} if key else request


def _read_reply(action: str, reply: object) -> Any:
    if not isinstance(reply, dict) or not {"result", "error"} <= reply.keys():
        raise InvalidReplyError(f"AnkiConnect's reply to {action} is not valid")
    if reply["error"] is not None:
        raise AnkiConnectError(action, show_reply(reply["error"]))
    return reply["result"]
