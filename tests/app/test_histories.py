"""A pack gets a namespace: its history goes on, on all machines, and nobody else's is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.app.histories import Claim, list_claims, refuse_undecided
from cardwright.app.study import Study, unite_study
from cardwright.error import ProjectError
from cardwright.exam.goal import Goal
from cardwright.history import Act, Moment, Rating, Review, make_date
from cardwright.memory import Memory
from cardwright.project.load import load
from cardwright.project.sources import Sources, make_sources
from cardwright.study.alias import Alias, Aliases
from cardwright.study.store import Store, open_store
from cardwright.study.sync import sync_folder
from cardwright.study.transfer import read_files, write_json_lines
from studying import DAY_MS, MORNING, later, read_memories

IDS = ("oak", "elm", "ash")
RETIRED = """\
  - id: yew
    formerly: [taxus]
    term: Yew
    definition: An old tree.
    retired: It moved.
"""
NAMED = "namespace: trees-k3v9"
OTHER = "namespace: trees-w7x2"
Open = Callable[[str], Store]


def make_cards(ids: tuple[str, ...] = IDS) -> str:
    return "kind: term\ncards:\n" + "".join(
        f"  - id: {id}\n    term: {id.title()}\n    definition: A kind of tree.\n" for id in ids
    )


@cache
def load_forest(manifest: str = "", cards: str = make_cards(), pack: str = "trees") -> Sources:
    """Return the sources of a project of one pack."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in {
            f"decks/{pack}/deck.yaml": f"name: Trees\n{manifest}\n",
            f"cards/{pack}/a.yaml": cards,
        }.items():
            (root / path).parent.mkdir(parents=True)
            (root / path).write_text(text, "utf-8")
        collection, problems = load(root)
        assert problems == []
        return make_sources(collection)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Open]:
    """Open the store of a machine, once."""
    opened: dict[str, Store] = {}

    def find(name: str) -> Store:
        if name not in opened:
            opened[name] = open_machine(tmp_path / f"{name}.db", name)
        return opened[name]

    yield find
    for store in opened.values():
        store.close()


def open_machine(path: Path, name: str) -> Store:
    store = open_store(path, name)
    # What no test looks at need not wait for the disk.
    store._db.execute("pragma synchronous = off")
    return store


def enter(store: Store, manifest: str = "", **how: str) -> Study:
    """Open the study as a command does that may record answers, and has nobody to ask."""
    return unite_study(store, load_forest(manifest, **how), MORNING, Path(), refuse_undecided)


def look(store: Store, manifest: str = "", **how: str) -> Study:
    """Open the study as a command does that only reads."""
    return unite_study(store, load_forest(manifest, **how), MORNING, Path())


def answer(study: Study, card: str, days: float = 0, rating: Rating = Rating.GOOD) -> None:
    with study.store.transaction():
        key = study.find_item(card).key
        study.journal.record(key, Act.ANSWER, later(MORNING, days), rating=rating)


def remember(study: Study) -> dict[str, Memory]:
    """Return the memories of prompts by the ids of their cards, without their keys."""
    found = study.read_memories()
    return {
        item.card_ref.partition(":")[2]: found[item.key]._replace(key="")
        for item in study.items
        if item.key in found
    }


def list_log_keys(store: Store) -> list[str]:
    return [review.key for review in store.list_log()]


def test_the_history_goes_on_and_nothing_moves(machine: Open, tmp_path: Path) -> None:
    store = machine("laptop")
    before = enter(store)
    for days in range(0, 40, 10):
        answer(before, "oak", days, Rating.EASY)
    kept = remember(before)

    with open_machine(tmp_path / "laptop.db", "laptop") as reading:
        assert remember(look(reading, NAMED)) == kept
    assert store.list_aliases() == []
    for notes in (["the reviews under `trees` continue as `trees-k3v9`"], []):
        study = enter(store, NAMED)
        assert remember(study) == kept
        assert study.notes == notes
    answer(study, "trees:oak", 90, Rating.EASY)

    assert list_log_keys(store) == ["trees:oak/recall"] * 5
    assert len(store.list_aliases()) == 1
    assert study.journal.find_differences() == []
    # Fuzz is drawn from the key and the number of the answer: those of the old one.
    assert remember(enter(store)) == remember(study)


