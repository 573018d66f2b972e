"""Searching prompts: words of their cards, and conditions such as `tag:x` and `is:due`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import Final, NamedTuple

from cardwright.app.choice import (
    Filter,
    by_deck,
    by_kind,
    by_lesson,
    by_objective,
    by_pack,
    by_tag,
    refuse,
)
from cardwright.error import ProjectError
from cardwright.item import Item
from cardwright.memory import Memory, State
from cardwright.model import Card
from cardwright.pattern import has_wildcard
from cardwright.text import fold_text, list_names, to_nfc

MAX_SEARCH: Final = 500
"""The longest search that can be typed, in characters."""


class Row(NamedTuple):
    """A prompt with what is known of it."""

    item: Item
    memory: Memory
    is_held: bool
    """Whether it is held back for mock exams."""

    def is_buried(self, today: int) -> bool:
        """Return whether it is put off until tomorrow."""
        return self.memory.buried_day == today

    def is_out(self, today: int) -> bool:
        """Return whether it is not asked, as things are."""
        return self.is_held or self.memory.is_suspended or self.is_buried(today)

    def is_due(self, today: int) -> bool:
        """Return whether it is asked again today; what is new is not due."""
        due_day = self.memory.due_day
        return due_day is not None and due_day <= today and not self.is_out(today)


_LEARNING: Final = (State.LEARNING, State.RELEARNING)
STATES: Final[dict[str, Callable[[Row, int], bool]]] = {
    "due": lambda row, today: row.is_due(today),
    "new": lambda row, _: row.memory.is_new,
    "learning": lambda row, _: row.memory.state in _LEARNING,
    "review": lambda row, _: row.memory.state is State.REVIEW,
    "suspended": lambda row, _: row.memory.is_suspended,
    "buried": lambda row, today: row.is_buried(today),
    "leech": lambda row, _: row.memory.is_leech,
    "flagged": lambda row, _: row.memory.is_flagged,
    "reserved": lambda row, _: row.item.reserved is not None,
}
"""What a prompt can be, by the name after `is:`; they take the study day, too."""
_FILTERS: Final[dict[str, Callable[[Sequence[str]], Filter]]] = {
    "tag": by_tag,
    "lesson": by_lesson,
    "kind": by_kind,
    "objective": lambda names: by_objective(names)._replace(
        list_values=lambda item: item.objectives
    ),
    "pack": by_pack,
}
_DECK: Final = "deck"
KEYS: Final = ("is", _DECK, *_FILTERS)
"""What conditions begin with."""
_TERM: Final = re.compile(
    r"""(?P<not>-?)(?:(?P<key>[^\s:"]+):)?(?:"(?P<quoted>(?:[^"\\]|\\.)*)"?|(?P<bare>[^\s"]\S*))"""
)
_ESCAPED: Final = re.compile(r"\\(.)")


class _Condition(NamedTuple):
    is_met: Callable[[Row], bool]
    is_negated: bool

    def take(self, rows: Sequence[Row]) -> Sequence[Row]:
        is_met, wanted = self.is_met, not self.is_negated
        return [row for row in rows if is_met(row) is wanted]


class Catalog:
    """All prompts that can be searched, and what their cards say, which is read when it is needed."""

    def __init__(self, rows: Sequence[Row], load_card: Callable[[Item], Card | None]) -> None:
        """Take the prompts; no card is loaded yet."""
        self.rows = rows
        self._items = [row.item for row in rows]
        self._load_card = load_card
        self._texts: dict[str, str] = {}
        self._values: dict[str, Mapping[str, str]] = {}
        self._unread = 0
        """How many of the prompts `read_ahead` has passed."""

    def with_rows(self, rows: Sequence[Row]) -> None:
        """Replace the prompts by the same ones with other memories."""
        self.rows = rows

    def read_ahead(self, number: int) -> bool:
        """Read the texts of some more prompts; return whether some are left."""
        for item in self._items[self._unread : self._unread + number]:
            self.read_text(item)
        self._unread += number
        return self._unread < len(self._items)

    def read_text(self, item: Item) -> str:
        """Return what the card of a prompt says, folded."""
        text = self._texts.get(item.card_ref)
        if text is None:
            card = self._load_card(item)
            text = self._texts[item.card_ref] = fold_card(card) if card else ""
        return text

    def search(self, text: str, today: int) -> Sequence[Row]:
        """Return the prompts that meet all conditions of a search, in order.

        Raises:
            ProjectError: a condition names what does not exist.

        """
        found = self.rows
        # Reading texts takes longest, so it comes last.
        for condition in sorted(self._parse(text, today), key=lambda one: one[0]):
            found = condition[1].take(found)
        return found

    def _parse(self, text: str, today: int) -> list[tuple[bool, _Condition]]:
        """Return the conditions, each with whether it needs texts."""
        found = []
        for term in _TERM.finditer(to_nfc(text)):
            key, bare, quoted = term["key"], term["bare"] or "", term["quoted"]
            name = (key or "").casefold()
            is_negated = bool(term["not"])
            if name in KEYS:
                if quoted is None:
                    names = [part for part in bare.split(",") if part]
                else:
                    names = [_ESCAPED.sub(r"\1", quoted)]
                is_met = self._make_test(name, names, today, is_quoted=quoted is not None)
                found.append((False, _Condition(is_met, is_negated)))
            elif bare.removesuffix(":").casefold() in KEYS and bare.endswith(":"):
                continue  # its name is still to be typed
            else:
                if key is not None and not self._is_pack(key):
                    raise ProjectError(
                        f"there is no `{key}:` to search by",
                        help=f"{list_names([f'{one}:' for one in KEYS])}; in quotes it is a text",
                    )
                said = bare if quoted is None else _ESCAPED.sub(r"\1", quoted)
                wanted = fold_text(f"{key}:{said}" if key else said)
                found.append((True, _Condition(partial(self._says, wanted), is_negated)))
        return found

    def _says(self, wanted: str, row: Row) -> bool:
        return wanted in self.read_text(row.item)

    def _is_pack(self, name: str) -> bool:
        return name in self._list_values("pack", by_pack(()))

    def _make_test(
        self, key: str, names: Sequence[str], today: int, *, is_quoted: bool
    ) -> Callable[[Row], bool]:
        if key == "is":
            return _make_state_test(names, today)
        if key == _DECK:
            found = by_deck(names, self._items)
        else:
            found = _FILTERS[key](names)
            known = self._list_values(key, found)
            found = found._replace(names=self._expand(found, known, is_quoted=is_quoted))
        is_unmet, list_values = frozenset(found.names).isdisjoint, found.list_values
        return lambda row: not is_unmet(list_values(row.item))

    def _expand(self, given: Filter, known: Mapping[str, str], *, is_quoted: bool) -> list[str]:
        """Return the names that are meant: case does not count, and `*` stands for any text.

        In quotes it is itself.
        """
        found = []
        for name in given.names:
            folded = name.casefold()
            if has_wildcard(folded) and not is_quoted:
                meant = [value for value, other in known.items() if fnmatchcase(other, folded)]
            else:
                meant = [value for value, other in known.items() if other == folded]
            if not meant:
                raise refuse(given._replace(names=[name]), self._items)
            found += meant
        return found

    def _list_values(self, key: str, one: Filter) -> Mapping[str, str]:
        """Return what prompts have in the place of a condition, each with its folded form."""
        if key not in self._values:
            # Prompts share most of it.
            every = dict.fromkeys(one.list_values(item) for item in self._items)
            values = dict.fromkeys(value for found in every for value in found if value)
            self._values[key] = {value: value.casefold() for value in values}
        return self._values[key]


def _make_state_test(names: Sequence[str], today: int) -> Callable[[Row], bool]:
    unknown = [name for name in names if name.casefold() not in STATES]
    if unknown:
        known = list_names([f"is:{name}" for name in STATES])
        raise ProjectError(f"there is no `is:{unknown[0]}`", help=known)
    tests = [STATES[name.casefold()] for name in names]
    return lambda row: any(test(row, today) for test in tests)


def fold_card(card: Card) -> str:
    """Return all searchable texts of a card, one per line, without case and accents."""
    texts = [
        str(part)
        for value in card.fields.values()
        for part in (value if isinstance(value, tuple) else (value,))
    ]
    texts += (text for option in card.options for text in (option.text, option.reason))
    return fold_text("\n".join((card.ref, card.lesson or "", *card.tags, *texts, card.extra)))


def quote_condition(key: str, name: str) -> str:
    """Return the condition that a prompt has a name, whatever is in it."""
    escaped = re.sub(r'([\\"])', r"\\\1", name)
    return f'{key}:"{escaped}"'


def join_words(words: Iterable[str]) -> str:
    """Return a search given as words of a command line, whose shell has removed the quotes."""
    return " ".join(map(_quote_word, words))


def _quote_word(word: str) -> str:
    if '"' in word or not any(map(str.isspace, word)):
        return word
    key, colon, rest = word.partition(":")
    return f'{key}{colon}"{rest}"' if key.lstrip("-").casefold() in KEYS else f'"{word}"'
