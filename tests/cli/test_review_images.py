"""Images in `cards review`, in terminals that show them and in others."""

from __future__ import annotations

import base64
import signal
import sys
from pathlib import Path

import pytest

from homing import know_projects
from project_files import Write
from reviewing import read_acts

if sys.platform == "win32":
    pytest.skip("no pseudo-terminal there", allow_module_level=True)

from image_terminal import (
    CELL,
    ITERM2,
    KITTY,
    OK,
    QUERY,
    TMUX_QUERY,
    XTERM,
    ImageTerminal,
    insert_chunk,
    make_png,
)

TREE, BARK, JPEG = (
    make_png(320, 160),
    make_png(64, 64, grey=9),
    b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(10),
)
SPEAKING = insert_chunk(make_png(16, 16), b"tEXt", b"Title\0\x1b]0;pwned\x07")
JPEG += b"\xff\xc0\0\x11\x08\0\x50\0\x50\3" + bytes(9) + b"\xff\xd9"
CARDS = """\
kind: basic
sources: [https://example.com]
cards:
  - id: tree
    question: |
      Which tree is this?
      ![a tree](media/tree.png)
      Look closely.
    answer: "An oak, by its bark ![bark](media/bark.png) and ![](<media/leaf one.jpg>)."
  - id: table
    question: |
      | tree | picture |
      |---|---|
      | oak | ![oak](media/tree.png) |

      - small ![small](media/tree.png){width=80}
      - half ![half](media/tree.png){width=50%}
    answer: "Words only."
"""
QUESTION = """\
lesson: "1.1"
sources: [https://example.com]
cards:
  - id: leaf
    kind: choice
    question: "Whose leaf is it? ![leaf](media/tree.png)"
    options:
      - {right: An oak., reason: "Its edge ![edge](media/bark.png)."}
      - {wrong: A yew., reason: Needles.}
      - {wrong: A fern., reason: No tree.}
"""
BLUEPRINT = """\
name: Exam
questions: 1
minutes: 9
domains: [{id: wood, weight: 100, lessons: [{id: "1.1", title: Rings}]}]
"""
FILES = {"tree.png": TREE, "bark.png": BARK, "leaf one.jpg": JPEG}


@pytest.fixture
def woods(write: Write) -> Path:
    project = write({"cards/trees/seen.yaml": CARDS})
    folder = project / "cards" / "trees" / "media"
    folder.mkdir()
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return project


def test_kitty_shows_images_within_the_text_and_removes_them(woods: Path) -> None:
    with ImageTerminal(woods, "review") as program:
        program.wait_for("Which tree is this?")
        assert program.output.count(QUERY) == 1
        (first,) = program.sent
        assert program.sent == {first: (40, 10, TREE)}
        lines = program.lines
        start = lines.index(" Which tree is this?") + 1
        assert [line.count(CELL) for line in lines[start : start + 12]] == [*[40] * 10, 0, 0]
        assert lines[start + 10] == " Look closely."
        # The answer follows; its JPEG is for other terminals.
        program.type(" ")
        program.wait_for("An oak, by its bark")
        assert {data for *_, data in program.sent.values()} == {TREE, BARK}
        assert " and [image]." in program.lines
        program.type("3")
        program.wait_for("small")
        assert first not in program.sent
        assert {(columns, rows) for columns, rows, _ in program.sent.values()} == {
            (10, 2),
            (38, 10),
        }
        program.wait_for("oak  │ [image: oak]")
        program.type("q")
        assert program.wait_for_exit() == 0

    assert program.sent == {}
    assert program.output.count(QUERY) == 1


def test_each_of_several_projects_shows_its_own(tmp_path: Path) -> None:
    folder = know_projects(tmp_path, "it.png", {"garden": TREE, "pond": BARK})
    with ImageTerminal(folder, "review", "--all") as program:
        for name, image in (("garden", TREE), ("pond", BARK)):
            program.wait_for(f"In the {name}:")
            assert [data for *_, data in program.sent.values()] == [image]
            program.type(" 4")
        program.wait_for("Nothing left to review today")
        program.type("q")
        assert program.wait_for_exit() == 0


def test_ctrl_l_sends_images_again(woods: Path) -> None:
    with ImageTerminal(woods, "review") as program:
        program.wait_until(lambda: program.image_rows == 10, "an image")
        program.type("\x0c")
        program.wait_until(lambda: program.output.count(b"a=T") == 2, "another one")
        assert len(program.sent) == 1


