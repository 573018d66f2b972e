"""Foreign repositories: `cards build` dates cards by their commits but runs none of their code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from cardwright.cli import build_time
from cardwright.cli import git as our_git
from cardwright.cli.build_time import describe_build_time, find_build_time_s
from cardwright.cli.git import find_repository
from cardwright.cli.programs import find_program
from cardwright.error import ProjectError
from git_running import COMMITTED_S, commit, git
from project_files import Run

NOW_S = 1_900_000_000
CARD = "cards:\n  - {kind: basic, id: oak, question: What is an oak?, answer: A tree.}\n"
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="a program is a shell script here")


@pytest.fixture
def marker(tmp_path: Path) -> Iterator[Path]:
    """What a program of the repository would make; no test may leave it there."""
    path = tmp_path / "it ran"
    yield path
    assert not path.exists()


@pytest.fixture
def run_it(tmp_path: Path, marker: Path) -> str:
    """A program that leaves the marker, as a command of a shell; it answers with its input."""
    program = tmp_path / "harm.sh"
    program.write_text(f"#!/bin/sh\n: > '{marker}'\ncat\n", "utf-8")
    program.chmod(0o755)
    return str(program)


@pytest.fixture
def garden(project: Path) -> Path:
    """A committed project."""
    (project / "cards" / "trees" / "trees.yaml").write_text(CARD, "utf-8", newline="")
    (project / "cards" / "trees" / "oak.png").write_bytes(b"\x89PNG\r\n\0\r\n")
    git(project, "init", "-q", "-b", "main")
    commit(project)
    return project


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: float(NOW_S))
    monkeypatch.setattr(our_git, "MAX_S", 60.0)


@pytest.fixture
def build(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], int]:
    """Build in a folder; return the time that was used."""
    times = []

    def find(root: Path) -> int:
        times.append(find_build_time_s(root))
        return times[-1]

    def build_there(folder: Path) -> int:
        monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
        monkeypatch.setattr("cardwright.cli.build.find_build_time_s", find)
        run("build", folder=folder)
        return times.pop()

    return build_there


Build = Callable[[Path], int]


@posix_only
def test_a_cloned_folder_that_looks_like_a_bare_repository_runs_nothing(
    tmp_path: Path, garden: Path, build: Build, marker: Path, run_it: str
) -> None:
    # Git itself takes such a folder for a repository, and a clone brings all of it.
    stranger = tmp_path / "stranger"
    shutil.copytree(garden, stranger / "garden", ignore=shutil.ignore_patterns(".git"))
    bare = stranger / "garden"
    for name in ("objects", "refs"):
        (bare / name).mkdir()
        (bare / name / "keep").touch()
    (bare / "HEAD").write_text("ref: refs/heads/main\n", "utf-8")
    (bare / "config").write_text(
        "[core]\nrepositoryformatversion = 0\nbare = false\nworktree = .\n"
        f'fsmonitor = "{run_it}"\n',
        "utf-8",
    )
    git(stranger, "init", "-q")
    git(stranger, "add", "-A", ".")
    git(stranger, "commit", "-qm", "all", at_s=COMMITTED_S + 1)
    git(tmp_path, "clone", "-q", str(stranger), "clone")
    clone = tmp_path / "clone" / "garden"

    assert build(clone) == COMMITTED_S + 1
    assert not marker.exists()
    # The trap is a trap: git as everybody runs it walks into it.
    subprocess.run(
        ["git", "-c", "safe.bareRepository=all", "status"],
        cwd=clone,
        capture_output=True,
        check=False,
    )
    marker.unlink()


SETTINGS = {
    "core.fsmonitor": "{}",
    "core.pager": "{}",
    "core.editor": "{}",
    "core.sshCommand": "{}",
    "core.askPass": "{}",
    "core.gitProxy": "{}",
    "core.alternateRefsCommand": "{}",
    "diff.external": "{}",
    "diff.x.command": "{}",
    "diff.x.textconv": "{}",
    "filter.x.clean": "{}",
    "filter.x.smudge": "{}",
    "filter.x.process": "{}",
    "merge.x.driver": "{}",
    "pager.log": "{}",
    "pager.status": "{}",
    "alias.status": "!{}",
    "alias.log": "!{}",
    "alias.rev-list": "!{}",
    "alias.ls-tree": "!{}",
    "gpg.program": "{}",
    "gpg.ssh.program": "{}",
    "log.showSignature": "true",
    "credential.helper": "{}",
    "uploadpack.packObjectsHook": "{}",
    "status.submoduleSummary": "true",
    "extensions.partialClone": "origin",
    "remote.origin.promisor": "true",
    "remote.origin.url": "ext::{}",
    "protocol.ext.allow": "always",
}
"""All that makes git run something, as far as we know."""


@posix_only
@pytest.mark.parametrize("place", ["config", "included", "config.worktree"])
def test_no_setting_of_a_repository_runs_anything(
    garden: Path, tmp_path: Path, build: Build, run: Run, marker: Path, run_it: str, place: str
) -> None:
    config = garden / ".git" / "config"
    file = {
        "config": config,
        "included": tmp_path / "included",
        "config.worktree": garden / ".git" / "config.worktree",
    }[place]
    if place == "included":
        git(garden, "config", "include.path", str(file))
    if place == "config.worktree":
        git(garden, "config", "extensions.worktreeConfig", "true")
        git(garden, "config", "core.repositoryFormatVersion", "1")
    for name, value in SETTINGS.items():
        git(garden, "config", "--file", str(file), name, value.format(run_it))
    (garden / ".git" / "info").mkdir(exist_ok=True)
    (garden / ".git" / "info" / "attributes").write_text("* filter=x diff=x merge=x\n", "utf-8")
    for path in (garden / "cards" / "trees").iterdir():
        # Git looks into a file again whose time has changed.
        os.utime(path, (NOW_S, NOW_S))

    assert build(garden) == COMMITTED_S
    run("diff", "--since", "HEAD", "--html", str(tmp_path / "page.html"), folder=garden)
    assert not marker.exists()
    # The trap is a trap: git as everybody runs it walks into it.
    subprocess.run(
        ["git", "-c", "safe.bareRepository=all", "status"],
        cwd=garden,
        capture_output=True,
        check=False,
    )
    marker.unlink()


@posix_only
def test_no_hook_of_a_repository_runs(garden: Path, build: Build, run_it: str) -> None:
    hooks = garden / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "post-index-change",
        "fsmonitor-watchman",
        "post-checkout",
        "reference-transaction",
    ):
        shutil.copy(run_it, hooks / name)
    git(garden, "config", "core.hooksPath", str(hooks))
    git(garden, "config", "core.fsmonitor", str(hooks / "fsmonitor-watchman"))

    assert build(garden) == COMMITTED_S


@posix_only
def test_the_environment_of_git_is_left_out(
    garden: Path, build: Build, run_it: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever writes an .envrc or a task of an editor sets them for the user.
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", run_it)
    monkeypatch.setenv("GIT_DIR", str(garden / "nowhere"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", run_it)

    assert build(garden) == COMMITTED_S


@posix_only
def test_a_git_that_lies_in_the_project_is_not_run(
    garden: Path, build: Build, run_it: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = garden / "tools"
    tools.mkdir()
    shutil.copy(run_it, tools / "git")
    shutil.copy(run_it, garden / "git")
    for path in (".", "tools", str(tools)):
        monkeypatch.setenv("PATH", path + os.pathsep + os.environ["PATH"])
    monkeypatch.chdir(garden)

    assert build(garden) == COMMITTED_S
    monkeypatch.setenv("PATH", str(tools))
    assert find_program("git", outside=[garden]) is None
    assert build(garden) == NOW_S


def test_git_is_run_only_to_read_objects(
    garden: Path, tmp_path: Path, build: Build, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    run_git = our_git._run

    def spy(words: list[str], *, cwd: Path, env: dict[str, str], given: IO[bytes]) -> bytes | None:
        asked.append(words[2])
        assert not cwd.is_relative_to(garden)
        assert env["GIT_DIR"] == str(cwd)
        assert not any(set(line) & set("#;") for line in (cwd / "config").read_text().split())
        return run_git(words, cwd=cwd, env=env, given=given)

    monkeypatch.setattr(our_git, "_run", spy)

    assert build(garden) == COMMITTED_S
    assert asked == ["ls-tree", "rev-list"]
    run("diff", "--since", "HEAD...", "--html", str(tmp_path / "page.html"), folder=garden)
    assert asked[2:] == ["rev-parse", "merge-base", "ls-tree", "cat-file"]


@posix_only
@pytest.mark.parametrize("name", ["HEAD", "packed-refs", "refs/heads/main", "shallow", "commondir"])
def test_a_pipe_in_place_of_a_file_holds_nothing_up(garden: Path, build: Build, name: str) -> None:
    path = garden / ".git" / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)

    assert build(garden) in (COMMITTED_S, NOW_S)


@posix_only
def test_git_is_stopped_when_it_hangs(
    garden: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    head = git(garden, "rev-parse", "HEAD").strip()
    path = garden / ".git" / "objects" / head[:2] / head[2:]
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(our_git, "MAX_S", 0.2)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)

    assert find_build_time_s(garden) == NOW_S
    assert "git did not answer within 0.2 seconds" in capsys.readouterr().err


def test_what_git_prints_is_bounded(
    garden: Path, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(our_git, "_MAX_OUTPUT", 10)

    assert build(garden) == NOW_S


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gitdir: ",
        "gitdir: //server/share/.git",
        "gitdir: \\\\server\\share\\.git",
        "gitdir: .git",
        "gitdir: \0",
        "gitdir: nowhere",
        "ref: refs/heads/main",
        "\x1b[2J",
        "x" * 100_000,
    ],
)
def test_a_git_file_that_leads_nowhere_is_no_repository(project: Path, text: str) -> None:
    (project / ".git").write_text(text, "utf-8")

    found = find_repository(project)

    assert found is None or found.top != project


@pytest.mark.parametrize(
    "head",
    [
        "",
        "ref: HEAD",
        "ref: refs/heads/../../../../HEAD",
        "ref: ../../secret",
        "ref: refs/heads/absent",
        "--output=x",
        "0" * 40,
        "f" * 64,
        "ref: refs/heads/\x1b",
        "x" * 100_000,
    ],
)
def test_a_head_that_names_no_commit_gives_no_time(garden: Path, build: Build, head: str) -> None:
    (garden / ".git" / "HEAD").write_text(head, "utf-8")

    assert build(garden) == NOW_S


def test_alternates_are_not_followed(garden: Path, build: Build) -> None:
    (garden / ".git" / "objects" / "info").mkdir(exist_ok=True)
    (garden / ".git" / "objects" / "info" / "alternates").write_text("//server/share\n", "utf-8")

    assert build(garden) == NOW_S


def test_a_commit_may_name_any_time_and_none_breaks_the_build(garden: Path, build: Build) -> None:
    tree = git(garden, "rev-parse", "HEAD^{tree}").strip()
    for time in ("0", "18446744073709551614", "-5", "99999999999999999999999", "x"):
        text = f"tree {tree}\nauthor a <a> {time} +0000\ncommitter a <a> {time} +0000\n\nx\n"
        raw = garden / ".git" / "raw"
        raw.write_bytes(text.encode())
        id = git(garden, "hash-object", "-t", "commit", "--literally", "-w", str(raw)).strip()
        (garden / ".git" / "HEAD").write_text(id, "utf-8")

        assert build(garden) == NOW_S


@pytest.mark.parametrize("given", ["²", "1e9", "-1", "0", "9" * 30, " 5", "\x1b[2J"])
def test_a_source_date_that_is_no_time_is_refused(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", given)

    with pytest.raises(ProjectError, match="must be a number of seconds") as refused:
        build_time.read_source_date_s()
    assert "\x1b" not in str(refused.value)


# What has to go on working.


def test_only_commits_of_sources_count(garden: Path, build: Build) -> None:
    (garden / "README.md").write_text("read me", "utf-8")
    commit(garden, at_s=COMMITTED_S + 5)

    assert build(garden) == COMMITTED_S


@pytest.mark.parametrize(
    ("name", "text", "is_committed"),
    [
        ("cards/trees/trees.yaml", CARD + "\n", False),
        ("cards/trees/more.yaml", "[]\n", False),
        ("cards/trees/new.png", "", False),
        ("kinds/own.yaml", "", False),
        ("cards/trees/trees.yaml~", "", True),
        ("cards/trees/.hidden.yaml", "", True),
        ("cards/.trash/old.yaml", "", True),
        ("README.md", "", True),
    ],
)
def test_what_is_not_committed_is_seen(
    garden: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, is_committed: bool
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    (garden / name).parent.mkdir(parents=True, exist_ok=True)
    (garden / name).write_text(text, "utf-8")

    assert find_build_time_s(garden) == (COMMITTED_S if is_committed else NOW_S)


def test_a_source_that_was_removed_is_seen(garden: Path, build: Build) -> None:
    (garden / "cards" / "trees" / "oak.png").unlink()

    assert build(garden) == NOW_S


def test_line_ends_of_windows_and_large_files_elsewhere_are_known(
    garden: Path, build: Build
) -> None:
    path = garden / "cards" / "trees" / "trees.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    image = garden / "cards" / "trees" / "oak.png"
    image.write_text(
        "version https://git-lfs.github.com/spec/v1\n"
        "oid sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\nsize 1\n",
        "utf-8",
        newline="",
    )
    git(garden, "commit", "-qm", "pointer", "cards/trees/oak.png")
    image.write_bytes(b"x")

    assert build(garden) == COMMITTED_S


def test_packed_shallow_and_linked_work_trees_are_read(
    garden: Path, tmp_path: Path, build: Build
) -> None:
    (garden / "README.md").write_text("read me", "utf-8")
    commit(garden, at_s=COMMITTED_S + 5)
    git(garden, "gc", "-q")
    git(garden, "pack-refs", "--all")
    assert build(garden) == COMMITTED_S

    git(garden, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    assert build(tmp_path / "side") == COMMITTED_S

    git(tmp_path, "clone", "-q", "--depth", "1", garden.as_uri(), "shallow")
    assert build(tmp_path / "shallow") == COMMITTED_S + 5
    assert "oldest commit of this shallow clone" in describe_build_time(tmp_path / "shallow")

    git(garden, "checkout", "-q", "--detach")
    assert build(garden) == COMMITTED_S

    git(garden, "tag", "-a", "-m", "x", "v1")
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "submodule", "--quiet", "add", str(garden), "inner")
    assert build(outer / "inner") == COMMITTED_S


def test_a_partial_clone_fetches_nothing(garden: Path, tmp_path: Path, build: Build) -> None:
    git(garden, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", garden.as_uri(), "partial")
    shutil.move(garden, tmp_path / "gone")

    assert build(tmp_path / "partial") == COMMITTED_S


def test_a_repository_of_sha256_is_read(project: Path, build: Build) -> None:
    (project / "cards" / "trees" / "trees.yaml").write_text(CARD, "utf-8", newline="")
    git(project, "init", "-q", "--object-format=sha256")
    commit(project)

    assert build(project) == COMMITTED_S


@posix_only
def test_a_link_among_the_sources_is_compared_and_not_followed(
    garden: Path, tmp_path: Path, build: Build
) -> None:
    (tmp_path / "outside.md").write_text("one", "utf-8")
    (garden / "cards" / "trees" / "link.md").symlink_to(tmp_path / "outside.md")
    commit(garden)
    (tmp_path / "outside.md").write_text("two", "utf-8")

    assert build(garden) == COMMITTED_S
