"""Choosing the prompts, packs and exams that a command is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from cardwright.blueprint import Blueprint
from cardwright.error import ProjectError
from cardwright.frozen import frozen
from cardwright.item import Item
from cardwright.memory import Memory
from cardwright.model import CardHead, Deck
from cardwright.text import list_names, suggest, to_nfc

_One = TypeVar("_One", bound=Item | CardHead)
_SHORT: Final = ("lesson", "kind", "pack")
"""What there are few of, so that all of them help more than a similar one."""


class Filter(NamedTuple):
    """A condition on cards or their prompts: they have one of some names."""

    noun: str
    phrase: str
    """What comes before the name: `of kind`."""
    names: Sequence[str]
    list_values: Callable[[Any], Iterable[str | None]]
    """Returns what a card or prompt has in its place."""

    def take(self, cards: Iterable[_One]) -> list[_One]:
        """Return the cards or prompts that meet the condition."""
        is_unmet, list_values = frozenset(self.names).isdisjoint, self.list_values
        return [card for card in cards if not is_unmet(list_values(card))]

    def describe(self) -> str:
        """Return the condition as it follows a noun: of kind `term` or `cloze`."""
        return f"{self.phrase} {' or '.join(f'`{name}`' for name in self.names)}"


def by_lesson(names: Sequence[str]) -> Filter:
    """Return the condition that a card belongs to one of some lessons."""
    return Filter("lesson", "of lesson", names, lambda one: (one.lesson,))


def by_tag(names: Sequence[str]) -> Filter:
    """Return the condition that a card has one of some tags."""
    return Filter("tag", "with tag", names, lambda one: one.tags)


def by_kind(names: Sequence[str]) -> Filter:
    """Return the condition that a card is of one of some kinds."""
    return Filter("kind", "of kind", names, lambda one: (one.kind,))


def by_objective(names: Sequence[str]) -> Filter:
    """Return the condition that cards cover one of some objectives."""
    return Filter("objective", "on objective", names, lambda card: card.all_objectives)


def by_pack(names: Sequence[str]) -> Filter:
    """Return the condition that cards are in one of some packs."""
    return Filter("pack", "in pack", names, lambda one: (one.pack,))


def filter_cards(cards: Sequence[_One], filters: Iterable[Filter]) -> Sequence[_One]:
    """Return the cards or prompts that meet all conditions, in the given order.

    Raises:
        ProjectError: there are none, or a name is that of nothing.

    """
    found, met = cards, list[Filter]()
    for one in filters:
        if not one.names:
            continue
        for name in one.names:
            if not any(name in one.list_values(card) for card in cards):
                raise refuse(one._replace(names=[name]), cards)
        left = one.take(found)
        if not left:
            raise refuse(one, found, met)
        found = left
        met.append(one)
    return found


def refuse(
    unmet: Filter, cards: Iterable[Item | CardHead], met: Sequence[Filter] = ()
) -> ProjectError:
    """Return the error that no card meets a condition, with what those have that meet the others."""
    known = sorted({value for card in cards for value in unmet.list_values(card) if value})
    there = " there" if met else ""
    if unmet.noun in _SHORT or met or not known:
        help = f"{unmet.noun}s{there}: {list_names(known, none='none')}"
    else:
        help = suggest(unmet.names[0], known, f"{unmet.noun}s")
    conditions = " ".join(one.describe() for one in (*met, unmet))
    return ProjectError(f"there is no card {conditions}", help=help)


@frozen
class Choice:
    """Conditions that select prompts; without any, all prompts are selected."""

    decks: Sequence[str] = ()
    """Packs, or decks by their full name, the start of it, or one part of it."""
    lessons: Sequence[str] = ()
    tags: Sequence[str] = ()
    kinds: Sequence[str] = ()
    is_flagged: bool = False
    is_leech: bool = False

    @property
    def needs_history(self) -> bool:
        """Whether the choice depends on the history of prompts, not on the sources alone."""
        return self.is_flagged or self.is_leech

    def choose(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return the prompts that meet the conditions on the sources, in the given order.

        Raises:
            ProjectError: there are none, or a name is that of no deck, lesson, tag or kind.

        """
        if not (self.decks or self.lessons or self.tags or self.kinds):
            return items
        return filter_cards(
            items,
            (
                by_deck(self.decks, items),
                by_lesson(self.lessons),
                by_tag(self.tags),
                by_kind(self.kinds),
            ),
        )

    def matches_history(self, memory: Memory | None) -> bool:
        """Return whether a prompt meets the conditions on its history."""
        return (not self.is_flagged or bool(memory and memory.is_flagged)) and (
            not self.is_leech or bool(memory and memory.is_leech)
        )

    def choose_by_history(
        self, items: Sequence[Item], memories: Mapping[str, Memory]
    ) -> Sequence[Item]:
        """Return the prompts that meet all conditions, in the given order.

        Raises:
            ProjectError: there are none, or a name is that of no deck, lesson, tag or kind.

        """
        return self.choose_among(self.choose(items), memories)

    def choose_among(self, items: Sequence[Item], memories: Mapping[str, Memory]) -> Sequence[Item]:
        """Return those of some prompts that meet the conditions on their history.

        Raises:
            ProjectError: there are none.

        """
        if not self.needs_history:
            return items
        found = [item for item in items if self.matches_history(memories.get(item.key))]
        if not found:
            conditions = (("flagged", self.is_flagged), ("a leech", self.is_leech))
            wanted = " and ".join(name for name, is_wanted in conditions if is_wanted)
            is_all = not (self.decks or self.lessons or self.tags or self.kinds)
            raise ProjectError(
                f"{'no prompt' if is_all else 'none of these prompts'} is {wanted}",
                help="`cards flag CARD` flags one" if self.is_flagged else "",
            )
        return found