def test_a_folder_is_renamed_and_options_and_goal_follow(machine: Open) -> None:
    store = machine("laptop")
    study = enter(store)
    answer(study, "elm")
    goal = Goal(
        pack="trees", exam_on=make_date(study.today + 9), minutes_a_day=5, set_on=make_date(0)
    )
    store.settings.put({("trees", "new_per_day"): 1, ("trees", "goal"): goal.as_json()}, 0)
    enter(store, NAMED)

    renamed = enter(store, NAMED, pack="woods")

    assert set(remember(renamed)) == {"elm"}
    assert renamed.prepare().goal.pack == "woods"
    assert renamed.journal.schedule_of(renamed.items[0].key).options.new_per_day == 1
    assert renamed.find_item("woods:elm").key == "trees:elm/recall"


def test_a_prompt_is_found_by_every_name_it_had(machine: Open) -> None:
    store = machine("laptop")
    answer(enter(store), "elm")
    study = enter(store, NAMED, cards=make_cards(IDS))

    for ref in ("trees:elm/recall", "trees-k3v9:elm/recall"):
        assert study.resolve_prompts(ref) == [("trees:elm/recall", "trees:elm/recall")]
    assert study.find_item("trees-k3v9:elm").card_ref == "trees:elm"
    gone = enter(store, NAMED, cards=make_cards(("oak",)), pack="woods")
    for ref in ("trees:elm/recall", "woods:elm/recall", "trees-k3v9:elm/recall"):
        assert gone.resolve_prompts(ref) == [(ref, "trees:elm/recall")]


def test_former_and_retired_cards_are_this_projects(machine: Open) -> None:
    store = machine("laptop")
    answer(enter(store), "oak")
    answer(enter(store, cards=make_cards(("taxus",))), "taxus")
    answer(enter(store, cards=make_cards(("yew",))), "yew")

    study = enter(store, NAMED, cards=make_cards() + RETIRED)

    assert store.aliases.histories == {"trees-k3v9": "trees"}
    assert set(remember(study)) == {"oak"}


def test_of_a_shared_history_the_user_says_whose_it_is(machine: Open) -> None:
    store = machine("laptop")
    mine, yours = make_cards(("oak", "elm")), make_cards(("oak", "ash"))
    answer(enter(store, cards=mine), "elm")
    answer(enter(store, cards=yours), "ash")

    with pytest.raises(ProjectError, match="2 prompts under the name `trees`, but only 1 is") as e:
        enter(store, NAMED, cards=mine)
    assert "`cards namespace trees --history keep`" in str(e.value.help)
    assert remember(look(store, NAMED, cards=mine)) == {}
    assert store.list_aliases() == []

    def decide(answers: dict[str, bool], manifest: str, cards: str) -> Study:
        sources = load_forest(manifest, cards)
        return unite_study(store, sources, MORNING, Path(), refuse_undecided, answers)

    left = decide({"trees": False}, NAMED, mine)
    assert remember(left) == {}
    # It is asked once.
    assert enter(store, NAMED, cards=mine).notes == []
    kept = decide({"trees": True}, OTHER, yours)
    assert set(remember(kept)) == {"ash"}
    answer(left, "oak")
    answer(kept, "oak", 1, Rating.EASY)
    assert list_log_keys(store)[-2:] == ["trees-k3v9:oak/recall", "trees:oak/recall"]
    assert remember(left)["oak"] != remember(kept)["oak"]
    assert kept.journal.find_differences() == left.journal.find_differences() == []


def test_the_second_project_is_told_once_that_it_starts_afresh(machine: Open) -> None:
    store = machine("laptop")
    answer(enter(store), "oak")
    enter(store, NAMED)

    second = enter(store, OTHER)
    third = enter(store, OTHER)

    assert second.notes == [
        "the reviews under `trees` belong to another project (trees-k3v9): this one starts afresh"
    ]
    assert third.notes == []
    assert remember(third) == {}
    with pytest.raises(ProjectError, match="already continued by `trees-k3v9`"):
        unite_study(
            store,
            load_forest("namespace: third"),
            MORNING,
            Path(),
            refuse_undecided,
            {"trees": True},
        )


