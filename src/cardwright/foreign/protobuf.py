"""Untrusted messages of Protocol Buffers, read without their descriptions."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, TypeVar

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_FIXED: Final = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}
_MAX_VARINT_BYTES: Final = 10

_Value = TypeVar("_Value", int, bytes)


class Budget:
    """How many fields the messages of a file may have in all."""

    __slots__ = ("left",)

    def __init__(self, fields: int = 1_000_000) -> None:
        """A field takes about a microsecond, and needs only two bytes."""
        self.left = fields


class Message:
    """The fields of a message by number; which types they have is known to the reader."""

    __slots__ = ("_budget", "_fields")

    def __init__(self, data: bytes, budget: Budget) -> None:
        """Read the fields; what is in them is not looked at.

        Raises:
            ValueError: it is not a message, or the budget is used up.

        """
        self._budget = budget
        self._fields: dict[int, list[int | bytes]] = {}
        place, end = 0, len(data)
        while place < end:
            budget.left -= 1
            if budget.left < 0:
                raise ValueError("it has far more parts than a valid one")
            key, place = _read_varint(data, place)
            kind = key & 7
            value: int | bytes
            if kind == _VARINT:
                value, place = _read_varint(data, place)
            else:
                if kind == _BYTES:
                    size, place = _read_varint(data, place)
                elif kind in _FIXED:
                    size = _FIXED[kind]
                else:
                    raise ValueError("it has a field of an unknown type")
                if size > end - place:
                    raise ValueError("it is incomplete")
                value = data[place : place + size]
                place += size
            if not key >> 3:
                raise ValueError("it has a field without a number")
            self._fields.setdefault(key >> 3, []).append(value)

    def __contains__(self, number: int) -> bool:
        """Return whether a field is there."""
        return number in self._fields

    def read_int(self, number: int) -> int:
        """Return a field of an integer type, 0 if it is missing; the last one counts."""
        values = self._find(number, int)
        value = values[-1] if values else 0
        return value - 2**64 if value >= 2**63 else value

    def read_float(self, number: int) -> float | None:
        """Return a field of the type float."""
        values = self.read_floats(number)
        return values[-1] if values else None

    def read_floats(self, number: int) -> tuple[float, ...]:
        """Return a repeated field of the type float, packed or not."""
        data = b"".join(self._find(number, bytes))
        if len(data) % 4:
            raise ValueError("it has a number of the wrong size")
        return struct.unpack(f"<{len(data) // 4}f", data)

    def read_text(self, number: int) -> str:
        """Return a field of the type string; invalid UTF-8 is replaced."""
        values = self._find(number, bytes)
        return values[-1].decode("utf-8", "replace") if values else ""

    def read_message(self, number: int) -> Message:
        """Return a field that is a message; parts of it that are repeated count as one."""
        return Message(b"".join(self._find(number, bytes)), self._budget)

    def read_messages(self, number: int) -> Iterator[Message]:
        """Return a repeated field of messages."""
        return (Message(data, self._budget) for data in self._find(number, bytes))

    def _find(self, number: int, kind: type[_Value]) -> list[_Value]:
        found = self._fields.get(number, [])
        values = [value for value in found if isinstance(value, kind)]
        if len(values) < len(found):
            raise ValueError("it has a field of the wrong type")
        return values


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    """Return a number and the place after it."""
    value = 0
    for shift, byte in enumerate(data[place : place + _MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:  # noqa: PLR2004  (the bit that says that the number goes on)
            return value & 2**64 - 1, place + shift + 1
    raise ValueError("it is incomplete")
