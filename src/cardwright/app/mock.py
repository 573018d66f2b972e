"""Mock exams and drills: which one goes on, and drawing a new one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from cardwright.app.study import Study
from cardwright.blueprint import Blueprint
from cardwright.exam.mock import Mock, Question, draw_questions, list_questions
from cardwright.exam.records import list_mocks
from cardwright.project.walk import ProjectError

_MS_PER_MINUTE: Final = 60_000


def choose_exam(study: Study, pack: str | None) -> Blueprint:
    """Return the exam of a pack, or the only one there is.

    Raises:
        ProjectError: there is no such exam, or several and none is named.

    """
    blueprints = study.sources.blueprints
    if not blueprints:
        raise ProjectError("the project has no exam: write decks/PACK/blueprint.yaml")
    known = ", ".join(blueprints)
    if pack is None and len(blueprints) > 1:
        raise ProjectError(f"the project has several exams: name one of {known}")
    found = blueprints.get(pack or next(iter(blueprints)))
    if found is None:
        raise ProjectError(f"there is no exam decks/{pack}/blueprint.yaml (exams: {known})")
    return found


def check_lesson(blueprint: Blueprint, lesson: str) -> None:
    """Raise ProjectError if an exam has no such lesson."""
    if lesson not in blueprint.lessons:
        known = ", ".join(blueprint.lessons)
        raise ProjectError(f"there is no lesson `{lesson}` (lessons: {known})")


def find_open(study: Study, blueprint: Blueprint, kind: str) -> Mock | None:
    """Return the last mock exam or drill if it was interrupted."""
    last = list_mocks(study.store, blueprint.pack, kind)[-1:]
    return next((mock for mock in last if mock.ended_at_ms is None), None)


def draw_mock(
    study: Study,
    blueprint: Blueprint,
    *,
    seed: int,
    count: int | None = None,
    minutes: float | None = None,
    is_recorded: bool = False,
) -> Mock:
    """Draw a mock exam by the weights of the domains; count and minutes default to the exam's.

    It has fewer questions, and as much less time, where there are not enough.

    Raises:
        ProjectError: there is no card with options.

    """
    past = list_mocks(study.store, blueprint.pack, "mock")
    avoided = {question.ref for question in past[-1].questions} if past else set()
    wanted = count or blueprint.questions
    questions = list(list_questions(study.items, study, blueprint))
    drawn = _draw_by_domain(blueprint, questions, wanted, seed, avoided)
    if not drawn:
        raise ProjectError(
            f"the pack `{blueprint.pack}` has no card with options in a lesson of the exam"
        )
    limit_ms = (minutes or blueprint.minutes) * _MS_PER_MINUTE
    if len(drawn) < wanted:
        # As much time for each question as there would have been.
        limit_ms *= 1 if minutes else len(drawn) / wanted
    elif count and not minutes:
        limit_ms *= count / blueprint.questions
    return Mock(
        id=_make_id(study, blueprint),
        pack=blueprint.pack,
        exam=blueprint.name,
        is_drill=False,
        seed=seed,
        started_at_ms=study.moment.at_ms,
        limit_ms=round(limit_ms),
        is_recorded=is_recorded,
        questions=drawn,
    )


def draw_drill(
    study: Study,
    blueprint: Blueprint,
    *,
    seed: int,
    count: int,
    lessons: Sequence[str] = (),
    is_recorded: bool = False,
) -> Mock:
    """Draw a drill: from lessons, in their order, or by the weights of the domains.

    Raises:
        ProjectError: there is no card with options.

    """
    past = list_mocks(study.store, blueprint.pack, "mock", "drill")
    avoided = {question.ref for question in past[-1].questions} if past else set()
    questions = list(list_questions(study.items, study, blueprint))
    if lessons:
        found = [question for question in questions if question.lesson in lessons]
        weights = dict.fromkeys(lessons, 1.0)
        drawn = _draw_by(found, weights, count, seed, avoided, lambda question: question.lesson)
        drawn = tuple(sorted(drawn, key=lambda question: lessons.index(question.lesson)))
    else:
        drawn = _draw_by_domain(blueprint, questions, count, seed, avoided)
    if not drawn:
        raise ProjectError("there is no card with options to ask")
    return Mock(
        id=_make_id(study, blueprint),
        pack=blueprint.pack,
        exam=blueprint.name,
        is_drill=True,
        seed=seed,
        started_at_ms=study.moment.at_ms,
        limit_ms=None,
        is_recorded=is_recorded,
        questions=drawn,
    )


def _draw_by_domain(
    blueprint: Blueprint,
    questions: Sequence[Question],
    count: int,
    seed: int,
    avoided: Collection[str],
) -> tuple[Question, ...]:
    weights = {domain.id: domain.weight for domain in blueprint.domains.values()}
    return _draw_by(questions, weights, count, seed, avoided, lambda question: question.domain)


def _draw_by(
    questions: Sequence[Question],
    weights: Mapping[str, float],
    count: int,
    seed: int,
    avoided: Collection[str],
    key: Callable[[Question], str],
) -> tuple[Question, ...]:
    """Draw questions by the weights of what `key` says they belong to."""
    groups: dict[str, list[Question]] = {name: [] for name in weights}
    for question in questions:
        groups[key(question)].append(question)
    return draw_questions(groups, weights, count, seed, avoided)


def _make_id(study: Study, blueprint: Blueprint) -> str:
    """Return a free id for a mock exam or drill that begins now."""
    began = f"{blueprint.pack}-{study.moment.local:%Y-%m-%d-%H%M%S}"
    number = 1
    while study.store.get_record(name := began if number == 1 else f"{began}-{number}") is not None:
        number += 1
    return name
