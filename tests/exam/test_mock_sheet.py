"""A mock exam in progress on a real store: every act is stored, and the clock is fair."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from cardwright.exam.mock import (
    Mock,
    MockError,
    draw_drill,
    draw_mock,
    find_interrupted,
    list_mocks,
    list_questions,
    make_mock_id,
    put_mock,
)
from cardwright.exam.result import format_mock_markdown, score_mock
from cardwright.exam.sheet import Sheet
from cardwright.history import Act, Moment, Rating
from cardwright.item import Items
from cardwright.model import Kind
from cardwright.project.index import open_index
from cardwright.project.sources import Sources
from cardwright.study.journal import Journal
from exam_project import make_exam_files
from older_stores import write_older
from studying import MORNING, later, open_journal, record

GOLDEN = Path(__file__).parents[1] / "cases" / "mock_exam.md"


class Cards:
    """The cards of a project, as they are when it is opened."""

    def __init__(self, root: Path, tmp_path: Path, at_ms: int) -> None:
        self.index: Sources = open_index(root, tmp_path / "index.db", at_ms * 10**6)
        self.load_card = self.index.load_card

    def find_kind(self, name: str) -> Kind:
        return self.index.kinds[name]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in make_exam_files(1).items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "project"


@pytest.fixture
def cards(root: Path, tmp_path: Path) -> Cards:
    return Cards(root, tmp_path, MORNING.at_ms)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = open_journal(tmp_path / "reviews.db")
    with closing(made.store):
        yield made


def make_mock(cards: Cards, *, is_drill: bool = False, is_recorded: bool = False) -> Mock:
    blueprint = cards.index.blueprints["trees"]
    return Mock(
        id="trees-2026-11-02-090000",
        pack="trees",
        exam=blueprint.name,
        is_drill=is_drill,
        seed=1,
        started_at_ms=MORNING.at_ms,
        limit_ms=None if is_drill else 8 * 60_000,
        is_recorded=is_recorded,
        questions=tuple(list_questions(cards.index.items, cards, blueprint)),
    )


def begin(cards: Cards, journal: Journal, moment: Moment = MORNING, **how: bool) -> Sheet:
    return Sheet(make_mock(cards, **how), journal, cards, moment)


def reopen(journal: Journal) -> Mock:
    """Read what another process would find."""
    with closing(open_journal(journal.store.path).store) as store:
        return list_mocks(store, "trees", "trees", "mock", "drill")[-1]


def draw(cards: Cards, *past: Mock, **how: Any) -> tuple[Mock, str]:
    blueprint = cards.index.blueprints["trees"]
    given = {"id": "a", "seed": 1, "started_at_ms": MORNING.at_ms, **how}
    return draw_mock(cards.index.items, cards, blueprint, past, **given)


def drill(cards: Cards, *past: Mock, **how: Any) -> Mock:
    blueprint = cards.index.blueprints["trees"]
    given = {"id": "a", "seed": 1, "started_at_ms": MORNING.at_ms, "count": 2, **how}
    return draw_drill(cards.index.items, cards, blueprint, past, **given)


def test_too_few_questions_have_as_much_time_each_and_are_noted(cards: Cards) -> None:
    # The exam has 10 questions in 20 minutes, the project 4 cards with options.
    mock, note = draw(cards)
    assert (len(mock.questions), mock.limit_ms) == (4, 8 * 60_000)
    assert note == "There are only 4 questions."
    assert draw(cards, minutes=5)[0].limit_ms == 5 * 60_000
    assert draw(cards, count=100)[0].limit_ms == 8 * 60_000


def test_as_many_questions_as_asked_for_have_their_part_of_the_time(cards: Cards) -> None:
    mock, note = draw(cards, count=2, is_recorded=True)
    assert (len(mock.questions), mock.limit_ms, note) == (2, 4 * 60_000, "")
    assert mock.is_recorded
    assert not mock.is_drill
    assert draw(cards, count=2, minutes=0.5)[0].limit_ms == 30_000


def test_the_last_mock_exam_is_avoided_but_not_those_before_it(cards: Cards) -> None:
    first, _ = draw(cards, count=2)
    second, _ = draw(cards, first, count=2)
    thirds = [draw(cards, first, second, count=2, seed=seed)[0] for seed in range(6)]
    refs = [{question.card_ref for question in mock.questions} for mock in (first, second, *thirds)]
    assert not refs[0] & refs[1]
    assert refs[2:] == [refs[0]] * 6


def test_a_drill_has_no_clock_and_keeps_to_the_order_of_its_lessons(cards: Cards) -> None:
    mock = drill(cards, lessons=("b2", "a1"), count=5)
    assert [question.lesson for question in mock.questions] == ["b2", "a1"]
    assert mock.is_drill
    assert mock.limit_ms is None
    assert len(drill(cards).questions) == 2


def test_nothing_to_ask_is_an_error(cards: Cards) -> None:
    cards.index = replace(cards.index, items=Items())
    with pytest.raises(MockError, match="the pack `trees` has no card with options"):
        draw(cards)
    with pytest.raises(MockError, match="no card with options"):
        drill(cards, lessons=("a1",))


def test_an_id_is_free_and_an_interrupted_exam_is_found(cards: Cards, journal: Journal) -> None:
    store = journal.store
    assert make_mock_id(store, "trees", MORNING) == "trees-2026-11-02-090000"
    sheet = begin(cards, journal)
    assert make_mock_id(store, "trees", MORNING) == "trees-2026-11-02-090000-2"
    assert find_interrupted(store, "trees", "trees", "mock") == sheet.mock
    assert find_interrupted(store, "trees", "trees", "drill") is None
    sheet.hand_in(MORNING)
    assert find_interrupted(store, "trees", "trees", "mock") is None


def test_every_act_is_on_the_disk_when_it_returns(cards: Cards, journal: Journal) -> None:
    sheet = begin(cards, journal)

    sheet.pick(1, later(MORNING, minutes=1))
    assert reopen(journal).questions[0].picked == (1,)
    sheet.mark(later(MORNING, minutes=2))
    assert reopen(journal).questions[0].is_marked
    sheet.go_to(3, later(MORNING, minutes=3))
    assert reopen(journal).place == 3
    sheet.hand_in(later(MORNING, minutes=4))
    assert reopen(journal) == sheet.mock
    assert reopen(journal).ended_at_ms == later(MORNING, minutes=4).at_ms


def test_one_option_takes_the_place_of_another_where_one_is_right(
    cards: Cards, journal: Journal
) -> None:
    sheet = begin(cards, journal)

    sheet.pick(1, MORNING)
    sheet.pick(0, MORNING)
    assert sheet.mock.question.picked == (0,)
    sheet.pick(0, MORNING)
    assert not sheet.mock.question.is_answered


def test_time_counts_for_the_question_that_is_looked_at(cards: Cards, journal: Journal) -> None:
    sheet = begin(cards, journal)

    sheet.go_to(1, later(MORNING, minutes=1))
    sheet.go_to(0, later(MORNING, minutes=3))
    sheet.hand_in(later(MORNING, minutes=3.5))

    spent = [question.spent_ms for question in sheet.mock.questions]
    assert spent == [90_000, 120_000, 0, 0]
    assert sheet.mock.spent_ms == sum(spent)


def test_time_that_is_up_hands_in_and_takes_no_last_pick(cards: Cards, journal: Journal) -> None:
    sheet = begin(cards, journal)
    sheet.pick(0, later(MORNING, minutes=1))

    sheet.pick(1, later(MORNING, minutes=9))

    assert sheet.is_over
    assert sheet.mock.is_timed_out
    assert sheet.mock.spent_ms == sheet.mock.limit_ms
    assert sheet.mock.questions[0].picked == (0,)
    sheet.pick(1, later(MORNING, minutes=10))
    assert reopen(journal).questions[0].picked == (0,)


def test_the_clock_stands_still_while_the_program_is_closed(cards: Cards, journal: Journal) -> None:
    begin(cards, journal).pick(0, later(MORNING, minutes=2))

    sheet = Sheet(reopen(journal), journal, cards, later(MORNING, days=1))

    assert sheet.left_ms(later(MORNING, days=1)) == 6 * 60_000
    assert sheet.mock.breaks == 1
    assert sheet.mock.questions[0].picked == (0,)


def test_no_more_than_ten_seconds_of_the_clock_are_lost_with_the_program(
    cards: Cards, journal: Journal
) -> None:
    sheet = begin(cards, journal)
    for second in range(1, 26):
        sheet.tick(later(MORNING, minutes=second / 60))

    assert 15_000 <= reopen(journal).spent_ms <= 25_000


def test_a_clock_that_is_set_back_gives_no_time(cards: Cards, journal: Journal) -> None:
    sheet = begin(cards, journal)
    sheet.pick(0, later(MORNING, minutes=2))

    sheet.pick(1, later(MORNING, minutes=-60))

    assert sheet.mock.spent_ms == 120_000
    assert sheet.left_ms(later(MORNING, minutes=-59)) == 5 * 60_000


def test_the_schedule_stays_untouched_unless_asked(cards: Cards, journal: Journal) -> None:
    sheet = begin(cards, journal)
    sheet.pick(0, MORNING)
    sheet.hand_in(MORNING)

    assert journal.store.count_reviews() == 0


def test_recorded_answers_are_reviews_with_their_time(cards: Cards, journal: Journal) -> None:
    sheet = begin(cards, journal, is_recorded=True)
    sheet.pick(0, later(MORNING, minutes=1))
    sheet.go_to(1, later(MORNING, minutes=1))
    sheet.pick(2, later(MORNING, minutes=3))
    sheet.hand_in(later(MORNING, minutes=3))

    reviews = list(journal.store.list_reviews())
    assert [(r.act, r.rating, r.duration_ms) for r in reviews] == [
        (Act.ANSWER, Rating.GOOD, 60_000),
        (Act.ANSWER, Rating.AGAIN, 120_000),
    ]
    assert [r.key for r in reviews] == ["trees:a1-1/choose", "trees:a2-1/pick"]


def test_a_drill_records_each_question_once_when_its_answer_is_shown(
    cards: Cards, journal: Journal
) -> None:
    sheet = begin(cards, journal, is_drill=True, is_recorded=True)
    sheet.pick(0, MORNING)
    sheet.show(MORNING)
    sheet.show(MORNING)
    sheet.mark(MORNING)
    sheet.pick(1, MORNING)
    assert journal.store.count_reviews() == 1

    sheet.hand_in(MORNING)

    assert journal.store.count_reviews() == 1
    assert sheet.mock.questions[0].picked == (0,)


def test_a_card_that_was_edited_meanwhile_does_not_count(
    cards: Cards, journal: Journal, root: Path, tmp_path: Path
) -> None:
    begin(cards, journal).pick(0, MORNING)
    path = root / "cards/trees/questions.yaml"
    path.write_text(path.read_text("utf-8").replace("The right one 1", "It", 1), "utf-8")
    os.utime(path, ns=(1, 1))

    sheet = Sheet(reopen(journal), journal, Cards(root, tmp_path, MORNING.at_ms), MORNING)
    sheet.hand_in(MORNING)

    score = score_mock(sheet.mock, cards.index.blueprints["trees"])
    assert [question.is_void for question in sheet.mock.questions] == [True, False, False, False]
    assert (score.all.right, score.all.total) == (0, 3)


def test_the_score_weighs_domains_and_tells_lessons_apart(cards: Cards, journal: Journal) -> None:
    sheet = begin(cards, journal)
    for place in (0, 1, 2):
        sheet.go_to(place, MORNING)
        sheet.pick(0 if place < 2 else 1, MORNING)
    sheet.hand_in(MORNING)

    score = score_mock(sheet.mock, cards.index.blueprints["trees"])

    assert (score.all.right, score.answered, score.all.total) == (2, 3, 4)
    assert score.weighted == pytest.approx(0.6)
    assert [(part.id, part.right, part.total) for part in score.domains] == [
        ("wood", 2, 2),
        ("leaf", 0, 2),
    ]
    assert [part.name for part in score.lessons] == [
        "a1 Rings",
        "a2 Bark",
        "b1 Needles",
        "b2 Autumn",
    ]


def test_the_export_tells_everything(cards: Cards, journal: Journal) -> None:
    sheet = begin(cards, journal)
    sheet.pick(0, later(MORNING, minutes=1))
    sheet.mark(later(MORNING, minutes=1))
    sheet.go_to(1, later(MORNING, minutes=1))
    sheet.pick(2, later(MORNING, minutes=3))
    sheet.hand_in(later(MORNING, minutes=3))

    text = format_mock_markdown(reopen(journal), cards.index.blueprints["trees"])

    assert text == GOLDEN.read_text("utf-8")


def test_a_record_is_read_as_it_was_written(cards: Cards, journal: Journal) -> None:
    mock = make_mock(cards)
    with journal.store.transaction():
        put_mock(journal.store, mock, MORNING)

    assert list_mocks(journal.store, "trees", "trees", "mock") == [mock]
    assert list_mocks(journal.store, "trees", "trees", "drill") == []
    assert list_mocks(journal.store, "other", "other", "mock") == []


def test_a_record_of_an_older_version_is_read(cards: Cards, journal: Journal) -> None:
    mock = make_mock(cards)
    old = asdict(mock)
    for question in old["questions"]:
        # The keys of a question as they were once written.
        question["ref"] = question.pop("card_ref")
        question["history_ref"] = question.pop("key")
        question["key"] = question.pop("side_name")
    with journal.store.transaction():
        journal.store.records.put(mock.id, "mock", mock.pack, mock.started_at_ms, old, 1)

    assert list_mocks(journal.store, "trees", "trees", "mock") == [mock]
    first = list_mocks(journal.store, "trees", "trees", "mock")[0].questions[0]
    assert (first.card_ref, first.side_name, first.key) == (
        "trees:a1-1",
        "choose",
        "trees:a1-1/choose",
    )
    assert Sheet(mock, journal, cards, MORNING).mock.counted == list(mock.questions)


def test_a_store_from_before_there_were_records_gets_them(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.db", tmp_path / "old.db"
    journal = open_journal(whole)
    record(journal, "trees:a1-1/choose", Act.ANSWER, MORNING, Rating.GOOD)
    journal.store.close()
    write_older(whole, path, 1)

    with closing(open_journal(path).store) as store:
        with store.transaction():
            store.records.put("a", "forecast", "trees", 2, {"recall": 0.5}, 1)
            store.records.put("b", "forecast", "trees", 1, ["é"], 1)
            store.records.put("a", "forecast", "trees", 2, {"recall": 0.7}, 1)
        assert store.count_reviews() == 1
        assert store.list_records("forecast", "trees") == [["é"], {"recall": 0.7}]
        assert store.list_records("forecast", "other") == []
        assert store.records.get("a") == {"recall": 0.7}
        assert store.records.get("c") is None
