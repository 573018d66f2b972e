"""Thousands of decks, lessons and names: work and messages stay in proportion."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.item import place_cards
from cardwright.model import Card, Collection, Deck, Selection
from cardwright.project import check
from cardwright.project.card_file import FileCards
from cardwright.project.kind import read_built_in_kinds
from cardwright.project.load import load
from cardwright.project.media import MediaLibrary
from cardwright.project.schema import format_schemas
from cardwright.text import MAX_LISTED, list_names
from project_files import Run, Write

WORDS = st.sampled_from(["a", "b", "c"])
SELECTIONS = st.builds(
    Selection,
    lessons=st.frozensets(WORDS, max_size=1),
    kinds=st.frozensets(st.sampled_from(["basic", "cloze"]), max_size=1),
    tags=st.frozensets(WORDS, max_size=2),
    ids=st.frozensets(st.sampled_from(["c0", "c1", "c2"]), max_size=2),
    files=st.sampled_from(
        [(), ("one.yaml",), ("two.yaml", "o*.yaml"), ("**",), ("x/*",), ("one.yaml/**", "y/*")]
    ),
)


def make_files(decks: int) -> dict[str, str]:
    """Return a project with this many sub-decks, each with a card."""
    parts = "".join(f"  - {{name: D{n}, select: {{tag: t{n}}}}}\n" for n in range(decks))
    cards = "".join(
        f"  - {{id: c{n}, kind: basic, question: What is {n}?, answer: A number., tags: [t{n}]}}\n"
        for n in range(decks)
    )
    return {
        "decks/trees/deck.yaml": f"name: Trees\nnamespace: trees\ndecks:\n{parts}",
        "cards/trees/one.yaml": f"cards:\n{cards}",
    }


def test_the_collection_is_written_once_however_many_decks(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    dumps = json.dumps
    for decks in (2, 60):
        write(make_files(decks))
        calls = 0

        def count(*given: Any, **options: Any) -> str:
            nonlocal calls
            # The default deck and the default preset have the id 1.
            calls += isinstance(given[0], dict) and "1" in given[0]
            return dumps(*given, **options)

        with monkeypatch.context() as patch:
            patch.setattr(json, "dumps", count)
            run("build")
        counts.append(calls)
    assert counts == [2, 2]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cards that are compared with a selection, once for each."""
    cards: list[str] = []
    takes = Selection.takes

    def note(selection: Selection, card: Card) -> bool:
        cards.append(card.id)
        return takes(selection, card)

    monkeypatch.setattr(Selection, "takes", note)
    return cards


def test_a_card_is_compared_with_few_decks(write: Write, compared: list[str]) -> None:
    root = write(make_files(200))
    collection, _ = load(root)
    placed, left = place_cards(collection.decks["trees"], collection.cards)
    assert not left
    assert sum(map(len, placed.values())) == 200
    assert len(compared) == 200


@pytest.mark.parametrize("condition", ["id: x#", "file: x#.yaml", "file: 'x#/*'"])
def test_few_unknown_names_are_compared_with_all(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch, condition: str
) -> None:
    """However many decks name them."""
    decks = "".join(
        f"  - {{name: D{n}, select: {{{condition.replace('#', str(n))}}}}}\n" for n in range(100)
    )
    cards = "- {id: c#, question: What is #?, answer: A number.}\n"
    write(
        {
            "decks/trees/deck.yaml": f"name: Trees\nnamespace: trees\ndecks:\n{decks}",
            **{
                f"cards/trees/y{n}/y.yaml": f"kind: basic\ncards:\n{cards.replace('#', str(n))}"
                for n in range(20)
            },
        }
    )
    calls: list[str] = []

    def note(act: Any) -> Any:
        def run(name: str, known: Any, *given: Any) -> Any:
            calls.extend([name] if known else [])
            return act(name, known, *given)

        return run

    with monkeypatch.context() as patch:
        for name in ("suggest", "is_match"):
            patch.setattr(f"cardwright.project.check.{name}", note(getattr(check, name)))
        found = json.loads(run("check", "--json", exit_code=1).stdout)
    assert [row["code"] for row in found].count("bad-value") == 100
    assert len(calls) == 5


