"""Tab: what is suggested at the cursor, and that real shells insert it as one word that is only data."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cardwright.cli.complete import BREAKS, SEPARATOR, WORDS, complete
from cardwright.cli.shell_words import quote_for_powershell, split_line
from cardwright.project.names import find_index, list_indexed
from command_table import TABLE, describe_table
from project_files import Run, Write
from pty_driver import PtyProgram

Suggest = Callable[..., list[str]]
EVIL = 'It\'s $(touch pwned) & `touch pwned`; "two" *.md'
PROJECT = {
    "decks/trees/deck.yaml": json.dumps(
        {
            "name": EVIL,
            "namespace": "trees",
            "decks": [{"name": "1 Naïve", "select": {"tag": "$(touch>pwned)"}}],
        }
    ),
    "cards/trees/a.yaml": """
kind: basic
objectives: [rings]
cards:
  - {id: oak, lesson: "2.1", tags: ["$(touch>pwned)"], question: Which?, answer: An oak.}
  - {id: elm, lesson: "2.5", tags: [wet::clay], question: Which other?, answer: An elm.}
  - {id: elm-two, lesson: "2.5", tags: [wet::clay], question: Which third?, answer: Another.}
""",
}


@pytest.fixture
def forest(write: Write, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that has been studied, and the program on the path."""
    root = write(PROJECT)
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "data" / "reviews.db"))
    run("due")
    program = tmp_path / "bin" / "cards"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m cardwright "$@"\n', "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return root


@pytest.fixture
def suggest(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Suggest:
    """Returns the lines that the script of a shell gets for words; of bash, for a line."""

    def suggest_for(shell: str, *words: str, folder: Path) -> list[str]:
        monkeypatch.setenv(WORDS, SEPARATOR.join(words))
        monkeypatch.setenv(BREAKS, " \t\n\"'><=;|&(:")
        monkeypatch.chdir(folder)
        complete(shell)
        return capfdbinary.readouterr().out.decode("utf-8").removesuffix("\n").split("\n")

    return suggest_for


def test_the_table_has_all_commands_and_options() -> None:
    kept = json.loads(TABLE.read_text("utf-8"))

    assert kept == describe_table(), "run `python tests/support/command_table.py`"


def test_commands_options_and_names_are_suggested(forest: Path, suggest: Suggest) -> None:
    def find(*words: str) -> list[str]:
        return suggest("fish", "cards", *words, folder=forest)

    assert "review\tStudy what is due today." in find("")
    assert "set\tSet the date of an exam, and the time you have for it." in find("exam", "")
    assert "--lesson\tOnly cards of this lesson." in find("review", "-")
    assert find("review", "--lesson", "") == ["", "2.1", "2.5"]
    assert find("review", "--lesson=2", "--tag", "") == ["", "$(touch>pwned)", "wet::clay"]
    assert find("review", "--lesson=") == ["", "--lesson=2.1", "--lesson=2.5"]
    assert find("review", "") == ["", "trees", EVIL, f"{EVIL}::1 Naïve"]
    assert find("build", "") == ["", "trees"]
    assert find("suspend", "oak", "") == ["", "oak", "elm", "elm-two"]
    assert find("show", "trees:") == ["", "trees:oak", "trees:elm", "trees:elm-two"]
    assert find("show", "oak", "") == [""]
    sides = suggest("bash", "cards suspend oak/", folder=forest)
    assert sides == ["", "oak/recall"]
    assert find("show", "oak/") == [""]
    assert find("browse", "")[1:4] == ["is:", "deck:", "tag:"]
    assert {"is:due", "is:leech"} < {*find("browse", "i")}
    assert find("browse", "tag:")[1:] == ["tag:$(touch>pwned)", "tag:wet::clay"]
    assert {"theme", "keys."} < {*find("config", "")}
    assert "theme=light" not in find("config", "")
    assert "theme=light" in find("config", "theme=")
    assert "keys.undo" in find("config", "keys.")
    assert find("list", "--objective", "") == ["", "rings"]
    assert "basic" in find("new", "")
    assert find("answer", "oak", "") == ["", *("again", "hard", "good", "easy"), *"1234"]
    assert {"trees", "recall"} < {*find("stats", "")}
    assert find("stats", "recall", "") == find("review", "")
    assert find("help", "exam", "") == find("exam", "")
    assert find("build", "--to", "") == ["folders"]
    assert find("diff", "") == ["files", "trees"]
    assert find("nothing", "of", "that") == [""]


def test_the_project_of_an_option_is_meant(
    forest: Path, suggest: Suggest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("list", "--lesson", "")

    assert suggest("zsh", "cards", "-C", str(forest), *words, folder=tmp_path) == ["", "2.1", "2.5"]
    assert suggest("zsh", "cards", *words, folder=tmp_path) == [""]
    config = tmp_path / "config.toml"
    config.write_text(f"project = {json.dumps(str(forest))}\n", "utf-8")
    monkeypatch.setenv("CARDS_CONFIG", str(config))
    assert suggest("zsh", "cards", *words, folder=tmp_path) == ["", "2.1", "2.5"]
    assert suggest("zsh", "cards", "-C", str(tmp_path), *words, folder=tmp_path) == [""]
    assert suggest("zsh", "cards", "due", "--db", "no.db", "", folder=forest) == [""]


def test_names_that_would_act_are_not_suggested(
    forest: Path, suggest: Suggest, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["a\x1b[31m", "b\nc", "--db=x", "d\u202e", "e\tf", "\u0646\u200c\u0627", "good"]
    monkeypatch.setattr("cardwright.project.names.list_indexed", lambda *_: names)

    assert suggest("fish", "cards", "list", "--tag", "", folder=forest) == ["", *names[-2:]]


def test_a_tab_reads_the_index_and_neither_sources_nor_click(forest: Path) -> None:
    code = """
import sys
sys.argv = ["cards", "__complete", "bash"]
from cardwright.cli.start import main
main()
sys.stderr.write(" ".join(sys.modules))
"""
    before = {path: path.stat().st_mtime_ns for path in forest.parent.rglob("*")}
    (forest / "cards/trees/a.yaml").write_text("cards: [", "utf-8")

    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, WORDS: "cards show o"},
        cwd=forest,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "\noak\n"
    assert not {"click", "yaml", "rich", "sqlite3", "cardwright.project.index"} & {
        *done.stderr.split()
    }
    after = {path: path.stat().st_mtime_ns for path in forest.parent.rglob("*")}
    changed = {path.name for path in before if after.get(path) != before[path]}
    assert changed == {"a.yaml"}


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_what_is_left_of_a_damaged_index_is_harmless(
    forest: Path, tmp_path: Path, kept: float
) -> None:
    path = find_index(tmp_path / "data" / "reviews.db", forest)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(kept * len(raw))])

    for what in ("packs", "decks", "kinds", "cards", "prompts", "lessons", "tags", "objectives"):
        assert isinstance(list_indexed(path, what), list)
    path.unlink()
    assert list_indexed(path, "cards") == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes")
