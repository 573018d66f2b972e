"""A project that uses everything, and what must hold whatever becomes of its files."""

from __future__ import annotations

import faulthandler
import json
import os
import re
import shutil
import signal
import sqlite3
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, NoReturn
from unittest.mock import patch

from click.testing import CliRunner

from cardwright.anki.collection import PackageError, open_collection
from cardwright.cli.main import cards
from media_files import MP3, PNG, SVG
from mutations import (
    keep_meaning,
    mutate_bytes,
    mutate_database,
    mutate_ledger,
    mutate_tree,
    mutate_yaml,
    recode,
)
from strange_packages import (
    compress,
    encode,
    make_newest_database,
    pack,
    pack_newest,
    unpack_newest,
    write_package,
)

ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
MAX_CPU_S = 2.0
MAX_WALL_S = 60
"""A net for what waits for ever; it is far more than a busy machine needs."""
NOW = "2026-11-28T12:00:00+00:00"
FILES: Mapping[str, str | bytes] = {
    "decks/trees/deck.yaml": (
        "# yaml-language-server: $schema=../../schemas/deck.schema.json\n"
        "name: Trees\nnamespace: trees-k3v9\ndescription: |\n  Of **trees**.\n"
        "options: {new_per_day: 20, desired_retention: 0.9, learning_steps_minutes: [1, 10]}\n"
        "checks: {missing-source: off}\norder: [basic, cloze]\n"
        'decks:\n  - name: Bark\n    select: {tag: bark}\n  - name: Leaf\n    select: {lesson: "1.1"}\n'
        "    decks:\n      - {name: Oak, select: {id: [oak, elm]}}\n"
        "  - {name: Rest, select: {kind: [basic, choice, objective, vocabulary, mine, adopted, term]}}\n"
    ),
    "decks/trees/blueprint.yaml": (
        "name: Wood\nquestions: 20\nminutes: 30\ndomains:\n  - id: wood\n    name: Wood\n"
        '    weight: 100\n    lessons:\n      - {id: "1.1", title: First steps}\n'
        'objectives:\n  - {id: "1.1", lesson: "1.1", about: Tell the age}\n'
    ),
    "kinds/mine.yaml": (
        "kind: mine\ntitle: Mine\nabout: Both ways.\nfields:\n  front: {type: inline, required: true}\n"
        "  back: {required: true}\n  both: {type: flag}\nsides:\n"
        "  there: {ask: '{{front}}', show: [back]}\n"
        "  back: {ask: '{{back}}', show: [front], when: both}\n"
    ),
    "kinds/adopted.yaml": (
        "kind: adopted\nanki: {id: 1234567890123, name: Basic, css: '.card {color: black}'}\nfields:\n"
        "  front: {type: inline, required: true, label: Front}\n  back: {label: Back}\nsides:\n"
        "  card:\n    ask: '{{front}}'\n    show: [back]\n    anki: {name: Card 1, "
        "front: '{{Front}}', back: '{{FrontSide}}<hr>{{Back}}'}\n"
    ),
    "cards/trees/basic.yaml": (
        "# yaml-language-server: $schema=../../schemas/cards.schema.json\n"
        'kind: basic\nlesson: "1.1"\ntags: [wood]\nsources: [https://example.org/a]\ncards:\n'
        "  - id: oak\n    question: What is an *oak* with $x^2$?\n    answer: |\n      A tree:\n\n"
        "      - `tall`\n      - old\n\n      ```python\n      print('oak')\n      ```\n"
        '    objectives: ["1.1"]\n    tags: [bark]\n    formerly: [aok]\n'
        "  - {id: elm, question: An elm?, answer: '![Elm](media/elm.png)', extra: '| a | b |'}\n"
        "  - {id: ash, question: Ash?, answer: '![](media/ash.svg) ![](media/ash.mp3)'}\n"
        "  - {id: fir, question: Fir?, answer: Gone, retired: felled}\n"
    ),
    "cards/trees/more/all.yml": (
        "cards:\n"
        '  - {id: gaps, kind: cloze, text: "{{c1::Oak}} and {{c2::elm::hint}}", lesson: "1.1"}\n'
        "  - {id: pick, kind: choice, question: Which?, options: [{right: Oak, reason: Wood}, "
        "{wrong: Stone, reason: No}]}\n"
        "  - {id: aim, kind: objective, objective: '1.1', question: Why?, points: [So, Thus]}\n"
        "  - {id: word, kind: vocabulary, word: el árbol, translation: the tree, example: Un árbol.}\n"
        "  - {id: own, kind: mine, front: Oak, back: Tree, both: true}\n"
        "  - {id: taken, kind: adopted, front: Oak, back: Tree, guid: 'a!b#c'}\n"
        "  - id: pinus\n    kind: term\n    term: Pine\n    definition: A tree with needles\n"
        "    sources: [{url: 'https://example.org', title: Pines, checked: 2026-01-01}]\n"
    ),
    "cards/trees/media/elm.png": PNG,
    "cards/trees/media/ash.svg": SVG,
    "cards/trees/media/ash.mp3": MP3,
    # What is wrong with these is wrong whatever becomes of the others.
    "decks/canary/deck.yaml": "name: Canary\nnamespace: canary-x1y2\nchecks: {missing-source: off}\n",
    "cards/canary/birds.yaml": (
        "kind: basic\ncards:\n  - {id: finch, question: A finch is <b>what</b>?, answer: A #bird}\n"
        '  - id: wren\n    question: A wren sings here # or not\n    answer: "A \\tbird"\n'
        "  - {id: tit, question: '** not strong** \\(x\\)?', answer: '[a](javascript:x)'}\n"
    ),
}
"""The files of the garden; each kind of file is there."""
ADOPTED = (
    '{"adopted": 1}\n'
    '{"note_type": "adopted", "mod": 0}\n'
    '{"written": "kinds/adopted.yaml", "hash": "0b5304325b0e514f"}\n'
    '{"note": "a!b#c", "mod": 1790000000, "deck": "Trees", "tags": ["wood"], "fields": '
    '{"front": {"value": "Oak", "html": "<b>Oak</b>"}, "back": "Tree"}}\n'
)
"""What is kept of a deck that was adopted, which strangers can change like any source."""
CANARY = ("decks/canary/", "cards/canary/")

