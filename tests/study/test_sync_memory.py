"""A sync that skips what the last one left nothing new in does what one does that reads everything."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tampering
from cardwright.history import Act, Rating
from cardwright.study.journal import Journal
from cardwright.study.sync import Synced, sync_folder
from studying import (
    MACHINES,
    MORNING,
    PROMPTS,
    MakeJournal,
    close_stores,
    later,
    open_journal,
    read_log,
    record,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three machines that have shared some of what they did."""
    folder = tmp_path_factory.mktemp("made")
    for name, journal in tampering.make_folder(folder).items():
        journal.store.copy_to(folder / f"{name}-old.db")
    close_stores()
    return folder


class World:
    """Machines, and their sync folder with every version that its files ever had."""

    def __init__(self, folder: Path, *, is_forgetful: bool) -> None:
        self._folder = folder
        self._shared = folder / "shared"
        self._is_forgetful = is_forgetful
        self._journals = {name: self._open(name) for name in MACHINES}
        self._day = 20
        self._versions: list[bytes] = [b""]

    def _open(self, name: str) -> Journal:
        return open_journal(self._folder / f"{name}.db", machine=name)

    def look(self) -> tuple[dict[str, bytes], list[object]]:
        """Return all that a sync may change."""
        files = {path.name: path.read_bytes() for path in sorted(self._shared.iterdir())}
        return files, [read_log(journal) for journal in self._journals.values()]

    def sync(self, machine: str) -> Synced:
        """Sync a machine, which reads everything again if it is forgetful."""
        journal = self._journals[machine]
        if self._is_forgetful:
            journal.store.settings.remember_synced(None)
        return sync_folder(journal, self._shared)

    def answer(self, machine: str) -> None:
        """Record an answer that promises an interval."""
        self._day += 1
        moment = later(MORNING, self._day)
        record(self._journals[machine], PROMPTS[0], Act.ANSWER, moment, Rating.EASY)

    def lessen(self, machine: str) -> None:
        """Import a review with a smaller promise."""
        journal = self._journals[machine]
        *_, last = (review for review in read_log(journal) if review.interval_days)
        journal.merge([replace(last, interval_days=max(1, (last.interval_days or 0) - 1))])

    def restore(self, machine: str) -> None:
        """Go back to an older store."""
        self._journals[machine].store.close()
        shutil.copy(self._folder / f"{machine}-old.db", self._folder / f"{machine}.db")
        self._journals[machine] = self._open(machine)

    def change(self, machine: str, way: str, dice: Random) -> None:
        """Do to a file what sync programs, disks and people do; its time may stay the same."""
        path = self._shared / f"{self._journals[machine].store.device}.jsonl"
        if path.exists():
            self._versions.append(path.read_bytes())
        info = path.stat() if path.exists() else None
        match way:
            case "replace":
                path.write_bytes(dice.choice(self._versions))
            case "tamper" if info:
                path.write_bytes(tampering.tamper(path.read_bytes(), dice))
            case "copy" if info:
                shutil.copy2(path, path.with_name(f"{path.stem} (1).jsonl"))
            case "rename" if info:
                path.rename(path.with_stem("zz"))
            case "empty":
                for other in self._shared.iterdir():
                    other.unlink()
        if info and path.exists() and dice.random() < 0.8:
            os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


STEPS = st.one_of(
    st.tuples(st.just("sync"), st.sampled_from(MACHINES)),
    st.tuples(st.just("sync"), st.sampled_from(MACHINES)),
    st.tuples(st.sampled_from(["answer", "lessen", "restore"]), st.sampled_from(MACHINES)),
    st.tuples(
        st.sampled_from(["replace", "replace", "tamper", "copy", "rename", "empty"]),
        st.sampled_from(MACHINES),
        st.integers(0, 2**32),
    ),
)


@settings(max_examples=12)
@given(steps=st.lists(STEPS, min_size=4, max_size=12))
@example(steps=[("sync", "laptop"), ("answer", "laptop"), ("sync", "laptop")])
@example(steps=[("sync", "laptop"), ("lessen", "laptop"), ("sync", "laptop")])
@example(steps=[("sync", "laptop"), ("restore", "laptop"), ("sync", "laptop")])
@example(steps=[("sync", "desktop"), ("lessen", "desktop"), ("sync", "desktop")])
def test_what_is_remembered_changes_no_result(
    made: Path, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("worlds")
    worlds = []
    for number in range(2):
        shutil.copytree(made, folder / str(number))
        worlds.append(World(folder / str(number), is_forgetful=number == 1))
    for what, machine, *seed in [*steps, ("sync", MACHINES[0]), ("sync", MACHINES[0])]:
        done = []
        for number, world in enumerate(worlds):
            if seed:
                world.change(machine, what, Random(seed[0]))
            elif found := getattr(world, what)(machine):
                problems = [
                    problem.replace(str(folder / str(number)), "") for problem in found.problems
                ]
                notes = [note.replace(str(folder / str(number)), "") for note in found.notes]
                done.append(found._replace(problems=problems, notes=notes))
        assert all(one == other for one, other in pairwise(done))
        assert worlds[0].look() == worlds[1].look()
    close_stores()
    shutil.rmtree(folder)


def test_reviews_are_not_read_if_nothing_is_new(make: MakeJournal, tmp_path: Path) -> None:
    here, there = make("laptop"), make("desktop")
    for journal in (here, there, here, there):
        record(journal, PROMPTS[0], Act.ANSWER, MORNING, Rating.GOOD)
        sync_folder(journal, tmp_path)
    sync_folder(here, tmp_path)
    asked: list[str] = []
    here.store._db.set_trace_callback(asked.append)

    assert sync_folder(here, tmp_path).has_nothing_new

    assert not [sql for sql in asked if sql.endswith("from reviews")]
    record(here, PROMPTS[0], Act.ANSWER, MORNING, Rating.GOOD)
    assert sync_folder(here, tmp_path).given == 1
    assert [sql for sql in asked if sql.endswith("from reviews")]
