"""The rules for imports: layers point one way, libraries stay in their package, no cycles."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "cardwright"
MODULES = sorted(path for path in SOURCE.rglob("*.py"))
FOUNDATION = {
    *(
        "text",
        "error",
        "changed_lines",
        "diagnostic",
        "report",
        "blueprint",
        "model",
        "history",
        "memory",
        "item",
    ),
    *("files", "foreign", "frozen", "incoming", "merge", "pattern", "progress"),
}
ENGINE = {"project", "anki", "adopt", "study", "exam"}
MAY_IMPORT = {
    "text": set(),
    "pattern": set(),
    "error": set(),
    "files": {"error"},
    "frozen": set(),
    "history": {"frozen"},
    "memory": set(),
    "diagnostic": {"frozen", "text"},
    "report": {"text", "diagnostic"},
    "foreign": {"error"},
    "blueprint": {"diagnostic", "frozen"},
    "model": {"blueprint", "diagnostic", "frozen", "pattern", "text"},
    "item": {"model", "pattern"},
    "incoming": {"model"},
    "merge": set(),
    "changed_lines": {"merge"},
    "progress": set(),
    "markdown": FOUNDATION,
    "html": FOUNDATION | {"markdown"},
    "kinds": FOUNDATION | {"markdown"},
    "project": FOUNDATION | {"markdown", "kinds"},
    "anki": FOUNDATION | {"markdown", "html", "kinds"},
    "adopt": FOUNDATION | {"markdown", "html", "kinds"},
    "study": FOUNDATION | {"markdown", "kinds"},
    "exam": FOUNDATION | {"markdown", "kinds", "study"},
    "app": FOUNDATION | {"markdown", "html", "kinds"} | ENGINE,
    "terminal": FOUNDATION | {"markdown", "kinds", "app"} | ENGINE,
    "web": FOUNDATION | {"markdown", "kinds", "app"} | ENGINE,
    "editor": FOUNDATION | {"markdown", "kinds", "app", "web"} | ENGINE,
    "cli": FOUNDATION | {"markdown", "kinds", "app", "terminal", "web", "editor"} | ENGINE,
    "__init__": {"app", "error", "project", "study", "history", "memory"},
    "__main__": {"cli"},
}
ONLY_HERE: dict[str, str | tuple[str, ...]] = {
    "anki": "anki/doors/",
    "genanki": "anki/package.py",
    "rich": "terminal/",
    "markdown_it": "markdown/",
    "pygments": "markdown/",
    "selectolax": "html/",
    "anyascii": "adopt/",
    "latex2mathml": "markdown/",
    "fsrs": "tests only",
    "lsprotocol": "tests only",
    "icalendar": "exam/",
    "numpy": "exam/",
    "fsrs_rs_python": "study/optimize.py",
    "msgspec": ("project/", "anki/", "editor/wire.py"),
    "sqlite3": ("project/cache.py", "anki/package.py", "foreign/", "study/", "cli/surroundings.py"),
    "zipfile": ("anki/package.py", "anki/doors/backup.py", "foreign/"),
    "backports": "foreign/zstd.py",
    "compression": "foreign/zstd.py",
    "subprocess": ("cli/git.py", "cli/editor.py", "cli/player.py", "cli/pager.py"),
}
PRINTS = re.compile(
    r"\bConsole\(|click\.s?echo|\bsecho\(|(?<![\w.])print\(|sys\.std(?:out|err)\.write"
)
PRINTS_HERE = {"cli/output.py", "terminal/paint.py", "terminal/screen.py"}


def shown(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def layer_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@cache
def text_of(path: Path) -> str:
    return path.read_text("utf-8")


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(text_of(path))))


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Return the full names of imported modules, `from package import module` included."""
    names = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            names.add(module)
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return frozenset(names)


@cache
def calls_of(path: Path) -> dict[ast.Call, str]:
    """Return the calls in a module, with what each calls."""
    calls = [node for node in nodes_of(path) if isinstance(node, ast.Call)]
    return {call: ast.unparse(call.func) for call in calls}


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_imports_point_one_way(path: Path) -> None:
    layer = layer_of(path)
    for name in imports_of(path):
        parts = name.split(".")
        if parts[0] == "cardwright" and len(parts) > 1 and parts[1] != "__version__":
            assert parts[1] == layer or parts[1] in MAY_IMPORT[layer], f"{layer} imports {name}"


