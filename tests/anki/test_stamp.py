"""The modification times of packages, against a model of what Anki does with them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cardwright.anki.stamp import (
    Edition,
    Past,
    add_edition,
    drop_superseded,
    stamp_build,
    stamp_release,
)

HOUR = 3600
CONTENTS = st.sampled_from("AABBC")
READERS = st.sampled_from([{0, 1, 2}, {1}, {0, 2}])
WAITS_S = st.sampled_from([0, 1, HOUR, 24 * HOUR, 15 * 24 * HOUR])


@dataclass(frozen=True)
class Shipped:
    """A note in a package."""

    content: str
    mod_s: int
    at_s: int
    is_release: bool
    is_lost: bool = False
    """Whether the record of the build was lost before the next release."""


@dataclass
class Reader:
    """Somebody who imports the note; Anki keeps the time of whatever changed it last."""

    only_releases: bool
    is_old: bool
    """Whether their Anki stamps an updated note with the time of the import, as 24.11 does."""
    content: str = ""
    mod_s: int = 0
    newest: int = -1
    came_from: int = -1
    is_edited: bool = False
    imported: set[int] = field(default_factory=set)


class Stamps(RuleBasedStateMachine):
    """One note, its author and several readers."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1_700_000_000
        self.behind_s = 0
        self.content = "A"
        self.published: tuple[str, int] | None = None
        self.editions: tuple[Edition, ...] = ()
        self.packages: list[Shipped] = []
        self.readers: list[Reader] = []

    @initialize(old=st.booleans())
    def meet(self, *, old: bool) -> None:
        kinds = [(True, False), (False, False), (True, old)]
        self.readers = [Reader(only_releases=only, is_old=is_old) for only, is_old in kinds]

    @property
    def clock_s(self) -> int:
        return self.now_s - self.behind_s

    @property
    def past(self) -> Past:
        published_s = self.published[1] if self.published else None
        editions = drop_superseded(self.editions, published_s)
        same = [edition for edition in editions if edition.hash == self.content]
        return Past(
            published_s=published_s,
            is_published=self.published is not None and self.published[0] == self.content,
            editions=editions,
            same=same[0] if same else None,
        )

    def _write(self, content: str, wait_s: int) -> None:
        self.content = content
        self.now_s = min(self.now_s + wait_s, 1_700_000_000 + 400 * 24 * HOUR)

    @rule(behind_s=st.sampled_from([0, HOUR, 100 * 24 * HOUR]))
    def set_clock(self, behind_s: int) -> None:
        self.behind_s = behind_s

    @rule(content=CONTENTS, wait_s=WAITS_S)
    def build(self, content: str, wait_s: int) -> None:
        self._write(content, wait_s)
        past = self.past
        mod_s = stamp_build(past, self.clock_s)
        first_s = past.same.first_s if past.same else self.clock_s
        self.editions = add_edition(past, Edition(hash=self.content, first_s=first_s, mod_s=mod_s))
        self._ship(mod_s, is_release=False)
        # Building again gives the same, at any time.
        again = self.past
        assert stamp_build(again, self.clock_s + 999_999) == mod_s
        assert add_edition(again, Edition(hash=self.content, first_s=9, mod_s=mod_s)) == (
            self.editions
        )

    @rule(content=CONTENTS, wait_s=WAITS_S, is_clean=st.booleans())
    def release(self, content: str, wait_s: int, *, is_clean: bool) -> None:
        self._write(content, wait_s)
        past = self.past
        mod_s = stamp_release(past, self.clock_s)
        if past.published_s is not None:
            assert mod_s >= past.published_s
            if not past.is_published:
                # An old Anki stamps what it updates with the time of the import.
                assert mod_s >= (past.same.first_s if past.same else self.clock_s)
        self.published = (self.content, mod_s)
        if is_clean:
            self.editions = ()
        assert self.past.editions == ()
        self._ship(mod_s, is_release=True)
        assert stamp_build(self.past, self.clock_s + 999_999) == mod_s

    @precondition(lambda self: self.editions)
    @rule()
    def lose_record(self) -> None:
        self.editions = ()
        for number in reversed(range(len(self.packages))):
            if self.packages[number].is_release:
                break
            self.packages[number] = replace(self.packages[number], is_lost=True)

    def _ship(self, mod_s: int, *, is_release: bool) -> None:
        self.packages.append(Shipped(self.content, mod_s, self.clock_s, is_release))

    @precondition(lambda self: self.packages)
    @rule(numbers=READERS)
    def edit_note(self, numbers: set[int]) -> None:
        """Edit the note, hours after whatever happened last."""
        self.now_s += 2 * HOUR
        for reader in (self.readers[number] for number in numbers):
            if reader.content:
                reader.mod_s, reader.is_edited = self.now_s, True

    @precondition(lambda self: self.packages)
    @rule(number=st.integers(0, 2), back=st.integers(0, 3))
    def import_older(self, number: int, back: int) -> None:
        self._import(number, back)

    @precondition(lambda self: self.packages)
    @rule(numbers=READERS)
    def import_newest(self, numbers: set[int]) -> None:
        for number in numbers:
            self._import(number, 0)

    def _import(self, number: int, back: int) -> None:
        reader = self.readers[number]
        shelf = [n for n, p in enumerate(self.packages) if p.is_release or not reader.only_releases]
        if not shelf[-1 - back :]:
            return
        place = shelf[max(-1 - back, -len(shelf))]
        package = self.packages[place]
        before = replace(reader)
        is_new = not reader.content
        if is_new or package.mod_s > reader.mod_s:
            reader.content, reader.is_edited = package.content, False
            reader.mod_s = self.now_s if reader.is_old and not is_new else package.mod_s
            reader.came_from = place
        reader.imported.add(place)
        reader.newest = max(place, reader.newest)
        if any(self.packages[n].is_lost for n in reader.imported):
            return
        if not is_new:
            self._check(before, reader, place)

    def _check(self, before: Reader, after: Reader, place: int) -> None:
        package = self.packages[place]
        if place <= before.newest:
            assert before.is_old or (after.content, after.is_edited) == (
                before.content,
                before.is_edited,
            )
        elif not before.is_edited:
            assert after.content == package.content or before.is_old
        elif any(other.is_release for other in self.packages[:place]):
            between = self.packages[before.came_from + 1 : place]
            releases = [other for other in between if other.is_release]
            is_same = before.content == package.content
            if is_same and all(other.content == package.content for other in releases):
                assert after.is_edited
            elif not package.is_release and not releases:
                # A build to try out never overwrites an edit.
                assert after.is_edited
        elif all(other.content == package.content for other in self.packages[before.came_from :]):
            # Never released before, and not changed since.
            assert after.is_edited

    @invariant()
    def times_grow(self) -> None:
        times = [package.mod_s for package in self.packages if not package.is_lost]
        assert times == sorted(times)


TestStamps = Stamps.TestCase
TestStamps.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
