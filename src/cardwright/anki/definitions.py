"""Note types, decks and options as Anki's databases keep them: as JSON, or as messages."""

from __future__ import annotations

import math
import re
import struct
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar

from cardwright.anki.attributes import (
    CROWDANKI_UUID,
    FIELD,
    NOTE_TYPE,
    TEMPLATE,
    decode_attributes,
    decode_others,
    list_unknown,
    parse_attributes,
)
from cardwright.anki.preset_settings import list_settings, list_settings_of_json
from cardwright.anki.rows import Preset, Timing
from cardwright.anki.stamp import read_foreign_time
from cardwright.foreign.protobuf import Message
from cardwright.model import Attribute

_DECK_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
_DATE: Final = re.compile(r"([+-]?\d+)-(\d{1,2})-(\d{1,2})", re.ASCII)
_DAY_S: Final = 86_400
_ROLLOVER_HOUR: Final = 4
_FURTHEST_WEST_S: Final = -10 * 3_600
MAX_DECK_NAME_LENGTH: Final = 1_000
"""Of the full name: those of all decks above a deck are made from it."""
_MAX_UUID_LENGTH: Final = 100
_SUSPEND: Final = 0
_TAG_ONLY: Final = 1
DEFAULT_PRESET: Final = Preset(
    name="Default",
    desired_retention=0.9,
    parameters=(),
    learning_steps_minutes=(1.0, 10.0),
    relearning_steps_minutes=(10.0,),
    maximum_interval_days=36_500,
    leech_lapses=8,
    suspends_leeches=False,
)
"""What Anki uses where a deck's options are missing."""
_Limit = TypeVar("_Limit", int, None)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a note type."""

    name: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """Those that differ from Anki's defaults; also below."""
    unknown: tuple[str, ...] = ()
    """The names of what add-ons keep in it; also below."""


@dataclass(frozen=True, slots=True)
class Template:
    """A card template of a note type."""

    name: str
    front: str
    back: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    deck_id: int | None = None
    """The deck that gets its cards; None if it is that of the note."""
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteType:
    """A note type."""

    id: int
    name: str
    is_cloze: bool
    css: str
    fields: tuple[Field, ...]
    templates: tuple[Template, ...]
    mod_s: int = 0
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnkiDeck:
    """A deck."""

    id: int
    name: str
    """With those above it: `A::B`."""
    preset_id: int | None
    """None if it is filtered. There may be no such preset; Anki then uses 1."""
    is_filtered: bool
    desired_retention: float | None = None
    """Its own, instead of that of the preset; also below."""
    new_per_day: int | None = None
    reviews_per_day: int | None = None
    description: str = ""
    is_markdown: bool = False
    """Whether the description is Markdown; else it is HTML."""


# Messages: schema 15 and later.


def decode_note_type(
    message: Message, id: int, name: str, fields: tuple[Field, ...], templates: tuple[Template, ...]
) -> NoteType:
    """Return a note type of the table `notetypes`."""
    others = decode_others(message)
    return NoteType(
        id=id,
        name=name,
        is_cloze=message.read_int(1) == 1,
        css=message.read_text(3),
        fields=fields,
        templates=templates,
        attributes=decode_attributes(message, NOTE_TYPE) | _read_uuid(others),
        unknown=list_unknown(others, NOTE_TYPE),
    )


def decode_field(message: Message, name: str) -> Field:
    """Return a field of the table `fields`."""
    unknown = list_unknown(decode_others(message), FIELD)
    return Field(name, decode_attributes(message, FIELD), unknown)


def decode_template(message: Message, name: str) -> Template:
    """Return a template of the table `templates`."""
    return Template(
        name,
        front=message.read_text(1),
        back=message.read_text(2),
        attributes=decode_attributes(message, TEMPLATE),
        deck_id=message.read_int(5) or None,
        unknown=list_unknown(decode_others(message), TEMPLATE),
    )


def decode_deck(message: Message, id: int, name: str) -> AnkiDeck:
    """Return a deck of the table `decks`.

    Raises:
        ValueError: it is not valid.

    """
    _check_deck_name(name)
    name = name.replace("\x1f", "::")
    if 1 not in message:
        return AnkiDeck(id=id, name=name, preset_id=None, is_filtered=True)
    normal = message.read_message(1)
    retention = normal.read_float(10)
    return AnkiDeck(
        id=id,
        name=name,
        preset_id=normal.read_int(1),
        is_filtered=False,
        desired_retention=None if retention is None else _round(retention),
        new_per_day=normal.read_int(7) if 7 in normal else None,  # noqa: PLR2004
        reviews_per_day=normal.read_int(6) if 6 in normal else None,  # noqa: PLR2004
        description=normal.read_text(4),
        is_markdown=normal.read_int(5) != 0,
    )


