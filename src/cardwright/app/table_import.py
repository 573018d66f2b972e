"""Importing the history of another program from tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cardwright.app.study import Study
from cardwright.history import PROMPT_KEY, Review
from cardwright.item import Item
from cardwright.study.copies import undo
from cardwright.study.journal import Journal
from cardwright.study.store import Store
from cardwright.study.table import (
    Localize,
    Table,
    make_review,
    name_log,
    name_log_prompt,
    read_table,
    refuse,
)
from cardwright.text import list_names


@dataclass(slots=True, kw_only=True)
class ImportedTable:
    """What an import from a table did."""

    file: Path
    namespace: str
    """Under which answers are kept that belong to no prompt here."""
    added: int = 0
    """How many answers to prompts of the project were new."""
    kept: int = 0
    """How many others were new, and kept."""
    known: int = 0
    """How many answers the store had already."""
    left: int = 0
    """How many answers were left out, since they belong to no prompt here."""
    prompts: set[str] = field(default_factory=set)
    """The keys of the prompts of the project that have answers in the table."""
    others: set[str] = field(default_factory=set)
    """The prompts that are not here, as the table names them."""


FindKey = Callable[[str], str | None]
"""Returns the key of the prompt with a name, or None if it is not here.

It raises a ValueError if several have the name.
"""


def import_tables(
    journal: Journal,
    find_key: FindKey,
    tables: Sequence[Table],
    localize: Localize,
    *,
    keeps_others: bool = False,
) -> tuple[list[ImportedTable], list[str]]:
    """Record the answers of tables, all or nothing; the second value is that of `Journal.merge`.

    With `keeps_others`, those that belong to no prompt here are kept, too, under namespaces of the
    tables.

    Raises:
        TransferError: some rows are not answers; the message lists them.
        StoreError: the store cannot be read or written.

    """
    jobs = [_Import(journal.store, find_key, table, keeps_others) for table in tables]

    def list_new() -> Iterator[Review]:
        problems: list[str] = []
        for job in jobs:
            yield from job.list_new(localize, problems)
        if problems:
            # What was added before is taken back.
            raise refuse(problems)

    _, clashes = journal.merge(list_new())
    return [job.done for job in jobs], clashes


class _Import:
    """The import of one table."""

    def __init__(
        self,
        store: Store,
        find_key: FindKey,
        table: Table,
        keeps_others: bool,
    ) -> None:
        self.done = ImportedTable(file=table.path, namespace=name_log(table.path))
        self._store = store
        self._find_key = find_key
        self._table = table
        self._keeps_others = keeps_others
        self._keys: dict[str, str | None] = {}
        """The keys of prompts that were looked up."""
        self._known: dict[str, set[tuple[int, int | None]]] = {}
        """Time and rating of all answers to a prompt, by its key."""

    def list_new(self, localize: Localize, problems: list[str]) -> Iterator[Review]:
        """Yield what the store lacks, and add a line to `problems` for each row that is no answer."""
        done = self.done
        for answer in read_table(self._table, localize, problems):
            try:
                key = self._find(answer.prompt)
            except ValueError as error:
                problems.append(self._table.describe(answer.line, "prompt", str(error)))
                continue
            kept = make_review(name_log_prompt(done.namespace, answer.prompt), answer)
            if key is not None:
                done.prompts.add(key)
                if self._has(kept):
                    # It was kept before its card was in the project.
                    yield undo(kept)
            else:
                done.others.add(answer.prompt)
                if not self._keeps_others:
                    done.left += 1
                    continue
            review = kept if key is None else make_review(key, answer)
            if self._has(review):
                done.known += 1
                continue
            self._known[review.key].add((review.at_ms, review.rating))
            if key is None:
                done.kept += 1
            else:
                done.added += 1
            yield review

    def _find(self, name: str) -> str | None:
        if name not in self._keys:
            self._keys[name] = self._find_key(name)
        return self._keys[name]

    def _has(self, review: Review) -> bool:
        """Tell whether the store has an answer of the same time and rating, from whatever source."""
        if review.key not in self._known:
            found = self._store.list_reviews(review.key, with_undone=True)
            self._known[review.key] = {(one.at_ms, one.rating) for one in found}
        return (review.at_ms, review.rating) in self._known[review.key]


def find_recorded(store: Store, name: str) -> str | None:
    """Return a name if it is the key of a prompt that has reviews, even if its card is gone."""
    if not PROMPT_KEY.fullmatch(name):
        return None
    key = store.aliases.unite_key(name)
    return key if next(store.list_reviews(key, with_undone=True), None) else None


def make_finder(study: Study) -> FindKey:
    """Return what finds the prompts of a project, by every name that they have."""
    names = _list_names(study.items)

    def find(name: str) -> str | None:
        found = names.get(name) or {}
        if len(found) > 1:
            refs = list_names([item.ref for item in found.values()])
            raise ValueError(f"cannot be `{name}`, which has several prompts: {refs}")
        return next(iter(found), None) or find_recorded(study.store, name)

    return find


def _list_names(items: Iterable[Item]) -> Mapping[str, dict[str, Item]]:
    """Return the prompts by each of their names, and there by their keys."""
    names: dict[str, dict[str, Item]] = {}
    for item in items:
        card_key = item.key.rpartition("/")[0]
        for name in {
            *(item.ref, item.key, item.card_ref, card_key),
            *(item.card_ref.partition(":")[2], card_key.partition(":")[2]),
        }:
            names.setdefault(name, {})[item.key] = item
    return names
