"""`cards adopt` of a newer package: what is new there is taken over, what was changed here stays."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from anki_deck_author import DeckAuthor, Home, MakeReader, change, fill, read_files
from killing import kill_at
from media_files import MP3, PNG
from project_files import Run


def test_a_newer_colour_is_released_though_the_text_is_the_same(
    author: DeckAuthor, read: MakeReader, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    author.add_note("Land (basic)", "Länder", ["Fiji", '<b style="color: red">Suva</b>', "", ""])
    first = author.export(tmp_path / "first.apkg", deck="Länder")
    reader = read("reader")
    reader.import_package(first)
    run("adopt", str(first), folder=home)
    (pack,) = (path.name for path in home.glob("decks/*"))
    run("release", pack, folder=home)
    change(author, "Country:Fiji", Capital='<b style="color: blue">Suva</b>')
    run("adopt", str(author.export(tmp_path / "second.apkg", deck="Länder")), folder=home)

    assert "1 rerendered" in run("release", pack, folder=home).output

    assert reader.import_package(home / f"build/{pack}.apkg").updated == {"Fiji"}
    (fiji,) = reader.col.find_notes("Country:Fiji")
    assert "blue" in reader.col.get_note(fiji)["Capital"]


def test_the_same_package_again_writes_nothing(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    package = author.export(tmp_path / "land.apkg", deck="Länder")
    run("adopt", str(package), folder=home)
    before = read_files(home)

    output = run("adopt", str(package), folder=home).output

    assert "nothing new" in output
    assert read_files(home) == before


def test_what_only_anki_does_is_listed_each_time(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    models = author.col.models
    spoken = models.by_name("Basic")
    assert spoken
    spoken["tmpls"][0]["qfmt"] = "{{tts en_US:Front}}{{Front}}"
    models.update_dict(spoken)
    author.add_note("Basic", "Spoken", ["sea", "mar"])
    package = str(author.export(tmp_path / "spoken.apkg", deck="Spoken"))
    first = json.loads(run("adopt", package, "--json", folder=home).output)

    again = json.loads(run("adopt", package, "--json", folder=home).output)

    assert any("read aloud" in loss["what"] for loss in first["losses"])
    assert again["losses"] == first["losses"]


def test_a_kind_is_shown_by_the_name_of_its_note_type(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    run("adopt", str(author.export(tmp_path / "land.apkg", deck="Länder")), folder=home)
    (card,) = [
        card["id"]
        for card in json.loads(run("list", "--json", folder=home).output)
        if "nauru" in card["id"]
    ]

    assert "Land (basic) · no lesson" in run("show", card, folder=home).output


def test_cards_that_are_in_a_pack_do_not_go_into_another(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    package = str(author.export(tmp_path / "land.apkg", deck="Länder"))
    first = run("adopt", package, "--into", "land", folder=home).output
    before = read_files(home)

    output = run("adopt", package, "--into", "other", folder=home).output

    note = "note: the cards of cards/land/ were there before, and stay there"
    assert note not in first
    assert note in output
    assert read_files(home) == before


def test_a_newer_package_is_merged_with_what_changed_here(
    author: DeckAuthor, read: MakeReader, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    author.add_note("Land (basic)", "Länder", ["Fiji", "Suva", "one two three four", ""])
    first = author.export(tmp_path / "first.apkg", deck="Länder")
    run("adopt", str(first), folder=home)
    ours = Home(home)
    ours.edit("capital: Suva", "capital: Suva # the largest city")
    ours.edit("one two three four", "1 two three four")
    ours.edit("no capital at all", "no capital here")
    change(author, "Country:Fiji", Note="one two three 4", Capital="<b>Suva</b>")
    change(author, "Country:Nauru", Note="no capital there")
    change(author, "Country:France", Capital="Paris (75)")
    author.add_note("Land (basic)", "Länder::Africa", ["Togo", "Lomé", "", ""], ["new"])
    author.col.remove_notes(author.col.find_notes("Capital:東京"))
    (chad,) = author.col.find_notes("Country:Chad")
    author.col.tags.bulk_add([chad], "sahel")
    second = author.export(tmp_path / "second.apkg", deck="Länder")

    output = run("adopt", str(second), folder=home).output

    text = ours.read()
    assert "1 added, 3 changed, 1 in conflict" in output
    assert (
        'capital: "**Suva**" # the largest city' in text
        or "capital: '**Suva**' # the largest city" in text
    )
    assert "1 two three 4" in text
    assert "no capital here" in text
    assert "yours: no capital here\n  deck:  no capital there" in output
    assert "capital: Paris (75)" in text
    assert "country: Togo" in text
    assert "country: 日本" in text
    assert "is no longer in the deck" in output
    assert "tags: [sahel]" in text
    run("check", folder=home)
    assert "2 changed" in run("diff", folder=home).output
    before = read_files(home)
    assert "nothing new" in run("adopt", str(second), folder=home).output
    assert read_files(home) == before

    reader = read("reader")
    reader.import_package(second)
    run("build", folder=home)
    (built,) = (home / "build").glob("*.apkg")
    result = reader.import_package(built)
    assert (result.new, result.updated, result.conflicting) == ({"日本"}, {"Fiji", "Nauru"}, set())


def test_a_merge_that_was_interrupted_is_finished_by_the_next(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    """Otherwise the next release would change notes that are as they were adopted."""
    fill(author)
    first = author.export(tmp_path / "first.apkg", deck="Länder")
    run("adopt", str(first), folder=home)
    change(author, "Country:Nauru", Note="no capital there")
    author.add_note("Land (basic)", "Länder", ["Togo", "Lomé", "", ""])
    second = author.export(tmp_path / "second.apkg", deck="Länder")
    pristine = shutil.copytree(home, tmp_path / "pristine")
    run("adopt", str(second), folder=home)
    whole = read_files(home)
    for number in range(3):
        shutil.rmtree(home)
        shutil.copytree(pristine, home)
        with kill_at(number, is_done=False, endings={".yaml", ".jsonl"}):
            run("adopt", str(second), folder=home)
        assert read_files(home) != whole

        run("adopt", str(second), folder=home)

        assert read_files(home) == whole


def test_a_conflict_shows_the_lines_that_differ(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    author.add_note("Land (basic)", "Länder", ["Fiji", "Suva", "islands<br>a king<br>reefs", ""])
    run("adopt", str(author.export(tmp_path / "first.apkg", deck="Länder")), folder=home)
    Home(home).edit("a king", "a queen")
    change(author, "Country:Fiji", Note="islands<br>a president<br>reefs")
    second = author.export(tmp_path / "second.apkg", deck="Länder")

    output = run("adopt", str(second), folder=home).output

    assert "  yours: a queen<br>\n  deck:  a president<br>\n" in output
    assert "reefs" not in output


def test_an_id_that_was_changed_here_stays_that_of_its_note(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    run("adopt", str(author.export(tmp_path / "first.apkg", deck="Länder")), folder=home)
    Home(home).edit("id: nauru", "id: naoero")
    change(author, "Country:Nauru", Note="no capital there")
    second = author.export(tmp_path / "second.apkg", deck="Länder")

    adopted = run("adopt", str(second), folder=home)
    told = run("check", folder=home, exit_code=1).output
    Home(home).edit("id: naoero", "id: naoero\n    formerly: [nauru]")
    output = run("diff", folder=home).output

    assert "1 changed" in adopted.output
    assert "error[vanished-id]: `naoero` was published as `nauru`" in told
    assert "add `formerly: [nauru]`" in told
    assert "0 errors" in run("check", folder=home).output
    assert "1 renamed" in output
    assert "changed" not in output


def test_what_was_deleted_here_is_not_added_again(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    package = author.export(tmp_path / "land.apkg", deck="Länder")
    run("adopt", str(package), folder=home)
    (path,) = (p for p in home.glob("cards/**/*.yaml") if "Nauru" in p.read_text("utf-8"))
    path.unlink()

    output = run("adopt", str(package), folder=home).output

    assert "1 card that you deleted here: not added again" in output
    assert not path.exists()


def test_a_note_type_that_changed_there_changes_here_unless_it_was_changed_here(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    run("adopt", str(author.export(tmp_path / "first.apkg", deck="Länder")), folder=home)
    for name in ("Land (basic)", "Lücken"):
        model = author.col.models.by_name(name)
        assert model
        model["css"] += " .new { color: red }"
        model["tmpls"][0]["afmt"] += "<hr>"
        author.col.models.save(model)
    gaps = home / "kinds" / "lucken.yaml"
    gaps.write_text(gaps.read_text("utf-8") + "# mine\n", "utf-8")
    second = author.export(tmp_path / "second.apkg", deck="Länder")

    output = run("adopt", str(second), folder=home).output

    assert "kinds/land-basic.yaml replaced" in output
    assert "kinds/lucken.yaml: it was changed here and in the deck; yours stays" in output
    assert ".new { color: red }" in (home / "kinds" / "land-basic.yaml").read_text("utf-8")
    assert ".new" not in gaps.read_text("utf-8")
    run("check", folder=home)
    assert "nothing new" in run("adopt", str(second), folder=home).output


def test_after_a_release_of_its_own_what_is_new_there_waits_for_the_next_one(
    author: DeckAuthor, read: MakeReader, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    run("adopt", str(author.export(tmp_path / "first.apkg", deck="Länder")), folder=home)
    run("release", "lander", folder=home)
    released = (home / "decks" / "lander" / "ledger.jsonl").read_bytes()
    change(author, "Country:France", Capital="Paris (75)")
    author.add_note("Land (basic)", "Länder", ["Togo", "Lomé", "", ""])

    run("adopt", str(author.export(tmp_path / "second.apkg", deck="Länder")), folder=home)

    assert (home / "decks" / "lander" / "ledger.jsonl").read_bytes() == released
    assert "1 changed, 1 added" in run("diff", folder=home).output
    reader = read("reader")
    reader.import_package(home / "build" / "lander.apkg")
    run("release", "lander", folder=home)
    result = reader.import_package(home / "build" / "lander.apkg")
    assert (result.new, result.updated, result.conflicting) == ({"Togo"}, {"France"}, set())


def test_a_file_that_changed_there_is_replaced_unless_it_was_changed_here(
    author: DeckAuthor, read: MakeReader, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    run("adopt", str(author.export(tmp_path / "first.apkg", deck="Länder")), folder=home)
    media = home / "cards" / "lander" / "media"
    (media / "anthem.mp3").write_bytes(MP3 + MP3)
    author.add_media("map of chad.png", PNG + b"new")
    author.add_media("anthem.mp3", MP3 + b"new")
    second = author.export(tmp_path / "second.apkg", deck="Länder")

    output = run("adopt", str(second), folder=home).output

    assert "cards/lander/media/map of chad.png replaced" in output
    assert "cards/lander/media/anthem.mp3: it was changed here and in the deck" in output
    assert (media / "map of chad.png").read_bytes() == PNG + b"new"
    assert (media / "anthem.mp3").read_bytes() == MP3 + MP3
    assert "nothing new" in run("adopt", str(second), folder=home).output
    run("build", folder=home)
    newcomer = read("newcomer")
    newcomer.import_package(home / "build" / "lander.apkg")
    folder = Path(newcomer.col.media.dir())
    assert (folder / "map of chad.png").read_bytes() == PNG + b"new"
    (note_id,) = newcomer.col.find_notes("Country:日本")
    name = newcomer.col.get_note(note_id)["Note"].removeprefix("[sound:").removesuffix("]")
    assert name != "anthem.mp3"
    assert (folder / name).read_bytes() == MP3 + MP3


def test_a_project_with_errors_is_left_alone(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    package = author.export(tmp_path / "land.apkg", deck="Länder")
    run("adopt", str(package), folder=home)
    Home(home).edit("Nauru", "[Nauru")
    before = read_files(home)

    output = run("adopt", str(package), folder=home, exit_code=1).output

    assert "error[" in output
    assert read_files(home) == before


def test_cards_adopted_by_hand_keep_their_texts(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    package = author.export(tmp_path / "land.apkg", deck="Länder")
    run("adopt", str(package), folder=home)
    (home / "decks" / "lander" / "adopted.jsonl").write_text('{"adopted": 1}\n', "utf-8")
    Home(home).edit("no capital at all", "it has no capital")
    before = Home(home).read()

    output = run("adopt", str(package), folder=home).output

    assert "1 in conflict" in output
    assert "yours: it has no capital" in output
    assert Home(home).read() == before


def test_fields_keep_all_blanks_of_their_names(
    author: DeckAuthor, read: MakeReader, home: Path, run: Run, tmp_path: Path
) -> None:
    names = ["Front  side", "Back\u00a0x", "Odd\u202b\x01"]
    author.add_type("Odd", names, [("{{Front  side}}", f"{{{{{names[1]}}}}} {{{{{names[2]}}}}}")])
    author.add_note("Odd", "Deck", ["What?", "That.", "More."])
    package = author.export(tmp_path / "deck.apkg")
    run("adopt", str(package), folder=home)

    assert "nothing new" in run("adopt", str(package), folder=home).output
    run("build", folder=home)
    newcomer = read("newcomer")
    newcomer.import_package(home / "build" / "deck.apkg")
    (note_id,) = newcomer.col.find_notes("")
    (card,) = newcomer.col.get_note(note_id).cards()
    output = card.render_output()
    assert (output.question_text, output.answer_text) == ("What?", "That. More.")


def test_no_deck_loses_cards_whose_notes_are_gone_or_not_in_the_package(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    author.add_type("Plain", ["Front", "Back"], [("{{Front}}", "{{Back}}")])
    for deck in ("Top", "Top::Zeta", "Top::Alpha", "Top::Alpha::Deep"):
        author.add_note("Plain", deck, [f"{deck}?", "That."])
    run("adopt", str(author.export(tmp_path / "all.apkg")), folder=home)
    manifest = (home / "decks" / "top" / "deck.yaml").read_bytes()

    part = author.export(tmp_path / "part.apkg", deck="Top::Alpha")
    assert "no longer" not in run("adopt", str(part), folder=home).output
    author.col.remove_notes(author.col.find_notes("deck:Top -deck:Top::*"))
    later = author.export(tmp_path / "later.apkg")
    assert "`top` is no longer in the deck" in run("adopt", str(later), folder=home).output

    assert (home / "decks" / "top" / "deck.yaml").read_bytes() == manifest
    assert "0 errors, 0 warnings" in run("check", folder=home).output


def test_cards_that_no_deck_selects_are_named(
    author: DeckAuthor, home: Path, run: Run, tmp_path: Path
) -> None:
    fill(author)
    package = str(author.export(tmp_path / "land.apkg", deck="Länder"))
    run("adopt", package, folder=home)
    manifest = home / "decks" / "lander" / "deck.yaml"
    manifest.write_text(manifest.read_text("utf-8").replace('"**"', "lander.yaml"), "utf-8")
    author.add_note("Land (basic)", "Länder::Asia", ["Nepal", "Kathmandu", "", ""])
    newer = str(author.export(tmp_path / "newer.apkg", deck="Länder"))

    output = run("adopt", newer, folder=home).output

    assert "no deck has `nepal`; widen a `select` in decks/lander/deck.yaml" in output
    assert (
        json.loads(run("adopt", newer, "--json", folder=home).stdout)["packs"][0]["in_no_deck"]
        == []
    )
