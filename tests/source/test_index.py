"""The index says what a fresh load says, whatever happened to the sources and to itself."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.entry import MAX_BYTES
from cardwright.item import Item
from cardwright.kinds import list_prompts
from cardwright.model import Card, Collection
from cardwright.selection import place_cards
from cardwright.source.index import SourceIndex, open_index
from cardwright.source.index.codec import decode
from cardwright.source.index.look import describe_folder, look_at
from cardwright.source.index.parts import dump_json, read_parts, write_parts
from cardwright.source.load import load
from cardwright.source.walk import MOST_BYTES, walk_sources
from project_files import Write

LATER_NS = 10_000_000_000
"""So long after the last change, the state of files is trusted."""

CARDS = [
    "kind: basic\ncards:\n- {id: oak, question: Oak?, answer: A tree}\n",
    "kind: basic\ncards:\n- {id: oak, question: Elm?, answer: A tree}\n",
    "kind: basic\ncards:\n- {id: oak, question: Oak?, answer: A tree, retired: felled}\n",
    "kind: basic\ncards:\n- {id: elm, question: Elm?, answer: ü, formerly: [oak, ash]}\n",
    (
        "kind: cloze\nlesson: '1.1'\ntags: [wood, bark]\nobjectives: ['1']\ncards:\n"
        '- {id: gaps, text: "{{c2::Oak}} and {{c1::elm}}", sources: [{url: "https://e.org", title: E}]}\n'
    ),
    "kind: mine\ncards:\n- {id: own, front: Oak, back: Tree, both: true, tags: [wood]}\n",
    "cards:\n- {id: own, kind: mine, front: Oak, back: Tree}\n- {id: Bad Id, kind: basic}\n",
    (
        "kind: choice\ncards:\n- id: pick\n  question: Which?\n  options:\n"
        "  - {right: Oak, reason: Wood}\n  - {wrong: Stone, reason: No}\n"
    ),
    "kind: objective\ncards:\n- {id: aim, objective: '1', question: Why?, points: [So, Thus]}\n",
    "kind: basic\ncards:\n- {id: [\n",
    "",
]
KINDS = [
    (
        "kind: mine\nfields:\n  front: {type: inline, required: true}\n  back: {required: true}\n"
        "  both: {type: flag}\nsides:\n  there: {ask: '{{front}}', show: [back]}\n"
        "  back: {ask: '{{back}}', show: [front], when: both}\n"
    ),
    (
        "kind: mine\nfields:\n  front: {type: inline, required: true}\n  back: {required: true}\n"
        "sides:\n  thither: {ask: '{{front}}', show: [back]}\n"
    ),
    "kind: basic\n",
    "kind: mine\nfields: [\n",
]
DECKS = [
    "name: Trees\n",
    "name: Woods\n",
    (
        "name: Trees\norder: [cloze, basic]\noptions: {desired_retention: 0.8}\nchecks: {blueprint-weights: off}\n"
        "decks:\n- {name: Bark, select: {tag: bark}}\n- name: Leaf\n  decks:\n  - {name: Oak, select: {id: [oak, own]}}\n"
    ),
    "name: [\n",
]
BLUEPRINTS = [
    (
        "name: E\ndomains:\n- {id: d, weight: 100, lessons: [{id: '1.1', title: T}]}\n"
        "objectives: [{id: '1', lesson: '1.1', about: A}]\n"
    ),
    "name: E\ndomains:\n- {id: d, weight: 50, lessons: [{id: '1.1', title: T}]}\n",
]
TEXTS = {
    "cards/trees/a.yaml": CARDS,
    "cards/trees/b.yml": CARDS,
    "cards/trees/deep/c.yaml": CARDS,
    "cards/woods/a.yaml": CARDS,
    "cards/Bad Name/a.yaml": CARDS,
    "cards/stray.yaml": CARDS,
    "kinds/mine.yaml": KINDS,
    "decks/trees/deck.yaml": DECKS,
    "decks/trees/blueprint.yaml": BLUEPRINTS,
    "decks/woods/deck.yaml": DECKS,
}
FILES = st.sampled_from(list(TEXTS))
FOLDERS = st.sampled_from(["cards/trees", "cards/trees/deep", "cards/woods", "cards/woods/new"])
WRITES = FILES.flatmap(
    lambda name: st.tuples(
        st.just("write"), st.just(name), st.sampled_from(TEXTS[name]), st.booleans()
    )
)
STEPS = st.lists(
    st.one_of(
        WRITES,
        WRITES,
        st.tuples(st.just("remove"), FILES),
        st.tuples(st.just("move"), st.one_of(FILES, FOLDERS), st.one_of(FILES, FOLDERS)),
        st.tuples(st.just("link"), FILES, st.sampled_from(["cards/trees/a.yaml", "../outside"])),
        st.just(("forget",)),
    ),
    min_size=1,
    max_size=12,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """A project that is edited."""

    root: Path
    index: Path
    names: set[str] = field(default_factory=set)

    def take(self, step: tuple[object, ...]) -> None:
        action: Callable[..., None] = getattr(self, str(step[0]))
        # What cannot be done on this system, or with what is there, is not done.
        with contextlib.suppress(OSError, shutil.Error):
            action(*step[1:])

    def write(self, name: str, text: str, is_set_back: bool) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        edit_file(path, text, is_set_back=is_set_back)

    def remove(self, name: str) -> None:
        (self.root / name).unlink()

    def move(self, old: str, new: str) -> None:
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        (self.root / old).rename(self.root / new)

    def link(self, name: str, target: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(self.root / target)

    def forget(self) -> None:
        self.index.unlink()


def edit_file(path: Path, text: str, *, is_set_back: bool = False) -> None:
    """Write a file as an editor does: later than it was written before."""
    before = path.stat() if path.exists() else None
    path.write_text(text, "utf-8")
    # Edits by hand never fall into one tick of the file system's clock.
    while before and os.name != "nt" and path.stat().st_ctime_ns == before.st_ctime_ns:
        path.write_text(text, "utf-8")
    if before and os.name == "nt":
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + LATER_NS))
    elif before and is_set_back:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def list_rows(collection: Collection) -> list[Item]:
    """Say from whole cards what the rows should be."""
    taken: set[str] = set()
    asked: dict[str, list[Card]] = {pack: [] for pack in collection.decks}
    for card in collection.cards:
        if card.retired is None and not taken & {card.ref, card.original_ref}:
            asked.setdefault(card.pack, []).append(card)
        taken |= {card.ref, card.original_ref}
    rows: list[Item] = []
    for pack, cards in asked.items():
        deck = collection.decks.get(pack)
        placed, left = place_cards(deck, cards) if deck else ({}, cards)
        for path, found in (*placed.items(), ((deck.name if deck else pack,), left)):
            for card in found:
                objectives = dict.fromkeys((*card.objectives, card.text("objective")))
                for prompt in list_prompts(card, collection.kinds[card.kind]):
                    row = Item(
                        history_ref=f"{card.original_ref}/{prompt.key}",
                        ref=card.ref,
                        key=prompt.key,
                        pack=pack,
                        deck="::".join(path),
                        position=len(rows),
                        kind=card.kind,
                        lesson=card.lesson,
                        tags=card.tags,
                        objectives=tuple(name for name in objectives if name),
                    )
                    rows.append(row)
    return rows


def assert_right(root: Path, index: SourceIndex) -> None:
    collection, problems = load(root)

    assert index.make_collection() == collection
    assert list(index.kinds) == list(collection.kinds)
    assert index.problem_count == len(problems)
    assert index.items == list_rows(collection)
    firsts = {card.ref: card for card in reversed(collection.cards)}
    for ref, card in firsts.items():
        assert index.load_card(ref) == card
    assert index.load_card("trees:no-such-card") is None


@pytest.fixture
def forest(write: Write, tmp_path: Path) -> tuple[Path, Path]:
    """A project of three files whose index is there and trusted; and the index's path."""
    root = write(
        {"cards/trees/a.yaml": CARDS[0], "cards/trees/b.yml": CARDS[4], "kinds/mine.yaml": KINDS[0]}
    )
    path = tmp_path / "data" / "index" / "project.db"
    open_later(root, path)
    return root, path


