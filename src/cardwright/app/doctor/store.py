"""The review store: can it be read and written, and does it hold what it should."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from cardwright.app.doctor.case import Case, Copy, read_copy, read_log
from cardwright.app.doctor.finding import (
    Finding,
    Report,
    Severity,
    explain,
    list_moves,
    list_removals,
)
from cardwright.app.doctor.rescue import STORE_ENDING
from cardwright.app.garbage import gc_paused
from cardwright.app.study import unite_study
from cardwright.files import find_free
from cardwright.history import MS_PER_HOUR, make_time
from cardwright.study.error import StoreBusyError, StoreDamagedError, StoreError
from cardwright.study.journal import Journal, make_journal
from cardwright.study.opening import SIDE_FILES
from cardwright.study.rescue import Fault, rescue_reviews
from cardwright.study.snapshot import check_lock, is_outdated
from cardwright.study.store import Store
from cardwright.text import count, format_command

_MIN_FREE_BYTES: Final = 50_000_000
_MAX_REPLAYED: Final = 10_000
"""More reviews than this are replayed only if asked for: it takes a second for 40,000."""
_OF_INDEX: Final = re.compile(
    r"(?:row \S+ missing from|wrong # of entries in|non-unique entry in) index "
)
_STRAY: Final = re.compile(r"conflict|copy|-damaged|-rescued|\(\d+\)", re.IGNORECASE)
"""In the names that programs give to a second version of a file."""
_TEMPORARY: Final = re.compile(
    r"\..+\.(?:\d+|[a-z0-9_]{8})(?:-wal|-shm|-journal|\.cardwright-tmp)?"
)


def examine_store(case: Case, report: Report) -> None:
    """Report on the store itself."""
    if case.is_missing:
        _examine_missing(case, report)
        return
    report.summary = str(case.path)
    if case.obstacle is not None:
        report.findings.append(_explain_unusable(case, case.obstacle))
        report.findings += _check_strays(case)
        return
    report.findings += _check_room(case)
    report.findings += _check_damage(case)
    # What cannot be used cannot be written either.
    report.findings += [found for found in _check_writing(case) if found not in report.findings]
    if case.store is not None:
        report.findings += _check_clock(case, case.store)
        report.findings += _check_place(case)
        report.summary += f": {_describe(case.store)}"
        if report.severity != "error":
            _check_memories(case, case.store, report)
    report.findings += _check_strays(case)
    report.findings += _check_leftovers(case)


def _examine_missing(case: Case, report: Report) -> None:
    what = "empty" if case.path.exists() else "does not exist yet"
    report.summary = f"{case.path}: {what}: `cards review` makes it"
    backup = case.good_backup
    if case.path.is_symlink():
        report.summary = f"{case.path}: missing"
        report.findings.append(
            Finding(
                code="store-missing",
                severity="error",
                message=f"the review store is a link to {os.path.realpath(case.path)}, where no file is",
                harm=f"`cards review` cannot save answers; {_describe_backup(backup)}",
                help="see whether its drive is connected, and its folder is there; if it is gone for good, "
                "delete the link, then run `cards doctor` again",
                path=case.path,
            )
        )
    elif backup is not None:
        report.summary = f"{case.path}: missing"
        report.findings.append(
            Finding(
                code="store-missing",
                severity="error",
                message="the review store is gone, but there are backups of it",
                harm=f"the newest good backup holds {count(len(backup.ids), 'review')}",
                help="restore it, unless the store was moved: then name its new place with --db",
                commands=(case.commands.on_store("backup", "--restore", backup.path),),
                path=case.path,
            )
        )
    report.findings += _check_strays(case)
    folder = next(folder for folder in case.path.absolute().parents if folder.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        report.findings.append(
            Finding(
                code="store-unwritable",
                severity="error",
                message=f"the review store cannot be created: {folder} is not a folder that you may write to",
                harm="`cards review` cannot save answers",
                help="change its permissions, or name another file with --db or CARDS_DB",
                path=folder,
            )
        )


def _describe(store: Store) -> str:
    text = count(store.count_reviews(), "review")
    last_id = store.last_id()
    return f"{text}, the last on {make_time(int(last_id[:12], 16)).date()}" if last_id else text


def _explain_unusable(case: Case, error: StoreError) -> Finding:
    """Return what the error means that opening the store raised."""
    harm = "nothing was changed"
    code = "store-locked" if isinstance(error, StoreBusyError) else "store-unusable"
    # Neither another program's file nor a device is to be moved away.
    odd = [
        (file, aside)
        for file, aside in _list_moves_aside(case)
        if file.is_symlink()
        or not (file.is_file() or file.is_char_device() or file.is_block_device())
    ]
    return explain(code, error, harm=harm, path=case.path, commands=list_moves(odd))


def _check_damage(case: Case) -> Iterator[Finding]:
    """Report what is damaged in the file, worst first."""
    try:
        faults = case.faults
    except StoreDamagedError as error:
        yield _explain_damage(case, [Fault("", "", error.message)])
        return
    except StoreError as error:
        yield _explain_unusable(case, error)
        return
    if faults and all(map(_is_of_index, faults)):
        yield Finding(
            code="indexes-damaged",
            severity="error",
            message="the indexes in the store disagree with its tables",
            harm="no review is lost, but some are not found when they are looked up",
            help="make the indexes again from the tables",
            commands=(case.commands.on_store("doctor", "--rebuild"),),
            path=case.path,
            details=_list_faults(faults),
        )
    elif faults and all(_is_of_index(fault) or _is_of_memories(fault) for fault in faults):
        yield Finding(
            code="memories-damaged",
            severity="error",
            message="some memories in the store cannot be read",
            harm="no review is lost: memories are computed from the reviews",
            help="compute them again",
            commands=(case.commands.on_store("doctor", "--rebuild"),),
            path=case.path,
            details=_list_faults(faults),
        )
    elif faults:
        yield _explain_damage(case, faults)


def _list_faults(faults: Iterable[Fault]) -> tuple[str, ...]:
    """Return each fault once: first rows, then what SQLite says of whole tables."""
    return tuple(dict.fromkeys(map(str, sorted(faults, key=lambda fault: not fault.row))))


def _is_of_index(fault: Fault) -> bool:
    return not fault.table and _OF_INDEX.match(fault.reason) is not None


def _is_of_memories(fault: Fault) -> bool:
    where = fault.table or fault.reason
    return "memories" in where or "expectations" in where


def _explain_unreadable(case: Case, error: StoreError) -> Finding:
    """Return the finding on a file of which nothing is readable."""
    backup = case.good_backup
    return Finding(
        code="store-unreadable",
        severity="error",
        message=error.message,
        harm=f"nothing in it is readable; {_describe_backup(backup)}",
        help=(
            "restore that backup: the damaged file is kept under another name"
            if backup
            else "look for a copy elsewhere, such as a sync folder; a new store begins when you "
            "move this file away"
        ),
        commands=(
            (case.commands.on_store("backup", "--restore", backup.path),)
            if backup
            else list_moves(_list_moves_aside(case))
        ),
        path=case.path,
    )


def _explain_damage(case: Case, faults: list[Fault]) -> Finding:
    """Return the finding on a store that can be rescued in part or completely."""
    try:
        saved = rescue_reviews(case.path)
    except StoreError as error:
        return _explain_unreadable(case, error)
    lost = len(saved.unreadable)
    rescued = _name_rescued(case, STORE_ENDING)
    return Finding(
        code="store-damaged",
        severity="error",
        message="the store is damaged",
        harm=(
            f"{count(len(saved.reviews), 'review')} can be saved"
            + (f", {count(lost, 'row')} cannot" if lost else "; none is lost")
            + f"; {_describe_backup(case.good_backup)}"
        ),
        help="write what is readable to a new store, and put that in place of the damaged one, "
        "which is kept; then run `cards doctor` again, as a backup may have the rest",
        commands=(
            case.commands.on_store("doctor", "--rescue", rescued),
            case.commands.on_store("backup", "--restore", rescued),
        ),
        path=case.path,
        details=_list_faults(faults),
    )


def _list_moves_aside(case: Case) -> Iterator[tuple[Path, Path]]:
    """Yield the files of the store, each with a new name."""
    aside = find_free(
        case.path.with_name(f"{case.path.stem}-damaged-{case.moment.local:%Y-%m-%d}.db")
    )
    for suffix in ("", *SIDE_FILES):
        file = case.path.with_name(f"{case.path.name}{suffix}")
        if os.path.lexists(file):
            yield file, aside.with_name(f"{aside.name}{suffix}")


def _describe_backup(backup: Copy | None) -> str:
    if backup is None:
        return "there is no good backup"
    return f"the newest good backup has {count(len(backup.ids), 'review')}"


def _name_rescued(case: Case, suffix: str) -> Path:
    """Return the path of a new file beside the store for what is rescued."""
    name = f"{case.path.stem}-rescued-{case.moment.local:%Y-%m-%d}{suffix}"
    return find_free(case.path.with_name(name))


def _check_writing(case: Case) -> Iterator[Finding]:
    try:
        check_lock(case.path, is_writing=True)
        if is_outdated(case.path):
            yield Finding(
                code="store-outdated",
                severity="note",
                message="an older version of Cardwright wrote this store",
                help="it is backed up and upgraded when it is next used",
                path=case.path,
            )
    except StoreDamagedError:
        return
    except StoreError as error:
        yield _explain_unusable(case, error)


def _check_room(case: Case) -> Iterator[Finding]:
    free = shutil.disk_usage(case.path.absolute().parent).free
    needed = max(_MIN_FREE_BYTES, 3 * case.path.stat().st_size)
    if free < needed:
        yield Finding(
            code="disk-full",
            severity="warning",
            message=f"the store's disk has only {free / 1e6:,.0f} MB left",
            harm="everything recorded so far is safe, but soon answers and backups will not be",
            help=f"free {(needed - free) / 1e6:,.0f} MB or more",
            path=case.path.parent,
        )


def _check_clock(case: Case, store: Store) -> Iterator[Finding]:
    future_ms = case.moment.at_ms + MS_PER_HOUR
    ahead = list(store.list_reviews(since_ms=future_ms, with_undone=True))
    if not ahead:
        return
    last = max(review.moment.local for review in ahead)
    is_behind = any(review.id == store.last_id() for review in ahead)
    yield Finding(
        code="reviews-in-future",
        severity="warning" if is_behind else "note",
        message=(
            f"{count(len(ahead), 'review')} of the future, up to {last:%Y-%m-%d %H:%M}: "
            f"this machine's clock shows {case.moment.local:%Y-%m-%d %H:%M}"
        ),
        harm="nothing is lost: these prompts are asked as if they had been answered just before",
        help=(
            "set the clock if it is wrong; if it is right, it was once ahead, and your next answer "
            "settles this"
            if is_behind
            else "nothing needs to be done if the clock is right"
        ),
        path=case.path,
    )


def _check_place(case: Case) -> Iterator[Finding]:
    """Note a store in a folder that another program synchronises file by file."""
    for folder in case.path.absolute().parents:
        name = folder.name.casefold()
        is_synced = name.startswith(("dropbox", "onedrive", "google drive", "icloud")) or any(
            (folder / mark).exists() for mark in (".stfolder", ".dropbox")
        )
        if is_synced:
            yield Finding(
                code="store-in-synced-folder",
                severity="note",
                message=f"the store lies in {folder}, which another program synchronises",
                harm="if two machines study at once, one of their stores becomes a conflicted copy",
                help="keep the store outside, and share its reviews with `cards sync`",
                path=case.path,
            )
            return


def _check_memories(case: Case, store: Store, report: Report) -> None:
    number = store.count_reviews()
    if number > _MAX_REPLAYED and not case.is_thorough:
        report.summary += "; not replayed (--verify does)"
        return
    with gc_paused():
        different = _open_journal(case, store).find_differences()
    if not different:
        report.summary += ", memories match a replay"
        return
    report.findings.append(
        Finding(
            code="memories-differ",
            severity="error",
            message=f"{count(len(different), 'memory')} differ from a replay of their reviews",
            harm="no review is lost, but these prompts are asked at the wrong time",
            help="compute the memories again",
            commands=(case.commands.on_store("doctor", "--rebuild"),),
            path=case.path,
            details=tuple(different),
        )
    )


def _open_journal(case: Case, store: Store) -> Journal:
    """Return the journal as commands in this folder would open it."""
    if case.sources is None:
        return make_journal(store, {})
    return unite_study(store, case.sources, case.moment, case.folder).journal


def _check_strays(case: Case) -> Iterator[Finding]:
    """Report files beside the store that hold reviews which it lacks."""
    told: frozenset[str] = case.ids
    for copy in _list_strays(case):
        if copy.ids - told:
            told |= copy.ids
            yield make_copy_finding(case, copy, "a file beside the store has", severity="error")


def _list_strays(case: Case) -> list[Copy]:
    """Return what other programs, a rescue or a restored backup left beside the store."""
    folder, path = case.path.parent, case.path
    files = [
        file
        for file in sorted(folder.iterdir() if folder.is_dir() else ())
        if file.name.startswith(path.stem)
        and file.suffix in {path.suffix, ".jsonl"}
        and file != path
        and _STRAY.search(file.name.removeprefix(path.stem))
        and file.is_file()
    ]
    return [read_log(file) if file.suffix == ".jsonl" else read_copy(file) for file in files]


def make_copy_finding(case: Case, copy: Copy, message: str, *, severity: Severity) -> Finding:
    """Return a finding on a copy that holds reviews which the store lacks."""
    lacking = count(len(copy.ids - case.ids), "review")
    commands = [case.commands.on_store("import", copy.path)]
    if copy.error and copy.path.suffix != ".jsonl":
        rescued = _name_rescued(case, ".jsonl")
        commands = [
            format_command("cards", "doctor", "--rescue", rescued, "--db", copy.path),
            case.commands.on_store("import", rescued),
        ]
    return Finding(
        code="copy-has-more",
        severity=severity,
        message=f"{message} {lacking} that the store lacks",
        harm="these answers are not lost, but they do not count",
        help="import them; what the store has already is skipped",
        commands=tuple(commands),
        path=copy.path,
    )


def _check_leftovers(case: Case) -> Iterator[Finding]:
    folder = case.path.parent
    files = [*list_leftovers(folder, case), *list_leftovers(folder / "backups", case)]
    yield from report_leftovers(files)


def list_leftovers(folder: Path, case: Case) -> list[Path]:
    """Return the temporary files of commands that were killed, in a folder."""
    if not folder.is_dir():
        return []
    before_s = (case.moment.at_ms - MS_PER_HOUR) / 1000
    return sorted(
        file
        for file in folder.iterdir()
        if _TEMPORARY.fullmatch(file.name) and file.is_file() and file.stat().st_mtime < before_s
    )


def report_leftovers(files: list[Path]) -> Iterator[Finding]:
    """Note temporary files that may be deleted."""
    if files:
        size = sum(file.stat().st_size for file in files)
        yield Finding(
            code="leftover-files",
            severity="note",
            message=f"{count(len(files), 'temporary file')} of a killed command: {size / 1e6:.1f} MB",
            harm="nothing is lost",
            help="delete them",
            commands=list_removals(files),
            path=files[0].parent,
            details=tuple(map(str, files)),
        )
