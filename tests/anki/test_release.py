"""Releases without a package: version, changelog entry and ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cardwright.anki.diff import Change, TextChange
from cardwright.anki.ledger import Ledger
from cardwright.anki.note import RENDERING_VERSION
from cardwright.anki.pack import PackContents
from cardwright.anki.release import (
    ReleaseError,
    choose_version,
    format_entry,
    prepare_release,
)
from cardwright.app.project import open_project
from project_files import Run, Write

CARDS = """\
kind: basic
sources: [https://example.com/trees]
cards:
  - {id: oak, question: What is an oak?, answer: A tree with acorns.}
  - {id: elm, question: What is an elm?, answer: A tree with winged seeds.}
"""


def make_change(what: str, id: str = "oak", **rest: str) -> Change:
    texts = (TextChange(part="answer", before="a", after="b"),) if what == "changed" else ()
    return Change(what=what, id=id, was=rest.get("was", ""), title=f"What is {id}?", texts=texts)


def describe(root: Path) -> PackContents:
    return open_project(root).describe_pack("trees")


@pytest.mark.parametrize(
    ("last", "wanted", "what", "chosen"),
    [
        ("", None, "added", "1.0.0"),
        ("", "0.1.0", "added", "0.1.0"),
        ("1.2.3", None, "changed", "1.2.4"),
        ("1.2.3", None, "renamed", "1.2.4"),
        ("1.2.3", None, "added", "1.3.0"),
        ("1.2.3", None, "retired", "1.3.0"),
        ("1.2.3", None, "revived", "1.3.0"),
        ("1.9.9", "1.10.0", "changed", "1.10.0"),
    ],
)
def test_the_version_follows_from_the_changes_unless_it_is_given(
    last: str, wanted: str | None, what: str, chosen: str
) -> None:
    assert choose_version(last, wanted, [make_change(what)]) == chosen


@pytest.mark.parametrize("wanted", ["1.2", "v1.2.4", "1.2.4 ", "1.2.3", "1.2.2", "0.9.9"])
def test_a_version_that_does_not_follow_is_refused(wanted: str) -> None:
    with pytest.raises(ReleaseError):
        choose_version("1.2.3", wanted, [])


def test_an_entry_groups_the_changes() -> None:
    changes = [
        make_change("retired", "yew"),
        make_change("changed"),
        make_change("renamed", "ulmus", was="elm"),
        make_change("added", "ash"),
        make_change("vanished", "fir"),
    ]

    assert format_entry("1.1.0", "2027-01-15", changes) == (
        "## 1.1.0 – 2027-01-15\n\n"
        "### Added\n\n- `ash`: What is ash?\n\n"
        "### Changed\n\n- `oak`: What is oak? (answer)\n\n"
        "### Renamed\n\n- `ulmus` (was `elm`): What is ulmus?\n\n"
        "### Retired\n\n- `yew`: What is yew?\n\n"
    )


def test_without_a_change_there_is_no_release(write: Write) -> None:
    contents = describe(write({"cards/trees/trees.yaml": CARDS}))
    first = prepare_release(contents, Ledger(pack="trees"), version=None, released_s=1_700_000_000)

    assert first.version == first.ledger.version == "1.0.0"
    assert first.ledger.deck_names == ("Trees",)
    with pytest.raises(ReleaseError, match=r"nothing has changed since 1\.0\.0"):
        prepare_release(contents, first.ledger, version=None, released_s=1_800_000_000)


def test_a_pack_without_cards_is_not_released(write: Write) -> None:
    contents = describe(write({"cards/trees/trees.yaml": "cards: []\n"}))

    with pytest.raises(ReleaseError, match="selects no cards"):
        prepare_release(contents, Ledger(pack="trees"), version=None, released_s=1_700_000_000)


def test_a_fixed_rendering_advances_only_the_notes_whose_html_differs(write: Write) -> None:
    contents = describe(write({"cards/trees/trees.yaml": CARDS}))
    first = release_with(contents, oak=("x", 0), elm=(None, 0))

    second = prepare_release(contents, first, version=None, released_s=1_800_000_000)

    assert second.version == "1.0.1"
    assert [(change.what, change.id) for change in second.changes] == [("rerendered", "oak")]
    assert second.entry.endswith("\n\nOnly the rendering of 1 card has changed.\n\n")
    oak, elm = second.ledger.notes["oak"], second.ledger.notes["elm"]
    assert (oak.mod_s, elm.mod_s) == (1_800_000_000, 1_700_000_000)
    assert oak.rendering == elm.rendering == RENDERING_VERSION
    assert oak.html_hash == next(note.html_hash for note in contents.notes if note.card.id == "oak")
    with pytest.raises(ReleaseError, match="nothing has changed"):
        prepare_release(contents, second.ledger, version=None, released_s=1_900_000_000)


def test_a_newer_library_that_renders_differently_changes_nobodys_notes(write: Write) -> None:
    root = write({"cards/trees/trees.yaml": CARDS})
    first = release_with(describe(root), oak=("x", RENDERING_VERSION), elm=("y", RENDERING_VERSION))
    with pytest.raises(ReleaseError, match="nothing has changed"):
        prepare_release(describe(root), first, version=None, released_s=1_800_000_000)
    write({"cards/trees/trees.yaml": CARDS.replace("winged", "flat")})

    second = prepare_release(describe(root), first, version=None, released_s=1_800_000_000)

    oak, elm = second.ledger.notes["oak"], second.ledger.notes["elm"]
    assert (oak.mod_s, oak.html_hash) == (1_700_000_000, "x")  # as people have it
    assert (elm.mod_s, elm.html_hash) != (1_700_000_000, "y")


def test_notes_of_an_older_ledger_advance_with_a_fixed_rendering(write: Write) -> None:
    contents = describe(write({"cards/trees/trees.yaml": CARDS}))
    first = release_with(contents, oak=("", 0), elm=("", 0))

    second = prepare_release(contents, first, version=None, released_s=1_800_000_000)

    assert {note.mod_s for note in second.ledger.notes.values()} == {1_800_000_000}


def release_with(contents: PackContents, **notes: tuple[str | None, int]) -> Ledger:
    """Return the ledger of a release in which notes had other digests or rendering versions."""
    ledger = prepare_release(
        contents, Ledger(pack="trees"), version=None, released_s=1_700_000_000
    ).ledger
    changed = {
        name: replace(
            ledger.notes[name],
            html_hash=ledger.notes[name].html_hash if digest is None else digest,
            rendering=rendering,
        )
        for name, (digest, rendering) in notes.items()
    }
    return replace(ledger, notes={**ledger.notes, **changed})


def test_a_kind_that_no_card_uses_any_more_stays_in_the_ledger(write: Write) -> None:
    term = "  - {id: ring, kind: term, term: Ring, definition: A year of wood.}\n"
    files = {"cards/trees/trees.yaml": CARDS + term}
    ledger = Ledger(pack="trees")
    first = prepare_release(
        describe(write(files)), ledger, version=None, released_s=1_700_000_000
    ).ledger
    changed = describe(write({"cards/trees/trees.yaml": CARDS}))

    second = prepare_release(changed, first, version=None, released_s=1_800_000_000).ledger

    assert set(changed.note_types) == {"basic"}
    assert second.note_types == first.note_types
    assert set(second.notes) == {"oak", "elm", "ring"}


def test_only_decks_that_get_cards_are_published(write: Write) -> None:
    deck = "name: Trees\ndecks:\n  - {name: Oaks, select: {id: oak}}\n  - {name: None, select: {id: x}}\n"
    contents = describe(
        write({"cards/trees/trees.yaml": CARDS, "decks/trees/deck.yaml": deck}),
    )

    assert contents.deck_names == ("Trees::Oaks",)
    assert contents.card_count == len(contents.notes) == 1


def test_without_its_ledger_a_released_pack_is_not_released_for_the_first_time(
    write: Write, run: Run, project: Path
) -> None:
    write({"cards/trees/trees.yaml": CARDS})
    run("release", "trees")
    ledger = project / "decks/trees/ledger.jsonl"
    text = ledger.read_text("utf-8")
    ledger.unlink()

    for words in (("check",), ("build",), ("release", "trees"), ("release", "trees", "1.0.0")):
        assert "the ledger is missing" in run(*words, exit_code=1).output

    assert not ledger.exists()
    ledger.write_text(text, "utf-8")
    run("build")


def test_a_card_that_no_deck_selects_any_more_is_a_change_once(write: Write, run: Run) -> None:
    manifest = "name: Trees\nnamespace: trees\n"
    write({"cards/trees/trees.yaml": CARDS})
    run("release", "trees")
    write({"decks/trees/deck.yaml": f"{manifest}select: {{id: oak}}\n"})
    assert "1 vanished" in run("build").stderr
    run("release", "trees")

    assert "nothing has changed since 1.0.1" in run("release", "trees", exit_code=1).stderr
    assert "vanished" not in run("build").stderr
    assert "no changes" in run("diff").stderr

    write({"decks/trees/deck.yaml": manifest})
    assert "1 revived" in run("build").stderr
    assert "1 revived" in run("release", "trees").stdout
    assert "nothing has changed since 1.1.0" in run("release", "trees", exit_code=1).stderr