def test_iterm2_gets_files_of_every_format_once(woods: Path) -> None:
    with ImageTerminal(woods, "review", reply=ITERM2, size=(80, 40)) as program:
        program.wait_for("Which tree is this?")
        row = program.lines.index(" Which tree is this?") + 2
        assert program.files == [
            (row, 2, f"inline=1;size={len(TREE)};width=40;height=10;preserveAspectRatio=1", TREE)
        ]
        assert program.lines[row - 1 : row + 9] == [""] * 10
        assert program.lines[row + 9] == " Look closely."
        program.type("f")
        program.wait_for("flagged")
        program.type(" ")
        program.wait_for("An oak, by its bark")
        assert [data for *_, data in program.files] == [TREE, BARK, JPEG]
        assert b"\x1b[2J" not in program.output
        program.type("3")
        program.wait_for("small")
        assert program.output.count(b"\x1b[2J") == 1
        cleared = program.output.index(b"\x1b[2J")
        assert cleared > program.output.rindex(base64.b64encode(JPEG))
        assert program.output[:cleared].endswith(b"\x1b[?2026h")
        assert "Which tree" not in program.text
        program.type("q")
        assert program.wait_for_exit() == 0


def test_an_image_scrolls_with_its_text_and_goes_with_the_window(woods: Path) -> None:
    with ImageTerminal(woods, "review", size=(60, 14)) as program:
        program.wait_for("Which tree is this?")
        assert program.image_rows == 5
        program.type(" ")
        program.wait_for("An oak")
        program.type("\x1b[H")
        program.wait_for("Which tree")
        assert program.image_rows == 5
        program.type("jj")
        program.wait_until(lambda: program.image_rows == 6 and "↑ 2" in program.text, "scrolled")
        for size, rows in (((60, 30), 10), ((30, 13), 4), ((60, 9), 0), ((80, 40), 10)):
            before = len(program.output)
            program.resize(*size)
            program.wait_until(lambda before=before: len(program.output) > before, "redrawn")  # type: ignore[misc]
            program.type("\x1b[H")
            program.wait_until(
                lambda size=size, rows=rows: (  # type: ignore[misc]
                    len(program.lines) == size[1]
                    and max((line.count(CELL) for line in program.lines), default=0) <= size[0]
                    and program.lines.count("") < size[1]
                    and sum(row == TREE for *_, row in program.sent.values()) == (rows > 0)
                    and rows in {r for _, r, data in program.sent.values() if data == TREE} | {0}
                ),
                f"{rows} rows at {size}",
            )


