"""Messages of JSON-RPC on two streams, as the Language Server Protocol frames them.

Written by hand on msgspec: with pygls, starting takes nine times as long, an answer six times, and
contributors would have to install an extra.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NamedTuple

import msgspec

Json = Any
"""What JSON can hold."""

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INTERNAL_ERROR: Final = -32603
REQUEST_FAILED: Final = -32803
CANCELLED: Final = -32800
_MAX_BYTES: Final = 64_000_000
"""A longer message is skipped: the largest source file has 5 MB."""
_MAX_HEADER_BYTES: Final = 10_000
_CHUNK_BYTES: Final = 65_536


class Message(NamedTuple):
    """A request, a notification, or the answer to a request of ours."""

    method: str
    """Empty for an answer."""
    params: Json
    id: int | str | None
    """None for a notification."""


class Damaged(NamedTuple):
    """A message that cannot be read."""

    why: str


class ProtocolError(Exception):
    """The stream is not one of messages, so nothing more can be read from it."""


def read_messages(stream: BinaryIO) -> Iterator[Message | Damaged]:
    """Yield the messages of an unbuffered stream until it ends.

    Raises:
        ProtocolError: what is read has no length, or an impossible one.

    """
    buffer = bytearray()
    while True:
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(buffer) > _MAX_HEADER_BYTES:
                raise ProtocolError("a message has no header")
            if not _fill(buffer, stream):
                return
            continue
        size = _read_size(bytes(buffer[:end]))
        del buffer[: end + 4]
        if size > _MAX_BYTES:
            _skip(buffer, stream, size)
            yield Damaged(f"a message has {size:,} bytes")
            continue
        while len(buffer) < size:
            if not _fill(buffer, stream):
                return
        raw = bytes(buffer[:size])
        del buffer[:size]
        yield _parse(raw)


def _fill(buffer: bytearray, stream: BinaryIO) -> bool:
    chunk = stream.read(_CHUNK_BYTES)
    buffer += chunk
    return bool(chunk)


def _skip(buffer: bytearray, stream: BinaryIO, size: int) -> None:
    while size > len(buffer):
        size -= len(buffer)
        buffer.clear()
        if not _fill(buffer, stream):
            return
    del buffer[:size]


def _read_size(header: bytes) -> int:
    for line in header.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    raise ProtocolError("a message has no length")


def _parse(raw: bytes) -> Message | Damaged:
    try:
        found = _decode(raw)
    except (ValueError, RecursionError) as error:
        return Damaged(str(error))
    if not isinstance(found, dict):
        return Damaged("a message must be an object")
    method, key = found.get("method", ""), found.get("id")
    if not isinstance(method, str) or not isinstance(key, int | str | None):
        return Damaged("a message has a wrong type")
    return Message(method, found.get("params") or {}, key)


def _decode(raw: bytes) -> Json:
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        # A text cut between two surrogates is no text to msgspec.
        return json.loads(raw)


def write_message(stream: BinaryIO, message: dict[str, Json]) -> None:
    """Write a message.

    Raises:
        OSError: nobody reads it any more.

    """
    try:
        raw = msgspec.json.encode({"jsonrpc": "2.0", **message})
    except UnicodeEncodeError:
        raw = json.dumps({"jsonrpc": "2.0", **message}).encode()
    stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(raw), raw))
    stream.flush()
