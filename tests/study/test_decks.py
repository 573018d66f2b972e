"""Sub-decks with options of their own: schedules, daily limits as in Anki, and replays."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anki_backend import Anki
from cardwright.diagnostic import Span
from cardwright.history import Act, Rating
from cardwright.item import Item, Items
from cardwright.memory import Memory, State
from cardwright.model import Deck, DeckOptions
from cardwright.study.decks import SEPARATOR, Limits, list_options, name_deck, place_items
from cardwright.study.journal import Journal, make_journal
from cardwright.study.prospects import Prospects
from cardwright.study.queue import Queue, SessionOptions
from cardwright.study.schedule import Schedule
from cardwright.study.settings import Settings
from cardwright.study.store import Store, open_store
from studying import MORNING, TODAY, later, make_items, read_memories, record

SPAN = Span(path="deck.yaml", line=1, column=1)


if TYPE_CHECKING:
    from anki.decks import DeckId


def make_deck(
    name: str, *children: Deck, options: DeckOptions | None = None, **own: object
) -> Deck:
    """Return a deck whose children set their own options apart from those they inherit."""
    return Deck(
        pack="trees",
        namespace="trees-k3v9",
        name=name,
        description="",
        select=None,
        decks=children,
        order=(),
        options=replace(options or DeckOptions(), **own),  # type: ignore[arg-type]
        has_options=bool(own),
        severities={},
        span=SPAN,
    )


TREE = make_deck(
    "Trees",
    make_deck("Deep", make_deck("Root", new_per_day=2), new_per_day=2),
    make_deck("High", desired_retention=0.8),
)


def options_of(deck: Deck, own: Mapping[tuple[str, str], object]) -> dict[str, DeckOptions]:
    return list_options(deck, Settings(own))


def test_a_sub_deck_inherits_what_nobody_sets_for_it() -> None:
    assert list(options_of(TREE, {})) == ["trees-k3v9", "trees-k3v9::Deep", "trees-k3v9::High"]

    found = options_of(
        TREE,
        {
            ("trees-k3v9", "leech_lapses"): 3,
            ("trees-k3v9", "new_per_day"): 9,
            ("trees-k3v9::High", "new_per_day"): 5,
            ("trees-k3v9::Deep::Root", "fuzz"): False,
            ("trees-k3v9::Gone", "new_per_day"): 1,
            ("trees", "new_per_day"): 1,
        },
    )

    assert {name: (o.new_per_day, o.leech_lapses, o.fuzz) for name, o in found.items()} == {
        "trees-k3v9": (9, 3, True),
        "trees-k3v9::Deep": (2, 3, True),
        "trees-k3v9::Deep::Root": (2, 3, False),
        "trees-k3v9::High": (5, 3, True),
    }
    assert found["trees-k3v9::High"].desired_retention == 0.8


def place(decks: Iterable[str], number: int = 4) -> list[Item]:
    """Return so many prompts in each deck, in order."""
    decks = list(decks)
    items = make_items(number * len(decks), pack="trees-k3v9")
    return [
        item._replace(deck=decks[index // number], pack="trees") for index, item in enumerate(items)
    ]


def test_a_prompt_is_in_the_nearest_deck_that_differs() -> None:
    options = options_of(TREE, {})
    items = place(["Trees", "Trees::Deep", "Trees::Deep::Root", "Trees::High"], 1)

    placed = place_items(items, options)

    assert [placed.get(item.key) for item in items] == [
        None,
        "trees-k3v9::Deep",
        "trees-k3v9::Deep",
        "trees-k3v9::High",
    ]
    limits = Limits(options, placed)
    assert limits.list_decks(items[2].key) == ("trees-k3v9::Deep", "trees-k3v9")
    assert limits.list_decks("trees-k3v9:gone/recall") == ("trees-k3v9",)
    assert limits.list_decks("other:gone/recall") == ("other",)


def test_moving_a_card_to_other_options_replays_it(tmp_path: Path) -> None:
    items = [item._replace(deck="Trees", pack="trees") for item in make_items(2, pack="trees-k3v9")]
    key = items[0].key

    def open_with(store: Store, items: Iterable[Item], deck: Deck = TREE) -> Journal:
        return make_journal(store, {"trees": deck}, Items(items))

    with open_store(tmp_path / "reviews.db") as store:
        journal = open_with(store, items)
        for item in items:
            for days in (0, 9, 40):
                record(journal, item.key, Act.ANSWER, later(MORNING, days), Rating.EASY)
        before = read_memories(journal)
        rules = store.read_rules()

        moved = [items[0]._replace(deck="Trees::High"), items[1]]
        journal = open_with(store, moved)
        after = read_memories(journal)

        assert after[key].interval_days > before[key].interval_days * 1.5
        assert after[items[1].key] == before[items[1].key]
        assert journal.find_differences() == []
        assert open_with(store, moved).list_outdated() == []
        # Back, and to a deck that only has other limits, which no memory depends on.
        for deck in ("Trees", "Trees::Deep"):
            journal = open_with(store, [items[0]._replace(deck=deck), items[1]])
            assert read_memories(journal) == before
        # Without a sub-deck of its own schedule, the rules are those of earlier versions.
        plain = open_with(store, items, make_deck("Trees"))
        assert store.read_rules() == {"trees-k3v9": plain.schedule_of(key).rules}
        assert rules != store.read_rules()


def ask(
    items: list[Item],
    options: Mapping[str, DeckOptions],
    memories: Mapping[str, Memory],
) -> list[Item]:
    limits = Limits(options, place_items(items, options))
    queue = Queue(Prospects(Items(items), memories), limits, SessionOptions(), MORNING, TODAY)
    return queue.list_day(MORNING.at_ms)


DECKS = ("Trees", "Trees::Deep", "Trees::Deep::Root", "Trees::High")


@pytest.fixture(scope="module")
def prompts() -> list[Item]:
    return place(DECKS)


@pytest.fixture(scope="module")
def ankis(
    tmp_path_factory: pytest.TempPathFactory, prompts: list[Item]
) -> Iterator[tuple[Anki, Anki]]:
    """Two collections with the prompts: in one they are new, in the other all are due."""
    new, due = (Anki(tmp_path_factory.mktemp("anki") / name) for name in ("new", "due"))
    for anki in (new, due):
        col = anki.col
        for name in DECKS:
            deck = col.decks.get(find_deck(anki, name))
            assert deck
            deck["conf"] = col.decks.add_config(name)["id"]
            col.decks.save(deck)
        kind = col.models.by_name("Basic")
        assert kind
        for item in prompts:
            note = col.new_note(kind)
            note["Front"] = item.key
            col.add_note(note, find_deck(anki, item.deck))
    due.col.sched.set_due_date(due.col.find_cards(""), "0")
    yield new, due
    new.col.close()
    due.col.close()


def find_deck(anki: Anki, name: str) -> DeckId:
    deck_id = anki.col.decks.id(name)
    assert deck_id
    return deck_id


def ask_anki(anki: Anki, limits: Mapping[str, tuple[int, int]]) -> list[str]:
    """Return the keys that Anki asks today with these limits on new and due prompts."""
    col = anki.col
    for name, (new, reviews) in limits.items():
        config = col.decks.config_dict_for_deck_id(find_deck(anki, name))
        config["new"]["perDay"], config["rev"]["perDay"] = new, reviews
        col.decks.update_config(config)
    col.decks.select(find_deck(anki, "Trees"))
    queued = col.sched.get_queued_cards(fetch_limit=100)  # type: ignore[union-attr]
    return [col.get_card(found.card.id).note()["Front"] for found in queued.cards]


@settings(max_examples=25)
@given(found=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=4, max_size=4))
def test_limits_hold_as_in_anki(
    ankis: tuple[Anki, Anki], prompts: list[Item], found: list[tuple[int, int]]
) -> None:
    limits = dict(zip(DECKS, found, strict=True))
    options = {
        name_deck("trees-k3v9", name): DeckOptions(new_per_day=new, reviews_per_day=reviews)
        for name, (new, reviews) in limits.items()
    }
    begun = {
        item.key: Memory(
            key=item.key, state=State.REVIEW, last_day=TODAY - 9, first_day=0, due_day=TODAY
        )
        for item in prompts
    }

    # In Anki, new prompts count towards the limit of reviews as well, unless it is told not to.
    asked = ask_anki(ankis[0], {name: (new, 9999) for name, (new, _) in limits.items()})
    assert [item.key for item in ask(prompts, options, {})] == asked
    # Which of the due ones come is drawn by lot, but not how many.
    asked = ask_anki(ankis[1], {name: (0, reviews) for name, (_, reviews) in limits.items()})
    assert len(ask(prompts, options, begun)) == len(asked)


def test_what_was_asked_today_counts_for_all_decks_above(tmp_path: Path) -> None:
    deck = make_deck("Trees", make_deck("Deep", new_per_day=3), new_per_day=4)
    items = place(["Trees", "Trees::Deep"], 4)
    with open_store(tmp_path / "reviews.db") as store:
        journal = make_journal(store, {"trees": deck}, Items(items))
        deep = items[4:]
        for item in deep[:2]:
            record(journal, item.key, Act.ANSWER, MORNING, Rating.EASY)
        memories = journal.read_memories(MORNING)

        def count_new(chosen: list[Item]) -> int:
            queue = Queue(
                Prospects(Items(chosen), memories), journal.limits, SessionOptions(), MORNING, TODAY
            )
            return queue.counts.new

        assert count_new(items) == 2
        assert count_new(deep) == 1
        assert count_new(items[:4]) == 2


def test_siblings_and_leeches_follow_the_deck_of_the_prompt(tmp_path: Path) -> None:
    deck = make_deck("Trees", make_deck("Deep", bury_siblings=False, leech_lapses=1))
    both = make_items(2, pack="trees-k3v9", sides=("recall", "name"))
    items = [
        item._replace(deck="Trees" if index < 2 else "Trees::Deep", pack="trees")
        for index, item in enumerate(both)
    ]
    with open_store(tmp_path / "reviews.db") as store:
        journal = make_journal(store, {"trees": deck}, Items(items))
        queue = Queue(Prospects(Items(items), {}), journal.limits, SessionOptions(), MORNING, TODAY)
        assert [item.key for item in queue.list_left()] == [
            items[0].key,
            items[2].key,
            items[3].key,
        ]
        for item in (items[0], items[2]):
            record(journal, item.key, Act.ANSWER, MORNING, Rating.EASY)
            record(journal, item.key, Act.ANSWER, later(MORNING, 30), Rating.AGAIN)
        found = read_memories(journal)
        assert [found[item.key].is_leech for item in (items[0], items[2])] == [False, True]


class Watched(UserDict[str, Schedule]):
    """Counts how often somebody goes through it."""

    walks = 0

    def __iter__(self) -> Iterator[str]:
        self.walks += 1
        return super().__iter__()


def test_many_packs_are_not_compared_with_each_other(tmp_path: Path) -> None:
    schedule = Schedule(DeckOptions())
    slower = Schedule(DeckOptions(desired_retention=0.8))
    own = Watched({f"pack{number}": schedule for number in range(100)})
    own.update({f"{name}{SEPARATOR}Deep": slower for name in [*own][:50]})
    with open_store(tmp_path / "reviews.db") as store:
        journal = Journal(store, own, schedule)
        assert len(journal.list_outdated()) == 100
        rules = {journal.describe_rules(name) for name in journal.namespaces}
    assert len(rules) == 51
    assert own.walks < 20