def test_a_strangers_history_is_none_of_its_business(machine: Open) -> None:
    store = machine("laptop")
    answer(enter(store, cards=make_cards(("yew",))), "yew")

    study = enter(store, NAMED)

    assert study.notes == []
    assert store.list_aliases() == []
    claims = list(list_claims(store, load_forest(NAMED)))
    assert claims == [Claim("trees", "trees-k3v9", 0, 1, "")]


def test_a_fork_cannot_take_the_history_of_a_namespace_that_is_a_packs_name(
    machine: Open,
) -> None:
    store = machine("laptop")
    mine, fork = "namespace: trees", NAMED
    answer(enter(store, mine), "oak")
    enter(store, mine)
    assert store.aliases.decided == {"trees": ""}

    told = enter(store, fork)

    assert any("belong to another project (trees)" in note for note in told.notes)
    assert remember(told) == {}
    assert remember(enter(store, mine))["oak"].reps == 1


def test_options_set_before_the_alias_arrived_are_kept(machine: Open) -> None:
    store = machine("laptop")
    study = enter(store, NAMED)
    answer(study, "oak")
    deck = "trees-k3v9::Old"
    store.settings.put({("trees-k3v9", "new_per_day"): 3, (deck, "new_per_day"): 2}, 0)
    other = machine("desktop")
    answer(enter(other), "elm")
    enter(other, NAMED)

    study.journal.add_aliases(other.list_aliases())
    study.journal.merge(other.list_log())

    united = enter(store, NAMED)
    assert set(remember(united)) == {"oak", "elm"}
    assert united.journal.schedule_of("trees:oak/recall").options.new_per_day == 3
    assert store.settings.read()["trees::Old", "new_per_day"] == 2
    assert united.journal.find_differences() == []


def test_a_session_that_knew_no_alias_loses_no_answer(machine: Open) -> None:
    store = machine("laptop")
    answer(enter(store), "elm")
    store.assume_alias(Alias("alias-0", 0, "trees-w7x2", ""))
    stale = enter(store, OTHER)
    answer(stale, "oak", 1)
    answer(stale, "elm", 2, Rating.EASY)
    with store.transaction():
        store.add_aliases([Alias("alias-1", 0, "trees-w7x2", "trees")])
    store._assumed.clear()

    study = enter(store, OTHER)

    assert remember(study)["elm"].reps == 2
    assert remember(study)["oak"].reps == 1
    assert study.journal.find_differences() == []
    assert study.journal.list_outdated() == []


def test_an_answer_under_the_new_key_is_undone_under_the_old_one(machine: Open) -> None:
    store, other = machine("laptop"), machine("desktop")
    answer(enter(store, NAMED), "oak")
    answer(enter(other), "oak", -9, Rating.EASY)
    study = enter(store, NAMED)
    study.journal.merge(other.list_log())
    study.settle()
    (last,) = [review for review in store.list_log() if review.key == "trees-k3v9:oak/recall"]
    assert remember(study)["oak"].reps == 2

    with store.transaction():
        study.journal.record("trees:oak/recall", Act.UNDO, MORNING, undoes=last.id)

    assert remember(study)["oak"].reps == 1
    assert [review.at_ms for review in store.list_reviews()] == [later(MORNING, -9).at_ms]
    assert study.journal.find_differences() == []


DECISIONS = st.builds(
    Alias,
    id=st.uuids().map(str),
    at_ms=st.integers(0, 3),
    namespace=st.sampled_from("abcd"),
    history=st.sampled_from(["", *"abcd"]),
)


