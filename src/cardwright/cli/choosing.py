"""Options that say which prompts a command of study is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from cardwright.history import Memory
    from cardwright.item import Item

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which prompts are meant; empty: all."""

    decks: Sequence[str]
    lessons: Sequence[str]
    tags: Sequence[str]
    kinds: Sequence[str]
    is_flagged: bool
    is_leech: bool

    def choose(self, items: Sequence[Item]) -> list[Item]:
        """Return the prompts that are meant, as far as the sources tell."""
        from cardwright.cli.study import select_deck

        if not (self.decks or self.lessons or self.tags or self.kinds):
            return list(items)
        return [
            item
            for item in select_deck(items, self.decks)
            if (not self.lessons or item.lesson in self.lessons)
            and (not self.tags or any(tag in self.tags for tag in item.tags))
            and (not self.kinds or item.kind in self.kinds)
        ]

    def takes(self, _item: Item, memory: Memory | None) -> bool:
        """Tell whether a prompt is meant, as far as its history tells."""
        return (not self.is_flagged or bool(memory and memory.is_flagged)) and (
            not self.is_leech or bool(memory and memory.is_leech)
        )


def choice_options(command: _Command) -> _Command:
    """Give a command the arguments and options of a choice, gathered as `choice`."""

    @wraps(command)
    def gather(*context: Any, **given: Any) -> Any:
        choice = Choice(
            decks=given.pop("decks"),
            lessons=given.pop("lessons"),
            tags=given.pop("tags"),
            kinds=given.pop("kinds"),
            is_flagged=given.pop("is_flagged"),
            is_leech=given.pop("is_leech"),
        )
        return command(*context, choice=choice, **given)

    for option in (
        click.option("--leeches", "is_leech", is_flag=True, help="Only leeches."),
        click.option("--flagged", "is_flagged", is_flag=True, help="Only flagged prompts."),
        click.option("--kind", "kinds", multiple=True, help="Only this kind of card."),
        click.option("--tag", "tags", multiple=True, help="Only cards with this tag."),
        click.option("--lesson", "lessons", multiple=True, help="Only this lesson."),
        click.argument("decks", nargs=-1, metavar="[DECK]..."),
    ):
        gather = option(gather)
    return gather  # type: ignore[return-value]
