"""Which pack and which file each note goes to."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from cardwright.adopt.clean import clean_deck_name
from cardwright.adopt.draft import Known, KnownCard, KnownPack
from cardwright.adopt.ids import FreeNames, make_slug
from cardwright.adopt.survey import NoteSurvey
from cardwright.incoming import cut_deck

MAX_CARDS: Final = 500
"""A file with more is divided."""
MAX_SIZE: Final = 1_000_000
"""A file with more characters is divided."""
_MAX_GROUPS: Final = 100
_MIN_GROUP: Final = 5
"""The least cards that a file of a topic has on average."""
_DEVICE: Final = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]|media")
"""Names that no file or folder can have."""
_ENDING: Final = ".yaml"


@dataclass(slots=True)
class PackPlan:
    """A pack."""

    name: str
    tops: dict[str, None] = field(default_factory=dict)
    """The full names of its top decks; "" for notes without a deck."""
    known: KnownPack | None = None
    files: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    """The files with cards of each deck, by its full name."""
    patterns: dict[str, str] = field(default_factory=dict)
    """What selects the files of a divided deck, by its full name."""


@dataclass(frozen=True, slots=True)
class NotePlan:
    """Where a note goes."""

    pack: PackPlan
    file: str
    deck: str
    known: KnownCard | None


class FilePlanner:
    """Plans packs and files."""

    def __init__(self, known: Known, name: str) -> None:
        """`name` is that of the incoming deck."""
        self._known = known
        self._name = name
        self._packs: dict[str, PackPlan] = {}
        """By top deck."""
        self._by_name: dict[str, PackPlan] = {}
        self._free = FreeNames(known.packs)
        self._adopted: dict[str, str] = {}
        """The packs that were adopted, by the name of their deck in lower case."""
        for pack_name, pack in known.packs.items():
            if pack.is_adopted:
                self._adopted.setdefault(pack.deck.casefold(), pack_name)
        self._owners = {
            guid: (pack, card)
            for pack, owned in known.packs.items()
            for guid, card in owned.cards.items()
        }

    def plan(self, notes: Sequence[NoteSurvey]) -> list[NotePlan]:
        """Return the plan for each note."""
        owners = [self._owners.get(note.guid) if note.guid else None for note in notes]
        decks = [cut_deck(note.deck) for note in notes]
        packs = [
            self._find_pack(deck) if owner is None else self._keep_pack(owner[0], deck)
            for deck, owner in zip(decks, owners, strict=True)
        ]
        places: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for index, (pack, deck) in enumerate(zip(packs, decks, strict=True)):
            places[pack.name][deck].append(index)
        files: dict[int, str] = {}
        for pack_name, by_deck in places.items():
            pack = self._by_name[pack_name]
            namer = _FileNamer(pack)
            for deck, indices in sorted(by_deck.items(), key=lambda item: item[0].count("::")):
                old = [owner[1].file for index in indices if (owner := owners[index])]
                new = [index for index in indices if owners[index] is None]
                if old:
                    usual = Counter(old).most_common(1)[0][0]
                    namer.keep(deck, set(old))
                    files |= dict.fromkeys(new, usual)
                else:
                    files |= namer.place(deck, new, notes)
        return [
            NotePlan(pack, owner[1].file if owner else files[index], deck, owner and owner[1])
            for index, (pack, deck, owner) in enumerate(zip(packs, decks, owners, strict=True))
        ]

    def _find_pack(self, deck: str) -> PackPlan:
        top = deck.partition("::")[0]
        pack = self._packs.get(top)
        if pack is None:
            pack = self._packs[top] = self._get_pack(self._known.into or self._name_pack(top))
            pack.tops[top] = None
        return pack

    def _keep_pack(self, name: str, deck: str) -> PackPlan:
        pack = self._get_pack(name)
        pack.tops[deck.partition("::")[0]] = None
        return pack

    def _get_pack(self, name: str) -> PackPlan:
        if name not in self._by_name:
            self._by_name[name] = PackPlan(name, known=self._known.packs.get(name))
        return self._by_name[name]

    def _name_pack(self, top: str) -> str:
        shown = top or self._name
        adopted = self._adopted.get(clean_deck_name(shown).casefold())
        return adopted or self._free.take(make_slug(shown) or "deck")


class _FileNamer:
    """Names the files of a pack."""

    def __init__(self, pack: PackPlan) -> None:
        self._pack = pack
        known = pack.known
        taken = {path.casefold() for path in known.files} if known else set()
        cards = known.cards.values() if known else ()
        is_adopted = known is not None and known.is_adopted
        # Notes without a guid may come again: their cards stay where they are, and new ones join them.
        self._again = {card.file for card in cards if is_adopted and not card.has_guid}
        taken |= {card.file.casefold() for card in cards} - set(map(str.casefold, self._again))
        self._folders: dict[str, str] = {}
        """The path of each deck without its ending, by its full name."""
        self._used: dict[str, FreeNames] = defaultdict(FreeNames)
        """The names of files and folders, by folder."""
        for path in taken:
            if path.endswith(_ENDING):
                folder, _, file = path.removesuffix(_ENDING).rpartition("/")
                self._used[folder].add(file)

    def keep(self, deck: str, files: Collection[str]) -> None:
        """Let the files of decks below go where those of a deck are, which has them already."""
        first, *others = files
        path = first.rpartition("/")[0] if others else first.removesuffix(_ENDING)
        folder, _, name = path.rpartition("/")
        self._used[folder].add(name)
        self._folders.setdefault(deck, path)

    def place(
        self, deck: str, indices: Sequence[int], notes: Sequence[NoteSurvey]
    ) -> dict[int, str]:
        """Return the file of each note of a deck, by index."""
        path = self._find_path(deck)
        if f"{path}{_ENDING}" in self._again:
            return dict.fromkeys(indices, f"{path}{_ENDING}")
        size = sum(notes[index].size for index in indices)
        if len(indices) <= MAX_CARDS and size <= MAX_SIZE:
            return dict.fromkeys(indices, f"{path}{_ENDING}")
        self._pack.patterns[deck] = f"{path}/*{_ENDING}"
        placed: dict[int, str] = {}
        for name, members in _divide(indices, notes):
            file = self._name(path, name)
            placed |= dict.fromkeys(members, f"{path}/{file}{_ENDING}")
        return placed

    def _find_path(self, deck: str) -> str:
        if deck not in self._folders:
            above, _, leaf = deck.rpartition("::")
            is_below_top = above in self._pack.tops and len(self._pack.tops) == 1
            folder = self._find_path(above) if above and not is_below_top else ""
            name = self._name(folder, make_slug(leaf or self._pack.name) or "deck")
            self._folders[deck] = f"{folder}/{name}" if folder else name
        return self._folders[deck]

    def _name(self, folder: str, name: str) -> str:
        name = f"{name}-cards" if _DEVICE.fullmatch(name) else name
        return self._used[folder].take(name)


def _divide(
    indices: Sequence[int], notes: Sequence[NoteSurvey]
) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield the parts of a large deck, each with a name: by topic or tag if that divides it well."""
    keys: tuple[Callable[[NoteSurvey], str], ...] = (
        lambda note: note.topic,
        lambda note: note.tag,
        lambda note: note.tag.partition("::")[0],
    )
    for key in keys:
        groups: dict[str, list[int]] = defaultdict(list)
        for index in indices:
            groups[make_slug(key(notes[index]))].append(index)
        named = len(groups) - ("" in groups)
        most = max(map(len, groups.values()))
        is_useful = 1 < named <= min(_MAX_GROUPS, len(indices) // _MIN_GROUP)
        if is_useful and most <= max(MAX_CARDS, len(indices) * 2 // 3):
            for name, members in groups.items():
                yield from _number(name or "others", members, notes)
            return
    yield from _number("part", indices, notes)


def _number(
    name: str, indices: Sequence[int], notes: Sequence[NoteSurvey]
) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield a part, or several with numbers if it is too large."""
    parts = list(_cut(indices, notes))
    width = len(str(len(parts)))
    for number, members in enumerate(parts, 1):
        yield (name if len(parts) == 1 else f"{name}-{number:0{width}}"), members


def _cut(indices: Sequence[int], notes: Sequence[NoteSurvey]) -> Iterator[list[int]]:
    """Yield parts of about the same number of notes, none of which is too large."""
    size = sum(notes[index].size for index in indices)
    count = max(ceil(len(indices) / MAX_CARDS), ceil(size / MAX_SIZE))
    per_part = ceil(len(indices) / count)
    part: list[int] = []
    part_size = 0
    for index in indices:
        if part and (len(part) >= per_part or part_size + notes[index].size > MAX_SIZE):
            yield part
            part, part_size = [], 0
        part.append(index)
        part_size += notes[index].size
    if part:
        yield part
