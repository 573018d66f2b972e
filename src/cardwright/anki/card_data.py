"""The column `data` of a card in Anki: JSON, most of which a sync leaves as it is."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from cardwright.anki.rows import CardKind, CardRow, CardWrite


def write_data(row: CardRow, card: CardWrite) -> str:
    """Return the JSON of a card with another memory state, in as many digits as Anki stores."""
    data = read_data(row.data)
    before = dict(data)
    if row.kind == CardKind.NEW != card.kind:
        # A reset in Anki puts the card back to where it was among the new ones.
        data.setdefault("pos", max(row.due, 0))
    elif card.kind == CardKind.NEW:
        data.pop("pos", None)
    if card.stability is None or card.difficulty is None:
        data.pop("s", None)
        data.pop("d", None)
    else:
        data |= {"s": round(card.stability, 4), "d": round(card.difficulty, 3)}
    if card.last_review_s is not None:
        data["lrt"] = card.last_review_s
    return row.data if data == before else _format(data)


def write_options(text: str, desired_retention: float, decay: float) -> str:
    """Return the JSON of a card with the retention and the decay that its memory is for."""
    data = read_data(text) | {"dr": round(desired_retention, 2), "decay": round(decay, 3)}
    return _format(data)


def read_data(text: str) -> dict[str, Any]:
    """Return what JSON holds; nothing, as in Anki, if it is damaged."""
    try:
        data = json.loads(text or "{}", parse_constant=_refuse, parse_float=_read_float)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _read_float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _format(data: dict[str, Any]) -> str:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)