@pytest.mark.parametrize("wish", ["NO_COLOR", "TERM=dumb", "--plain", "images=off"])
def test_no_terminal_is_asked_where_images_are_not_wanted(
    woods: Path, tmp_path: Path, wish: str
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('images = "off"' if wish == "images=off" else "", "utf-8")
    environ = {"NO_COLOR": {"NO_COLOR": "1"}, "TERM=dumb": {"TERM": "dumb"}}.get(wish, {})
    words = ["--plain"] if wish == "--plain" else []
    with ImageTerminal(
        woods, "review", *words, environ={"CARDS_CONFIG": str(config), **environ}
    ) as program:
        program.wait_for("Which tree is this? [image: a tree] Look closely.")
        assert not program.was_asked


@pytest.mark.parametrize("protocol", ["kitty", "iterm2"])
def test_a_protocol_can_be_set_without_asking(woods: Path, tmp_path: Path, protocol: str) -> None:
    (tmp_path / "config.toml").write_text(f'images = "{protocol}"', "utf-8")
    environ = {"CARDS_CONFIG": str(tmp_path / "config.toml"), "NO_COLOR": "1"}
    with ImageTerminal(woods, "review", environ=environ) as program:
        program.wait_for("Which tree is this?")
        assert not program.was_asked
        assert len(program.sent if protocol == "kitty" else program.files) == 1


def test_a_terminal_without_images_shows_names(woods: Path) -> None:
    with ImageTerminal(woods, "review", reply=XTERM) as program:
        program.wait_for("Which tree is this? [image: a tree] Look closely.")
        program.type(" 3q")
        assert program.wait_for_exit() == 0

    assert (program.sent, program.files) == ({}, [])
    assert [act[:2] for act in read_acts(woods)] == [("trees:tree/recall", "answer")]


def test_a_reply_is_never_a_key_however_late_and_broken(woods: Path) -> None:
    with ImageTerminal(woods, "review", reply="") as program:
        program.wait_for("Which tree is this? [image: a tree] Look closely.")
        # Each piece is read on its own, before the next one is sent.
        for piece in KITTY:
            program.type(piece)
            program.wait_until_taken()
        # From now on, images are shown.
        program.type(" ")
        program.wait_for("An oak")
        program.wait_until(lambda: len(program.sent) == 2, "two images")
        program.type("q")
        assert program.wait_for_exit() == 0

    assert read_acts(woods) == []


def test_keys_typed_before_the_reply_count(woods: Path) -> None:
    with ImageTerminal(woods, "review", reply=f" {KITTY}3") as program:
        program.wait_for("small")
        program.type("q")
        assert program.wait_for_exit() == 0

    assert [rating for *_, rating in read_acts(woods)] == [3]


def test_a_reply_that_comes_when_all_is_over_does_not_reach_the_shell(woods: Path) -> None:
    with ImageTerminal(woods, "review", reply=f"q{KITTY}") as program:
        assert program.wait_for_exit() == 0
        program.wait_until_taken()


def test_in_tmux_images_need_passthrough_and_kitty(woods: Path) -> None:
    inside = {"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "tmux-256color"}
    with ImageTerminal(woods, "review", reply="", environ=inside) as program:
        program.wait_for("[image: ")
        assert TMUX_QUERY in program.output
        program.type("q")
        assert program.wait_for_exit() == 0
    kitty = {**inside, "KITTY_WINDOW_ID": "1"}
    with ImageTerminal(woods, "review", reply=OK, environ=kitty) as program:
        program.wait_until(lambda: program.image_rows == 10, "an image")
        assert program.sent
        program.type("q")
        assert program.wait_for_exit() == 0
    assert program.sent == {}


def test_images_go_when_the_program_is_ended(woods: Path) -> None:
    with ImageTerminal(woods, "review") as program:
        program.wait_until(lambda: program.image_rows == 10, "an image")
        assert program.sent
        program.send_signal(signal.SIGTERM)
        assert program.wait_for_exit() == 128 + signal.SIGTERM
    assert program.sent == {}


def test_an_editor_gets_a_window_without_images(woods: Path, tmp_path: Path) -> None:
    editor = tmp_path / "edit"
    editor.write_text(f"#!/bin/sh\ncp {tmp_path}/new.png {woods}/cards/trees/media/tree.png\n")
    editor.chmod(0o755)
    new = make_png(80, 80)
    (tmp_path / "new.png").write_bytes(new)
    with ImageTerminal(woods, "review", environ={"VISUAL": str(editor)}) as program:
        program.wait_until(lambda: program.image_rows == 10, "an image")
        program.type("e")
        program.wait_for("reloaded")
        assert [data for *_, data in program.sent.values()] == [new]
        gone, left = program.output.index(b"a=d,d=I"), program.output.index(b"\x1b[?1049l")
        assert gone < left


@pytest.mark.parametrize("reply", [KITTY, ITERM2], ids=["kitty", "iterm2"])
def test_hostile_images_are_neither_sent_nor_obeyed(
    woods: Path, tmp_path: Path, reply: str
) -> None:
    media = woods / "cards" / "trees" / "media"
    (tmp_path / "secret.png").write_bytes(TREE)
    (media / "tree.png").unlink()
    (media / "tree.png").symlink_to(tmp_path / "secret.png")
    (media / "bark.png").write_bytes(SPEAKING)
    (media / "leaf one.jpg").write_bytes(b"\x89PNG\r\n\x1a\n\x1b]0;pwned\x07")
    with ImageTerminal(woods, "review", reply=reply, size=(80, 40)) as program:
        program.wait_for("Which tree is this? [image: a tree] Look closely.")
        program.type(" ")
        program.wait_for(" and [image].")
        sent, files = list(program.sent.values()), program.files
        program.type("q")
        assert program.wait_for_exit() == 0
    # One is drawn, as base64, and under no name, by which the terminal might save it.
    assert [data for *_, data in (*sent, *files)] == [SPEAKING]
    size = f"inline=1;size={len(SPEAKING)};width=2;height=1;preserveAspectRatio=1"
    assert {keys for *_, keys, _ in files} <= {size}
    assert b"pwned" not in program.output


@pytest.mark.parametrize("words", [("exam", "mock"), ("exam", "drill", "--lesson", "1.1")])
def test_mock_exams_and_drills_show_images_too(woods: Path, words: tuple[str, ...]) -> None:
    (woods / "cards" / "trees" / "leaf.yaml").write_text(QUESTION, "utf-8")
    (woods / "decks" / "trees" / "blueprint.yaml").write_text(BLUEPRINT, "utf-8")
    with ImageTerminal(woods, *words) as program:
        program.wait_for("Whose leaf is it?")
        assert [data for *_, data in program.sent.values()] == [TREE]
        assert program.image_rows == 10
        # Each tick of the clock paints the window again, but sends nothing again.
        program.type("1")
        program.wait_for("[x]")
        assert program.output.count(b"a=T") == 1
        program.type(" ")
        program.wait_for("Its edge" if "drill" in words else "Hand it in?")
        assert {data for *_, data in program.sent.values()} == (
            {TREE, BARK} if "drill" in words else set()
        )
        program.type(" y" if "drill" in words else "y")
        program.wait_for("result")
        assert program.sent == {}
        program.type(" \x1b[F")
        program.wait_for("Its edge")
        program.wait_until(lambda: {TREE, BARK} >= {d for *_, d in program.sent.values()}, "both")
        program.type("q")
        assert program.wait_for_exit() == 0
    assert program.sent == {}
