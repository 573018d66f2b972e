"""What Anki keeps about note types besides names, templates and styles: as JSON, or as messages.

Only what differs from Anki's own defaults is returned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from cardwright.foreign.json_text import parse_json
from cardwright.foreign.protobuf import Message
from cardwright.model import Attribute

_LATEX_PRE: Final = (
    "\\documentclass[12pt]{article}\n\\special{papersize=3in,5in}\n"
    "\\usepackage[utf8]{inputenc}\n\\usepackage{amssymb,amsmath}\n\\pagestyle{empty}\n"
    "\\setlength{\\parindent}{0in}\n\\begin{document}\n"
)
_OTHERS: Final = 255
"""The number of what Anki does not know itself: JSON of older versions and of add-ons."""
_MAX_OTHERS: Final = 2**20
CROWDANKI_UUID: Final = "crowdanki_uuid"
"""What the add-on CrowdAnki finds a note type by."""


class Known(NamedTuple):
    """An attribute."""

    name: str
    """In JSON."""
    number: int
    """In a message."""
    default: Attribute | None
    """None if it is a number that may be missing."""
    most: int = 0
    """The largest number with which Anki imports it; 0 if it has 64 bits and a sign."""


FIELD: Final = (
    Known("font", 3, "Arial"),
    Known("size", 4, 20, 2**16 - 1),
    Known("rtl", 2, default=False),
    Known("sticky", 1, default=False),
    Known("collapsed", 7, default=False),
    Known("plainText", 6, default=False),
    Known("excludeFromSearch", 8, default=False),
    Known("description", 5, ""),
    Known("id", 9, None),
    Known("tag", 10, None, 2**32 - 1),
    Known("preventDeletion", 11, default=False),
)
TEMPLATE: Final = (
    Known("bqfmt", 3, ""),
    Known("bafmt", 4, ""),
    Known("bfont", 6, ""),
    Known("bsize", 7, 0, 2**8 - 1),
    Known("id", 8, None),
)
NOTE_TYPE: Final = (
    Known("sortf", 2, 0, 2**16 - 1),
    Known("latexPre", 5, _LATEX_PRE),
    Known("latexPost", 6, "\\end{document}"),
    Known("latexsvg", 7, default=False),
    Known("originalStockKind", 9, 0, 1_000),
)
_ELSEWHERE: Final = frozenset(
    # Told apart from attributes; and what Anki sets itself, or no longer uses.
    {
        *("id", "name", "ord", "type", "css", "flds", "tmpls", "qfmt", "afmt", "did", "mod"),
        *("usn", "req", "vers", "tags", "originalId", "media", "scratchPad", CROWDANKI_UUID),
        *("__type__",),
    }
)


def decode_attributes(message: Message, known: tuple[Known, ...]) -> dict[str, Attribute]:
    """Return the attributes in a message."""
    return dict(_choose(known, (_decode(message, one) for one in known)))


def parse_attributes(found: Mapping[str, Any], known: tuple[Known, ...]) -> dict[str, Attribute]:
    """Return the attributes in JSON."""
    return dict(_choose(known, (_parse(found, one) for one in known)))


def decode_others(message: Message) -> dict[str, Any]:
    """Return what a message holds that Anki itself does not know; {} if it is not valid."""
    text = message.read_text(_OTHERS)
    try:
        found = parse_json(text) if 0 < len(text) <= _MAX_OTHERS else {}
    except ValueError:
        return {}  # as Anki does
    return found if isinstance(found, dict) else {}


def list_unknown(found: Mapping[str, Any], known: tuple[Known, ...]) -> tuple[str, ...]:
    """Return the names of what add-ons keep in JSON."""
    return tuple(sorted(found.keys() - _ELSEWHERE - {one.name for one in known}))


def _choose(
    known: tuple[Known, ...], values: Iterator[Attribute | None]
) -> Iterator[tuple[str, Attribute]]:
    for one, value in zip(known, values, strict=True):
        if one.most and isinstance(value, int) and not 0 <= value <= one.most:
            continue
        if value is not None and value != one.default:
            yield one.name, value


def _decode(message: Message, one: Known) -> Attribute | None:
    match one.default:
        case bool():
            return message.read_int(one.number) != 0
        case str():
            return message.read_text(one.number)
        case None:
            return message.read_int(one.number) if one.number in message else None
        case _:
            return message.read_int(one.number)


def _parse(found: Mapping[str, Any], one: Known) -> Attribute | None:
    value = found.get(one.name, one.default)
    match one.default:
        case bool():
            return value is True
        case str():
            return value if isinstance(value, str) else ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is int and -(2**63) <= value < 2**63:
        return value
    return one.default
