"""Programs that we start get what a card holds as data, and are never a project's own."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from cardwright.cli.editor import open_address, open_editor, open_media
from cardwright.foreign.media import read_media
from media_files import PNG
from patience import PATIENCE_S
from project_files import Run, Write
from pty_driver import PtyProgram
from reviewing import FILES, pipe, review

RECORDER = f"""#!{sys.executable}
import json, os, sys
path = {{path!r}}
with open(path + ".part", "w") as file:
    json.dump(sys.argv[1:], file)
os.rename(path + ".part", path)
"""


class Recorder:
    """A program that writes down its arguments."""

    def __init__(self, folder: Path, name: str) -> None:
        self._heard = folder / f"{name}.json"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(RECORDER.format(path=str(self._heard)), "utf-8")
        (folder / name).chmod(0o755)

    def read(self) -> list[str]:
        end = time.monotonic() + PATIENCE_S
        while not self._heard.exists():
            assert time.monotonic() < end, "it was never started"
            time.sleep(0.01)
        heard: list[str] = json.loads(self._heard.read_text("utf-8"))
        self._heard.unlink()
        return heard

    @property
    def was_started(self) -> bool:
        return self._heard.exists()


pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the recorder is a script"),
    # An opener is left running.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
def opener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return Recorder(tmp_path / "bin", "open" if sys.platform == "darwin" else "xdg-open")


@pytest.mark.parametrize(
    ("address", "opened"),
    [
        ("https://example.com/a?b=c%20d#e", "https://example.com/a?b=c%20d#e"),
        ("https://example.com/'$(id)';`id`|id", "https://example.com/'$(id)';%60id%60%7Cid"),
        ('https://example.com/" --incognito', "https://example.com/%22%20--incognito"),
        ("https://example.com/\n-x\\\x1b]0;\x07", "https://example.com/%0A-x%5C%1B]0;%07"),
        ("https://example.com/ü\udc80", "https://example.com/%C3%BC?"),
        ("mailto:a@example.com?attach=/etc/passwd", "mailto:a@example.com"),
        ("MAILTO:?attachment=~/.ssh/id_rsa", "MAILTO:"),
    ],
)
def test_an_address_is_opened_as_an_address(opener: Recorder, address: str, opened: str) -> None:
    assert open_address(address) == ""
    assert opener.read() == [opened]


def test_a_file_is_opened_by_its_content_and_its_full_path(
    opener: Recorder, tmp_path: Path
) -> None:
    for name, is_opened in (("-n.png", True), ("oak.desktop", False), ("oak.png.sh", False)):
        (tmp_path / name).write_bytes(PNG)
        file = read_media(tmp_path / name)
        assert (open_media(file) == "") is is_opened, name
        if is_opened:
            assert opener.read() == [str(tmp_path / name)]
    assert not opener.was_started


SOURCE_URL = "source_url: https://example.com/edit/{path}#L{line}\n"
RING = "https://example.com/edit/cards/trees/trees.yaml#L3"


def test_a_key_opens_the_text_of_a_card_on_the_web(opener: Recorder, write: Write) -> None:
    project = write({**FILES, "decks/trees/deck.yaml": f"name: Trees\n{SOURCE_URL}"})
    # The links of the side shown have another key.
    with review(project, "--kind", "term") as program:
        program.wait_for("Tree ring")
        program.type("w")
        program.wait_for("no link or source on this side")
        press_improve(program, opener)
        program.type(" ")
        program.wait_for("1 Again")
        press_improve(program, opener)
        program.type("q")
        program.wait_for_exit()
    assert f"opened {RING}" in pipe(project, "E\nq\n", "--kind", "term")
    assert opener.read() == [RING]


def press_improve(program: PtyProgram, opener: Recorder) -> None:
    program.type("E")
    program.wait_for("opened https://")
    assert opener.read() == [RING]


def test_a_deck_that_names_no_place_to_improve_it_says_so(
    opener: Recorder, write: Write, run: Run
) -> None:
    project = write(FILES)
    printed = pipe(project, "E\nq\n", "--kind", "term")
    assert "no address to improve it: the deck of trees has no source_url" in printed
    assert "Improve" not in run("show", "ring").stdout
    assert not opener.was_started

    write({"decks/trees/deck.yaml": f"name: Trees\n{SOURCE_URL}"})
    assert run("show", "ring").stdout.endswith(f"\nImprove this card: {RING}\n")
    assert json.loads(run("show", "ring", "--json").stdout)["source_url"] == RING
    assert json.loads(run("list", "--json").stdout)[0]["source_url"] == RING


@pytest.mark.parametrize("name", ["-c !id.yaml", "+!id.yaml", "a\nb.yaml", "$(id) ;id.yaml"])
@pytest.mark.parametrize("editor", ["vim -n", "code", "hx"])
def test_an_editor_gets_a_name_as_one_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, editor: str, name: str
) -> None:
    program, *options = editor.split()
    recorder = Recorder(tmp_path / "bin", program)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("VISUAL", editor)
    path = tmp_path / name
    assert open_editor(path, 7) == ""
    expected = {
        "vim": ["+7", str(path)],
        "code": ["--wait", "--goto", f"{path}:7"],
        "hx": [f"{path}:7"],
    }
    assert recorder.read() == [*options, *expected[program]]


def test_nothing_in_the_current_folder_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("vim", "xdg-open", "open", "nano")
    ours = [Recorder(tmp_path / "project", name) for name in names]
    monkeypatch.chdir(tmp_path / "project")
    (tmp_path / "oak.png").write_bytes(PNG)
    for path in ("", ".", os.pathsep, "project:./project:../project"):
        monkeypatch.setenv("PATH", path)
        for editor in ("vim", "", "./vim", "../project/vim -n", "~nobody/vim"):
            monkeypatch.setenv("VISUAL", editor)
            monkeypatch.setenv("EDITOR", editor)
            assert open_editor(tmp_path / "a.yaml", 1) != ""
        assert "No such file" in open_address("https://example.com")
        assert "No such file" in open_media(read_media(tmp_path / "oak.png"))
    assert not any(recorder.was_started for recorder in ours)


def test_what_a_program_starts_is_not_taken_from_the_current_folder_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("ed", "xdg-open", "open"):
        script = tmp_path / "bin" / name
        script.write_text(f"#!/bin/sh\nhelper; echo $PATH > '{tmp_path}/path'\n", "utf-8")
        script.chmod(0o755)
    inner = Recorder(tmp_path / "project", "helper")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", str(tmp_path / "bin")]))
    monkeypatch.setenv("VISUAL", "ed")
    assert open_editor(tmp_path / "a.yaml", 1) == ""
    assert not inner.was_started
    assert (tmp_path / "path").read_text("utf-8") == f"{tmp_path / 'bin'}\n"


@pytest.mark.parametrize("name", ["a&calc.yaml", "a%PATH%.yaml", 'a".yaml', "a^.yaml", "a\n.yaml"])
@pytest.mark.parametrize("editor", ["code.cmd", "'C:/Program Files/EDIT.BAT' -n"])
def test_a_batch_file_gets_no_name_that_could_be_a_command(
    monkeypatch: pytest.MonkeyPatch, editor: str, name: str
) -> None:
    monkeypatch.setenv("VISUAL", editor)
    assert "could take its name for a command" in open_editor(Path(name), 1)
