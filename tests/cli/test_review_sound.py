"""Sounds in `cards review`, with a player that records what it is asked to play."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from cardwright.cli.player import Player
from cardwright.foreign.media import MediaFile, read_media
from homing import know_projects
from media_files import AIFF, MP3, MP4, PNG, WAV
from project_files import Run, Write
from pty_driver import PtyProgram
from reviewing import review, store_of

CARDS = """\
kind: basic
sources: [https://example.com]
cards:
  - {id: heard, question: "Listen ![](media/árbol.mp3) ![](media/dot.png)", answer: "The tree."}
  - id: spoken
    question: "Say it."
    answer: "![slowly](<media/-a b; touch x.mp3>) ![](media/fell.mp4)"
"""
FILES = {"árbol.mp3": MP3, "dot.png": PNG, "-a b; touch x.mp3": WAV, "fell.mp4": MP4}
PLAYER = f"""#!{sys.executable}
import os, sys, time
line = repr((sys.argv, sys.stdin.read(), os.isatty(1), os.isatty(2), os.getpid()))
with open({{log!r}}, "a") as file:
    file.write(line + "\\n")
time.sleep({{seconds}})
"""
LAST_S = 600
"""Longer than any test waits."""


class Recorder:
    """A folder with a player for PATH, and what it played."""

    def __init__(self, folder: Path, name: str = "mpv", seconds: float = 0) -> None:
        self.folder = folder / "bin"
        self.log = folder / "played"
        self.folder.mkdir()
        program = self.folder / name
        program.write_text(PLAYER.format(log=str(self.log), seconds=seconds), "utf-8")
        program.chmod(0o755)
        self.environ = {
            "PATH": str(self.folder),
            **dict.fromkeys(("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"), ""),
        }

    @property
    def played(self) -> list[tuple[list[str], str, bool, bool, int]]:
        lines = self.log.read_text("utf-8").splitlines() if self.log.exists() else []
        return [eval(line) for line in lines]

    @property
    def files(self) -> list[str]:
        return [Path(argv[-1]).name for argv, *_ in self.played]


@pytest.fixture
def spoken(write: Write) -> Path:
    project = write({"cards/trees/heard.yaml": CARDS})
    folder = project / "cards" / "trees" / "media"
    folder.mkdir()
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return project


def wait_for_files(program: PtyProgram, recorder: Recorder, names: list[str]) -> None:
    program.wait_until(lambda: recorder.files == names, f"{names} played: {recorder.files}")


def is_running(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def test_p_plays_the_sounds_of_the_side_shown_in_order(spoken: Path, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    with review(spoken, environ=recorder.environ) as program:
        program.wait_for("Listen ♪ [image]")
        program.type("p")
        wait_for_files(program, recorder, ["árbol.mp3"])
        program.wait_for("playing")
        program.type(" p")
        wait_for_files(program, recorder, ["árbol.mp3"] * 2)
        program.type("3")
        program.wait_for("Say it.")
        program.type("p")
        program.wait_for("no sound on this side")
        program.type(" ")
        program.wait_for("♪ slowly ▶ fell.mp4")
        program.type("p")
        wait_for_files(program, recorder, ["árbol.mp3"] * 2 + ["-a b; touch x.mp3", "fell.mp4"])
        program.type("q")
        assert program.wait_for_exit() == 0

    media = spoken / "cards" / "trees" / "media"
    commands = [argv[1:] for argv, *_ in recorder.played]
    assert commands[0] == ["--no-terminal", "--no-video", "--", str(media / "árbol.mp3")]
    assert commands[3] == ["--no-terminal", "--force-window", "--", str(media / "fell.mp4")]
    assert {(read, out, err) for _, read, out, err, _ in recorder.played} == {("", False, False)}
    assert not [*tmp_path.rglob("x.mp3"), *tmp_path.rglob("x")]


def make_choice(number: int) -> str:
    return (
        f"  - {{id: c{number}, kind: choice, lesson: a, question: '![](media/fell{number}.mp3) Which?',"
        " options: [{right: A fir, reason: It is.}, {wrong: A yew, reason: It is not.}]}\n"
    )


@pytest.mark.parametrize("words", [("mock",), ("drill", "--plain")])
def test_a_sound_of_an_exam_ends_with_its_question(
    write: Write, tmp_path: Path, words: tuple[str, ...]
) -> None:
    cards = "sources: [https://example.com]\ncards:\n" + "".join(map(make_choice, (1, 2)))
    project = write(
        {
            "cards/trees/heard.yaml": cards,
            "decks/trees/blueprint.yaml": "name: Ears\ndomains:\n  - {id: d, name: D, weight: 100,"
            " lessons: [{id: a, title: A}]}\n",
        }
    )
    (project / "cards/trees/media").mkdir()
    for number in (1, 2):
        (project / f"cards/trees/media/fell{number}.mp3").write_bytes(MP3 + bytes([number]))
    recorder = Recorder(tmp_path, seconds=LAST_S)
    end = "\n" if "--plain" in words else ""
    command = [sys.executable, "-m", "cardwright", "-C", str(project), "exam", *words]
    environ = {**recorder.environ, "CARDS_DB": str(store_of(project))}
    with PtyProgram([*command, "--questions", "2"], environ=environ) as program:
        for number in (1, 2):
            program.wait_until(
                lambda number=number: (
                    len(recorder.played) == number - 1  # type: ignore[misc]
                    and "Which?" in program.text
                ),
                "the question",
            )
            program.type(f"p{end}")
            program.wait_until(
                lambda number=number: len(recorder.played) == number,  # type: ignore[misc]
                "the sound",
            )
            process = recorder.played[-1][-1]
            if words[0] == "drill":
                program.type(end or " ")
                program.wait_for("It is.")
            assert is_running(process)
            # At the end, a mock exam asks before it shows the result.
            program.type("ny" if (words, number) == (("mock",), 2) else f"n{end}")
            program.wait_until(lambda process=process: not is_running(process), "silence")  # type: ignore[misc]


@pytest.mark.parametrize("leave", ["next", "quit", "hang up"])
def test_a_sound_ends_with_its_card_and_with_the_review(
    spoken: Path, tmp_path: Path, leave: str
) -> None:
    recorder = Recorder(tmp_path, seconds=LAST_S)
    with review(spoken, environ=recorder.environ) as program:
        program.wait_for("Listen")
        program.type("p")
        wait_for_files(program, recorder, ["árbol.mp3"])
        process = recorder.played[0][-1]
        assert is_running(process)
        program.type(" ")
        program.wait_for("The tree.")
        assert is_running(process)
        if leave == "next":
            program.type("3")
            program.wait_for("Say it.")
        elif leave == "quit":
            program.type("q")
            program.wait_for_exit()
        else:
            program.send_signal(signal.SIGHUP)
            program.wait_for_exit()
        assert not is_running(process)


def test_each_of_several_projects_plays_its_own_and_none_starts_a_player(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    beside = know_projects(tmp_path, "it.mp3", {"garden": MP3, "pond": MP3})
    # A player that a project brings along is not taken for one of the user's.
    own = Recorder(tmp_path / "pond", name="ffplay")
    environ = {**recorder.environ, "PATH": f"{own.folder}:{recorder.folder}"}
    with review(beside, "--all", environ=environ) as program:
        for number, name in enumerate(("garden", "pond"), 1):
            program.wait_for(f"In the {name}:")
            program.type("p")
            wait_for_files(program, recorder, ["it.mp3"] * number)
            program.type(" 4")
        program.wait_for("Nothing left to review today")
        program.type("q")
        assert program.wait_for_exit() == 0

    assert [Path(argv[-1]).parents[3].name for argv, *_ in recorder.played] == ["garden", "pond"]
    assert not own.played


def test_nothing_plays_by_itself_unless_the_user_says_so(
    spoken: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(tmp_path)
    with review(spoken, environ=recorder.environ) as program:
        program.wait_for("Listen")
        program.type(" ")
        program.wait_for("The tree.")
        program.type("q")
        program.wait_for_exit()
    assert recorder.files == []

    monkeypatch.setenv("CARDS_DB", str(store_of(spoken)))
    run("options", "autoplay=true")
    with review(spoken, environ=recorder.environ) as program:
        program.wait_for("Listen")
        wait_for_files(program, recorder, ["árbol.mp3"])
        program.type(" 3")
        program.wait_for("Say it.")
        program.type(" ")
        wait_for_files(program, recorder, ["árbol.mp3", "-a b; touch x.mp3", "fell.mp4"])
        program.type("p")
        wait_for_files(program, recorder, ["árbol.mp3", *["-a b; touch x.mp3", "fell.mp4"] * 2])


def test_the_config_file_chooses_the_player_and_whether_it_plays_by_itself(
    spoken: Path, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path, name="myplayer")
    config = tmp_path / "config.toml"
    config.write_text('player = "myplayer --soft"\nautoplay = true', "utf-8")
    environ = {**recorder.environ, "CARDS_CONFIG": str(config)}
    with review(spoken, environ=environ) as program:
        wait_for_files(program, recorder, ["árbol.mp3"])
        program.type("q")
        program.wait_for_exit()
    (argv, *_) = recorder.played[0]
    assert argv[1:-1] == ["--soft"]

    config.write_text('player = "no-such-player"', "utf-8")
    with review(spoken, environ=environ) as program:
        program.wait_for("Listen")
        program.type("p")
        program.wait_for("player: no-such-player: not found")


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"PATH": "/nonexistent"}, "no player found: install mpv or ffmpeg"),
        ({"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}, "over ssh this would play on"),
    ],
)
def test_line_by_line_the_reason_for_silence_is_told(
    spoken: Path, tmp_path: Path, environ: Mapping[str, str], says: str
) -> None:
    recorder = Recorder(tmp_path)
    with review(spoken, "--plain", environ={**recorder.environ, **environ}) as program:
        program.wait_for("Listen")
        program.type("p\n")
        program.wait_for(says)
    assert recorder.files == []


def test_a_player_gets_only_what_it_can_play(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, name="aplay")
    wav, mp3 = make_file(tmp_path / "a.wav", WAV), make_file(tmp_path / "a.mp3", MP3)

    def play(*files: MediaFile, environ: Mapping[str, str] = recorder.environ) -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", environ["PATH"])
            return Player(environ, [tmp_path / "project"]).play(files)

    assert play(mp3) == "no player found: install mpv or ffmpeg, or open it with o"
    assert play(mp3, wav) == "playing"


def test_a_player_inside_the_project_is_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(tmp_path)
    monkeypatch.setenv("PATH", str(recorder.folder))
    player = Player({}, [tmp_path])
    sound = make_file(tmp_path / "a.aiff", AIFF)

    assert player.play([sound]).startswith("no player found: install")
    assert player.play([sound]) == "no player found"


def make_file(path: Path, data: bytes) -> MediaFile:
    path.write_bytes(data)
    return read_media(path)
