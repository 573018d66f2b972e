"""The open study: a project's prompts, and a review store with the options of its decks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardwright.app.choice import Choice
from cardwright.app.folders import remember_project
from cardwright.app.garbage import gc_paused
from cardwright.app.reserved import find_held
from cardwright.error import ProjectError
from cardwright.history import Moment, make_date, make_time
from cardwright.item import Item, Items
from cardwright.kinds import list_media
from cardwright.markdown.render import Renderer
from cardwright.memory import Memory
from cardwright.model import Card, Kind
from cardwright.project.index import open_index
from cardwright.project.names import find_index
from cardwright.project.sources import Sources
from cardwright.project.walk import find_project
from cardwright.study.alias import Aliases
from cardwright.study.journal import Journal, make_journal
from cardwright.study.prospects import Prospects
from cardwright.study.queue import Arrange, Queue, SessionOptions
from cardwright.study.schedule import Schedule
from cardwright.study.session import Session
from cardwright.study.settings import GOAL
from cardwright.study.store import Store, open_store
from cardwright.text import list_names, suggest_close

if TYPE_CHECKING:
    from cardwright.app.histories import Claim, Decide
    from cardwright.app.preparation import ExamDay, Preparation
    from cardwright.blueprint import Blueprint
    from cardwright.exam.candidates import Worth
    from cardwright.exam.misses import Miss
    from cardwright.exam.mock import Mock
    from cardwright.foreign.media import MediaFile


@dataclass(slots=True)
class Study:
    """An open store and the prompts of a project, shared by all front ends."""

    store: Store
    journal: Journal
    sources: Sources
    moment: Moment
    """When it was opened."""
    root: Path
    """The project's folder."""
    notes: Sequence[str] = ()
    """What to tell the user, once, about the histories of packs."""

    @property
    def roots(self) -> list[Path]:
        """The folders of all its projects."""
        return [self.root]

    @property
    def items(self) -> Items:
        """All prompts, in the order in which new ones are introduced."""
        return self.sources.items

    @property
    def today(self) -> int:
        """The study day on which it was opened."""
        return self.moment.study_day(self.journal.rollover_hour)

    @property
    def error_count(self) -> int:
        """The number of errors in the sources: with any, cards may be missing."""
        return self.sources.error_count

    def part_of(self, item: Item) -> Study:
        """Return the study of the project that has a prompt: this one, unless it joins several."""
        del item
        return self

    def find_held(self) -> frozenset[str]:
        """Return the keys of the prompts that are held back for mock exams."""
        return find_held(self.sources, self.store, self.today)

    def choose(self, choice: Choice) -> Sequence[Item]:
        """Return the prompts that meet the conditions on the sources, except those held back.

        Raises:
            ProjectError: there are none, or a name is that of no deck, lesson, tag or kind.

        """
        try:
            chosen, held = choice.choose(self.items), self.find_held()
        except ProjectError as error:
            if self.sources.error_count:
                error.details = "some files could not be read completely: see `cards check`"
            raise
        if isinstance(chosen, Items):
            return chosen.leave_out(held) if held else chosen
        return [item for item in chosen if item.key not in held]

    def read_memories(self) -> dict[str, Memory]:
        """Return the memory of every prompt that has a history, by key."""
        return self.journal.read_memories(self.moment)

    def settle(self) -> None:
        """Continue the histories that are certainly those of packs, after reviews were added."""
        settle_open(self.store, self.sources, self.moment, _decide_later)
        self.sources = unite_sources(self.sources, self.store.aliases)
        self.journal = make_journal(self.store, self.sources.decks, self.items)

    def reload(self, item: Item, now_ms: int) -> bool:
        """Read the sources of a prompt again after an edit; return whether they are used now.

        They are not if the edit broke the card.

        Raises:
            ProjectError: they cannot be read.

        """
        part = self.part_of(item)
        sources = open_index(part.root, find_index(self.store.path, part.root), now_ms * 10**6)
        if sources.error_count and sources.load_card(item.card_ref) is None:
            return False
        part.sources = unite_sources(sources, self.store.aliases)
        # Of all projects: the limits are theirs in common.
        self.journal.limits.set_twins(self.items)
        return True

    def find_problem(self, path: str) -> str:
        """Return the first problem of a source file, with its location."""
        from cardwright.project.load import load  # noqa: PLC0415  (YAML, rarely needed)

        problems = [problem for problem in load(self.root)[1] if problem.span.path == path]
        return f"{problems[0].span}: {problems[0].message}" if problems else f"{path} has problems"

    def load_card(self, ref: str) -> Card | None:
        """Return a card by `pack:id`."""
        return self.sources.load_card(ref)

    def list_media(self, card: Card, kind: Kind) -> list[MediaFile]:
        """Return the media files of a card that exist."""
        return self.find_media(card, list_media(card, kind, Renderer()))

    def find_media(self, card: Card, paths: Iterable[str]) -> list[MediaFile]:
        """Return those media files of a card, by their paths as written, that exist."""
        from cardwright.project.media import MediaLibrary  # noqa: PLC0415  (few cards have any)

        library = MediaLibrary(self.root)
        found = (library.find(card, written) for written in paths)
        return [file for file in found if file]

    def find_source_url(self, card: Card) -> str:
        """Return the address at which a reader can improve a card; "" if its deck names none."""
        from cardwright.project.source_url import make_source_url  # noqa: PLC0415  (for one key)

        return make_source_url(self.sources.decks, card)

    def find_kind(self, name: str) -> Kind:
        """Return a kind by its name."""
        return self.sources.kinds[name]

    def find_item(self, ref: str) -> Item:
        """Return the prompt `pack:id/side`; pack and side may be left out if that is unambiguous.

        Raises:
            ProjectError: there is none, or several match.

        """
        found = self.find_items(ref)
        if len(found) > 1:
            raise ProjectError(
                f"`{ref}` has several prompts: {list_names([item.ref for item in found])}"
            )
        return found[0]

    def find_items(self, ref: str) -> list[Item]:
        """Return the prompt `pack:id/side`, or all prompts of the card `pack:id`.

        The pack may be left out if that is unambiguous.

        Raises:
            ProjectError: there is none, or several packs have such a card.

        """
        card, _, side = ref.partition("/")
        key = self.store.aliases.unite_key(card)
        named = [
            item
            for item in self.items
            if card in {item.card_ref, item.card_ref.partition(":")[2]}
            or key == item.key.partition("/")[0]
        ]
        named = [item for item in named if item.card_ref == card] or named
        cards = list(dict.fromkeys(item.card_ref for item in named))
        if not cards:
            known = (item.card_ref.partition(":")[2] for item in self.items)
            hint = suggest_close(card.rpartition(":")[2], known)
            raise ProjectError(f"there is no card or prompt `{ref}`{f'; {hint}' if hint else ''}")
        if len(cards) > 1:
            raise ProjectError(f"several packs have `{card}`: {list_names(cards)}")
        found = [item for item in named if side in {"", item.side_name}]
        if not found:
            sides = list_names([item.side_name for item in named])
            raise ProjectError(f"{cards[0]} has no prompt `{side}` (prompts: {sides})")
        return found

    def resolve_prompts(self, ref: str) -> list[tuple[str, str]]:
        """Return the ref and key of a prompt, or of all prompts of a card.

        A prompt of a card that is no longer in the sources is found by its key.

        Raises:
            ProjectError: there is none, or several packs have such a card.

        """
        pack, _, rest = ref.partition(":")
        keys = dict.fromkeys(
            self.store.aliases.unite_key(key)
            for key in (f"{self.sources.namespace_of(pack)}:{rest}", ref)
        )
        for item in self.items:
            if ref == item.ref or item.key in keys:
                return [(item.ref, item.key)]
        for key in keys:
            if next(self.store.list_reviews(key, with_undone=True), None) is not None:
                return [(ref, key)]
        return [(item.ref, item.key) for item in self.find_items(ref)]

    def make_queue(
        self, choice: Choice, memories: Mapping[str, Memory]
    ) -> tuple[Queue, Sequence[ExamDay]]:
        """Return today's queue for the chosen prompts.

        With an exam set, it is arranged for it; the second value is that `ExamDay`, or one for each
        project.

        Raises:
            ProjectError: there are none.

        """
        items = choice.choose_among(self.choose(choice), memories)
        arrange, exam_days = (None, ()) if choice.needs_history else self._arrange(items, None)
        queue = Queue(
            Prospects(Items(items), memories),
            self.journal.limits,
            _include_leeches(SessionOptions(), choice),
            self.moment,
            self.today,
            arrange=arrange,
            measure=self.journal.measure_loss,
        )
        return queue, exam_days

    def list_mocks(self, blueprint: Blueprint, *kinds: str) -> list[Mock]:
        """Return the mock exams (`mock`) or drills (`drill`) of an exam, in order of time."""
        from cardwright.exam import mock  # noqa: PLC0415  (most sessions have no exam)

        namespace = self.sources.namespace_of(blueprint.pack)
        return mock.list_mocks(self.store, namespace, blueprint.pack, *kinds)

    def find_interrupted(self, blueprint: Blueprint, kind: str) -> Mock | None:
        """Return the last mock exam (`mock`) or drill (`drill`) of an exam if it is unfinished."""
        from cardwright.exam import mock  # noqa: PLC0415  (as above)

        namespace = self.sources.namespace_of(blueprint.pack)
        return mock.find_interrupted(self.store, namespace, blueprint.pack, kind)

    def list_misses(self, blueprint: Blueprint) -> list[Miss]:
        """Return all misses of an exam, in order of time."""
        from cardwright.exam import misses  # noqa: PLC0415  (as above)

        namespace = self.sources.namespace_of(blueprint.pack)
        return misses.list_misses(self.store, namespace, blueprint.pack)

    def find_exam_day(self, items: Iterable[Item], minutes: float | None = None) -> ExamDay | None:
        """Return today's session for the exam that is set for some of the prompts, if any."""
        if not any(name == GOAL for _, name in self.store.settings.read()):
            return None
        from cardwright.app.preparation import find_exam_day  # noqa: PLC0415  (most have no exam)

        return find_exam_day(self.journal, self.sources, self.moment, items, minutes)

    def prepare(self, packs: Sequence[str] = ()) -> Preparation:
        """Return the preparation for the exam of a pack, or for the only exam that is set.

        Raises:
            ProjectError: there is no such pack, no exam is set, or several are and none is named.

        """
        from cardwright.app.preparation import prepare  # noqa: PLC0415  (as above)

        return prepare(self.journal, self.sources, self.moment, packs)

    def start_session(
        self,
        choice: Choice | None = None,
        options: SessionOptions | None = None,
        *,
        name: str,
        minutes: float | None = None,
    ) -> tuple[Session, Sequence[ExamDay]]:
        """Start a session over the chosen prompts; `name` identifies it on the store.

        With an exam set, prompts that help most on exam day come first, within `minutes` or the
        rest of the day's minutes; the second value is that `ExamDay`, or one for each project.

        Raises:
            StoreError: the store cannot be read or written.
            ProjectError: nothing is chosen.

        """
        choice = choice or Choice()
        options = _include_leeches(options or SessionOptions(), choice)
        items = self.choose(choice)
        if choice.needs_history:
            choice.choose_among(items, self.read_memories())
        by_exam = options.follows_options and not choice.needs_history
        arrange, exam_days = self._arrange(items, minutes) if by_exam else (None, ())
        session = Session(
            self.journal,
            items,
            self.moment,
            name=name,
            options=options,
            selects=choice.matches_history if choice.needs_history else None,
            arrange=arrange,
        )
        return session, exam_days

    def _arrange(
        self, items: Sequence[Item], minutes: float | None
    ) -> tuple[Arrange | None, Sequence[ExamDay]]:
        """Return what puts the prompts for exams first, and today's sessions for these exams."""
        exam_day = self.find_exam_day(items, minutes)
        return (exam_day.arrange, (exam_day,)) if exam_day else (None, ())


