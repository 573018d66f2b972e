"""Readers who see nothing of a question but its options: how often do they pick a right one?

Each scores the options of a card by their form alone; ties count in parts. The regression and the
nearest card are trained or looked up without the card itself and its twins.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import mean
from typing import Final

import numpy as np

from cardwright.kinds import list_texts
from cardwright.model import Card, Kind

Scores = Sequence[float]
"""One for each option; the reader picks the highest."""
_WORD: Final = re.compile(r"\w+")
_ABSOLUTE: Final = {"all", "always", "any", "both", "each", "every", "never", "no", "none", "only"}
_HEDGE: Final = {"can", "could", "may", "might", "often", "some", "sometimes", "usually"}
_CLAUSE: Final = re.compile(r"\b(?:so that|since|because|as long as|without|until|unless)\b")


def split_words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def share_words(one: str, other: str) -> float:
    """Return the share of words that two texts have in common (Jaccard)."""
    first, second = set(split_words(one)), set(split_words(other))
    return len(first & second) / (len(first | second) or 1)


def find_closeness(texts: Sequence[str]) -> list[float]:
    """Return how much each text has in common with the others, on average."""
    return [
        mean(share_words(one, other) for place, other in enumerate(texts) if place != own)
        for own, one in enumerate(texts)
    ]


FORMS: Final[Mapping[str, Callable[[Sequence[str]], Scores]]] = {
    "most like the others": find_closeness,
    "least like the others": lambda texts: [-one for one in find_closeness(texts)],
    "most words": lambda texts: [len(split_words(text)) for text in texts],
    "fewest words": lambda texts: [-len(split_words(text)) for text in texts],
    "longest": lambda texts: [len(text) for text in texts],
    "shortest": lambda texts: [-len(text) for text in texts],
    "most code": lambda texts: [text.count("`") for text in texts],
    "most numbers": lambda texts: [len(re.findall(r"\d+", text)) for text in texts],
    "most commas": lambda texts: [text.count(",") for text in texts],
    "most absolute words": lambda texts: [_count(text, _ABSOLUTE) for text in texts],
    "most hedges": lambda texts: [_count(text, _HEDGE) for text in texts],
    "a clause of its own": lambda texts: [len(_CLAUSE.findall(text.lower())) for text in texts],
}
"""Readers who go by one feature."""


def _count(text: str, words: set[str]) -> int:
    return sum(word in words for word in split_words(text))


def list_option_texts(card: Card) -> list[str]:
    return [option.text for option in card.options]


def read_form(name: str) -> Callable[[Card], Scores]:
    """Return the reader who goes by one feature."""
    return lambda card: FORMS[name](list_option_texts(card))


def measure_luck(cards: Iterable[Card], pick: Callable[[Card], Scores]) -> float:
    """Return the share of cards on which the option with the highest score is a right one."""
    return mean(_find_luck(card, pick(card)) for card in cards)


def _find_luck(card: Card, scores: Scores) -> float:
    best = [
        option.right
        for option, score in zip(card.options, scores, strict=True)
        if math.isclose(score, max(scores), abs_tol=1e-9)
    ]
    return sum(best) / len(best)


def find_chance(cards: Iterable[Card]) -> tuple[float, float]:
    """Return the share that a blind pick gets right, and the standard error of that share."""
    shares = [mean(option.right for option in card.options) for card in cards]
    return mean(shares), math.sqrt(sum(share * (1 - share) for share in shares)) / len(shares)


def learn_form(cards: Sequence[Card]) -> Callable[[Card], Scores]:
    """Return a reader who has learned from all other cards but twins which form right options have.

    A logistic regression on the features of FORMS, each relative to those of the other options.
    """
    rows = {card.key: _describe(list_option_texts(card)) for card in cards}
    sets: dict[str, list[Card]] = defaultdict(list)
    for card in cards:
        sets[_name_set(card)].append(card)
    weights = {}
    for name in sets:
        others = [card for card in cards if _name_set(card) != name]
        weights[name] = _fit(
            np.vstack([rows[card.key] for card in others]),
            np.array([option.right for card in others for option in card.options], float),
        )
    return lambda card: [float(one) for one in rows[card.key] @ weights[_name_set(card)]]


def _name_set(card: Card) -> str:
    """Return a name that cards with the same options share, whether they are called twins or not."""
    return "\0".join(sorted(list_option_texts(card)))


def _describe(texts: Sequence[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    names = [name for name in FORMS if not name.startswith(("least", "fewest", "shortest"))]
    columns = np.array([FORMS[name](texts) for name in names], float).T
    spread = columns.std(axis=0)
    return np.where(
        spread > 0, (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1), 0
    )


def _fit(
    rows: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    right: np.ndarray[tuple[int], np.dtype[np.float64]],
    penalty: float = 1.0,
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the weights of a logistic regression with a ridge penalty, by Newton's method."""
    known = np.hstack([rows, np.ones((len(rows), 1))])
    weights = np.zeros(known.shape[1])
    ridge = np.diag([penalty] * rows.shape[1] + [1e-6])
    for _ in range(12):
        expected = 1 / (1 + np.exp(-known @ weights))
        slope = known.T @ (expected - right) + ridge @ weights
        curve = (known * (expected * (1 - expected))[:, None]).T @ known + ridge
        weights = weights - np.linalg.solve(curve, slope)
    return weights[:-1]


def find_nearest(others: Sequence[Card], kinds: Mapping[str, Kind]) -> Callable[[Card], Scores]:
    """Return a reader who picks the option that is most like some other card of the deck (TF-IDF)."""
    known = [
        Counter(split_words(" ".join(t for _, t, _ in list_texts(card, kinds[card.kind]))))
        for card in others
    ]
    found = Counter(word for words in known for word in words)
    rarity = {word: math.log(len(known) / number) for word, number in found.items()}

    def weigh(words: Mapping[str, int]) -> dict[str, float]:
        raw = {
            word: (1 + math.log(n)) * rarity[word] for word, n in words.items() if word in rarity
        }
        norm = math.sqrt(sum(value**2 for value in raw.values())) or 1.0
        return {word: value / norm for word, value in raw.items()}

    places: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for number, words in enumerate(known):
        for word, value in weigh(words).items():
            places[word].append((number, value))

    def score(text: str) -> float:
        sums: Counter[int] = Counter()
        for word, value in weigh(Counter(split_words(text))).items():
            for number, other in places[word]:
                sums[number] += value * other  # type: ignore[assignment]
        return max(sums.values(), default=0.0)

    return lambda card: [score(text) for text in list_option_texts(card)]
