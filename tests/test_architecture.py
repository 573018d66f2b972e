"""Which room may know which: imports point one way only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "cardwright"
MODULES = sorted(path for path in SOURCE.rglob("*.py"))
FOUNDATION = {"text", "error", "diagnostic", "blueprint", "model", "history", "item", "files"}
ENGINE = {"project", "anki", "study", "exam"}
MAY_IMPORT = {
    "text": set(),
    "error": set(),
    "diagnostic": {"text"},
    "files": set(),
    "blueprint": {"diagnostic"},
    "model": {"blueprint", "diagnostic"},
    "history": set(),
    "item": {"model"},
    "markdown": FOUNDATION,
    "kinds": FOUNDATION | {"markdown"},
    "project": FOUNDATION | {"markdown", "kinds"},
    "anki": FOUNDATION | {"markdown", "kinds"},
    "study": FOUNDATION | {"markdown", "kinds"},
    "exam": FOUNDATION | {"markdown", "kinds", "study"},
    "app": FOUNDATION | {"markdown", "kinds"} | ENGINE,
    "terminal": FOUNDATION | {"markdown", "kinds", "app"} | ENGINE,
    "web": FOUNDATION | {"markdown", "kinds", "app"} | ENGINE,
    "cli": FOUNDATION | {"markdown", "kinds", "app", "terminal", "web"} | ENGINE,
    "__init__": {"app", "project", "study", "history"},
    "__main__": {"cli"},
}
ONLY_HERE: dict[str, str | tuple[str, ...]] = {
    "genanki": "anki/package.py",
    "rich": "terminal/",
    "markdown_it": "markdown/",
    "pygments": "markdown/",
    "latex2mathml": "markdown/",
    "fsrs": "study/fsrs.py",
    "icalendar": "exam/",
    "numpy": "exam/",
    "fsrs_rs_python": "study/optimize.py",
    "sqlite3": ("anki/", "study/", "project/index/", "cli/doctor.py"),
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
def test_modules_are_named_for_what_they_hold(path: Path) -> None:
    assert path.stem not in {"utils", "helpers", "base", "common", "manager", "misc"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_the_clock_and_the_environment_enter_at_the_command_line(path: Path) -> None:
    text = path.read_text("utf-8")
    if room_of(path) != "cli":
        for word in ("time.time(", "datetime.now(", "os.environ", "random.random", "Path.cwd"):
            assert word not in text, f"{path} uses {word}"