def find_worth(exam_days: Iterable[ExamDay], item: Item) -> Worth | None:
    """Return the worth of asking a prompt today, if one of the exams plans it."""
    return next(filter(None, (exam_day.preparation.measure(item) for exam_day in exam_days)), None)


def _include_leeches(options: SessionOptions, choice: Choice) -> SessionOptions:
    """Ask suspended prompts too if leeches are chosen: most of them are suspended."""
    return replace(options, with_suspended=True) if choice.is_leech else options


def open_sources(store: Store, root: Path, moment: Moment) -> Sources:
    """Return the sources of the project at `root`, from its index beside the store.

    Raises:
        ProjectError: they cannot be read.

    """
    return open_index(root, find_index(store.path, root), moment.at_ms * 10**6)


def unite_sources(sources: Sources, aliases: Aliases) -> Sources:
    """Return sources whose prompts have the keys of their memories."""
    if not any(deck.namespace in aliases.histories for deck in sources.decks.values()):
        return sources
    unite_key = aliases.unite_key
    return replace(
        sources,
        items=Items(Item(unite_key(item[0]), *item[1:]) for item in sources.items),
        decks={
            pack: replace(deck, namespace=aliases.unite(deck.namespace))
            for pack, deck in sources.decks.items()
        },
    )


def unite_study(
    store: Store,
    sources: Sources,
    moment: Moment,
    root: Path,
    decide: Decide | None = None,
    wanted: Mapping[str, bool] | None = None,
) -> Study:
    """Return the study of sources, with memories updated to their options.

    `decide` and `wanted` are those of `settle_histories`, which records nothing without `decide`.
    """
    notes = settle_open(store, sources, moment, decide, wanted)
    sources = unite_sources(sources, store.aliases)
    journal = make_journal(store, sources.decks, sources.items)
    return Study(store, journal, sources, moment, root, notes)


