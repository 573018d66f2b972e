"""Fitting: the same parameters as Anki's, evaluated on held-out answers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from math import floor, log, sqrt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anki_backend import Anki
from cardwright.diagnostic import Span
from cardwright.history import Act, Moment, Rating, Review, namespace_of
from cardwright.memory import Memory
from cardwright.model import Deck, DeckOptions
from cardwright.study.decks import Limits
from cardwright.study.fsrs import DEFAULT_PARAMETERS, MODEL
from cardwright.study.journal import make_journal
from cardwright.study.optimize import (
    MIN_TRIALS,
    Repetition,
    Trial,
    evaluate_parameters,
    fit,
    fit_parameters,
    list_trials,
)
from cardwright.study.schedule import ActRow, Schedule
from cardwright.study.store import open_store
from cardwright.study.workload import Habits, Workload, measure_habits, simulate_workloads
from learner import DAY_MS, FORGETFUL, START_MS, study

OFFSET_MINUTES = Moment.from_datetime(datetime.now().astimezone()).utc_offset_minutes
"""Anki counts days in the zone of the machine it runs on."""


def act(prompt: str, day: float, given: Act | int) -> Review:
    at_ms = START_MS + int(day * DAY_MS)
    return Review(
        id=f"{at_ms:012x}-learner1",
        key=prompt,
        act=given if isinstance(given, Act) else Act.ANSWER,
        rating=Rating(given) if isinstance(given, int) else None,
        at_ms=at_ms,
        utc_offset_minutes=0,
        duration_ms=5000,
        undoes=None,
    )


def show(trials: Sequence[Trial]) -> list[tuple[int, str]]:
    """Number of the prompt, and its answers up to the trial."""
    return [
        (number, "; ".join(f"{rating} after {days}" for rating, days in history[: place + 1]))
        for _, number, history, place in trials
    ]


def test_a_trial_is_an_answer_on_a_later_day_with_all_before_it() -> None:
    reviews = [
        act("trees:oak/recall", 0.0, 1),
        act("trees:oak/recall", 0.01, 3),
        act("trees:elm/recall", 0.1, 3),
        act("trees:oak/recall", 2.0, 3),
        act("trees:oak/recall", 3.0, Act.SUSPEND),
        act("trees:elm/recall", 3.1, 4),
        act("trees:oak/recall", 9.0, 1),
    ]

    assert show(list_trials(reviews, 4)) == [
        (0, "1 after 0; 3 after 0; 3 after 2"),
        (1, "3 after 0; 4 after 3"),
        (0, "1 after 0; 3 after 0; 3 after 2; 1 after 7"),
    ]


def test_days_begin_at_the_rollover() -> None:
    midnight = -(START_MS % DAY_MS) / DAY_MS + 1
    reviews = [
        act("trees:oak/recall", midnight - 0.05, 3),
        act("trees:oak/recall", midnight + 0.05, 3),
    ]

    assert not list_trials(reviews, 4)
    assert len(list_trials(reviews, 0)) == 1


def test_crams_and_what_came_before_a_reset_do_not_count() -> None:
    reviews = [
        act("trees:oak/recall", 0, 3),
        act("trees:elm/recall", 0.1, 3),
        act("trees:oak/recall", 5, 1),
        act("trees:oak/recall", 6, Act.RESET),
        replace(act("trees:oak/recall", 7, 1), act=Act.CRAM),
        act("trees:oak/recall", 8, 4),
        replace(act("trees:oak/recall", 9, 1), act=Act.CRAM),
        act("trees:oak/recall", 10, 2),
        act("trees:elm/recall", 11, 2),
        act("trees:elm/recall", 12, Act.RESET),
    ]

    trials = list_trials(reviews, 4)

    assert [text for _, text in show(trials)] == ["4 after 0; 2 after 2"]


@pytest.mark.parametrize("relearning_steps", [1, 2])
def test_the_parameters_are_those_that_anki_finds(tmp_path: Path, relearning_steps: int) -> None:
    reviews = study(FORGETFUL, 250, 60, 3, OFFSET_MINUTES)
    dice = random.Random(5)
    acts = (Act.RESET, Act.CRAM)
    reviews = [
        replace(review, act=dice.choice(acts)) if dice.random() < 0.02 else review
        for review in reviews
    ]
    anki = Anki(tmp_path / "anki")
    col: Any = anki.col
    cards = {}
    rows = []
    learned: set[str] = set()
    for review in reviews:
        if review.key not in cards:
            note = col.new_note(col.models.by_name("Basic"))
            note["Front"] = review.key
            col.add_note(note, 1)
            cards[review.key] = note.cards()[0].id
        rating, kind, factor = int(review.rating or 0), 1, 2500
        if review.act is Act.RESET:
            rating, kind, factor = 0, 4, 0
            learned.discard(review.key)
        elif review.act is Act.CRAM:
            kind, factor = 3, 0
        elif review.key not in learned:
            kind = 0
            learned.add(review.key)
        rows.append((review.at_ms, cards[review.key], -1, rating, 1, 1, factor, 8000, kind))
    col.db.executemany("insert into revlog values (?,?,?,?,?,?,?,?,?)", rows)

    theirs = col._backend.compute_fsrs_params(
        search="deck:*",
        current_params=[],
        ignore_revlogs_before_ms=0,
        num_of_relearning_steps=relearning_steps,
        health_check=False,
    )
    col.close()

    trials = list_trials(reviews, 4)
    assert theirs.fsrs_items == len(trials) > MIN_TRIALS
    assert fit_parameters(trials, relearning_steps) == pytest.approx(list(theirs.params), abs=1e-6)


def test_forecasts_are_those_of_our_schedule() -> None:
    reviews = study(FORGETFUL, 100, 60, 4)
    schedule = Schedule(DeckOptions())
    losses = []
    for _, group in groupby(sorted(reviews, key=lambda r: (r.key, r.id)), lambda r: r.key):
        dones = [ActRow(r.act, r.rating, r.at_ms, r.utc_offset_minutes) for r in group]
        for done, step in schedule.trace("trees:oak/recall", dones):
            if step.elapsed_days:
                recall = step.retrievability
                losses.append(-log(1 - recall if done.rating == Rating.AGAIN else recall))

    score = evaluate_parameters(DEFAULT_PARAMETERS, list_trials(reviews, 4))

    assert score.log_loss == pytest.approx(sum(losses) / len(losses), rel=1e-9)


def test_bins_are_those_of_the_benchmark() -> None:
    from fsrs_rs_python import FSRS, FSRSItem, FSRSReview

    # Of a single trial the library knows no weights: it gives the forecast, and those of one bin
    # the mean error of the bin.
    trials = list_trials(study(FORGETFUL, 100, 60, 4), 4)
    library = FSRS(list(DEFAULT_PARAMETERS))
    errors: dict[tuple[float, float, float], list[float]] = {}
    for _, _, history, place in trials:
        *earlier, last = history[: place + 1]
        item = FSRSItem([FSRSReview(*answer) for answer in (*earlier, last)])
        is_recalled = last.rating > Rating.AGAIN
        error = library.evaluate([item]).rmse_bins * (-1 if is_recalled else 1)
        count = 2 + sum(answer.days > 0 for answer in earlier)
        lapses = sum(a.days > 0 and a.rating == Rating.AGAIN for a in earlier)
        key = (
            round(2.48 * 3.62 ** floor(log(last.days) / log(3.62)), 2),
            round(1.99 * 1.89 ** floor(log(count) / log(1.89)), 0),
            round(1.65 * 1.73 ** floor(log(lapses) / log(1.73)), 0) if lapses else 0,
        )
        errors.setdefault(key, []).append(error)
    squares = sum(sum(found) ** 2 / len(found) for found in errors.values())

    score = evaluate_parameters(DEFAULT_PARAMETERS, trials)

    assert len(errors) > 10
    assert score.rmse_bins == pytest.approx(sqrt(squares / len(trials)), abs=1e-5)


def test_who_forgets_faster_is_foretold_better_by_their_own_parameters() -> None:
    trials = list_trials(study(FORGETFUL, 200, 60, 1), 4)
    found = fit(trials, DEFAULT_PARAMETERS, 1)

    assert found.is_better
    assert found.held_out == len(trials) - int(len(trials) * 0.8)
    assert found.after.rmse_bins < found.before.rmse_bins

    unseen = list_trials(study(FORGETFUL, 400, 90, 2), 4)
    default, fitted, truth = (
        evaluate_parameters(parameters, unseen).log_loss
        for parameters in (DEFAULT_PARAMETERS, found.parameters, FORGETFUL)
    )
    assert default - fitted > 0.9 * (default - truth)


def test_parameters_that_only_follow_chance_are_not_taken() -> None:
    trials = list_trials(study(DEFAULT_PARAMETERS, 150, 70, 3), 4)
    found = fit(trials, DEFAULT_PARAMETERS, 1)

    assert not found.is_better
    assert found.parameters == DEFAULT_PARAMETERS


def test_the_same_reviews_give_the_same_fit() -> None:
    reviews = study(FORGETFUL, 150, 60, 7)

    fits = {fit(list_trials(reviews, 4), DEFAULT_PARAMETERS, 1) for _ in range(5)}

    assert len(fits) == 1


@settings(max_examples=30)
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from(Rating), st.integers(1, 3_000_000)), min_size=1, max_size=40
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(Rating),
)
def test_whatever_was_answered_there_is_a_fit(
    shapes: list[list[tuple[Rating, int]]], first: Rating
) -> None:
    trials: list[Trial] = []
    while len(trials) < MIN_TRIALS:
        for shape in shapes:
            number = len(trials)
            history = [Repetition(first, 0), *(Repetition(rating, gap) for rating, gap in shape)]
            for place in range(1, len(history)):
                trials.append(Trial(f"{len(trials):05}", number, history, place))

    found = fit(trials, DEFAULT_PARAMETERS, 1)

    assert len(found.parameters) == 21
    assert Schedule(DeckOptions(), found.parameters)


def simulate(
    memories: Sequence[Memory], options: DeckOptions | None = None, habits: Habits | None = None
) -> dict[float, Workload]:
    schedule = Schedule(options or DeckOptions())
    retention = schedule.options.desired_retention
    limits = Limits({namespace_of(memory.key): schedule.options for memory in memories}, {})
    studied = [(memory, schedule) for memory in memories]
    found = simulate_workloads(studied, limits, 100, retention, habits or Habits(), 1)
    return {workload.desired_retention: workload for workload in found}


def test_only_parameters_that_fsrs_6_can_use_are_used(tmp_path: Path) -> None:
    fitted = (*DEFAULT_PARAMETERS[:20], 0.3)
    fits = {
        "ours": {"model": MODEL, "parameters": fitted},
        "older": {"model": "FSRS-5", "parameters": fitted[:19]},
        "newer": {"model": "FSRS-7", "parameters": fitted},
        "wild": {"model": MODEL, "parameters": (*fitted[:20], 3.0)},
        "old": {"parameters": fitted},
    }
    span = Span(path="deck.yaml", line=1, column=1)
    deck = Deck(
        pack="",
        namespace="",
        name="",
        description="",
        select=None,
        decks=(),
        order=(),
        options=DeckOptions(),
        has_options=False,
        severities={},
        span=span,
    )
    with open_store(tmp_path / "reviews.db") as store:
        store.settings.put({(pack, "parameters"): fit for pack, fit in fits.items()}, 0)

        decks = {pack: replace(deck, namespace=pack) for pack in (*fits, "plain")}
        journal = make_journal(store, decks)

        assert journal.schedule_of("ours:oak/recall").parameters == fitted
        for pack in ("older", "newer", "wild", "old", "plain"):
            assert journal.schedule_of(f"{pack}:oak/recall").parameters == DEFAULT_PARAMETERS
        assert sorted(journal.unused_fits) == ["newer", "old", "older", "wild"]


NEW = [Memory(key=f"trees:p{number}/recall") for number in range(300)]


def test_more_retention_costs_more_and_keeps_more() -> None:
    found = list(simulate(NEW).values())

    assert [workload.desired_retention for workload in found] == [
        *(0.70, 0.73, 0.76, 0.79, 0.82, 0.85, 0.88, 0.9, 0.91, 0.94, 0.97)
    ]
    for column in (1, 2):
        figures = [workload[column] for workload in found]
        assert figures == sorted(figures)
    assert found[-1].minutes_per_day > 3 * found[0].minutes_per_day
    assert 0.97 * 300 < found[-1].remembered < 300


def test_what_is_known_costs_less_than_what_is_new() -> None:
    known = [
        memory._replace(stability=400.0, difficulty=5.0, last_day=90, interval_days=400)
        for memory in NEW
    ]

    new, old = simulate(NEW)[0.9], simulate(known)[0.9]

    assert old.minutes_per_day < new.minutes_per_day / 4
    assert 0.9 * 300 < old.remembered < 300


def test_figures_grow_with_the_number_of_prompts() -> None:
    options = DeckOptions(new_per_day=10_000)
    few, many = simulate(NEW, options)[0.9], simulate(NEW * 20, options)[0.9]

    assert many.minutes_per_day == pytest.approx(20 * few.minutes_per_day, rel=0.05)
    assert many.remembered == pytest.approx(20 * few.remembered, rel=0.02)


def test_no_new_prompts_a_day_and_none_at_all_cost_nothing() -> None:
    assert set(simulate(NEW, DeckOptions(new_per_day=0)).values()) == {
        Workload(retention, 0.0, 0.0) for retention in simulate([])
    }


def test_the_simulation_agrees_with_that_of_fsrs_rs() -> None:
    from fsrs_rs_python import default_simulator_config
    from fsrs_rs_python import simulate as simulate_theirs

    config = default_simulator_config()
    config.deck_size, config.learn_limit, config.max_cost_perday = 2000, 20, 1e9
    for retention in (0.7, 0.9):
        theirs = simulate_theirs(list(DEFAULT_PARAMETERS), retention, config, 1)
        ours = simulate([Memory(key=str(number)) for number in range(2000)])[retention]
        assert ours.remembered == pytest.approx(theirs.memorized_cnt_per_day[-1], rel=0.05)
        minutes = sum(theirs.cost_per_day) / 365 / 60
        assert ours.minutes_per_day == pytest.approx(minutes, rel=0.1)


def test_habits_are_ones_own_once_there_are_enough_answers() -> None:
    reviews = []
    for number in range(500):
        prompt = f"trees:p{number}/recall"
        reviews += [
            replace(act(prompt, number / 10_000, 3), duration_ms=20_000),
            replace(act(prompt, number / 10_000 + 0.01, 3), duration_ms=10_000),
            replace(act(prompt, 3 + number / 10_000, 3), duration_ms=4_000),
            replace(act(prompt, 9 + number / 10_000, 1), duration_ms=9_000_000),
        ]
    habits = measure_habits(sorted(reviews, key=lambda review: review.id), 4)

    assert habits.new_s == pytest.approx(30, rel=0.02)
    assert habits.recalled_s == pytest.approx(4, abs=0.2)
    assert habits.forgotten_s == pytest.approx(60, rel=0.02)
    assert habits.first_shares[2] > 0.97
    assert habits.recalled_shares[1] > 0.97
    assert habits.repeated_shares[2] > 0.97
    for shares in (habits.first_shares, habits.recalled_shares, habits.repeated_shares):
        assert sum(shares) == pytest.approx(1)
    assert measure_habits([], 4).recalled_shares == pytest.approx(Habits().recalled_shares)
