"""The index gives the same result as a fresh load, whatever happened to the sources or to it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.item import Item, place_cards
from cardwright.kinds import list_prompts
from cardwright.model import Card, Collection
from cardwright.project.document import MAX_BYTES
from cardwright.project.index import (
    Index,
    encode_cards,
    look_at,
    make_seal,
    open_file,
    open_index,
    read_index,
    write_index,
)
from cardwright.project.load import load
from cardwright.project.program import describe_folder
from cardwright.project.sources import Sources, make_sources
from cardwright.project.walk import MAX_READ_BYTES, walk_sources
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
    "name: Woods\nnamespace: woods-k3v9\n",
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


EMPTY = {
    "files": {},
    "kinds": {},
    "decks": {},
    "blueprints": {},
    "cards": {},
    "items": [],
    "error_count": 0,
}
"""An index that holds nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
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
        names = {f"{card.namespace}:{card.id}", card.key}
        if card.retired is None and not taken & names:
            asked.setdefault(card.pack, []).append(card)
        taken |= names
    rows: list[Item] = []
    for pack, cards in asked.items():
        deck = collection.decks.get(pack)
        placed, left = place_cards(deck, cards) if deck else ({}, cards)
        for path, found in (*placed.items(), ((deck.name if deck else pack,), left)):
            for card in found:
                objectives = dict.fromkeys((*card.objectives, card.text("objective")))
                for prompt in list_prompts(card, collection.kinds[card.kind]):
                    row = Item(
                        key=f"{card.key}/{prompt.side_name}",
                        card_ref=card.ref,
                        side_name=prompt.side_name,
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


def assert_right(root: Path, index: Sources) -> None:
    collection, problems = load(root)

    fresh = make_sources(collection, problems)
    assert (index.kinds, list(index.kinds)) == (fresh.kinds, list(fresh.kinds))
    assert (index.decks, index.blueprints) == (fresh.decks, fresh.blueprints)
    assert index.error_count == fresh.error_count
    assert list(index.items) == list(fresh.items) == list_rows(collection)
    for place, item in enumerate(index.items):
        assert index.items[place] == index.items.find(item.key) == item
    assert index.items.find("trees:no-such-card/recall") is None
    assert index.items.namespaces == fresh.items.namespaces
    firsts = {card.ref: card for card in reversed(collection.cards)}
    for ref, card in firsts.items():
        assert index.load_card(ref) == fresh.load_card(ref) == card
    assert index.load_card("trees:no-such-card") is None


@pytest.fixture
def forest(write: Write, tmp_path: Path) -> tuple[Path, Path]:
    """A project of three files whose index is there and trusted; and the index's path."""
    root = write(
        {"cards/trees/a.yaml": CARDS[0], "cards/trees/b.yml": CARDS[4], "kinds/mine.yaml": KINDS[0]}
    )
    path = tmp_path / "data" / "index" / "project.index"
    open_later(root, path)
    return root, path


def open_later(root: Path, path: Path) -> Sources:
    return open_index(root, path, time.time_ns() + LATER_NS)


def read_whole(path: Path) -> Index:
    index = read_index(path)
    assert index is not None
    return index


def plant_error_count(path: Path, number: int) -> None:
    """Make the index tell a number that no load tells: as long as it is trusted, it shows."""
    index = read_whole(path)
    index.error_count = number
    write_index(path, index)


@given(STEPS, st.booleans())
@settings(max_examples=40)
def test_the_index_is_a_fresh_load_after_any_edits(
    steps: list[tuple[object, ...]], is_later: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(root=Path(folder) / "project", index=Path(folder) / "index.db")
        (Path(folder) / "outside").write_text("secret", "utf-8")
        for name, texts in list(TEXTS.items())[::2]:
            project.write(name, texts[0], is_set_back=False)
        project.write("cards/trees/b.yml", CARDS[5], is_set_back=False)
        for step in [("nothing",), *steps]:
            if step != ("nothing",):
                project.take(step)
            now_ns = time.time_ns() + (LATER_NS if is_later else 0)
            assert_right(project.root, open_index(project.root, project.index, now_ns))
        assert_right(project.root, open_index(project.root, project.index, now_ns))


def test_a_changed_kind_is_seen_in_cards_that_did_not_change(forest: tuple[Path, Path]) -> None:
    root, path = forest
    kind = root / "kinds/mine.yaml"
    edit_file(root / "cards/trees/b.yml", CARDS[5])
    assert [row.side_name for row in open_later(root, path).items] == ["recall", "there", "back"]

    edit_file(kind, KINDS[1])
    assert_right(root, open_later(root, path))
    edit_file(kind, KINDS[3])
    assert_right(root, open_later(root, path))
    kind.unlink()
    assert_right(root, open_later(root, path))
    edit_file(kind, KINDS[0])
    assert_right(root, open_later(root, path))


def test_a_changed_namespace_is_seen_in_cards_that_did_not_change(
    forest: tuple[Path, Path],
) -> None:
    root, path = forest
    manifest = root / "decks/trees/deck.yaml"
    assert_right(root, open_later(root, path))

    manifest.parent.mkdir(parents=True, exist_ok=True)
    for text, namespace in (
        ("name: Trees\nnamespace: woods-k3v9\n", "woods-k3v9"),
        ("name: Trees\nnamespace: woods-x7\n", "woods-x7"),
        ("name: Trees\n", "trees"),
    ):
        edit_file(manifest, text)
        found = open_later(root, path)
        assert_right(root, found)
        assert {item.key.partition(":")[0] for item in found.items} == {namespace}


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
        "import sys, time; from pathlib import Path; from cardwright.project.index import open_index\n"
        f"index = open_index(Path({str(root)!r}), Path({str(path)!r}), time.time_ns() + {LATER_NS})\n"
        "print(len(index.items), *sorted(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    rows, *modules = done.stdout.split()
    assert rows == "3"
    heavy = {"yaml", "markdown_it", "difflib", "hashlib", "cardwright.project.document"}
    assert not heavy & set(modules)


def test_what_did_not_change_is_not_read(forest: tuple[Path, Path]) -> None:
    root, path = forest
    kept = read_whole(path)
    file = kept.cards["cards/trees/a.yaml"]
    planted = replace(file.decode()[0], fields={"question": "Oak?", "answer": "Planted"})
    kept.cards["cards/trees/a.yaml"] = encode_cards([planted], 0)
    write_index(path, kept)

    edit_file(root / "cards/trees/b.yml", CARDS[3])
    index = open_later(root, path)

    oak, elm = index.load_card("trees:oak"), index.load_card("trees:elm")
    assert oak is not None
    assert oak.fields["answer"] == "Planted"
    assert elm is not None


def test_touching_a_file_costs_no_reading_of_yaml(forest: tuple[Path, Path]) -> None:
    root, path = forest
    plant_error_count(path, 7)

    os.utime(root / "cards/trees/a.yaml", ns=(0, 0))

    assert open_later(root, path).error_count == 7
    assert read_whole(path).files["cards/trees/a.yaml"].stamp.split()[1] == "0"


def test_an_index_of_another_program_counts_for_nothing(
    forest: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, path = forest
    with monkeypatch.context() as newer:
        newer.setattr("cardwright.project.index.describe_program", lambda _: "newer")
        open_later(root, path)
        plant_error_count(path, 7)
        assert open_later(root, path).error_count == 7

    assert_right(root, open_later(root, path))
    assert read_whole(path).error_count == 0


def test_the_program_is_another_when_its_code_was_edited(tmp_path: Path) -> None:
    code = tmp_path / "card.py"
    code.write_text("a = 1\n", "utf-8")
    before = list(describe_folder(tmp_path))

    edit_file(code, "a = 2\n", is_set_back=True)

    assert list(describe_folder(tmp_path)) != before


def test_a_change_within_a_tick_of_the_clock_is_looked_for(forest: tuple[Path, Path]) -> None:
    root, _ = forest
    file = walk_sources(root).cards[0]

    read: dict[str, bytes] = {}

    soon = look_at(file, None, file.changed_at_ns + 1_999_999_999, {})
    later = look_at(file, None, file.changed_at_ns + 2_000_000_001, {})

    assert soon.stamp == ""
    assert later.stamp == file.stamp
    assert look_at(file, later, file.changed_at_ns, read) == later
    assert not read
    assert look_at(file, soon, file.changed_at_ns, read) == soon
    assert read == {file.name: file.path.read_bytes()}


def flip_letter(path: Path) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"A tree", b"B tree"))


def cut_columns(path: Path) -> None:
    """Take away all but the head."""
    kept = open_file(path)
    assert kept is not None
    size = path.stat().st_size - len(kept.read_body())
    kept.close()
    with path.open("r+b") as file:
        file.truncate(size)


def write_under_our_seal(path: Path, content: object) -> None:
    raw = msgspec.msgpack.encode(content)
    path.write_bytes(make_seal(raw) + raw)


def plant_endless_lists(path: Path) -> None:
    raw = b"\x91" * 100_000
    path.write_bytes(make_seal(raw) + raw)


def plant_link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x80\x04K\x01." * 1000),
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
        lambda path: path.write_bytes(path.read_bytes() + b"\xc0"),
        flip_letter,
        cut_columns,
        lambda path: write_under_our_seal(path, [1, "two"]),
        lambda path: write_under_our_seal(path, {**EMPTY, "cards": {"a": 1}}),
        lambda path: write_under_our_seal(path, {**EMPTY, "items": None}),
        plant_endless_lists,
        plant_link_to_itself,
    ],
)
def test_a_broken_or_foreign_index_is_thrown_away(
    forest: tuple[Path, Path], damage: Callable[[Path], object]
) -> None:
    root, path = forest
    damage(path)

    assert_right(root, open_later(root, path))
    plant_error_count(path, 7)
    assert open_later(root, path).error_count == 7  # it is there again


def test_without_a_place_for_the_index_all_is_read(
    forest: tuple[Path, Path], tmp_path: Path
) -> None:
    root, _ = forest
    (tmp_path / "file").write_text("", "utf-8")

    for path in (tmp_path, tmp_path / "file" / "index.db"):
        assert_right(root, open_later(root, path))
    assert tmp_path.is_dir()


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


def test_a_file_too_large_is_seen_as_such() -> None:
    assert MAX_READ_BYTES > MAX_BYTES