def settle_open(
    store: Store,
    sources: Sources,
    moment: Moment,
    decide: Decide | None = None,
    wanted: Mapping[str, bool] | None = None,
) -> Sequence[str]:
    """Settle histories if there is one that is not decided yet, which is rare."""
    if not any(
        (pack == deck.namespace or store.aliases.is_open(deck.namespace, pack))
        and not store.aliases.is_known(deck.namespace)
        and store.has_reviews(pack)
        for pack, deck in sources.decks.items()
    ):
        return []
    from cardwright.app.histories import settle_histories  # noqa: PLC0415  (as above)

    return settle_histories(store, sources, moment, decide, wanted)


def _decide_later(_claim: Claim) -> None:
    """Leave open what is not certain."""


@contextmanager
def open_study(
    folder: Path,
    store_path: Path,
    moment: Moment,
    decide: Decide | None = None,
    wanted: Mapping[str, bool] | None = None,
) -> Iterator[Study]:
    """Open a store and the project in or above a folder, with memories updated to its options.

    `decide` and `wanted` are those of `settle_histories`, which records nothing without `decide`.

    Raises:
        ProjectError: there is no project, it cannot be read, or `decide` raised it.
        StoreError: the store cannot be used.

    """
    root = find_project(folder)
    with open_store(store_path, today=moment.local.date().isoformat()) as store:
        with gc_paused():
            sources = open_sources(store, root, moment)
            namespaces = [deck.namespace for deck in sources.decks.values()]
            remember_project(store, root, namespaces)
            study = unite_study(store, sources, moment, root, decide, wanted)
        yield study