def open_later(root: Path, path: Path) -> SourceIndex:
    return open_index(root, path, time.time_ns() + LATER_NS)


def plant_problem_count(path: Path, number: int, **others: bytes) -> None:
    """Make the index tell a number that no load tells: as long as it is trusted, it shows."""
    parts = read_parts(path)
    rows = {**json.loads(parts["items"]), "problems": number}
    write_parts(path, parts, {**parts, "items": dump_json(rows), **others})


@given(STEPS, st.booleans())
@settings(max_examples=40)
def test_the_index_is_a_fresh_load_after_any_edits(
    steps: list[tuple[object, ...]], is_later: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sources = Sources(root=Path(folder) / "project", index=Path(folder) / "index.db")
        (Path(folder) / "outside").write_text("secret", "utf-8")
        for name, texts in list(TEXTS.items())[::2]:
            sources.write(name, texts[0], is_set_back=False)
        sources.write("cards/trees/b.yml", CARDS[5], is_set_back=False)
        for step in [("nothing",), *steps]:
            if step != ("nothing",):
                sources.take(step)
            now_ns = time.time_ns() + (LATER_NS if is_later else 0)
            assert_right(sources.root, open_index(sources.root, sources.index, now_ns))
        assert_right(sources.root, open_index(sources.root, sources.index, now_ns))


def test_a_changed_kind_is_seen_in_cards_that_did_not_change(forest: tuple[Path, Path]) -> None:
    root, path = forest
    kind = root / "kinds/mine.yaml"
    edit_file(root / "cards/trees/b.yml", CARDS[5])
    assert [row.key for row in open_later(root, path).items] == ["recall", "there", "back"]

    edit_file(kind, KINDS[1])
    assert_right(root, open_later(root, path))
    edit_file(kind, KINDS[3])
    assert_right(root, open_later(root, path))
    kind.unlink()
    assert_right(root, open_later(root, path))
    edit_file(kind, KINDS[0])
    assert_right(root, open_later(root, path))


@pytest.mark.parametrize("name", ["cards/trees/a.yaml", "kinds/mine.yaml", "decks/trees/deck.yaml"])
def test_a_file_that_became_a_link_out_of_the_project_is_not_kept(
    forest: tuple[Path, Path], name: str
) -> None:
    root, path = forest
    edit_file(root / name, TEXTS[name][1])
    soon_ns = (root / name).stat().st_ctime_ns
    open_index(root, path, soon_ns)  # so early that its state is not trusted

    (root / name).rename(root.parent / "outside.yaml")
    try:
        (root / name).symlink_to(root.parent / "outside.yaml")
    except OSError:
        pytest.skip("this system lets us make no links")

    assert_right(root, open_later(root, path))


def test_an_unchanged_project_is_opened_without_the_reading_modules(
    forest: tuple[Path, Path],
) -> None:
    root, path = forest
    code = (
        "import sys, time; from pathlib import Path; from cardwright.source.index import open_index\n"
        f"index = open_index(Path({str(root)!r}), Path({str(path)!r}), time.time_ns() + {LATER_NS})\n"
        "print(len(index.items), *sorted(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    rows, *modules = done.stdout.split()
    assert rows == "3"
    heavy = {"yaml", "markdown_it", "difflib", "hashlib", "cardwright.model", "cardwright.entry"}
    assert not heavy & set(modules)


def test_what_did_not_change_is_not_read(forest: tuple[Path, Path]) -> None:
    root, path = forest
    parts = read_parts(path)
    name = "cards/trees/a.yaml cards"
    planted = parts[name].replace(b"A tree", b"Planted")
    write_parts(path, parts, {**parts, name: planted})

    edit_file(root / "cards/trees/b.yml", CARDS[3])
    index = open_later(root, path)

    oak, elm = index.load_card("trees:oak"), index.load_card("trees:elm")
    assert oak is not None
    assert oak.fields["answer"] == "Planted"
    assert elm is not None


def test_touching_a_file_costs_no_reading_of_yaml(forest: tuple[Path, Path]) -> None:
    root, path = forest
    plant_problem_count(path, 7)

    os.utime(root / "cards/trees/a.yaml", ns=(0, 0))

    assert open_later(root, path).problem_count == 7
    assert json.loads(read_parts(path)["stamps"])["cards/trees/a.yaml"][0].split()[1] == "0"


def test_an_index_of_another_program_counts_for_nothing(forest: tuple[Path, Path]) -> None:
    root, path = forest
    plant_problem_count(path, 7, program=b"newer")

    assert_right(root, open_later(root, path))
    assert read_parts(path)["program"] != b"newer"


def test_the_program_is_another_when_its_code_was_edited(tmp_path: Path) -> None:
    code = tmp_path / "deep" / "card.py"
    code.parent.mkdir()
    code.write_text("a = 1\n", "utf-8")
    before = describe_folder(tmp_path)

    edit_file(code, "a = 2\n", is_set_back=True)

    assert describe_folder(tmp_path) != before


def test_a_change_within_a_tick_of_the_clock_is_looked_for(forest: tuple[Path, Path]) -> None:
    root, _ = forest
    file = walk_sources(root).cards[0]

    soon = look_at(file, None, file.changed_at_ns + 1_999_999_999)
    later = look_at(file, None, file.changed_at_ns + 2_000_000_001)

    assert soon.stamp == ""
    assert later.stamp == file.stamp
    assert look_at(file, soon[:2], file.changed_at_ns).raw is not None
    assert look_at(file, later[:2], file.changed_at_ns).raw is None


def flip_letter(path: Path) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"A tree", b"B tree"))


