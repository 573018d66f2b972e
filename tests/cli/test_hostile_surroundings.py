"""Names that act on a terminal, arguments that are not text, and streams that are gone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from cardwright.cli.lazy import LazyGroup
from cardwright.cli.main import cards
from exam_project import write_exam_project

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="names and streams like these cannot be had there"
)

ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What acts on a terminal."""
BAD = "\x1b]0;t\x07\x9b31m\u202e\n::error::x\udcff"
CARD = r'{{kind: basic, cards: [{{id: {id}, question: "Q \e[31m", answer: A, tags: ["a\u202e"]}}]}}'


@pytest.fixture
def forest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a folder with a bad name, and with files of bad names."""
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))
    monkeypatch.setenv("CARDS_NOW", "2026-11-28T10:00:00+00:00")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    # The way to the project is the user's own, who may break lines in it.
    folder = tmp_path / BAD.replace("\n", "")
    folder.mkdir()
    root = write_exam_project(folder)
    for name in (f"cards/trees/{BAD}.yaml", f"cards/{BAD}/a.yaml", f"kinds/{BAD}.yaml"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(CARD.format(id="bad"), "utf-8")
    good = "kind: basic\ncards: [{id: fine, question: Q, answer: A}]\n"
    (root / f"cards/trees/fine{BAD}.yaml").write_text(good, "utf-8")
    monkeypatch.chdir(root)
    return root


def invoke(*words: str) -> Result:
    result = CliRunner().invoke(cards, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code in (0, 1, 2)
    return result


COMMANDS = (
    *("check", "check --all", "check --json", "check --format github", "list", "list --json"),
    *("show fine", "build", "preview", "release trees", "diff", "namespace", "schema --write"),
    *("review --plain", "due --json", "stats --json", "history --json", "next --json", "options"),
    *("answer ring good --json", "exam coverage --json", "exam status", "exam misses --json"),
    *("backup", "backup --list", "export", "doctor", "doctor --json", "doctor --verify"),
)


@pytest.mark.usefixtures("forest")
def test_no_command_passes_on_what_acts_on_a_terminal() -> None:
    for line in COMMANDS:
        result = invoke(*line.split())
        assert ACTS.search(result.stdout + result.stderr) is None, line
        assert "\n::error::x" not in result.stdout + result.stderr, line
        if "--json" in line and result.stdout:
            json.loads(result.stdout)


@pytest.mark.usefixtures("forest")
def test_an_annotation_for_github_is_one_command() -> None:
    shown = invoke("check", "--format", "github").stdout

    for line in shown.splitlines():
        assert re.fullmatch(
            r"::(error|warning) file=[^,:]+,line=\d+,col=\d+,title=[a-z-]+::.*", line
        )
    assert "%0A%3A%3Aerror%3A%3Ax" in shown


def list_texts() -> list[tuple[str, ...]]:
    """Return a command line for each text that a command takes, with "?" in its place."""
    lines = []
    for name in cards.commands:
        command = cards.load_command(name)
        below = (
            [((name, sub), command.load_command(sub)) for sub in command.commands]
            if isinstance(command, LazyGroup)
            else [((name,), command)]
        )
        for words, found in below:
            arguments = [param for param in found.params if isinstance(param, click.Argument)]
            for param in found.params:
                if isinstance(param.type, click.types.StringParamType):
                    others = ["oak"] * sum(other.required for other in arguments)
                    given = ["?"] if param in arguments else [param.opts[0], "?"]
                    lines.append((*words, *given, *others[len(given) == 1 :]))
    return lines


def test_an_argument_that_is_not_text_is_refused(forest: Path) -> None:
    lines = list_texts()
    assert len(lines) > 30
    for line in lines:
        result = invoke(*(word.replace("?", "\udcff\x1b[31m") for word in line))
        assert result.exit_code == 2, line
        assert ACTS.search(result.stderr) is None
    assert forest.is_dir()


def run(folder: Path, *words: str, redirect: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a shell, with its streams redirected."""
    line = ["sh", "-c", f'exec "$0" -m cardwright "$@" {redirect}', sys.executable, *words]
    return subprocess.run(line, cwd=folder, capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("words", "redirect", "code", "told"),
    [
        (("review", "--plain"), "<&-", 0, b""),
        (("due",), ">&-", 1, b"standard output cannot be written"),
        (("export",), ">/dev/full", 1, b"standard output cannot be written"),
        (("--help",), ">/dev/full", 1, b"error: "),
        (("nope",), "2>/dev/full", 2, b""),
        (("check",), "<&- >&- 2>&-", 1, b""),
    ],
)
def test_a_closed_or_full_stream_is_told(
    forest: Path, words: tuple[str, ...], redirect: str, code: int, told: bytes
) -> None:
    invoke("answer", "ring", "good")
    if redirect.endswith("/dev/full") and not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("there is no /dev/full")

    done = run(forest, *words, redirect=redirect)

    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert b"Traceback" not in done.stdout + done.stderr
    assert b"Exception ignored" not in done.stderr


def test_a_deleted_folder_and_a_program_with_a_bad_name_are_no_trouble(tmp_path: Path) -> None:
    code = "import os, sys; os.rmdir(os.getcwd()); sys.argv = ['\\x1b[31mx', *sys.argv[1:]]; "
    code += "from cardwright.cli.main import main; main()"
    for words in (["check"], ["init", "y"], ["--help"]):
        (tmp_path / "gone").mkdir()
        line = [sys.executable, "-c", code, *words]
        done = subprocess.run(
            line, cwd=tmp_path / "gone", capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == (0 if "--help" in words else 1 if len(words) == 1 else 2), words
        assert ACTS.search(done.stdout + done.stderr) is None
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("columns", ["9" * 5000, "\u00b2", "-5", "0", "x"])
def test_a_width_that_is_none_is_ignored(
    forest: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)

    assert "Q" in invoke("-C", str(forest), "show", "fine").stdout


def test_the_doctor_works_in_a_time_zone_that_is_none(forest: Path) -> None:
    environ = {**os.environ, "TZ": "AAA-167:59:59"}
    environ.pop("CARDS_NOW")
    command = [sys.executable, "-m", "cardwright", "-C", str(forest), "doctor"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    assert "Traceback" not in done.stderr
    assert "store" in done.stdout
