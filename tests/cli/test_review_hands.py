"""The mouse, the clipboard, other keyboards and the config file in `cards review`."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from project_files import Write
from pty_driver import PtyProgram
from reviewing import FILES, click, read_acts, review
from typing_deck import FILES as TYPED

COPIED = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")


def read_copied(program: PtyProgram) -> list[str]:
    return [base64.b64decode(data).decode() for data in COPIED.findall(program.output)]


def configure(tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    return {"CARDS_CONFIG": str(path)}


def test_a_click_picks_shows_and_rates(write: Write) -> None:
    project = write(FILES)
    with review(project, "--kind", "choice", "--limit", "1", size=(50, 24)) as program:
        program.wait_for("1) [ ]")
        click(program, "2) [ ]")
        program.wait_for("2) [x]")
        # The second row of an option belongs to it; a click beside it does nothing.
        click(program, "3) [ ]", below=1)
        program.wait_for("3) [x]")
        click(program, "Choose one")
        click(program, "show the answer")
        program.wait_for("✓ right")
        # The wait beside a rating is part of it, whatever number it shows.
        click(program, "4 Easy")
        program.wait_for("Limit reached")
        # Without a card, there is nothing to suspend.
        assert program.text.endswith("? keys  q stop  u undo")
        click(program, "space finish")
        assert program.wait_for_exit() == 0

    assert read_acts(project) == [("trees:maple/choose", "answer", 4)]
    assert program.output.count(b"\x1b[?1000h\x1b[?1006h") == 1
    assert program.output.count(b"\x1b[?1006l\x1b[?1000l") == 1


def test_a_click_ticks_a_point_and_leads_to_the_keys_and_back(write: Write) -> None:
    project = write(FILES)
    with review(project, "--kind", "objective", size=(50, 12)) as program:
        program.wait_for("space show the answer")
        program.type(" ")
        program.wait_for("1. [ ]")
        click(program, "1. [ ]")
        program.wait_for("1. [x]")
        click(program, "? keys")
        program.wait_for("any key: back")
        assert "q stop " not in program.text
        program.type("\x1b[<0;1;1M")
        program.wait_for("1. [x]")
        program.type("q")
        program.wait_for_exit()


def test_the_wheel_scrolls(write: Write) -> None:
    with review(write(FILES), "--kind", "basic", size=(50, 10)) as program:
        program.wait_for("space show the answer")
        program.type(" ")
        program.wait_for("↑")
        program.type("\x1b[<64;3;4M" * 9)
        program.wait_for("Which of these trees")
        program.type("\x1b[<65;3;4M")
        program.wait_for("↑ 3 more")
        program.type("q")
        program.wait_for_exit()


def test_the_mouse_can_be_left_to_the_terminal(write: Write, tmp_path: Path) -> None:
    environ = configure(tmp_path, "mouse = false")
    with review(write(FILES), environ=environ) as program:
        program.wait_for("space show the answer")
        program.type("q")
        program.wait_for_exit()

    assert b"\x1b[?1000h" not in program.output


@pytest.mark.parametrize("tmux", ["", "/tmp/tmux-0/default,1,0"])
def test_a_card_and_its_reference_are_copied(write: Write, tmux: str) -> None:
    with review(write(FILES), "--kind", "term", environ={"TMUX": tmux}) as program:
        program.wait_for("Tree ring")
        program.type("y")
        program.wait_for("copied the card")
        program.type(" ")
        program.wait_for("1 Again")
        program.type("Yy")
        program.wait_for("copied the card")
        program.type("q")
        program.wait_for_exit()

    question, reference, whole = list(dict.fromkeys(read_copied(program)))
    assert question == "What does this mean?\n\nTree ring\n"
    assert reference == "trees:ring/recall"
    assert whole.startswith("What does this mean?\n\nTree ring\n")
    assert "The wood of one year." in whole
    wrapped = re.findall(rb"\x1bPtmux;\x1b(\x1b\]52;c;[A-Za-z0-9+/=]*\x07)\x1b\\", program.output)
    assert len(wrapped) == (3 if tmux else 0)


def test_other_keyboards_need_no_settings(write: Write) -> None:
    project = write(FILES)
    with review(project, "--kind", "term") as program:
        program.wait_for("Tree ring")
        program.type("а")
        program.wait_for("flagged")
        program.type(" ")
        program.wait_for("1 Again")
        # AZERTY without shift.
        program.type("é")
        program.wait_for("learning 1")
        program.type("г")
        program.wait_for("took back Hard")
        program.type(" ")
        program.wait_for("1 Again")
        program.type("４")
        program.wait_for("Nothing left")
        program.type(" ")
        program.wait_for_exit()

    acts = [(act, rating) for _, act, rating in read_acts(project)]
    assert acts == [("flag", None), ("answer", 2), ("undo", None), ("answer", 4)]


def test_own_keys_are_shown_and_count(write: Write, tmp_path: Path) -> None:
    environ = configure(tmp_path, '[keys]\nundo = "z"\nsuspend = "u"\n1 = "j"\ncontinue = "tab"\n')
    with review(write(FILES), environ=environ) as program:
        program.wait_for("tab show the answer")
        program.wait_for("z undo  e edit  u suspend")
        program.type("\t")
        program.wait_for("j Again")
        program.type("j")
        program.wait_for("Which instinct")
        program.type("z")
        program.wait_for("took back Again")
        program.type("?")
        program.wait_for("z              undo, as often")
        program.type("qq")
        program.wait_for_exit()


def test_a_typed_line_is_edited_and_pasted_into(write: Write) -> None:
    with review(write(TYPED)) as program:
        program.wait_for("What is 柿?")
        program.type("\x1b[200~the old\nkaki\x1b[201~")
        program.wait_for("> the old kaki█")
        # Two words back, one deleted; the cursor stands on a letter, reversed.
        program.type("\x1b[1;5D\x1b\x7f")
        program.wait_for("> the kaki")
        row = next(n for n, line in enumerate(program.lines) if "> the kaki" in line)
        cell = program.rows[row][program.lines[row].index("kaki")]
        assert cell.reverse
        program.type("\x05\x1b[D\x1b[D")
        program.type("日".encode()[:1])
        program.wait_until_taken()
        program.type("日".encode()[1:])
        program.wait_for("> the ka日ki")
        program.type("\r")
        program.wait_for("typed: the ka[日]k[i]")
        program.type("q")
        program.wait_for_exit()


def test_high_contrast_has_neither_colours_nor_dim_text(write: Write, tmp_path: Path) -> None:
    environ = configure(tmp_path, 'theme = "contrast"')
    with review(write(FILES), "--kind", "choice", environ=environ) as program:
        program.type("1 ")
        program.wait_for("wrong: 3 is right")
        program.type("q")
        program.wait_for_exit()

    styles = set(re.findall(rb"\x1b\[([0-9;]*)m", program.output))
    assert styles <= {b"0", b"1", b"1;7", b"7", b"3", b"4", b"1;4"}, styles


def test_keys_that_are_not_valid_stop_before_the_first_card(write: Write, tmp_path: Path) -> None:
    environ = configure(tmp_path, '[keys]\nudno = "z"\n')
    with review(write(FILES), environ=environ) as program:
        assert program.wait_for_exit() == 1
        assert "keys.udno: there is no such act" in program.text
        assert "did you mean `undo`?" in program.text