def write_other_tables(path: Path) -> None:
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE parts (name, value, version)")
        db.execute("INSERT INTO parts VALUES ('seal', 1, 2)")
        db.commit()


def plant_endless_view(path: Path) -> None:
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(
            "CREATE VIEW parts AS WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1"
            " FROM n) SELECT value AS name, value FROM n"
        )


def plant_other_types(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE parts SET name = 1, value = 'x' WHERE rowid = 1")
        db.commit()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x80\x04K\x01." * 1000),
        lambda path: path.write_bytes(path.read_bytes()[:-70000]),
        flip_letter,
        write_other_tables,
        plant_endless_view,
        plant_other_types,
    ],
)
def test_a_broken_or_foreign_index_is_thrown_away(
    forest: tuple[Path, Path], damage: Callable[[Path], object]
) -> None:
    root, path = forest
    damage(path)

    assert_right(root, open_later(root, path))
    plant_problem_count(path, 7)
    assert open_later(root, path).problem_count == 7  # it is there again


def test_a_file_torn_by_a_power_cut_is_thrown_away(forest: tuple[Path, Path]) -> None:
    root, path = forest
    page = 65536
    before = path.read_bytes()
    edit_file(root / "cards/trees/a.yaml", CARDS[1])
    open_later(root, path)
    after = path.read_bytes()
    assert len(before) == len(after)
    changed = [n for n in range(0, len(after), page) if before[n : n + page] != after[n : n + page]]

    # Each page that was to be written may have been lost.
    for start in changed:
        path.write_bytes(after[:start] + before[start : start + page] + after[start + page :])
        assert_right(root, open_later(root, path))


