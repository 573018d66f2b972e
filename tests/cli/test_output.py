"""How a run ends: usage, errors, pipes; and what the user's editor may be called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cardwright.cli.editor import open_editor
from cardwright.cli.main import cards
from cardwright.history import MAX_DURATION_MS
from project_files import Run, Write

CARD = "kind: basic\ncards:\n  - {id: oak, question: Which tree?, answer: An oak.}\n"


def test_a_group_without_a_command_prints_its_help_once() -> None:
    result = CliRunner().invoke(cards, ["exam"])

    assert result.exit_code == 2
    assert result.stderr.count("Usage:") == 1
    assert "Commands:" in result.stderr
    assert "Error" not in result.stderr


def test_a_reader_that_leaves_a_pipe_is_no_error(write: Write) -> None:
    many = "".join(
        f"  - {{id: oak-{n}, question: Which tree?, answer: Oak {n}.}}\n" for n in range(3_000)
    )
    project = write({"cards/trees/wood.yaml": f"kind: basic\ncards:\n{many}"})
    with subprocess.Popen(
        [sys.executable, "-m", "cardwright", "-C", str(project), "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith(b"trees:oak-0")
        process.stdout.close()
        said = process.stderr.read()

    assert process.returncode == 0
    assert b"Traceback" not in said
    assert b"rror" not in said


@pytest.mark.parametrize(
    ("editor", "said"),
    [
        *[("vi 'x", "not a valid command"), ('vi "', "not a valid command"), ("\\", "not a valid")],
        *[("   ", "no editor"), ("''", "no editor"), ("'' x", "no editor"), ("\t\n", "no editor")],
        *[("no-such-editor-anywhere", "was not found"), ("./none", "was not found")],
        *[("/", "ermission denied"), ("/etc/passwd", "ermission denied")],
        *[("/etc/passwd/x", "Not a directory"), ("n" * 5_000, "was not found")],
        *[("false", "exited with status 1"), ("sh -c 'exit 300'", "exited with status 44")],
        *[("sh -c 'kill -9 $$'", "ended by signal 9"), ("sh -c 'kill -2 $$'", "by signal 2")],
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="programs and messages differ there")
def test_an_editor_that_cannot_run_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, editor: str, said: str
) -> None:
    monkeypatch.setenv("VISUAL", "")
    monkeypatch.setenv("EDITOR", editor)
    monkeypatch.setattr("cardwright.cli.editor._find_default_editor", lambda: "")

    assert said in open_editor(tmp_path / "cards.yaml", 3)


def test_a_duration_is_accepted_as_far_as_import_accepts_it(
    run: Run, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"cards/trees/wood.yaml": CARD})
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))

    run("answer", "oak", "good", "--ms", str(MAX_DURATION_MS + 1), exit_code=2)
    run("answer", "oak", "good", "--ms", "9" * 30, exit_code=2)
    run("answer", "oak", "good", "--ms", str(MAX_DURATION_MS))

    exported = tmp_path / "reviews.jsonl"
    run("export", str(exported))
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "other.db"))
    assert run("import", str(exported)).stdout == "1 new review\n"
