"""A mock exam: its questions, and how they are drawn by the weights of the domains."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from cardwright.blueprint import Blueprint
from cardwright.item import Item
from cardwright.kinds import list_asked, list_prompts
from cardwright.model import Card, Kind, Option, Prompt


class Sources(Protocol):
    """Where cards come from."""

    def load_card(self, ref: str) -> Card | None:
        """Return a card by its key."""

    def find_kind(self, name: str) -> Kind:
        """Return a kind by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question on the paper, and what was answered."""

    ref: str
    """The card's key."""
    key: str
    """The last part of the prompt's key."""
    history_ref: str
    domain: str
    lesson: str
    right: tuple[int, ...]
    """Options of the card, as indices."""
    digest: int
    """Of the options: tells whether the card was edited meanwhile."""
    picked: tuple[int, ...] = ()
    is_marked: bool = False
    """For another look."""
    is_shown: bool = False
    """Whether the answer was shown: in a drill, nothing is picked after that."""
    is_void: bool = False
    """Its card was edited or removed while the exam was interrupted: it does not count."""
    spent_ms: int = 0
    text: str = ""
    """What was asked, as Markdown; kept when the exam is over, for cards change."""
    options: tuple[Option, ...] = ()
    """Ditto, as the card has them."""

    @property
    def is_answered(self) -> bool:
        """Whether something is picked."""
        return bool(self.picked)

    @property
    def is_right(self) -> bool:
        """Whether just the right options are picked."""
        return set(self.picked) == set(self.right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mock:
    """A mock exam or a drill, under way or over."""

    id: str
    pack: str
    exam: str
    is_drill: bool
    """A drill has no clock, and tells at once what is right."""
    seed: int
    """Of the order of the options."""
    started_at_ms: int
    limit_ms: int | None
    """None: no clock."""
    is_recorded: bool
    """Whether its answers count for the schedule."""
    questions: tuple[Question, ...]
    place: int = 0
    """The question that is looked at, from 0."""
    spent_ms: int = 0
    """While the program ran: the clock stands still when it does not."""
    breaks: int = 0
    """How often it was interrupted and taken up again."""
    ended_at_ms: int | None = None
    """None: it is under way."""
    is_timed_out: bool = False

    @property
    def kind(self) -> str:
        """What it is called."""
        return "drill" if self.is_drill else "mock"

    @property
    def question(self) -> Question:
        """The question that is looked at."""
        return self.questions[self.place]

    @property
    def counted(self) -> list[Question]:
        """The questions that count."""
        return [question for question in self.questions if not question.is_void]

    @property
    def wrong(self) -> list[Question]:
        """The questions that were not answered right, or not at all."""
        return [question for question in self.counted if not question.is_right]


def list_questions(
    items: Iterable[Item], sources: Sources, blueprint: Blueprint
) -> Iterator[Question]:
    """Yield each card of an exam's pack that can be asked with options, once."""
    asked: set[str] = set()
    for item in items:
        lesson = blueprint.lessons.get(item.lesson or "")
        if item.pack != blueprint.pack or lesson is None or item.card_ref in asked:
            continue
        if not can_be_asked(item, sources.find_kind(item.kind)):
            continue
        card = sources.load_card(item.card_ref)
        options = card.options if card else ()
        if options:
            asked.add(item.card_ref)
            yield Question(
                ref=item.card_ref,
                key=item.side_name,
                history_ref=item.key,
                domain=lesson.domain,
                lesson=lesson.id,
                right=tuple(place for place, option in enumerate(options) if option.right),
                digest=_digest(options),
            )


def can_be_asked(item: Item, kind: Kind) -> bool:
    """Tell whether a prompt shows options to choose from."""
    return any(
        side.name == item.side_name and kind.options in list_asked(side) for side in kind.sides
    )


def share_out(weights: Mapping[str, float], room: Mapping[str, int], count: int) -> dict[str, int]:
    """Share a number out by weight, to each no more than it has room for.

    By the method of the largest remainder; what one has no room for goes to the others.
    """
    shares = dict.fromkeys(room, 0)
    while left := count - sum(shares.values()):
        free = {name: weights[name] for name in room if weights[name] and shares[name] < room[name]}
        if not free:
            break
        quotas = {name: left * weight / sum(free.values()) for name, weight in free.items()}
        given = {name: int(quota) for name, quota in quotas.items()}
        by_rest = sorted(free, key=lambda name: given[name] - quotas[name])
        for name in by_rest[: left - sum(given.values())]:
            given[name] += 1
        for name, number in given.items():
            shares[name] += min(number, room[name] - shares[name])
    return shares


def draw_questions(
    groups: Mapping[str, Sequence[Question]],
    weights: Mapping[str, float],
    count: int,
    seed: int,
    avoided: Collection[str] = (),
) -> tuple[Question, ...]:
    """Draw questions from groups by weight, in random order; the same ones for the same seed.

    Cards to be `avoided`, by key, come only where there are not enough others.
    """
    room = {name: len(found) for name, found in groups.items()}
    drawn: list[Question] = []
    for name, number in share_out(weights, room, count).items():
        by_chance = sorted(groups[name], key=lambda question: _rank(seed, question.ref))
        by_chance.sort(key=lambda question: question.ref in avoided)
        drawn += by_chance[:number]
    return tuple(sorted(drawn, key=lambda question: _rank(seed + 1, question.ref)))


def find_prompt(question: Question, sources: Sources) -> Prompt | None:
    """Return what a question asks; None when its card has gone or has other options now."""
    card = sources.load_card(question.ref)
    if card is None or _digest(card.options) != question.digest:
        return None
    prompts = list_prompts(card, sources.find_kind(card.kind))
    return next((prompt for prompt in prompts if prompt.side_name == question.key), None)


def quote_question(question: Question, sources: Sources) -> Question:
    """Return a question with its texts, for when its card is another one."""
    prompt = find_prompt(question, sources)
    if prompt is None:
        return question
    card = prompt.card
    texts = [card.text(name) for name in list_asked(prompt.side)]
    text = "\n\n".join(text for text in texts if text)
    return replace(question, text=text, options=card.options)


def _digest(options: Iterable[Option]) -> int:
    return zlib.crc32(repr([(option.text, option.right) for option in options]).encode())


def _rank(seed: int, ref: str) -> bytes:
    return hashlib.sha256(f"{seed}/{ref}".encode()).digest()
