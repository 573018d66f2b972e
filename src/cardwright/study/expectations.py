"""The answers to a prompt with what was expected of them, as they are kept beside its memory.

They follow from the reviews, as memories do, but a replay of a long history takes seconds. What is
kept holds until the memory of its prompt is written again: a trigger of the store deletes it then.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Final
from zlib import crc32

from cardwright.history import MAX_ANSWER_MS, count_study_day
from cardwright.memory import State
from cardwright.study.rows import ReviewRow
from cardwright.study.schedule import Expectation

ANSWER: Final = Struct("<dIiHBB")
"""Expected recall, interval in days, study day, milliseconds that count, rating, and standing."""
AnswerRecord = tuple[float, int, int, int, int, int]
STATES: Final = tuple(State)
"""The first standings are the states of a prompt before the answer."""
TEST: Final = len(STATES)
"""The standing of the first answer of a study day in the review state: it tests the memory."""
CRAM: Final = TEST + 1
"""The standing of an answer that does not affect the schedule."""
SUM_SIZE: Final = 4
_STANDINGS: Final = {(state, False): place for place, state in enumerate(STATES)} | {
    (State.REVIEW, True): TEST
}


def pack_answers(
    rows: Iterable[ReviewRow], expected: Iterable[Expectation], rollover_hour: int
) -> bytes:
    """Return the answers among a prompt's acts, packed as records of ANSWER, with a checksum.

    `expected` is what a replay of the acts expected.
    """
    pack, expectations, found = ANSWER.pack, iter(expected), []
    for _, _, act, rating, at_ms, offset, _, _, duration_ms in rows:
        if rating is None:
            continue
        spent_ms = min(duration_ms, MAX_ANSWER_MS)
        if act == "answer":
            day, state, interval_days, recall, is_test = next(expectations)
            standing = _STANDINGS[state, is_test]
            found.append(pack(recall, interval_days, day, spent_ms, rating, standing))
        else:
            day = count_study_day(at_ms, offset, rollover_hour)
            found.append(pack(0.0, 0, day, spent_ms, rating, CRAM))
    return _add_sum(b"".join(found))


def _add_sum(records: bytes) -> bytes:
    return records + crc32(records).to_bytes(SUM_SIZE, "big")


NOTHING: Final = _add_sum(b"")
"""The packed answers of a prompt without any."""


def is_whole(answers: bytes | None) -> bool:
    """Tell whether answers are as `pack_answers` packed them."""
    return (
        answers is not None
        and _add_sum(answers[:-SUM_SIZE]) == answers
        and len(answers) % ANSWER.size == SUM_SIZE
    )
