"""`cards config`, and what commands read from the config file."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import platformdirs
import pytest

from cardwright.cli import config_file
from homing import open_home
from project_files import Run, Write
from reviewing import FILES, review


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a config file that is not there yet."""
    path = tmp_path / "own" / "config.toml"
    monkeypatch.setenv("CARDS_CONFIG", str(path))
    return path


def test_it_is_in_the_config_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CARDS_CONFIG")
    for home in ("", "/elsewhere"):
        monkeypatch.setenv("XDG_CONFIG_HOME", home)
        folder = platformdirs.user_config_path("cardwright", appauthor=False)
        assert config_file.find_config_path() == folder / "config.toml"


def test_a_change_is_said_and_kept(run: Run, path: Path) -> None:
    assert run("config", "theme=contrast").stdout == "theme: not set → contrast\n"
    said = run("config", "theme=terminal", "mouse=off").stdout

    assert said == "theme: contrast → terminal\nmouse: not set → off\n"
    assert 'theme = "terminal"\nmouse = false\n' in path.read_text("utf-8")
    run("config", "theme=", "mouse=", "keys.preset=vi")
    run("config", "mouse=off")
    first, *rest = path.read_text("utf-8").splitlines()
    assert first.startswith("# Your settings")
    assert rest == ["mouse = false", "", "[keys]", 'preset = "vi"']
    assert run("config", "mouse").stdout == "off\n"
    assert run("config", "mouse=").stdout == "mouse: off → not set\n"


def test_every_setting_is_shown_with_its_source(
    run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", "hx")
    assert "(not there yet)" in run("config").stdout
    run("config", "player=mpv", "keys.undo=z")
    shown = json.loads(run("config", "--json").stdout)

    assert shown["path"] == str(path)
    settings = shown["settings"]
    assert settings["player"] == {"value": "mpv", "from": "line 2"}
    assert settings["editor"] == {"value": "hx", "from": "VISUAL"}
    assert settings["mouse"] == {"value": True, "from": "default"}
    assert settings["keys.undo"]["value"] == "z"


def test_a_mistake_stops_every_command_but_those_that_mend_it(
    run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    path.write_text("\nmouse = maybe\n", "utf-8")

    assert f"{path}:2:9: invalid value" in run("list", exit_code=1).output
    assert f"{path}:2:9: invalid value" in run("config", exit_code=1).output
    assert f"{path}:2:9: invalid value" in run("doctor", exit_code=1).output
    fix = "import sys; open(sys.argv[2], 'w').write('mouse = true')"
    monkeypatch.setenv("VISUAL", f'"{sys.executable}" -c "{fix}"')
    run("config", "--edit")
    assert run("config", "mouse").stdout == "on\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files")
def test_what_never_ends_is_not_read(run: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir()
    os.mkfifo(path)
    for name in (str(path), "/dev/zero", str(path.parent)):
        monkeypatch.setenv("CARDS_CONFIG", name)
        assert f"{name}: it is not a regular file" in run("list", exit_code=1).stderr
    for none in ("", os.devnull):
        monkeypatch.setenv("CARDS_CONFIG", none)
        run("list")


def test_an_unknown_name_is_warned_of_with_a_suggestion(run: Run, path: Path) -> None:
    path.parent.mkdir()
    path.write_text('mosue = true\n[flags]\nlisst = "--json"\n', "utf-8")

    said = run("list").output
    assert "no setting `mosue`: did you mean `mouse`?" in said
    assert "no command `lisst`: did you mean `list`?" in said
    assert "did you mean `keys.NAME`?" in run("config", "kyes.undo=z", exit_code=1).output


@pytest.mark.usefixtures("path")
def test_default_flags_come_before_what_is_typed(run: Run) -> None:
    run("config", "flags.list=--json")

    assert run("list").stdout == "[]\n"
    run("config", "flags.list=--jsn")
    said = run("list", exit_code=2).output
    assert "No such option" in said
    assert "list always gets --jsn" in said


@pytest.mark.usefixtures("path")
def test_errors_are_json_if_the_config_file_asks_for_it(run: Run) -> None:
    for command in ("list", "due", "exam plan"):
        run("config", f"flags.{command}=--json")

    wrong = json.loads(run("list", "--nope", exit_code=2).stderr)
    assert "No such option" in wrong["error"]
    assert "list always gets --json" in wrong["details"]
    assert "nope" in json.loads(run("due", "nope", exit_code=1).stderr)["error"]
    assert json.loads(run("exam", "plan", exit_code=1).stderr)["error"] == "no exam is set"
    # The flags of one command are not those of the next.
    assert run("show", "nope", exit_code=1).stderr.startswith("error: ")


COUNTING = """
import atexit, os
from cardwright.app import config
reads, read = [], config.read_text
config.read_text = lambda path: reads.append(path) or read(path)
atexit.register(lambda: open(os.environ["CARDS_CONFIG"] + ".reads", "w").write(str(len(reads))))
from cardwright.cli.main import main; main()
"""
"""`cards`, which tells how often it has read the config file."""


@pytest.mark.usefixtures("path")
def test_the_config_file_is_read_once(write: Write, path: Path) -> None:
    project = write(FILES)
    environ = {"CARDS_CONFIG": str(path)}
    path.parent.mkdir()
    path.write_text('theme = "contrast"\n[keys]\nquit = "x"\n', "utf-8")
    with review(project, environ=environ, program=COUNTING) as program:
        program.wait_for("Tree ring")
        program.type("x")
        program.wait_for_exit()
        assert path.with_name(f"{path.name}.reads").read_text() == "1"
    with open_home(project, environ=environ, program=COUNTING) as program:
        program.wait_for("x quit")
        program.type("x")
        program.wait_for_exit()
        assert path.with_name(f"{path.name}.reads").read_text() == "1"


@pytest.mark.usefixtures("path")
def test_the_default_project_is_used_outside_of_one(
    run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    from cardwright.cli.main import cards

    run("config", f"project={project}")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    assert "0 cards" in CliRunner().invoke(cards, ["list"]).output
    assert "no project" in run("list", folder=elsewhere, exit_code=1).output
    assert CliRunner().invoke(cards, ["init", "new"]).exit_code == 0
    assert (elsewhere / "new").is_dir()
    run("config", f"project={tmp_path / 'gone'}")
    said = CliRunner().invoke(cards, ["list"]).stderr
    assert f"there is no project in {tmp_path / 'gone'}" in said
    assert "error: no project here" in said


@pytest.mark.usefixtures("path")
def test_keys_are_listed_with_those_of_the_user(run: Run) -> None:
    run("config", "keys.undo=z")

    assert "  undo            z            undo, as often" in run("keys").stdout
    assert json.loads(run("keys", "--json").stdout)["undo"]["keys"] == ["z"]
    said = run("config", "keys.bury=z", exit_code=1).output
    assert "`z` is the key of" in said
    assert run("config", "keys.bury").stdout == "\n"
