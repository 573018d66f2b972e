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
    find_last_seen,
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


def write_project(folder: Path, each: int) -> Path:
    for name, text in make_exam_files(each).items():
        path = folder / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder / "project"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path, 1)


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
    seen = find_last_seen(past, given.pop("answered", {}))
    return draw_mock(cards.index.items, cards, blueprint, seen, **given)


def drill(cards: Cards, *past: Mock, **how: Any) -> Mock:
    blueprint = cards.index.blueprints["trees"]
    given = {"id": "a", "seed": 1, "started_at_ms": MORNING.at_ms, "count": 2, **how}
    seen = find_last_seen(past, given.pop("answered", {}))
    return draw_drill(cards.index.items, cards, blueprint, seen, **given)


def end(mock: Mock, at_ms: int) -> Mock:
    return replace(mock, ended_at_ms=at_ms)


def list_refs(mock: Mock) -> list[str]:
    return sorted(question.card_ref for question in mock.questions)


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


def test_questions_come_again_in_the_order_in_which_they_were_seen(cards: Cards) -> None:
    first = end(draw(cards, count=2)[0], 1)
    second = end(draw(cards, first, count=2)[0], 2)
    thirds = [draw(cards, first, second, count=2, seed=seed)[0] for seed in range(6)]
    assert not set(list_refs(first)) & set(list_refs(second))
    assert [list_refs(mock) for mock in thirds] == [list_refs(first)] * 6
    assert [question.was_seen for question in second.questions] == [False, False]
    assert [question.was_seen for question in thirds[0].questions] == [True, True]


def test_of_an_exam_that_is_not_over_only_the_questions_reached_were_seen(cards: Cards) -> None:
    mock, _ = draw(cards)
    reached = (
        replace(mock.questions[0], spent_ms=1),
        replace(mock.questions[1], picked=(0,)),
        *mock.questions[2:],
    )
    left = replace(mock, questions=reached, place=3)
    keys = [question.card_key for question in mock.questions]

    assert find_last_seen([left], {}) == {keys[place]: MORNING.at_ms for place in (0, 1, 3)}
    assert find_last_seen([end(left, 7)], {}) == dict.fromkeys(keys, 7)


def test_every_prompt_of_a_card_counts_and_so_does_its_former_name(cards: Cards) -> None:
    mock = end(draw(cards, count=1)[0], 5)
    renamed = replace(mock.questions[0], card_ref="trees:renamed")
    key = renamed.card_key

    assert find_last_seen([replace(mock, questions=(renamed,))], {}) == {key: 5}
    assert find_last_seen([mock], {f"{key}/other": 9, f"{key}/c1": 8}) == {key: 9}
    drawn = draw(cards, answered={f"{key}/other": 9})[0].questions
    assert [question.card_key for question in drawn if question.was_seen] == [key]


def test_a_drill_leaves_what_the_next_exam_needs(cards: Cards) -> None:
    # The next exam needs all four questions: those already seen are asked first.
    mock = end(draw(cards, count=2)[0], 5)
    assert list_refs(drill(cards, mock)) == list_refs(mock)
    assert len(drill(cards, mock, count=4).questions) == 4
    # An exam of one question of each domain leaves the others to a drill.
    blueprint = replace(cards.index.blueprints["trees"], questions=2)
    cards.index = replace(cards.index, blueprints={"trees": blueprint})
    first = end(drill(cards), 6)
    assert list_refs(drill(cards, first)) == list_refs(first)
    assert not set(list_refs(draw(cards, first)[0])) & set(list_refs(first))


def test_questions_held_back_are_not_drilled_and_spare_others_for_the_next_exam(
    tmp_path: Path,
) -> None:
    cards = Cards(write_project(tmp_path, 2), tmp_path, MORNING.at_ms)
    blueprint = replace(cards.index.blueprints["trees"], questions=2)
    cards.index = replace(cards.index, blueprints={"trees": blueprint})
    # The next exam needs a question of each domain; all of Bark and Autumn were seen.
    seen = {f"trees:{lesson}-{number}/x": 5 for lesson in ("a2", "b2") for number in (1, 2)}
    rings = {"trees:a1-1/choose", "trees:a1-2/choose"}

    only_one = drill(cards, answered={**seen, "trees:a1-1/x": 9}, lessons=("a1",), count=1)
    assert list_refs(only_one) == ["trees:a1-1"]
    spared = drill(cards, answered=seen, held={"trees:a1-1/choose"}, count=1)
    assert list_refs(spared) == ["trees:a1-2"]
    for seed in range(9):
        none = drill(cards, answered=seen, held=rings, count=8, seed=seed)
        assert not {question.key for question in none.questions} & rings
        assert len(none.questions) == 6


def test_a_drill_leaves_the_questions_of_an_exam_under_way_to_it(cards: Cards) -> None:
    blueprint = replace(cards.index.blueprints["trees"], questions=1)
    cards.index = replace(cards.index, blueprints={"trees": blueprint})
    for seed in range(9):
        kept = [f"trees:{lesson}-1" for lesson in ("a1", "b1")]
        assert list_refs(drill(cards, seed=seed, kept=kept)) == ["trees:a2-1", "trees:b2-1"]


def test_the_same_seed_draws_the_same_exam_but_shuffles_again_in_a_later_one(cards: Cards) -> None:
    first, again = draw(cards)[0], draw(cards)[0]
    later_one = draw(cards, earlier=1)[0]
    assert first == again
    assert list_refs(later_one) == list_refs(first)
    assert later_one.shuffle_seed != first.shuffle_seed == first.seed


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


def test_a_question_that_was_asked_during_a_break_had_been_seen(
    cards: Cards, journal: Journal
) -> None:
    mock = draw(cards)[0]
    sheet = Sheet(mock, journal, cards, MORNING)
    sheet.pick(0, later(MORNING, minutes=1))
    for question in mock.questions[:2]:
        record(journal, question.key, Act.CRAM, later(MORNING, minutes=9), Rating.GOOD)
    drilled = replace(drill(cards), id="0", questions=mock.questions[2:3])
    Sheet(drilled, journal, cards, later(MORNING, minutes=8)).hand_in(later(MORNING, minutes=9))

    resumed = Sheet(reopen(journal), journal, cards, later(MORNING, minutes=10)).mock

    assert [question.was_seen for question in resumed.questions] == [False, True, True, False]


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
    asked = make_mock(cards)
    seen = [replace(one, was_seen=not place) for place, one in enumerate(asked.questions)]
    sheet = Sheet(replace(asked, questions=tuple(seen)), journal, cards, MORNING)
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
    questions = [replace(one, objectives=()) for one in make_mock(cards).questions]
    mock = replace(make_mock(cards), questions=tuple(questions))
    old = asdict(mock)
    del old["earlier"]
    for question in old["questions"]:
        del question["objectives"], question["was_seen"]
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
        assert list(store.list_records("forecast", "trees")) == [["é"], {"recall": 0.7}]
        assert list(store.list_records("forecast", "other")) == []
        assert store.records.get("a") == {"recall": 0.7}
        assert store.records.get("c") is None
