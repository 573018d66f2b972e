"""The projects of this machine: the store remembers in which folder it has seen each namespace."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, overload

from cardwright.app.folders import read_folders, remember_project
from cardwright.app.garbage import gc_paused
from cardwright.app.study import Study, open_sources, settle_open, unite_sources
from cardwright.error import ProjectError
from cardwright.frozen import frozen
from cardwright.history import Moment, namespace_of
from cardwright.item import Item, Items
from cardwright.model import Card, Deck
from cardwright.project.sources import Sources
from cardwright.project.walk import find_project, is_project
from cardwright.study.journal import make_journal
from cardwright.study.queue import Arrange
from cardwright.study.store import Store, open_store
from cardwright.text import list_names

if TYPE_CHECKING:
    from cardwright.app.histories import Decide
    from cardwright.app.preparation import ExamDay
    from cardwright.foreign.media import MediaFile


@frozen
class KnownProject:
    """A folder in which the store has seen packs."""

    folder: Path
    namespaces: tuple[str, ...]
    """Those that it had, and that were seen in no other folder since."""
    others: tuple[str, ...] = ()
    """Those that were seen in another folder since, which is still there."""

    @property
    def name(self) -> str:
        """What it is called: the name of its folder."""
        return self.folder.name or str(self.folder)

    @property
    def is_there(self) -> bool:
        """Whether the folder is still a project."""
        return is_project(self.folder)


def list_projects(store: Store) -> list[KnownProject]:
    """Return the projects that a store knows, by name."""
    own: dict[str, list[str]] = {}
    others: dict[str, list[str]] = {}
    for namespace, folders in read_folders(store).items():
        there = [folder for folder in folders if is_project(Path(folder))]
        first = next(iter(there or folders), None)
        for folder in folders:
            (own if folder == first else others).setdefault(folder, []).append(namespace)
    found = [
        KnownProject(
            folder=Path(folder),
            namespaces=tuple(own.get(folder, ())),
            others=tuple(others.get(folder, ())),
        )
        for folder in {**own, **others}
    ]
    return sorted(found, key=lambda one: (one.name.casefold(), str(one.folder)))


def find_known(store: Store, name: str) -> KnownProject:
    """Return the project with a name, a namespace, or a folder.

    Raises:
        ProjectError: there is none, or several have this name.

    """
    known = list_projects(store)
    path = str(Path(name).absolute())
    found = [one for one in known if str(one.folder) in {name, path}] or [
        one for one in known if name in {one.name, *one.namespaces, *one.others}
    ]
    if not found:
        names = list_names([one.name for one in known], none="none")
        raise ProjectError(f"the store knows no project `{name}` (projects: {names})")
    if len(found) > 1:
        shown = list_names([f"\n  {one.folder}" for one in found], separator="")
        raise ProjectError(f"several projects are called `{name}`: name its folder{shown}")
    return found[0]


def forget_project(store: Store, project: KnownProject) -> None:
    """Forget a folder. Its reviews stay, and studying there makes it known again."""
    folder = str(project.folder)
    store.settings.remember_folders(
        {
            namespace: [other for other in folders if other != folder]
            for namespace, folders in read_folders(store).items()
        }
    )


def relink_project(store: Store, project: KnownProject, folder: Path, moment: Moment) -> Path:
    """Remember that a project is in another folder now, and return that project's folder.

    Raises:
        ProjectError: there is no project, or it has none of the packs of the one that is known.

    """
    root = find_project(folder)
    namespaces = {deck.namespace for deck in open_sources(store, root, moment).decks.values()}
    wanted = {*project.namespaces, *project.others}
    if not wanted & namespaces:
        raise ProjectError(
            f"{root} is another project: it has no pack with the namespace "
            f"{list_names(sorted(wanted), separator=' or ')}",
            help=f"`cards -C {root}` opens it, and the store then knows it as well",
        )
    if root != project.folder:
        forget_project(store, project)
    remember_project(store, root, namespaces)
    return root


class JointItems(Items):
    """The prompts of several projects, each found in the project that has its namespace."""

    def __init__(self, parts: Iterable[Items]) -> None:
        """Take the prompts of projects; of a namespace that several have, those of the first."""
        self._parts: list[Items] = []
        self._owners: dict[str, Items] = {}
        for part in parts:
            taken = part.namespaces & self._owners.keys()
            own = (
                Items(item for item in part if namespace_of(item.key) not in taken)
                if taken
                else part
            )
            self._parts.append(own)
            self._owners |= dict.fromkeys(own.namespaces, own)

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> list[Item]: ...
    def __getitem__(self, place: int | slice) -> Item | list[Item]:
        return self._all[place]

    def __iter__(self) -> Iterator[Item]:
        return chain.from_iterable(self._parts)

    @property
    def namespaces(self) -> frozenset[str]:
        """The namespaces of all keys."""
        return frozenset(self._owners)

    def find(self, key: str) -> Item | None:
        """Return the prompt with this key, if there is one."""
        part = self._owners.get(namespace_of(key))
        return part.find(key) if part is not None else None

    def list_others(self, known: Iterable[str]) -> Iterator[Item]:
        """Yield the prompts whose keys are not known, in order."""
        keys = sorted(known)
        for part in self._parts:
            own: list[str] = []
            for namespace in part.namespaces:
                # After the colon that ends a namespace comes the semicolon.
                start, end = (bisect_left(keys, f"{namespace}{sign}") for sign in ":;")
                own += keys[start:end]
            yield from part.list_others(own)

    def list_reserved(self) -> list[Item]:
        """Return the prompts of reserved cards, in order."""
        return [item for part in self._parts for item in part.list_reserved()]

    def list_twins(self) -> list[Item]:
        """Return the prompts of cards with twins, in order."""
        return [item for part in self._parts for item in part.list_twins()]

    def leave_out(self, keys: frozenset[str]) -> JointItems:
        """Return these prompts without those of some keys."""
        return JointItems(part.leave_out(keys) for part in self._parts)

    @cached_property
    def _all(self) -> list[Item]:
        return list(self)


@dataclass(slots=True)
class JointStudy(Study):
    """The study of several projects: every prompt under the options of its own."""

    parts: Sequence[Study] = ()
    owners: Mapping[str, Study] = field(default_factory=dict)
    """The study of the project that has each namespace."""

    @property
    def roots(self) -> list[Path]:
        """The folders of all its projects."""
        return [part.root for part in self.parts]

    @property
    def items(self) -> Items:
        """All prompts, project by project."""
        return JointItems(part.sources.items for part in self.parts)

    @property
    def error_count(self) -> int:
        """The number of errors in the sources."""
        return sum(part.error_count for part in self.parts)

    def part_of(self, item: Item) -> Study:
        """Return the study of the project that has a prompt."""
        return self.owners[namespace_of(item.key)]

    def find_media(self, card: Card, paths: Iterable[str]) -> list[MediaFile]:
        """Return those media files of a card, by their paths as written, that exist."""
        return self.owners[namespace_of(card.key)].find_media(card, paths)

    def find_source_url(self, card: Card) -> str:
        """Return the address at which a reader can improve a card; "" if its deck names none."""
        return self.owners[namespace_of(card.key)].find_source_url(card)

    def find_held(self) -> frozenset[str]:
        """Return the keys of the prompts that are held back for mock exams."""
        return frozenset().union(*(part.find_held() for part in self.parts))

    def _arrange(
        self, items: Sequence[Item], minutes: float | None
    ) -> tuple[Arrange | None, Sequence[ExamDay]]:
        """Return what puts the prompts for exams first, and each project's session for its exam."""
        found = (
            part.find_exam_day((item for item in items if self.part_of(item) is part), minutes)
            for part in self.parts
        )
        exam_days = [exam_day for exam_day in found if exam_day]
        return (join_exam_days(exam_days) if exam_days else None), exam_days