@contextmanager
def open_bare_study(store_path: Path, moment: Moment) -> Iterator[Study]:
    """Open a store without a project, for histories that belong to none.

    Raises:
        StoreError: the store cannot be used.

    """
    nothing = Sources(
        items=Items(),
        kinds={},
        decks={},
        blueprints={},
        error_count=0,
        load_card=lambda _: None,
        list_cards=tuple,
    )
    with open_store(store_path, today=moment.local.date().isoformat()) as store:
        yield Study(store, make_journal(store, {}), nothing, moment, Path())


@contextmanager
def open_journal(
    folder: Path, store_path: Path, moment: Moment
) -> Iterator[tuple[Journal, Callable[[], None]]]:
    """Open a store with the options of the project in or above a folder, if there is one.

    The second value is to be called once reviews were added: it continues the histories that are
    certainly those of the project's packs.

    Raises:
        StoreError: the store cannot be used.

    """
    try:
        find_project(folder)
    except ProjectError:
        with open_store(store_path, today=moment.local.date().isoformat()) as store:
            yield make_journal(store, {}), lambda: None
        return
    with open_study(folder, store_path, moment, _decide_later) as study:
        yield study.journal, study.settle


def describe_memory(ref: str, memory: Memory, schedule: Schedule, study_day: int) -> dict[str, Any]:
    """Return a memory as JSON for other programs."""
    is_new = memory.last_day is None
    return {
        "prompt": ref,
        "state": str(memory.state),
        "stability": None if is_new else memory.stability,
        "difficulty": None if is_new else memory.difficulty,
        "retrievability": None if is_new else schedule.retrievability(memory, study_day),
        "due_at": None if memory.due_at_ms is None else make_time(memory.due_at_ms).isoformat(),
        "due_on": None if memory.due_day is None else make_date(memory.due_day).isoformat(),
        "interval_days": memory.interval_days,
        "step": memory.step,
        "reps": memory.reps,
        "lapses": memory.lapses,
        "suspended": memory.is_suspended,
        "buried": memory.buried_day == study_day,
        "flagged": memory.is_flagged,
        "leech": memory.is_leech,
    }