def test_without_a_place_for_the_index_all_is_read(
    forest: tuple[Path, Path], tmp_path: Path
) -> None:
    root, _ = forest
    (tmp_path / "file").write_text("", "utf-8")

    for path in (tmp_path, tmp_path / "file" / "index.db"):
        assert_right(root, open_later(root, path))
    assert tmp_path.is_dir()


def test_a_locked_index_is_left_alone(forest: tuple[Path, Path]) -> None:
    root, path = forest
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("BEGIN EXCLUSIVE")
        edit_file(root / "cards/trees/a.yaml", CARDS[1])

        assert_right(root, open_later(root, path))

    plant_problem_count(path, 7)
    assert open_later(root, path).problem_count == 0  # its `oak` is still that of before


def test_parts_of_two_processes_are_never_mixed(forest: tuple[Path, Path]) -> None:
    root, path = forest
    before = read_parts(path)
    edit_file(root / "cards/trees/a.yaml", CARDS[1])
    open_later(root, path)
    faster = read_parts(path)

    write_parts(path, before, {**before, "items": b"slower"})

    assert read_parts(path) == faster


def test_many_may_open_it_at_once(forest: tuple[Path, Path]) -> None:
    root, path = forest

    def edit_and_open(number: int) -> None:
        edit_file(root / f"cards/trees/{number}.yaml", CARDS[number])
        open_later(root, path)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(edit_and_open, range(4)))

    assert_right(root, open_later(root, path))


def test_an_open_index_stays_as_it_was_opened(forest: tuple[Path, Path]) -> None:
    root, path = forest
    index = open_later(root, path)

    (root / "cards/trees/a.yaml").unlink()
    open_later(root, path)
    path.unlink()

    card = index.load_card("trees:oak")
    assert card is not None
    assert card.fields["question"] == "Oak?"


def test_only_the_models_own_classes_are_made() -> None:
    with pytest.raises(KeyError):
        decode({"Path": {"": "/etc/passwd"}})


def test_a_file_too_large_is_seen_as_such() -> None:
    assert MOST_BYTES > MAX_BYTES
