"""What a user names as output is never the user's own data, and no link leads a command astray."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from cardwright.cli.lazy import LazyGroup
from cardwright.cli.main import cards
from cardwright.cli.paths import SYNCED, OutputFile, OutputFolder, StoreFile
from cardwright.study.sync import EXTENSIONS
from exam_project import write_exam_project
from project_files import Run, Write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need a permission there")

CARD = "cards: [{kind: basic, id: oak, question: Oak?, answer: A tree., sources: [A book]}]\n"
DATABASE = "is a database"
READS = {
    ("cards", "folder"),  # -C
    ("adopt", "source"),
    ("edits", "file"),
    ("backup", "restore"),
    ("doctor", "shared"),
    ("import", "files"),
    ("relink", "folder"),
    ("new", "file"),  # must be a file of cards: see below
}


def list_commands(group: click.Group = cards) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name in group.commands:
        command = group.load_command(name) if isinstance(group, LazyGroup) else group.commands[name]
        if isinstance(command, click.Group):
            for words, below in list_commands(command):
                yield (name, *words), below
        else:
            yield (name,), command


PATHS = [
    (words, param)
    for words, command in [(("cards",), cards), *list_commands()]
    for param in command.params
    if isinstance(param.type, click.Path)
]
OUTPUTS = [(words, param) for words, param in PATHS if isinstance(param.type, OutputFile)]
FOLDERS = [(words, param) for words, param in PATHS if isinstance(param.type, OutputFolder)]


def test_every_path_that_a_command_takes_is_checked() -> None:
    other = {
        (words[-1], str(param.name))
        for words, param in PATHS
        if not isinstance(param.type, OutputFile | OutputFolder | StoreFile)
    }

    assert other == READS
    assert {words[-1] for words, _ in OUTPUTS} == {
        *("preview", "diff", "plan", "mock", "export", "backup", "doctor", "stats"),
    }
    assert {words[-1] for words, _ in FOLDERS} == {"build", "init", "sync"}


@pytest.fixture
def forest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project and, beside it, a store with reviews, a backup and an index."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CARDS_CONFIG", str(tmp_path / "config.toml"))
    root = write_exam_project(tmp_path)
    for words in (["answer", "ring", "good"], ["backup"]):
        assert invoke(root, *words, "--db", str(tmp_path / "mine" / "reviews.db")).exit_code == 0
    (tmp_path / "mine" / "reviews.db-wal").touch()
    (root / "schemas").mkdir()
    (root / ".git").mkdir()
    monkeypatch.chdir(root)
    return root


def invoke(root: Path, *words: str, exit_code: int | None = None) -> Result:
    result = CliRunner().invoke(cards, ["-C", str(root), *words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert exit_code in (None, result.exit_code), result.output
    return result


def spell(param: click.Parameter, path: str) -> list[str]:
    return [path] if isinstance(param, click.Argument) else [param.opts[0], path]


def snap(folder: Path) -> Mapping[str, bytes | str]:
    """Return all files below a folder, and where its links lead."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def make_spellings(folder: Path) -> dict[str, str]:
    """Return ways to name what is ours, and what is told about each."""
    root, store = folder / "project", folder / "mine" / "reviews.db"
    [index] = (folder / "mine" / "index").iterdir()
    [backup] = (folder / "mine" / "backups").iterdir()
    (root / "decks" / "trees" / "ledger.jsonl").touch()
    (folder / "link").symlink_to(store)
    (folder / "chain").symlink_to("link")
    (folder / "into").symlink_to(root / "cards")
    (folder / "hard").hardlink_to(store)
    (folder / "leaf").hardlink_to(root / "cards" / "trees" / "terms.yaml")
    (folder / "loop").symlink_to("loop")
    (folder / "other.db").write_bytes(store.read_bytes())
    os.mkfifo(folder / "pipe")
    (folder / "stream").symlink_to("/dev/stdout")
    (folder / "thesis.txt").write_text("Years of work", "utf-8")
    (folder / "config.toml").write_text("", "utf-8")
    (folder / "shared").mkdir()
    (folder / "shared" / "0123abcd.jsonl").write_text('{"id": "', "utf-8")
    return {
        str(store): DATABASE,
        "../mine/reviews.db": DATABASE,
        "cards/../../mine//reviews.db": DATABASE,
        str(folder / "link"): DATABASE,
        str(folder / "chain"): DATABASE,
        str(folder / "hard"): DATABASE,
        str(folder / "other.db"): DATABASE,
        f"{store}-wal": "belongs to the review store",
        f"{store}-shm": "belongs to the review store",
        f"{folder}/mine/REVIEWS.DB-journal": "belongs to the review store",
        str(folder / "home" / "cardwright" / "reviews.db"): "is the review store",
        str(index): "is among the index",
        str(backup): DATABASE,
        "cards/trees/terms.yaml": "is in cards/",
        "cards/trees/new.ics": "is in cards/",
        "cards/trees/media/oak.png": "is in cards/",
        str(folder / "into" / "trees" / "x.jsonl"): "is in cards/",
        str(folder / "leaf"): "is a source of the project",
        "decks/trees/deck.yaml": "is in decks/",
        "decks/trees/blueprint.yaml": "is in decks/",
        "decks/trees/ledger.jsonl": "is in decks/",
        "decks/trees/CHANGELOG.md": "is in decks/",
        "decks/../decks/trees/ledger.jsonl": "is in decks/",
        "kinds/pick.yaml": "is in kinds/",
        "schemas/cards.schema.json": "is in schemas/",
        ".git/config": "belongs to git",
        str(folder / "thesis.txt"): "this command did not write",
        str(folder / "config.toml"): "is the config file",
        str(folder / "shared" / "0123abcd.jsonl"): "belongs to a sync folder",
        str(folder / "other.db-wal"): "belongs to a database",
        "": "an empty name",
        "cards/": "is a folder",
        "free/": "is a folder",
        ".": "is a folder",
        str(folder / "pipe"): "not a regular file",
        "/dev/null": "not a regular file",
        str(folder / "stream"): "not a regular file",
        str(folder / "loop"): "cannot be used",
    }


