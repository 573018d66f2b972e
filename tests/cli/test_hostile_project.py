"""Every command in a stranger's project: it runs nothing, calls nobody, and prints only text."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from command_table import walk_commands
from media_files import PNG, WAV
from project_files import Write

RUNNER = Path(__file__).parents[1] / "support" / "watched_commands.py"
SOURCE = Path(__file__).parents[2] / "src"
# The clipboard, a title, a colour, a C1 control, directions, invisible ones, a line of a CI, a tag.
EVIL = (
    "\x1b]52;c;ZXZpbA==\x07\x1b]0;evil\x07\x1b[31m\x9b31m\x90q\x9c\u202eabc\u2066\u200b\ufeff"
    "\U000e0041\n::error file=evil::evil\r##[add-mask]a<script>alert(1)</script>"
)
CARDS = """\
lesson: "1.1"
cards:
- {id: plain, kind: basic, question: EVIL, answer: EVIL, tags: [EVIL, a], sources: [EVIL]}
- {id: EVIL, kind: EVIL, EVIL: EVIL}
- {id: oak, kind: basic, question: Oak?, answer: "![](oak.png) ![EVIL](oak.wav)", EVIL: 1}
- {id: elm, kind: land, land: EVIL}
- {id: ash, kind: cloze, text: "{{c1::x::y}} EVIL", retired: EVIL}
- {id: fir, kind: choice, question: Q?, options: [{right: EVIL, reason: EVIL}, {wrong: b, reason: c}]}
"""
KIND = """\
title: EVIL
about: EVIL
sources: optional
fields: {land: {type: inline, label: EVIL, required: true}}
sides: {one: {ask: "EVIL {{land}}", show: [land]}}
css: ".card { background: url(http://127.0.0.1:1/evil) } EVIL"
"""
BLUEPRINT = """\
name: EVIL
domains: [{id: wood, name: EVIL, weight: 100, lessons: [{id: "1.1", title: EVIL}]}]
objectives: [{id: "7", lesson: "1.1", about: EVIL}]
"""
DECK = "name: EVIL\nnamespace: trees\ndescription: EVIL\nEVIL: EVIL\nauthor: EVIL\n"
CANARY = "import pathlib; pathlib.Path('MARK').touch()\n"
CANARIES = ("click.py", "yaml.py", "cardwright/__init__.py", "sitecustomize.py", "rich.py")
SOUND = {
    "cards/trees/plain.yaml": "lesson: '1.1'\nsources: [https://example.com]\ncards:\n"
    "- {id: beech, kind: basic, question: Beech?, answer: A tree.}\n"
    "- {id: larch, kind: basic, question: QUOTED, answer: '![](oak.png)', tags: [a, '#b']}\n"
    "- {id: fir, kind: choice, question: QUOTED, options:"
    " [{right: QUOTED, reason: QUOTED}, {wrong: b, reason: c}, {wrong: d, reason: e}]}\n",
    "decks/trees/deck.yaml": "name: '##[add-mask]a <b>'\nnamespace: trees\n",
    "decks/trees/blueprint.yaml": "name: '##[add-mask]a'\ndomains: [{id: wood, weight: 100,"
    " name: '::error::b', lessons: [{id: '1.1', title: '::error::b'}]}]\n",
}
QUOTED = 'a ::error::b ##[add-mask]a [x](https://example.com/"%1b]52;c;ZXZpbA==%07) \u05d0\u200f'

MISS = ("--failure", EVIL, "--mode", "haste", "--rule", EVIL, "--action", EVIL)

WORDS: dict[str, list[list[str]]] = {
    "home": [["home"], ["home", "--json"]],
    "init": [["init", "OUT/new"], ["init", "OUT/EVIL"], ["init", "OUT/x", "--pack", EVIL]],
    "config": [["config"], ["config", EVIL], ["config", f"{EVIL}={EVIL}"]],
    "keys": [["keys"]],
    "completion": [["completion", "zsh"], ["completion", EVIL]],
    "help": [["help", "exam"], ["help", EVIL]],
    "namespace": [["namespace"], ["namespace", EVIL]],
    "check": [["check"], ["check", "--all"], ["check", "--format", "github"], ["check", "--json"]],
    "list": [["list"], ["list", "--json"], ["list", "--tag", EVIL], ["list", "--pack", "none"]],
    "show": [["show", "larch"], ["show", "oak"], ["show", "elm"], ["show", EVIL]],
    "build": [["build"], ["build", "--json"], ["build", EVIL]],
    "diff": [
        ["diff"],
        ["diff", "--json"],
        ["diff", "--markdown"],
        ["diff", "build/trees.apkg", "build/trees.apkg", "--html", "OUT/diff.html"],
        ["diff", "--since", EVIL],
    ],
    "adopt": [
        ["adopt", "build/trees.apkg", "--no-history"],
        ["adopt", "cards/trees/evil.yaml"],
        ["adopt", EVIL, "--into", EVIL],
    ],
    "release": [["release", "trees"], ["release", EVIL]],
    "preview": [["preview"], ["preview", EVIL]],
    "review": [["review", "--plain"], ["review", EVIL]],
    "answer": [["answer", "trees:beech/recall", "good"], ["answer", EVIL, EVIL]],
    "projects": [
        ["projects"],
        ["projects", "--json"],
        ["projects", "forget", EVIL],
        ["projects", "relink", EVIL, "."],
    ],
    "browse": [["browse"], ["browse", "--json"], ["browse", EVIL], ["browse", f"tag:{EVIL}"]],
    "due": [["due"], ["due", "--json"]],
    "stats": [["stats"], ["stats", "--json"], ["stats", EVIL]],
    "history": [["history", "trees:beech/recall"], ["history", EVIL]],
    "next": [["next"], ["next", "--json"], ["next", "--kind", EVIL], ["next", "--tag", "none"]],
    "suspend": [["suspend", "trees:beech/recall"], ["suspend", EVIL]],
    "unsuspend": [["unsuspend", "trees:beech/recall"]],
    "bury": [["bury", "trees:beech/recall"]],
    "flag": [["flag", "trees:beech/recall"]],
    "reset": [["reset", "trees:beech/recall"]],
    "reschedule": [["reschedule", "trees:beech/recall", "--in", "5"], ["reschedule", EVIL]],
    "undo": [["undo", "--list"], ["undo"], ["undo", "--json"]],
    "exam": [
        ["exam", "set", "trees", "--date", "2026-10-09", "--minutes", "9"],
        *(["exam", name] for name in ("status", "plan", "ready", "coverage", "misses")),
        ["exam", "mock", "--plain"],
        ["exam", "drill", "--plain"],
        ["exam", "miss", "fir", *MISS],
        ["exam", "release", "trees"],
        ["exam", EVIL],
    ],
    "options": [["options"], ["options", "--json"], ["options", EVIL, EVIL]],
    "days": [["days"], ["days", EVIL], ["days", f"{EVIL}=off"], ["days", f"sat={EVIL}"]],
    "pause": [["pause", "--json"], ["pause", EVIL], ["pause", "--off"]],
    "optimize": [["optimize"]],
    "export": [["export", "OUT/reviews.jsonl"]],
    "import": [
        ["import", "OUT/reviews.jsonl"],
        ["import", "cards/trees/evil.yaml"],
        ["import", "cards/trees/evil.yaml", "--map", f"prompt={EVIL},rating=b,at=c"],
    ],
    "sync": [["sync", "OUT/new"], ["sync"], ["sync", EVIL]],
    "anki": [
        ["anki", "edits", "build/trees.apkg"],
        ["anki", "edits", EVIL],
        ["anki", "update", EVIL],
        ["anki", "sync", "--server", EVIL],
    ],
    "backup": [["backup"], ["backup", "--list"], ["backup", "--restore", EVIL]],
    # tests/editor/test_protocol.py talks to it.
    "lsp": [["lsp", "--help"], ["lsp", EVIL]],
    "schema": [["schema", "cards"], ["schema", EVIL]],
    "doctor": [["doctor"], ["doctor", "--json"]],
    # What it writes has yet to be filled in.
    "new": [["new", "basic", "cards/trees/new.yaml"], ["new", EVIL, EVIL]],
}
"""Arguments of each command; with the first of them, it succeeds in a valid project."""
BESIDES = {
    ("preview", "--watch"): "serves until it is stopped: tests/web/test_watch.py",
    ("lsp", "--stdio"): "reads until its input ends: tests/editor/test_protocol.py",
    ("config", "--edit"): "starts the user's editor: tests/cli/test_programs.py",
}
"""Options that the user asks for what no command may do by itself."""


def list_leaves() -> list[tuple[tuple[str, ...], click.Command]]:
    """Return the commands that have none below them, by what one types."""
    return [row for row in walk_commands() if not isinstance(row[1], click.Group)]


def find_example(path: tuple[str, ...]) -> list[str]:
    """Return the first of the command lines above that run a command."""
    lines = (words for words in WORDS[path[0]] if tuple(words[: len(path)]) == path)
    return next(lines, [])


def list_options(*, with_values: bool) -> list[list[str]]:
    """Return a command line for each option there is: a flag, or one whose value is hostile."""
    found = []
    for path, command in list_leaves():
        for option in command.params:
            if not isinstance(option, click.Option) or (path[0], option.opts[0]) in BESIDES:
                continue
            is_path = isinstance(option.type, click.Path)
            if (option.is_flag or option.count) is not with_values:
                value = ["OUT/EVIL" if is_path else EVIL] * with_values
                found.append([*find_example(path), option.opts[0], *value])
    return found


def escape(text: str) -> str:
    """Escape all but plain letters, for double quotes in YAML."""
    return "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)


@pytest.fixture
def hostile(write: Write) -> Path:
    """A project in which every text and every name is hostile."""
    evil = escape(EVIL)

    def fill(text: str) -> str:
        text = re.sub(r'"[^"\n]*"', lambda match: match[0].replace("EVIL", evil), text)
        return re.sub(r"(?<![\w\\])EVIL", lambda _: f'"{evil}"', text)

    name = EVIL.replace("/", "").replace("\n", "\u2028")
    root = write(
        {
            "cards/trees/evil.yaml": fill(CARDS),
            f"cards/trees/{name[:60]}.yaml": fill(CARDS).replace("id: ", "id: x"),
            "cards/trees/raw.yaml": f"cards: [{{id: a, kind: basic, question: {EVIL}}}]\n",
            "kinds/land.yaml": fill(KIND),
            f"kinds/{name[:60]}.yaml": fill(KIND),
            "decks/trees/deck.yaml": fill(DECK),
            "decks/trees/blueprint.yaml": fill(BLUEPRINT),
            "decks/trees/ledger.jsonl": f"{json.dumps({'id': EVIL})}\n",
            f"decks/{name[:60]}/deck.yaml": "name: x\n",
            **dict.fromkeys(CANARIES, CANARY),
        }
    )
    (root / "cards" / "trees" / "oak.png").write_bytes(PNG)
    (root / "cards" / "trees" / "oak.wav").write_bytes(WAV)
    return root


@pytest.fixture
def quiet(write: Write, project: Path) -> Path:
    """A project that is valid, so that all of a command runs."""
    texts = {name: text.replace("QUOTED", f'"{escape(QUOTED)}"') for name, text in SOUND.items()}
    (project / "cards" / "trees" / "oak.png").write_bytes(PNG)
    return write({**texts, **dict.fromkeys(CANARIES, CANARY)})


def run_watched(
    root: Path, home: Path, *, is_terminal: bool, options: list[list[str]]
) -> list[dict[str, Any]]:
    commands = [words for examples in WORDS.values() for words in examples] + options
    commands = [
        [
            word.replace("OUT/EVIL", f"{home}/{EVIL.replace('/', '')}").replace("OUT", str(home))
            for word in words
        ]
        for words in commands
    ]
    home.mkdir(parents=True)
    (home / "request.json").write_text(
        json.dumps({"commands": commands, "is_terminal": is_terminal}), "ascii"
    )
    done = subprocess.run(
        [sys.executable, RUNNER, home / "request.json", home / "result.json"],
        cwd=root,
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("CARDS_")},
            "PYTHONPATH": str(SOURCE),
            "HOME": str(home),
            "XDG_DATA_HOME": str(home / "data"),
            "CARDS_NOW": "2026-10-01T09:00+00:00",
            "GITHUB_ACTIONS": "" if is_terminal else "true",
            "TERM": "xterm-256color",
            "TMPDIR": str(home),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made: list[dict[str, Any]] = json.loads((home / "result.json").read_text("ascii"))
    return made


COLOURS = re.compile("\x1b\\[[0-9;]*m")
LINKS = re.compile("\x1b\\]8;[^;\x1b]*;(?:(?:https?|mailto):[\x21-\x7e]*)?\x1b\\\\")
COMMANDS = re.compile(r"^\s*::|##\w*\[", re.MULTILINE)
ANNOTATION = re.compile(r"::(?:error|warning) file=[^,:\n]*,line=\d+,col=\d+,title=[a-z-]+::.*\n")
PROGRESS = re.compile(r"\r[A-Z][A-Za-z ]+(?:: [0-9,]+(?: of [0-9,]+)?)? *(?=\r)|\r *\r")
"""What a terminal shows of work that takes more than a second."""
ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
    "\U000e0000-\U000e0fff]"
)

NOT_IN_DATA = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e]")
"""What no source may contain. Cards that another program reads keep marks of direction."""
DATA = {"--csv", "--markdown"}


def find_faults(made: dict[str, Any], root: Path, home: Path, *, is_terminal: bool) -> list[Any]:
    """Return what a command did that it must not do."""
    output = made["output"]
    if is_terminal:
        output = PROGRESS.sub("", LINKS.sub("", COLOURS.sub("", output)))
    faults = [] if made["status"] in {"0", "1", "2"} else [made["status"]]
    is_data = made["words"][0] == "list" and DATA & {*made["words"]} and not is_terminal
    acting = (NOT_IN_DATA if is_data else ACTING).finditer(output)
    faults += [output[max(m.start() - 30, 0) : m.end() + 9] for m in acting][:1]
    if "github" in made["words"]:
        faults += [ANNOTATION.sub("", output)] if ANNOTATION.sub("", output) else []
    elif not is_terminal:
        faults += [match[0] for match in COMMANDS.finditer(output)]
    inside = (str(root), str(home), os.devnull)
    for event, text in made["seen"]:
        path = str(root / text)
        if event == "exec":
            is_ours = text.startswith("<") or not path.startswith(str(root))
        elif event == "connect":
            is_temporary = not text
            is_ours = is_temporary or text.startswith(
                (*inside, ":memory:", f"file:{home}", f"file://{home}")
            )
        elif event == "write":
            is_ours = path.startswith(inside) or "__pycache__" in path
        else:
            is_ours = event == "subprocess.Popen" and Path(text).name == "git"
        if not is_ours:
            faults.append((event, text))
    return faults


@pytest.mark.parametrize(
    ("name", "is_terminal"), [("hostile", False), ("hostile", True), ("quiet", False)]
)
def test_no_command_runs_anything_or_calls_anybody_or_prints_a_code(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, is_terminal: bool
) -> None:
    root: Path = request.getfixturevalue(name)
    home = tmp_path / "home"
    options = [] if is_terminal else list_options(with_values=name == "hostile")
    results = run_watched(root, home, is_terminal=is_terminal, options=options)
    found = {
        repr(made["words"][:3]): faults
        for made in results
        if (faults := find_faults(made, root, home, is_terminal=is_terminal))
    }
    assert found == {}
    assert not (root / "MARK").exists()
    if name == "quiet":
        first = {words[0][0]: words[0][1:] for words in reversed(WORDS.values())}
        for made in results:
            is_first = made["words"][0] in first and first.pop(made["words"][0]) is not None
            assert not is_first or made["status"] == "0", (made["words"], made["output"])


def test_python_m_runs_nothing_of_the_current_folder(quiet: Path) -> None:
    words = [sys.executable, "-m", "cardwright", "check"]
    (quiet / "cardwright" / "__init__.py").unlink()
    (quiet / "cardwright").rmdir()
    environ = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(words, cwd=quiet, env=environ, capture_output=True, text=True, check=True)
    assert "3 cards" in done.stderr
    assert not (quiet / "MARK").exists()


def test_every_command_is_among_them() -> None:
    assert [path for path, _ in list_leaves() if not find_example(path)] == []
    assert WORDS.keys() == {path[0] for path, _ in walk_commands()}
