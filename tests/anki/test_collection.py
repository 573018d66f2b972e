"""Every format of Anki's packages and collections is read as Anki itself reads it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import genanki
import pytest
from anki.errors import DBError

from anki_backend import Anki
from anki_reading import ask_anki, ask_us, export, make_odd_collection, opened
from cardwright.anki.collection import PackageError, open_collection
from cardwright.anki.identity import NoteIdentity, find_identities
from cardwright.project.load import load
from project_files import Release, Run, Write
from strange_packages import pack

FORMATS = (
    "new.apkg",
    "legacy.apkg",
    "new-plain.apkg",
    "legacy-plain.apkg",
    "new.colpkg",
    "legacy.colpkg",
    "backup.colpkg",
    "collection.anki2",
    "schema11.anki2",
)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one odd collection in every format."""
    folder = tmp_path_factory.mktemp("odd")
    make_odd_collection(folder / "made")
    with opened(folder / "made") as collection:
        for name in FORMATS[:4]:
            is_legacy, has_history = name.startswith("legacy"), "plain" not in name
            export(collection, folder / name, is_legacy=is_legacy, has_history=has_history)
        collection.create_backup(backup_folder=str(folder), force=True, wait_for_completion=True)
        next(folder.glob("backup-*.colpkg")).rename(folder / "backup.colpkg")
        # An exported collection is closed.
        export(collection, folder / "new.colpkg")
    shutil.copy(folder / "made/collection.anki2", folder)
    with opened(folder / "made") as collection:
        export(collection, folder / "legacy.colpkg", is_legacy=True)
    shutil.copy(folder / "collection.anki2", folder / "made")
    with opened(folder / "made") as collection:
        collection.close(downgrade=True)
    shutil.move(folder / "made/collection.anki2", folder / "schema11.anki2")
    return folder


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_read_as_anki_reads_it(odd: Path, tmp_path: Path, name: str) -> None:
    anki = ask_anki(odd / name, tmp_path / "anki")
    ours = ask_us(odd / name)

    for part, told in anki.items():
        assert ours[part] == told, part
    # Otherwise nothing was compared.
    assert len(ours["notes"]) == 24
    assert len(ours["cards"]) > 36
    assert len(ours["presets"]) >= 5
    if "plain" not in name:
        assert len(ours["log"]) > 40
    if name == "collection.anki2":
        assert {card[1] for card in ours["cards"].values()} == {0, 1, 2, 3}
        assert {card[2] for card in ours["cards"].values()} >= {-3, -1, 0, 1, 2}
        assert any(card[10] for card in ours["cards"].values()), "none is in a filtered deck"
        assert any(deck[1] == 83 for deck in ours["decks"].values())


def test_formats_of_one_collection_do_not_differ(odd: Path, run: Run) -> None:
    for name in FORMATS:
        if "plain" in name:
            continue  # Anki takes some tags off with the history
        assert run("diff", str(odd / "new.apkg"), str(odd / name)).stderr == "no changes\n"


def test_media_are_named_by_their_members(odd: Path) -> None:
    for name in ("new.apkg", "legacy.apkg", "new.colpkg", "legacy.colpkg"):
        with open_collection(odd / name) as found:
            assert found.media == {"0": "leaf.png"}
    for name in ("backup.colpkg", "collection.anki2"):
        with open_collection(odd / name) as found:
            assert found.media == {}


# Rarer databases, which no Anki of today writes.


@contextmanager
def changed(
    odd: Path, folder: Path, name: str = "collection.anki2"
) -> Iterator[sqlite3.Connection]:
    """Change a copy of a collection, which is then `changed.anki2`."""
    path = folder / "changed.anki2"
    shutil.copy(odd / name, path)
    with closing(sqlite3.connect(path)) as database:
        database.create_collation("unicase", lambda one, other: (one > other) - (one < other))
        yield database
        database.commit()


def assert_same(path: Path, folder: Path) -> dict[str, Any]:
    anki, ours = ask_anki(path, folder), ask_us(path)
    for part, told in anki.items():
        assert ours[part] == told, part
    return ours


@pytest.mark.parametrize("schema", [15, 16, 17])
def test_a_database_of_an_older_schema(odd: Path, tmp_path: Path, schema: int) -> None:
    with changed(odd, tmp_path) as database:
        database.execute("UPDATE col SET ver = ?", (schema,))
        database.executescript(
            "DROP TABLE graves; CREATE TABLE graves (usn integer, oid integer, type integer);"
        )

    assert assert_same(tmp_path / "changed.anki2", tmp_path / "anki")["presets"]


