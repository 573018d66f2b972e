"""Namespaces that are made are valid, begin like the pack and differ each time."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from cardwright.project.load import load
from cardwright.project.namespace import is_namespace, make_namespace
from project_files import Write


@given(st.text(max_size=80), st.integers())
def test_a_made_namespace_is_valid_for_any_name(name: str, seed: int) -> None:
    assert is_namespace(make_namespace(name, Random(seed)))


def test_a_made_namespace_is_readable_and_differs_each_time() -> None:
    random = Random(1)
    made = {make_namespace("Español_básico", random) for _ in range(50)}

    assert len(made) == 50
    assert all(name.startswith("espanol-basico-") for name in made)


def test_cards_have_the_namespace_of_their_manifest_or_the_name_of_their_pack(write: Write) -> None:
    card = "kind: basic\ncards: [{id: oak, question: Oak?, answer: Tree}]\n"
    root = write(
        {
            "cards/trees/a.yaml": card,
            "decks/trees/deck.yaml": "name: Trees\nnamespace: woods-k3v9\n",
            "cards/shrubs/a.yaml": card,
            "decks/shrubs/deck.yaml": "name: Shrubs\n",
            "cards/herbs/a.yaml": card,
        }
    )

    collection, _ = load(root)

    assert [(card.ref, card.key) for card in collection.cards] == [
        ("herbs:oak", "herbs:oak"),
        ("shrubs:oak", "shrubs:oak"),
        ("trees:oak", "woods-k3v9:oak"),
    ]


def test_a_sub_deck_inherits_the_options_that_it_does_not_set(write: Write) -> None:
    root = write(
        {
            "cards/trees/a.yaml": "kind: basic\ncards: [{id: oak, question: Oak?, answer: Tree}]\n",
            "decks/trees/deck.yaml": (
                "name: Trees\noptions: {new_per_day: 5, fuzz: false}\ndecks:\n"
                "- name: A\n  options: {new_per_day: 7}\n  decks:\n"
                "  - {name: B, options: {leech_lapses: 3}, select: {id: oak}}\n"
                "- {name: C}\n"
            ),
        }
    )

    collection, _ = load(root)

    found = {
        deck.name: (
            deck.options.new_per_day,
            deck.options.leech_lapses,
            deck.options.fuzz,
            deck.has_options,
        )
        for _, deck in collection.decks["trees"].walk()
    }
    assert found == {
        "Trees": (5, 8, False, True),
        "A": (7, 8, False, True),
        "B": (7, 3, False, True),
        "C": (5, 8, False, False),
    }
