"""What `cards check` prints to a terminal, and what no command prints."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from project_files import Run, Write
from pty_driver import PtyProgram

DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
CARDS = "kind: basic\ncards:\n" + "".join(
    f"  - {{id: oak-{n}, question: Which <b> {n}?, answer: An oak}}\n" for n in range(40)
)
STYLES = re.compile("\x1b\\[[0-9;]*m")


def print_in_terminal(project: Path, **environ: str) -> str:
    command = [sys.executable, "-m", "cardwright", "-C", str(project), "check"]
    with PtyProgram(command, columns=60, environ=environ) as program:
        program.wait_for_exit()
        return program.output.decode().replace("\r\n", "\n")


def test_a_terminal_shows_colours_and_otherwise_the_same_text(run: Run, write: Write) -> None:
    project = write({"cards/trees/wood.yaml": CARDS})
    plain = run("check").output

    coloured = print_in_terminal(project, TERM="xterm-256color")

    assert "\x1b[1;33mwarning[raw-html]\x1b[0m" in coloured
    assert STYLES.sub("", coloured) == plain
    assert "and 39 more like this" in plain


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_refused(run: Run, write: Write, name: str, value: str) -> None:
    project = write({"cards/trees/wood.yaml": CARDS})

    assert print_in_terminal(project, **{"TERM": "xterm", name: value}) == run("check").output


def test_no_command_prints_characters_of_direction(
    run: Run, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))
    text = "\u2067שלום\u2069 \u200fA\u200e\u061c \u2066\u2068x\u2069\u2069"
    write(
        {
            "decks/trees/deck.yaml": f"name: Trees {text}\ndescription: '{text} <b>'\n"
            f"decks:\n  - {{name: 'Oaks {text}', select: {{}}}}\n",
            "decks/trees/blueprint.yaml": f"name: '{text}'\ndomains:\n"
            f"  - {{id: '{text[0]}d\u2069', name: '{text}', weight: 100, "
            f"lessons: [{{id: l, title: '{text}'}}]}}\n",
            f"cards/trees/{DIRECTIONS}.yaml": "kind: basic\nlesson: l\ncards:\n"
            f"  - {{id: oak, question: '{text} <b>', answer: '{text}', tags: ['a\u200fb']}}\n"
            f"  - {{id: elm, question: '`{text}`', answer: '$x$ {text}', kindd: '{text}'}}\n",
            "cards/trees/overrides.yaml": f"kind: basic\ncards: [{{id: a, question: {DIRECTIONS}}}]\n",
        }
    )
    said = ""
    for words in ("check", "check --json", "check --format github", "list", "list --json"):
        said += run(*words.split(), exit_code=1 if "check" in words else 0).output
    for words in (
        "show oak",
        "due",
        "due --json",
        "next",
        "next --json",
        "options",
        "exam coverage",
    ):
        said += run(*words.split()).output
    said += run("build", exit_code=1).output
    said += run("show", text, exit_code=1).output
    said += run("review", text, exit_code=1).output
    said += run("answer", text, "good", exit_code=1).output
    said += run("list", f"--{text}", exit_code=2).output
    said += run(text, exit_code=2).output

    assert "\\u2067" in said
    assert "שלום" in said
    assert not set(DIRECTIONS) & set(said)


def test_minutes_are_finite(run: Run, write: Write) -> None:
    write({"cards/trees/wood.yaml": CARDS})

    for minutes in ("inf", "nan", "0", "-1", "x"):
        run("review", "--minutes", minutes, exit_code=2)
        run("exam", "mock", "--minutes", minutes, exit_code=2)


@pytest.mark.parametrize("value", ["3.5", "1_0", "0x10", "inf", "nan", "\uff13", ""])
def test_options_take_whole_decimal_numbers(
    run: Run, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))
    write({"cards/trees/wood.yaml": CARDS})

    run("options", f"rollover_hour={value}", exit_code=2 if value else 0)
    run("options", "trees", f"leech_lapses={value}", exit_code=2 if value else 0)
    assert "leech_lapses              8 → 3" in run("options", "trees", "leech_lapses= 3.0 ").output


def test_sync_makes_no_folder_and_remembers_one(
    run: Run, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))
    write({"cards/trees/wood.yaml": CARDS})
    shared = tmp_path / "shared"

    assert "there is no folder" in run("sync", str(shared / "below"), exit_code=1).output
    assert not shared.exists()
    assert "name the folder: this is the first sync" in run("sync", exit_code=2).stderr
    told = run("sync", str(shared), exit_code=1).stderr
    assert told.startswith(f"error: there is no folder {shared}\n  help: check its name")
    assert not shared.exists()
    shared.mkdir()
    run("answer", "oak-1", "good")
    assert run("sync", str(shared)).stdout == "nothing from others; 1 review for them\n"
    assert run("sync").stdout == f"{shared}: nothing new\n"
    for path in shared.iterdir():
        path.unlink()
    again = run("sync")
    assert again.stdout == f"{shared}: nothing from others; 1 review for them\n"
    assert again.stderr == (
        f"note: the files of earlier syncs are no longer in {shared}: is its drive connected?\n"
    )
    assert json.loads(run("sync", "--json").stdout)["folder"] == str(shared)
    shared.rename(tmp_path / "gone")
    assert f"there is no folder {shared}" in run("sync", exit_code=1).stderr


def test_names_are_found_however_they_are_composed(run: Run, write: Write) -> None:
    write({"cards/trees/wood.yaml": CARDS.replace("An oak", "An oak, tags: [cafe\u0301]")})

    for tag in ("café", "cafe\u0301"):
        assert "40 cards" in run("list", "--tag", tag).output
