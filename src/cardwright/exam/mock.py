"""Mock exams and drills: drawing their questions by the weights of domains, and storing them."""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby, islice
from typing import Any, Final, Protocol

from cardwright.blueprint import Blueprint, apportion, count_exams
from cardwright.error import CardwrightError
from cardwright.exam.record import fits, read_records
from cardwright.history import END_MS, MS_PER_MINUTE, Moment, namespace_of
from cardwright.item import Item
from cardwright.kinds import list_asked, list_prompts
from cardwright.model import Card, Kind, Option, Prompt, name_siblings
from cardwright.study.alias import Aliases
from cardwright.study.store import Store
from cardwright.text import count as count_noun
from cardwright.text import list_names

_SHUFFLES: Final = 1_000_003
"""Keeps apart the orders of options in two exams with the same seed."""


class MockError(CardwrightError):
    """A mock exam or drill has no questions to ask."""


class CardSource(Protocol):
    """Access to the cards and kinds of a project."""

    def load_card(self, ref: str) -> Card | None:
        """Return the card with this ref."""

    def find_kind(self, name: str) -> Kind:
        """Return the kind with this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of a mock exam, and its answer."""

    card_ref: str
    side_name: str
    """The last part of the prompt's key."""
    key: str
    """The prompt's key."""
    domain: str
    lesson: str
    right: tuple[int, ...]
    """Indices of the right options."""
    digest: int
    """Digest of the options, to detect that the card was edited in the meantime."""
    objectives: tuple[str, ...] = ()
    """The objectives that the card names."""
    twins: str | None = None
    """The name of the card's set of twins."""
    was_seen: bool | None = None
    """Whether the card had been seen before; None in records that do not tell."""
    picked: tuple[int, ...] = ()
    is_marked: bool = False
    """Whether the user marked it to come back to."""
    is_shown: bool = False
    """Whether the answer was shown; a drill accepts no picks after that."""
    is_void: bool = False
    """Whether it does not count, since its card changed while the exam was interrupted."""
    spent_ms: int = 0
    text: str = ""
    """The question as Markdown, stored when the exam ends, since cards change."""
    options: tuple[Option, ...] = ()
    """The options in the card's order, stored like the text."""

    @property
    def card_key(self) -> str:
        """The card's identity, which does not change when it is renamed."""
        return self.key.partition("/")[0]

    @property
    def siblings(self) -> str:
        """The name that it shares with its twins, of which an exam asks one."""
        return name_siblings(self.card_key, self.card_ref.partition(":")[0], self.twins)

    @property
    def is_answered(self) -> bool:
        """Whether an option is picked."""
        return bool(self.picked)

    @property
    def is_right(self) -> bool:
        """Whether exactly the right options are picked."""
        return set(self.picked) == set(self.right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mock:
    """A mock exam or a drill, in progress or finished."""

    id: str
    pack: str
    exam: str
    """The name of the exam in the blueprint."""
    is_drill: bool
    """A drill has no clock, and shows each answer immediately."""
    seed: int
    """Determines which questions were drawn, and the order of their options."""
    started_at_ms: int
    limit_ms: int | None
    """None without a clock."""
    is_recorded: bool
    """Whether its answers are recorded as reviews."""
    questions: tuple[Question, ...]
    earlier: int = 0
    """How many mock exams and drills there were before."""
    place: int = 0
    """The index of the current question."""
    spent_ms: int = 0
    """Time spent while the program was running."""
    breaks: int = 0
    """How often it was resumed after an interruption."""
    ended_at_ms: int | None = None
    """None while it is in progress."""
    is_timed_out: bool = False

    @property
    def kind(self) -> str:
        """`mock` or `drill`."""
        return "drill" if self.is_drill else "mock"

    @property
    def question(self) -> Question:
        """The current question."""
        return self.questions[self.place]

    @property
    def shuffle_seed(self) -> int:
        """Determines the order of the options: another one in each exam, even with the same seed."""
        return self.seed + self.earlier * _SHUFFLES

    @property
    def seen(self) -> list[Question]:
        """The questions that the user has seen.

        Once it is over, these are all, since the result shows each with its answer. Before, they
        are those that the user has reached.
        """
        if self.ended_at_ms is not None:
            return list(self.questions)
        return [
            question
            for place, question in enumerate(self.questions)
            if place == self.place
            or question.spent_ms
            or question.is_answered
            or question.is_marked
            or question.is_shown
        ]

    @property
    def counted(self) -> list[Question]:
        """The questions that count."""
        return [question for question in self.questions if not question.is_void]

    @property
    def wrong(self) -> list[Question]:
        """The questions that count and were answered wrongly or not at all."""
        return [question for question in self.counted if not question.is_right]


def find_last_seen(mocks: Iterable[Mock], answered: Mapping[str, int]) -> dict[str, int]:
    """Return when each card was last seen in a mock exam, drill or review, by the card's key.

    `answered` has the time of the last answer to each prompt, by its key. Times are in milliseconds
    since 1970.
    """
    times = list(answered.items())
    for mock in mocks:
        at_ms = mock.started_at_ms if mock.ended_at_ms is None else mock.ended_at_ms
        times += [(question.key, at_ms) for question in mock.seen]
    seen: dict[str, int] = {}
    for key, at_ms in times:
        card = key.partition("/")[0]
        seen[card] = max(at_ms, seen.get(card, 0))
    return seen


def read_last_seen(
    store: Store, items: Iterable[Item], source: CardSource, mocks: Iterable[Mock]
) -> dict[str, int]:
    """Return what `find_last_seen` does, with the answers to all prompts of cards with options."""
    asked: dict[str, list[str]] = defaultdict(list)
    with_options = set()
    for item in items:
        asked[item.card_ref].append(item.key)
        if shows_options(item, source.find_kind(item.kind)):
            with_options.add(item.card_ref)
    keys = [key for ref in with_options for key in asked[ref]]
    return find_last_seen(mocks, store.read_last_answers(keys))


def draw_mock(
    items: Iterable[Item],
    source: CardSource,
    blueprint: Blueprint,
    seen: Mapping[str, int],
    *,
    id: str,
    seed: int,
    started_at_ms: int,
    count: int | None = None,
    minutes: float | None = None,
    is_recorded: bool = False,
    earlier: int = 0,
) -> tuple[Mock, str]:
    """Return a new mock exam, and a note to the user if there are too few questions (otherwise "").

    By default it is as long as the real exam. With fewer questions the time is reduced in
    proportion, unless `minutes` is given. In each domain, questions that were never seen come
    first, then those seen longest ago, by the times in `seen` (see `find_last_seen`).

    Raises:
        MockError: there is no question.

    """
    wanted = count or blueprint.questions
    groups, weights = _group_by_domain(list_questions(items, source, blueprint), blueprint)
    drawn = sample_questions(groups, weights, wanted, seed, seen)
    if not drawn:
        raise MockError(
            f"the pack `{blueprint.pack}` has no card with options in a lesson of the exam"
        )
    if minutes is None:
        minutes = blueprint.minutes * (len(drawn) / blueprint.questions)
    has_twins = any(question.twins for question in drawn)
    note = (
        f"There {'is' if len(drawn) == 1 else 'are'} only {count_noun(len(drawn), 'question')}"
        f"{', counting one of each set of twins' if has_twins else ''}."
        if len(drawn) < wanted
        else ""
    )
    mock = Mock(
        id=id,
        pack=blueprint.pack,
        exam=blueprint.name,
        is_drill=False,
        seed=seed,
        started_at_ms=started_at_ms,
        limit_ms=round(minutes * MS_PER_MINUTE),
        is_recorded=is_recorded,
        questions=_note_seen(drawn, seen),
        earlier=earlier,
    )
    return mock, note


def draw_drill(
    items: Iterable[Item],
    source: CardSource,
    blueprint: Blueprint,
    seen: Mapping[str, int],
    *,
    id: str,
    seed: int,
    started_at_ms: int,
    count: int,
    lessons: Sequence[str] = (),
    objectives: Collection[str] = (),
    is_recorded: bool = False,
    earlier: int = 0,
    held: Collection[str] = (),
    kept: Collection[str] = (),
) -> Mock:
    """Return a new drill of at most `count` questions, from all domains or some lessons.

    Lessons get equal shares and come in the order given. If objectives are named, only questions on
    one of them are asked; prompts whose keys are `held` are not. As in a mock exam, questions that
    were never seen come first, but as many of them as the next mock exam needs beside those held
    come last of all: asked in a drill, they would measure nothing there. So do the cards whose keys
    are `kept`, and their twins, which would show their options.

    Raises:
        MockError: there is no question.

    """
    every = list(list_questions(items, source, blueprint))
    questions = [
        question
        for question in every
        if question.key not in held
        and (not objectives or any(name in objectives for name in question.objectives))
    ]
    groups, weights = _group_by_domain(questions, blueprint)
    open_sets = {question.siblings for question in every if question.card_key in kept}
    last = [question.card_key for question in every if question.siblings in open_sets]
    last += _list_needed(every, blueprint, seen, held, seed)
    order = {**seen, **dict.fromkeys(last, END_MS)}
    if lessons:
        groups = {lesson: [] for lesson in lessons}
        weights = dict.fromkeys(groups, 1.0)
        for question in questions:
            if question.lesson in groups:
                groups[question.lesson].append(question)
    drawn = sample_questions(groups, weights, count, seed, order)
    if lessons:
        drawn = tuple(sorted(drawn, key=lambda question: lessons.index(question.lesson)))
    if not drawn:
        on = f" on {list_names(dict.fromkeys(objectives))}" if objectives else ""
        is_held = any(question.key in held for question in every)
        raise MockError(
            f"there is no card with options to ask{on}",
            help="`cards exam release` lets drills ask the reserved ones" if is_held else "",
        )
    return Mock(
        id=id,
        pack=blueprint.pack,
        exam=blueprint.name,
        is_drill=True,
        seed=seed,
        started_at_ms=started_at_ms,
        limit_ms=None,
        is_recorded=is_recorded,
        questions=_note_seen(drawn, seen),
        earlier=earlier,
    )


def _list_needed(
    questions: Iterable[Question],
    blueprint: Blueprint,
    seen: Collection[str],
    held: Collection[str],
    seed: int,
) -> Iterator[str]:
    """Yield the keys of unseen cards that the next mock exam needs beside those held back."""
    groups, weights = _group_by_domain(questions, blueprint)
    sizes = {domain: len(found) for domain, found in groups.items()}
    for domain, share in apportion(blueprint.questions, weights, sizes).items():
        unseen = [question for question in groups[domain] if question.card_key not in seen]
        asked = [question for question in unseen if question.key not in held]
        needed = max(share - (len(unseen) - len(asked)), 0)
        yield from (one.card_key for one in _take_first(asked, needed, seed, lambda _: 0))


def _group_by_domain(
    questions: Iterable[Question], blueprint: Blueprint
) -> tuple[dict[str, list[Question]], dict[str, float]]:
    """Return the questions of each domain, and the weights of the domains."""
    groups: dict[str, list[Question]] = {domain: [] for domain in blueprint.domains}
    for question in questions:
        groups[question.domain].append(question)
    return groups, {id: domain.weight for id, domain in blueprint.domains.items()}


def _note_seen(questions: Iterable[Question], seen: Collection[str]) -> tuple[Question, ...]:
    return tuple(replace(question, was_seen=question.card_key in seen) for question in questions)


def sample_questions(
    groups: Mapping[str, Sequence[Question]],
    weights: Mapping[str, float],
    count: int,
    seed: int,
    seen: Mapping[str, int] | None = None,
) -> tuple[Question, ...]:
    """Draw questions from groups by weight, in random order determined by the seed.

    Within a group, cards that were never seen come first, then those seen longest ago. `seen` has
    the times by card key. Of twins at most one is drawn.
    """
    times = seen or {}
    drawn: dict[str, Question] = {}
    left = dict(groups)
    while len(drawn) < count:
        sizes = {name: len({one.siblings for one in found}) for name, found in left.items()}
        before = len(drawn)
        for name, share in apportion(count - before, weights, sizes).items():
            others = [one for one in left[name] if one.siblings not in drawn]
            for one in _take_first(others, share, seed, lambda one: times.get(one.card_key, -1)):
                drawn[one.siblings] = one
        if len(drawn) == before:
            break
        # Twins in several groups leave some of these with less than they seemed to have.
        left = {
            name: [one for one in found if one.siblings not in drawn]
            for name, found in left.items()
        }
    return tuple(sorted(drawn.values(), key=lambda question: _rank(seed + 1, question.card_ref)))


def _take_first(
    questions: Iterable[Question], count: int, seed: int, order: Callable[[Question], int]
) -> list[Question]:
    """Return the first questions in an order, of twins at most one.

    Of those with the same place in it, each lesson gives its proportion, so that no lesson runs out
    before the others. Those with most twins in the same place come first, or the last exam would
    have only twins left; apart from that, it is up to chance.
    """
    ranked = sorted(
        questions, key=lambda question: (order(question), _rank(seed, question.card_ref))
    )
    taken: dict[str, Question] = {}
    for _, found in groupby(ranked, order):
        if len(taken) == count:
            break
        tied = [question for question in found if question.siblings not in taken]
        twins = Counter(question.siblings for question in tied)
        tied.sort(key=lambda question: -twins[question.siblings])
        large, needed = _find_needed(twins, count - len(taken))
        _take(tied, len(taken) + needed, taken, large)
        _take(tied, count, taken)
    return list(taken.values())


def _find_needed(twins: Mapping[str, int], count: int) -> tuple[set[str], int]:
    """Return the sets that have a question for each exam that can be drawn, and how many must be used.

    After this one, as many exams less one must be left. For each exam but the last of all, a set
    of which none is drawn now has a question that will never be asked.
    """
    exams = max(count_exams(twins.values(), count), 1)
    large = {name for name, size in twins.items() if size >= exams}
    spare = sum(min(size, exams) for size in twins.values()) - exams * count
    return large, max(min(len(large) - spare, count), 0)


def _take(
    questions: Sequence[Question],
    count: int,
    taken: dict[str, Question],
    among: Collection[str] | None = None,
) -> None:
    """Add questions until so many are taken, those of some sets only, each lesson in proportion."""
    weights = Counter(question.lesson for question in questions)
    while len(taken) < count:
        lessons: dict[str, dict[str, Question]] = defaultdict(dict)
        for question in questions:
            if question.siblings not in taken and (among is None or question.siblings in among):
                lessons[question.lesson].setdefault(question.siblings, question)
        if not lessons:
            break
        sizes = {lesson: len(free) for lesson, free in lessons.items()}
        for lesson, share in apportion(count - len(taken), weights, sizes).items():
            free = (one for one in lessons[lesson].values() if one.siblings not in taken)
            taken |= {question.siblings: question for question in islice(free, share)}


def list_questions(
    items: Iterable[Item], source: CardSource, blueprint: Blueprint
) -> Iterator[Question]:
    """Yield each card of an exam's pack that can be asked as multiple choice, once."""
    asked: set[str] = set()
    for item in items:
        lesson = blueprint.lessons.get(item.lesson or "")
        if item.pack != blueprint.pack or lesson is None or item.card_ref in asked:
            continue
        if not shows_options(item, source.find_kind(item.kind)):
            continue
        card = source.load_card(item.card_ref)
        options = card.options if card else ()
        if options:
            asked.add(item.card_ref)
            yield Question(
                card_ref=item.card_ref,
                side_name=item.side_name,
                key=item.key,
                domain=lesson.domain,
                lesson=lesson.id,
                right=tuple(place for place, option in enumerate(options) if option.right),
                digest=_digest(options),
                objectives=item.objectives,
                twins=item.twins,
            )


def shows_options(item: Item, kind: Kind) -> bool:
    """Tell whether a prompt shows options to choose from."""
    return any(
        side.name == item.side_name and kind.options in list_asked(side) for side in kind.sides
    )


def find_prompt(question: Question, source: CardSource) -> Prompt | None:
    """Return the prompt of a question, or None if its card is gone or its options changed."""
    card = source.load_card(question.card_ref)
    if card is None or _digest(card.options) != question.digest:
        return None
    prompts = list_prompts(card, source.find_kind(card.kind))
    return next((prompt for prompt in prompts if prompt.side_name == question.side_name), None)


def _digest(options: Iterable[Option]) -> int:
    return zlib.crc32(repr([(option.text, option.right) for option in options]).encode())


def _rank(seed: int, ref: str) -> bytes:
    return hashlib.sha256(f"{seed}/{ref}".encode()).digest()


def make_mock_id(store: Store, pack: str, moment: Moment) -> str:
    """Return an unused id for a mock exam or drill that starts now."""
    stem = f"{pack}-{moment.local:%Y-%m-%d-%H%M%S}"
    number = 1
    while store.records.get(id := stem if number == 1 else f"{stem}-{number}") is not None:
        number += 1
    return id


def put_mock(store: Store, mock: Mock, moment: Moment) -> None:
    """Write a mock exam or drill, within a transaction."""
    namespace, body = namespace_of(mock.questions[0].key), asdict(mock)
    store.records.put(mock.id, mock.kind, namespace, mock.started_at_ms, body, moment.at_ms)


def list_mocks(store: Store, namespace: str, pack: str, *kinds: str) -> list[Mock]:
    """Return the mock exams (`mock`) or drills (`drill`) of a pack, in order of time.

    `pack` is its present name, by which the cards are now known.
    """
    found = [
        _read_mock(body, pack, store.aliases)
        for kind in kinds
        for body in read_records(store, kind, namespace, is_mock)
    ]
    return sorted(found, key=lambda mock: (mock.started_at_ms, mock.id))


def find_interrupted(store: Store, namespace: str, pack: str, kind: str) -> Mock | None:
    """Return the last mock exam (`mock`) or drill (`drill`) of a pack if it is unfinished."""
    last = list_mocks(store, namespace, pack, kind)[-1:]
    return next((mock for mock in last if mock.ended_at_ms is None), None)


def is_mock(body: Any) -> bool:
    """Tell whether JSON is a mock exam or a drill."""
    if not fits(Mock, body):
        return False
    questions = body["questions"]
    return (
        isinstance(questions, list)
        and all(map(_is_question, questions))
        and body.get("place", 0) < len(questions)
    )


def _is_question(body: Any) -> bool:
    if not isinstance(body, dict):
        return False
    body = _rename_question(body)
    options = body.get("options", [])
    if not fits(Question, body) or not isinstance(options, list):
        return False
    places = (*body["right"], *body.get("picked", ()))
    return all(fits(Option, option) for option in options) and (
        not options or max(places, default=0) < len(options)
    )


def _read_mock(body: Mapping[str, Any], pack: str, aliases: Aliases) -> Mock:
    questions = tuple(
        replace(
            question,
            card_ref=f"{pack}:{question.card_ref.partition(':')[2]}",
            key=aliases.unite_key(question.key),
        )
        for question in map(_read_question, body["questions"])
    )
    return Mock(**{**body, "pack": pack, "questions": questions})


def _read_question(body: Mapping[str, Any]) -> Question:
    values = _rename_question(body)
    values["right"] = tuple(values["right"])
    values["picked"] = tuple(values.get("picked", ()))
    values["objectives"] = tuple(values.get("objectives", ()))
    values["options"] = tuple(Option(**option) for option in values.get("options", ()))
    return Question(**values)


def _rename_question(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a question with the present names: older records name three fields differently."""
    values = dict(body)
    if {"history_ref", "ref", "key"} <= set(values):
        # There, `key` is the name of the side.
        values["side_name"] = values["key"]
        values["key"] = values.pop("history_ref")
        values["card_ref"] = values.pop("ref")
    return values