def test_decks_of_folders_are_found_by_their_folders(write: Write, compared: list[str]) -> None:
    parts = "".join(f"  - {{name: D{n}, select: {{file: 'f{n}/**'}}}}\n" for n in range(50))
    root = write(
        {
            "decks/trees/deck.yaml": f"name: Trees\nnamespace: trees\ndecks:\n{parts}",
            **{
                f"cards/trees/f{n}/a.yaml": "kind: basic\n"
                f"cards: [{{id: c{n}, question: What is {n}?, answer: A number.}}]\n"
                for n in range(50)
            },
        }
    )
    collection, _ = load(root)
    placed, left = place_cards(collection.decks["trees"], collection.cards)
    assert not left
    assert [len(placed["Trees", f"D{n}"]) for n in range(50)] == [1] * 50
    assert len(compared) == 50


def test_a_pack_is_compared_with_its_own_cards(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many packs there are."""
    counts = []
    passes = 0
    make = FileCards.__init__

    class Counted(tuple[Any, ...]):
        __slots__ = ()

        def __iter__(self) -> Iterator[Any]:
            nonlocal passes
            passes += 1
            return super().__iter__()

    def make_counted(cards: FileCards, files: Any) -> None:
        make(cards, files)
        cards.heads = Counted(cards.heads)

    monkeypatch.setattr(FileCards, "__init__", make_counted)
    write({"cards/trees/a.yaml": "kind: basic\ncards: [{id: c, question: Why?, answer: So.}]\n"})
    for packs in (10, 20):
        write(
            {
                name.replace("#", str(number)): text.replace("#", str(number))
                for number in range(packs)
                for name, text in {
                    "decks/p#/deck.yaml": "name: P#\nnamespace: p#\n",
                    "cards/p#/a.yaml": "kind: basic\n"
                    "cards: [{id: c#, question: What is #?, answer: A number.}]\n",
                }.items()
            }
        )
        passes = 0
        for words in (("check",), ("build",), ("list", "--csv")):
            run(*words)
        counts.append(passes)
    assert counts[0] == counts[1]


def test_a_folder_is_looked_through_once_for_missing_media(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = " ".join(f"![](media/A{number}.png)" for number in range(100))
    write(
        {
            "cards/trees/a.yaml": f"kind: basic\ncards: [{{id: c, question: What?, answer: '{images}'}}]\n",
            **{f"cards/trees/media/a{number}.png": "" for number in range(100)},
        }
    )
    passes = 0
    list_names = MediaLibrary._list

    class Counted(dict[str, str]):
        def __iter__(self) -> Iterator[str]:
            nonlocal passes
            passes += 1
            return super().__iter__()

    monkeypatch.setattr(MediaLibrary, "_list", lambda *given: Counted(list_names(*given)))
    found = json.loads(run("check", "--json", exit_code=1).stdout)
    assert [row["help"] for row in found if row["code"] == "media-missing"] == [
        f"write `media/a{number}.png`" for number in range(100)
    ]
    assert passes == 1


PROJECT = make_files(3)


@given(selections=st.lists(SELECTIONS, min_size=1, max_size=6), data=st.data())
def test_the_first_deck_that_selects_a_card_has_it(
    selections: list[Selection], data: st.DataObject
) -> None:
    deck, cards = _load_parts()
    parts = tuple(
        replace(deck.decks[0], name=f"D{n}", select=select) for n, select in enumerate(selections)
    )
    drawn = [
        replace(
            card,
            kind=data.draw(st.sampled_from(["basic", "cloze"])),
            lesson=data.draw(st.one_of(st.none(), WORDS)),
            tags=tuple(data.draw(st.lists(WORDS, max_size=2))),
        )
        for card in cards
    ]
    placed, left = place_cards(replace(deck, decks=parts), drawn)
    for card in drawn:
        wanted = next((part.name for part in parts if part.select and part.select.takes(card)), "")
        found = [path[-1] for path, members in placed.items() if card in members]
        assert found == ([wanted] if wanted else [])
        assert (card in left) == (not wanted)


@cache
def _load_parts() -> tuple[Deck, Sequence[Card]]:
    """Return a deck with sub-decks, and three cards."""
    with TemporaryDirectory() as folder:
        for name, text in PROJECT.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True)
            path.write_text(text, "utf-8")
        collection, _ = load(Path(folder))
    return collection.decks["trees"], collection.cards


def test_a_list_of_names_is_cut() -> None:
    assert list_names(["a", "b"]) == "a, b"
    assert list_names([], none="none") == "none"
    listed = list_names([str(number) for number in range(5_000)])
    assert listed.startswith("0, 1, 2, ")
    assert listed.endswith(f"{MAX_LISTED - 1} … and 4,980 more")


def test_what_is_printed_of_a_huge_exam_has_a_bound(write: Write, run: Run) -> None:
    lessons = ", ".join(f'{{id: "l{n}", title: Lesson {n}}}' for n in range(2_000))
    objectives = ", ".join(f'{{id: "o{n}", lesson: "l{n}", about: Know {n}}}' for n in range(2_000))
    blueprint = (
        "name: Exam\ndomains:\n"
        f"  - {{id: d, name: All, weight: 100, lessons: [{lessons}]}}\nobjectives: [{objectives}]\n"
    )
    cards = (
        "cards:\n"
        "  - {id: one, kind: basic, question: Which?, answer: This., lesson: l1}\n"
        "  - {id: two, kind: basic, question: Who?, answer: She., lesson: none}\n"
    )
    write({"decks/trees/blueprint.yaml": blueprint, "cards/trees/one.yaml": cards})
    assert len(run("check", exit_code=1).output) < 5_000
    shown = run("exam", "coverage", "--db", str(write({}).parent / "none.db")).output
    assert "… and 1,800 lessons more" in shown
    assert "… and 1,800 objectives more" in shown
    assert "… and 1,979 more like this: see --json." in shown
    assert len(shown) < 40_000
    found = json.loads(
        run("exam", "coverage", "--json", "--db", str(write({}).parent / "none.db")).output
    )
    assert len(found["domains"][0]["lessons"]) == 2_000


def test_what_is_printed_of_thousands_of_different_errors_has_a_bound(
    write: Write, run: Run
) -> None:
    tags = ", ".join(f'"t {number}"' for number in range(3_000))
    write(
        {
            "decks/trees/deck.yaml": "name: Trees\nnamespace: trees\n",
            "cards/trees/one.yaml": "cards:\n"
            f"  - {{id: one, kind: basic, question: Which?, answer: This., tags: [{tags}]}}\n",
        }
    )
    for words in (["check"], ["build"], ["check", "--format", "github"]):
        shown = run(*words, exit_code=1).output
        assert len(shown) < 60_000, words
        assert "and 2,900 more like this (see `cards check --all`)" in shown, words
    assert "3,000 errors" in run("check", exit_code=1).output
    assert len(json.loads(run("check", "--json", exit_code=1).stdout)) >= 3_000
    shown = run("check", "--all", "--format", "github", exit_code=1).stdout
    assert shown.count("::error ") == 3_000


def test_objectives_that_no_blueprint_has_are_looked_up_once(write: Write, run: Run) -> None:
    names = [f"o{number}" for number in range(3_000)]
    lookups = 0

    class Objectives(tuple[str, ...]):
        __slots__ = ()

        def __contains__(self, name: object) -> bool:
            nonlocal lookups
            lookups += 1
            return super().__contains__(name)

    card = f"{{id: one, kind: basic, question: Q?, answer: A., objectives: [{', '.join(names)}]}}"
    write(
        {
            "decks/trees/deck.yaml": "name: Trees\nnamespace: trees\n",
            "decks/trees/blueprint.yaml": "name: X\ndomains: [{id: d, name: D, weight: 100,"
            ' lessons: [{id: "1", title: One}]}]\n',
            "cards/trees/one.yaml": f"cards: [{card}]\n",
        }
    )
    make = Collection.load
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Collection,
            "load",
            lambda self, head: replace(
                found := make(self, head), objectives=Objectives(found.objectives)
            ),
        )
        problems = json.loads(run("check", "--json", exit_code=1).stdout)
    assert [one["code"] for one in problems].count("unknown-objective") == 3_000
    assert lookups <= 1


def test_a_schema_is_no_larger_than_its_kinds() -> None:
    kind = read_built_in_kinds()["basic"]
    few, many = (
        len(format_schemas({f"k{number}": kind for number in range(count)})["cards"])
        for count in (20, 200)
    )
    assert many < 11 * few