_ESCAPED = re.compile(r"\\u(dc[89a-f][0-9a-f])")
"""A byte of a file name that is not UTF-8, as messages show it."""


class Finding(AssertionError):  # noqa: N818  (it is no error of ours)
    """Something that must not happen."""


@dataclass(slots=True)
class Guard:
    """Notes what runs, and what is read or written where it must not be.

    Audit hooks stay for ever, so there is one, which looks only while something is watched.
    """

    outside: str = ""
    """The folder that must not be read."""
    writable: tuple[str, ...] = ()
    found: list[str] = field(default_factory=list)
    is_on: bool = False

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.is_on:
            return
        if event == "open":
            self._look_at(
                args[0], is_written=bool(args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            )
        elif event in {"os.rename", "os.link", "os.symlink"}:
            self._look_at(args[1], is_written=True)
        elif event in {"os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod"}:
            # `shutil.rmtree` names entries of a folder that it has opened.
            if not (event in {"os.remove", "os.rmdir"} and args[1] != -1):
                self._look_at(args[0], is_written=True)
        elif event == "subprocess.Popen":
            # Python asks `uname` for the name of the platform.
            if Path(os.fsdecode(args[0])).name not in {"git", "uname"}:
                self.found.append(f"runs {args[0]!r}")
        elif event in {
            "os.system",
            "os.exec",
            "os.posix_spawn",
            "os.fork",
            "pickle.find_class",
        } or (event.startswith("socket.") and event != "socket.__new__"):
            self.found.append(f"{event} {args!r}")

    def _look_at(self, path: object, *, is_written: bool) -> None:
        if isinstance(path, int) or not isinstance(path, str | bytes | os.PathLike):
            return
        real = os.path.realpath(os.fsdecode(path))
        if real.startswith((self.outside + "/", "/dev/zero")):
            self.found.append(f"{'writes' if is_written else 'reads'} {real}")
        elif is_written and real != os.devnull and not real.startswith(self.writable):
            self.found.append(f"writes {real}")


GUARD = Guard()
_IS_HOOKED: list[bool] = []


@contextmanager
def guarded(outside: Path, writable: Sequence[Path]) -> Iterator[None]:
    """Raise a Finding if what runs inside runs programs, or reads or writes elsewhere."""
    if not _IS_HOOKED:
        sys.addaudithook(GUARD)
        _IS_HOOKED.append(True)
    GUARD.outside = os.path.realpath(outside)
    GUARD.writable = tuple(os.path.realpath(path) for path in writable)
    GUARD.found.clear()
    GUARD.is_on = True
    try:
        yield
    finally:
        GUARD.is_on = False
    if GUARD.found:
        raise Finding("; ".join(dict.fromkeys(GUARD.found)))


@contextmanager
def timed(max_cpu_s: float = MAX_CPU_S) -> Iterator[None]:
    """Raise a Finding if what runs inside takes much processor time, or waits for ever."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Finding(f"takes more than {max_cpu_s * 5} s")

    faulthandler.dump_traceback_later(MAX_WALL_S * 3, exit=True)
    before = [signal.signal(one, stop) for one in (signal.SIGALRM, signal.SIGPROF)]
    signal.setitimer(signal.ITIMER_REAL, MAX_WALL_S)
    signal.setitimer(signal.ITIMER_PROF, max_cpu_s * 5)
    start_s = time.process_time()
    try:
        yield
    finally:
        took_s = time.process_time() - start_s
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGALRM, before[0])
        signal.signal(signal.SIGPROF, before[1])
        faulthandler.cancel_dump_traceback_later()
    if took_s > max_cpu_s:
        raise Finding(f"takes {took_s:.1f} s")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str
    refused: str = ""
    """The message of an operating system's error that ended it."""


@dataclass(slots=True)
class Garden:
    """A folder with the project, its data, and a folder outside that must not be touched."""

    base: Path

    @property
    def root(self) -> Path:
        return self.base / "project"

    @property
    def outside(self) -> Path:
        return self.base / "outside"

    @property
    def out(self) -> Path:
        return self.base / "out"

    @property
    def data(self) -> Path:
        return self.base / "data"

    def plant(self, files: Mapping[str, str | bytes] = FILES) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        for folder in (self.outside, self.out, self.data, self.base / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.outside / "secret").write_text("kind: basic\n# SECRET\n", "utf-8")
        (self.outside / "secret.yaml").write_text(
            "kind: basic\ncards: [{id: secret, question: SECRET?, answer: SECRET}]\n", "utf-8"
        )
        (self.outside / "secret.png").write_bytes(PNG + b"SECRET")
        (self.outside / "ledger.jsonl").write_text('{"SECRET": 1}\n', "utf-8")

    def copy(self, target: Path) -> Garden:
        shutil.copytree(self.base, target, symlinks=True)
        return Garden(target)

    def run(self, *words: str, stdin: str = "", writable: Sequence[str] = ("build",)) -> Outcome:
        """Run `cards` on the project; whatever it finds, it ends with a message."""
        tmp = self.base / "tmp"
        environ = {
            "HOME": str(self.data),
            "XDG_DATA_HOME": str(self.data),
            "CARDS_CACHE": str(self.data / "cache"),
            "CARDS_NOW": NOW,
            "SOURCE_DATE_EPOCH": "1790000000",
            "EDITOR": "false",
        }
        folders = (self.out, self.data, tmp, *(self.root / name for name in writable))
        refused = ""
        try:
            with timed(), guarded(self.outside, folders), patch("tempfile.tempdir", str(tmp)):
                result = CliRunner().invoke(
                    cards, ["-C", str(self.root), *words], input=stdin, env=environ
                )
        except Finding as found:
            raise Finding(f"cards {' '.join(words)} {found}") from found
        error = result.exception
        if isinstance(error, OSError):
            # `main` says it and exits with 1.
            refused = f"{error.filename}: {error.strerror}"
        elif error is not None and not isinstance(error, SystemExit):
            raise Finding(f"cards {' '.join(words)} raises {error!r}") from error
        acting = ACTING.search(result.stdout + result.stderr)
        if acting:
            about = (result.stdout + result.stderr)[max(acting.start() - 60, 0) :][:100]
            raise Finding(f"cards {' '.join(words)} prints {about!r}")
        if "SECRET" in result.output:
            raise Finding(f"cards {' '.join(words)} prints what is outside")
        if result.exit_code and not (result.output.strip() or refused):
            raise Finding(f"cards {' '.join(words)} fails without a word")
        return Outcome(result.exit_code, result.stdout, result.stderr, refused)

    def check(self) -> tuple[Outcome, list[dict[str, Any]]]:
        """Run `cards check`, whose places must exist."""
        outcome = self.run("check", "--json")
        if not outcome.stdout:
            return outcome, []
        rows = json.loads(outcome.stdout)
        for row in rows:
            for place in (row, *row["related"]):
                self._assert_place(place)
        if outcome.exit_code != any(row["severity"] == "error" for row in rows):
            raise Finding("the status of `cards check` does not follow from what it reports")
        return outcome, rows

    def _assert_place(self, row: Mapping[str, Any]) -> None:
        path = self.root / _ESCAPED.sub(lambda found: chr(int(found[1], 16)), row["path"])
        if not os.path.lexists(path) and "is missing" not in row.get("message", ""):
            raise Finding(f"reported at {row['path']!r}, which does not exist: {row}")
        if row["line"] < 1 or row["column"] < 1:
            raise Finding(f"reported before the start: {row}")
        if (row["line"], row["column"]) == (1, 1) or not path.is_file():
            return
        real = path.resolve()
        if not real.is_relative_to(self.root.resolve()):
            raise Finding(f"a place in what is outside: {row}")
        text = path.read_bytes().decode("utf-8-sig", "replace").replace("\r\n", "\n")
        lines = text.replace("\r", "\n").split("\n")
        if row["line"] > len(lines) or row["column"] > len(lines[row["line"] - 1]) + 1:
            raise Finding(f"a place that is not there: {row}")


def tell_canary(rows: list[dict[str, Any]]) -> list[str]:
    """Return what is reported of the files that nobody touched."""
    return [json.dumps(row) for row in rows if row["path"].startswith(CANARY)]


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("check",),
    ("check", "--all", "--strict"),
    ("check", "--format", "github"),
    ("diff",),
    ("diff", "--json"),
    ("list",),
    ("list", "--json"),
    ("show", "oak"),
    ("show", "trees:pick", "--json"),
    ("review", "--plain"),
    ("due",),
    ("due", "--json"),
    ("next", "--json"),
    ("stats",),
    ("options",),
    ("namespace",),
    ("exam", "coverage"),
    ("schema", "cards"),
    ("doctor",),
    ("release", "trees", "--dry-run"),
)
"""Commands that read a project and change nothing in it."""


