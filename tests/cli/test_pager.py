"""What is longer than the window of a terminal goes through the user's pager, colours included."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from pty_driver import PtyProgram

LONG = """
from rich.text import Text
from cardwright.cli.pager import say_in_pages
say_in_pages(Text("\\n".join(f"line {number}" for number in range(1, LINES + 1)), "green"))
print("done")
"""
RECORDER = """#!{python}
import sys
text = sys.stdin.read()
print("pager", sys.argv[1:], text.count("\\n"), "\\x1b[32m" in text)
"""


@pytest.fixture
def pager(tmp_path: Path) -> Path:
    """A pager that says what it got."""
    path = tmp_path / "bin" / "recorder"
    path.parent.mkdir()
    path.write_text(RECORDER.format(python=sys.executable), "utf-8")
    path.chmod(0o755)
    return path


def show(lines: int, folder: Path, **environ: str) -> str:
    command = [sys.executable, "-c", LONG.replace("LINES", str(lines))]
    with PtyProgram(command, environ=environ, folder=folder) as program:
        program.wait_for_exit()
    return program.text


def test_only_what_is_higher_than_the_window_is_paged(pager: Path, tmp_path: Path) -> None:
    assert "pager ['--x'] 24 True\ndone" in show(24, tmp_path, PAGER=f"{pager} --x")
    assert "line 23\ndone" in show(23, tmp_path, PAGER=str(pager))


@pytest.mark.parametrize("command", ["", "cat", "no-such-pager", "'", "/nowhere/pager"])
def test_without_a_pager_it_is_printed(tmp_path: Path, command: str) -> None:
    assert "line 24\ndone" in show(24, tmp_path, PAGER=command)


def test_a_pager_in_the_current_folder_is_not_run(pager: Path, tmp_path: Path) -> None:
    shutil.copy2(pager, tmp_path / "own")
    path = os.pathsep.join(["", ".", os.environ["PATH"]])

    for command in ("own", "./own"):
        assert "line 24\ndone" in show(24, tmp_path, PAGER=command, PATH=path)


@pytest.mark.skipif(shutil.which("less") is None, reason="needs less")
def test_less_keeps_colours_and_can_be_left_early(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LONG.replace("LINES", "100000")]
    environ = {"PAGER": "less", "LESS": "", "LESSHISTFILE": "-"}
    with PtyProgram(command, environ=environ, folder=tmp_path) as program:
        program.wait_for("line 20")
        assert program.rows[1][0].fg == "green"
        program.type("q")
        program.wait_for("done")
        program.wait_for_exit()
    assert "Traceback" not in program.text


def test_ctrl_c_is_for_the_pager(tmp_path: Path, pager: Path) -> None:
    pager.write_text(
        f"#!{sys.executable}\nimport signal, sys\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "sys.stdin.read()\nprint('ready', flush=True)\nopen('/dev/tty').readline()\n",
        "utf-8",
    )
    command = [sys.executable, "-c", LONG.replace("LINES", "50")]
    with PtyProgram(command, environ={"PAGER": str(pager)}, folder=tmp_path) as program:
        program.wait_for("ready")
        program.type("\x03")
        program.type("\n")
        program.wait_for("done")
        program.wait_for_exit()
    assert "Traceback" not in program.text
