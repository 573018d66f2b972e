"""The action and the workflows: their scripts run as they are written, and nothing opens a known hole."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from git_running import commit, git
from project_files import Run
from workflow_steps import ROOT, Runner, read_yaml

FILES = [
    "action.yml",
    *sorted(f".github/workflows/{path.name}" for path in (ROOT / ".github/workflows").iterdir()),
]
WORKFLOWS = FILES[1:]
OWN_FILES = (".github/workflows/ci.yml", ".github/workflows/publish.yml")
"""What runs in this repository alone."""
posix_only = pytest.mark.skipif(
    sys.platform == "win32", reason="the steps are run by the bash here"
)
PINNED = re.compile(r"(?:\./.*|[\w.-]+/[\w./-]+@[0-9a-f]{40})")
CARDS = "kind: basic\nsources: [A book]\ncards:\n"


def list_steps(name: str) -> Iterator[dict[str, Any]]:
    content = read_yaml(name)
    for job in content.get("jobs", {"": content.get("runs")}).values():
        yield from job.get("steps", [job])


@pytest.mark.parametrize("name", FILES)
def test_no_script_holds_what_an_event_says_and_every_action_is_pinned(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "pull_request_target" not in text
    assert "secrets." not in text
    for step in list_steps(name):
        assert "${{" not in step.get("run", "")
        # Without -I, Python would take its modules from the checkout.
        assert "python -m pip" not in step.get("run", "") or name in OWN_FILES
        assert PINNED.fullmatch(step.get("uses", "./"))
        if "actions/checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
    # What follows a pinned action is the version that it is.
    assert all(
        re.search(r" # v\d+\.\d+\.\d+$", line)
        for line in text.splitlines()
        if re.search("@[0-9a-f]{40}", line)
    )


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_do_only_what_its_jobs_name(name: str) -> None:
    content = read_yaml(name)
    assert content["permissions"] in ({}, {"contents": "read"})
    for job in content["jobs"].values():
        assert "uses" in job or "timeout-minutes" in job
        # Whatever installs packages has no right to write.
        may_write = "write" in job.get("permissions", {}).values()
        scripts = "".join(step.get("run", "") for step in job.get("steps", []))
        assert not (may_write and re.search("pip|make ", scripts))


def test_what_may_comment_checks_out_nothing_and_runs_nothing_of_others() -> None:
    called = read_yaml(".github/workflows/cards-comment.yml")
    assert [job["uses"] for job in called["jobs"].values()] == ["./.github/workflows/comment.yml"]
    steps = list(list_steps(".github/workflows/comment.yml"))
    assert all(set(step) <= {"name", "id", "if", "shell", "env", "run"} for step in steps)
    triggers = {name: read_yaml(name)[True] for name in WORKFLOWS}
    assert [name for name, found in triggers.items() if "workflow_run" in found] == [
        ".github/workflows/cards-comment.yml"
    ]


def test_ci_runs_every_python_that_is_supported() -> None:
    matrix = read_yaml(".github/workflows/ci.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    least = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "requires-python"
    ]
    assert f">={matrix['python'][0]}" == least
    minors = [int(version.removeprefix("3.")) for version in matrix["python"]]
    assert minors == list(range(minors[0], minors[-1] + 1))


def test_the_page_for_maintainers_shows_workflows_that_would_run() -> None:
    samples = re.findall(
        r"```yaml\n(.*?)```", (ROOT / "docs/pull-requests.md").read_text("utf-8"), re.DOTALL
    )
    assert len(samples) == 4
    for text in samples:
        found = yaml.safe_load(text)
        if "repos" in found:
            (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
            assert [one["id"] for one in found["repos"][0]["hooks"]] == [hook["id"]]
            assert hook["entry"] == "cards check"
            continue
        assert "permissions" in found
        for job in found["jobs"].values():
            for step in job.get("steps", [job]):
                name, _, at = step["uses"].partition("@")
                path = name.removeprefix("OWNER/cardwright").lstrip("/")
                if path.startswith(".github"):
                    called = read_yaml(path)
                    inputs = called[True]["workflow_call"]["inputs"]
                    required = {key for key, one in inputs.items() if one.get("required")}
                    assert required <= set(step.get("with", {})) <= set(inputs)
                    granted = {"contents": "read", **job["permissions"]}
                    for one in called["jobs"].values():
                        for right, level in one["permissions"].items():
                            assert granted[right] in (level, "write")
                else:
                    assert at == "COMMIT" or PINNED.fullmatch(step["uses"])


def make_checkout(project: Path, event: str, tmp_path: Path) -> Path:
    """Return what actions/checkout makes of a change, with `fetch-depth: 2`."""
    file = project / "cards" / "trees" / "trees.yaml"
    file.write_text(f"{CARDS}  - {{id: oak, question: Oak?, answer: A tree.}}\n", "utf-8")
    (project / ".gitignore").write_text("build/\n", "utf-8")
    git(project, "init", "-q", "-b", "main")
    commit(project)
    git(project, "checkout", "-q", "-b", "change")
    for number in (1, 2):
        card = f"  - {{id: oak, question: Oak?, answer: An old tree {number}.}}\n"
        file.write_text(CARDS + card + "  - {id: elm, question: Elm?, answr: A tree.}\n", "utf-8")
        commit(project)
    if event == "pull_request":
        git(project, "checkout", "-q", "--detach", "main")
        git(project, "merge", "-q", "--no-ff", "-m", "merge", "change")
        git(project, "branch", "merged")
    branch = "merged" if event == "pull_request" else "change"
    git(tmp_path, "clone", "-q", "--depth", "2", "--branch", branch, project.as_uri(), "checkout")
    return tmp_path / "checkout"


def make_action(workspace: Path, temp: Path, **given: str) -> Runner:
    inputs = {name: one["default"] for name, one in read_yaml("action.yml")["inputs"].items()}
    values = {f"inputs.{name}": value for name, value in (inputs | given).items()}
    return Runner(workspace, temp, values | {"github.action_path": str(ROOT)})


def test_after_a_push_its_last_commit_is_compared(project: Path, run: Run, tmp_path: Path) -> None:
    checkout = make_checkout(project, "push", tmp_path)
    since = read_yaml("action.yml")["inputs"]["since"]["default"]
    printed = run("diff", "--since", since, "--markdown", folder=checkout).stdout
    assert "- An old tree 1.\n+ An old tree 2.\n" in printed


@posix_only
def test_the_action_annotates_mistakes_and_shows_what_a_change_changes(
    project: Path, tmp_path: Path
) -> None:
    runner = make_action(make_checkout(project, "pull_request", tmp_path), tmp_path / "temp")
    runner.run(read_yaml("action.yml")["runs"]["steps"])
    assert (runner.temp / "pip.txt").read_text("utf-8").endswith(f" {ROOT}\n")
    assert runner.failed == ["Check the cards"]
    assert "::error file=cards/trees/trees.yaml,line=5,col=5,title=missing-field::" in runner.output
    summary = runner.summary.read_text("utf-8")
    assert summary.startswith("`trees`: 1 changed")
    assert "- A tree.\n+ An old tree 2.\n" in summary
    made = runner.temp / "cardwright-changes"
    assert (made / "summary.md").read_text("utf-8") == summary
    assert "<ins>" in (made / "changes.html").read_text("utf-8")


@posix_only
def test_a_project_in_a_folder_is_annotated_and_a_first_commit_has_nothing_to_compare(
    project: Path, tmp_path: Path
) -> None:
    workspace = tmp_path / "workspace"
    shutil.copytree(project, workspace / "my decks" / "$(touch evil)")
    file = workspace / "my decks" / "$(touch evil)" / "cards" / "trees" / "a.yaml"
    file.write_text(f"{CARDS}  - {{id: oak, question: Oak?, answer: <b>}}\n", "utf-8")
    git(workspace, "init", "-q", "-b", "main")
    commit(workspace)
    steps = read_yaml("action.yml")["runs"]["steps"]
    folder = "my decks/$(touch evil)"
    runner = make_action(workspace, tmp_path / "lenient", folder=folder)
    runner.run(steps)
    assert not runner.failed
    assert "file=my decks/$(touch evil)/cards/trees/a.yaml,line=4" in runner.output
    assert "::warning title=Cardwright::The changed cards are not shown" in runner.output
    assert not (runner.temp / "cardwright-changes").exists()
    runner = make_action(workspace, tmp_path / "strict", folder=folder, strict="true")
    runner.run(steps[:-2])
    assert runner.failed == ["Check the cards"]
    assert not list(workspace.rglob("evil"))


@posix_only
def test_the_page_of_a_fork_becomes_a_comment_that_is_only_text(tmp_path: Path) -> None:
    evil = (
        "@octocat [x](https://evil.example) ![x](https://evil.example/x.png) <img src=x>\n```\n"
        "@octocat ~~~ ``` </details>\n\u202e```diff\n- a\n+ b\n\x1b[31m `````` # Heading\n"
    )
    # The last is cut within a character.
    for text in (evil * 5_000, evil + "`" * 70_000, "\n" + "a" * 2_000_000, "x" + "🌳" * 100_000):
        runner = make_commenter(tmp_path / str(len(text)), summary=text)
        body = read_comment(runner)
        assert len(body) <= 65_536
        tokens = MarkdownIt("commonmark", {"linkify": True, "html": True}).parse(body)
        kinds = ["html_block", "paragraph_open", "inline", "paragraph_close", "fence"]
        assert [token.type for token in tokens] == kinds
        fence = tokens[-1]
        outside = body.replace(fence.content, "")
        assert "octocat" not in outside
        assert "evil" not in outside
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e`]", fence.content)


@posix_only
def test_a_comment_is_written_once_and_only_to_the_pull_request_of_the_commit(
    tmp_path: Path,
) -> None:
    assert "- a\n+ b" in read_comment(make_commenter(tmp_path / "1", summary="- a\n+ b\n"))
    again = make_commenter(
        tmp_path / "2", summary="- a\n", comments=[("somebody", 5), ("github-actions[bot]", 7)]
    )
    read_comment(again)
    assert "PATCH repos/o/r/issues/comments/7" in (again.temp / "calls.txt").read_text("utf-8")
    for runner in (
        make_commenter(tmp_path / "sha", summary="- a\n", sha="b" * 40),
        make_commenter(tmp_path / "expired", summary="- a\n", expired=True),
        make_commenter(tmp_path / "size", summary="- a\n", size=10**9),
        make_commenter(tmp_path / "none", summary=None),
    ):
        assert not (runner.temp / "posted.json").exists()
        assert not runner.failed


GH = r"""
printf '%s\n' "$*" >> "$RUNNER_TEMP/calls.txt"
query=.
for word in "$@"; do
  if [ "$before" = --jq ]; then query=$word; fi
  case "$word" in body=@*) cp "${word#body=@}" "$RUNNER_TEMP/posted.json" ;; esac
  before=$word