def by_deck(names: Sequence[str], items: Sequence[Item]) -> Filter:
    """Return the condition that prompts are in one of some decks.

    Raises:
        ProjectError: one of the names is that of no deck.

    """
    if not names:
        return Filter("deck", "in", names, lambda _: ())
    wanted = {name: name.casefold() for name in names}
    matches = {
        deck: [name for name in names if _matches(deck, wanted[name])]
        for deck in {(item.pack, item.deck) for item in items}
    }
    unmatched = set(names) - {name for found in matches.values() for name in found}
    if unmatched:
        decks = sorted({item.deck for item in items})
        shown = list_names(decks, separator="\n  ")
        raise ProjectError(f"there is no deck `{min(unmatched)}`; the decks are:\n  {shown}")
    return Filter("deck", "in", names, lambda item: matches[item.pack, item.deck])


def _matches(deck: tuple[str, str], wanted: str) -> bool:
    """Return whether a name is a deck's pack, the start of its path, or one part or its number."""
    pack, name = deck
    name = name.casefold()
    parts = name.split("::")
    return (
        wanted == pack
        or f"{name}::".startswith(f"{wanted}::")
        or any(part == wanted or part.startswith(f"{wanted} ") for part in parts)
    )


def choose_packs(known: Iterable[str], names: Sequence[str]) -> list[str]:
    """Return the packs with these names, or all that are known.

    Raises:
        ProjectError: there is no such pack.

    """
    packs = list(known)
    for name in names:
        if name not in packs:
            raise ProjectError(
                f"there is no pack `{name}` (packs: {list_names(packs, none='none')})"
            )
    return list(names) or packs


def choose_deck(decks: Mapping[str, Deck], name: str) -> tuple[str, str]:
    """Return the pack and the full name of a deck.

    Its name may begin with the pack instead of the pack's deck, or be the last part alone, or the
    number at its start, if that is unambiguous.

    Raises:
        ProjectError: there is no such deck, or there are several.

    """
    pack, separator, below = name.partition("::")
    wanted = to_nfc(name).casefold()
    if pack in decks:
        wanted = f"{decks[pack].name}{separator}{below}".casefold()
    names = {"::".join(path): key for key, deck in decks.items() for path, _ in deck.walk()}
    found = [full for full in names if full.casefold() == wanted] or [
        full for full in names if f"{full.casefold().rpartition('::')[2]} ".startswith(f"{wanted} ")
    ]
    if len(found) != 1:
        shown = list_names([f"\n  {full}" for full in found or names], separator="", none=" none")
        if found:
            raise ProjectError(f"several decks match `{name}`:{shown}")
        raise ProjectError(f"there is no pack or deck `{name}`; the decks are:{shown}")
    return names[found[0]], found[0]


def choose_exam(blueprints: Mapping[str, Blueprint], pack: str | None) -> Blueprint:
    """Return the exam of a pack, or the only one there is.

    Raises:
        ProjectError: there is no such exam, or several and none is named.

    """
    if not blueprints:
        raise ProjectError("the project has no exam: write decks/PACK/blueprint.yaml")
    known = list_names(blueprints)
    if pack is None and len(blueprints) > 1:
        raise ProjectError(f"the project has several exams: name one of {known}")
    found = blueprints.get(pack or next(iter(blueprints)))
    if found is None:
        raise ProjectError(f"there is no exam decks/{pack}/blueprint.yaml (exams: {known})")
    return found


def check_lesson(blueprint: Blueprint, lesson: str) -> None:
    """Raise ProjectError if an exam has no such lesson."""
    if lesson not in blueprint.lessons:
        known = list_names(blueprint.lessons)
        raise ProjectError(f"there is no lesson `{lesson}` (lessons: {known})")


def check_objective(blueprint: Blueprint, objective: str) -> None:
    """Raise ProjectError if an exam has no such objective."""
    if objective not in blueprint.objectives:
        help = suggest(objective, blueprint.objectives, "objectives")
        raise ProjectError(f"there is no objective `{objective}`", help=help)