def test_a_database_of_schema_14_keeps_some_as_json_and_some_in_tables(
    odd: Path, tmp_path: Path
) -> None:
    with changed(odd, tmp_path, "schema11.anki2") as database:
        database.executescript(
            "CREATE TABLE deck_config (id integer primary key not null, name text not null"
            " collate unicase, mtime_secs integer not null, usn integer not null, config blob not null);"
            "CREATE TABLE config (KEY text not null primary key, usn integer not null,"
            " mtime_secs integer not null, val blob not null) without rowid;"
            "CREATE TABLE tags (tag text not null primary key collate unicase, usn integer not null)"
            " without rowid;"
            "INSERT INTO config SELECT key, 0, 0, CAST(CASE type WHEN 'text' THEN json_quote(value)"
            " WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE value END AS BLOB)"
            " FROM col, json_each(col.conf);"
            "INSERT INTO deck_config SELECT CAST(key AS integer), json_extract(value, '$.name'), 0, 0,"
            " CAST(value AS BLOB) FROM col, json_each(col.dconf);"
            "UPDATE col SET ver = 14, conf = '', dconf = '', tags = '';"
        )

    ours = assert_same(tmp_path / "changed.anki2", tmp_path / "anki")
    assert len(ours["presets"]) == 6
    assert ours["fsrs"]


@pytest.mark.parametrize("schema", [1, 10, 12, 13, 19, 250])
def test_a_schema_that_is_not_known_is_refused(odd: Path, tmp_path: Path, schema: int) -> None:
    with changed(odd, tmp_path) as database:
        database.execute("UPDATE col SET ver = ?", (schema,))

    with (
        pytest.raises(PackageError, match=f"its schema {schema} is "),
        open_collection(tmp_path / "changed.anki2"),
    ):
        pass
    with pytest.raises(DBError):
        ask_anki(tmp_path / "changed.anki2", tmp_path / "anki")


def test_what_is_left_of_note_types_that_are_gone_does_not_matter(
    odd: Path, tmp_path: Path
) -> None:
    with changed(odd, tmp_path) as database:
        for table in ("fields", "templates"):
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")][1:]
            database.execute(
                f"INSERT INTO {table} SELECT 77, {', '.join(columns)} FROM {table}"
                f" WHERE ntid = (SELECT min(ntid) FROM {table})"
            )

    assert len(assert_same(tmp_path / "changed.anki2", tmp_path / "anki")["types"]) == 7


def test_presets_of_one_name_and_presets_that_are_gone(odd: Path, tmp_path: Path) -> None:
    with changed(odd, tmp_path) as database:
        database.execute("UPDATE deck_config SET name = 'Same' WHERE name LIKE 'Präset _'")
        database.execute(
            "DELETE FROM deck_config WHERE id IN (1, (SELECT max(id) FROM deck_config))"
        )

    with open_collection(tmp_path / "changed.anki2") as found:
        assert len({preset.name for preset in found.presets.values()}) == len(found.presets) == 5
        assert sum(preset.name.startswith("Same (") for preset in found.presets.values()) == 3
        orphans = [deck for deck in found.decks.values() if deck.preset_id not in found.presets]
        assert {found.find_preset(deck.id)[0].name for deck in orphans} == {"Default"}
        assert len(orphans) > 1
        assert found.find_preset(12345)[0].name == "Default"


def test_answers_of_the_first_scheduler_are_read_as_anki_converts_them(tmp_path: Path) -> None:
    model = genanki.Model(
        7,
        "Old",
        fields=[{"name": "Front"}, {"name": "Back"}],
        templates=[{"name": "Card 1", "qfmt": "{{Front}}", "afmt": "{{Back}}"}],
    )
    deck = genanki.Deck(8, "Wood")
    for number in range(4):
        deck.add_note(genanki.Note(model, [f"oak {number}", "tree"], guid=f"g{number}"))
    path = tmp_path / "old.apkg"
    genanki.Package(deck).write_to_file(path)
    with open_collection(path) as found:
        assert not found.has_log
        assert [note.guid for note in found.read_notes()] == ["g0", "g1", "g2", "g3"]
    file = tmp_path / "collection.anki2"
    shutil.unpack_archive(path, tmp_path, "zip")
    with closing(sqlite3.connect(file)) as database:
        ids = [row[0] for row in database.execute("SELECT id FROM cards ORDER BY id")]
        database.execute("UPDATE cards SET type = 2, queue = nid / 2 % 2 + 1, due = 5000, reps = 3")
        rows = [
            (1_600_000_000_000 + 10 * number + kind, id, -1, ease, 1, 1, 2500, 900, kind)
            for number, (id, ease) in enumerate((id, ease) for id in ids for ease in range(1, 5))
            for kind in range(4)
        ]
        database.executemany("INSERT INTO revlog VALUES (?,?,?,?,?,?,?,?,?)", rows)
        database.commit()
    path.write_bytes(pack(file.read_bytes()))

    anki, ours = ask_anki(path, tmp_path / "anki"), ask_us(path)
    del anki["presets"]  # an import never changes the preset that is there
    assert {part: ours[part] for part in anki} == anki
    assert len(ours["log"]) == 64
    assert {card[1] for card in ours["cards"].values()} == {2, 3}


