"""`cards build`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import click

from cardwright.anki.diff import compare_with_ledger, format_counts
from cardwright.anki.ledger import Ledger
from cardwright.anki.pack import PackContents
from cardwright.anki.package import write_package
from cardwright.anki.publish import Build, count_restyled, prepare_build
from cardwright.anki.record import (
    Record,
    RecordError,
    find_record,
    format_record,
    read_record,
)
from cardwright.app.project import count_problems, describe_adopted, open_project
from cardwright.cli.build_time import find_build_time_s
from cardwright.cli.lock import hold_project
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import json_option
from cardwright.cli.paths import OutputFolder
from cardwright.error import ProjectError
from cardwright.files import find_below, write_file
from cardwright.project.walk import find_project
from cardwright.text import count


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A package, ready to be written."""

    path: Path
    record_path: Path
    contents: PackContents
    build: Build
    data: bytes
    unreleased: Counter[str]
    """What differs from the last release."""


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@click.option(
    "--to",
    "target",
    type=OutputFolder(),
    help="Write the packages to this folder (default: build/ in the project).",
)
@json_option
@click.pass_obj
def build(folder: Path, packs: tuple[str, ...], target: Path | None, as_json: bool) -> None:
    """Build the Anki packages, to try them out.

    Builds all packs, or only those you name. To publish a pack, use `cards release`.

    \b
    cards build
    cards build mlpro --to ~/Downloads
    """
    with hold_project(find_project(folder)):
        _build(folder, packs, target, as_json=as_json)


def _build(folder: Path, packs: tuple[str, ...], target: Path | None, *, as_json: bool) -> None:
    project = open_project(folder)
    chosen = project.choose_packs(packs)
    project.refuse_errors()
    build_s = find_build_time_s(project.root)
    made = []
    for pack in chosen:
        contents = project.describe_pack(pack)
        if not contents.packed:
            raise ProjectError(f"the deck of `{pack}` selects no cards: Anki would import nothing")
        ledger = project.ledgers[pack]
        name = f"{pack}.apkg"
        record_path = find_record(project.root, pack)
        prepared = prepare_build(contents, ledger, load_record(record_path), built_s=build_s)
        made.append(
            _Made(
                path=target / name if target else find_below(project.root, f"build/{name}"),
                record_path=record_path,
                contents=contents,
                build=prepared,
                data=write_package(contents, prepared.ledger),
                unreleased=_count_unreleased(contents, ledger, prepared),
            )
        )
    for one in made:
        # Before the package: what it ships must be known.
        _save_record(one.record_path, one.build.record)
        write_file(one.path, one.data)
        if not as_json:
            _tell(one)
    if as_json:
        say_json([_describe(one) for one in made])
        return
    used = {card.kind for card in project.collection.cards if card.pack in chosen}
    for kind in project.adopted:
        if kind.name in used:
            warn(describe_adopted(kind))
    if project.problems:
        warn(f"{count_problems(project.problems)}: see `cards check`")


def _count_unreleased(contents: PackContents, ledger: Ledger, build: Build) -> Counter[str]:
    if not ledger.notes:
        return Counter(added=len(contents.packed))
    counts = Counter(change.what for change in compare_with_ledger(ledger, contents))
    more = {
        "reverted": build.reverted,
        "restyled": count_restyled(ledger, contents.note_types),
    }
    counts.update({what: number for what, number in more.items() if number})
    return counts


def _tell(made: _Made) -> None:
    contents = made.contents
    pack, version = contents.deck.pack, made.build.ledger.version
    notes, cards = count(len(contents.packed), "note"), count(contents.card_count, "card")
    say(f"{_shorten(made.path)}: {notes}, {cards}")
    publish = f"this package is for trying out, `cards release {pack}` publishes"
    if not version:
        warn(f"{pack} is not released yet: {publish}")
    elif made.unreleased:
        counts = {
            "kinds restyled" if what == "restyled" else what: number
            for what, number in made.unreleased.items()
        }
        warn(f"{pack} has changed since {version}: {format_counts(counts)}; {publish}")


def _describe(made: _Made) -> dict[str, object]:
    return {
        "pack": made.contents.deck.pack,
        "path": str(made.path),
        "notes": len(made.contents.packed),
        "cards": made.contents.card_count,
        "bytes": len(made.data),
        "version": made.build.ledger.version or None,
        "unreleased": dict(made.unreleased),
    }


def load_record(path: Path) -> Record:
    """Return a record; if it is damaged, say so, and return an empty one."""
    try:
        return read_record(path)
    except RecordError as error:
        warn(f"warning: {_shorten(path)} is ignored, since it cannot be read: {error}")
        return Record()


def _save_record(path: Path, record: Record) -> None:
    try:
        # The folder may be a link to anywhere, a record that is one is replaced.
        find_below(path.parents[1], path.parent.name)
        if record.notes or record.note_types:
            write_file(path, format_record(record))
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        warn(f"warning: {_shorten(path)} cannot be written: {error.strerror}")
    except ProjectError as error:
        warn(f"warning: {_shorten(path)} cannot be written: {error}")


def _shorten(path: Path) -> str:
    """Return a path relative to the working folder, if it is inside it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
