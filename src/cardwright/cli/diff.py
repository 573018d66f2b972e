"""`cards diff`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from cardwright.anki.diff import (
    Change,
    compare_states,
    compare_with_ledger,
    format_counts,
    make_restyled,
    shorten_title,
)
from cardwright.anki.package_notes import open_package
from cardwright.anki.publish import list_restyled
from cardwright.app.choice import choose_packs
from cardwright.app.project import count_problems
from cardwright.changed_lines import compare_lines
from cardwright.cli.output import say, say_data, say_json_list, warn
from cardwright.cli.params import json_option
from cardwright.cli.paths import PAGE_START, OutputFile
from cardwright.cli.project import open_user_project
from cardwright.files import write_file
from cardwright.project.walk import find_project
from cardwright.text import count, escape_controls

_PACKAGES: Final = (".apkg", ".colpkg", ".anki2", ".anki21")
_MAX_SHOWN: Final = 200_000
"""Longer texts, in characters, are not compared line by line."""


@click.command()
@click.argument("what", nargs=-1, metavar="[PACK | OLD NEW]")
@click.option(
    "--since",
    metavar="OLD[..NEW]",
    help="Compare with a revision of git rather than with the last release.",
)
@click.option(
    "--html",
    "page",
    type=OutputFile(PAGE_START),
    help="Write a page that shows each card before and after, of two revisions or packages.",
)
@click.option("--markdown", "as_markdown", is_flag=True, help="Print a summary in Markdown.")
@json_option
@click.pass_obj
def diff(
    folder: Path,
    what: tuple[str, ...],
    since: str | None,
    page: Path | None,
    as_markdown: bool,
    as_json: bool,
) -> None:
    """Show what a release would change.

    With --since, shows what has changed since a revision, or between two. OLD...NEW compares NEW with
    the revision where it left OLD.

    With two packages, shows how they differ. Each can be any package that Anki exports (.apkg,
    .colpkg), a backup, or a collection.anki2.

    \b
    cards diff                        sources against the last release
    cards diff mlpro
    cards diff --since main           sources against a branch
    cards diff --since v1.0..v1.1 --html changes.html
    cards diff old.apkg new.apkg
    """
    if as_json and as_markdown:
        raise click.UsageError("--json and --markdown: choose one")
    is_packages = any(name.lower().endswith(_PACKAGES) for name in what)
    if is_packages and since is not None:
        raise click.UsageError("--since is about sources, not packages")
    if page is not None and not is_packages and since is None:
        raise click.UsageError("--html compares two revisions (--since) or two packages")
    with ExitStack() as stack:
        if is_packages:
            changes = _compare_packages(what, page, stack)
        elif since is not None:
            changes = _compare_revisions(folder, what, since, page, stack)
        else:
            changes = dict(_compare_with_ledgers(folder, what))
        if as_json:
            _print_json(changes)
        elif as_markdown:
            from cardwright.app.diff_markdown import summarise_changes  # noqa: PLC0415  (seldom needed)

            found = {pack: list(one) for pack, one in changes.items()}
            say_data([summarise_changes(found)])
        elif page is None:
            _print_changes(changes)


def _compare_packages(
    what: tuple[str, ...], page: Path | None, stack: ExitStack
) -> dict[str, Iterable[Change]]:
    try:
        old, new = map(Path, what)
    except ValueError:
        raise click.UsageError("name two packages: the older and the newer") from None
    # Both are read completely before anything is printed.
    before, after = (stack.enter_context(open_package(path)) for path in (old, new))
    if page is not None:
        from cardwright.web.diff import make_package_page  # noqa: PLC0415  (seldom needed)

        html, number = make_package_page(f"{old.name} → {new.name}", before, after)
        _write_page(page, html, number)
    return {"": compare_states(before, after)}


def _compare_revisions(
    folder: Path, packs: tuple[str, ...], since: str, page: Path | None, stack: ExitStack
) -> dict[str, Iterable[Change]]:
    from cardwright.app.diff import compare_projects, list_packs  # noqa: PLC0415  (seldom needed)
    from cardwright.cli.revision import open_revisions  # noqa: PLC0415  (as above)

    roots = open_revisions(find_project(folder), since, stack)
    before, after = (open_user_project(root) for root in roots)
    chosen = choose_packs(list_packs(before, after), packs)
    found = {pack: list(compare_projects(before, after, pack)) for pack in chosen}
    for project, which in ((before, "before"), (after, "after")):
        if project.errors:
            warn(
                f"{count_problems(project.problems)} {which}: cards with errors may be missing here"
            )
    if page is not None:
        from cardwright.web.diff import make_project_page  # noqa: PLC0415  (as above)

        title = f"Changes since {since.rstrip('.')}"
        changes = [one for some in found.values() for one in some]
        html = make_project_page(title, before, after, changes)
        _write_page(page, html, sum(one.change.what != "restyled" for one in changes))
    return {pack: [one.change for one in some] for pack, some in found.items()}


def _write_page(path: Path, html: str, number: int) -> None:
    write_file(path, html)
    warn(f"{path}: {count(number, 'changed card')}")


def _compare_with_ledgers(folder: Path, packs: tuple[str, ...]) -> dict[str, list[Change]]:
    project = open_user_project(folder)
    changes = {}
    for pack in project.choose_packs(packs):
        project.refuse_damaged_ledger(pack)
        contents = project.describe_pack(pack)
        ledger = project.ledgers[pack]
        is_incomplete = pack in project.collection.incomplete
        changes[pack] = [
            # A card that cannot be read has not vanished.
            *(
                change
                for change in compare_with_ledger(ledger, contents)
                if not (is_incomplete and change.what == "vanished")
            ),
            *map(make_restyled, list_restyled(ledger, contents.note_types)),
        ]
    if project.errors:
        warn(f"{count_problems(project.problems)}: see `cards check`")
    return changes


def _print_changes(changes: dict[str, Iterable[Change]]) -> None:
    for pack, found in changes.items():
        counted: Counter[str] = Counter()
        for change in found:
            counted[change.what] += 1
            if change.what != "rerendered":
                say("\n".join(_format_change(change)))
        if number := counted["rerendered"]:
            say(f"rerendered {count(number, 'card')}: their HTML changes, but not their texts")
        warn(f"{pack + ': ' if pack else ''}{format_counts(counted)}")


def _print_json(changes: dict[str, Iterable[Change]]) -> None:
    """Print one change at a time: all of them might not fit into memory."""
    say_json_list(
        {"pack": pack, **asdict(change)} for pack, found in changes.items() for change in found
    )


def _format_change(change: Change) -> Iterator[str]:
    was = f" (was {_make_short(change.was)})" if change.was else ""
    yield f"{change.what} {_make_short(change.id)}{was}: {_make_short(change.title)}"
    if change.decks:
        before, after = map(_make_line, change.decks)
        yield f"  deck: {before} → {after} (Anki leaves existing cards where they are)"
    for text in change.texts:
        yield f"  {_make_line(text.part)}:"
        if max(len(text.before), len(text.after)) > _MAX_SHOWN:
            yield f"    too long to show: {len(text.before):,} characters, now {len(text.after):,}"
            continue
        for line in compare_lines(text.before.splitlines(), text.after.splitlines()):
            yield f"    {_make_line(line)}"


def _make_short(text: str) -> str:
    return _make_line(shorten_title(text))


def _make_line(text: str) -> str:
    return escape_controls(text).replace("\n", " ")
