"""Mock exams and misses as records of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from cardwright.exam.misses import Miss
from cardwright.exam.mock import Mock, Question
from cardwright.model import Option
from cardwright.study.store import Store

_MISS: Final = "miss"


def put_mock(store: Store, mock: Mock) -> None:
    """Write a mock exam or drill down, within a transaction."""
    store.put_record(mock.id, mock.kind, mock.pack, mock.started_at_ms, asdict(mock))


def list_mocks(store: Store, pack: str, *kinds: str) -> list[Mock]:
    """Return the mock exams (`mock`) and drills (`drill`) of a pack, by time."""
    found = [_read_mock(body) for kind in kinds for body in store.list_records(kind, pack)]
    return sorted(found, key=lambda mock: (mock.started_at_ms, mock.id))


def put_miss(store: Store, miss: Miss) -> None:
    """Write a miss down; it is on the disk when this returns."""
    with store.transaction():
        store.put_record(miss.id, _MISS, miss.pack, miss.at_ms, asdict(miss))


def list_misses(store: Store, pack: str) -> list[Miss]:
    """Return all misses of a pack, by time."""
    return [Miss(**body) for body in store.list_records(_MISS, pack)]


def _read_mock(body: Mapping[str, Any]) -> Mock:
    questions = tuple(map(_read_question, body["questions"]))
    return Mock(**{**body, "questions": questions})


def _read_question(body: Mapping[str, Any]) -> Question:
    return Question(
        **{
            **body,
            "right": tuple(body["right"]),
            "picked": tuple(body["picked"]),
            "options": tuple(Option(**option) for option in body["options"]),
        }
    )
