"""The command, its listings and the library ask the same prompts, with and without an exam."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cardwright import load, open_store, start_session
from cardwright.app.choice import Choice
from cardwright.app.preparation import put_goal
from cardwright.app.study import Study, open_study
from cardwright.error import CardwrightError
from cardwright.exam.goal import Goal
from cardwright.history import Act, Moment, Rating, make_date
from cardwright.study.queue import SessionOptions
from cardwright.study.session import Session
from exam_project import make_exam_files
from project_files import Write
from studying import DAY_MS, MINUTE_MS, MORNING, later

DECK = "name: Trees\noptions: {new_per_day: 3}\n"
BIRDS = "kind: basic\ncards: [{id: robin, question: Which bird is red?, answer: The robin.}]\n"
MINUTES_A_DAY = 5


@pytest.fixture
def forest(write: Write) -> Path:
    return write({**make_exam_files(), "decks/trees/deck.yaml": DECK})


@pytest.fixture
def study(forest: Path, tmp_path: Path) -> Iterator[Study]:
    with open_study(forest, tmp_path / "reviews.db", MORNING) as opened:
        yield opened


def set_exam(study: Study, days: int = 20, pack: str = "trees") -> None:
    put_goal(
        study.journal,
        pack,
        Goal(
            pack=pack,
            exam_on=make_date(study.today + days),
            minutes_a_day=MINUTES_A_DAY,
            set_on=make_date(study.today),
        ),
        study.moment,
    )


def list_prompts(session: Session) -> list[str]:
    """Return the keys of what a session asks, the current prompt first."""
    current = [session.current] if session.current else []
    return [item.key for item in (*current, *session.list_ahead())]


def ask_as_review(study: Study) -> list[str]:
    session, _ = study.start_session(name="review")
    found = list_prompts(session)
    session.close()
    return found


def ask_as_library(study: Study, forest: Path) -> list[str]:
    collection, _ = load(forest)
    with open_store(study.store.path) as store:
        session = start_session(collection, store, study.moment)
        found = list_prompts(session)
        session.close()
    return found


@pytest.mark.parametrize("has_exam", [False, True])
def test_the_library_asks_what_review_asks(study: Study, forest: Path, *, has_exam: bool) -> None:
    if has_exam:
        set_exam(study)

    asked = ask_as_review(study)

    assert ask_as_library(study, forest) == asked
    queue, _ = study.make_queue(Choice(), study.read_memories())
    assert {item.key for item in queue.list_left()} == set(asked)
    # The exam takes its minutes, not the deck's three new ones a day.
    assert (len(asked) == 3) is not has_exam


def test_answers_move_both_on_alike(study: Study, forest: Path) -> None:
    set_exam(study)
    session, _ = study.start_session(name="one")
    for rating in (Rating.GOOD, Rating.EASY, Rating.AGAIN):
        session.answer(rating, study.moment, 30_000)
    session.close()

    assert ask_as_library(study, forest) == ask_as_review(study)


@pytest.mark.parametrize("act", [Act.ANSWER, Act.CRAM])
def test_minutes_count_from_what_the_day_has_taken(study: Study, act: Act) -> None:
    set_exam(study)
    answer_for(study, MINUTES_A_DAY, act)

    session, (exam_day,) = study.start_session(name="spent")
    assert exam_day.preparation.estimate().minutes == 0
    assert session.counts.new == 0
    session.close()

    session, (exam_day,) = study.start_session(name="more", minutes=3)
    assert exam_day.minutes == pytest.approx(3)
    assert session.counts.new > 0
    session.close()


def test_whoever_is_quicker_than_planned_is_asked_more(study: Study) -> None:
    set_exam(study)
    session, (exam_day,) = study.start_session(name="quick", minutes=1)
    planned = sum(session.counts)
    assert 0 < planned < len(exam_day.preparation.candidates)

    for _ in range(planned):
        session.answer(Rating.EASY, study.moment)
    assert sum(session.counts) > 0
    session.answer(Rating.EASY, study.moment, MINUTE_MS)
    for _ in range(sum(session.counts)):
        session.bury(study.moment)
    assert sum(session.counts) == 0
    session.close()


def answer_for(study: Study, minutes: int, act: Act) -> None:
    """Answer one prompt for so many minutes in all, for good."""
    key = study.items[0].key
    with study.store.transaction():
        for number in range(minutes):
            at = later(study.moment, minutes=-number - 1)
            study.journal.record(
                key, act, at, rating=Rating.EASY, duration_ms=MINUTE_MS, is_dated=True
            )


@pytest.mark.parametrize(
    ("wishes", "choice"),
    [
        (SessionOptions(max_new=2), Choice()),
        (SessionOptions(ahead_days=3), Choice()),
        (SessionOptions(is_cram=True), Choice()),
        (SessionOptions(), Choice(is_flagged=True)),
    ],
)
def test_special_wishes_are_not_asked_by_the_exam(
    study: Study, wishes: SessionOptions, choice: Choice
) -> None:
    set_exam(study)
    with study.store.transaction():
        study.journal.record(study.items[0].key, Act.FLAG, study.moment)

    session, exam_days = study.start_session(choice, wishes, name="special")

    assert not exam_days
    session.close()


def test_an_exam_that_is_over_asks_nothing_special(study: Study) -> None:
    set_exam(study, days=1)
    study.moment = Moment(study.moment.at_ms + DAY_MS, study.moment.utc_offset_minutes)

    _, exam_days = study.start_session(name="after")

    assert not exam_days


def test_the_nearest_of_several_exams_is_prepared_for(
    forest: Path, write: Write, tmp_path: Path
) -> None:
    write({"decks/birds/deck.yaml": "name: Birds\n", "cards/birds/one.yaml": BIRDS})
    with open_study(forest, tmp_path / "reviews.db", MORNING) as study:
        set_exam(study, days=20)
        set_exam(study, days=10, pack="birds")
        session, (exam_day,) = study.start_session(name="both")
        asked = list_prompts(session)
        assert exam_day.explain(study.find_item("birds:robin"))
        assert not exam_day.explain(study.find_item("trees:ring"))
        session.close()
    assert asked[0] == "birds:robin/recall"


def list_order(study: Study) -> list[str]:
    """Return the keys of what is asked today, for the exam."""
    return [worth.candidate.item.key for worth in study.prepare().list_today(600)]


def change_kept_plan(study: Study) -> dict[str, Any]:
    """Take the first prompt out of the kept plan of the day, and return what is kept."""
    kept: dict[str, Any] = study.store.settings.read()["trees", "daily_plan"]
    kept["order"] = kept["order"][1:]
    study.store.settings.put({("trees", "daily_plan"): kept}, 0)
    return kept


def test_another_goal_is_planned_for_at_once(study: Study) -> None:
    set_exam(study)
    asked = list_order(study)
    change_kept_plan(study)
    assert list_order(study) == asked[1:]

    set_exam(study, days=30)

    assert set(list_order(study)) == set(asked)


def test_the_daily_plan_is_kept_for_its_day_only(study: Study) -> None:
    set_exam(study)
    asked = list_order(study)

    kept = change_kept_plan(study)

    assert kept["day"] == study.today
    assert list_order(study) == asked[1:]
    study.moment = Moment(study.moment.at_ms + DAY_MS, study.moment.utc_offset_minutes)
    assert set(list_order(study)) == set(asked)


def test_the_daily_plan_of_an_older_version_is_made_anew(study: Study) -> None:
    set_exam(study)
    old = {"day": study.today, "habits": {}, "policy": {"new_by": 0.35, "worth_share": 0.2}}
    for name in ("daily_plan", "exam_day"):
        study.store.settings.put({("trees", name): old}, 0)
    assert list_order(study)
    settings = study.store.settings.read()
    assert ("trees", "exam_day") not in settings
    assert settings["trees", "daily_plan"]["order"]


def test_a_plan_without_the_prompts_of_today_is_made_anew(study: Study) -> None:
    set_exam(study)
    asked = list_order(study)
    preparation = study.prepare()
    assert preparation.estimate().on_day == preparation.plan().on_day["*"]
    assert preparation.estimate(600).new == len(asked)
    with study.store.transaction():
        study.journal.record(asked[0], Act.SUSPEND, study.moment)
    # What is put away is left out of the plan that there is.
    change_kept_plan(study)
    assert list_order(study) == asked[1:]
    with study.store.transaction():
        study.journal.record(asked[0], Act.UNSUSPEND, study.moment)
    assert set(list_order(study)) == set(asked[1:])


@pytest.mark.parametrize(
    ("choice", "said"),
    [(Choice(decks=["Birds"]), "there is no deck `Birds`; the decks are:\n  Trees")],
)
def test_what_does_not_exist_is_said(study: Study, choice: Choice, said: str) -> None:
    with pytest.raises(CardwrightError, match=said):
        study.start_session(choice, name="none")


def test_a_prompt_is_found_by_any_clear_name(study: Study) -> None:
    assert study.find_item("ring").key == "trees:ring/recall"
    assert study.find_item("trees:ring").key == "trees:ring/recall"
    assert study.find_item("trees:ring/recall").key == "trees:ring/recall"
    with pytest.raises(CardwrightError, match=r"no card or prompt `rin`; did you mean ring\?"):
        study.find_item("rin")


def test_leeches_are_listed_as_they_are_asked(study: Study) -> None:
    key = study.items[0].key
    with study.store.transaction():
        for day in range(60, 0, -3):
            at = later(study.moment, days=-day)
            rating = Rating.AGAIN if day < 60 else Rating.EASY
            study.journal.record(key, Act.ANSWER, at, rating=rating, is_dated=True)
            study.journal.record(
                key, Act.ANSWER, later(at, minutes=20), rating=Rating.EASY, is_dated=True
            )
    memory = study.read_memories()[key]
    assert memory.is_leech
    assert memory.is_suspended
    choice = Choice(is_leech=True)

    session, _ = study.start_session(choice, name="leeches")
    asked = list_prompts(session)
    session.close()

    assert asked == [key]
    queue, _ = study.make_queue(choice, study.read_memories())
    assert [item.key for item in queue.list_left()] == asked