def join_exam_days(exam_days: Iterable[ExamDay]) -> Arrange:
    """Return what arranges the prompts of several exams, those of the next one first."""
    in_order = sorted(exam_days, key=lambda exam_day: exam_day.preparation.goal.exam_day)

    def arrange(items: list[Item]) -> tuple[list[Item], list[Item]]:
        asked: list[Item] = []
        left = items
        for exam_day in in_order:
            first, left = exam_day.arrange(left)
            asked += first
        return asked, left

    return arrange


@contextmanager
def open_joint_study(
    folder: Path, store_path: Path, moment: Moment, decide: Decide | None = None
) -> Iterator[JointStudy]:
    """Open a store and the projects it knows, the one in or above a folder among them.

    Its notes tell of those that cannot be opened. `decide` is that of `settle_histories`.

    Raises:
        StoreError: the store cannot be used.
        ProjectError: there is no project.

    """
    with open_store(store_path, today=moment.local.date().isoformat()) as store:
        with gc_paused():
            study = _join(store, *_list_roots(folder, store), moment, decide)
        yield study


def _list_roots(folder: Path, store: Store) -> tuple[list[Path], list[str]]:
    """Return the folders of the projects to open, the one that is used now first, and notes."""
    roots, notes = [], []
    with suppress(ProjectError):
        roots.append(find_project(folder))
    for project in list_projects(store):
        if project.is_there:
            roots.append(project.folder)
        else:
            notes.append(explain_missing(project))
    return list(dict.fromkeys(roots)), notes


def explain_missing(project: KnownProject) -> str:
    """Tell that a project is no longer where it was seen, and what to do."""
    return (
        f"{project.name} is no longer in {project.folder}: `cards projects relink {project.name} "
        f"FOLDER` tells where it is, `cards projects forget {project.name}` forgets it"
    )


def _join(
    store: Store, roots: Iterable[Path], notes: list[str], moment: Moment, decide: Decide | None
) -> JointStudy:
    opened: list[tuple[Path, Sources]] = []
    for root in roots:
        try:
            sources = open_sources(store, root, moment)
        except ProjectError as error:
            notes.append(f"{root} cannot be opened: {error}")
            continue
        namespaces = [deck.namespace for deck in sources.decks.values()]
        if not opened:
            remember_project(store, root, namespaces)
        notes += settle_open(store, sources, moment, decide)
        opened.append((root, sources))
    known = [(root, deck.namespace) for root, found in opened for deck in found.decks.values()]
    opened = [(root, unite_sources(sources, store.aliases)) for root, sources in opened]
    decks: dict[str, Deck] = {}
    for _, sources in opened:
        for deck in sources.decks.values():
            decks.setdefault(deck.namespace, deck)
    journal = make_journal(store, decks, JointItems(sources.items for _, sources in opened))
    parts = [Study(store, journal, sources, moment, root) for root, sources in opened]
    together = Sources(
        items=Items(),
        kinds={},
        decks=decks,
        blueprints={pack: plan for part in parts for pack, plan in part.sources.blueprints.items()},
        error_count=0,
        load_card=lambda _: None,
        list_cards=tuple,
    )
    owners = {
        namespace: part for part in reversed(parts) for namespace in part.sources.items.namespaces
    }
    # A card keeps its own namespace where its prompts continue another history.
    by_root = {part.root: part for part in parts}
    for root, namespace in known:
        owners.setdefault(namespace, by_root[root])
    return JointStudy(store, journal, together, moment, Path(), notes, parts, owners)
