"""Building packs: their packages for trying out, and the records of what builds have shipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from cardwright.anki.diff import compare_with_ledger
from cardwright.anki.ledger import Ledger
from cardwright.anki.pack import PackContents
from cardwright.anki.package import write_package
from cardwright.anki.publish import Build, list_restyled, prepare_build
from cardwright.anki.record import Record, RecordError, find_record, read_record, write_record
from cardwright.app.project import Project
from cardwright.error import ProjectError
from cardwright.files import find_below, stream_file

WarnOf = Callable[[Path, str], None]
"""Tells the user what is wrong with a file, such as "is ignored"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltPackage:
    """The package of a build."""

    path: Path
    contents: PackContents
    build: Build
    unreleased: Counter[str]
    """How many notes differ from the last release, and in what way."""
    size: int = 0
    """In bytes, once it is written."""


def build_packs(
    project: Project,
    packs: Sequence[str],
    *,
    times_s: tuple[int, int],
    target: Path | None,
    warn_of: WarnOf,
    is_reserved: bool = False,
) -> Iterator[BuiltPackage]:
    """Build packs into a folder, or into that of the project; yield each package once it is written.

    With `is_reserved`, the packages are those of their reserved cards. Nothing is written unless all can
    be built. `times_s` are the time of the sources and the current one, in Unix seconds.

    Raises:
        ProjectError: a pack has no cards, or a link is in the way of its package.
        OSError: a package cannot be written.

    """
    made = [
        _build_pack(project, pack, times_s, target, warn_of, is_reserved=is_reserved)
        for pack in packs
    ]
    for package in made:
        # Before the package: what it ships must be known.
        _save_record(find_record(project.root, package.contents.deck.pack), package, warn_of)
        write = partial(write_package, package.contents, package.build.stamps)
        stream_file(package.path, write)
        yield replace(package, size=package.path.stat().st_size)


def load_record(project: Project, pack: str, warn_of: WarnOf) -> Record:
    """Return the record of a pack's builds; warn of a damaged one, and return an empty one."""
    path = find_record(project.root, pack)
    try:
        return read_record(path)
    except RecordError as error:
        warn_of(path, f"is ignored, since it cannot be read: {error}")
        return Record()


def _build_pack(
    project: Project,
    pack: str,
    times_s: tuple[int, int],
    target: Path | None,
    warn_of: WarnOf,
    *,
    is_reserved: bool,
) -> BuiltPackage:
    contents = project.describe_pack(pack, is_reserved=is_reserved)
    if not contents.packed:
        what = "reserved cards" if is_reserved else "cards"
        raise ProjectError(f"the deck of `{pack}` selects no {what}: Anki would import nothing")
    ledger = project.ledgers[pack]
    name = f"{pack}.reserved.apkg" if is_reserved else f"{pack}.apkg"
    path = target / name if target else find_below(project.root, f"build/{name}")
    record = load_record(project, pack, warn_of)
    built_s, now_s = times_s
    build = prepare_build(contents, ledger, record, built_s=built_s, now_s=now_s)
    return BuiltPackage(
        path=path,
        contents=contents,
        build=build,
        unreleased=Counter() if is_reserved else _count_unreleased(contents, ledger, build),
    )


def _count_unreleased(contents: PackContents, ledger: Ledger, build: Build) -> Counter[str]:
    if not ledger.notes:
        return Counter(added=len(contents.packed))
    counts = Counter(change.what for change in compare_with_ledger(ledger, contents))
    more = {
        "reverted": build.reverted,
        "restyled": len(list_restyled(ledger, contents.note_types)),
    }
    counts.update({what: number for what, number in more.items() if number})
    return counts


def _save_record(path: Path, package: BuiltPackage, warn_of: WarnOf) -> None:
    try:
        write_record(path, package.build.record)
    except OSError as error:
        warn_of(path, f"cannot be written: {error.strerror}")
    except ProjectError as error:
        warn_of(path, f"cannot be written: {error}")