WEST_MIN = [-840, -720, -345, -60, 0, 300, 720, None]


@pytest.mark.parametrize("west_min", WEST_MIN)
def test_days_count_from_where_anki_counts_them(
    odd: Path, tmp_path: Path, west_min: int | None
) -> None:
    # At four in the morning, somewhere.
    created_s = 1_700_006_400 + (west_min or 0) * 60 + 4 * 3_600
    created_s -= created_s % 86_400 - (4 * 3_600 + (west_min or 0) * 60) % 86_400
    with changed(odd, tmp_path) as database:
        database.execute("UPDATE col SET crt = ?", (created_s,))
        database.execute("DELETE FROM config WHERE KEY IN ('creationOffset', 'localOffset')")
        if west_min is not None:
            row = ("creationOffset", str(west_min).encode())
            database.execute("INSERT INTO config VALUES (?, 0, 0, ?)", row)

    with open_collection(tmp_path / "changed.anki2") as found:
        timing = found.timing
    (tmp_path / "anki").mkdir()
    shutil.copy(tmp_path / "changed.anki2", tmp_path / "anki/collection.anki2")
    with opened(tmp_path / "anki") as collection:
        for _ in range(2):  # a day may just begin
            now = datetime.now(UTC).astimezone()
            day = (now - timedelta(hours=timing.rollover_hour)).date()
            elapsed = collection.sched.today
            if (day - datetime(1970, 1, 1, tzinfo=UTC).date()).days - elapsed == timing.created_day:
                return
    pytest.fail(f"{timing.created_day}, but {elapsed} days ago it was {day}")


# What is there about the cards of a project.

CARDS = """\
sources: [A book]
cards:
- {id: oak, kind: basic, question: Oak?, answer: A tree}
- {id: gaps, kind: cloze, text: "{{c1::Oak}} and {{c3::elm}}"}
- {id: gone, kind: basic, question: Gone?, answer: Yes}
"""


def find_notes_of(root: Path) -> dict[str, NoteIdentity]:
    collection, problems = load(root)
    assert problems == []
    return find_identities(collection.cards, collection.kinds, lambda key: key)


def test_a_view_holds_the_cards_of_the_project_and_nothing_else(
    write: Write, release: Release, anki: Anki
) -> None:
    root, col = write({"cards/trees/a.yaml": CARDS}), cast("Any", anki.col)
    anki.import_package(release("v1", 1_700_000_000))
    notes = anki.notes()
    other = col.new_note(col.models.by_name("Basic"))
    other.fields = ["Theirs", ""]
    col.add_note(other, 1)
    anki.answer_all()
    anki.answer_all()
    col.remove_notes([notes["trees:gone"].id])
    deck = col.decks.get(notes["trees:oak"].cards()[0].did)
    deck["desiredRetention"] = 81
    col.decks.save(deck)
    filtered = col.decks.new_filtered("Today")
    today = col.decks.get(filtered)
    today["terms"] = [["Oak?", 9, 0]]
    col.decks.save(today)
    col.sched.rebuild_filtered_deck(filtered)
    path = Path(col.path)

    # Anki is running, and nothing has left its log.
    with open_collection(path) as found:
        view = found.view(find_notes_of(root))

    key = find_notes_of(root)[notes["trees:oak"].guid].key
    keys = {name.removeprefix(key.removesuffix("oak")) for name in view.cards}
    assert keys == {"oak/recall", "gaps/c1", "gaps/c3"}
    for name, card in view.cards.items():
        real = col.get_card(card.row.id)
        assert (card.key, card.guid) == (name, real.note().guid)
        assert card.row.ordinal == real.ord == {"recall": 0, "c1": 0, "c3": 2}[name.split("/")[1]]
        assert card.row.is_filtered == ("oak" in name)
        assert (card.preset, card.desired_retention) == ("Default", 0.81)
        rows = col.db.all("SELECT id, cid FROM revlog WHERE cid = ? ORDER BY id", card.row.id)
        assert [[row.id, row.card_id] for row in view.log[name]] == rows
        assert len(rows) == 2
    assert view.is_fsrs
    assert view.unmatched == ()
    assert set(view.presets) == {"Default"}


