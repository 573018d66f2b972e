"""The answers to all prompts with what was expected of them: kept ones, or from a replay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from operator import itemgetter

from cardwright.study.error import StoreError
from cardwright.study.expectations import (
    ANSWER,
    NOTHING,
    SUM_SIZE,
    AnswerRecord,
    is_whole,
    pack_answers,
)
from cardwright.study.journal import Journal
from cardwright.study.rows import ReviewRow
from cardwright.study.schedule import Expectation


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
            yield key, ANSWER.iter_unpack(answers[:-SUM_SIZE])

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
