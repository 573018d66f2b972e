"""A file of cards as it is kept: its cards in brief, and in full on demand."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, overload

import msgspec

from cardwright.diagnostic import Allowance, Diagnostic, Span
from cardwright.frozen import frozen
from cardwright.model import Card, CardHead, LoadedCards
from cardwright.project.cache import FAST

_MAX_LOADED: Final = 5_000
"""How many cards are kept in full; they have a few thousand bytes each."""

_Place = tuple[str, int, int, int, int]
"""The id of a card; its line, column and length; and the index of what it shares with others."""
_Shared = tuple[str, tuple[str, ...], str | None, tuple[str, ...]]
"""Kind, tags, lesson and objectives."""
_Rest = tuple[tuple[str, ...], str | None, str | None, str | None, str | None]
"""Earlier ids, why it is retired, its guid, what it is reserved for and its twins: few have any."""
_NO_REST: Final[_Rest] = ((), None, None, None, None)


class KeptCards(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of a file."""

    places: list[_Place]
    shared: list[_Shared]
    rest: dict[int, _Rest]
    """By the number of the card in the file."""
    packed: bytes
    """The cards in full, compressed."""
    is_whole: bool
    """Whether no card was left out."""
    problems: tuple[Diagnostic, ...]
    """Those found when reading it, unless they are allowed."""
    allowances: tuple[Allowance, ...]


def keep_cards(
    cards: Sequence[Card],
    problems: Iterable[Diagnostic],
    allowances: Iterable[Allowance],
    *,
    is_whole: bool,
) -> KeptCards:
    """Return what is kept of a file with these cards."""
    shared: dict[_Shared, int] = {}
    places, rest = [], {}
    for number, card in enumerate(cards):
        common = (card.kind, card.tags, card.lesson, card.all_objectives)
        index = shared.setdefault(common, len(shared))
        places.append((card.id, card.span.line, card.span.column, card.span.length, index))
        own = (card.formerly, card.retired, card.guid, card.reserved, card.twins)
        if own != _NO_REST:
            rest[number] = own
    packed = zlib.compress(msgspec.msgpack.encode(cards), FAST)
    return KeptCards(
        places, list(shared), rest, packed, is_whole, tuple(problems), tuple(allowances)
    )


@frozen
class CardFile:
    """A file of cards. What it holds are those that were in the file when it was read."""

    name: str
    """Relative to the project, with forward slashes."""
    pack: str
    digest: bytes
    """The digest of its content."""
    key: bytes | None
    """A digest of all that its cards depend on: content, kinds and pack; None if that is not known."""
    heads: tuple[CardHead, ...]
    """Its cards in brief, in the author's order."""
    kept: KeptCards

    def load_cards(self) -> tuple[Card, ...]:
        """Return its cards in full."""
        raw = zlib.decompress(self.kept.packed)
        return msgspec.msgpack.decode(raw, type=tuple[Card, ...])


def make_heads(
    kept: KeptCards, name: str, pack: str, namespace: str, known: dict[Any, Any]
) -> tuple[CardHead, ...]:
    """Return the cards of a file in brief; what many have in common is one object, kept in `known`."""
    pack, namespace = sys.intern(pack), sys.intern(namespace)
    shared = [known.setdefault(common, common) for common in kept.shared]
    rest = kept.rest
    heads = []
    for number, (card_id, line, column, length, index) in enumerate(kept.places):
        kind, tags, lesson, objectives = shared[index]
        formerly, retired, guid, reserved, twins = rest.get(number, _NO_REST)
        heads.append(
            CardHead(
                pack=pack,
                namespace=namespace,
                id=card_id,
                kind=kind,
                tags=tags,
                lesson=lesson,
                objectives=objectives,
                formerly=formerly,
                retired=retired,
                span=Span(path=name, line=line, column=column, length=length),
                guid=guid,
                reserved=reserved,
                twins=twins,
            )
        )
    return tuple(heads)


class FileCards(LoadedCards):
    """The cards of files. Those of the files used last are kept in full."""

    def __init__(self, files: Iterable[CardFile]) -> None:
        """Keep files in their order."""
        self.files: Mapping[str, CardFile] = {file.name: file for file in files}
        self.heads = tuple(head for file in self.files.values() for head in file.heads)
        self._loaded: dict[str, dict[Span, Card]] = {}
        """The cards of files, by place. Those used last come last."""
        self._loaded_count = 0

    def __len__(self) -> int:
        return len(self.heads)

    def __iter__(self) -> Iterator[Card]:
        for name in self.files:
            yield from self._load_file(name).values()

    @overload
    def __getitem__(self, index: int) -> Card: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Card]: ...

    def __getitem__(self, index: int | slice) -> Card | Sequence[Card]:
        if isinstance(index, slice):
            return [self.load(head) for head in self.heads[index]]
        return self.load(self.heads[index])

    def heads_of(self, pack: str) -> Sequence[CardHead]:
        """Return the cards of a pack in brief."""
        return self._by_pack.get(pack, ())

    @cached_property
    def _by_pack(self) -> Mapping[str, Sequence[CardHead]]:
        found: dict[str, list[CardHead]] = {}
        for head in self.heads:
            found.setdefault(head.pack, []).append(head)
        return found

    def load(self, head: CardHead) -> Card:
        """Return one of the cards in full."""
        return self._load_file(head.span.path)[head.span]

    def _load_file(self, name: str) -> dict[Span, Card]:
        cards = self._loaded.pop(name, None)
        if cards is None:
            cards = {card.span: card for card in self.files[name].load_cards()}
            self._loaded_count += len(cards)
            while self._loaded and self._loaded_count > _MAX_LOADED:
                oldest = next(iter(self._loaded))
                self._loaded_count -= len(self._loaded.pop(oldest))
        self._loaded[name] = cards
        return cards
