"""`cards anki update`, into real collections."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from anki_desktop import PASSWORD, Client, Server, dump, import_into, open_anki, write_cards
from cardwright.anki.doors.server_login import parse_address, write_key
from cardwright.cli.main import cards
from project_files import Run, Write


@pytest.fixture
def anki_folder(
    project: Path, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Anki's folder, in which there is no profile yet; the project has three cards."""
    assert project
    folder = tmp_path / "Anki2"
    folder.mkdir()
    monkeypatch.setenv("ANKI_BASE", str(folder))
    write({"cards/trees/a.yaml": write_cards(range(3))})
    return folder


def make_profile(folder: Path, name: str = "User 1") -> Path:
    path = folder / name / "collection.anki2"
    path.parent.mkdir()
    with open_anki(path):
        pass
    return path


def edit(path: Path, id: str) -> None:
    with open_anki(path) as col:
        note = col.get_note(col.find_notes(f"Id:{id}")[0])
        note["Question"] += " Mine."
        col.update_note(note)


def test_cards_arrive_and_are_updated(
    anki_folder: Path, run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_profile(anki_folder)

    first = run("anki", "update")

    assert first.stdout == (
        "trees in profile User 1: 3 new\n  new: trees:card-0, trees:card-1, trees:card-2\n"
    )
    [backup] = (anki_folder / "User 1" / "backups").iterdir()
    assert first.stderr == f"backup: {backup}\n"
    assert run("anki", "update").output == "trees in profile User 1: 3 unchanged\n"

    edit(path, "trees:card-0")
    edit(path, "trees:card-1")
    text = write_cards(range(4)).replace("It is 1,", "It is one,")
    write({"cards/trees/a.yaml": text})
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "4000000000")  # after the edit in Anki
    again = run("anki", "update", "trees", "--profile", "User 1")

    assert again.stdout == (
        "trees in profile User 1: 1 new, 1 updated, 1 kept, 1 unchanged\n"
        "  new: trees:card-3\n"
        "  updated: trees:card-1\n"
        "  kept, since edited in Anki: trees:card-0\n"
    )


def test_json(anki_folder: Path, run: Run, project: Path) -> None:
    make_profile(anki_folder)
    told = json.loads(run("anki", "update", "--json").stdout)
    [backup] = (anki_folder / "User 1" / "backups").iterdir()
    assert told == {
        "place": "profile User 1",
        "backup": str(backup),
        "packs": [
            {
                "pack": "trees",
                "path": str(project / "build" / "trees.apkg"),
                "media": 0,
                "new": ["trees:card-0", "trees:card-1", "trees:card-2"],
                "updated": [],
                "kept": [],
                "unchanged": [],
                "conflicting": [],
            }
        ],
    }


def test_the_presets_come_only_on_request(anki_folder: Path, run: Run, write: Write) -> None:
    path = make_profile(anki_folder)
    write({"decks/trees/deck.yaml": "name: Trees\nnamespace: trees\noptions: {new_per_day: 7}\n"})
    before = dump(path)["deck_config"]
    run("anki", "update")
    assert dump(path)["deck_config"] == before
    run("anki", "update", "--presets")
    assert len(dump(path)["deck_config"]) == len(before) + 1


def test_notes_of_another_type_are_named(anki_folder: Path, run: Run, write: Write) -> None:
    make_profile(anki_folder)
    run("anki", "update")
    card = "{id: card-1, term: What is 1, definition: It is 1, sources: [A book]}"
    write(
        {
            "cards/trees/a.yaml": write_cards(range(1)),
            "cards/trees/b.yaml": f"kind: term\ncards:\n- {card}\n",
        }
    )
    done = run("anki", "update")
    assert "1 conflicting" in done.stdout
    assert "not updated, since they have another note type in Anki: trees:card-1" in done.stderr


def test_what_stands_in_the_way_is_told(
    anki_folder: Path, run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no profile of Anki was found" in run_failing(run)
    path = make_profile(anki_folder)
    with open_anki(path):
        told = run_failing(run)
    assert "profile User 1 is in use" in told
    assert "File → Import" in told
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "anki.collection", None)
        assert "pip install 'cardwright[anki]'" in run_failing(run)
    make_profile(anki_folder, "Zoe")
    assert "several profiles: User 1, Zoe" in run_failing(run)
    assert (
        "use only one of"
        in run(*("anki", "update", "--profile", "a", "--server", "http://a/"), exit_code=2).output
    )
    assert "AnkiWeb admits only" in run_failing(run, "--server", "https://sync.ankiweb.net")
    write({"cards/trees/a.yaml": "cards: 5\n"})
    assert "nothing was written" in run_failing(run, "--profile", "Zoe")
    assert not (anki_folder / "Zoe" / "backups").exists()


def run_failing(run: Run, *words: str) -> str:
    return run("anki", "update", *words, exit_code=1).output


def test_of_several_users_of_a_server_one_is_named(
    anki_folder: Path, run: Run, tmp_path: Path
) -> None:
    address = parse_address("http://127.0.0.1:1/")
    for user in ("anna", "bob"):
        own = address.with_user(user)
        write_key(tmp_path / "data" / "cardwright" / "anki" / own.folder_name, own, "key")
    told = run_failing(run, "--server", address.url)
    assert "several users of http://127.0.0.1:1/ have logged in here: " in told
    assert "name one: --server http://NAME@127.0.0.1:1/" in told
    assert anki_folder.exists()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "server")
    yield made
    made.stop()


def test_the_way_to_a_server(
    anki_folder: Path, run: Run, project: Path, server: Server, tmp_path: Path
) -> None:
    assert anki_folder.exists()
    run("build")
    phone = Client(tmp_path / "phone" / "collection.anki2", server, "anna0")
    import_into(phone.col, project / "build" / "trees.apkg")
    phone.upload()

    def update(url: str, given: str) -> tuple[int, str]:
        done = CliRunner().invoke(
            cards, ["-C", str(project), "anki", "update", "--server", url], input=given
        )
        return done.exit_code, done.output

    named = server.url.replace("//", "//anna0@")
    code, told = update(server.url, "")
    assert code == 1
    assert "give it: --server http://NAME@127.0.0.1" in told
    code, told = update(named, "")
    assert code == 1
    assert "needs the password of anna0" in told
    assert update(named, "wrong\n")[0] == 1
    code, told = update(named, f"{PASSWORD}\n")
    assert code == 0, told
    assert f"trees in the collection of anna0 on {server.url}: 3 unchanged" in told
    # Neither the name nor the password is asked for any more.
    code, told = update(server.url, "")
    assert code == 0, told
    (project / "cards/trees/a.yaml").write_text(write_cards(range(5)), "utf-8")
    code, told = update(server.url, "")
    assert code == 0, told
    assert "2 new" in told
    assert phone.sync() == 0
    assert phone.col.note_count() == 5
    phone.close()
