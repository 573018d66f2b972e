"""A release that is killed between any two writes, or beside another one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from killing import kill_at
from project_files import Run, Write

CARDS = """\
kind: basic
sources: [https://example.com/trees]
cards:
  - {id: oak, question: What is an oak?, answer: A tree with acorns.}
  - {id: elm, question: What is an elm?, answer: A tree with winged seeds.}
"""
CHANGED = CARDS.replace("acorns", "many acorns")
AGAIN = CHANGED.replace("winged", "flat")
WRITES = 4
"""Ledger, changelog, package, ledger."""
MINE = "# Mine\n\nHand-made.\n\n## 1.0.0 – then\n\nMy own words on the first one.\n\n"


def read_header(project: Path) -> dict[str, Any]:
    with (project / "decks/trees/ledger.jsonl").open(encoding="utf-8") as file:
        return dict(json.loads(next(file)))


def list_versions(project: Path) -> list[str]:
    text = (project / "decks/trees/CHANGELOG.md").read_text("utf-8")
    return re.findall(r"(?m)^## (\S+)", text)


@pytest.mark.parametrize(
    # What is left after a write is what is left before the next one.
    ("number", "is_done"),
    [*((number, False) for number in range(WRITES)), (WRITES - 1, True)],
)
@pytest.mark.parametrize(
    ("wanted", "text"),
    [(None, CHANGED), ("3.0.0", CHANGED), ("1.0.1", AGAIN), ("3.0.0", CARDS)],
)
def test_a_killed_release_has_not_happened_or_is_finished_by_the_next(
    write: Write,
    run: Run,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    wanted: str | None,
    text: str,
    *,
    is_done: bool,
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    run("release", "trees")
    write({"cards/trees/trees.yaml": CHANGED, "decks/trees/CHANGELOG.md": MINE})
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    with kill_at(number, is_done=is_done):
        run("release", "trees")
    happened = read_header(project)["version"] == "1.0.1"
    assert happened == (number > 0 or is_done)
    assert list_versions(project) in (["1.0.0"], ["1.0.1", "1.0.0"][not happened :])
    run("build")

    write({"cards/trees/trees.yaml": text})
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1900000000")
    words = ("release", "trees", *([wanted] if wanted else []))
    is_finished = (number, is_done) == (WRITES - 1, True)
    has_changed = text != (CHANGED if happened else CARDS)
    is_refused = happened and wanted == "1.0.1" and (has_changed or is_finished)
    is_idle = not has_changed and (is_finished or not happened)
    run(*words, exit_code=1 if is_refused or is_idle else 0)
    if is_refused and has_changed:
        run("release", "trees")

    header = read_header(project)
    versions = list_versions(project)
    expected = ["1.0.0"]
    if happened and (has_changed or is_finished):
        expected = ["1.0.1", *expected]
    if not is_idle:
        new = "1.0.2" if "1.0.1" in expected else "1.0.1"
        expected = [wanted if wanted and not is_refused else new, *expected]
    assert versions == expected
    assert header["version"] == versions[0]
    assert "unfinished" not in header
    changelog = (project / "decks/trees/CHANGELOG.md").read_text("utf-8")
    assert changelog.startswith("# Mine\n\nHand-made.\n\n")
    assert changelog.endswith("My own words on the first one.\n\n")
    released = project / "build/trees.apkg"
    before = released.read_bytes()
    told = run("build").stderr
    if is_idle and not happened:
        # The build above shipped what is written no more.
        assert "1 reverted" in told
    else:
        assert (told, released.read_bytes()) == ("", before)
    assert "0 errors, 0 warnings" in run("check").output


def test_an_interrupted_release_is_reported(write: Write, run: Run, project: Path) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    with kill_at(0, is_done=True):
        run("release", "trees")

    assert "unfinished-release" in run("check").stdout
    assert run("release", "trees", "--dry-run").stdout.startswith("## 1.0.0")
    assert "unfinished-release" in run("check").stdout
    assert "1.0.0: finished the release" in run("release", "trees").stdout
    assert list_versions(project) == [read_header(project)["version"]] == ["1.0.0"]
    assert "nothing has changed" in run("release", "trees", exit_code=1).stderr


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [(KeyboardInterrupt(), 130), (OSError(28, "No space left on device"), 1)],
)
@pytest.mark.parametrize("has_begun", [True, False])
def test_who_interrupts_a_release_is_told_how_to_finish_it(
    write: Write,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    exit_code: int,
    *,
    has_begun: bool,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    write({"cards/trees/trees.yaml": CARDS})
    with monkeypatch.context() as patch:
        patch.setattr(
            f"cardwright.app.release.{'write_package' if has_begun else 'stream_below'}", fail
        )
        told = run("release", "trees", exit_code=exit_code).stderr

    assert (
        "trees 1.0.0 is not finished yet: `cards release trees` finishes it" in told
    ) == has_begun
    assert ("finished" in run("release", "trees").stdout) == has_begun


def test_two_releases_at_once_are_one_after_the_other(
    write: Write, run: Run, project: Path
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    environment = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    command = [sys.executable, "-m", "cardwright", "-C", str(project), "release", "trees"]
    running = [
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=60) for process in running]

    assert sorted(process.returncode for process in running) == [0, 1], told
    assert any("nothing has changed since 1.0.0" in errors for _, errors in told)
    assert list_versions(project) == ["1.0.0"]
    before = (project / "build/trees.apkg").read_bytes()
    run("build")
    assert (project / "build/trees.apkg").read_bytes() == before


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"# Caf\xe9\n"])
def test_a_changelog_that_is_not_text_stays_as_it_is(
    write: Write, run: Run, project: Path, raw: bytes
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    path = project / "decks/trees/CHANGELOG.md"
    path.write_bytes(raw)

    assert "CHANGELOG.md is not UTF-8 text" in run("release", "trees", exit_code=1).stderr
    assert path.read_bytes() == raw
    assert not (project / "decks/trees/ledger.jsonl").exists()