def try_project(garden: Garden, canary: list[str] | None, words: Sequence[Sequence[str]]) -> None:
    """Run commands on a project, and raise a Finding if one does what it must not."""
    first, rows = garden.check()
    if canary is not None:
        if not first.stdout:
            raise Finding(f"`cards check` says nothing of any file: {first.stderr}{first.refused}")
        missing = [row for row in canary if row not in tell_canary(rows)]
        if missing:
            raise Finding(f"no longer reported: {missing}")
    second, _ = garden.check()
    if (first.stdout, first.exit_code) != (second.stdout, second.exit_code):
        raise Finding("`cards check` says something else the second time")
    for one in words:
        garden.run(*one)
    _try_build(garden, rows, is_read=bool(first.stdout))
    garden.run("preview", "--to", str(garden.out / "page.html"))
    page = garden.out / "page.html"
    if page.exists():
        text = page.read_bytes().decode("utf-8")
        if "SECRET" in text:
            raise Finding("the page shows what is outside")
        page.unlink()


def _try_build(garden: Garden, rows: list[dict[str, Any]], *, is_read: bool) -> None:
    built = garden.run("build", "--to", str(garden.out), "--json")
    errors = [row for row in rows if row["severity"] == "error"]
    if built.exit_code == 0 and errors:
        raise Finding("built in spite of errors")
    if built.exit_code == 0 and is_read:
        listed = garden.run("list", "--json")
        wanted: dict[str, int] = {}
        unplaced = [row["message"] for row in rows if row["code"] == "card-in-no-deck"]
        for row in json.loads(listed.stdout):
            if f"no deck selects `{row['id']}`" in unplaced:
                continue
            wanted[row["pack"]] = wanted.get(row["pack"], 0) + (row["retired"] is None)
        for row in json.loads(built.stdout):
            if row["notes"] < wanted[row["pack"]]:
                raise Finding(f"{row['pack']} has {row['notes']} notes of {wanted[row['pack']]}")
    elif (
        not errors
        and is_read
        and "selects no cards" not in built.stderr
        and (
            "has no deck" not in built.stderr
            and not built.refused
            and "holds sources of the project" not in built.stderr
        )
    ):
        raise Finding(f"not built without an error: {built.stderr}")