@given(decisions=st.lists(DECISIONS, max_size=8, unique_by=lambda alias: alias.id), data=st.data())
def test_contradictions_end_alike_everywhere(decisions: list[Alias], data: st.DataObject) -> None:
    aliases = Aliases(decisions)

    assert aliases.decided == Aliases(data.draw(st.permutations(decisions))).decided
    assert len(set(aliases.histories.values())) == len(aliases.histories)
    assert not set(aliases.histories) & set(aliases.owners)
    first = min(decisions, key=lambda alias: (alias.at_ms, alias.id), default=None)
    if first and first.namespace != first.history:
        assert aliases.decided[first.namespace] == first.history
    for namespace, history in aliases.histories.items():
        key = aliases.unite_key(f"{namespace}:oak/recall")
        assert key == f"{history}:oak/recall" == aliases.unite_key(key)
        assert aliases.list_keys(key) == (key, f"{namespace}:oak/recall")


def rename(review: Review, prefix: str) -> Review:
    return replace(review, key=prefix + review.key.partition(":")[2])


def sync_old(store: Store, study: Study, folder: Path) -> None:
    """Sync as a version did that knew no aliases."""
    own = folder / f"{store.device}.jsonl"
    study.journal.merge(read_files(sorted(folder.glob("*.jsonl"))))
    own.write_text("".join(write_json_lines(store.list_log())), "utf-8")


def do(
    study: Study, card: str, act: Act, moment: Moment, rating: Rating, *, is_dated: bool
) -> None:
    """Record an act, or undo the last one of the prompt."""
    key, undoes = study.find_item(card).key, None
    if act is Act.UNDO:
        found = list(study.store.list_reviews(key))
        if not found:
            return
        undoes = found[-1].id
    given = rating if act is Act.ANSWER else None
    with study.store.transaction():
        study.journal.record(key, act, moment, rating=given, undoes=undoes, is_dated=is_dated)


MACHINES = ("old", "laptop", "desktop")
STEPS = st.tuples(
    st.sampled_from(MACHINES),
    st.sampled_from(["answer"] * 5 + ["undo", "sync", "sync", "flag", "reset"]),
    st.sampled_from(IDS),
    st.sampled_from(Rating),
    st.integers(0, 30 * DAY_MS),
    st.booleans(),
)


@settings(max_examples=20)
@given(steps=st.lists(STEPS, max_size=20))
def test_old_and_new_machines_agree_in_the_end(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, str, str, Rating, int, bool]],
) -> None:
    folder = tmp_path_factory.mktemp("machines")
    shared = folder / "shared"
    shared.mkdir()
    stores = {name: open_machine(folder / f"{name}.db", name) for name in MACHINES}

    def open_on(name: str) -> Study:
        return enter(stores[name], "" if name == "old" else NAMED)

    def sync(name: str) -> None:
        study = open_on(name)
        if name == "old":
            sync_old(stores[name], study, shared)
        else:
            sync_folder(study.journal, shared, study.settle)

    for name, what, card, rating, at_ms, is_dated in steps:
        if what == "sync":
            sync(name)
        else:
            moment = Moment(MORNING.at_ms + at_ms, 60)
            do(open_on(name), card, Act(what), moment, rating, is_dated=is_dated)
    for name in (*MACHINES, *MACHINES, *MACHINES[1:]):
        sync(name)

    laptop, desktop = open_on("laptop"), open_on("desktop")
    logs = [list(store.list_log()) for store in stores.values()]
    assert logs[0] == logs[1] == logs[2]
    assert read_memories(laptop.journal) == read_memories(desktop.journal)
    for study in (laptop, desktop):
        assert study.journal.find_differences() == []
        assert study.journal.list_outdated() == []
    # As if every answer had been given under one key.
    prefix = "trees:" if laptop.store.aliases.histories else "trees-k3v9:"
    with open_machine(folder / "one.db", "one") as one:
        study = enter(one, "" if prefix == "trees:" else NAMED)
        shown = [rename(review, prefix) for review in logs[0]]
        study.journal.merge(shown)
        assert read_memories(study.journal) == read_memories(laptop.journal)
        assert list(laptop.store.list_reviews(with_undone=True)) == shown
        assert list(laptop.store.list_reviews()) == list(one.list_reviews())
        for item in laptop.items:
            assert list(laptop.journal.trace(item.key)) == list(study.journal.trace(item.key))
    for store in stores.values():
        store.close()
