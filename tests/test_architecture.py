"""Which room may know which: imports point one way only."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "cardwright"
MODULES = sorted(path for path in SOURCE.rglob("*.py"))
LOWEST = {
    "blueprint",
    "diagnostic",
    "model",
    "entry",
    "selection",
    "files",
    "foreign",
    "history",
    "item",
}
MAY_IMPORT = {
    "diagnostic": set(),
    "files": set(),
    "foreign": set(),
    "blueprint": {"diagnostic"},
    "model": {"blueprint", "diagnostic"},
    "entry": {"diagnostic"},
    "history": set(),
    "item": set(),
    "selection": {"model", "item"},
    "markdown": LOWEST,
    "kinds": LOWEST | {"markdown"},
    "source": LOWEST | {"markdown", "kinds"},
    "anki": LOWEST | {"markdown", "kinds"},
    "study": LOWEST | {"markdown", "kinds"},
    "exam": LOWEST | {"markdown", "kinds", "study"},
    "terminal": LOWEST | {"markdown", "kinds", "source", "anki", "study", "exam"},
    "web": LOWEST | {"markdown", "kinds", "source", "anki", "study", "exam"},
    "cli": LOWEST | {"markdown", "kinds", "source", "anki", "study", "exam", "terminal", "web"},
    "__init__": {"source", "study", "history"},
    "__main__": {"cli"},
}
ONLY_HERE: dict[str, str | tuple[str, ...]] = {
    "genanki": "anki/apkg.py",
    "rich": "terminal/",
    "markdown_it": "markdown/",
    "pygments": "markdown/",
    "latex2mathml": "markdown/",
    "fsrs": "study/maths.py",
    "icalendar": "exam/",
    "numpy": "exam/",
    "fsrs_rs_python": "study/optimize.py",
    "sqlite3": ("anki/apkg.py", "foreign/", "study/", "source/index/", "cli/doctor.py"),
    "zipfile": ("anki/apkg.py", "foreign/"),
    "subprocess": ("cli/git.py", "cli/editor.py"),
}


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_imports_point_one_way(path: Path) -> None:
    room = room_of(path)
    for name in imports_of(path):
        parts = name.split(".")
        if parts[0] == "cardwright" and len(parts) > 1:
            assert parts[1] == room or parts[1] in MAY_IMPORT[room], f"{room} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_libraries_stay_in_their_room(path: Path) -> None:
    shown = path.relative_to(SOURCE).as_posix()
    for name in imports_of(path):
        home = ONLY_HERE.get(name.split(".")[0])
        assert home is None or shown.startswith(home), f"{shown} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_modules_stay_small_and_well_named(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 300
    assert path.stem not in {"utils", "helpers", "base", "common", "manager", "misc"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_the_clock_and_the_environment_enter_at_the_command_line(path: Path) -> None:
    text = path.read_text("utf-8")
    if room_of(path) != "cli":
        for word in ("time.time(", "datetime.now(", "os.environ", "random.random", "Path.cwd"):
            assert word not in text, f"{path} uses {word}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_git_runs_in_one_function_and_programs_start_in_two_modules(path: Path) -> None:
    shown = path.relative_to(SOURCE).as_posix()
    calls = [
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
    ]
    assert not [
        call
        for call in calls
        if re.fullmatch(r"os\.(system|popen|exec\w*|spawn\w*|posix_spawn\w*)", call)
    ]
    assert not [call for call in calls if call.endswith("which")] or shown == "cli/editor.py"
    starts = [call for call in calls if call.startswith("subprocess.")]
    if shown == "cli/git.py":
        assert starts == ["subprocess.Popen"]
    else:
        assert not starts or '"git' not in path.read_text("utf-8")