def try_index(garden: Garden) -> None:
    """Compare what a kept index gives with what a fresh one does."""
    for words in (("due", "--json"), ("next", "--json")):
        warm = garden.run(*words)
        kept = [path for path in garden.data.rglob("*.index") if path.is_file()]
        for path in kept:
            path.rename(path.with_suffix(".aside"))
        cold = garden.run(*words)
        for path in kept:
            path.with_suffix(".aside").replace(path)
        if (warm.exit_code, warm.stdout) != (cold.exit_code, cold.stdout):
            raise Finding(f"cards {' '.join(words)}: {warm} with an index, {cold} without")


def release(garden: Garden) -> list[str]:
    """Release the garden and open its index; return what is reported of its canary."""
    for words in (("release", "trees", "1.0.0"), ("due",)):
        done = garden.run(*words, writable=("build", "decks"))
        assert not done.exit_code, done
    _, rows = garden.check()
    assert not [row for row in rows if row["severity"] == "error"], rows
    folder = garden.base / "packages"
    folder.mkdir()
    shutil.copy(garden.root / "build" / "trees.apkg", folder)
    write_package(folder / "small.apkg")
    media = encode((1, encode((1, b"elm.png"), (2, 9))))
    newest = make_newest_database(folder)
    (folder / "newest.colpkg").write_bytes(pack_newest(newest, media=media))
    return tell_canary(rows)