def test_what_lies_in_the_place_of_an_index_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless").symlink_to("/dev/zero")

    assert list_indexed(tmp_path / "pipe", "cards") == []
    assert list_indexed(tmp_path / "endless", "cards") == []


@pytest.mark.parametrize(
    ("line", "words", "quote"),
    [
        ("cards show ", ["cards", "show", ""], ""),
        ("cards  show o", ["cards", "show", "o"], ""),
        (r"cards due It\'s\ a", ["cards", "due", "It's a"], ""),
        ("cards due \"It's \\$a", ["cards", "due", "It's $a"], '"'),
        (r"cards due 'a\b", ["cards", "due", r"a\b"], "'"),
        ("cards due '' x", ["cards", "due", "", "x"], ""),
    ],
)
def test_a_line_is_split_as_bash_does(line: str, words: list[str], quote: str) -> None:
    typed = split_line(line)

    assert typed.words == words
    assert typed.quote == quote


def test_bash_gets_what_replaces_the_part_after_its_last_break(
    forest: Path, suggest: Suggest
) -> None:
    def find(line: str) -> list[str]:
        return suggest("bash", line, folder=forest)[1:]

    assert find("cards review --lesson=2.") == ["2.1", "2.5"]
    assert find("cards review --tag wet:") == [":clay"]
    assert find("cards review --tag wet::c") == ["clay"]
    assert find('cards review --tag "wet::c') == ["wet::clay"]
    assert find("cards show trees:e") == ["elm", "elm-two"]
    assert find("cards show tr") == ["trees:oak", "trees:elm", "trees:elm-two"]
    assert find("cards review --tag $") == [r"\$\(touch\>pwned\)"]
    assert find("cards review --tag '$") == ["$(touch>pwned)"]
    assert find('cards review --tag "') == ["\\$(touch>pwned)", "wet::clay"]
    assert find("cards review TREES") == ["trees"]


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("label-drift", "label-drift"),
        ("2.5", "2.5"),
        ("$(x)", "'$(x)'"),
        ("it's", "'it''s'"),
        ("it\u2019s; x", "'it\u2019\u2019s; x'"),
        ("$env:X", "'$env:X'"),
    ],
)
def test_powershell_gets_one_word(name: str, quoted: str) -> None:
    assert quote_for_powershell(name) == quoted


def test_the_script_for_powershell_has_not_changed_unseen(run: Run) -> None:
    """No PowerShell is needed for the tests: it was read, and changes only together with this text."""
    script = run("completion", "powershell").output

    assert script == (Path(__file__).parents[1] / "cases" / "completion.ps1").read_text("utf-8")
    assert "Invoke-Expression" not in script.partition("Register-")[2]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_accepts_its_script(shell: str, run: Run, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    path = tmp_path / "script"
    path.write_text(run("completion", shell).output, "utf-8")

    subprocess.run([shell, "-n", str(path)], check=True)


STARTS = {
    "bash": ["bash", "--noprofile", "--norc", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
SOURCES = {
    "bash": 'eval "$(cards completion bash)"',
    "zsh": 'autoload -Uz compinit && compinit -D -u && eval "$(cards completion zsh)"',
    "fish": "cards completion fish | source",
}


@pytest.mark.parametrize("shell", list(STARTS))
def test_tab_inserts_a_dangerous_name_as_data(shell: str, forest: Path, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "PS1": "> "}
    with PtyProgram(STARTS[shell], columns=200, lines=40, environ=home, folder=forest) as terminal:
        terminal.type(f"{SOURCES[shell]}; echo read''y\n")
        terminal.wait_for("\nready")
        terminal.type("cards list --json --tag '$(\t")
        terminal.wait_for("pwned")
        terminal.type("\n")
        terminal.wait_for('"trees:oak"')
    assert not (forest / "pwned").exists()
