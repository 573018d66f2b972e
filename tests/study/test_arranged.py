"""Sessions in which a custom order replaces due dates, as for an exam."""

from __future__ import annotations

from pathlib import Path

from cardwright.history import Moment, Rating
from cardwright.item import Item
from cardwright.memory import State
from cardwright.study.session import Session
from studying import MORNING as NOW
from studying import make_items, open_journal

MINUTE_MS = 60_000


def reverse_and_leave_first(items: list[Item]) -> tuple[list[Item], list[Item]]:
    """All but the first prompt, the last one first; the first is left to the usual rule."""
    asked = [item for item in items if item.position]
    return asked[::-1], [item for item in items if not item.position]


def test_the_other_rule_decides_and_the_rest_follows(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "reviews.db")
    asked: list[int] = []

    def arrange(items: list[Item]) -> tuple[list[Item], list[Item]]:
        return reverse_and_leave_first([item for item in items if item.position not in asked])

    session = Session(journal, make_items(4), NOW, name="a", arrange=arrange)

    assert session.counts == (4, 0, 0)
    for number in range(4):
        assert session.current
        asked.append(session.current.position)
        session.answer(Rating.EASY, Moment(NOW.at_ms + number * MINUTE_MS, 60))
    assert asked == [3, 2, 1, 0]
    assert session.current is None


def test_what_the_other_rule_has_time_for_at_the_end_is_asked_too(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "reviews.db")
    asked: list[int] = []

    def arrange(items: list[Item]) -> tuple[list[Item], list[Item]]:
        return [item for item in items if item.position not in asked][:2], []

    session = Session(journal, make_items(5), NOW, name="a", arrange=arrange)

    assert session.counts == (2, 0, 0)
    for number in range(5):
        assert session.current
        asked.append(session.current.position)
        session.answer(Rating.EASY, Moment(NOW.at_ms + number * MINUTE_MS, 60))
    assert asked == [0, 1, 2, 3, 4]
    assert session.current is None


def test_learning_steps_come_when_they_are_due_whatever_the_rule(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "reviews.db")
    session = Session(journal, make_items(3), NOW, name="a", arrange=reverse_and_leave_first)

    first = session.current
    session.answer(Rating.AGAIN, NOW)
    assert session.current != first
    session.answer(Rating.EASY, Moment(NOW.at_ms + 2 * MINUTE_MS, 60))
    assert session.current == first
    assert session.memory.state is State.LEARNING


def test_undo_gives_counts_and_prompt_back(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "reviews.db")
    session = Session(journal, make_items(5), NOW, name="a", arrange=reverse_and_leave_first)
    seen = []
    for number, rating in enumerate((Rating.GOOD, Rating.AGAIN, Rating.EASY)):
        seen.append((session.current, session.counts))
        session.answer(rating, Moment(NOW.at_ms + number * MINUTE_MS, 60))

    for before in reversed(seen):
        session.undo(Moment(NOW.at_ms + 9 * MINUTE_MS, 60))
        assert (session.current, session.counts) == before
