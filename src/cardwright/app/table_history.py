"""Importing the history of another program from a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cardwright.app.study import Study
from cardwright.history import PROMPT_KEY, Review
from cardwright.item import Item
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


def import_table(
    journal: Journal,
    find_key: FindKey,
    table: Table,
    localize: Localize,
    *,
    keeps_others: bool = False,
) -> ImportedTable:
    """Record the answers of a table, all or nothing.

    With `keeps_others`, those that belong to no prompt here are kept, too, under a namespace of the
    table.

    Raises:
        TransferError: some rows are not answers; the message lists them.
        StoreError: the store cannot be read or written.

    """
    done = ImportedTable(file=table.path, namespace=name_log(table.path))
    job = _Import(journal.store, find_key, table, done, keeps_others=keeps_others)
    journal.merge(job.list_new(localize))
    return done


class _Import:
    """One import."""

    def __init__(
        self,
        store: Store,
        find_key: FindKey,
        table: Table,
        done: ImportedTable,
        *,
        keeps_others: bool,
    ) -> None:
        self._store = store
        self._find_key = find_key
        self._table = table
        self._done = done
        self._keeps_others = keeps_others
        self._keys: dict[str, str | None] = {}
        """The keys of prompts that were looked up."""
        self._known: dict[str, set[tuple[int, int | None]]] = {}
        """Time and rating of all answers to a prompt, by its key."""

    def list_new(self, localize: Localize) -> Iterator[Review]:
        """Yield the reviews that the store lacks.

        Raises:
            TransferError: some rows are not answers. It is raised at the end.

        """
        done, problems = self._done, list[str]()
        for answer in read_table(self._table, localize, problems):
            try:
                key = self._find(answer.prompt)
            except ValueError as error:
                problems.append(self._table.describe(answer.line, "prompt", str(error)))
                continue
            if key is not None:
                done.prompts.add(key)
            else:
                done.others.add(answer.prompt)
                if not self._keeps_others:
                    done.left += 1
                    continue
            review = make_review(key or name_log_prompt(done.namespace, answer.prompt), answer)
            known = self._list_known(review.key)
            if (review.at_ms, review.rating) in known:
                done.known += 1
                continue
            known.add((review.at_ms, review.rating))
            if key is None:
                done.kept += 1
            else:
                done.added += 1
            yield review
        if problems:
            raise refuse(problems)

    def _find(self, name: str) -> str | None:
        if name not in self._keys:
            self._keys[name] = self._find_key(name)
        return self._keys[name]

    def _list_known(self, key: str) -> set[tuple[int, int | None]]:
        if key not in self._known:
            found = self._store.list_reviews(key, with_undone=True)
            self._known[key] = {(review.at_ms, review.rating) for review in found}
        return self._known[key]


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
