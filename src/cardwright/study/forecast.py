"""What is to come: reviews by day, and the time that today will take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from cardwright.history import Act, Moment, Review, State
from cardwright.study.queue import Counts
from cardwright.study.standing import Standing, heal_due

_USUAL_NEW_S: Final = 27.0
_USUAL_STEP_S: Final = 10.0
_USUAL_REVIEW_S: Final = 15.0
"""A recalled review takes 13 s, a forgotten one 32 s with its steps, a new card 27 s with its
second look: the costs that FSRS's simulator assumes."""
_USUAL_WEIGHT: Final = 20
"""The usual seconds count as much as so many cases of one's own."""
_S_PER_MINUTE: Final = 60
_MS_PER_SECOND: Final = 1000


class Forecast(NamedTuple):
    """Reviews by study day, from today on, if none of them were answered."""

    reviews: list[int]
    """The first number is today's, with all that is overdue."""
    overdue: int
    """Due before today."""


class Pace(NamedTuple):
    """Seconds that a prompt takes on a day, with all its answers on that day."""

    new_s: float = _USUAL_NEW_S
    step_s: float = _USUAL_STEP_S
    """Of one answer; what is in a learning step has had others today."""
    review_s: float = _USUAL_REVIEW_S

    def estimate_minutes(self, counts: Counts) -> float:
        """Return the minutes that prompts will take."""
        seconds = (
            counts.new * self.new_s + counts.learning * self.step_s + counts.review * self.review_s
        )
        return seconds / _S_PER_MINUTE


def forecast_reviews(
    standings: Iterable[Standing], moment: Moment, today: int, days: int
) -> Forecast:
    """Return how many prompts in state review fall due on each of so many days.

    What is suspended is left out; what is buried today is due tomorrow at the earliest.
    """
    reviews = [0] * days
    overdue = 0
    for standing in standings:
        if standing.state != State.REVIEW or standing.is_suspended:
            continue
        due_day = heal_due(standing, moment, today)[1]
        is_buried = standing.buried_day == today
        overdue += due_day < today and not is_buried
        place = max(due_day - today, int(is_buried), 0)
        if place < days:
            reviews[place] += 1
    return Forecast(reviews, overdue)


def measure_pace(
    reviews: Iterable[Review], standings: Mapping[str, Standing], rollover_hour: int
) -> Pace:
    """Return one's own pace in these answers, the usual one so far as they are few."""
    spent: dict[tuple[str, int], int] = {}
    answers = duration_ms = 0
    for review in reviews:
        if review.act is Act.ANSWER and review.duration_ms:
            place = (review.prompt, review.moment.study_day(rollover_hour))
            took_ms = review.spent_ms
            spent[place] = spent.get(place, 0) + took_ms
            answers += 1
            duration_ms += took_ms
    new_ms: list[int] = []
    review_ms: list[int] = []
    for (prompt, day), took_ms in spent.items():
        standing = standings.get(prompt)
        is_first = standing is not None and standing.first_day == day
        (new_ms if is_first else review_ms).append(took_ms)
    return Pace(
        _mix(_USUAL_NEW_S, len(new_ms), sum(new_ms)),
        _mix(_USUAL_STEP_S, answers, duration_ms),
        _mix(_USUAL_REVIEW_S, len(review_ms), sum(review_ms)),
    )


def _mix(usual_s: float, number: int, sum_ms: int) -> float:
    return (_USUAL_WEIGHT * usual_s + sum_ms / _MS_PER_SECOND) / (_USUAL_WEIGHT + number)


def count_decks(
    decks: Iterable[str], asked: Iterable[tuple[str, str]]
) -> dict[tuple[str, ...], Counts]:
    """Return what is asked (full name of its deck, and state) by deck, in the order of `decks`.

    A deck's count includes its sub-decks; those of which nothing is asked are left out.
    """
    found: dict[tuple[str, ...], list[int]] = {}
    for deck in dict.fromkeys(decks):
        for path in _list_paths(deck):
            found.setdefault(path, [0, 0, 0])
    for deck, state in asked:
        place = _PLACES.get(state, 1)
        for path in _list_paths(deck):
            found[path][place] += 1
    return {path: Counts(*numbers) for path, numbers in found.items() if any(numbers)}


_PLACES: Final[dict[str, int]] = {State.NEW: 0, State.REVIEW: 2}


def _list_paths(deck: str) -> list[tuple[str, ...]]:
    parts = tuple(deck.split("::"))
    return [parts[: depth + 1] for depth in range(len(parts))]
