"""`cards adopt` of what strangers made: refused with a message, or harmless."""

from __future__ import annotations

import json
import re
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from anki_deck_author import DeckAuthor, MakeReader, fill, read_files
from media_files import PNG
from project_files import Run
from strange_packages import make_database, pack

HTML = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=https://example.com/track.png>",
    "<a href='javascript:alert(1)'>x</a>",
    "<svg onload=alert(1)></svg>",
    "<style>@import url(//example.com)</style>",
    "<iframe srcdoc='<script>1</script>'></iframe>",
    "<div style='background:url(https://example.com/x.png)'>x</div>",
    "{{Front}} {{c1::x}} [latex]\\input{/etc/passwd}[/latex]",
    "\\(\\href{javascript:alert(1)}{x}\\) \\[\\style{background:url(//example.com/x)}{x}\\]",
    "[anki:tts lang=en_US]x[/anki:tts] &#91;latex]x[/latex] [sound:/etc/passwd]",
    "\x1b[31mred\x07 \u202etxt",
    "<div>" * 3000,
    "&#0; &#xd800; &#x1b;[0m",
    "![x](../../../etc/passwd) [sound:../../etc/passwd]",
    "<!-- --><![CDATA[x]]><plaintext>",
)


def break_zip(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def break_database(path: Path) -> None:
    data = bytearray(make_database(path.parent))
    data[100:3000] = b"\xff" * 2900
    path.write_bytes(pack(bytes(data)))


def name_media_outside(path: Path) -> None:
    media = json.dumps({"0": "../../evil.png"}).encode()
    path.write_bytes(pack(make_database(path.parent), others={"0": PNG}, media=media))


def drop_collection(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("media", "{}")


@pytest.mark.parametrize(
    "spoil",
    [
        break_zip,
        break_database,
        name_media_outside,
        drop_collection,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"PK\x03\x04" + bytes(100)),
        lambda path: path.write_bytes(b"\0\1\2" * 1000),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_written(
    home: Path, run: Run, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    path = tmp_path / "deck.apkg"
    path.write_bytes(pack(make_database(tmp_path)))
    spoil(path)

    output = run("adopt", str(path), folder=home, exit_code=1).output

    assert output.startswith("error: ")
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"<html>404 Not Found</html>"])
@pytest.mark.parametrize("name", ["deck.apkg", "Backup.COLPKG"])
def test_a_file_named_like_a_package_is_not_taken_for_a_table(
    home: Path, run: Run, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    output = run("adopt", str(path), folder=home, exit_code=1).output

    assert "is not a readable Anki package" in output
    assert "--map" not in output
    assert list(home.iterdir()) == []


def test_a_deck_full_of_traps_becomes_a_harmless_project(
    author: DeckAuthor, read: MakeReader, home: Path, run: Run, tmp_path: Path
) -> None:
    author.add_type(
        "../../Evil\x1b[31m: *",
        ["Front", "id", "../x", "cards"],
        [("{{Front}}<script>alert(1)</script>", "{{../x}}{{id}}{{cards}}")],
        css="@import url('../../evil.css'); .card { background: url(_evil.js) }",
    )
    author.add_media("_evil.js", b"alert(1)")
    (kind,) = (
        entry.name for entry in author.col.models.all_names_and_ids() if "Evil" in entry.name
    )
    author.add_media("pic.png", PNG)
    for number, html in enumerate(HTML):
        deck = ["../../up", "a::../b::CON::con", "\x1b]0;title\x07", "cards/media"][number % 4]
        tags = ["../x", "a:b", "retired", "\x1b[1m", "kind::x"]
        author.add_note(kind, deck, [f"{number} {html}", html, "", "<img src=pic.png>"], tags)
    package = author.export(tmp_path / "evil.apkg")
    before = {path for path in tmp_path.rglob("*") if home not in path.parents}

    output = run("adopt", str(package), folder=home).output

    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", output)
    after = {path for path in tmp_path.rglob("*") if home not in path.parents}
    assert after - before <= {path for path in after if "data" in path.parts}
    assert not any(path.is_symlink() for path in home.rglob("*"))
    check = run("check", folder=home).output
    assert "with scripts that run in Anki" in check
    run("build", folder=home)
    newcomer = read("newcomer")
    for built in (home / "build").glob("*.apkg"):
        newcomer.import_package(built)
    assert newcomer.col.note_count() == len(HTML)
    for note_id in newcomer.col.find_notes(""):
        for text in newcomer.col.get_note(note_id).fields:
            assert not re.search(r"<(?:script|svg|style|iframe|plaintext|!)|\son\w+=", text), text
            assert "src=https" not in text
            assert "href='javascript" not in text
            assert "[latex]" not in text
            assert "[sound:../" not in text


def test_signs_that_no_file_may_hold_in_a_template_leave_a_project_that_can_be_built(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    signs = "\x1b[31m\x9b\u202e\u2066\x07\ufeff\u2028"
    author.add_type("Odd", ["Front", "Back"], [(f"a{signs}{{{{Front}}}}{signs}", "{{Back}}")])
    author.add_note("Odd", "Deck", ["What?", "That."], [])
    run("adopt", str(author.export(tmp_path / "odd.apkg")), folder=home)

    assert "0 errors" in run("check", folder=home).output
    run("build", folder=home)


@pytest.mark.parametrize(
    "trap",
    [
        "<script>alert(1)</script>",
        "[latex]\\input{/etc/passwd}[/latex]",
        r"\(\href{javascript:alert(1)}{x}\)",
        "[sound:../../up.mp3]",
        "&#92;(&#92;require{x}&#92;)",
        "\x1b[31m",
    ],
)
def test_html_that_a_stranger_put_beside_a_pack_is_not_shipped(
    author: DeckAuthor, read: MakeReader, home: Path, run: Run, tmp_path: Path, trap: str
) -> None:
    fill(author)
    run("adopt", str(author.export(tmp_path / "land.apkg", deck="Länder")), folder=home)
    path = home / "decks" / "lander" / "adopted.jsonl"
    lines = path.read_text("utf-8").splitlines()
    spoiled = []
    for line in lines:
        row = json.loads(line)
        for key, value in row.get("fields", {}).items():
            if isinstance(value, str):
                row["fields"][key] = {"value": value, "html": f"{value}{trap}"}
        spoiled.append(json.dumps(row))
    path.write_text("\n".join([*spoiled, ""]), "utf-8")

    run("build", folder=home)

    newcomer = read("newcomer")
    newcomer.import_package(home / "build" / "lander.apkg")
    texts = [f for n in newcomer.col.find_notes("") for f in newcomer.col.get_note(n).fields]
    assert len(texts) == 20
    assert not any(trap in text for text in texts)


def test_a_link_in_the_project_leads_nowhere(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    package = author.export(tmp_path / "land.apkg", deck="Länder")
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("cards", "decks", "kinds"):
        (home / name).mkdir()
    (home / "cards" / "lander").symlink_to(outside)

    output = run("adopt", str(package), folder=home, exit_code=1).output

    assert "error: " in output
    assert list(outside.iterdir()) == []


def test_a_folder_that_is_in_the_way_is_named(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    package = author.export(tmp_path / "land.apkg", deck="Länder")
    (home / "cards").write_text("", "utf-8")

    output = run("adopt", str(package), folder=home, exit_code=1).output

    assert "is in the way of a new project" in output
    assert read_files(home) == {"cards": b""}


def spoil(package: Path, act: Callable[[sqlite3.Connection], object], media: str = "") -> None:
    """Change the collection of a package, and perhaps the name of its first media file."""
    with zipfile.ZipFile(package) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    path = package.with_suffix(".anki21")
    path.write_bytes(members["collection.anki21"])
    with closing(sqlite3.connect(path)) as database, database:
        act(database)
    members["collection.anki21"] = path.read_bytes()
    if media:
        names = json.loads(members["media"])
        members["media"] = json.dumps({**names, min(names): media}).encode()
    with zipfile.ZipFile(package, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def edit_models(database: sqlite3.Connection, edit: Callable[[Any], object]) -> None:
    (text,) = database.execute("SELECT models FROM col").fetchone()
    models = json.loads(text)
    for model in models.values():
        edit(model)
    database.execute("UPDATE col SET models = ?", (json.dumps(models),))


@pytest.mark.parametrize(
    "act",
    [
        lambda database: database.execute("UPDATE notes SET mod = 9223372036854775807"),
        lambda database: database.execute("UPDATE notes SET mod = -1"),
        lambda database: database.execute("UPDATE notes SET mod = x'ff'"),
        lambda database: edit_models(database, lambda model: model.update(mod=10**30)),
        lambda database: edit_models(
            database, lambda model: [one.update(name="\u2068Card\0") for one in model["tmpls"][:1]]
        ),
    ],
)
def test_what_cannot_be_written_as_it_is_can_be_adopted_again(
    author: DeckAuthor,
    home: Path,
    run: Run,
    tmp_path: Path,
    act: Callable[[sqlite3.Connection], object],
) -> None:
    fill(author)
    package = author.export(tmp_path / "land.apkg", deck="Länder", is_legacy=True)
    spoil(package, act)

    run("adopt", str(package), folder=home)

    assert "nothing new" in run("adopt", str(package), folder=home).output
    run("build", folder=home)


def test_a_media_file_whose_name_no_system_has_is_left_out(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    package = author.export(tmp_path / "land.apkg", deck="Länder", is_legacy=True)
    spoil(package, lambda _: None, media="a\0b.png")

    assert "name that is not safe: 1" in run("adopt", str(package), folder=home).output


def test_cards_whose_answers_cannot_be_read_are_adopted_and_that_is_said(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    author.answer_all()
    package = author.export(tmp_path / "land.apkg", with_scheduling=True, is_legacy=True)

    def damage(database: sqlite3.Connection) -> None:
        database.executescript(
            "CREATE TABLE other AS SELECT * FROM revlog; DROP TABLE revlog;"
            "ALTER TABLE other RENAME TO revlog; UPDATE revlog SET id = 'x' WHERE rowid = 1;"
        )

    spoil(package, damage)

    output = run("adopt", str(package), folder=home, exit_code=1).output

    assert "6 cards in 3 files" in output
    assert "the cards are adopted, but not the answers" in output
    assert "its review log is damaged" in output
    assert "0 errors" in run("check", folder=home).output
    assert "nothing new" in run("adopt", str(package), "--no-history", folder=home).output
