"""The ML-PRO deck is complete, and the form of its cards does not give answers away."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
import yaml
from spellchecker import SpellChecker

from cardwright.app.project import open_project
from cardwright.kinds import list_texts
from cardwright.model import Card, Collection
from cardwright.project.load import load

ROOT = Path(__file__).parents[1]
INVENTORY = yaml.safe_load((ROOT / "tests" / "cases" / "mlpro.yaml").read_text("utf-8"))
WORDS = ROOT / "tests" / "cases" / "words.txt"
NO_PROSE = re.compile(r"(?ms)^(```|~~~).*?^\1|`[^`]*`|\$[^$]*\$|https?://\S+")
WEIGHTS = {"model-development": 0.44, "mlops": 0.44, "model-deployment": 0.12}


@pytest.fixture(scope="module")
def collection() -> Collection:
    return load(ROOT)[0]


@pytest.fixture(scope="module")
def deck(collection: Collection) -> dict[str, Card]:
    return {card.id: card for card in collection.cards if card.pack == "mlpro"}


@pytest.fixture(scope="module")
def choices(deck: dict[str, Card]) -> list[Card]:
    return [card for card in deck.values() if card.kind == "choice"]


def as_items(value: object) -> tuple[Any, ...]:
    assert isinstance(value, tuple)
    return value


def test_every_term_has_its_card_in_its_lesson(deck: dict[str, Card]) -> None:
    for lesson, ids in INVENTORY["terms"].items():
        for term in ids:
            assert (deck[term].kind, deck[term].lesson) == ("term", lesson), term


def test_every_instinct_and_route_has_its_card(deck: dict[str, Card]) -> None:
    assert {deck[name].kind for name in INVENTORY["instincts"]} == {"instinct"}
    assert {deck[name].kind for name in INVENTORY["routes"]} == {"route"}


def test_every_objective_has_its_card(deck: dict[str, Card]) -> None:
    for objective in INVENTORY["objectives"]:
        card = deck[f"objective-{objective.replace('.', '-')}"]
        assert card.text("objective") == objective
        assert 2 <= len(as_items(card.fields["points"])) <= 5


def test_every_item_of_the_exam_guide_has_cards_that_answer_it(deck: dict[str, Card]) -> None:
    answered = Counter(name for card in deck.values() for name in card.all_objectives)

    assert {item for item in INVENTORY["guide"] if not answered[item]} == set()


def test_checking_finds_nothing_but_that_it_could_have_more_questions() -> None:
    found = [problem for problem in open_project(ROOT).problems if problem.code != "few-questions"]

    assert found == []


def test_scenarios_are_spread_by_weight_over_all_lessons(
    collection: Collection, choices: list[Card]
) -> None:
    domains = Counter(
        domain.id for card in choices if (domain := collection.domain_of(card)) is not None
    )
    shares = {name: round(number / len(choices), 2) for name, number in domains.items()}
    lessons = Counter(card.lesson for card in choices)

    print(
        f"{len(choices)} scenarios; by domain {shares}; by lesson {dict(sorted(lessons.items()))}"
    )
    assert len(choices) >= 120
    assert set(INVENTORY["scenarios"]) <= {card.id for card in choices}
    assert len(lessons) == 12
    for name, weight in WEIGHTS.items():
        assert shares[name] == pytest.approx(weight, abs=0.03)


def test_scenarios_cannot_be_answered_by_their_form(choices: list[Card]) -> None:
    single = [card for card in choices if sum(o.right for o in card.options) == 1]
    several = len(choices) - len(single)
    places = Counter(
        next(place for place, option in enumerate(card.options) if option.right)
        for card in single
        if len(card.options) == 4
    )
    longest = sum(is_at_the_end(card, max) for card in single)
    shortest = sum(is_at_the_end(card, min) for card in single)
    spread = [
        max(lengths) / mean(lengths)
        for card in choices
        if (lengths := [len(option.text) for option in card.options])
    ]

    print(
        f"several right: {several} of {len(choices)}; places {dict(sorted(places.items()))}; "
        f"right one longest {longest}, shortest {shortest} of {len(single)}; "
        f"longest option against the mean {mean(spread):.2f}, at most {max(spread):.2f}"
    )
    assert 0.12 <= several / len(choices) <= 0.22
    assert all(0.17 <= number / len(single) <= 0.33 for number in places.values())
    assert longest / len(single) <= 0.33
    assert shortest / len(single) <= 0.33
    assert max(spread) <= 1.5


def is_at_the_end(card: Card, end: Any) -> bool:
    """Tell whether the right option is the longest (max) or shortest (min) of a card."""
    return bool(end(card.options, key=lambda option: len(option.text)).right)


def test_texts_keep_to_their_lengths(deck: dict[str, Card]) -> None:
    for card in deck.values():
        if card.kind == "term":
            assert len(card.text("definition").split()) <= 40, card.id
        if card.kind == "choice":
            assert 4 <= len(card.options) <= 5, card.id


def test_sources_are_named_where_facts_depend_on_them(deck: dict[str, Card]) -> None:
    for card in deck.values():
        if card.kind in ("term", "basic", "cloze", "choice"):
            assert card.sources, card.id


def test_prose_is_spelt_right(collection: Collection) -> None:
    """British or American; words of the trade that no dictionary has are in words.txt."""
    dictionary = SpellChecker(language="en")
    dictionary.word_frequency.load_words(WORDS.read_text("utf-8").split())
    unknown: dict[str, str] = {}
    for card in collection.cards:
        for _, text, _ in list_texts(card, collection.kinds[card.kind]):
            for word in re.findall(r"[A-Za-z]+(?=\b)", NO_PROSE.sub(" ", text)):
                # Names such as MLflow are not prose.
                if len(word) > 2 and word[1:].islower() and word.lower() not in dictionary:
                    unknown[word.lower()] = card.ref

    assert unknown == {}