def decode_preset(message: Message, name: str) -> Preset:
    """Return a preset of the table `deck_config`."""
    preset = _make_preset(
        name=name,
        learning=message.read_floats(1),
        relearning=message.read_floats(2),
        parameters=(message.read_floats(6), message.read_floats(5), message.read_floats(3)),
        maximum=message.read_int(16),
        leech_lapses=message.read_int(22),
        leech_action=message.read_int(21),
        retention=message.read_float(37) or 0.0,
        historical=message.read_float(40) or 0.0,
        ignore_before=message.read_text(46),
    )
    return replace(
        preset,
        new_per_day=message.read_int(9),
        reviews_per_day=message.read_int(10),
        buries_new=message.read_int(27) != 0,
        buries_reviews=message.read_int(28) != 0,
        settings=list_settings(message),
    )


# JSON: schema 11 to 14.


def parse_note_type(found: Any) -> NoteType:
    """Return a note type of the JSON `models`.

    Raises:
        ValueError: it is not valid.

    """
    match found:
        case {"id": id, "flds": list(fields)} if (number := read_number(id)) is not None:
            pass
        case _:
            raise ValueError("one of its note types is not valid")
    templates = found.get("tmpls")
    return NoteType(
        id=number,
        name=_normalize(_read_text(found, "name")),
        is_cloze=found.get("type") == 1,
        css=_read_text(found, "css"),
        fields=tuple(map(_parse_field, fields)),
        templates=tuple(map(_parse_template, templates if isinstance(templates, list) else [])),
        mod_s=read_foreign_time(found.get("mod")),
        attributes=parse_attributes(found, NOTE_TYPE) | _read_uuid(found),
        unknown=list_unknown(found, NOTE_TYPE),
    )


def _parse_field(found: Any) -> Field:
    name = _read_name(found)
    return Field(name, parse_attributes(found, FIELD), list_unknown(found, FIELD))


def _parse_template(found: Any) -> Template:
    return Template(
        _read_name(found),
        front=_read_text(found, "qfmt"),
        back=_read_text(found, "afmt"),
        attributes=parse_attributes(found, TEMPLATE),
        deck_id=read_number(found.get("did")) or None,
        unknown=list_unknown(found, TEMPLATE),
    )


def _read_uuid(found: Mapping[str, Any]) -> dict[str, Attribute]:
    uuid = _read_text(found, CROWDANKI_UUID)
    return {CROWDANKI_UUID: uuid} if 0 < len(uuid) <= _MAX_UUID_LENGTH else {}


def parse_deck(found: Any) -> AnkiDeck:
    """Return a deck of the JSON `decks`.

    Raises:
        ValueError: it is not valid.

    """
    number = read_number(found.get("id")) if isinstance(found, dict) else None
    if number is None or not isinstance(found.get("name"), str):
        raise ValueError("one of its decks is not valid")
    _check_deck_name(found["name"])
    is_filtered = found.get("dyn") in (True, 1)
    percent = found.get("desiredRetention")
    is_own = type(percent) is int and 0 <= percent < 2**32
    return AnkiDeck(
        id=number,
        name="::".join(map(_normalize_deck, found["name"].split("::"))),
        preset_id=None if is_filtered else (read_number(found.get("conf")) or 1),
        is_filtered=is_filtered,
        desired_retention=_round(percent / 100) if is_own and not is_filtered else None,
        new_per_day=_read_limit(found, "newLimit", None),
        reviews_per_day=_read_limit(found, "reviewLimit", None),
        description=_read_text(found, "desc"),
        is_markdown=found.get("md") is True,
    )


def parse_preset(found: Any) -> Preset:
    """Return a preset of the JSON `dconf`, or of the table `deck_config` of schema 14.

    Raises:
        ValueError: it is not valid.

    """
    if not isinstance(found, dict):
        raise ValueError("one of its presets is not valid")  # noqa: TRY004  (it is untrusted)
    # Where a part lacks what Anki requires of it, Anki uses its defaults for all of it.
    new = _read_part(found, "new", "delays initialFactor ints order perDay")
    reviews = _read_part(found, "rev", "ease4 ivlFct maxIvl perDay")
    lapses = _read_part(found, "lapse", "delays leechAction leechFails minInt mult")
    default = DEFAULT_PRESET
    action = lapses.get("leechAction", _TAG_ONLY)
    preset = _make_preset(
        name=_read_text(found, "name"),
        learning=_read_floats(new, "delays") if new else default.learning_steps_minutes,
        relearning=_read_floats(lapses, "delays") if lapses else default.relearning_steps_minutes,
        parameters=tuple(
            _read_floats(found, key) for key in ("fsrsParams6", "fsrsParams5", "fsrsWeights")
        ),
        maximum=_read_int(reviews, "maxIvl"),
        leech_lapses=_read_int(lapses, "leechFails"),
        leech_action=action if type(action) is int else _TAG_ONLY,
        retention=_read_float(found.get("desiredRetention")),
        historical=_read_float(found.get("sm2Retention")),
        ignore_before=_read_text(found, "ignoreRevlogsBeforeDate"),
    )
    return replace(
        preset,
        new_per_day=_read_limit(new, "perDay", default.new_per_day),
        reviews_per_day=_read_limit(reviews, "perDay", default.reviews_per_day),
        buries_new=new.get("bury") is True,
        buries_reviews=reviews.get("bury") is True,
        settings=list_settings_of_json(found),
    )