def test_no_module_imports_itself_by_way_of_others() -> None:
    names = {
        "cardwright."
        + shown(path).removesuffix(".py").removesuffix("/__init__").replace("/", "."): path
        for path in MODULES
    }
    graph = {name: (imports_of(path) & names.keys()) - {name} for name, path in names.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for imported in graph[name]:
                visit(imported, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_libraries_stay_in_their_place(path: Path) -> None:
    for name in imports_of(path):
        home = ONLY_HERE.get(name.split(".")[0])
        assert home is None or shown(path).startswith(home), f"{shown(path)} imports {name}"


def test_one_module_prints() -> None:
    assert {shown(path) for path in MODULES if PRINTS.search(text_of(path))} <= PRINTS_HERE


def test_only_the_command_line_exits() -> None:
    exits = [path for path in MODULES if "sys.exit" in calls_of(path).values()]
    assert {layer_of(path) for path in exits} <= {"cli", "__main__"}, exits


def test_modules_are_named_for_what_they_hold() -> None:
    vague = {"utils", "helpers", "base", "common", "manager", "misc"}
    assert not [path for path in MODULES if path.stem in vague]


def test_the_clock_and_the_environment_enter_at_the_command_line() -> None:
    for path in (path for path in MODULES if layer_of(path) != "cli"):
        text = text_of(path)
        for word in ("time.time(", "datetime.now(", "os.environ", "random.random", "Path.cwd"):
            assert word not in text, f"{path} uses {word}"


RUNS_TEXT = re.compile(
    r"eval|exec|compile|__import__|runpy\..*|code\.interact|pickle\..*|marshal\..*|shelve\..*"
    r"|yaml\.(?:full_|unsafe_)?load(?:_all)?|tempfile\.mktemp|webbrowser\..*"
    r"|os\.(?:system|popen|exec\w*|spawn\w*|posix_spawn\w*|fork\w*)|.*\.load_extension"
)
IMPORTS_BY_NAME = {
    *("__init__.py", "markdown/__init__.py", "cli/lazy.py", "anki/genanki_module.py"),
}
NETWORK = {
    *("socket", "ssl", "http", "urllib.request", "urllib3", "requests", "httpx", "ftplib"),
    *("smtplib", "telnetlib", "xmlrpc", "socketserver", "asyncio", "multiprocessing"),
}
KNOWS_THE_NETWORK = {
    "web/watch.py": {"socket", "http"},
    "anki/doors/anki_connect.py": {"http"},
}


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_nothing_runs_text_and_few_modules_know_the_network(path: Path) -> None:
    names = calls_of(path).values()
    assert not [name for name in names if RUNS_TEXT.fullmatch(name)]
    assert not [call for call in calls_of(path) if "shell" in {word.arg for word in call.keywords}]
    assert "import_module" not in names or shown(path) in IMPORTS_BY_NAME
    assert "os.startfile" not in names or shown(path) == "cli/editor.py"
    imported = {
        name
        for name in imports_of(path)
        if name in NETWORK or name.split(".")[0] in NETWORK - {"urllib.request"}
    }
    assert not {name.split(".")[0] for name in imported} - KNOWS_THE_NETWORK.get(shown(path), set())
    # Loading what is pickled runs it.
    assert not {"pickle", "marshal", "shelve", "webbrowser"} & imports_of(path)
    knows_c = shown(path) in {"terminal/screen.py", "editor/parent.py"}
    assert "ctypes" not in imports_of(path) or knows_c


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_git_runs_in_one_function_and_programs_start_in_few_modules(path: Path) -> None:
    calls = calls_of(path).values()
    # It finds programs in the current folder; `find_program` does not.
    assert not [call for call in calls if call.endswith("which")]
    starts = [call for call in calls if call.startswith("subprocess.")]
    if shown(path) == "cli/git.py":
        assert starts == ["subprocess.Popen"]
    else:
        assert not starts or '"git' not in text_of(path)


WRITING = re.compile(
    r"(?:^|\.)(?:write_text|write_bytes|touch|mkdir|makedirs|rename|renames|symlink_to|hardlink_to"
    r"|symlink|link|mkfifo|mkdtemp|mkstemp|copy2?|copyfile|copytree|move|rmtree|unlink|remove|rmdir"
    r"|TemporaryDirectory|NamedTemporaryFile|open)$"
)
WRITES_ITSELF = {
    "files.py": "the function that all others use",
    "anki/doors/library.py": "a collection in a temporary folder, to see its schema",
    "anki/doors/server.py": "a private copy of a collection",
    "anki/doors/server_login.py": "folders for backups; the key of a session with a sync server, which only its owner can read",
    "anki/doors/backup.py": "a copy of a collection in a temporary folder",
    "anki/collection.py": "a temporary folder for a package or a collection",
    "foreign/archive.py": "a package, unpacked into a temporary folder",
    "foreign/live_database.py": "a collection, copied into a temporary folder",
    "foreign/plain_file.py": "nothing, it only reads",
    "anki/package.py": "a database in a temporary folder; members of a package, whose file it is given",
    "anki/record.py": "deletes a record of builds that is not needed any more",
    "app/adopt/run.py": "the folders of a new project, whose paths were checked",
    "app/adopt/write.py": "media on their way into a project: copied in its build folder, then renamed to a path that was checked",
    "app/anki/edits.py": "media of a package in a temporary folder, before they are taken over",
    "app/lock.py": "on Windows, a file that goes with its process",
    "cli/main.py": "the null device",
    "cli/git.py": "a bare repository in a temporary folder",
    "cli/revision.py": "the sources of a revision in a temporary folder",
    "web/package_face.py": "a media file of a package in a temporary folder, to see what it is",
    "cli/output.py": "the null device",
    "terminal/screen.py": "the terminal",
    "project/index.py": "deletes an index that is damaged",
    "study/backup.py": "the store's own backups",
    "study/header.py": "a copy of a damaged store in a temporary folder",
    "project/cache.py": "the folder and the file of the cache",
    "study/opening.py": "the store's own folder and file",
    "study/sync_files.py": "its own file in a sync folder, set aside if it is damaged",
    "study/place.py": "what is kept beside a store whose file was replaced",
}
TAKES_PATHS = {
    "anki/doors/backup.py": "a folder of backups, of Anki or our own; the day of the last one",
    "cli/config.py": "the config file",
    "project/index.py": "the index beside the store",
    "study/sync_files.py": "a sync folder",
}


def test_files_are_written_by_one_function_to_paths_that_were_checked() -> None:
    """`write_file` gets a path that a user gave for output, or that `find_below` returned."""
    found, used = set(), set()
    for path in MODULES:
        names = imports_of(path)
        if any(is_writing(call, name) for call, name in calls_of(path).items()):
            found.add(shown(path))
        if {"cardwright.files.write_file", "cardwright.files.stream_file"} & names:
            used.add(shown(path))
            is_checked = {"cardwright.cli.paths.OutputFile", "cardwright.files.find_below"} & names
            assert is_checked or shown(path) in TAKES_PATHS, shown(path)

    assert found == WRITES_ITSELF.keys()
    assert TAKES_PATHS.keys() <= used


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_links_are_followed_by_a_function_that_survives_loops(path: Path) -> None:
    """`Path.resolve` raises a `RuntimeError` for a loop before Python 3.13."""
    assert not [name for name in calls_of(path).values() if name.endswith(".resolve")]


def is_writing(call: ast.Call, name: str) -> bool:
    if name.endswith(".replace") and len(call.args) == 1 and not call.keywords:
        return True  # a path's; that of a text takes two
    if not WRITING.search(name) or re.match(r"zipfile|webbrowser|Image", name):
        return False
    if not name.endswith("open"):
        # Methods of lists, sets and dictionaries are not meant.
        return not re.search(r"(?:^|\.)(?:remove|copy)$", name) or name.startswith(
            ("os.", "shutil.")
        )
    if name.startswith("os."):
        return True
    modes = [ast.unparse(node) for node in (*call.args, *(word.value for word in call.keywords))]
    return any(re.fullmatch(r"'[rwaxbt+]*[wax+][rwaxbt+]*'", mode) for mode in modes)


BOUNDED = re.compile(
    r"(?:^|\.)(?:open_plain_file|read_plain_file|read_lines|read_below|open_collection|open_archive)$"
)
"""What opens regular files only, and reads a limited part of them."""
READING = re.compile(r"(?:^|\.)(?:read_bytes|open|connect|connect_to_read|ZipFile|readline)$")
FUZZED = {
    "adopt/folder.py": "adopt/test_obsidian.py::test_any_note_is_read_or_refused",
    "adopt/obsidian_settings.py": "adopt/test_obsidian.py::test_the_settings_of_the_vault_decide_what_is_a_card",
    "adopt/text_file.py": "adopt/test_table.py::test_any_bytes_are_read_or_refused",
    "anki/adopted.py": "project/test_fuzz.py::test_mutations",
    "anki/collection.py": "anki/test_strange_collections.py::test_mutations_are_read_or_refused",
    "anki/crowdanki.py": "anki/test_crowdanki.py::test_any_value_is_read_or_refused",
    "anki/doors/backup.py": "anki/doors/test_closed.py::test_a_mark_of_a_backup_that_is_no_file_is_none",
    "anki/doors/closed.py": "anki/test_strange_collections.py::test_mutations_are_read_or_refused",
    "anki/doors/library.py": "anki/test_strange_collections.py::test_mutations_are_read_or_refused",
    "anki/doors/running.py": "anki/test_strange_collections.py::test_mutations_are_read_or_refused",
    "anki/doors/server.py": "anki/test_strange_collections.py::test_mutations_are_read_or_refused",
    "anki/doors/server_login.py": "anki/doors/test_server.py::test_a_key_that_is_damaged_is_asked_for_again",
    "anki/incoming.py": "anki/test_strange_collections.py::test_mutations_are_read_or_refused",
    "anki/ledger.py": "project/test_fuzz.py::test_mutations",
    "anki/package_notes.py": "project/test_fuzz.py::test_mutations",
    "anki/package_members.py": "project/test_fuzz.py::test_mutations",
    "anki/record.py": "project/test_fuzz.py::test_mutations",
    "app/adopt/write.py": "cli/test_adopt_hostile.py::test_a_deck_full_of_traps_becomes_a_harmless_project",
    "app/anki/edits.py": "project/test_edit.py::test_any_edit_of_any_file_reads_back",
    "app/anki/file_import.py": "anki/test_strange_collections.py::test_mutations_are_read_or_refused",
    "cli/anki/edits.py": "cli/test_anki_edits.py::test_hostile_edits_are_harmless",
    "app/config.py": "app/test_config.py::test_any_bytes_are_settings_or_refused",
    "app/file_kind.py": "app/test_formats.py::test_files_are_recognised",
    "app/manifest.py": "project/test_fuzz.py::test_mutations",
    "project/write.py": "cli/test_output_paths.py::test_what_no_file_of_cards_can_be_is_told",
    "app/misses.py": "project/test_edit.py::test_any_edit_of_any_file_reads_back",
    "app/project.py": "project/test_fuzz.py::test_mutations",
    "app/release.py": "project/test_fuzz.py::test_mutations",
    "cli/init.py": "cli/test_init.py::test_init_overwrites_nothing",
    "cli/paths.py": "cli/test_output_paths.py::test_output_never_replaces_what_is_ours",
    "cli/git.py": "cli/test_strange_repositories.py::test_a_pipe_in_place_of_a_file_holds_nothing_up",
    "editor/workspace.py": "editor/test_protocol.py::test_random_edits_are_survived",
    "foreign/picture.py": "foreign/test_picture.py::test_any_bytes_are_measured_or_refused",
    "foreign/media.py": "foreign/test_media.py::test_any_content_is_media_or_is_refused",
    "project/names.py": "cli/test_completion.py::test_what_is_left_of_a_damaged_index_is_harmless",
    "project/media.py": "project/test_fuzz.py::test_mutations",
    "study/sync_files.py": "study/test_sync.py::test_machines_agree_whatever_is_in_the_folder",
    "study/table.py": "cli/test_import_table.py::test_a_table_of_a_stranger_is_refused_in_little_memory",
    "study/transfer.py": "study/test_transfer.py::test_a_broken_file_ends_in_words_and_takes_nothing_in",
}
"""The test of each module that reads what strangers may have written, for anything that it may be."""
MAKE_BOUNDED = ("foreign/", "files.py")
"""What has the limits of the functions above."""
OPENED_HERE = {
    **dict.fromkeys(
        ("study/", "project/cache.py"), "databases, after their kind and size were checked"
    ),
    "project/index.py": "the index beside the store, in parts",
    **dict.fromkeys(
        ("project/walk.py", "project/texts.py"), "the first 6 MB of a source whose kind was checked"
    ),
    "project/schema_file.py": "a file of at most 10 MB, whose kind was checked",
    "project/kind.py": "the program's own kinds",
    "project/findings.py": "what shows texts",
    "editor/server.py": "a text of an editor",
    "anki/media.py": "media that were checked, of at most 100 MB",
    "web/face.py": "media that were checked, of at most 20 MB",
    "web/preview.py": "what shows texts",
    "anki/package.py": "what was just written; its own package",
    "anki/doors/backup.py": "a copy of a collection; a backup that is being written",
    "anki/doors/anki_connect.py": "a connection: tests/anki/doors/test_running.py",
    "app/anki/edits.py": "media that were checked, in a folder of its own",
    "app/project.py": "what shows texts",
    "cli/anki/doors.py": "the password, from the user",
    "cli/build_time.py": "a file of limited size, whose kind was checked",
    "cli/complete.py": "the program's own table",
    "cli/main.py": "a stream of the process",
    "terminal/plain.py": "what the user types",
}
"""Why other modules may open files, connections and streams themselves."""


def test_what_reads_strangers_bytes_is_bounded_and_fuzzed() -> None:
    """Whoever adds a reader says here what it reads, and which test gives it anything."""
    bounded, others = set(), set()
    for path in MODULES:
        for call, name in calls_of(path).items():
            if BOUNDED.search(name):
                bounded.add(shown(path))
            elif READING.search(name) and not is_writing(call, name):
                others.add(shown(path))

    assert {name for name in bounded if not name.startswith(MAKE_BOUNDED)} <= FUZZED.keys()
    assert not [name for name in others if not name.startswith((*MAKE_BOUNDED, *OPENED_HERE))]
    assert not [name for name in OPENED_HERE if not any(one.startswith(name) for one in others)]
    for test in FUZZED.values():
        file, _, function = test.partition("::")
        assert f"def {function}(" in text_of(Path(__file__).parent / file), test
