"""Choosing the prompts, packs and exams that a command is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cardwright.blueprint import Blueprint
from cardwright.error import ProjectError
from cardwright.frozen import frozen
from cardwright.item import Item
from cardwright.memory import Memory
from cardwright.model import Deck
from cardwright.text import list_names, suggest, to_nfc


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
            ProjectError: one of the names matches no deck.

        """
        if not (self.decks or self.lessons or self.tags or self.kinds):
            return items
        return [
            item
            for item in _choose_decks(items, self.decks)
            if (not self.lessons or item.lesson in self.lessons)
            and (not self.tags or any(tag in self.tags for tag in item.tags))
            and (not self.kinds or item.kind in self.kinds)
        ]

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
            ProjectError: one of the names matches no deck.

        """
        chosen = self.choose(items)
        if not self.needs_history:
            return chosen
        return [item for item in chosen if self.matches_history(memories.get(item.key))]


def _choose_decks(items: Sequence[Item], names: Sequence[str]) -> Iterable[Item]:
    if not names:
        return items
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
    return [item for item in items if matches[item.pack, item.deck]]


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