def test_without_our_guids_notes_are_found_by_their_ids(
    write: Write, release: Release, anki: Anki
) -> None:
    root, col = write({"cards/trees/a.yaml": CARDS}), cast("Any", anki.col)
    anki.import_package(release("v1", 1_700_000_000))
    anki.answer_all()
    identities = find_notes_of(root)
    with open_collection(Path(col.path)) as found:
        by_guid = found.view(identities)
    col.db.execute("UPDATE notes SET guid = 'x' || id")

    with open_collection(Path(col.path)) as found:
        by_id = found.view(identities)

    assert by_id.cards.keys() == by_guid.cards.keys()
    assert by_id.log == by_guid.log
    assert all(card.guid.startswith("x") for card in by_id.cards.values())
    # One note of ours is enough to tell that guids count.
    note = anki.notes()["trees:oak"]
    col.db.execute("UPDATE notes SET guid = ? WHERE id = ?", "v", note.id)
    col.db.execute("UPDATE notes SET guid = ? WHERE id = ?", next(iter(identities)), note.id)
    with open_collection(Path(col.path)) as found:
        assert len(found.view(identities).cards) == 1


def test_few_and_many_rows_are_found_in_the_same_order(
    odd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cardwright.anki import collection

    with open_collection(odd / "collection.anki2") as found:
        everything = list(found.read_log())
        ids = {row.card_id for row in everything[::2]}
        wanted = [row for row in everything if row.card_id in ids]
        cards = [row for row in found.read_cards() if row.note_id % 2]
        for few, many in ((500, 30_000), (0, 30_000), (0, 0)):
            monkeypatch.setattr(collection, "_FEW", few)
            monkeypatch.setattr(collection, "MAX_CHOSEN", many)
            assert list(found.read_log(ids)) == wanted
            assert list(found.read_cards({card.note_id for card in cards})) == cards
        assert list(found.read_log(set())) == []


# Anki is running.

STUDY = """\
import os, sys
from anki.collection import Collection
path, number = sys.argv[1], 0
collection = Collection(path)
kind = collection.models.by_name("Basic")
print("ready", flush=True)
while True:
    note = collection.new_note(kind)
    note.fields = [f"new {number}", "x" * 9_000]
    collection.add_note(note, 1)
    number += 1
    if number == 2_000:
        sys.stdin.readline()
    if number % 200 == 0:
        if os.path.exists(path + ".stop"):
            print("stays open", flush=True)
            continue
        collection.close()
        collection = Collection(path)
"""


def tell_files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        file.name: (file.read_bytes(), file.stat().st_mtime_ns)
        for file in folder.iterdir()
        if file.is_file()
    }


def test_a_collection_is_read_as_it_was_at_one_moment_while_anki_writes(
    odd: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(odd / "collection.anki2", tmp_path))
    link = tmp_path / "link.anki2"
    link.symlink_to(path)
    seen = []
    with (
        subprocess.Popen(
            [sys.executable, "-c", STUDY, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
        ExitStack() as ending,
    ):
        # It never ends by itself, whatever fails here.
        ending.callback(process.kill)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for number in range(12):
            try:
                with open_collection(link if number % 2 else path) as found:
                    notes = list(found.read_notes())
                    cards = list(found.read_cards())
            except PackageError as error:
                # On a busy machine, it does not come to rest for as long as a copy takes.
                if "it is being written to all the time" not in str(error):
                    raise
                continue
            # A note is added with its card, and after those before it.
            assert {card.note_id for card in cards} == {note.id for note in notes}
            names = [note.fields[0] for note in notes if note.fields[0].startswith("new ")]
            assert sorted(names) == sorted(f"new {number}" for number in range(len(names)))
            seen.append(len(names))
        Path(f"{path}.stop").touch()
        print(file=process.stdin, flush=True)
        assert process.stdout.readline() == "stays open\n"
    assert seen == sorted(seen)

    # Nothing has written what the killed program left in its log.
    before = tell_files(tmp_path)
    assert "collection.anki2-wal" in before
    ours = ask_us(path)
    assert tell_files(tmp_path) == before
    assert len(ours["notes"]) >= 24 + max(seen, default=0)
    assert ours["notes"] == ask_anki(path, tmp_path / "anki")["notes"]
