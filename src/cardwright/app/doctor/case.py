"""What the doctor examines, with what several areas need to know."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from cardwright.app.doctor.finding import CommandLine
from cardwright.error import CardwrightError, ProjectError
from cardwright.history import Moment
from cardwright.project.index import open_index
from cardwright.project.names import find_index
from cardwright.project.sources import Sources
from cardwright.project.walk import find_project
from cardwright.study.backup import list_backups
from cardwright.study.error import StoreDamagedError, StoreError
from cardwright.study.journal import make_journal
from cardwright.study.rescue import Fault, check_store, rescue_reviews
from cardwright.study.snapshot import check_lock, open_snapshot, read_ids
from cardwright.study.store import Store
from cardwright.study.transfer import TransferError, read_files


class Copy(NamedTuple):
    """A backup of the store, or another copy of it."""

    path: Path
    ids: frozenset[str]
    """Of the reviews that are readable."""
    error: CardwrightError | None
    """Why it is not intact."""


@dataclass
class Case:
    """A user's store and project. Nothing in them is changed."""

    folder: Path
    """Where the command runs."""
    path: Path
    """The store's file, which need not exist."""
    moment: Moment
    commands: CommandLine
    sync_folder: Path | None = None
    """The sync folder that was named."""
    is_thorough: bool = False
    """Whether to check everything, however long it takes."""
    has_repository: Callable[[Path], bool] = lambda _: False
    """Tells whether git has versions of a folder."""
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._stack.close()

    @cached_property
    def is_missing(self) -> bool:
        """Whether there is no store yet; an empty file becomes one."""
        try:
            size = self.path.stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            # A link to itself, for example.
            return False
        return self.path.is_file() and not size and not self._log.exists()

    @property
    def _log(self) -> Path:
        return self.path.with_name(f"{self.path.name}-wal")

    @cached_property
    def obstacle(self) -> StoreError | None:
        """Why the store cannot be read now, although it may be intact."""
        if not self.is_missing:
            try:
                check_lock(self.path, is_writing=False)
            except StoreDamagedError:
                return None
            except StoreError as error:
                return error
        return None

    @property
    def is_readable(self) -> bool:
        """Whether there is a store that can be read, at least in part."""
        return not self.is_missing and self.obstacle is None

    @cached_property
    def faults(self) -> list[Fault]:
        """Everything that is damaged in the store, which must be readable."""
        return check_store(self.path)

    @cached_property
    def store(self) -> Store | None:
        """A copy of the store in memory; None if there is none, or it is damaged or locked."""
        try:
            if self.is_readable and not self.faults:
                store = self._stack.enter_context(open_snapshot(self.path))
                store.trust_reviews()
                make_journal(store, {})
                return store
        except StoreError:
            pass
        return None

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of the store's reviews, as far as they are readable."""
        if self.store is not None:
            return frozenset(self.store.list_ids())
        return read_copy(self.path).ids if self.is_readable else frozenset()

    @cached_property
    def sources(self) -> Sources | None:
        """The prompts of the project; None if there is none, or it cannot be read."""
        try:
            root = find_project(self.folder)
            index, now_ns = find_index(self.path, root), self.moment.at_ms * 10**6
            return open_index(root, index, now_ns, is_updated=False)
        except ProjectError:
            return None

    @cached_property
    def backups(self) -> list[Copy]:
        """The dated backups, newest first; all are checked as far as the newest good one."""
        found: list[Copy] = []
        for path in list_backups(self.path):
            has_good = any(copy.ids and not copy.error for copy in found)
            found.append(read_copy(path, is_checked=self.is_thorough or not has_good))
        return found

    @property
    def good_backup(self) -> Copy | None:
        """The newest backup that is intact and holds reviews."""
        return next((copy for copy in self.backups if copy.ids and not copy.error), None)


def read_copy(path: Path, *, is_checked: bool = True) -> Copy:
    """Read which reviews a database holds; see `read_ids`."""
    try:
        return Copy(path, read_ids(path, is_checked=is_checked), None)
    except StoreError as error:
        try:
            ids = frozenset(review.id for review in rescue_reviews(path).reviews)
        except StoreError:
            ids = frozenset()
        return Copy(path, ids, error)


def read_log(path: Path) -> Copy:
    """Read which reviews a file of JSON Lines holds."""
    ids: set[str] = set()
    try:
        ids.update(review.id for review in read_files([path]))
    except TransferError as error:
        return Copy(path, frozenset(ids), error)
    return Copy(path, frozenset(ids), None)