def _list_files(garden: Garden, *endings: str) -> list[Path]:
    return sorted(
        path
        for path in garden.root.rglob("*")
        if path.is_file()
        and path.name.endswith(endings)
        and "canary" not in path.parts
        and "build" not in path.relative_to(garden.root).parts
    )


def try_text(dice: Random, garden: Garden, canary: list[str]) -> None:
    """Mutate one or two YAML files."""
    for path in dice.sample(_list_files(garden, ".yaml", ".yml"), dice.choice((1, 1, 2))):
        change = dice.choice((mutate_bytes, mutate_yaml, mutate_yaml, recode))
        path.write_bytes(change(dice, path.read_bytes()))
    try_project(garden, canary, dice.sample(COMMANDS, 3))
    try_index(garden)


def try_ledger(dice: Random, garden: Garden, canary: list[str]) -> None:
    """Mutate the ledger and the changelog, and release."""
    folder = garden.root / "decks/trees"
    ledger, changelog = folder / "ledger.jsonl", folder / "CHANGELOG.md"
    change = dice.choice((mutate_ledger, mutate_ledger, mutate_ledger, mutate_bytes, recode))
    ledger.write_bytes(change(dice, ledger.read_bytes()))
    if dice.random() < 1 / 3:
        changelog.write_bytes(dice.choice((mutate_bytes, recode))(dice, changelog.read_bytes()))
    cards = garden.root / "cards/trees/basic.yaml"
    cards.write_bytes(cards.read_bytes().replace(b"Fir?", b"Firs?").replace(b"elm?", b"elms?"))
    try_project(garden, canary, [("diff",), ("diff", "--json"), ("release", "trees", "--dry-run")])
    garden.run("namespace", "trees", writable=("decks",))
    garden.run("release", "trees", writable=("build", "decks"))
    garden.check()


