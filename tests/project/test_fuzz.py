"""Mutated files and folders: every command ends with a true message, and harms nothing.

`benchmarks/fuzz.py` makes the same trials by the thousand.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.anki.ledger import format_ledger, read_ledger
from cardwright.project.document import Document
from cardwright.project.index import Index, make_seal, read_index
from mutations import keep_meaning, mutate_bytes, mutate_ledger, mutate_yaml, nest_folders
from trials import (
    FILES,
    GUARD,
    TRIALS,
    Finding,
    Garden,
    guarded,
    release,
    timed,
    try_index,
    try_project,
)

posix_only = pytest.mark.skipif(os.name == "nt", reason="needs file systems and signals of Unix")
pytestmark = posix_only
DICE = st.randoms(use_true_random=False)
TIMES = {"text": 2, "tree": 2, "ledger": 2}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Garden, list[str]]:
    """A released garden, to copy; and what is reported of its canary."""
    garden = Garden(tmp_path_factory.mktemp("sound"))
    garden.plant()
    return garden, release(garden)


@pytest.fixture
def garden(sound: tuple[Garden, list[str]], tmp_path: Path) -> Garden:
    return sound[0].copy(tmp_path / "garden")


@pytest.mark.parametrize("name", TRIALS)
def test_mutations(sound: tuple[Garden, list[str]], tmp_path: Path, name: str) -> None:
    start, canary = sound
    for seed in range(TIMES.get(name, 1)):
        TRIALS[name](Random(f"{name} {seed}"), start.copy(tmp_path / str(seed)), canary)


def test_what_is_sound_is_built(sound: tuple[Garden, list[str]], garden: Garden) -> None:
    assert len(sound[1]) == 5
    try_project(garden, sound[1], [])

    built = json.loads(garden.run("build", "--to", str(garden.out), "--json").stdout)

    assert {row["pack"]: row["notes"] for row in built} == {"canary": 3, "trees": 10}


# The trials find what is wrong: each oracle with something that it must notice.


def test_the_guard_notices_what_is_read_written_and_run(garden: Garden) -> None:
    def write() -> None:
        (garden.root / "x").write_text("", "utf-8")

    for act, what in (
        ((garden.outside / "secret").read_bytes, "reads"),
        (write, "writes"),
        (lambda: subprocess.run(["true"], check=True), "runs 'true'"),
    ):
        with pytest.raises(Finding, match=what), guarded(garden.outside, [garden.out]):
            act()
    assert not GUARD.is_on


def test_the_clock_notices_what_takes_long() -> None:
    def wait() -> None:
        while True:
            pass

    with pytest.raises(Finding, match="takes more than"), timed(0.01):
        wait()


def test_a_trial_notices_what_is_no_longer_reported(garden: Garden) -> None:
    with pytest.raises(Finding, match="no longer reported"):
        try_project(garden, ['{"code": "no-such-thing"}'], [])


# What they found.


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe#\0", "# Änderungen\n".encode("latin-1")],
    ids=["UTF-16", "Latin-1"],
)
def test_a_changelog_that_is_not_text_is_left_alone(garden: Garden, content: bytes) -> None:
    changelog = garden.root / "decks/trees/CHANGELOG.md"
    changelog.write_bytes(content)
    cards = garden.root / "cards/trees/basic.yaml"
    cards.write_bytes(cards.read_bytes().replace(b"An elm", b"The elm"))

    done = garden.run("release", "trees")

    assert done.exit_code == 1
    assert "CHANGELOG.md is not UTF-8 text" in done.stderr
    assert changelog.read_bytes() == content


@pytest.mark.parametrize("words", [("diff",), ("release", "trees"), ("build",)])
def test_a_ledger_of_a_newer_version_is_neither_compared_nor_overwritten(
    garden: Garden, words: tuple[str, ...]
) -> None:
    path = garden.root / "decks/trees/ledger.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for change in ({"ledger": 2}, {"hash_format": 2}):
        newer = "".join(f"{json.dumps(row)}\n" for row in ({**rows[0], **change}, *rows[1:]))
        path.write_text(newer, "utf-8")

        done = garden.run(*words)

        assert done.exit_code == 1
        assert "written by a newer version of Cardwright" in done.stderr
        assert "help: update Cardwright" in done.stderr
        assert path.read_text("utf-8") == newer


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mod", 10**30),
        ("mod", -1),
        ("mod", True),
        ("mod", "1"),
        ("hash", 1),
        ("deck", "\ud800"),
        ("guid_ref", None),
        ("rendering", 1.5),
        ("matter", []),
        ("kind", ["basic"]),
    ],
)
def test_no_value_of_a_ledger_goes_unchecked(garden: Garden, key: str, value: object) -> None:
    path = garden.root / "decks/trees/ledger.jsonl"
    *lines, last = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines, json.dumps({**json.loads(last), key: value})]), "utf-8")

    _, rows = garden.check()

    assert [(row["code"], row["line"]) for row in rows if row["path"].endswith("jsonl")] == [
        ("ledger-mismatch", len(lines) + 1)
    ]


@pytest.mark.parametrize("number", [-(2**70), 2**64])
def test_a_number_that_no_cache_can_keep_is_read(garden: Garden, number: int) -> None:
    path = garden.root / "decks/trees/ledger.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for row in rows:
        if "note_type" in row:
            row["structure"]["templates"][0][0] = number
        elif isinstance(row.get("matter"), dict):
            row["matter"]["fields"] = {"question": number}
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")

    for words in (("check",), ("diff",), ("release", "trees", "--dry-run")):
        assert "trees" in garden.run(*words).stderr + garden.run(*words).stdout


@settings(max_examples=40)
@given(dice=DICE)
def test_a_ledger_that_is_read_can_be_written(
    sound: tuple[Garden, list[str]], tmp_path_factory: pytest.TempPathFactory, dice: Random
) -> None:
    data = (sound[0].root / "decks/trees/ledger.jsonl").read_bytes()
    path = tmp_path_factory.getbasetemp() / "ledger.jsonl"
    path.write_bytes(mutate_ledger(dice, data))

    ledger, problems = read_ledger(path, "trees", "ledger.jsonl")

    if not problems:
        written = "".join(format_ledger(ledger))
        path.write_bytes(written.encode("utf-8"))
        again, problems = read_ledger(path, "trees", "ledger.jsonl")
        assert ("".join(format_ledger(again)), problems) == (written, [])


def test_a_huge_ledger_is_refused_without_being_read(
    garden: Garden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cardwright.anki.ledger._MAX_BYTES", 2**20)
    os.truncate(garden.root / "decks/trees/ledger.jsonl", 2**40)

    _, rows = garden.check()

    assert "this has more than 1 MiB" in [row["message"] for row in rows]


def test_a_ledger_that_is_a_link_is_not_read(garden: Garden) -> None:
    path = garden.root / "decks/trees/ledger.jsonl"
    for target in (garden.outside / "ledger.jsonl", garden.root / "nowhere"):
        path.unlink()
        path.symlink_to(target)

        _, rows = garden.check()

        assert "this is a link" in [row["message"] for row in rows]
        assert garden.run("release", "trees", "--dry-run").exit_code == 1


def test_a_record_of_builds_below_a_link_is_not_read(garden: Garden) -> None:
    shutil.move(garden.root / "build", garden.outside / "build")
    (garden.root / "build").symlink_to(garden.outside / "build")

    done = garden.run("build", "--to", str(garden.out))

    assert done.exit_code == 0
    assert "its folder is a link" in done.stderr


@pytest.mark.parametrize("folder", ["cards", "decks", "kinds"])
def test_a_folder_of_a_project_that_leads_out_is_not_read(garden: Garden, folder: str) -> None:
    shutil.move(garden.root / folder, garden.outside / folder)
    (garden.root / folder).symlink_to(garden.outside / folder)

    _, rows = garden.check()

    assert ("outside-project", folder) in [(row["code"], row["path"]) for row in rows]
    assert "vanished-id" not in [row["code"] for row in rows] or folder == "kinds"
    try_index(garden)


@pytest.mark.parametrize("place", ["a file", "a pipe", "a link to nowhere", "a link to itself"])
def test_what_lies_in_the_place_of_the_kinds_is_told(garden: Garden, place: str) -> None:
    path = garden.root / "kinds"
    shutil.move(path, garden.outside / "kinds")
    if place == "a file":
        path.touch()
    elif place == "a pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("nowhere" if place == "a link to nowhere" else "kinds")

    _, rows = garden.check()

    assert ("outside-project", "kinds") in [(row["code"], row["path"]) for row in rows]
    try_index(garden)


@pytest.mark.parametrize("name", ["decks/trees", "cards/trees", "cards/trees/more"])
@pytest.mark.parametrize("place", ["a pipe", "a link to nowhere", "a link to itself"])
def test_what_lies_in_the_place_of_a_folder_of_sources_is_told(
    garden: Garden, name: str, place: str
) -> None:
    path = garden.root / name
    if path.exists():
        shutil.move(path, garden.outside / "moved")
    if place == "a pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("nowhere" if place == "a link to nowhere" else path.name)
    (garden.root / "cards" / "README").touch()

    _, rows = garden.check()

    told = [row["path"] for row in rows if row["code"] == "outside-project"]
    assert told == [name]
    try_index(garden)


def test_a_file_whose_name_is_not_text_is_studied(garden: Garden) -> None:
    name = os.fsdecode(b"\xff\xfe.yaml")
    try:
        (garden.root / "cards/trees" / name).write_text(
            "kind: basic\ncards: [{id: new, question: New?, answer: Yes}]\n", "utf-8"
        )
    except OSError:
        pytest.skip("this file system has only names that are text")

    assert "trees:new" in garden.run("list").stdout
    try_index(garden)
    try_project(garden, None, [("due",), ("check", "--format", "github")])


def test_folders_without_end_are_refused(garden: Garden) -> None:
    abyss = garden.root / "cards/trees/abyss"
    # More than Python can walk through on every version that is supported.
    abyss.mkdir()
    try:
        nest_folders(abyss, 1_200)

        _, rows = garden.check()

        assert [row["code"] for row in rows if row["severity"] == "error"] == ["nesting-too-deep"]
        assert "14 cards" in garden.run("list").stderr
    finally:
        subprocess.run(["rm", "-rf", abyss], check=True)


@pytest.mark.parametrize("names", [["cards/trees/more", "decks/trees", "kinds"], ["decks"]])
def test_what_may_not_be_read_hides_nothing_else(garden: Garden, names: list[str]) -> None:
    (garden.root / "cards/canary/bad.yaml").write_text("- not a card\n", "utf-8")
    # Root may read everything unless it gives up that right.
    limit = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root can read everything")
    words = [*(limit if os.geteuid() == 0 else []), sys.executable, "-m", "cardwright"]
    for name in names:
        (garden.root / name).chmod(0)

    done = subprocess.run(
        [*words, "-C", str(garden.root), "check", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    for name in names:
        (garden.root / name).chmod(0o755)

    assert done.returncode == 1, done.stderr
    rows = [(row["code"], row["path"], row["message"]) for row in json.loads(done.stdout)]
    for name in names:
        assert ("outside-project", name, "this cannot be read: Permission denied") in rows
    assert "cards/canary/bad.yaml" in [path for _, path, _ in rows]
    assert "vanished-id" not in [code for code, _, _ in rows]


def test_warnings_do_not_pass_for_unread_files(garden: Garden) -> None:
    assert garden.run("list").stderr == "14 cards\n"
    assert "could not be read" not in garden.run("review", "--plain").stderr
    (garden.root / "cards/trees/bad.yaml").write_text("a: [\n", "utf-8")

    assert "could not be read" in garden.run("list").stderr
    assert "could not be read" in garden.run("review", "--plain").stderr


# The index.


@settings(max_examples=60)
@given(dice=DICE, is_sealed=st.booleans())
def test_a_damaged_index_counts_for_nothing_or_is_one(
    sound: tuple[Garden, list[str]],
    tmp_path_factory: pytest.TempPathFactory,
    dice: Random,
    is_sealed: bool,
) -> None:
    (kept,) = sound[0].data.rglob("*.index")
    head, raw = kept.read_bytes().split(b"\n\n", 1)
    raw = mutate_bytes(dice, raw)
    seal = make_seal(raw[: dice.randint(0, len(raw))]) if is_sealed else head + b"\n\n"
    path = tmp_path_factory.getbasetemp() / "damaged.index"
    path.write_bytes(seal + raw)

    found = read_index(path)

    assert found is None or msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Index)


# YAML that means the same.


@settings(max_examples=20)
@given(dice=DICE)
def test_line_ends_marks_and_comments_change_nothing(
    sound: tuple[Garden, list[str]], dice: Random
) -> None:
    name = dice.choice([name for name in FILES if name.endswith("l")])
    data = mutate_yaml(dice, (sound[0].root / name).read_bytes()).rstrip(b"\n") + b"\n"
    if b"\r" in data or b"\xef\xbb\xbf" in data:
        return
    before = Document(name, data)
    after = Document(name, keep_meaning(dice, data, has_comment=not before.problems))

    assert after.problems == before.problems
    assert repr(after.root) == repr(before.root) or before.root is not None