def list_lines(
    words: tuple[str, ...], param: click.Parameter, path: str, store: Path
) -> Iterator[list[str]]:
    """Yield command lines that name a path for output, in all orders of their options."""
    given = spell(param, path)
    command = dict(list_commands())[words]
    if not any(option.name == "db" for option in command.params):
        yield [*words, *given]
        return
    yield [*words, *given, "--db", str(store)]
    yield [*words, "--db", str(store), *given]


@pytest.mark.parametrize(("words", "param"), OUTPUTS, ids=str)
def test_output_never_replaces_what_is_ours(
    forest: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], param: click.Parameter
) -> None:
    folder = forest.parent
    store = folder / "mine" / "reviews.db"
    if words in (("preview",), ("diff",)):
        monkeypatch.setenv("CARDS_DB", str(store))
    spellings = make_spellings(folder)
    if words == ("backup",):
        # A backup may replace an older one, wherever that is.
        del spellings[str(folder / "other.db")]
    before = snap(folder)
    for path, told in spellings.items():
        for line in list_lines(words, param, path, store):
            shown = invoke(forest, *line, exit_code=2).stderr
            assert told in shown or (told == DATABASE and "the review store" in shown), path

    assert snap(folder) == before


@pytest.mark.parametrize(("words", "param"), [*OUTPUTS, *FOLDERS], ids=str)
def test_a_dash_is_no_name(forest: Path, words: tuple[str, ...], param: click.Parameter) -> None:
    shown = invoke(forest, *words, *spell(param, "-"), exit_code=2).stderr

    assert "is not standard output" in shown
    assert "./-" in shown
    assert not Path("-").exists()


def test_files_of_a_sync_folder_are_known_by_their_names() -> None:
    assert all(SYNCED.fullmatch(f"0123abcd{ending}") for ending in EXTENSIONS)


def test_an_output_of_the_same_command_is_replaced(forest: Path) -> None:
    store = str(forest.parent / "mine" / "reviews.db")
    (forest / "empty.csv").touch()
    for _ in range(2):
        for words in (
            ("export", "x.jsonl", "--db", store),
            ("export", "empty.csv", "--db", store),
            ("stats", "--html", "stats.html", "--db", store),
            ("backup", "copy.db", "--db", store),
            ("preview", "--to", "page.html"),
        ):
            invoke(forest, *words, exit_code=0)


