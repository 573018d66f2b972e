"""Mock exams and drills that start now."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cardwright.app.choice import Choice
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
    return mock.draw_mock(
        study.items,
        study,
        blueprint,
        study.list_mocks(blueprint, "mock"),
        id=mock.make_mock_id(study.store, blueprint.pack, study.moment),
        seed=seed,
        started_at_ms=study.moment.at_ms,
        count=count,
        minutes=minutes,
        is_recorded=is_recorded,
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
    """Draw a drill that starts now; see `exam.mock.draw_drill`."""
    return mock.draw_drill(
        study.choose(Choice()),
        study,
        blueprint,
        study.list_mocks(blueprint, "mock", "drill"),
        id=mock.make_mock_id(study.store, blueprint.pack, study.moment),
        seed=seed,
        started_at_ms=study.moment.at_ms,
        count=count,
        lessons=lessons,
        objectives=objectives,
        is_recorded=is_recorded,
    )
