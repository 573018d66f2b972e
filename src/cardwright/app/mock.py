"""Mock exams and drills that start now."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cardwright.app.study import Study
from cardwright.blueprint import Blueprint
from cardwright.exam import mock
from cardwright.exam.mock import Mock


def draw_mock(
    study: Study,
    blueprint: Blueprint,
    *,
    seed: int,
    count: int | None = None,
    minutes: float | None = None,
    is_recorded: bool = False,
) -> tuple[Mock, str]:
    """Draw a mock exam that starts now, and return it with a note; see `exam.mock.draw_mock`."""
    past = study.list_mocks(blueprint, "mock", "drill")
    return mock.draw_mock(
        study.items,
        study,
        blueprint,
        mock.read_last_seen(study.store, study.items, study, past),
        id=mock.make_mock_id(study.store, blueprint.pack, study.moment),
        seed=seed,
        started_at_ms=study.moment.at_ms,
        count=count,
        minutes=minutes,
        is_recorded=is_recorded,
        earlier=len(past),
    )


def draw_drill(
    study: Study,
    blueprint: Blueprint,
    *,
    seed: int,
    count: int,
    lessons: Sequence[str] = (),
    objectives: Collection[str] = (),
    is_recorded: bool = False,
) -> Mock:
    """Draw a drill that starts now; see `exam.mock.draw_drill`.

    It leaves the questions of a mock exam that is under way to that exam.
    """
    past = study.list_mocks(blueprint, "mock", "drill")
    last = [one for one in past if not one.is_drill][-1:]
    return mock.draw_drill(
        study.items,
        study,
        blueprint,
        mock.read_last_seen(study.store, study.items, study, past),
        id=mock.make_mock_id(study.store, blueprint.pack, study.moment),
        seed=seed,
        started_at_ms=study.moment.at_ms,
        count=count,
        lessons=lessons,
        objectives=objectives,
        is_recorded=is_recorded,
        earlier=len(past),
        held=study.find_held(),
        kept=[
            question.card_key
            for one in last
            if one.ended_at_ms is None
            for question in one.questions
        ],
    )
