"""Aliases: which history a namespace continues.

A pack that gets a namespace keeps the reviews recorded before under its name. They are never
rewritten: the log is append-only, other machines know them by their old keys, and fuzz is derived
from the key. Instead, an alias records that the namespace continues that history, and both are read
as one, under the old keys. Decisions are final: of two contradictory aliases, the earlier one
counts, so all machines agree once they know both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple


class Alias(NamedTuple):
    """A decision on which history a namespace continues."""

    id: str
    """Unique across machines."""
    at_ms: int
    """When it was decided."""
    namespace: str
    history: str
    """The prefix of the keys that it continues; "" if the namespace starts afresh."""


class Aliases:
    """All decisions of a store, without those that an earlier one contradicts."""

    def __init__(self, decisions: Iterable[Alias] = ()) -> None:
        """Take the decisions in any order."""
        self.decided: dict[str, str] = {}
        """By namespace: the history that it continues, or "" for none."""
        self.histories: dict[str, str] = {}
        """The history of each namespace that continues one."""
        self.owners: dict[str, str] = {}
        """The namespace that continues each history."""
        for alias in sorted(decisions, key=lambda alias: (alias.at_ms, alias.id)):
            self._add(alias)

    def _add(self, alias: Alias) -> None:
        namespace, history = alias.namespace, alias.history
        if namespace in self.decided or namespace in self.owners or namespace == history:
            return
        if history and (history in self.owners or history in self.decided):
            return
        self.decided[namespace] = history
        if history:
            self.histories[namespace] = history
            self.owners[history] = namespace

    def is_open(self, namespace: str, history: str) -> bool:
        """Return whether it is undecided if a namespace continues a history."""
        return namespace != history and not self.is_known(namespace)

    def is_known(self, namespace: str) -> bool:
        """Return whether anything is decided about a namespace, or about the history under it."""
        return namespace in self.decided or namespace in self.owners

    def unite(self, namespace: str) -> str:
        """Return the namespace under which the memories of a namespace are kept."""
        return self.histories.get(namespace, namespace)

    def unite_key(self, key: str) -> str:
        """Return the key under which the memory of a prompt, or of a card, is kept."""
        namespace, colon, rest = key.partition(":")
        history = self.histories.get(namespace)
        return key if history is None else f"{history}{colon}{rest}"

    def list_keys(self, key: str) -> tuple[str, ...]:
        """Return all keys under which a prompt may have reviews, given the one of its memory."""
        history, colon, rest = key.partition(":")
        owner = self.owners.get(history)
        return (key,) if owner is None else (key, f"{owner}{colon}{rest}")


NO_ALIASES: Final = Aliases()


def find_changes(before: Mapping[str, str], after: Mapping[str, str]) -> set[tuple[str, str]]:
    """Return the pairs of namespace and history that only one of two `Aliases.histories` has."""
    return set(before.items()) ^ set(after.items())
