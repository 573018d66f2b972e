"""The answers to each prompt with what was expected of them, kept beside the memories.

They follow from the reviews, as memories do, but a replay of a long history takes seconds. What is
kept holds until the memory of its prompt is written again: a trigger of the store deletes it then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from struct import Struct
from typing import TYPE_CHECKING, Final
from zlib import crc32

from cardwright.history import MAX_ANSWER_MS, count_study_day
from cardwright.memory import State
from cardwright.study.error import StoreError
from cardwright.study.rows import ReviewRow
from cardwright.study.schedule import Expectation

if TYPE_CHECKING:
    from cardwright.study.journal import Journal

ANSWER: Final = Struct("<dIiHBB")
"""Expected recall, interval in days, study day, milliseconds that count, rating, and standing."""
AnswerRecord = tuple[float, int, int, int, int, int]
STATES: Final = tuple(State)
"""The first standings are the states of a prompt before the answer."""
TEST: Final = len(STATES)
"""The standing of the first answer of a study day in the review state: it tests the memory."""
CRAM: Final = TEST + 1
"""The standing of an answer that does not affect the schedule."""
_SUM_SIZE: Final = 4
_STANDINGS: Final = {(state, False): place for place, state in enumerate(STATES)} | {
    (State.REVIEW, True): TEST
}


class Histories:
    """The histories of all prompts, read once; those that had to be replayed can be kept."""

    def __init__(self, journal: Journal, *, with_kept: bool = True) -> None:
        """Without `with_kept` everything is replayed."""
        self._journal = journal
        self._store = journal.store
        self._version = self._store.data_version()
        self._kept = self._store.read_expectations() if with_kept else {}
        self._replayed: dict[str, bytes] = {}

    def list(
        self, is_chosen: Callable[[str], bool]
    ) -> Iterator[tuple[str, Iterator[AnswerRecord]]]:
        """Yield the key and the answers of each chosen prompt, without undone ones, sorted by key.

        In a store that somebody else made, the values of what is kept may be any.
        """
        for key, answers in self._list(is_chosen):
            yield key, ANSWER.iter_unpack(answers[:-_SUM_SIZE])

    def _list(self, is_chosen: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
        store, kept = self._store, self._kept
        # In the order of their keys.
        for namespace in sorted(store.list_namespaces(), key="{}:".format):
            if not self._journal.is_current(namespace):
                for key, rows in groupby(store.list_acts(namespace), key=itemgetter(0)):
                    if is_chosen(key):
                        yield key, self._replay(key, rows)
                continue
            keys = sorted(filter(is_chosen, store.list_keys(namespace)))
            missing = [key for key in keys if not is_whole(kept.get(key))]
            for key in missing:
                kept.pop(key, None)
            acts = groupby(store.list_acts(keys=missing) if missing else (), key=itemgetter(0))
            found = next(acts, None)
            for key in keys:
                answers = kept.get(key)
                if answers is None:
                    answers = NOTHING
                    if found and found[0] == key:
                        answers = self._replay(*found)
                        found = next(acts, None)
                    self._replayed[key] = answers
                yield key, answers

    def _replay(self, key: str, group: Iterable[ReviewRow]) -> bytes:
        rows, schedule = list(group), self._journal.schedule_of(key)
        expected: list[Expectation] = []
        schedule.replay(key, [row[2:8] for row in rows], expected)
        return pack_answers(rows, expected, schedule.rollover_hour)

    def keep(self) -> None:
        """Keep what was replayed, unless the store is locked or has changed since."""
        store = self._store
        if not self._replayed:
            return
        with suppress(StoreError), store.without_fsync(), store.transaction():
            if store.data_version() == self._version:
                store.put_expectations(self._replayed.items())


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
    return records + crc32(records).to_bytes(_SUM_SIZE, "big")


NOTHING: Final = _add_sum(b"")
"""The packed answers of a prompt without any."""


def is_whole(answers: bytes | None) -> bool:
    """Tell whether answers are as `pack_answers` packed them."""
    return (
        answers is not None
        and _add_sum(answers[:-_SUM_SIZE]) == answers
        and len(answers) % ANSWER.size == _SUM_SIZE
    )
