"""With a cache, whatever happened to the sources or to it, a project is found as it is without one."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.app.project import Project, load_collection, open_project
from cardwright.kinds import list_texts, render_text
from cardwright.markdown.render import Renderer
from cardwright.model import Collection
from cardwright.project import cache as cache_module
from cardwright.project.cache import CACHE_NAME, Cache, make_key
from cardwright.project.check import check
from cardwright.project.checking import Checking
from cardwright.project.findings import check_file
from cardwright.project.load import Loaded, load_sources
from cardwright.project.media import MediaLibrary
from cardwright.project.renderers import Renderers
from cardwright.project.texts import SourceTexts
from cardwright.report import as_json
from media_files import PNG
from project_files import Run, Write, change_file

CARDS = [
    "kind: basic\ncards:\n- {id: oak, question: Oak?, answer: A tree}\n",
    "kind: basic\nallow: [literal-markup]\ncards:\n- {id: oak, question: '*Oak?', answer: 'A * tree*'}\n",
    "kind: basic\ncards:\n- {id: oak, question: Oak?, answer: A tree, allow: [near-duplicate]}\n",
    "kind: basic\ncards:\n- id: elm\n  question: Elm?\n  answer: |\n    ![](media/elm.png)\n\n    <b>x</b>\n",
    "kind: basic\ncards:\n- {id: ash, question: media/elm.png, answer: 'ash ![](../up.mp3) $x', lesson: '1.1'}\n",
    "kind: basic\nlesson: '9'\ncards:\n- {id: fir, question: OAK, answer: Oak?, formerly: [oak]}\n",
    "kind: basic\ncards:\n- {id: gone, question: Oak?, answer: A, retired: felled, guid: abc}\n",
    "kind: term\ncards:\n- {id: bark, term: Bark, definition: The bark, sources: [ftp://x], guid: abc}\n",
    "kind: objective\ncards:\n- {id: aim, objective: '2', question: Why?, points: [So, '[x](y']}\n",
    "kind: mine\ntags: [wood]\ncards:\n- {id: own, front: Oak, back: 'Tree `'}\n- {id: Bad Id}\n",
    "kind: cloze\ncards:\n- {id: gaps, text: 'No gaps {{c1::'}\n",
    "kind: basic\ncards:\n- {id: [\n",
    "",
]
KINDS = [
    (
        "kind: mine\nfields:\n  front: {type: inline, required: true}\n  back: {required: true}\n"
        "sides:\n  there: {ask: 'So *{{front}}', show: [back]}\n"
    ),
    (
        "kind: mine\nfields:\n  front: {type: inline, required: true, max_words: 0}\n"
        "  back: {required: true}\nsides:\n  there: {ask: '{{front}}', show: [back]}\n"
    ),
    "kind: mine\nfields: [\n",
]
MANIFESTS = [
    "name: Trees\nnamespace: trees\n",
    "name: Trees\ndescription: 'See ![](x.png) and *y'\nchecks: {missing-source: error}\n",
    "name: Woods\nnamespace: woods\nchecks: {literal-markup: off, near-duplicate: error}\norder: [basic]\n",
    "name: Trees\ndecks:\n- {name: A, select: {kind: basic}}\n- {name: B, select: {id: oak, file: a.yaml}}\n",
    "name: [\n",
]
BLUEPRINTS = [
    (
        "name: Exam\nquestions: 3\nminutes: 5\ndomains:\n- id: d\n  name: D\n  weight: 100\n"
        "  lessons:\n  - id: '1.1'\n    title: One\n    objectives:\n    - {id: '2', about: Know}\n"
    ),
    "name: Exam\n",
]
LEDGERS = [
    (
        '{"ledger": 1, "pack": "trees", "namespace": "trees", "version": "1.0.0", "released": 0,'
        ' "decks": ["Trees"]}\n'
    ),
    "{}\n",
]
TEXTS = {
    "cards/trees/a.yaml": CARDS,
    "cards/trees/sub/b.yaml": CARDS,
    "cards/other/c.yaml": CARDS,
    "kinds/mine.yaml": KINDS,
    "decks/trees/deck.yaml": MANIFESTS,
    "decks/other/deck.yaml": MANIFESTS,
    "decks/trees/blueprint.yaml": BLUEPRINTS,
    "decks/trees/ledger.jsonl": LEDGERS,
    "schemas/cards.schema.json": ['{"title": "Cardwright cards"}'],
}
MEDIA = ["cards/trees/media/elm.png", "cards/trees/sub/media/elm.png", "cards/trees/up.mp3"]
STEPS = st.lists(
    st.one_of(
        *(
            st.tuples(st.just(name), st.sampled_from([*texts, None]))
            for name, texts in TEXTS.items()
        ),
        st.tuples(st.sampled_from(MEDIA), st.sampled_from([PNG, b"no picture", None])),
        st.just(("cards/trees/a.yaml", Path("cards/other/c.yaml"))),
        st.just(("program", "other")),
    ),
    max_size=5,
)


def list_facts(project: Project) -> object:
    """Return all that a project tells, places of values included."""
    collection = project.collection
    return (
        [as_json(problem) for problem in project.problems],
        [msgspec.to_builtins(card) for card in collection.cards],
        list_facts_of(collection),
        project.adopted,
    )


def list_facts_of(collection: Collection) -> object:
    return (
        list(collection.heads),
        [collection.load(head) for head in collection.heads],
        {name: msgspec.to_builtins(kind) for name, kind in collection.kinds.items()},
        collection.decks,
        collection.blueprints,
        collection.allowances,
        collection.incomplete,
    )


@given(STEPS)
@settings(max_examples=15)
def test_a_cache_changes_nothing_after_any_edits(steps: Sequence[tuple[str, str | bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        root, warm = Path(folder) / "project", Path(folder) / "warm"
        for name in ("cards/trees", "decks/trees"):
            (root / name).mkdir(parents=True)
        for name, texts in TEXTS.items():
            change_file(root, name, texts[0])
        change_file(root, MEDIA[0], PNG)
        change_file(root, "cards/other/c.yaml", CARDS[9])
        for name, content in [("kinds/mine.yaml", KINDS[0]), ("kinds/mine.yaml", KINDS[1]), *steps]:
            if name == "program":
                patch.setattr(cache_module, "_digest_program", lambda: b"another program")
            else:
                change_file(root, name, content)
            fresh = list_facts(open_project(root, highlights=False))
            assert list_facts(open_project(root, highlights=False, cache_folder=warm)) == fresh
        cold = open_project(root, highlights=False, cache_folder=Path(folder) / "cold")
        again = open_project(root, highlights=False, cache_folder=warm)
        assert list_facts(cold) == list_facts(again) == fresh
        assert list_facts_of(load_collection(root, warm)[1]) == list_facts_of(cold.collection)
        for _ in range(2):
            check_renderers(open_project(root, cache_folder=warm))


def check_renderers(project: Project) -> None:
    """Check that texts are rendered as without knowing any."""
    for file in project.files:
        with project.renderers.open(file.name) as renderer:
            for card in file.load_cards():
                kind = project.collection.kinds[card.kind]
                for key, text, text_type in list_texts(card, kind):
                    made = render_text(renderer, kind, key, text, text_type)
                    assert made == render_text(Renderer(), kind, key, text, text_type)


def test_an_unchanged_file_is_neither_parsed_nor_checked_again(
    write: Write, tmp_path: Path
) -> None:
    root = write({"cards/trees/a.yaml": CARDS[1], "cards/trees/b.yaml": CARDS[10]})
    folder = tmp_path / "cache"
    first = open_project(root, highlights=False, cache_folder=folder)
    code = (
        "import sys; from pathlib import Path; from cardwright.app.project import open_project\n"
        f"open_project(Path({str(root)!r}), highlights=False, cache_folder=Path({str(folder)!r}))\n"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert first.problems
    assert not {"yaml", "markdown_it", "pygments", "selectolax"} & set(done.stdout.split())


def test_after_an_edit_only_new_texts_are_rendered(write: Write, tmp_path: Path) -> None:
    root = write({"cards/trees/a.yaml": CARDS[0]})
    open_project(root, cache_folder=tmp_path)
    write({"cards/trees/a.yaml": CARDS[0] + "- {id: elm, question: Elm?, answer: A tree}\n"})

    project = open_project(root, cache_folder=tmp_path)

    known = project.renderers.recall("cards/trees/a.yaml")
    assert {text for _, text in known} == {"Oak?", "Elm?", "A tree"}


def test_a_file_that_changes_while_it_is_checked_is_checked_again(
    write: Write, tmp_path: Path
) -> None:
    """The places of its problems are found in the file as it is by then."""
    root = write({"cards/trees/a.yaml": CARDS[4], "decks/trees/deck.yaml": MANIFESTS[1]})
    cache = Cache(tmp_path)
    loaded = load_sources(root, cache)
    write({"cards/trees/a.yaml": f"# moved\n{CARDS[4]}"})
    write({"decks/trees/deck.yaml": f"# moved\n{MANIFESTS[1]}"})
    check_loaded(root, loaded, cache)
    write({"cards/trees/a.yaml": CARDS[4], "decks/trees/deck.yaml": MANIFESTS[1]})
    cache.flush()

    warm = open_project(root, highlights=False, cache_folder=tmp_path)

    assert list_facts(warm) == list_facts(open_project(root, highlights=False))


def check_loaded(root: Path, loaded: Loaded, cache: Cache) -> None:
    """Check what was loaded, as `open_project` does."""
    texts, renderers = SourceTexts(root), Renderers(cache, root, highlights=False)
    kinds = loaded.collection.kinds
    files = [(file, check_file(file, kinds, renderers, texts, cache)) for file in loaded.files]
    check(
        Checking(
            root=root,
            collection=loaded.collection,
            files=files,
            renderer=Renderer(highlights=False),
            texts=texts,
            media=MediaLibrary(root),
            cache=cache,
            kinds_key=loaded.kinds_key,
            decks_key=loaded.decks_key,
            digests=loaded.digests,
        )
    )


def test_cards_that_are_loaded_on_demand_are_a_sequence(write: Write) -> None:
    root = write({f"cards/trees/{number}.yaml": text for number, text in enumerate(CARDS)})
    cards = open_project(root, highlights=False).collection.cards
    listed = list(cards)

    assert len(cards) == len(listed) > 3
    assert [cards[number] for number in range(len(cards))] == listed
    assert cards[-1] == listed[-1]
    assert cards[1:3] == listed[1:3]
    assert list(reversed(cards)) == listed[::-1]
    with pytest.raises(IndexError):
        cards[len(cards)]


def leave(path: Path) -> None:
    assert path.is_file()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def replace_by_text(path: Path) -> None:
    path.write_bytes(b"no database " * 1000)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5000])


def scribble(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[200::97] = bytes(len(raw[200::97]))
    path.write_bytes(raw)


def swap_values(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE entries SET value = (SELECT value FROM entries LIMIT 1)")


def damage_values(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE entries SET value = substr(value, 1, length(value) - 1)")


def make_older(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version = 99")


def put_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def remove_folder(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()
    path.parent.write_bytes(b"a file in the place of the folder")


@pytest.mark.parametrize(
    "damage",
    [
        *(leave, empty, replace_by_text, cut, scribble, swap_values, damage_values),
        *(make_older, put_folder, remove_folder, Path.unlink),
    ],
    ids=lambda damage: damage.__name__,
)
def test_whatever_happens_to_the_cache_it_changes_nothing(
    write: Write, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    root = write({f"cards/trees/{number}.yaml": text for number, text in enumerate(CARDS)})
    fresh = list_facts(open_project(root, highlights=False))
    folder = tmp_path / "cache"
    open_project(root, highlights=False, cache_folder=folder)
    damage(folder / CACHE_NAME)

    for _ in range(2):
        project = open_project(root, highlights=False, cache_folder=folder)
        assert list_facts(project) == fresh
        check_renderers(project)


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / CACHE_NAME
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE entries (key, used_on, value)")
    before = path.read_bytes()

    use_cache(tmp_path)

    assert path.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="Windows allows links to administrators only")
def test_a_link_in_the_place_of_the_cache_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / CACHE_NAME).symlink_to(other)

    use_cache(folder)

    assert not other.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_cache_that_others_can_write_is_not_used(tmp_path: Path) -> None:
    use_cache(tmp_path)
    (tmp_path / CACHE_NAME).chmod(0o666)

    assert Cache(tmp_path).load(b"key") is None


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_only_its_owner_can_read_the_cache(tmp_path: Path) -> None:
    use_cache(tmp_path / "cache")

    assert (tmp_path / "cache").stat().st_mode & 0o077 == 0
    assert (tmp_path / "cache" / CACHE_NAME).stat().st_mode & 0o077 == 0


def use_cache(folder: Path) -> None:
    """Keep a value in the cache of a folder, and read it again, whether or not that is possible."""
    cache = Cache(folder)
    cache.save(b"key", b"value")
    cache.flush()
    assert cache.load(b"key") in {b"value", None}


def test_a_locked_cache_is_not_waited_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "_MAX_WAIT_S", 0.01)
    use_cache(tmp_path)
    with closing(sqlite3.connect(tmp_path / CACHE_NAME, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")

        use_cache(tmp_path)


def test_what_one_process_keeps_another_reads(tmp_path: Path) -> None:
    one, other = Cache(tmp_path), Cache(tmp_path)
    one.save(b"a", b"1")
    other.save(b"b", b"2")
    one.flush()
    other.flush()

    assert [cache.load(key) for cache in (one, other) for key in (b"a", b"b")] == [b"1", b"2"] * 2


def test_without_a_folder_values_last_as_long_as_the_process() -> None:
    cache = Cache()
    for number in range(100):
        cache.save(bytes([number]), bytes(100_000))

    assert cache.load(b"\0") == bytes(100_000)
    assert cache.load(b"no such key") is None


def test_what_is_not_used_for_a_month_or_does_not_fit_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path)
    for name in (b"old", b"read", b"new"):
        cache.save(name, name * 100)
    cache.flush()
    with closing(sqlite3.connect(tmp_path / CACHE_NAME)) as connection, connection:
        connection.execute("UPDATE entries SET used_on = used_on - 20 WHERE key != x'6e6577'")
    assert Cache(tmp_path).load(b"read")
    with closing(sqlite3.connect(tmp_path / CACHE_NAME)) as connection, connection:
        connection.execute("UPDATE entries SET used_on = used_on - 11 WHERE key = x'6f6c64'")

    reader = Cache(tmp_path)
    assert reader.load(b"read")
    reader.save(b"more", b"")
    reader.flush()
    assert [reader.load(name) is None for name in (b"old", b"read", b"new")] == [True, False, False]

    monkeypatch.setattr(cache_module, "_MAX_BYTES", 1000)
    reader.save(b"large", bytes(900))
    reader.save(b"newest", b"newest")
    reader.flush()
    assert reader.load(b"newest") == b"newest"
    assert reader.load(b"large") is None


def test_a_key_depends_on_each_part_and_on_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {make_key("ab", "c"), make_key("a", "bc"), make_key("abc"), make_key("abc", "")}
    assert len(keys) == 4
    monkeypatch.setattr(cache_module, "_digest_program", lambda: b"another program")
    assert make_key("abc") not in keys


def test_commands_use_the_cache_that_is_named(
    write: Write, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"cards/trees/a.yaml": CARDS[1], "cards/trees/b.yaml": CARDS[5]})
    monkeypatch.setenv("CARDS_CACHE", "")
    without = [run("check", "--json", exit_code=1).output, run("list", "--json").output]
    monkeypatch.setenv("CARDS_CACHE", str(tmp_path / "own"))

    for _ in range(2):
        found = [run("check", "--json", exit_code=1).output, run("list", "--json").output]
        assert found == without
    assert json.loads(without[0])
    assert (tmp_path / "own" / CACHE_NAME).is_file()