def test_a_backup_replaces_no_reviews_that_the_store_lacks(forest: Path) -> None:
    """As on a new machine, where somebody means `--restore`, or of Anki's own database."""
    store = str(forest.parent / "mine" / "reviews.db")
    invoke(forest, "backup", "copy.db", "--db", store, exit_code=0)
    (forest / "copy.db").rename(forest / "older.db")
    invoke(forest, "backup", "older.db", "--db", store, exit_code=0)
    with closing(sqlite3.connect(forest / "of-anki.db")) as other:
        other.execute("create table cards (id)")
    before = snap(forest)

    shown = invoke(forest, "backup", "older.db", "--db", "new.db", exit_code=1).stderr
    refused = invoke(forest, "backup", "of-anki.db", "--db", store, exit_code=1).stderr

    assert "has 1 review that the store lacks" in shown
    assert "belongs to another program" in refused
    assert {name: snap(forest)[name] for name in before} == before
    invoke(forest, "import", "older.db", "--db", "new.db", exit_code=0)
    invoke(forest, "backup", "older.db", "--db", "new.db", exit_code=0)


@pytest.mark.parametrize(("words", "param"), FOLDERS, ids=str)
def test_output_does_not_go_into_folders_of_ours(
    forest: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], param: click.Parameter
) -> None:
    folder = forest.parent
    store = folder / "mine" / "reviews.db"
    monkeypatch.setenv("CARDS_DB", str(store))
    (folder / "into").symlink_to(forest / "decks")
    before = snap(folder)
    names = (
        "cards",
        "cards/trees/new",
        "decks/trees",
        "./kinds/..//kinds",
        "schemas",
        ".git/hooks",
    )
    own = (folder / "mine" / "backups", folder / "mine" / "index", folder / "into", store)
    for path in (*names, *map(str, own), ""):
        for line in list_lines(words, param, path, store):
            invoke(forest, *line, exit_code=2)

    assert snap(folder) == before


def test_a_store_is_not_made_of_a_source(forest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (forest / "cards" / "trees" / "empty.yaml").touch()
    os.mkfifo(forest / "pipe")
    before = snap(forest)
    for path in (
        "cards/trees/empty.yaml",
        "decks/trees/reviews.db",
        "",
        "cards",
        "free/",
        "../mine/reviews.db-journal",
        "../config.toml",
    ):
        invoke(forest, "due", "--db", path, exit_code=2)
    for path, is_movable in (("pipe", True), ("/dev/null", False)):
        printed = invoke(forest, "due", "--db", path, exit_code=1).stderr
        assert ("move this one away" in printed) == is_movable
    monkeypatch.setenv("CARDS_DB", "free/")
    assert "CARDS_DB" in invoke(forest, "due", exit_code=2).stderr

    assert snap(forest) == before


def test_a_link_given_for_output_is_followed(forest: Path) -> None:
    (forest / "link.jsonl").symlink_to("real.jsonl")

    for _ in range(2):
        invoke(forest, "export", "link.jsonl", exit_code=0)

    assert (forest / "link.jsonl").is_symlink()
    assert (forest / "real.jsonl").is_file()


def test_a_folder_given_as_a_link_to_nowhere_is_made(forest: Path) -> None:
    (forest.parent / "link").symlink_to("real")

    invoke(forest, "build", "--to", "../link", exit_code=0)

    assert (forest.parent / "real" / "trees.apkg").is_file()


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("build",),
        ("release", "trees"),
        ("build", "--to", "loop"),
        ("init", "loop"),
        ("new", "basic", "loop"),
        ("schema", "--write"),
        ("preview",),
        ("sync", "loop"),
        ("doctor", "--sync", "loop"),
    ],
)
def test_links_to_each_other_are_survived(forest: Path, words: tuple[str, ...]) -> None:
    """Wherever a link can be: none is followed forever, and none is a traceback."""
    for place in ("build", "schemas", "loop", "cards/trees/loop.yaml", "decks/loop", "kinds/loop"):
        if (forest / place).is_dir():
            shutil.rmtree(forest / place)
        (forest / place).symlink_to(Path(place).name)

    invoke(forest, *words)