done
case "$*" in
  *actions/artifacts/11/zip*) cat "$RUNNER_TEMP/given.zip" ;;
  *repos/o/r/pulls*"head=fork:a\$(touch evil)"*) jq -r "$query" "$RUNNER_TEMP/pulls.json" ;;
  *actions/runs/9/artifacts*) jq -r "$query" "$RUNNER_TEMP/artifacts.json" ;;
  *body=@*) ;;
  *issues/3/comments*) jq -r "$query" "$RUNNER_TEMP/comments.json" ;;
  *) exit 1 ;;
esac
"""


def make_commenter(
    temp: Path,
    *,
    summary: str | None,
    sha: str = "a" * 40,
    size: int = 1000,
    expired: bool = False,
    comments: list[tuple[str, int]] = [],  # noqa: B006  (never changed)
) -> Runner:
    """Run the steps of the job that comments, with `gh` in front of a repository that does not exist."""
    if not (shutil.which("jq") and shutil.which("unzip")):
        pytest.skip("no jq or unzip here, which GitHub's machines have")
    event = "github.event.workflow_run"
    values = {
        "github.token": "none",
        "github.repository": "o/r",
        "inputs.artifact": "cardwright-changes",
        f"{event}.id": "9",
        f"{event}.html_url": "https://github.com/o/r/actions/runs/9",
        f"{event}.head_repository.owner.login": "fork",
        f"{event}.head_branch": "a$(touch evil)",
        f"{event}.head_sha": "a" * 40,
    }
    workspace = temp / "empty"
    workspace.mkdir(parents=True)
    runner = Runner(workspace, temp, values)
    runner.add_program("gh", GH)
    (temp / "pulls.json").write_text(json.dumps([{"number": 3, "head": {"sha": sha}}]), "utf-8")
    artifact = {"id": 11, "expired": expired, "size_in_bytes": size}
    (temp / "artifacts.json").write_text(json.dumps({"artifacts": [artifact]}), "utf-8")
    written = [
        {"id": id, "user": {"login": who}, "body": "<!-- cardwright -->"} for who, id in comments
    ]
    (temp / "comments.json").write_text(json.dumps(written), "utf-8")
    with zipfile.ZipFile(temp / "given.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../evil", "evil")
        if summary is not None:
            archive.writestr("summary.md", summary)
    job = read_yaml(".github/workflows/comment.yml")["jobs"]["comment"]
    runner.run(job["steps"], job["env"])
    assert list(workspace.iterdir()) == []
    return runner


def read_comment(runner: Runner) -> str:
    assert not runner.failed, runner.output
    return (runner.temp / "posted.json").read_text("utf-8")


@posix_only
def test_a_release_is_built_only_from_the_tag_of_what_was_released(
    project: Path, run: Run, tmp_path: Path
) -> None:
    if not (shutil.which("jq") and shutil.which("sha256sum")):
        pytest.skip("no jq or sha256sum here, which GitHub's machines have")
    file = project / "cards" / "trees" / "trees.yaml"
    file.write_text(f"{CARDS}  - {{id: oak, question: Oak?, answer: A tree.}}\n", "utf-8")
    run("release", "trees", "1.0.0")
    steps = read_yaml(".github/workflows/deck-release.yml")["jobs"]["build"]["steps"]

    def release(tag: str, temp: str, built: str = "") -> Runner:
        values = {"inputs.folder": ".", "inputs.pack": "trees", "inputs.cardwright": "cardwright"}
        runner = Runner(project, tmp_path / temp, {**values, "github.ref_name": tag})
        if built:
            # What `cards build --json` has printed before.
            (runner.temp / "built.json").write_text(built, "utf-8")
            runner.add_program("cards", 'cat "$RUNNER_TEMP/built.json"')
        runner.run(steps)
        return runner

    runner = release("trees-1.0.0", "right")
    assert not runner.failed, runner.output
    made = runner.temp / "release"
    names = sorted(path.name for path in made.iterdir())
    assert names == ["notes.md", "trees-1.0.0.apkg", "trees-1.0.0.apkg.sha256"]
    assert "The first release, with 1 card" in (made / "notes.md").read_text("utf-8")
    built = (runner.temp / "build.json").read_text("utf-8")
    runner = release("1.0.0$(touch evil)", "other", built)
    assert runner.failed
    assert "::error::The tag 1.0.0$(touch evil) is not that of trees 1.0.0" in runner.output
    file.write_text(f"{CARDS}  - {{id: oak, question: Oak?, answer: An old tree.}}\n", "utf-8")
    runner = release("trees-1.0.0", "changed", run("build", "trees", "--json").stdout)
    assert runner.failed
    assert "::error::Cards have changed since trees 1.0.0" in runner.output
    assert not list(project.glob("evil"))
