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
from cardwright.app.study import open_study
from cardwright.cli.environment import read_clock
from cardwright.exam.mock import draw_mock
from cardwright.kinds import list_texts
from cardwright.model import Card, Collection
from cardwright.project.load import load
from cardwright.project.words import count_words
from guesser import (
    FORMS,
    find_chance,
    find_nearest,
    learn_form,
    measure_luck,
    read_form,
    share_words,
)

ROOT = Path(__file__).parents[1]
INVENTORY = yaml.safe_load((ROOT / "tests" / "cases" / "mlpro.yaml").read_text("utf-8"))
WORDS = ROOT / "tests" / "cases" / "words.txt"
NO_PROSE = re.compile(r"(?ms)^(```|~~~).*?^\1|`[^`]*`|\$[^$]*\$|https?://\S+")
SCENARIOS = {"model-development": 132, "mlops": 132, "model-deployment": 37}
WEIGHTS = {"model-development": 0.44, "mlops": 0.44, "model-deployment": 0.12}


@pytest.fixture(scope="module")
def collection() -> Collection:
    return load(ROOT)[0]


@pytest.fixture(scope="module")
def deck(collection: Collection) -> dict[str, Card]:
    """The cards that are asked."""
    return {
        card.id: card for card in collection.cards if card.pack == "mlpro" and card.retired is None
    }


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


def test_every_item_of_the_exam_guide_has_three_cards_and_three_scenarios(
    deck: dict[str, Card], choices: list[Card]
) -> None:
    asked = Counter(name for card in choices for name in card.all_objectives)
    taught = Counter(name for card in deck.values() for name in card.all_objectives) - asked

    print({item: (taught[item], asked[item]) for item in INVENTORY["guide"]})
    assert {item for item in INVENTORY["guide"] if min(taught[item], asked[item]) < 3} == set()


def test_every_card_of_a_lesson_names_an_item_of_the_exam_guide(deck: dict[str, Card]) -> None:
    assert {
        card.id
        for card in deck.values()
        if card.lesson and not any(name in INVENTORY["guide"] for name in card.all_objectives)
    } == set()


def test_checking_finds_nothing() -> None:
    assert open_project(ROOT).problems == []


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
    assert {id: domains[id] for id in WEIGHTS} == SCENARIOS
    assert sum(card.reserved is not None for card in choices) == 177
    assert set(INVENTORY["scenarios"]) <= {card.id for card in choices}
    assert len(lessons) == 12
    for name, weight in WEIGHTS.items():
        assert shares[name] == pytest.approx(weight, abs=0.03)


def is_single(card: Card) -> bool:
    return sum(option.right for option in card.options) == 1


@pytest.mark.parametrize("picks", ["one", "two"])
def test_nobody_can_guess_the_answer_from_the_options(
    collection: Collection, deck: dict[str, Card], choices: list[Card], picks: str
) -> None:
    """Readers who see only the options are as often right as by chance, within two standard errors."""
    cards = [card for card in choices if is_single(card) == (picks == "one")]
    chance, error = find_chance(cards)
    luck = {name: measure_luck(cards, read_form(name)) for name in FORMS}
    others = [card for card in deck.values() if card.kind != "choice"]
    learned = {
        "a regression on all of these": measure_luck(cards, learn_form(cards)),
        "most like another card": measure_luck(cards, find_nearest(others, collection.kinds)),
        "most like the question": measure_luck(
            cards,
            lambda card: [share_words(o.text, card.text("question")) for o in card.options],
        ),
    }
    found = {name: round(share - chance, 3) for name, share in {**luck, **learned}.items()}

    print(f"{len(cards)} cards, chance {chance:.3f} ± {error:.3f}; beyond it: {found}")
    assert {name: by for name, by in found.items() if by > 2 * error} == {}
    # Who is wrong more often than by chance could pick another option.
    assert {name: by for name, by in found.items() if by < -2 * error and name in luck} == {}


def test_options_are_right_in_every_place(choices: list[Card]) -> None:
    cards = [card for card in choices if is_single(card)]
    places = Counter(
        next(place for place, option in enumerate(card.options) if option.right) for card in cards
    )

    print(f"places of the right option: {dict(sorted(places.items()))}")
    assert all(0.2 <= places[place] / len(cards) <= 0.3 for place in range(4))


def test_most_scenarios_are_twins_and_each_wrong_option_is_right_elsewhere(
    choices: list[Card],
) -> None:
    twins = Counter(card.twins for card in choices if card.twins is not None)
    reserved = Counter(card.twins for card in choices if card.twins and card.reserved)

    print(f"{twins.total()} of {len(choices)} scenarios in {len(twins)} sets")
    assert twins.total() / len(choices) >= 0.85
    # Three mock exams of reserved questions alone have none twice, and no two of a set.
    assert max(reserved.values()) <= 3
    assert "no-right-if" in (ROOT / "decks" / "mlpro" / "deck.yaml").read_text("utf-8")


@pytest.mark.parametrize(("is_reviewed", "exams"), [(False, 5), (True, 3)])
def test_mock_exams_share_no_question(
    tmp_path: Path, choices: list[Card], *, is_reviewed: bool, exams: int
) -> None:
    """Also when review has asked all that is not reserved. None asks two twins."""
    seen = {card.key: 1 for card in choices if is_reviewed and card.reserved is None}
    twins = {card.ref: card.siblings for card in choices}
    with open_study(ROOT, tmp_path / "reviews.db", read_clock()) as study:
        blueprint = study.sources.blueprints["mlpro"]
        for number in range(1, exams + 1):
            drawn, note = draw_mock(
                study.items, study, blueprint, seen, id="mock", seed=number, started_at_ms=0
            )
            refs = [question.card_ref for question in drawn.questions]
            assert (len(refs), note) == (59, "")
            assert len({twins[ref] for ref in refs}) == 59
            assert not any(question.card_key in seen for question in drawn.questions)
            seen |= {question.card_key: number + 1 for question in drawn.questions}


def test_scenarios_are_short_varied_and_often_have_something_to_read(choices: list[Card]) -> None:
    words = [
        count_words("\n".join([card.text("question"), *(o.text for o in card.options)]))
        for card in choices
    ]
    shown = [card for card in choices if re.search(r"(?m)^(```|\|)", card.text("question"))]
    spread = [
        max(lengths) / mean(lengths)
        for card in choices
        if (lengths := [len(option.text) for option in card.options])
    ]
    several = sum(not is_single(card) for card in choices)

    print(
        f"mean words {mean(words):.0f}, at most {max(words)}; {len(shown)} with something to read; "
        f"{several} with two answers; longest option {max(spread):.2f} of the mean"
    )
    assert mean(words) <= 95
    assert max(words) <= 140
    assert len(shown) / len(choices) >= 0.25
    assert 0.12 <= several / len(choices) <= 0.22
    assert max(spread) <= 1.5


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