def try_media(dice: Random, garden: Garden, canary: list[str]) -> None:
    """Mutate images and sounds."""
    files = _list_files(garden, ".png", ".svg", ".mp3")
    for path in files:
        data = dice.choice(files).read_bytes() if dice.random() < 1 / 8 else path.read_bytes()
        path.write_bytes(dice.choice((mutate_bytes, mutate_bytes, recode))(dice, data))
    try_project(garden, canary, dice.sample(COMMANDS, 2))


def try_tree(dice: Random, garden: Garden, canary: list[str]) -> None:
    """Mutate the file system."""
    for _ in range(dice.choice((1, 1, 2, 3))):
        paths = sorted(
            path
            for path in garden.root.rglob("*")
            if "canary" not in path.parts and len(path.relative_to(garden.root).parts) > 1
        )
        if paths:
            mutate_tree(dice, dice.choice(paths), garden.outside)
    try_project(garden, canary, dice.sample(COMMANDS, 3))
    try_index(garden)
    garden.run("release", "trees", writable=("build", "decks"))


def try_root(dice: Random, garden: Garden, _canary: list[str]) -> None:
    """Mutate the folders of the project itself, or its schemas."""
    paths = [*garden.root.iterdir(), garden.root / "schemas"]
    mutate_tree(dice, dice.choice(sorted(paths)), garden.outside)
    try_project(garden, None, dice.sample(COMMANDS, 3))


def try_meaning(dice: Random, garden: Garden, _canary: list[str]) -> None:
    """Write a file, perhaps one with mistakes, in another way that means the same."""
    path = dice.choice(_list_files(garden, ".yaml", ".yml"))
    if dice.random() < 3 / 4:
        path.write_bytes(dice.choice((mutate_bytes, mutate_yaml))(dice, path.read_bytes()))
    data = path.read_bytes().rstrip(b"\n") + b"\n"
    if b"\r" in data or b"\xef\xbb\xbf" in data:
        return
    path.write_bytes(data)
    _, before = garden.check()
    has_syntax = any(row["code"] == "syntax-error" for row in before)
    path.write_bytes(keep_meaning(dice, data, has_comment=not has_syntax))
    _, after = garden.check()
    if before != after:
        raise Finding(f"the same YAML is reported differently: {before} / {after}")


def try_index_file(dice: Random, garden: Garden, _canary: list[str]) -> None:
    """Damage the index, and perhaps change a source."""
    for path in [path for path in garden.data.rglob("*.index") if path.is_file()]:
        path.write_bytes(dice.choice((mutate_bytes, recode))(dice, path.read_bytes()))
    if dice.random() < 1 / 2:
        cards = garden.root / "cards/trees/basic.yaml"
        cards.write_bytes(mutate_yaml(dice, cards.read_bytes()))
    try_index(garden)
    try_index(garden)


def try_package(dice: Random, garden: Garden, _canary: list[str]) -> None:
    """Mutate a package, its database, what is in that, or a collection and what lies beside it."""
    folder = garden.base / "packages"
    sound = dice.choice([*sorted(folder.glob("*.apkg")), *[folder / "newest.colpkg"] * 2])
    path = garden.base / f"strange{sound.suffix}"
    database = garden.base / "made.anki2"
    if sound.suffix == ".apkg":
        with zipfile.ZipFile(sound) as archive:
            found = [name for name in archive.namelist() if name.startswith("collection.anki2")]
            database.write_bytes(archive.read(found[-1]))
    else:
        database.write_bytes(unpack_newest(sound))
        if dice.random() < 1 / 3:
            _mutate_definitions(dice, database)
    kind = dice.choice(("package", "database", "database", "stream", "bare"))
    if kind == "package":
        path.write_bytes(mutate_bytes(dice, sound.read_bytes()))
    elif kind == "stream":
        packed = mutate_bytes(dice, compress(database.read_bytes()))
        media = mutate_bytes(dice, encode((1, encode((1, b"elm.png"), (2, 9)))))
        path.write_bytes(pack_newest(b"", packed=packed, media=media))
    elif kind == "bare":
        path = garden.base / "strange.anki2"
        shutil.copy(database, path)
        log = _leave_log(database)
        path.with_name(f"{path.name}-wal").write_bytes(mutate_bytes(dice, log))
        if dice.random() < 1 / 2:
            mutate_database(dice, path)
    else:
        mutate_database(dice, database)
        data = database.read_bytes()
        is_old = sound.suffix == ".apkg"
        path.write_bytes(pack(data, found[-1]) if is_old else pack_newest(data))
    for words in ((str(sound), str(path)), (str(path), str(sound), "--json"), (str(path),) * 2):
        garden.run("diff", *words)
    _try_reading(path)