MISS = (
    "exam",
    "miss",
    "ring",
    "--mode",
    "haste",
    "--rule",
    "Read.",
    "--action",
    "Look.",
    "--to-card",
)
WRITES = {
    "build": ("build",),
    "preview": ("preview",),
    "schema": ("schema", "--write"),
    "release": ("release", "trees"),
    "namespace": ("namespace", "trees"),
    "new": ("new", "basic", "project/cards/trees/terms.yaml"),
    "new file": ("new", "basic", "project/cards/trees/deep/new.yaml"),
    "miss": (*MISS, "--failure", "Guessing."),
    "init": ("init", "."),
}


@pytest.mark.parametrize("words", WRITES.values(), ids=WRITES)
def test_no_command_writes_through_a_link_out_of_the_project(
    forest: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """Each file that a command writes, and each folder it is in, is replaced by a link in turn."""
    monkeypatch.chdir(forest.parent)
    if "namespace" in words:
        (forest / "decks/trees/deck.yaml").write_text("name: Trees\n", "utf-8")
    if "init" in words:
        shutil.rmtree(forest)
        (forest / ".git").mkdir(parents=True)
    pristine = forest.parent / "pristine"
    shutil.copytree(forest, pristine)
    before = snap(forest)
    invoke(forest, *words, exit_code=0)
    written = [Path(name) for name, content in snap(forest).items() if before.get(name) != content]
    places = {place for path in written for place in (path, *path.parents) if place.name}
    assert written
    for place in sorted(places):
        shutil.rmtree(forest)
        shutil.copytree(pristine, forest)
        outside = forest.parent / "outside"
        shutil.rmtree(outside, ignore_errors=True)
        shutil.rmtree(forest.parent / "home", ignore_errors=True)
        outside.mkdir()
        target = outside / "target"
        if (forest / place).exists():
            (forest / place).rename(target)
        elif place not in written:
            target.mkdir()
        (forest / place).parent.mkdir(parents=True, exist_ok=True)
        (forest / place).symlink_to(target)
        before = snap(outside)

        result = invoke(forest, *words)

        # The record of builds is only a help, so a link in its place is replaced.
        assert result.exit_code or "is ignored" in result.stderr, f"{place}: {result.output}"
        assert snap(outside) == before, place
        assert (forest / place).is_symlink() or not result.exit_code


@pytest.mark.parametrize(
    "words",
    [
        ("export", "project/out/file"),
        ("preview", "--to", "project/out/file"),
        ("backup", "project/out/file"),
        ("build", "--to", "project/out/folder"),
    ],
)
def test_a_named_path_in_the_project_does_not_lead_out_of_it(
    forest: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(forest.parent)
    outside = forest.parent / "outside"
    outside.mkdir()
    (forest / "out").symlink_to(outside)
    result = invoke(forest, *words, exit_code=2)
    assert "leads out of the project through a link" in result.output
    assert list(outside.iterdir()) == []


def test_what_no_file_of_cards_can_be_is_told(write: Write, run: Run) -> None:
    root = write({"cards/trees/trees.yaml": CARD})
    circle, huge = root / "cards" / "trees" / "circle.yaml", root / "cards" / "trees" / "huge.yaml"
    circle.symlink_to("circle.yaml")
    with huge.open("wb") as file:
        file.truncate(2**40)
    printed = run("new", "basic", str(circle), exit_code=1).stderr
    assert "circle.yaml is a link, so nothing was written there" in printed
    assert "has more than 64 MiB" in run("new", "basic", str(huge), exit_code=1).stderr


def test_a_build_folder_that_leads_in_a_circle_is_told(write: Write, run: Run) -> None:
    root = write({"cards/trees/trees.yaml": CARD})
    run("release", "trees")
    write({"cards/trees/trees.yaml": CARD.replace("A tree", "A big tree")})
    shutil.rmtree(root / "build")
    (root / "build").symlink_to("build")
    for words in (["release", "trees"], ["build"]):
        assert "build is a link, so nothing" in run(*words, exit_code=1).stderr