def read_number(given: object) -> int | None:
    """Return an id, which older programs wrote as text."""
    if type(given) is int:
        return given if -(2**63) <= given < 2**63 else None
    if isinstance(given, str) and re.fullmatch(r"-?[0-9]{1,18}", given, re.ASCII):
        return int(given)
    return None


def read_timing(created_s: int, config: Mapping[str, Any]) -> Timing:
    """Return how days are counted (rslib/src/scheduler/timing.rs)."""
    rollover = config.get("rollover")
    hour = min(rollover, 23) if type(rollover) is int and 0 <= rollover < 256 else _ROLLOVER_HOUR  # noqa: PLR2004
    for key in ("creationOffset", "localOffset"):
        west_min = config.get(key)
        if type(west_min) is int and abs(west_min) * 60 < _DAY_S:
            offset_s = -west_min * 60
            break
    else:
        # Older collections do not say where they were made, but they were made at four o'clock.
        offset_s = _ROLLOVER_HOUR * 3_600 - created_s % _DAY_S
        if offset_s < _FURTHEST_WEST_S:
            offset_s += _DAY_S
    return Timing(created_day=(created_s + offset_s) // _DAY_S, rollover_hour=hour)


def _make_preset(
    *,
    name: str,
    learning: tuple[float, ...],
    relearning: tuple[float, ...],
    parameters: tuple[tuple[float, ...], ...],
    maximum: int,
    leech_lapses: int,
    leech_action: int,
    retention: float,
    historical: float,
    ignore_before: str,
) -> Preset:
    """Make a preset as Anki understands it, which replaces what is out of bounds."""
    default = DEFAULT_PRESET
    retention, historical = _round(retention), _round(historical)
    return Preset(
        name=name,
        desired_retention=retention if 0.7 <= retention <= 0.99 else default.desired_retention,  # noqa: PLR2004
        parameters=tuple(map(_round, next(filter(None, parameters), ()))),
        learning_steps_minutes=tuple(map(_round, filter(math.isfinite, learning))),
        relearning_steps_minutes=tuple(map(_round, filter(math.isfinite, relearning))),
        maximum_interval_days=maximum
        if 1 <= maximum <= default.maximum_interval_days
        else default.maximum_interval_days,
        leech_lapses=leech_lapses if 1 <= leech_lapses <= 9_999 else default.leech_lapses,  # noqa: PLR2004
        suspends_leeches=leech_action == _SUSPEND,
        historical_retention=historical
        if 0.7 <= historical <= 0.97  # noqa: PLR2004
        else default.historical_retention,
        ignores_before_ms=_read_day(ignore_before),
    )


def _read_day(text: str) -> int:
    """Return the start of a day in UTC, as Anki takes it, in milliseconds; 0 if it is not a day."""
    match = _DATE.fullmatch(text.strip())
    try:
        day = date(*map(int, match.groups())) if match else date(1970, 1, 1)
    except (ValueError, OverflowError):
        return 0
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000


def _read_part(found: Mapping[str, Any], key: str, required: str) -> Mapping[str, Any]:
    part = found.get(key)
    return part if isinstance(part, dict) and part.keys() >= set(required.split()) else {}


def _read_name(found: Any) -> str:
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        raise ValueError("one of its note types is not valid")  # noqa: TRY004  (it is untrusted)
    return _normalize(found["name"])


def _read_text(found: Any, key: str) -> str:
    text = found.get(key)
    return text if isinstance(text, str) else ""


def _read_int(found: Mapping[str, Any], key: str) -> int:
    value = found.get(key)
    return value if type(value) is int else 0


def _read_limit(found: Mapping[str, Any], key: str, default: _Limit) -> int | _Limit:
    value = found.get(key)
    return value if type(value) is int and 0 <= value < 2**32 else default


def _read_float(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0.0
    try:
        return float(value)
    except OverflowError:  # JSON has integers of any length
        return math.inf


def _read_floats(found: Mapping[str, Any], key: str) -> tuple[float, ...]:
    values = found.get(key)
    return tuple(map(_read_float, values)) if isinstance(values, list) else ()


def _round(value: float) -> float:
    """Return the shortest number that is the same in 32 bits, in which Anki keeps it: 0.9 is 0.9."""
    try:
        data = struct.pack("<f", value)
        for digits in range(6, 9):
            shorter = float(f"{value:.{digits}g}")
            if struct.pack("<f", shorter) == data:
                return shorter
    except OverflowError:
        return math.inf
    return value


def _normalize(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _check_deck_name(name: str) -> None:
    if len(name) > MAX_DECK_NAME_LENGTH:
        raise ValueError("the name of a deck is too long")


def _normalize_deck(name: str) -> str:
    name = _DECK_CONTROLS.sub("", _normalize(name))
    while name != (shorter := name.strip().strip(":")):
        name = shorter
    return name or "blank"