def try_record(dice: Random, garden: Garden, canary: list[str]) -> None:
    """Mutate the record of what builds have shipped, and build and release."""
    cards = garden.root / "cards/trees/basic.yaml"
    cards.write_bytes(cards.read_bytes().replace(b"elm?", b"elms?"))
    built = garden.run("build")
    record = garden.root / "build/trees.builds.jsonl"
    if built.exit_code or not record.is_file():
        raise Finding(f"no record of a build: {built}")
    change = dice.choice((mutate_ledger, mutate_ledger, mutate_bytes, recode))
    record.write_bytes(change(dice, record.read_bytes()))
    garden.run("build")
    record.write_bytes(change(dice, record.read_bytes()))
    try_project(garden, canary, [("doctor",), ("release", "trees", "--dry-run")])
    garden.run("release", "trees", writable=("build", "decks"))


def try_adopted(dice: Random, garden: Garden, canary: list[str]) -> None:
    """Mutate what is known of the notes that a pack was adopted from."""
    path = garden.root / "decks/trees/adopted.jsonl"
    change = dice.choice((mutate_ledger, mutate_ledger, mutate_bytes, recode))
    path.write_bytes(change(dice, ADOPTED.encode()))
    try_project(garden, canary, [("doctor",), ("diff",), ("release", "trees", "--dry-run")])


def _mutate_definitions(dice: Random, path: Path) -> None:
    """Change the messages in a database of the newest schema."""
    with closing(sqlite3.connect(path)) as database:
        database.create_collation("unicase", lambda one, other: (one > other) - (one < other))
        table, column = dice.choice(
            [
                ("deck_config", "config"),
                ("notetypes", "config"),
                ("templates", "config"),
                ("decks", "kind"),
                ("config", "val"),
            ]
        )
        for (data,) in database.execute(f"SELECT {column} FROM {table} LIMIT 1").fetchall():
            made = mutate_bytes(dice, data)
            database.execute(f"UPDATE {table} SET {column} = ?", (made,))
        database.commit()


def _leave_log(path: Path) -> bytes:
    """Return the log that a program leaves which is killed after a change."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.create_collation("unicase", lambda one, other: (one > other) - (one < other))
        database.execute("PRAGMA journal_mode = wal")
        database.execute("UPDATE notes SET tags = 'logged'")
        return path.with_name(f"{path.name}-wal").read_bytes()


def _try_reading(path: Path) -> None:
    """Read everything in a package or collection, as a sync does."""
    try:
        with timed(), open_collection(path) as found:
            for rows in (found.read_notes(), found.read_cards(), found.read_log(), found.media):
                for _ in rows:
                    pass
            found.view({})
    except PackageError as error:
        if "\n" in str(error) or len(str(error)) > 999:
            raise Finding(f"says {error}") from error
    except Exception as error:
        if isinstance(error, Finding):
            raise
        raise Finding(f"reading raises {error!r}") from error


Trial = Callable[[Random, Garden, list[str]], None]
TRIALS: Mapping[str, Trial] = {
    "text": try_text,
    "ledger": try_ledger,
    "record": try_record,
    "adopted": try_adopted,
    "media": try_media,
    "tree": try_tree,
    "root": try_root,
    "meaning": try_meaning,
    "index": try_index_file,
    "package": try_package,
}
