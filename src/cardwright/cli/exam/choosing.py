"""Which exam a command is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cardwright.cli.say import fail

if TYPE_CHECKING:
    from cardwright.blueprint import Blueprint
    from cardwright.cli.study import Study

pack_argument = click.argument("pack", required=False)


def choose_exam(study: Study, pack: str | None) -> Blueprint:
    """Return the exam of a pack, or the only one there is; ends when that is not clear."""
    blueprints = study.index.blueprints
    if not blueprints:
        fail("the project has no exam: write decks/PACK/blueprint.yaml")
    known = ", ".join(blueprints)
    if pack is None and len(blueprints) > 1:
        fail(f"the project has several exams: name one of {known}")
    found = blueprints.get(pack or next(iter(blueprints)))
    if found is None:
        fail(f"there is no exam decks/{pack}/blueprint.yaml (exams: {known})")
    return found


def check_lesson(blueprint: Blueprint, lesson: str) -> None:
    """End with a message when an exam has no such lesson."""
    if lesson not in blueprint.lessons:
        fail(f"there is no lesson `{lesson}` (lessons: {', '.join(blueprint.lessons)})")
